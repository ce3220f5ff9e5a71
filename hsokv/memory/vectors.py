"""Checks of the vectors and ids that an associative memory is given.

Axes: B vectors, d width.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hsokv.boundary.checks import check_array, shown
from hsokv.memory.hopfield import normalise


def unit_vectors(name: str, vectors: Any, width: int, span: float = 1.0) -> np.ndarray:
    """Return vectors at unit length, float32, (B, d).

    Args:
        name: of the argument.
        vectors: (B, d) of any length above zero.
        width: d.
        span: largest number that can be kept, see `search.Index.span`.

    Raises:
        TypeError: something in them is no number.
        ValueError: another shape or width, a number that is not finite or beyond the span at unit
            length, or a vector of zeros.
    """
    vectors = check_array(name, vectors, ndim=2, finite=True)
    if vectors.shape[1] != width:
        raise ValueError(
            f"{name} have width {vectors.shape[1]}: expected {width}, that of this memory; embed "
            "them with the model that made the others"
        )
    empty = np.flatnonzero(~vectors.any(axis=1))
    if len(empty):
        raise ValueError(
            f"{name}[{empty[0]}] is a vector of zeros: expected a direction; leave it out"
        )
    scaled = vectors / np.abs(vectors).max(axis=1, keepdims=True)  # squares must not overflow
    units = normalise(scaled).astype(np.float32)
    large = np.flatnonzero((np.abs(units) > span).any(axis=1))
    if len(large):
        raise ValueError(
            f"{name}[{large[0]}] has a number beyond {span:.2g} at unit length, more than 8 bits "
            "keep: expected numbers of like size; take search='flat'"
        )
    return units


def stored_ids(ids: Any, stored: np.ndarray) -> np.ndarray:
    """Return ids as int64, (B,).

    Args:
        ids: one, or several.
        stored: those there are.

    Raises:
        TypeError: something in them is no number, or they are a mask.
        ValueError: one of them is not stored.
    """
    numbers = np.atleast_1d(check_array("ids", ids)).ravel()
    if np.asarray(ids).dtype == bool:
        raise TypeError(f"ids={shown(ids)}: expected numbers that `store` returned, not a mask")
    missing = numbers[~np.isin(numbers, stored)]
    if len(missing):
        raise ValueError(
            f"ids {missing[:5].tolist()} are not stored: expected ids that `store` returned; leave "
            "them out"
        )
    return numbers.astype(np.int64)
