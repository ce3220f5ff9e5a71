"""Shapley values and effects on accuracies made by hand."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from hsokv.data.lexicon import load_lexicon
from hsokv.experiments.attribution.cells import CellValues, cell_values
from hsokv.experiments.attribution.tables import (
    GAMES,
    alone,
    anova_table,
    effect_weights,
    shapley_table,
    shapley_weights,
)
from hsokv.flows.factorial import CURRENT, NAMES, REDESIGN, list_cells
from hsokv.stats.word_sets import encode_words

CELLS = list_cells()
WORDS = len(load_lexicon())


def make_values(function) -> CellValues:
    """Values of every cell from the digits moved, one noisy copy per resample, of 10**6 texts."""
    point = np.array([function([1 - int(d) for d in cell[1:]]) for cell in CELLS], float)
    rng, n = np.random.default_rng(0), 10**6
    drawn = np.rint(n * (point + rng.normal(0, 0.01, (50, 512))))
    by_seed = point + rng.normal(0, 0.01, (6, 512))
    return CellValues(np.rint(n * point), n, drawn, np.full(50, float(n)), by_seed)


def make_frame(seed=0, n_seeds=3):
    """Random rows of every cell on a few seeds."""
    rng, rows = np.random.default_rng(seed), []
    for s in range(n_seeds):
        tested = rng.random(WORDS) < 0.4
        for cell in CELLS:
            correct = tested & (rng.random(WORDS) < 0.3 + 0.5 * (cell[1] == "0"))
            rows.append({"cell": cell, "pooling": "mean", "rate": "tuned", "condition": "verbatim",
                         "seed": s, "correct_words": encode_words(correct),
                         "correct_words_with_fallback": encode_words(tested),
                         "tested_words": encode_words(tested)})  # fmt: skip
    return pd.DataFrame(rows)


def test_additive_game():
    """Where effects add up, a Shapley value is the switch's own effect."""
    gains = np.array([0.3, -0.1, 0.0, 0.05, 0.2, 0.01, 0.02, 0.1, 0.03])
    values = make_values(lambda moved: 0.1 + gains @ moved)
    table = shapley_table(values, GAMES["sources_fixes"])
    np.testing.assert_allclose(table["point"], gains, atol=1e-12)
    assert table["switch"].tolist() == list(NAMES)
    np.testing.assert_allclose([values.point @ effect_weights(n) for n in NAMES], gains, atol=1e-12)
    assert table.attrs["gap"].point == pytest.approx(gains.sum())


def test_and_game_is_shared_equally():
    """Two switches that work only together share the gain; a third gets nothing."""
    values = make_values(lambda moved: 0.5 * moved[0] * moved[4])
    table = shapley_table(values, GAMES["redesign"]).set_index("switch")["point"]
    assert table["keys"] == pytest.approx(0.25) and table["gate"] == pytest.approx(0.25)
    assert table.drop(["keys", "gate"]).abs().max() < 1e-12
    assert values.point @ effect_weights("keys", "gate") == pytest.approx(0.5)


def test_equals_the_mean_over_all_orders():
    """The definition itself: every order of flipping the players."""
    point = np.random.default_rng(1).random(512)
    game, place = GAMES["redesign"], {cell: i for i, cell in enumerate(CELLS)}
    expected = dict.fromkeys(game.players, 0.0)
    orders = list(permutations(game.players))
    for order in orders:
        digits = list(game.start)
        for player in order:
            before = point[place["".join(digits)]]
            digits[NAMES.index(player) + 1] = game.end[NAMES.index(player) + 1]
            expected[player] += (point[place["".join(digits)]] - before) / len(orders)
    for player, weights in shapley_weights(game).items():
        assert point @ weights == pytest.approx(expected[player], abs=1e-12)


@pytest.mark.parametrize("game", GAMES.values(), ids=lambda g: g.name)
def test_values_sum_to_the_gap(game):
    """To 1e-9, in the estimate and in every resample of real rows."""
    values = cell_values(make_frame(), "verbatim", n_boot=40)
    table = shapley_table(values, game)
    assert table.attrs["error"] < 1e-9
    assert abs(table["point"].sum() - table.attrs["gap"].point) < 1e-9


def test_players():
    """The redesign keeps cosine, so similarity is no player of its game."""
    assert set(NAMES) - set(GAMES["redesign"].players) == {"similarity"}
    assert GAMES["sources_fixes"].players == NAMES


def test_anova_shares():
    """Shares of squares add up to 1 with the higher interactions; the strongest effect leads."""
    values = make_values(lambda m: 0.4 * m[0] + 0.1 * m[1] * m[2] + 0.05 * m[3] * m[4] * m[5])
    table = anova_table(values)
    assert len(table) == 9 + 36
    assert table["share"].sum() + table.attrs["higher_share"] == pytest.approx(1)
    assert table.loc[table["share"].idxmax(), "effect"] == "keys"
    assert table.attrs["higher_share"] > 0
    assert (table["p_holm"] >= table["p"]).all()


def test_cell_values_of_rows():
    """Means are those of the rows; unfinished seeds are left out."""
    frame = make_frame()
    values = cell_values(frame.drop(index=frame.index[-1]), "verbatim", n_boot=20)
    assert values.by_seed.shape == (2, 512)
    correct = frame[(frame["cell"] == CURRENT) & (frame["seed"] < 2)]
    right = sum(bin(int(w, 16)).count("1") for w in correct["correct_words"])
    asked = sum(bin(int(w, 16)).count("1") for w in correct["tested_words"])
    assert values.n == asked
    assert values.point[CELLS.index(CURRENT)] == pytest.approx(right / asked)


def test_difference():
    """A difference of cells is that of their accuracies, with an interval around it."""
    values = cell_values(make_frame(), "verbatim")
    interval = values.difference(REDESIGN, CURRENT)
    gap = values.point[CELLS.index(REDESIGN)] - values.point[CELLS.index(CURRENT)]
    assert interval.point == pytest.approx(gap)
    assert interval.low < gap < interval.high


def test_with_the_fallback():
    """The other outcome reads its own set of right words, here all of them."""
    values = cell_values(make_frame(), "verbatim", outcome="accuracy_with_fallback", n_boot=20)
    assert (values.point == 1).all()


def test_alone():
    """A change that needs another does nothing as the first and everything as the last."""
    values = make_values(lambda moved: 0.5 * moved[0] * moved[4])
    first, last = alone(values, GAMES["redesign"], "keys")
    assert first.point == pytest.approx(0) and last.point == pytest.approx(0.5)


def test_missing_cells():
    """Without all cells of one seed nothing is computed."""
    with pytest.raises(ValueError, match="no seed has all 512 cells"):
        cell_values(make_frame(n_seeds=1).iloc[1:], "verbatim")
