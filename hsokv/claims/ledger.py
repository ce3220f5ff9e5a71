"""The claims ledger: claims of the source documents, read from YAML and judged by committed rows.

A claim's verdict is computed here and nowhere else: it *holds* when the whole interval of what is
measured satisfies the rule, *fails* when the whole interval lies outside, and *cannot be told*
otherwise. Claims without rows are *not run*; claims that name nothing measurable are *not testable
as stated*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from hsokv.boundary.checks import check_keys
from hsokv.boundary.text import csv_cell
from hsokv.boundary.yaml_file import read_yaml
from hsokv.claims.elsewhere import list_specifications
from hsokv.claims.quantities import NUMBER, PERCENT, POINTS, Measured, check_measure, describe, take
from hsokv.claims.robustness import Robustness, compute_specifications, judge_robustness
from hsokv.claims.rows import NotRun, Rows
from hsokv.stats.decisions import FAILS, HOLDS, NOT_RUN, OPEN, Rule

NOT_TESTABLE = "not testable as stated"
VERDICTS = (HOLDS, FAILS, OPEN, NOT_RUN, NOT_TESTABLE)
SOURCES = ("issues_and_redesign", "flow_comparison", "execution_walkthrough", "readme",
           "nuonuo_exp04")  # fmt: skip
WRITTEN = ("before", "after")
COLUMNS = ("id", "source", "claim", "rule", "quantity", "point", "low", "high", "n", "distance",
           "verdict", "robustness", "section", "written")  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """One row of the ledger.

    Attributes:
        id: short name.
        source: document and section, e.g. 'issues_and_redesign, 2.1'.
        claim: what is claimed, in our words.
        test: how it is tested, in words; empty where it cannot be.
        measure: what is computed, see `hsokv.claims.quantities`, or `None`.
        rule: its range, see `hsokv.stats.decisions.Rule`.
        section: page of the book, without ending.
        written: whether the rule was written before or after the rows existed.
        reason: why it cannot be tested as stated.
        awaits: the experiment that will test it.

    Raises:
        ValueError: something is missing, unknown or contradictory.
    """

    id: str
    source: str
    claim: str
    test: str = ""
    measure: dict[str, Any] | None = None
    rule: dict[str, Any] | None = None
    section: str = ""
    written: str = ""
    reason: str = ""
    awaits: str = ""

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in ("measure", "rule") and not isinstance(value, str):
                raise ValueError(f"{field.name}={value!r}: expected text; put it in quotes")
        if not self.id or not self.claim or ", " not in self.source:
            raise ValueError("expected an id, a claim, and a source 'document, section'; add them")
        check_keys([self.document], SOURCES, "source")
        tested = {"test", "rule", "section", "written"}
        wanted = (
            tested
            if self.measure is not None
            else {"test", "awaits"}
            if self.awaits
            else {"reason"}
        )
        for name in tested | {"awaits", "reason"}:
            if bool(getattr(self, name)) != (name in wanted):
                raise ValueError(
                    f"{'no' if name in wanted else 'a'} {name}: a claim has test, measure, rule, "
                    "section and written, or test and awaits, or a reason; correct the row"
                )
        if self.measure is not None:
            check_keys([self.written], WRITTEN, "value of written")
            check_measure(self.measure)
            Rule.read(self.rule)

    @property
    def document(self) -> str:
        """File stem of the source, without the section."""
        return self.source.split(",")[0]


class Judged(NamedTuple):
    """A claim with its verdict.

    Attributes:
        claim: what is judged.
        verdict: one of `VERDICTS`.
        measured: what it rests on, or `None`.
        note: why nothing was measured.
        elsewhere: the claim in every specification, see `robustness.compute_specifications`; `None`
            where there is only one.
    """

    claim: Claim
    verdict: str
    measured: Measured | None = None
    note: str = ""
    elsewhere: pd.DataFrame | None = None

    @property
    def robustness(self) -> Robustness | None:
        """Whether the verdict stands in other specifications; `None` where none was run."""
        found = None if self.elsewhere is None else judge_robustness(self.elsewhere)
        return found if found is not None and found.n > 1 else None


def read_claims(path: Path) -> list[Claim]:
    """Return the ledger's claims.

    Raises:
        ValueError: a row is wrong, with its id, or an id is used twice.
    """
    rows = read_yaml(path)
    if not isinstance(rows, list):
        raise ValueError(f"{path}: expected a list of claims; begin each with '- id:'")
    claims: dict[str, Claim] = {}
    for number, row in enumerate(rows, start=1):
        try:
            if not isinstance(row, dict):
                raise ValueError(f"{row!r}: expected keys and values")
            check_keys(row, [field.name for field in fields(Claim)], "key")
            for name in ("id", "source", "claim"):
                if name not in row:
                    raise ValueError(f"no {name}; add it")
            claim = Claim(**row)
        except ValueError as error:
            name = row.get("id") if isinstance(row, dict) else None
            raise ValueError(f"{path}, claim {name or number!r}: {error}") from error
        if claim.id in claims:
            raise ValueError(f"{path}: id {claim.id!r} is used twice; rename one")
        claims[claim.id] = claim
    return list(claims.values())


def judge(claims: Sequence[Claim], folder: Path | None = None) -> list[Judged]:
    """Return every claim's verdict on the rows in a folder, by default `results_dir()`."""
    rows, judged = Rows(folder), []
    for claim in claims:
        if claim.reason:
            judged.append(Judged(claim, NOT_TESTABLE, note=claim.reason))
        elif claim.awaits:
            note = f"The experiment on {claim.awaits} is not part of this study yet."
            judged.append(Judged(claim, NOT_RUN, note=note))
        else:
            judged.append(_judge(claim, rows))
    return judged


