"""Tidy result rows in a CSV file that survives kills, parallel writers and careless edits.

All rows of a trial are written together or not at all, and rows already in the file keep their
bytes. Every line bears a checksum, and a trial's rows prove themselves (see `proof`), so that what
was changed, added or taken away by anything but this class is found when the file is read.
"""

from __future__ import annotations

import copy
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from hsokv.boundary.files import locked, replace_file
from hsokv.runs.proof import Proof
from hsokv.runs.provenance import ROOT
from hsokv.runs.table import (
    Problem,
    Table,
    read_table,
    type_records,
    write_header,
    write_line,
    write_records,
)

MAX_REPORTED = 4  # problems named in one message


def results_dir() -> Path:
    """Return the folder of results: HSOKV_RESULTS, else `results/` of this checkout or here."""
    if os.environ.get("HSOKV_RESULTS"):
        return Path(os.environ["HSOKV_RESULTS"])
    return (ROOT if (ROOT / "pyproject.toml").exists() else Path.cwd()) / "results"


class ResultsError(ValueError):
    """A results file that cannot be trusted; the message says why and what to do."""


class ResultsStore:
    """The rows of one experiment in one CSV file.

    A symbolic link in its place is followed: the file it points to is written, the link stays.

    Attributes:
        path: the CSV file; it need not exist yet.
        schema: columns in file order with their types and checks; `unique` names the row key.
        columns: the column names in file order; a checksum follows them in the file.
        proof: what a trial's rows must satisfy; `None` where nothing is known of them.
    """

    def __init__(
        self, path: str | os.PathLike, schema: pa.DataFrameSchema, proof: Proof | None = None
    ) -> None:
        if "config_hash" not in schema.columns:
            raise ValueError("the schema has no column 'config_hash'; add it, it names a trial")
        self.path = Path(path)
        self.schema = copy.deepcopy(schema)
        self.schema.coerce = True
        self.columns = list(schema.columns)
        self.proof = proof

    def read(self) -> pd.DataFrame:
        """Return all rows, proven; a missing file gives an empty frame with all columns.

        Raises:
            ResultsError: the file is damaged, or a trial has too few rows.
        """
        rows, incomplete = self.read_complete()
        if incomplete:
            name, (n, wanted) = next(iter(incomplete.items()))
            raise ResultsError(
                f"{self.path}: trial {name} has {n} rows, expected {wanted} ({len(incomplete)} "
                "such trials): some were taken out. Run its notebook, which computes them again, "
                f"or {self._set_aside_command()}"
            )
        return rows

    def read_complete(self) -> tuple[pd.DataFrame, dict[str, tuple[int, int]]]:
        """Return the rows of complete trials, and hash -> (rows there, rows expected) of others.

        Raises:
            ResultsError: the file is damaged.
        """
        table, incomplete = self._load(self._content())
        if table.problems:
            raise self._error(table.problems)
        rows = table.rows
        if incomplete:
            rows = rows[~rows["config_hash"].isin(list(incomplete))].reset_index(drop=True)
        return rows, incomplete

    def completed(self) -> set[str]:
        """Return the hashes of the trials that have all their rows."""
        return set(self.read_complete()[0]["config_hash"])

    def append(self, rows: Sequence[Mapping[str, Any]], replace: bool = False) -> int:
        """Add all rows of one or more trials, or none, and return how many were added.

        A trial that is already stored whole, for instance by another process, is left as it is.

        Args:
            rows: one mapping of column to value per row.
            replace: put the rows in place of stored rows with the same `config_hash`.

        Raises:
            ValueError: a row does not fit the schema, or the rows of a trial contradict themselves
                or are too few.
            ResultsError: the existing file is damaged; it is not touched.
            OSError: the file cannot be written; it is as it was.
        """
        records = write_records(rows, self.schema)
        self._check_new(records)
        key = self.columns.index("config_hash")
        hashes = {record[key] for record in records}
        with locked(self.path):
            content = self._content() or write_header(self.columns)
            if any(name in content for name in hashes):
                table, incomplete = self._load(content)
                if table.problems:
                    raise self._error(table.problems)
                stored = table.rows["config_hash"].tolist()
                again = hashes if replace else hashes & incomplete.keys()
                gone = {line for line, name in zip(table.lines, stored) if name in again}
                content = _drop_lines(content, gone)
                stays = set(stored) - again
                records = [record for record in records if record[key] not in stays]
            elif not content.startswith(write_header(self.columns)) or content[-1] != "\n":
                raise self._error(self._load(content)[0].problems)
            if records:
                content += "".join(write_line(record) for record in records)
                replace_file(self.path, _encode(content))
        return len(records)

    def normalise(self, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
        """Return the rows as they would be read back: same types, same rounding.

        Raises:
            ValueError: as `append`.
        """
        return self._check_new(write_records(rows, self.schema))

    def set_aside(self) -> tuple[Path, int] | None:
        """Move every doubtful line to `<name>.set-aside`; return that file and their number.

        Nothing is lost: the lines are added to what that file holds already. What they were to say
        is computed again by the next run. `None` if no line is doubtful.

        Raises:
            ValueError: the file beside it is this one.
            OSError: a file cannot be written.
        """
        aside = self.path.with_suffix(".set-aside")
        with locked(self.path):
            content = self._content()
            table, _ = self._load(content)
            doubtful = {problem.line for problem in table.problems}
            if not doubtful:
                return None
            if aside.resolve() == self.path.resolve():
                raise ValueError(f"{aside} is a link to {self.path}: remove the link")
            lines = _lines(content)
            if 1 in doubtful:  # without its header nothing of the file can be read
                doubtful = set(range(1, len(lines) + 1))
            moved = [line for n, line in enumerate(lines, start=1) if n in doubtful]
            before = aside.read_bytes() if aside.is_file() else b""
            before += b"" if before[-1:] in (b"", b"\n") else b"\n"
            replace_file(aside, before + _encode("".join(moved).rstrip("\n") + "\n"))
            replace_file(self.path, _encode(_drop_lines(content, doubtful)))
        return aside, len(moved)

    def _content(self) -> str:
        """Return the file's text; bytes that are no text are kept as they are."""
        try:
            return self.path.read_bytes().decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            return ""

    def _load(self, content: str) -> tuple[Table, dict[str, tuple[int, int]]]:
        """Return what a file's text holds, with all that is wrong with it, and what it lacks."""
        table = read_table(content, self.schema) if content else type_records([], [], self.schema)
        return self._prove(table)

    def _prove(self, table: Table) -> tuple[Table, dict[str, tuple[int, int]]]:
        """Add what the rows say against themselves, and return which trials lack rows."""
        if self.proof is None or table.rows.empty:
            return table, {}
        found, incomplete = self.proof.examine(table.rows)
        said = [Problem(table.lines[row], text) for row, text in found]
        problems = sorted([*said, *table.problems], key=lambda problem: problem.line)
        return table._replace(problems=problems), incomplete

    def _check_new(self, records: list[list[str]]) -> pd.DataFrame:
        places = list(range(1, len(records) + 1))
        table, incomplete = self._prove(type_records(records, places, self.schema))
        problems = _say(table.problems, "row")
        for name, (n, wanted) in incomplete.items():
            problems = problems or f"trial {name} has {n} rows, expected {wanted}"
        if problems:
            raise ValueError(f"rows for {self.path} do not fit: {problems}")
        return table.rows

    def _error(self, problems: Sequence[Problem]) -> ResultsError:
        return ResultsError(
            f"{self.path}: {_say(problems, 'line')}. Nothing was changed. Put the lines right, or "
            f"{self._set_aside_command()}"
        )

    def _set_aside_command(self) -> str:
        is_own = self.path.parent.resolve() == (ROOT / "results").resolve()
        where = "" if is_own else f"HSOKV_RESULTS={shlex.quote(str(self.path.parent))} "
        return (
            f"run `{where}make rows SET_ASIDE={self.path.stem}`, which moves doubtful lines to a "
            "file beside it; the next run computes their trials again."
        )


def _say(problems: Sequence[Problem], unit: str) -> str:
    """Return the first problems in words."""
    found = [f"{unit} {line}: {text}" for line, text in problems]
    more = f" and {len(found) - MAX_REPORTED} more" if len(found) > MAX_REPORTED else ""
    return "; ".join(found[:MAX_REPORTED]) + more


def _lines(content: str) -> list[str]:
    """Return the lines with their ends, as `read_table` counts them."""
    return [line + "\n" for line in content.removesuffix("\n").split("\n")]


def _drop_lines(content: str, numbers: set[int]) -> str:
    """Return the text without the lines of these numbers, from 1."""
    return "".join(line for n, line in enumerate(_lines(content), start=1) if n not in numbers)


def _encode(content: str) -> bytes:
    return content.encode("utf-8", "surrogateescape")
