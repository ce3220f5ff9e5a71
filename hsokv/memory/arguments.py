"""Checks of the tensors and options that a key-value memory is handed.

Axes: B entries or queries, d key width.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from hsokv.boundary.checks import Range, check_float, check_int, check_keys, shown

READ_OUTS = ("top1", "mean", "weighted", "softmax", "vote")
COUNT, TEMPERATURE = Range(1), Range(0, open_low=True)


def check_entries(
    keys: Tensor, values: Tensor, columns: dict[str, Tensor], d_key: int, d_value: int
) -> None:
    """Check what is to be written.

    Raises:
        ValueError: a shape does not fit, or a number is not finite.
        TypeError: something is no tensor.
    """
    check_matrix("keys", keys, d_key)
    check_tensor("values", values)
    if values.shape != (len(keys), d_value):
        raise ValueError(
            f"values of shape {tuple(values.shape)}: expected ({len(keys)}, {d_value}); pass one "
            "value per key"
        )
    _check_finite("keys", keys)
    _check_finite("values", values)
    for name, column in columns.items():
        check_column(name, column, len(keys))
        _check_finite(name, column)


def check_queries(queries: Tensor, d_key: int) -> None:
    """Check what is to be looked up, (B, d).

    Raises:
        ValueError: another shape, or a number that is not finite.
        TypeError: no tensor.
    """
    check_matrix("queries", queries, d_key)
    _check_finite("queries", queries)


def _check_finite(name: str, value: Tensor) -> None:
    """Check that a tensor holds no NaN or infinity; one in it makes its sum one, which is cheap."""
    if not value.is_floating_point() or math.isfinite(value.detach().sum()):
        return
    if not torch.isfinite(value).all():
        raise ValueError(f"{name} hold NaN or infinity: expected finite numbers; lower lr")


def check_reading(read_out: Any, top_k: Any, temperature: Any, cut: Any) -> None:
    """Check how entries are to be read.

    Raises:
        ValueError: an unknown read-out, or a number out of range.
        TypeError: a value of another type.
    """
    check_keys([read_out], READ_OUTS, "read_out")
    check_int("top_k", top_k, COUNT)
    check_float("temperature", temperature, TEMPERATURE)
    check_float("cut", cut)


def check_tensor(name: str, value: Any) -> None:
    """Check that a value is a tensor.

    Raises:
        TypeError: it is not.
    """
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name}={shown(value)} is a {type(value).__name__}: expected a tensor; pass "
            f"torch.as_tensor({name})"
        )


def check_matrix(name: str, value: Any, width: int) -> None:
    """Check that a value is a tensor of floats, (B, width).

    Raises:
        ValueError: another shape.
        TypeError: no tensor of floats.
    """
    check_tensor(name, value)
    if not value.is_floating_point():
        raise TypeError(f"{name} hold {value.dtype}: expected floats; pass {name}.float()")
    if value.ndim != 2 or value.shape[1] != width:
        raise ValueError(
            f"{name} of shape {tuple(value.shape)}: expected (B, {width}); encode texts with the "
            "encoder this memory was made for"
        )


def check_column(name: str, value: Any, n: int) -> None:
    """Check that a value is a tensor of n numbers.

    Raises:
        ValueError: another shape.
        TypeError: no tensor.
    """
    check_tensor(name, value)
    if value.shape != (n,):
        raise ValueError(
            f"{name} of shape {tuple(value.shape)}: expected ({n},); pass one entry per row"
        )


def check_slots(slots: Any, n: int) -> None:
    """Check that a value is a tensor of slots below n.

    Raises:
        ValueError: a slot is not in use.
        TypeError: no tensor of whole numbers.
    """
    check_tensor("slots", slots)
    if slots.ndim != 1 or slots.is_floating_point() or slots.dtype == torch.bool:
        raise TypeError(
            f"slots of shape {tuple(slots.shape)} and {slots.dtype}: expected a list of whole "
            "numbers; pass mask.nonzero().squeeze(1) of a mask"
        )
    if len(slots) and not 0 <= int(slots.min()) <= int(slots.max()) < n:
        raise ValueError(
            f"slots from {int(slots.min())} to {int(slots.max())}: expected 0 to {n - 1}, those in "
            "use; leave the others out"
        )
