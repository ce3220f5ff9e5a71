"""Headlines under every combination of reasonable choices: robust, dependent on one, or fragile.

A *specification* is one combination of options. Steegen, Tuerlinckx, Gelman and Vanpaemel (2016,
doi:10.1177/1745691616658637) call all of them a multiverse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from itertools import product
from typing import Any

import pandas as pd

from hsokv.boundary.checks import check_keys
from hsokv.claims.findings import read_entries
from hsokv.claims.quantities import check_measure
from hsokv.claims.robustness import (
    Robustness,
    by_option,
    compute_specifications,
    judge_robustness,
    telling_choice,
)
from hsokv.claims.rows import Rows
from hsokv.stats.decisions import Rule

WHOLE = re.compile(r"\{(\w+)(?:\[(\w+)\])?\}")  # `{name}` or `{name[key]}`, nothing else


@dataclass(frozen=True)
class Headline:
    """A statement, how it is measured, and what could reasonably have been chosen otherwise.

    Attributes:
        key: short name.
        statement: what is claimed.
        measure: as in `hsokv.claims.quantities`; `{name}` in a text stands for a choice's option.
        rule: the range it has to lie in, see `hsokv.stats.decisions.Rule`.
        choices: choice -> name of an option -> what stands for it.
        for_all: the choice over whose options the statement speaks, or ''.
        objection: the strongest objection.
        test: the experiment that tests it.

    Raises:
        ValueError: a specification's measure, or the rule, is wrong.
    """

    key: str
    statement: str
    measure: dict[str, Any]
    rule: dict[str, Any]
    choices: dict[str, dict[str, Any]]
    for_all: str
    objection: str
    test: str

    def __post_init__(self):
        Rule.read(self.rule)
        check_keys([self.for_all], ["", *self.choices], "choice in for_all")
        for _, measure in self.specifications():
            check_measure(measure)

    def specifications(self) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
        """Yield the options taken, by name, and the measure they make; the first choice slowest."""
        for names in product(*self.choices.values()):
            taken = dict(zip(self.choices, names))
            options = {choice: self.choices[choice][name] for choice, name in taken.items()}
            yield taken, fill(self.measure, options)


def fill(part: Any, options: Mapping[str, Any]) -> Any:
    """Return a measure with options in the place of their names; an option may name another.

    A text that is nothing but one name becomes the option itself, a number or a mapping for
    instance, and `{name[key]}` one of its parts.
    """
    if isinstance(part, Mapping):
        return {name: fill(value, options) for name, value in part.items()}
    if not isinstance(part, str) or "{" not in part:
        return part
    whole = WHOLE.fullmatch(part)
    if whole:
        name, key = whole.groups()
        return fill(options[name][key] if key else options[name], options)
    return fill(part.format_map(options), options)


def list_headlines() -> list[Headline]:
    """Return the headlines in `headlines.yaml`.

    Raises:
        ValueError: an entry is wrong; the message names it.
    """
    text = (resources.files("hsokv.claims") / "headlines.yaml").read_bytes()
    found: dict[str, Headline] = {}
    read_entries(text, "headlines.yaml", Headline, found)
    return list(found.values())


def compute(headline: Headline, rows: Rows) -> pd.DataFrame:
    """Return every specification of a headline, see `robustness.compute_specifications`."""
    rule = Rule.read(headline.rule)
    return compute_specifications(headline.specifications(), rule, rows)


def judge(headline: Headline, table: pd.DataFrame) -> Robustness:
    """Return how far a headline depends on choices, from its table of `compute`."""
    return judge_robustness(table, headline.for_all)


def overview(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return a line per headline: its verdict, its share, and the choice that moves it most.

    Args:
        tables: key -> table of `compute`.

    Returns:
        Columns headline, verdict (text of its `Robustness`) and where it holds (of each option of
        its `telling_choice`).
    """
    return pd.DataFrame([
        {"headline": headline.statement,
         "verdict": str(judge(headline, table := tables[headline.key])),
         "where it holds": f"{(told := telling_choice(table))}: {by_option(table, told)}"}
        for headline in list_headlines()
    ])  # fmt: skip
