"""Who earns what in a factorial: exact Shapley values, main effects and interactions.

A gap between two cells is shared out among the switches that differ: a switch's Shapley value is
its mean effect on accuracy over all orders in which the switches can be flipped (Shapley 1953).
All quantities here are linear in the cells' mean accuracies, so one resample of seeds and words
gives a draw of each of them, and the values of a game sum to its gap in every draw.

Axes: C = 512 cells in the order of `list_cells`, P players, B resamples.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hsokv.experiments.attribution.cells import (
    CellValues,
    cell_values,
    cell_weights,
    complete_seeds,
)
from hsokv.experiments.attribution.specifications import BY_SWARM, MAIN
from hsokv.flows.factorial import (
    CURRENT,
    NAMES,
    REDESIGN,
    SOURCES_FIXES,
    check_cell,
    flip,
    list_cells,
)
from hsokv.seeds import numpy_rng
from hsokv.stats.intervals import Interval, holm, paired_permutation_p


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


def shapley_table(values: CellValues, game: Game) -> pd.DataFrame:
    """Return one row per player, in the order of the factorial.

    Returns:
        Columns switch, point, low, high, n: the share of the gap, as a difference in accuracy.
        `attrs` holds start, end and gap (Interval), and the largest absolute difference between
        the sum of the values and the gap, over the point and all resamples, as `error`.
    """
    weights = shapley_weights(game)
    table = [{"switch": p} | values.interval(w)._asdict() for p, w in weights.items()]
    total, gap = sum(weights.values()), cell_weights(game.end, game.start)
    frame = pd.DataFrame(table)
    frame.attrs = {
        "start": values.accuracy(game.start),
        "end": values.accuracy(game.end),
        "gap": values.interval(gap),
    }
    point, draws = values.combine(total - gap)
    frame.attrs["error"] = float(np.abs([point, *draws]).max())
    return frame


def alone(values: CellValues, game: Game, player: str) -> tuple[Interval, Interval]:
    """Return what one change does as the first, at the game's start, and as the last, at its end.

    Both are differences in accuracy, made in the direction of the game.
    """
    first = values.difference(flip(game.start, player), game.start)
    return first, values.difference(game.end, flip(game.end, player))


def effect_weights(*names: str) -> NDArray[np.float64]:
    """Return the contrast (C,) of a main effect (one name) or an interaction (several).

    A main effect is the mean accuracy with the switch at its other level minus the mean at the
    level of `current`, over all cells. An interaction of two is how much larger the effect of one
    is when the other is moved too.
    """
    signs = np.array([[1.0 - 2.0 * int(d) for d in cell[1:]] for cell in list_cells()])  # (C, 9)
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
        frame: rows by specification.
        condition: test condition.
        cells: label -> cell, for which the effect is given beside the mean over all cells.

    Returns:
        Columns label, point, low, high, n, n_seeds, on the seeds that have all cells both ways.

    Raises:
        ValueError: there is no such seed.
    """
    seeds = sorted(
        set(complete_seeds(frame, condition)) & set(complete_seeds(frame, condition, BY_SWARM))
    )
    swarm, plain = (cell_values(frame, condition, s, seeds=seeds) for s in (BY_SWARM, MAIN))
    both = swarm.minus(plain)
    order = list_cells()
    contrasts = {"mean over all cells": np.full(len(order), 1 / len(order))}
    for label, cell in cells.items():
        contrasts[label] = cell_weights(cell)
    return pd.DataFrame(
        {"label": label} | both.interval(contrast)._asdict() | {"n_seeds": len(seeds)}
        for label, contrast in contrasts.items()
    )
