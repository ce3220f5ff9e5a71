"""When a statement about a quantity holds, fails, or cannot be told from its interval."""

from __future__ import annotations

from hsokv.stats.intervals import Interval

HOLDS, FAILS, OPEN = "holds", "fails", "cannot be told"


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
