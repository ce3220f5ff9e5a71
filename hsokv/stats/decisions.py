"""When a statement about a quantity holds, fails, or cannot be told from its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from hsokv.boundary.checks import check_keys
from hsokv.stats.intervals import Interval

HOLDS, FAILS, OPEN = "holds", "fails", "cannot be told"
NOT_RUN = "not run"  # the rows it needs are not there
RULES = ("above", "below", "within")


def decide(
    interval: Interval,
    above: float = float("-inf"),
    below: float = float("inf"),
    *,
    closed: bool = False,
) -> str:
    """Return 'holds', 'fails' or 'cannot be told'.

    A statement holds when the whole interval lies in the range it names, and fails when the whole
    interval lies outside.

    Args:
        interval: the measured quantity.
        above: lower end of the range.
        below: upper end of the range.
        closed: whether the ends belong to the range.
    """
    if closed:
        inside = interval.low >= above and interval.high <= below
        outside = interval.high < above or interval.low > below
    else:
        inside = interval.low > above and interval.high < below
        outside = interval.high <= above or interval.low >= below
    if inside:
        return HOLDS
    return FAILS if outside else OPEN


class Rule(NamedTuple):
    """A range that a quantity has to lie in, as claims and findings write it.

    Attributes:
        name: 'above' or 'below' a bound, or 'within' two, which belong to the range.
        low: lower end.
        high: upper end.
    """

    name: str
    low: float
    high: float

    @classmethod
    def read(cls, rule: Mapping[str, Any] | None) -> Rule:
        """Return the rule that a mapping such as `{within: [0.1, 0.2]}` names.

        Raises:
            ValueError: not exactly one rule, or its bounds are not numbers in order.
        """
        if not isinstance(rule, Mapping) or len(rule) != 1:
            raise ValueError(f"rule={rule!r}: expected exactly one of {', '.join(RULES)}")
        ((name, bound),) = rule.items()
        check_keys([name], RULES, "rule")
        ends = bound if name == "within" else [bound]
        numbers = isinstance(ends, list) and all(
            type(end) in (int, float) and math.isfinite(end) for end in ends
        )
        if not numbers or len(ends) != (2 if name == "within" else 1) or sorted(ends) != ends:
            raise ValueError(
                f"rule={rule!r}: expected a number, or within: [low, high]; correct the bound"
            )
        low = -math.inf if name == "below" else float(ends[0])
        return cls(name, low, math.inf if name == "above" else float(ends[-1]))

    def verdict(self, interval: Interval) -> str:
        """Return 'holds', 'fails' or 'cannot be told'."""
        return decide(interval, self.low, self.high, closed=self.name == "within")

    def distance(self, interval: Interval) -> float:
        """Return how far the interval lies above the range, negative if below, else 0."""
        return max(interval.low - self.high, 0.0) + min(interval.high - self.low, 0.0)