def _judge(claim: Claim, rows: Rows) -> Judged:
    try:
        measured = take(claim.measure, rows)
    except NotRun as error:
        return Judged(claim, NOT_RUN, note=f"Not measured: {error}.")
    rule, specifications = Rule.read(claim.rule), list_specifications(claim.measure)
    table = compute_specifications(specifications, rule, rows) if specifications else None
    return Judged(claim, rule.verdict(measured.interval), measured, elsewhere=table)


def claims_table(judged: Sequence[Judged]) -> pd.DataFrame:
    """Return the rows of `results/claims.csv`.

    Returns:
        Columns `COLUMNS`; what was not measured is missing. `distance` is in the unit of the rule,
        see `Rule.distance`; shares and differences of shares are not in per cent.
    """
    table = []
    for item in judged:
        claim, verdict, measured, *_ = item
        robustness = item.robustness
        row = {"id": claim.id, "source": claim.source, "claim": claim.claim, "verdict": verdict}
        row |= {"section": claim.section, "written": claim.written}
        row |= {"robustness": "" if robustness is None else str(robustness)}
        if claim.measure is not None:
            ((rule, bound),) = claim.rule.items()
            ends = " to ".join(map(str, bound)) if isinstance(bound, list) else bound
            row |= {"rule": f"{rule} {ends}", "quantity": describe(claim.measure)}
        if measured is not None:
            row |= measured.interval._asdict()
            row["distance"] = round(Rule.read(claim.rule).distance(measured.interval), 6) + 0.0
        table.append({k: csv_cell(v) if isinstance(v, str) else v for k, v in row.items()})
    table = pd.DataFrame(table).reindex(columns=COLUMNS)
    table["n"] = table["n"].astype("Int64")
    return table.replace({"": None})


def rule_text(claim: Claim, unit: str) -> str:
    """Return the rule in words, in the unit of what is measured."""
    ((name, bound),) = claim.rule.items()
    scale, word = {PERCENT: (100, " %"), POINTS: (100, " points"), NUMBER: (1, "")}[unit]
    ends = [f"{round(scale * end, 6):g}" for end in (bound if name == "within" else [bound])]
    if name == "within":
        exact = ends[0] == ends[1]
        return f"{ends[0]}{word}" if exact else f"between {ends[0]} and {ends[1]}{word}"
    return f"{'more' if name == 'above' else 'less'} than {ends[0]}{word}"


def value_text(measured: Measured) -> str:
    """Return the measured value with its interval and n, e.g. '7.5 % [3.0, 12.8], n = 20 seeds'."""
    interval, unit, counted = measured
    if not interval.n:
        return f"{interval.point:.4g}"
    if unit != NUMBER:
        return f"{interval.text(signed=unit == POINTS)} {counted}"
    point, low, high = map(_number, interval[:3])
    return f"{point} [{low}, {high}], n = {interval.n} {counted}"


def distance_text(claim: Claim, measured: Measured) -> str:
    """Return how far a forecast lies from what was measured, or '' where they meet."""
    distance = Rule.read(claim.rule).distance(measured.interval)
    if "within" not in claim.rule or not distance:
        return ""
    size = abs(distance)
    words = _number(size) if measured.unit == NUMBER else f"{100 * size:.1f} points"
    return f"{words} {'above' if distance > 0 else 'below'}"


def _number(value: float) -> str:
    digits = 3 if abs(value) < 10 else 1
    return f"{round(value, digits) + 0.0:,.{digits}f}"
