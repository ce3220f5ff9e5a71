"""Tidy result rows in a CSV file that survives kills, parallel writers and careless edits.

All rows of a unit (one `config_hash`) are written together or not at all: the complete new content
goes to a `.partial` file beside the target, which then takes its place in one step. A lock file
keeps two processes from losing each other's rows. Rows already in the file keep their bytes.
Floats are written with six significant digits; an undefined value (NaN) is an empty field.
"""

from __future__ import annotations

import contextlib
import copy
import csv
import fcntl
import io
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.errors
import pandera.pandas as pa
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

from hsokv.checks import check_keys
from hsokv.runs.provenance import ROOT

CONFLICT_MARKERS = ("<<<<<<<", "=======", ">>>>>>>")
MAX_REPORTED = 4  # problems named in one message


def results_dir() -> Path:
    """Return the folder of results: HSOKV_RESULTS, else `results/` of this checkout or here."""
    if os.environ.get("HSOKV_RESULTS"):
        return Path(os.environ["HSOKV_RESULTS"])
    return (ROOT if (ROOT / "pyproject.toml").exists() else Path.cwd()) / "results"


class ResultsError(ValueError):
    """A results file that cannot be trusted; the message says why and how to restore it."""


class ResultsStore:
    """The rows of one experiment in one CSV file.

    Attributes:
        path: the CSV file; it need not exist yet.
        schema: columns in file order with their types and checks; `unique` names the row key.
        columns: the column names in file order.
    """

    def __init__(self, path: str | os.PathLike, schema: pa.DataFrameSchema) -> None:
        if "config_hash" not in schema.columns:
            raise ValueError("the schema has no column 'config_hash'; add it, it names a unit")
        self.path = Path(path)
        self.schema = copy.deepcopy(schema)
        self.schema.coerce = True
        self.columns = list(schema.columns)
        self._key = self.columns.index("config_hash")

    def read(self) -> pd.DataFrame:
        """Return all rows, validated; a missing file gives an empty frame with all columns.

        Raises:
            ResultsError: the file is damaged.
        """
        try:
            content = self._content()
            lines = _split(content, self.columns) if content else []
            return self._frame(_parse(lines, self.columns), "line", 2)
        except _Problem as problem:
            raise self._error(problem) from problem.__cause__

    def completed(self) -> set[str]:
        """Return the configuration hashes that have rows."""
        return set(self.read()["config_hash"])

    def has(self, config_hash: str) -> bool:
        """Return whether this configuration has rows; for many, ask `completed` once."""
        return config_hash in self.completed()

    def append(self, rows: Sequence[Mapping[str, Any]], replace: bool = False) -> int:
        """Add all rows of one or more units, or none, and return how many were added.

        A unit that is already stored, for instance by another process, is left as it is.

        Args:
            rows: one mapping of column to value per row.
            replace: put the rows in place of stored rows with the same `config_hash`.

        Raises:
            ValueError: a row does not fit the schema.
            ResultsError: the existing file is damaged; it is not touched.
        """
        records = self._format(rows)
        self._validated(records)
        hashes = {record[self._key] for record in records}
        with self._locked():
            try:
                content = self._content() or _to_line(self.columns)
                lines = _split(content, self.columns)
                if any(config_hash in content for config_hash in hashes):
                    stored = [record[self._key] for record in _parse(lines, self.columns)]
                    if replace:
                        kept = (line for line, h in zip(lines[1:], stored) if h not in hashes)
                        content = lines[0] + "".join(kept)
                    else:
                        records = [r for r in records if r[self._key] not in set(stored)]
            except _Problem as problem:
                raise self._error(problem) from problem.__cause__
            if records:
                self._replace_file(content + "".join(_to_line(record) for record in records))
        return len(records)

    def normalise(self, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
        """Return the rows as they would be read back: same types, same rounding.

        Raises:
            ValueError: a row does not fit the schema.
        """
        return self._validated(self._format(rows))

    def _content(self) -> str:
        try:
            return self.path.read_bytes().decode("utf-8")
        except FileNotFoundError:
            return ""
        except UnicodeDecodeError as error:
            raise _Problem(f"byte {error.start} is not UTF-8 text") from error

    def _frame(self, records: list[list[str]], unit: str, first: int) -> pd.DataFrame:
        """Return records as a validated frame; problems name `unit` and its number."""
        columns = {}
        for index, (name, column) in enumerate(self.schema.columns.items()):
            convert, values = _reader(column), []
            for number, record in enumerate(records, start=first):
                try:
                    values.append(convert(record[index]))
                except ValueError as error:
                    raise _Problem(f"{unit} {number}: {name}={record[index]!r} {error}") from None
            dtype = _dtype(column)
            columns[name] = pd.Series(values, dtype=dtype if is_numeric_dtype(dtype) else object)
        try:
            return self.schema.validate(pd.DataFrame(columns, columns=self.columns), lazy=True)
        except pandera.errors.SchemaErrors as error:
            raise _Problem(_explain(error.failure_cases, unit, first)) from error

    def _format(self, rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
        """Return the rows as fields of the file, in column order."""
        for row in rows:
            check_keys(row, self.columns, "result column")
            missing = [name for name in self.columns if name not in row]
            if missing:
                raise ValueError(f"a row lacks {missing}; give each a value (NaN when undefined)")
        columns = self.schema.columns.items()
        return [[_to_text(row[name], name, column) for name, column in columns] for row in rows]

    def _validated(self, records: list[list[str]]) -> pd.DataFrame:
        try:
            return self._frame(records, "row", 1)
        except _Problem as problem:
            raise ValueError(f"rows for {self.path} do not fit its schema: {problem}") from None

    def _error(self, problem: Exception) -> ResultsError:
        return ResultsError(
            f"{self.path}: {problem}. Restore the file with `git checkout -- {self.path}`, "
            "or delete it to recompute its rows."
        )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the store's lock file; a dying process releases it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path.with_name(f".{self.path.name}.lock"), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _replace_file(self, content: str) -> None:
        partial = self.path.with_name(self.path.name + ".partial")
        with open(partial, "wb") as file:
            file.write(content.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, self.path)


class _Problem(ValueError):
    """What is wrong, without the file name and remedy that `ResultsError` adds."""


def _split(content: str, columns: list[str]) -> list[str]:
    """Return the file's lines with their ends, after the checks that need no parsing."""
    lines = content.splitlines(keepends=True)
    for number, line in enumerate(lines, start=1):
        if line.startswith(CONFLICT_MARKERS):
            raise _Problem(f"line {number} is a git conflict marker ({line.strip()!r})")
    header = next(csv.reader(lines[:1]), [])
    missing = [name for name in columns if name not in header]
    surplus = [name for name in header if name not in columns]
    if missing or surplus:
        raise _Problem(f"columns missing: {missing}, columns not expected: {surplus}")
    if header != columns:
        raise _Problem(f"the columns are not in the expected order {columns}")
    if not lines[-1].endswith("\n"):
        raise _Problem(f"the last line ({len(lines)}) is cut off")
    return lines


def _parse(lines: list[str], columns: list[str]) -> list[list[str]]:
    """Return the fields of every line after the header."""
    records = []
    for number, line in enumerate(lines[1:], start=2):
        try:
            record = next(csv.reader([line], strict=True), [])
        except csv.Error as error:
            raise _Problem(f"line {number} cannot be parsed ({error})") from error
        if len(record) != len(columns):
            raise _Problem(f"line {number} has {len(record)} fields, expected {len(columns)}")
        records.append(record)
    return records


def _to_line(record: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(record)
    return buffer.getvalue()


def _dtype(column: pa.Column) -> Any:
    """Return the pandas type of a column; text when the schema gives none."""
    return getattr(column.dtype, "type", None) or str


def _to_text(value: Any, name: str, column: pa.Column) -> str:
    """Return the value as it stands in the file."""
    dtype = _dtype(column)
    value = value.item() if hasattr(value, "item") else value
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    try:
        if is_bool_dtype(dtype):
            return str(bool(value))
        if is_integer_dtype(dtype):
            if int(value) != value:
                raise ValueError
            return str(int(value))
        if is_numeric_dtype(dtype):
            return f"{float(value) + 0.0:.6g}"  # adding 0.0 turns -0.0 into 0.0
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name}={value!r} does not fit a column of type {dtype}") from None
    text = str(value)
    if len((text + "x").splitlines()) > 1:
        raise ValueError(f"{name}={text!r} contains a line break; write it on one line")
    return text


def _reader(column: pa.Column) -> Callable[[str], Any]:
    """Return the function that turns a field of this column into its value."""
    dtype = _dtype(column)
    is_extension = isinstance(dtype, pd.api.extensions.ExtensionDtype)
    missing = pd.NA if is_extension and is_numeric_dtype(dtype) else math.nan
    kind, expected = str, "text"
    if is_bool_dtype(dtype):
        kind, expected = {"True": True, "False": False}.__getitem__, "True or False"
    elif is_integer_dtype(dtype):
        kind, expected = int, "a whole number"
    elif is_numeric_dtype(dtype):
        kind, expected = float, "a number"

    def read(text: str) -> Any:
        if text == "" and column.nullable:
            return missing
        try:
            return kind(text)
        except (KeyError, ValueError):
            raise ValueError(f"is not {expected}") from None

    return read


def _explain(failures: pd.DataFrame, unit: str, first: int) -> str:
    """Return the first validation failures in words."""
    found = []
    for case in failures.itertuples():
        where = f"{unit} {first + int(case.index)}: " if not pd.isna(case.index) else ""
        check = "is part of a duplicated key" if "unique" in str(case.check) else case.check
        found.append(f"{where}{case.column}={case.failure_case!r} ({check})")
    more = f" and {len(found) - MAX_REPORTED} more" if len(found) > MAX_REPORTED else ""
    return "; ".join(found[:MAX_REPORTED]) + more
