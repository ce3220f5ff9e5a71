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
from typing import Any, NamedTuple

import pandas as pd

from hsokv.claims.findings import read_entries
from hsokv.claims.quantities import check_measure, take
from hsokv.claims.rows import NotRun, Rows
from hsokv.stats.decisions import FAILS, HOLDS, OPEN, Rule

NOT_RUN = "not run"
MANY = 6  # options of a choice that are named one by one
MOST = 0.9  # share of specifications with one verdict from which a headline is robust
WHOLE = re.compile(r"\{(\w+)(?:\[(\w+)\])?\}")  # `{name}` or `{name[key]}`, nothing else
RESULTS = ("point", "low", "high", "n", "verdict")


@dataclass(frozen=True)
class Headline:
    """A statement, how it is measured, and what could reasonably have been chosen otherwise.

    Attributes:
        key: short name.
        statement: what is claimed.
        measure: as in `hsokv.claims.quantities`; `{name}` in a text stands for a choice's option.
        rule: the range it has to lie in, see `hsokv.stats.decisions.Rule`.
        choices: choice -> name of an option -> what stands for it.
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
    objection: str
    test: str

    def __post_init__(self):
        Rule.read(self.rule)
        for _, measure in self.specifications():
            check_measure(measure)

    def specifications(self) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
        """Yield the options taken, by name, and the measure they make; the first choice slowest."""
        for names in product(*self.choices.values()):
            taken = dict(zip(self.choices, names))
            options = {choice: self.choices[choice][name] for choice, name in taken.items()}
            yield taken, fill(self.measure, options)


class Robustness(NamedTuple):
    """How far a headline's verdict depends on choices.

    Attributes:
        kind: 'robust', 'depends on ...' (one choice decides), 'fragile' or 'not run'.
        counts: verdict -> specifications that have it, of those that were run.
        n_all: specifications there are.
    """

    kind: str
    counts: dict[str, int]
    n_all: int

    @property
    def n(self) -> int:
        """Specifications that were run."""
        return sum(self.counts.values())

    def __str__(self) -> str:
        if not self.n:
            return NOT_RUN
        counts = ", ".join(f"{verdict} in {n}" for verdict, n in self.counts.items() if n)
        return f"{self.kind}: {counts} of {self.n} specifications"


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
    """Return every specification of a headline with its value and verdict.

    Returns:
        A column per choice, then `RESULTS`; where rows lack the verdict is 'not run'.
    """
    rule, table = Rule.read(headline.rule), []
    for taken, measure in headline.specifications():
        line = taken | {"verdict": NOT_RUN}
        try:
            interval = take(measure, rows).interval
        except NotRun:
            pass
        else:
            line |= interval._asdict() | {"verdict": rule.verdict(interval)}
        table.append(line)
    return pd.DataFrame(table).reindex(columns=[*headline.choices, *RESULTS])


def judge_robustness(table: pd.DataFrame) -> Robustness:
    """Return whether one verdict stands in at least `MOST` of the specifications that were run.

    If not, and the options of one choice each have such a verdict of their own, the headline
    depends on that choice; of several, on the one whose options agree most. A choice that is all
    there is, a specification per option, explains nothing.
    """
    run = table[table["verdict"] != NOT_RUN]
    counts = {verdict: int((run["verdict"] == verdict).sum()) for verdict in (HOLDS, FAILS, OPEN)}
    if run.empty:
        return Robustness(NOT_RUN, counts, len(table))
    kind = "fragile"
    if _largest_share(run["verdict"]) >= MOST:
        kind = "robust"
    else:
        choices = [name for name in table.columns if name not in RESULTS]
        varied = [name for name in choices if 1 < run[name].nunique() <= len(run) / 2]
        deciding = {name: _agreement(run, name) for name in varied}
        best = max(deciding, key=deciding.get, default=None)
        if best is not None and deciding[best] >= MOST:
            kind = f"depends on {best}"
    return Robustness(kind, counts, len(table))


def telling_choice(table: pd.DataFrame) -> str:
    """Return the choice that tells most about whether the statement holds.

    That is the one between whose options the share of 'holds' has the largest variance, weighted by
    their specifications; of equal ones that with the fewest options.
    """
    run = table[table["verdict"] != NOT_RUN]
    holds = (run["verdict"] == HOLDS).astype(float)
    choices = [name for name in table.columns if name not in RESULTS]
    told = {
        name: float(holds.groupby(run[name]).transform("mean").var(ddof=0)) if len(run) else 0.0
        for name in choices
    }
    return max(choices, key=lambda name: (round(told[name], 9), -table[name].nunique()))


def by_option(table: pd.DataFrame, choice: str) -> str:
    """Return in how many specifications the statement holds, and fails, per option of a choice.

    Of many options, those under which it always holds are counted together.
    """
    run = table[table["verdict"] != NOT_RUN]
    groups = {option: part["verdict"] for option, part in run.groupby(choice, sort=False)}
    always = [option for option, verdicts in groups.items() if (verdicts == HOLDS).all()]
    parts = []
    if len(groups) > MANY and len(always) > 1:
        n = sum(len(groups.pop(option)) for option in always)
        if not groups:
            return f"all {len(always)} options, {n} of {n}"
        parts.append(f"the other {len(always)} {n} of {n}")
    return "; ".join([f"{o} {_tally(verdicts)}" for o, verdicts in groups.items()] + parts)


def _tally(verdicts: pd.Series) -> str:
    """Return e.g. '53 of 96 (30 fail)'."""
    held, failed = int((verdicts == HOLDS).sum()), int((verdicts == FAILS).sum())
    return f"{held} of {len(verdicts)}" + (f" ({failed} fail)" if failed else "")


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
         "verdict": str(judge_robustness(table := tables[headline.key])),
         "where it holds": f"{(told := telling_choice(table))}: {by_option(table, told)}"}
        for headline in list_headlines()
    ])  # fmt: skip


def _largest_share(verdicts: pd.Series) -> float:
    return float(verdicts.value_counts(normalize=True).iloc[0])


def _agreement(run: pd.DataFrame, choice: str) -> float:
    """Return the smallest share of one verdict within an option of a choice."""
    return min(_largest_share(part["verdict"]) for _, part in run.groupby(choice))
