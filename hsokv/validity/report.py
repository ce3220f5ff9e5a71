"""Reports of the validity guard: named checks with a limit, a status and what was found.

A property that a protocol has on purpose is declared with a reason. It is printed like the others
and is no objection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from hsokv.boundary.checks import check_keys
from hsokv.boundary.text import markdown_code, markdown_prose, table_cell

OK, OBJECTION, DECLARED = "ok", "objection", "declared"
REMEDIES = {
    "verbatim_overlap": "write new test sentences",
    "duplicates": "take them out of one of the two sets",
    "vocabulary_words": "fit the vocabulary on training texts only",
    "vocabulary_texts": "fit the vocabulary on training texts only",
    "label_lookup": "take the name out of the text, or claim no more than a lookup can do",
    "too_few_items": "test more items, or claim less",
    "selection": "select on texts that are never tested",
}  # the checks, and what to do about an objection


@dataclass(frozen=True)
class Check:
    """One measured property of a protocol.

    Attributes:
        name: one of `REMEDIES`.
        measured: a share from 0 to 1, or a number of words for `vocabulary_words`.
        limit: the largest value that is no objection, in the same unit.
        finding: what was found, as a sentence.
        reason: why the property is wanted, where it was declared, else ''.
    """

    name: str
    measured: float
    limit: float
    finding: str
    reason: str = ""

    @property
    def status(self) -> str:
        """'ok' within the limit, else 'declared' with a reason and 'objection' without."""
        if self.measured <= self.limit:
            return OK
        return DECLARED if self.reason else OBJECTION

    @property
    def message(self) -> str:
        """The finding with the reason or the remedy that goes with the status."""
        if self.status == OBJECTION:
            return f"{self.finding}: {REMEDIES[self.name]}"
        if self.status == DECLARED:
            return f"{self.finding}; declared: {self.reason}"
        return self.finding + ("; declared without need" if self.reason else "")

    def text(self, value: float) -> str:
        """Return a value in the unit of this check, e.g. '12.5 %' or '± 4.95 points'."""
        if self.name == "vocabulary_words":
            return f"{value:.0f} words"
        if self.name == "too_few_items":
            return f"± {100 * value:.2f} points"
        return f"{100 * value:.1f} %"


@dataclass(frozen=True)
class Report:
    """What the guard found, one `Check` per property."""

    checks: tuple[Check, ...]

    def __getitem__(self, name: str) -> Check:
        """Return a check by name.

        Raises:
            ValueError: there is none of that name; the message gives the nearest.
        """
        check_keys([name], [c.name for c in self.checks], "check in this report")
        return next(c for c in self.checks if c.name == name)

    @property
    def objections(self) -> tuple[Check, ...]:
        """The checks beyond their limit that were not declared."""
        return tuple(c for c in self.checks if c.status == OBJECTION)

    @property
    def passes(self) -> bool:
        """Whether there is no objection; declared properties are none."""
        return not self.objections

    def to_frame(self) -> pd.DataFrame:
        """Return a row per check: check, measured, limit (numbers), status, message."""
        names = ("name", "measured", "limit", "status", "message")
        rows = [[getattr(c, name) for name in names] for c in self.checks]
        return pd.DataFrame(rows, columns=["check", *names[1:]])

    def to_markdown(self) -> str:
        """Return the checks as a Markdown table."""
        lines = ["| check | measured | at most | status | finding |", "|---|---|---|---|---|"]
        for c in self.checks:
            said = markdown_prose(c.message)
            cells = (f"`{c.name}`", c.text(c.measured), c.text(c.limit), c.status, said)
            lines.append(_row(cells))
        return "\n".join(lines)


def side_by_side(reports: Mapping[str, Report]) -> str:
    """Return reports as one Markdown table, a column each, and below it all that is not 'ok'.

    Raises:
        ValueError: no report, or reports with different checks.
    """
    rows = {tuple(c.name for c in report.checks) for report in reports.values()}
    if len(rows) != 1:
        raise ValueError(
            f"{len(reports)} reports with {len(rows)} sets of checks: need reports with the same "
            "checks; give validation_texts and fitted_on to all of them or to none"
        )
    lines = [_row(["check", "at most", *map(markdown_code, reports)])]
    lines.append("|---" * (2 + len(reports)) + "|")
    for group in zip(*(report.checks for report in reports.values())):
        measured = [f"{c.text(c.measured)}, {c.status}" for c in group]
        lines.append(_row([f"`{group[0].name}`", group[0].text(group[0].limit), *measured]))
    notes: dict[str, list[str]] = {}  # reports that say the same share a line
    for name, report in reports.items():
        for c in report.checks:
            if c.status != OK:
                said = c.reason if c.status == DECLARED else c.message
                note = f"`{c.name}`, {c.status}: {markdown_prose(said)}."
                notes.setdefault(note, []).append(markdown_code(name))
    listed = [f"- {', '.join(names)}: {note}" for note, names in notes.items()]
    return "\n".join(lines + ([""] + listed if listed else []))


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(map(table_cell, cells)) + " |"
