"""Checks of texts and labels: what counts as a list of them, and which labels a flow can learn.

A list, tuple, generator, array, tensor or column is taken; what a user cannot have meant (a table,
a single text, a missing label) is refused with value, expectation and remedy.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from hsokv.boundary.checks import check_array, shown

INT64 = np.iinfo(np.int64)
EXACT = 2**53  # up to here every whole number is a float


def as_list(values: Any, name: str) -> list:
    """Return a list, tuple, generator, array, tensor or column as a plain list.

    Raises:
        TypeError: a single text, a table of pandas, a value without order, or no list at all.
        ValueError: `None`, or an array that has not exactly one axis.
    """
    remedy = f"pass a list, e.g. {name}=['...', '...']"
    if values is None:
        raise ValueError(f"{name}=None: need one entry per text; {remedy}")
    if isinstance(values, (str, bytes, bytearray)):
        raise TypeError(f"{name}={shown(values)} is a single text: need a list of them; {remedy}")
    if isinstance(values, pd.DataFrame):
        raise TypeError(
            f"{name} is a DataFrame with columns {shown(list(values.columns))}: need one column; "
            f"pass one, e.g. {name}=frame['column']"
        )
    if isinstance(values, (Mapping, set, frozenset)):
        raise TypeError(f"{name} is a {type(values).__name__}, which has no order; {remedy}")
    if getattr(values, "ndim", 1) != 1:
        raise ValueError(
            f"{name} has shape {tuple(values.shape)}: need one entry per text in one axis; "
            "pass a list or one column"
        )
    if getattr(getattr(values, "dtype", None), "kind", None) in ("m", "M"):
        raise TypeError(f"{name} holds dates ({values.dtype}): need text; convert it with str()")
    items = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(items, Iterable):
        raise TypeError(f"{name}={shown(values)}: need a list; {remedy}")
    return list(items)


def check_texts(texts: Iterable[str], name: str = "texts", least: int = 1) -> list[str]:
    """Return the texts as a list of str, (n_texts,).

    Args:
        texts: what was given.
        name: of the argument.
        least: texts needed, 0 or 1.

    Raises:
        TypeError: a single string, a table, or an item that is not a string.
        ValueError: `None`, no text, or a text with half of a surrogate pair.
    """
    items = as_list(texts, name)
    if len(items) < least:
        raise ValueError(f"{name}=[]: need at least one text; pass a non-empty list of strings")
    if set(map(type, items)) <= {str}:
        _check_encodable(items, name)
        return items
    for index, item in enumerate(items):
        if not isinstance(item, str):
            is_bytes = isinstance(item, (bytes, bytearray))
            remedy = "decode it, e.g. with .decode()" if is_bytes else "write what it says as text"
            raise TypeError(
                f"{name}[{index}]={shown(item)} is a {type(item).__name__}: need strings; "
                f"{remedy} or leave it out"
            )
    items = [str.__str__(item) for item in items]  # also of an Enum, whose str() is its name
    _check_encodable(items, name)
    return items


def _check_encodable(texts: list[str], name: str) -> None:
    """Refuse what no file can hold: half of a surrogate pair."""
    for index, text in enumerate(texts):
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError as error:
                raise ValueError(
                    f"{name}[{index}]={shown(text)} is not Unicode text (character {error.start} "
                    "is half of a surrogate pair): need text that can be encoded; decode it with "
                    "errors='replace'"
                ) from None


def check_labels(labels: Iterable, reserved: Collection = (), name: str = "labels") -> list:
    """Return labels as a list of str or of int.

    Whole floats become the integers they stand for; other floats are no classes.

    Args:
        labels: what was given.
        reserved: labels that mean something else.
        name: of the argument.

    Raises:
        TypeError: a label is neither text nor a whole number, or both are mixed.
        ValueError: a label is missing, reserved, not finite or whole, or cannot be kept.
    """
    items = as_list(labels, name)
    kinds = set(map(type, items))
    if not kinds <= {str} and not kinds <= {int}:
        items = [_plain_label(item, f"{name}[{i}]") for i, item in enumerate(items)]
        is_text = [isinstance(item, str) for item in items]
        if len(set(is_text)) > 1:
            other = is_text.index(not is_text[0])
            raise TypeError(
                f"{name}[0]={shown(items[0])} and {name}[{other}]={shown(items[other])}: text and "
                "numbers are mixed; use one kind for all labels"
            )
    for label in dict.fromkeys(items):
        place = f"{name}[{items.index(label)}]={shown(label)}" if _is_odd(label, reserved) else ""
        if label in reserved:
            raise ValueError(
                f"{place}: this label is reserved for texts that are declined, expected another; "
                "rename the class"
            )
        if place:
            raise ValueError(
                f"{place} cannot be kept: expected text without a NUL at its end or half of a "
                "surrogate pair, or a whole number of 64 bits; rename the class"
            )
    return items


def _is_odd(label: str | int, reserved: Collection) -> bool:
    """Whether a label is reserved, or would come back changed."""
    if isinstance(label, int):
        return label in reserved or not INT64.min <= label <= INT64.max
    is_encodable = label.isascii() or label == label.encode(errors="replace").decode()
    return label in reserved or label.endswith("\0") or not is_encodable


def _plain_label(label: Any, place: str) -> str | int:
    """Return one label as str or int."""
    if isinstance(label, np.generic) and not isinstance(label, np.character):
        label = label.item()
    is_nan = isinstance(label, float) and math.isnan(label)
    if is_nan or label is None or label is pd.NA or label is pd.NaT:
        raise ValueError(
            f"{place}={shown(label)}: the label is missing; "
            "label this text or leave it out of both lists"
        )
    if isinstance(label, str):
        return str.__str__(label)
    if isinstance(label, bool) or not isinstance(label, (int, float)):
        remedy = {
            bool: "write two words, or 0 and 1",
            bytes: "decode it, e.g. with .decode()",
            np.bytes_: "decode it, e.g. with .decode()",
        }.get(type(label), "pass one class per text")
        raise TypeError(
            f"{place}={shown(label)} is a {type(label).__name__}: need text or a whole number; "
            f"{remedy}"
        )
    if isinstance(label, float) and not (
        math.isfinite(label) and label.is_integer() and abs(label) < EXACT
    ):
        raise ValueError(
            f"{place}={label}: unknown label type, continuous: need a class (text or a whole "
            "number); name the classes"
        )
    return int(label)


def check_texts_labels(
    texts: Iterable[str], labels: Iterable, reserved: Collection = ()
) -> tuple[list[str], list]:
    """Return texts and labels as two lists of one length, (n_texts,) each.

    Raises:
        TypeError, ValueError: see `check_texts` and `check_labels`; or lengths differ.
    """
    items, targets = check_texts(texts), as_list(labels, "labels")
    if len(items) != len(targets):
        raise ValueError(
            f"{len(items)} texts but {len(targets)} labels: need one label per text; "
            "pass lists of the same length"
        )
    return items, check_labels(targets, reserved)


def check_weights(weights: Any, n: int) -> np.ndarray | None:
    """Return weights of n texts as floats, or `None`.

    Raises:
        TypeError: a weight is no number.
        ValueError: another number of them, one is negative or not finite, or all are 0.
    """
    if weights is None:
        return None
    array = check_array("sample_weight", weights, ndim=1, finite=True)
    if len(array) != n or (array < 0).any() or not 0 < array.sum() < np.inf:
        raise ValueError(
            f"sample_weight={shown(weights)}: expected {n} weights, one per text, none negative "
            "and not all 0; pass one per text"
        )
    return array
