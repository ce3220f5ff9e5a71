"""Who earns what in a factorial: exact Shapley values, main effects and interactions.

A gap between two cells is shared out among the switches that differ: a switch's Shapley value is
its mean effect on accuracy over all orders in which the switches can be flipped (Shapley 1953).
All quantities here are linear in the cells' mean accuracies, so one resample of seeds and words
gives a draw of each of them, and the values of a game sum to its gap in every draw.

Answers are counted and contrasts are whole numbers of parts, so that every sum is exact and the
same on any processor.

Axes: C = 256 cells in the order of `list_cells`, S seeds, W words, P players, B resamples.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hsokv.data.lexicon import load_lexicon
from hsokv.flows.factorial import CURRENT, NAMES, REDESIGN, SOURCES_FIXES, check_cell, list_cells
from hsokv.seeds import numpy_rng
from hsokv.stats.intervals import (
    Interval,
    binomial_interval,
    draw_weights,
    holm,
    paired_permutation_p,
    percentile_interval,
)
from hsokv.stats.word_sets import decode_words

N_BOOT = 2000
PARTS = 80_640  # every weight of a contrast is a whole number of these: of 8! and of 2**8


@dataclass(frozen=True)
class Game:
    """A gap to share out: from one cell to another, the switches that differ are the players."""

    name: str
    start: str
    end: str

    @property
    def players(self) -> tuple[str, ...]:
        """Names of the switches that differ, in the order of the factorial."""
        pairs = zip(NAMES, check_cell(self.start)[1:], check_cell(self.end)[1:])
        return tuple(name for name, a, b in pairs if a != b)


GAMES = {
    "redesign": Game("redesign", CURRENT, REDESIGN),
    "sources_fixes": Game("sources_fixes", CURRENT, SOURCES_FIXES),
}


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
                "this module; raise PARTS to a common denominator"
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
        return self.interval(_difference(cell))

    def difference(self, cell: str, other: str) -> Interval:
        """Return accuracy of a cell minus another, paired by seed and word."""
        return self.interval(_difference(cell, other))


def complete_seeds(frame: pd.DataFrame, condition: str, swarm: int = 0) -> list[int]:
    """Return the seeds on which every cell was run under this condition."""
    rows = frame[(frame["condition"] == condition) & (frame["swarm"] == swarm)]
    counts = rows.groupby("seed")["cell"].nunique()
    return sorted(counts[counts == len(list_cells())].index)


def cell_values(
    frame: pd.DataFrame,
    condition: str,
    *,
    swarm: int = 0,
    seeds: list[int] | None = None,
    n_boot: int = N_BOOT,
) -> CellValues:
    """Return the accuracies of all cells on some seeds, by default all that have every cell.

    The resamples depend on the condition and the number of seeds alone, so that two calls for the
    same seeds, with and without the swarm, are paired.

    Raises:
        ValueError: no seed has all cells under this condition.
    """
    rows = frame[(frame["condition"] == condition) & (frame["swarm"] == swarm)]
    cells = list_cells()
    seeds = complete_seeds(frame, condition, swarm) if seeds is None else seeds
    if not seeds:
        raise ValueError(
            f"no seed has all {len(cells)} cells under {condition!r} with swarm={swarm}: run the "
            "attribution experiment to its end"
        )
    rows = rows[rows["seed"].isin(seeds)].set_index(["cell", "seed"]).sort_index()
    rows = rows.loc[[(cell, seed) for cell in cells for seed in seeds]]
    n_words = len(load_lexicon())
    shape = len(cells), len(seeds), n_words
    tested = decode_words(list(rows["tested_words"]), n_words).reshape(shape)[0]  # (S, W)
    correct = decode_words(list(rows["correct_words"]), n_words).reshape(shape)  # (C, S, W)
    rng = numpy_rng(0, "attribution", condition)
    weights_s = draw_weights(rng, n_boot, len(seeds))
    weights_w = draw_weights(rng, n_boot, n_words)
    cell_weights = weights_s[:, :, None] * weights_w[:, None, :] * tested  # (B, S, W)
    flat = cell_weights.reshape(n_boot, -1)
    flat = flat[flat.any(axis=1)]  # a resample of few seeds may hold no tested word
    right = (correct & tested).sum(2)  # (C, S)
    return CellValues(
        right.sum(1).astype(float),
        int(tested.sum()),
        flat @ correct.reshape(len(cells), -1).T.astype(float),
        flat.sum(axis=1),
        (right / tested.sum(1)).T,
    )


def shapley_weights(game: Game) -> dict[str, NDArray[np.float64]]:
    """Return the contrast (C,) whose product with the cells' accuracies is each Shapley value."""
    index = {cell: i for i, cell in enumerate(list_cells())}
    players, n = game.players, len(game.players)
    weights = {player: np.zeros(len(index)) for player in players}
    for player in players:
        others = [name for name in players if name != player]
        for size in range(n):
            share = factorial(size) * factorial(n - 1 - size) / factorial(n)
            for flipped in combinations(others, size):
                weights[player][index[_moved(game, {*flipped, player})]] += share
                weights[player][index[_moved(game, set(flipped))]] -= share
    return weights


