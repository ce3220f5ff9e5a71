"""What every cell of the factorial answers rightly, with its resamples over seeds and words.

Answers are counted and contrasts are whole numbers of parts, so that every sum is exact and the
same on any processor.

Axes: C = 512 cells in the order of `list_cells`, S seeds, W words, B resamples.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hsokv.data.lexicon import load_lexicon
from hsokv.experiments.attribution.specifications import MAIN, Specification, rows_of
from hsokv.flows.factorial import check_cell, list_cells
from hsokv.seeds import numpy_rng
from hsokv.stats.intervals import Interval, binomial_interval, draw_weights, percentile_interval
from hsokv.stats.word_sets import decode_words

N_BOOT = 2000
PARTS = 161_280  # of 1; a multiple of the denominators of all contrasts: 840, 2520 and 512
OUTCOMES = {"accuracy": "correct_words", "accuracy_with_fallback": "correct_words_with_fallback"}


@dataclass(frozen=True)
class CellValues:
    """Right answers of every cell with their resamples, over the same seeds and words for all.

    Attributes:
        right: answered rightly, (C,), whole numbers.
        n: scored texts per cell.
        drawn_right: the same in bootstrap resamples over seeds and words, (B, C).
        drawn_n: scored texts per cell in each resample, (B,).
        by_seed: accuracy per seed, (S, C).
    """

    right: NDArray[np.float64]
    n: int
    drawn_right: NDArray[np.float64]
    drawn_n: NDArray[np.float64]
    by_seed: NDArray[np.float64]

    @property
    def point(self) -> NDArray[np.float64]:
        """Mean accuracy, (C,)."""
        return self.right / self.n

    def minus(self, other: CellValues) -> CellValues:
        """Return the differences from values of the same seeds, cell by cell."""
        return replace(
            self,
            right=self.right - other.right,
            drawn_right=self.drawn_right - other.drawn_right,
            by_seed=self.by_seed - other.by_seed,
        )

    def combine(self, contrast: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return a linear combination (C,) of accuracies, and its resamples, (B,).

        Raises:
            ValueError: a weight is not a whole number of `PARTS`.
        """
        parts = np.rint(contrast * PARTS)
        if np.abs(parts - contrast * PARTS).max() > 1e-6:
            raise ValueError(
                f"the contrast has weights that are no multiples of 1/{PARTS}: expected those of "
                "this study's tables; raise PARTS to a common denominator"
            )
        point = float(self.right @ parts) / (self.n * PARTS)
        return point, self.drawn_right @ parts / (self.drawn_n * PARTS)

    def interval(self, contrast: NDArray[np.float64]) -> Interval:
        """Return the 95 % interval of a linear combination (C,) of cell accuracies."""
        point, draws = self.combine(contrast)
        return percentile_interval(point, draws, self.n)

    def accuracy(self, cell: str) -> Interval:
        """Return one cell's accuracy; where all answers are alike, with the exact interval."""
        point = float(self.point[list_cells().index(check_cell(cell))])
        if point in (0.0, 1.0):
            return binomial_interval(round(point * self.n), self.n)
        return self.interval(cell_weights(cell))

    def difference(self, cell: str, other: str) -> Interval:
        """Return accuracy of a cell minus another, paired by seed and word."""
        return self.interval(cell_weights(cell, other))


def cell_weights(cell: str, other: str | None = None) -> NDArray[np.float64]:
    """Return the contrast (C,) of one cell, minus another where it is given."""
    check_cell(cell), check_cell(other or cell)
    return np.array([float(c == cell) - float(c == other) for c in list_cells()])


def complete_seeds(
    frame: pd.DataFrame, condition: str, specification: Specification = MAIN
) -> list[int]:
    """Return the seeds on which every cell was run in this specification and condition."""
    rows = rows_of(frame, specification, condition)
    counts = rows.groupby("seed")["cell"].nunique()
    return sorted(counts[counts == len(list_cells())].index)


def cell_values(
    frame: pd.DataFrame,
    condition: str,
    specification: Specification = MAIN,
    *,
    outcome: str = "accuracy",
    seeds: list[int] | None = None,
    n_boot: int = N_BOOT,
) -> CellValues:
    """Return the accuracies of all cells on some seeds, by default all that have every cell.

    The resamples depend on the condition and the number of seeds alone, so that two calls for the
    same seeds, e.g. with and without the swarm, are paired.

    Args:
        frame: rows by specification.
        condition: test condition.
        specification: pooling and rate.
        outcome: one of `OUTCOMES`.
        seeds: which seeds.
        n_boot: resamples B.

    Raises:
        ValueError: no seed has all cells.
    """
    cells = list_cells()
    seeds = complete_seeds(frame, condition, specification) if seeds is None else seeds
    if not seeds:
        raise ValueError(
            f"no seed has all {len(cells)} cells under {condition!r} with {specification}: run the "
            "attribution experiment to its end"
        )
    rows = rows_of(frame, specification, condition)
    rows = rows[rows["seed"].isin(seeds)].set_index(["cell", "seed"]).sort_index()
    rows = rows.loc[[(cell, seed) for cell in cells for seed in seeds]]
    n_words = len(load_lexicon())
    shape = len(cells), len(seeds), n_words
    tested = decode_words(list(rows["tested_words"]), n_words).reshape(shape)[0]  # (S, W)
    correct = decode_words(list(rows[OUTCOMES[outcome]]), n_words).reshape(shape)  # (C, S, W)
    rng = numpy_rng(0, "attribution", condition)
    weights_s = draw_weights(rng, n_boot, len(seeds))
    weights_w = draw_weights(rng, n_boot, n_words)
    weights = weights_s[:, :, None] * weights_w[:, None, :] * tested  # (B, S, W)
    flat = weights.reshape(n_boot, -1)
    flat = flat[flat.any(axis=1)]  # a resample of few seeds may hold no tested word
    right = (correct & tested).sum(2)  # (C, S)
    return CellValues(
        right.sum(1).astype(float),
        int(tested.sum()),
        flat @ correct.reshape(len(cells), -1).T.astype(float),
        flat.sum(axis=1),
        (right / tested.sum(1)).T,
    )
