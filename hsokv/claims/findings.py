"""The report's findings: statements of the experiments, judged like the claims, from rows alone.

They stand in `findings.yaml` of an experiment's folder. `make demo` computes the same quantities
from rows of its own and says which verdicts came out again.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from hsokv.boundary.checks import check_keys
from hsokv.boundary.text import markdown_code, markdown_prose, table_cell, terminal_text
from hsokv.boundary.yaml_file import parse_yaml
from hsokv.claims.quantities import NUMBER, POINTS, check_measure, take, unit_of
from hsokv.claims.rows import NotRun, Rows
from hsokv.experiments.registry import list_experiments, read_findings
from hsokv.stats.decisions import NOT_RUN, OPEN, Rule
from hsokv.stats.intervals import Interval

COLUMNS = ("key", "statement", "quantity", "unit", "point", "low", "high", "n", "verdict")


@dataclass(frozen=True)
class Finding:
    """A statement, the quantity it is about, and when it holds.

    Attributes:
        key: short name.
        statement: what is claimed.
        quantity: what is measured, in words.
        measure: what is computed, see `hsokv.claims.quantities`.
        rule: the range it has to lie in, see `hsokv.stats.decisions.Rule`.

    Raises:
        ValueError: the measure or the rule is wrong.
    """

    key: str
    statement: str
    quantity: str
    measure: dict[str, Any]
    rule: dict[str, Any]

    def __post_init__(self):
        check_measure(self.measure)
        Rule.read(self.rule)


def list_findings() -> list[Finding]:
    """Return the findings of all experiments, in the order of their notebooks.

    Raises:
        ValueError: an entry is wrong, with its experiment and key, or a key is used twice.
    """
    findings: dict[str, Finding] = {}
    for experiment in list_experiments():
        name = f"findings.yaml of {experiment}"
        read_entries(read_findings(experiment), name, Finding, findings)
    return list(findings.values())


def read_entries(text: bytes, name: str, kind: type, found: dict[str, Any]) -> None:
    """Add the entries of a YAML list to those found, by their `key`.

    Args:
        text: of the file.
        name: what messages call it.
        kind: dataclass that an entry is made into; the entry has all of its fields.
        found: key -> entry.

    Raises:
        ValueError: an entry is wrong, with its key, or a key is used twice.
    """
    entries = parse_yaml(text, name) or []
    if not isinstance(entries, list):
        raise ValueError(
            f"{name}: expected a list of {kind.__name__.lower()}s; begin each with '- key:'"
        )
    names = [field.name for field in fields(kind)]
    for entry in entries:
        try:
            if not isinstance(entry, dict):
                raise ValueError("expected keys and values")
            check_keys(entry, names, "key")
            missing = [name for name in names if name not in entry]
            if missing:
                raise ValueError(f"no {', '.join(missing)}; add it")
            made = kind(**entry)
            if made.key in found:
                raise ValueError("this key is used twice; rename one")
        except ValueError as error:
            key = entry.get("key") if isinstance(entry, dict) else entry
            raise ValueError(f"{name}, {key!r}: {error}") from error
        found[made.key] = made


def evaluate(folder: Path | None = None) -> pd.DataFrame:
    """Return every finding's value and verdict on the rows in a folder.

    Args:
        folder: by default `results_dir()`.

    Returns:
        Columns `COLUMNS`; where rows lack the verdict is 'not run'.
    """
    rows, table = Rows(folder), []
    for finding in list_findings():
        row = {"key": finding.key, "statement": finding.statement, "quantity": finding.quantity}
        row |= {"unit": unit_of(finding.measure), "verdict": NOT_RUN}
        try:
            interval = take(finding.measure, rows).interval
        except NotRun:
            pass
        else:
            row |= interval._asdict() | {"verdict": Rule.read(finding.rule).verdict(interval)}
        table.append(row)
    return pd.DataFrame(table).reindex(columns=COLUMNS)


def value_text(row: pd.Series) -> str:
    """Return a finding's value as text, or a dash where it was not run."""
    if pd.isna(row["point"]):
        return "–"
    interval = Interval(row["point"], row["low"], row["high"], int(row["n"]))
    return interval.text(percent=row["unit"] != NUMBER, signed=row["unit"] == POINTS)


def compare_findings(published: pd.DataFrame, here: pd.DataFrame) -> pd.DataFrame:
    """Return published and recomputed verdicts side by side.

    Returns:
        Columns key, statement, quantity, published, published_verdict, here, here_verdict,
        reproduced: 'yes' for the same verdict, 'cannot be told' or 'not run' where the rows here
        do not settle it, otherwise 'no'.
    """
    both = published.merge(here, on="key", suffixes=("", "_here"))
    table = both[["key", "statement", "quantity"]].copy()
    table["published"] = [value_text(row) for _, row in published.iterrows()]
    table["published_verdict"] = both["verdict"]
    table["here"] = [value_text(row) for _, row in here.iterrows()]
    table["here_verdict"] = both["verdict_here"]
    same = both["verdict"] == both["verdict_here"]
    table["reproduced"] = same.map({True: "yes", False: "no"})
    unsettled = both["verdict_here"].isin([OPEN, NOT_RUN]) & ~same
    table.loc[unsettled, "reproduced"] = both["verdict_here"]
    return table


def render_page(published: pd.DataFrame, here: pd.DataFrame, preset: str) -> str:
    """Return the Markdown page that says which published findings came out again here."""
    table = compare_findings(published, here)
    n = table["reproduced"].value_counts().reindex(["yes", "no", OPEN, NOT_RUN], fill_value=0)
    lines = [
        "# Which published findings reproduced here",
        "",
        f"Recomputed on this machine from nothing at {markdown_code(preset)} scale, {n['yes']} of "
        f"{len(table)} findings got the published verdict and {n['no']} another one. "
        f"{n[OPEN]} cannot be told here, since fewer seeds give wider intervals; {n[NOT_RUN]} need "
        "more trainings or seeds than this scale has.",
        "",
        "| finding | quantity | published | here | reproduced |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in table.itertuples():
        lines.append(
            f"| {table_cell(markdown_prose(row.statement))} "
            f"| {table_cell(markdown_prose(row.quantity))} "
            f"| {row.published} ({row.published_verdict}) "
            f"| {row.here} ({row.here_verdict}) | {row.reproduced} |"
        )
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> int:
    """Write the page of findings to standard output."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--published", type=Path, required=True, help="folder of research rows")
    parser.add_argument("--here", type=Path, required=True, help="folder of rows computed here")
    parser.add_argument("--preset", default="demo", help="scale of the rows computed here")
    args = parser.parse_args(argv)
    try:
        page = render_page(evaluate(args.published), evaluate(args.here), args.preset)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"error: {terminal_text(error)}\n")
        return 1
    sys.stdout.write(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