def _moved(game: Game, flipped: set[str]) -> str:
    """Return the start cell with some players at the level of the end."""
    triples = zip(NAMES, game.start[1:], game.end[1:])
    return "c" + "".join(b if name in flipped else a for name, a, b in triples)


def _difference(cell: str, other: str | None = None) -> NDArray[np.float64]:
    """Return the contrast (C,) of one cell, minus another where it is given."""
    check_cell(cell), check_cell(other or cell)
    return np.array([float(c == cell) - float(c == other) for c in list_cells()])


def shapley_table(values: CellValues, game: Game) -> pd.DataFrame:
    """Return one row per player, in the order of the factorial.

    Returns:
        Columns switch, point, low, high, n: the share of the gap, as a difference in accuracy.
        `attrs` holds start, end and gap (Interval), and the largest absolute difference between
        the sum of the values and the gap, over the point and all resamples, as `error`.
    """
    weights = shapley_weights(game)
    table = [{"switch": p} | values.interval(w)._asdict() for p, w in weights.items()]
    total, gap = sum(weights.values()), _difference(game.end, game.start)
    frame = pd.DataFrame(table)
    frame.attrs = {
        "start": values.accuracy(game.start),
        "end": values.accuracy(game.end),
        "gap": values.interval(gap),
    }
    point, draws = values.combine(total - gap)
    frame.attrs["error"] = float(np.abs([point, *draws]).max())
    return frame


def effect_weights(*names: str) -> NDArray[np.float64]:
    """Return the contrast (C,) of a main effect (one name) or an interaction (several).

    A main effect is the mean accuracy with the switch at its other level minus the mean at the
    level of `current`, over all cells. An interaction of two is how much larger the effect of one
    is when the other is moved too.
    """
    signs = np.array([[1.0 - 2.0 * int(d) for d in cell[1:]] for cell in list_cells()])  # (C, 8)
    product = np.prod([signs[:, NAMES.index(name)] for name in names], axis=0)
    return product * 2.0 ** len(names) / len(signs)


def anova_table(values: CellValues) -> pd.DataFrame:
    """Return main effects and two-way interactions of the factorial.

    Each contrast is tested by a sign-flip test over seeds (blocks), Holm over the table; its share
    is of the sum of squares between cells (Fisher 1935, orthogonal contrasts).

    Returns:
        Columns effect ('a' or 'a x b'), order (1 or 2), point, low, high, n, share, p, p_holm. The
        main effects come first. `attrs['higher_share']` is the share of all higher interactions.
    """
    between = ((values.point - values.point.mean()) ** 2).sum()
    rng, table = numpy_rng(0, "anova"), []
    for names in [*combinations(NAMES, 1), *combinations(NAMES, 2)]:
        contrast = effect_weights(*names)
        row = {"effect": " x ".join(names), "order": len(names)}
        row |= values.interval(contrast)._asdict()
        squares = row["point"] ** 2 / (contrast @ contrast)
        row["share"] = float(squares / between) if between else 0.0
        row["p"] = paired_permutation_p(values.by_seed @ contrast, rng=rng)
        table.append(row)
    frame = pd.DataFrame(table)
    frame["p_holm"] = holm(frame["p"])
    frame.attrs["higher_share"] = float(1 - frame["share"].sum()) if between else 0.0
    return frame


def swarm_table(frame: pd.DataFrame, condition: str, cells: dict[str, str]) -> pd.DataFrame:
    """Return what the swarm does to accuracy: swarm minus plain steps, equally many steps.

    Args:
        frame: rows of the experiment.
        condition: test condition.
        cells: label -> cell, for which the effect is given beside the mean over all cells.

    Returns:
        Columns label, point, low, high, n, n_seeds, on the seeds that have all cells both ways.

    Raises:
        ValueError: there is no such seed.
    """
    seeds = sorted(
        set(complete_seeds(frame, condition, 0)) & set(complete_seeds(frame, condition, 1))
    )
    swarm, plain = (cell_values(frame, condition, swarm=s, seeds=seeds) for s in (1, 0))
    both = swarm.minus(plain)
    order = list_cells()
    contrasts = {"mean over all cells": np.full(len(order), 1 / len(order))}
    for label, cell in cells.items():
        contrasts[label] = _difference(cell)
    return pd.DataFrame(
        {"label": label} | both.interval(contrast)._asdict() | {"n_seeds": len(seeds)}
        for label, contrast in contrasts.items()
    )
