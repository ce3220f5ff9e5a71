"""One spelling for every value of a column: how it is written in a file, and read back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

from hsokv.boundary.text import FORMULA


def dtype_of(column: pa.Column) -> Any:
    """Return the pandas type of a column; text when the schema gives none."""
    return getattr(column.dtype, "type", None) or str


def cell_writer(name: str, column: pa.Column) -> Callable[[Any], str]:
    """Return the function that writes a value of a column as it stands in the file."""
    dtype = dtype_of(column)
    if is_bool_dtype(dtype):
        spell = _spell_bool
    elif is_integer_dtype(dtype):
        spell = _spell_integer
    else:
        spell = _spell_number if is_numeric_dtype(dtype) else None

    def write(value: Any) -> str:
        value = value.item() if hasattr(value, "item") else value
        if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
            return ""
        if spell is None:
            return _check_text(str(value), name)
        try:
            return spell(value)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"{name}={value!r} does not fit a column of type {dtype}") from None

    return write


def _spell_bool(value: Any) -> str:
    return str(bool(value))


def _spell_integer(value: Any) -> str:
    if int(value) != value or abs(value) >= 2**63:
        raise ValueError
    return str(int(value))


def _spell_number(value: Any) -> str:
    if math.isinf(value):
        raise ValueError
    return f"{float(value) + 0.0:.6g}"  # adding 0.0 turns -0.0 into 0.0


def _check_text(text: str, name: str) -> str:
    """Return a text that neither a terminal nor a spreadsheet takes for more than text."""
    if not text.isprintable():
        raise ValueError(
            f"{name}={text!r} holds a line break or another character that does not print; "
            "write plain text on one line"
        )
    if text.startswith(FORMULA):
        raise ValueError(
            f"{name}={text!r} begins like a formula, which a spreadsheet would run; begin it with "
            "a letter"
        )
    return text


def cell_reader(column: pa.Column) -> Callable[[str], Any]:
    """Return the function that turns a field of this column into its value."""
    dtype = dtype_of(column)
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
