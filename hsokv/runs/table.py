"""Rows as lines of CSV, and back: one spelling for every value, a checksum for every line.

Floats are written with six significant digits; an undefined value (NaN) is an empty field. What is
wrong is collected line by line, not raised at the first, so that all of it can be named at once.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import pandera.errors
import pandera.pandas as pa
from pandas.api.types import is_numeric_dtype

from hsokv.boundary.checks import check_keys
from hsokv.runs.cells import cell_reader, cell_writer, dtype_of

CHECKSUM = "checksum"  # last field of every line: 8 hexadecimal digits
CONFLICT_MARKERS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


class Problem(NamedTuple):
    """What is wrong with one line of a file (the header is line 1) or one row that was handed in.

    Attributes:
        line: the line.
        text: column, value and expectation.
    """

    line: int
    text: str


class Table(NamedTuple):
    """Rows that could be read.

    Attributes:
        rows: typed values, (n_rows, n_columns).
        lines: the line each row stands on, (n_rows,).
        problems: of these rows and of lines that could not be read.
    """

    rows: pd.DataFrame
    lines: list[int]
    problems: list[Problem]


def checksum(line: str) -> str:
    """Return the checksum of a line without its last field."""
    return hashlib.sha256(line.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def write_header(columns: Sequence[str]) -> str:
    """Return the first line of a file."""
    return _join([*columns, CHECKSUM])


def write_line(record: Sequence[str]) -> str:
    """Return one row as a line: its fields and their checksum."""
    line = _join(record)[:-1]
    return f"{line},{checksum(line)}\n"


def write_records(rows: Sequence[Mapping[str, Any]], schema: pa.DataFrameSchema) -> list[list[str]]:
    """Return rows as fields in the order of the columns.

    Raises:
        ValueError: a row has other columns, or a value does not fit its column.
    """
    columns = list(schema.columns)
    for row in rows:
        check_keys(row, columns, "result column")
        missing = [name for name in columns if name not in row]
        if missing:
            raise ValueError(f"a row lacks {missing}; give each a value (NaN when undefined)")
    writers = {name: cell_writer(name, column) for name, column in schema.columns.items()}
    return [[write(row[name]) for name, write in writers.items()] for row in rows]


def read_table(content: str, schema: pa.DataFrameSchema) -> Table:
    """Return the rows of a file's text.

    A line whose fields can be read stays among the rows even if its checksum is wrong, so that
    further checks can say which field it is. Without a right header nothing is read.
    """
    columns = list(schema.columns)
    header, *body = content.split("\n")
    if problem := _check_header(header, columns):
        return type_records([], [], schema)._replace(problems=[Problem(1, problem)])
    last = body.pop() if body else ""
    problems = [Problem(len(body) + 2, "is cut off")] if last else []
    records, lines, first = [], [], {}
    fields, checks = zip(*(line.rpartition(",")[::2] for line in body)) if body else ((), ())
    for number, record in enumerate(_split_all(fields), start=2):
        line, check = fields[number - 2], checks[number - 2]
        if first.setdefault(line, number) != number:
            problems.append(Problem(number, f"repeats line {first[line]}"))
            continue
        is_readable = record is not None and len(record) == len(columns)
        if not is_readable or checksum(line) != check:
            problems.append(Problem(number, _explain_line(body[number - 2], columns)))
        if is_readable:
            records.append(record)
            lines.append(number)
    table = type_records(records, lines, schema)
    return table._replace(problems=table.problems + problems)


def type_records(
    records: Sequence[Sequence[str]], lines: Sequence[int], schema: pa.DataFrameSchema
) -> Table:
    """Return records as typed rows, checked against the schema.

    Args:
        records: the fields of each row, in the order of the columns.
        lines: where each stands.
        schema: columns with their types and checks.
    """
    wrong: list[tuple[int, str]] = []
    data = {}
    fields = zip(*records) if records else [()] * len(schema.columns)
    for texts, (name, column) in zip(fields, schema.columns.items()):
        values, unreadable = _read_column(set(texts), name, column)
        if unreadable:
            wrong += [
                (row, unreadable[text]) for row, text in enumerate(texts) if text in unreadable
            ]
        data[name] = list(map(values.get, texts))
    lines_kept = list(lines)
    if wrong:
        keep = sorted(set(range(len(records))) - {row for row, _ in wrong})
        data = {name: [values[row] for row in keep] for name, values in data.items()}
        lines_kept = [lines[row] for row in keep]
    types = {name: dtype_of(column) for name, column in schema.columns.items()}
    types = {name: dtype if is_numeric_dtype(dtype) else object for name, dtype in types.items()}
    series = {name: pd.Series(data[name], dtype=dtype) for name, dtype in types.items()}
    rows = pd.DataFrame(series, columns=list(types))
    try:
        rows, unfit = schema.validate(rows, lazy=True), []
    except pandera.errors.SchemaErrors as error:
        unfit = list(_explain_schema(error.failure_cases))
    dropped = {row for row, _ in unfit}
    problems = [Problem(lines[row], text) for row, text in wrong]
    problems += [Problem(lines_kept[row], text) for row, text in unfit]
    if dropped:
        rows = rows.drop(index=list(dropped)).reset_index(drop=True)
        lines_kept = [line for row, line in enumerate(lines_kept) if row not in dropped]
    return Table(rows, lines_kept, problems)


def _check_header(header: str, columns: list[str]) -> str:
    """Return what is wrong with the first line, '' for nothing."""
    if header.endswith("\r") or header.startswith("\ufeff"):
        mark = "line ends of Windows" if header.endswith("\r") else "a byte-order mark"
        return f"has {mark}, which an editor or git has put in: take them out (sed, dos2unix)"
    names = _split(header) or ()
    wanted = [*columns, CHECKSUM]
    missing = [name for name in wanted if name not in names]
    surplus = [name for name in names if name not in wanted]
    if missing or surplus:
        return f"columns missing: {missing}, columns not expected: {surplus}"
    if header + "\n" != write_header(columns):
        return f"the columns are not in the expected order {wanted}"
    return ""


def _explain_line(line: str, columns: list[str]) -> str:
    """Return why a line is not what was written."""
    if line.startswith(CONFLICT_MARKERS):
        return f"is a git conflict marker ({line[:40]!r})"
    fields = _split(line)
    if fields is None:
        return "cannot be parsed as CSV"
    if len(fields) != len(columns) + 1:
        return f"has {len(fields)} fields, expected {len(columns) + 1}"
    expected = checksum(line.rpartition(",")[0])
    return f"was changed after it was written: checksum={fields[-1]!r}, expected {expected!r}"


def _split(line: str) -> tuple[str, ...] | None:
    """Return the fields of a line, `None` where it cannot be parsed."""
    try:
        return tuple(next(csv.reader([line], strict=True), ()))
    except csv.Error:
        return None


def _split_all(lines: Sequence[str]) -> list[tuple[str, ...] | None]:
    """Return the fields of every line, in one pass where no line is broken.

    As tuples: the garbage collector does not look at tuples of texts again and again.
    """
    try:
        records = list(map(tuple, csv.reader(lines, strict=True)))
    except csv.Error:
        records = []
    return records if len(records) == len(lines) else [_split(line) for line in lines]


def _join(record: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(record)
    return buffer.getvalue()


def _read_column(
    texts: set[str], name: str, column: pa.Column
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values of the different texts of a column, and what is wrong with the others."""
    read, write, values, wrong = cell_reader(column), cell_writer(name, column), {}, {}
    for text in texts:
        try:
            value = read(text)
            written = write(value)
            if written != text:
                raise ValueError(f"{name}={text!r} is not how it is written: expected {written!r}")
            values[text] = value
        except ValueError as error:
            message = str(error)
            wrong[text] = message if message.startswith(name) else f"{name}={text!r} {message}"
    return values, wrong


def _explain_schema(failures: pd.DataFrame) -> Iterable[tuple[int, str]]:
    """Yield the row and the words of each failed check of a schema."""
    for case in failures.itertuples():
        check = "is part of a duplicated key" if "unique" in str(case.check) else case.check
        row = 0 if pd.isna(case.index) else int(case.index)
        yield row, f"{case.column}={case.failure_case!r} ({check})"
