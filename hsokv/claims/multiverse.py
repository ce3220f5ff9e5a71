"""Headlines under every combination of reasonable choices: robust, dependent on one, or fragile.

A *specification* is one combination of options. Steegen, Tuerlinckx, Gelman and Vanpaemel (2016,
doi:10.1177/1745691616658637) call all of them a multiverse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from importlib import resources
from itertools import product
from typing import Any, NamedTuple

import pandas as pd

from hsokv.boundary.checks import check_keys
from hsokv.boundary.yaml_file import parse_yaml
from hsokv.claims.quantities import check_measure, take
from hsokv.claims.rows import NotRun, Rows
from hsokv.stats.decisions import HOLDS, Rule

NOT_RUN = "not run"
MANY = 6  # options of a choice that are named one by one
MOST = 0.9  # share of specifications with one verdict from which a headline is robust
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
        verdict: the most frequent verdict.
        share: share of the specifications that have it.
        n: specifications that were run.
        n_all: specifications there are.
    """

    kind: str
    verdict: str
    share: float
    n: int
    n_all: int

    def __str__(self) -> str:
        if not self.n:
            return NOT_RUN
        count = round(self.share * self.n)
        return f"{self.kind}: {self.verdict} in {count} of {self.n} specifications"


def fill(part: Any, options: Mapping[str, Any]) -> Any:
    """Return a measure with options in the place of their names; an option may name another.

    A text that is nothing but one name becomes the option itself, a number for instance.
    """
    if isinstance(part, Mapping):
        return {name: fill(value, options) for name, value in part.items()}
    if not isinstance(part, str) or "{" not in part:
        return part
    whole = part[1:-1]
    if whole in options and part == f"{{{whole}}}":
        return fill(options[whole], options)
    return fill(part.format_map(options), options)


def list_headlines() -> list[Headline]:
    """Return the headlines in `headlines.yaml`.

    Raises:
        ValueError: an entry is wrong; the message names it.
    """
    text = (resources.files("hsokv.claims") / "headlines.yaml").read_bytes()
    names, found = [field.name for field in fields(Headline)], {}
    for entry in parse_yaml(text, "headlines.yaml"):
        try:
            check_keys(entry, names, "key")
            missing = [name for name in names if name not in entry]
            if missing:
                raise ValueError(f"no {', '.join(missing)}; add it")
            if entry["key"] in found:
                raise ValueError("this key is used twice; rename one")
            found[entry["key"]] = Headline(**entry)
        except ValueError as error:
            raise ValueError(f"headlines.yaml, {entry.get('key')!r}: {error}") from error
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
    depends on that choice; of several, on the one whose options agree most.
    """
    run = table[table["verdict"] != NOT_RUN]
    if run.empty:
        return Robustness(NOT_RUN, NOT_RUN, float("nan"), 0, len(table))
    verdict, share = _most_frequent(run["verdict"])
    kind = "fragile"
    if share >= MOST:
        kind = "robust"
    else:
        choices = [name for name in table.columns if name not in RESULTS]
        deciding = {name: _agreement(run, name) for name in choices if run[name].nunique() > 1}
        best = max(deciding, key=deciding.get, default=None)
        if best is not None and deciding[best] >= MOST:
            kind = f"depends on {best}"
    return Robustness(kind, verdict, share, len(run), len(table))


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
    """Return in how many specifications the statement holds under each option of a choice.

    Of many options, those under which it always holds are counted together.
    """
    run = table[table["verdict"] != NOT_RUN]
    held = (run["verdict"] == HOLDS).groupby(run[choice], sort=False).agg(["sum", "size"])
    parts, always = [], held[held["sum"] == held["size"]]
    if len(held) > MANY and len(always) > 1:
        held = held.drop(index=always.index)
        total = int(always["sum"].sum())
        parts.append(f"the other {len(always)} {total} of {total}")
        if held.empty:
            return f"all {len(always)} options, {total} of {total}"
    return "; ".join([f"{o} {r['sum']} of {r['size']}" for o, r in held.iterrows()] + parts)


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


def _most_frequent(verdicts: pd.Series) -> tuple[str, float]:
    counts = verdicts.value_counts()
    return str(counts.index[0]), float(counts.iloc[0] / len(verdicts))


def _agreement(run: pd.DataFrame, choice: str) -> float:
    """Return the smallest share of one verdict within an option of a choice."""
    return min(_most_frequent(part["verdict"])[1] for _, part in run.groupby(choice))
