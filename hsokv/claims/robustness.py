"""How far a verdict depends on choices: one rule in every specification.

A *specification* is one combination of options of choices: which reading, which size, which rate. A
statement is robust, dependent on one choice, or fragile.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import pandas as pd

from hsokv.claims.quantities import take
from hsokv.claims.rows import NotRun, Rows
from hsokv.stats.decisions import FAILS, HOLDS, NOT_RUN, OPEN, Rule

MANY = 6  # options of a choice that are named one by one
MOST = 0.9  # share of specifications with one verdict from which a statement is robust
FEW = 3  # specifications that have to be run for that
RESULTS = ("point", "low", "high", "n", "verdict")


class Robustness(NamedTuple):
    """Whether one verdict stands in most specifications.

    Attributes:
        kind: 'robust' (one verdict in nearly all), 'undecided' (nearly all cannot be told),
            'holds where it can be told' or 'fails ...' (none says the opposite), 'depends on ...'
            (one choice decides between opposites), 'fragile', 'too few specifications' or
            'not run'; of a statement for all options of a choice 'holds for all', or for which
            it does not.
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
            return self.kind
        counts = ", ".join(f"{verdict} in {n}" for verdict, n in self.counts.items() if n)
        return f"{self.kind}: {counts} of {self.n} specifications"


def compute_specifications(
    specifications: Iterable[tuple[dict[str, str], dict[str, Any]]], rule: Rule, rows: Rows
) -> pd.DataFrame:
    """Return every specification with its value and verdict.

    Args:
        specifications: the options taken, by the names of their choices, and the measure they make.
        rule: when the statement holds.
        rows: where measures are taken.

    Returns:
        A column per choice, then `RESULTS`; where rows lack the verdict is 'not run'.
    """
    table = []
    for taken, measure in specifications:
        line = taken | {"verdict": NOT_RUN}
        try:
            interval = take(measure, rows).interval
        except NotRun:
            pass
        else:
            line |= interval._asdict() | {"verdict": rule.verdict(interval)}
        table.append(line)
    table = pd.DataFrame(table)
    return table.reindex(columns=[*_choices(table), *RESULTS])


def judge_robustness(table: pd.DataFrame, for_all: str = "") -> Robustness:
    """Return whether one verdict stands in at least `MOST` of the specifications that were run.

    If not, and verdicts are opposite, and the options of one choice each have such a verdict of
    their own, the statement depends on that choice; of several, on the one whose options agree
    most. A choice that is all there is, a specification per option, explains nothing.

    Args:
        table: of `compute_specifications`.
        for_all: a choice over whose options the statement speaks ("no flow ..."): there one
            exception is one too many.
    """
    run = table[table["verdict"] != NOT_RUN]
    counts = {verdict: int((run["verdict"] == verdict).sum()) for verdict in (HOLDS, FAILS, OPEN)}
    if run.empty:
        kind = NOT_RUN
    elif for_all:
        kind = _exceptions(run, for_all)
    elif len(run) < FEW:
        kind = "too few specifications"
    elif _largest_share(run["verdict"]) >= MOST:
        kind = "undecided" if counts[OPEN] >= MOST * len(run) else "robust"
    elif counts[HOLDS] and counts[FAILS]:
        choice = _deciding_choice(run)
        kind = f"depends on {choice}" if choice else "fragile"
    else:
        kind = f"{HOLDS if counts[HOLDS] else FAILS} where it can be told"
    return Robustness(kind, counts, len(table))


def _exceptions(run: pd.DataFrame, choice: str) -> str:
    """Return for which options of a choice a statement fails, or else cannot be told."""
    for verdict in (FAILS, OPEN):
        names = run.loc[run["verdict"] == verdict, choice].unique()
        if len(names):
            many = f"{len(names)} of {run[choice].nunique()}"
            return f"{verdict} for {'; '.join(names) if len(names) <= MANY else many}"
    return "holds for all"


def _deciding_choice(run: pd.DataFrame) -> str:
    """Return the choice whose options each have a verdict of their own, or ''."""
    varied = [name for name in _choices(run) if 1 < run[name].nunique() <= len(run) / 2]
    agreement = {name: _agreement(run, name) for name in varied}
    best = max(agreement, key=agreement.get, default="")
    return best if best and agreement[best] >= MOST else ""


def telling_choice(table: pd.DataFrame) -> str:
    """Return the choice that tells most about whether the statement holds.

    That is the one between whose options the share of 'holds' has the largest variance, weighted by
    their specifications; of equal ones that with the fewest options.
    """
    run = table[table["verdict"] != NOT_RUN]
    holds = (run["verdict"] == HOLDS).astype(float)
    told = {
        name: float(holds.groupby(run[name]).transform("mean").var(ddof=0)) if len(run) else 0.0
        for name in _choices(table)
    }
    return max(told, key=lambda name: (round(told[name], 9), -table[name].nunique()))


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


def _choices(table: pd.DataFrame) -> list[str]:
    return [name for name in table.columns if name not in RESULTS]


def _tally(verdicts: pd.Series) -> str:
    """Return e.g. '53 of 96 (30 fail)'."""
    held, failed = int((verdicts == HOLDS).sum()), int((verdicts == FAILS).sum())
    return f"{held} of {len(verdicts)}" + (f" ({failed} fail)" if failed else "")


def _largest_share(verdicts: pd.Series) -> float:
    return float(verdicts.value_counts(normalize=True).iloc[0])


def _agreement(run: pd.DataFrame, choice: str) -> float:
    """Return the smallest share of one verdict within an option of a choice."""
    return min(_largest_share(part["verdict"]) for _, part in run.groupby(choice))
