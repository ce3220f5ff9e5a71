"""Cells: which word was answered rightly, and tested, under which seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hsokv.boundary.checks import check_array


def check_cells(
    correct: ArrayLike, tested: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return both as bool arrays (n_seeds, n_words).

    Raises:
        ValueError: shapes differ, or they are not of two dimensions.
        TypeError: an array that is not bool.
    """
    correct = check_array("correct", correct, kind=bool)
    tested = check_array("tested", tested, kind=bool)
    if correct.ndim != 2 or correct.shape != tested.shape:
        raise ValueError(
            f"correct has shape {correct.shape} and tested {tested.shape}: expected (n_seeds, "
            "n_words) for both; use decode_words on the same rows"
        )
    return correct, tested


def difference_cells(
    correct_a: ArrayLike, tested_a: ArrayLike, correct_b: ArrayLike, tested_b: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return a minus b in each cell, and which cells were tested in both, (n_seeds, n_words) each.

    Raises:
        ValueError, TypeError: as `check_cells`, or a and b are not of one shape.
    """
    correct_a, tested_a = check_cells(correct_a, tested_a)
    correct_b, tested_b = check_cells(correct_b, tested_b)
    if correct_a.shape != correct_b.shape:
        raise ValueError(
            f"a has shape {correct_a.shape} and b {correct_b.shape}: expected the same seeds and "
            "words; keep the seeds both flows were run with"
        )
    return correct_a.astype(float) - correct_b.astype(float), tested_a & tested_b
