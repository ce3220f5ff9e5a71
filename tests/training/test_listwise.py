"""Weights from choices: the loss by hand, its gradient, and the least loss there is."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.optimize import check_grad

from hsokv.training.listwise import fit_listwise, listwise_loss


def made(seed=0, sizes=(3, 5, 2), width=3):
    """Lists with one choice or two."""
    rng = np.random.default_rng(seed)
    lists = []
    for i, n in enumerate(sizes):
        chosen = np.zeros(n, bool)
        chosen[rng.permutation(n)[: 1 + (i % 2)]] = True
        lists.append((rng.normal(size=(n, width)), chosen))
    return lists


def test_the_loss_by_hand():
    """Choices compete with what was not chosen, share their list, and weights cost."""
    lists = [([[1.0], [0.0], [3.0]], [True, False, True]), ([[0.0], [2.0]], [1, 0])]
    w = 0.5
    first = (math.log(1 + math.exp(-w)) + math.log(1 + math.exp(-3 * w))) / 2
    second = math.log(1 + math.exp(2 * w))
    loss, _ = listwise_loss(np.array([w]), lists, l2=4.0)
    assert loss == pytest.approx(first + second + 4.0 / 2 * w**2)


@pytest.mark.parametrize("scale", [0.0, 1.0, 30.0])
def test_the_gradient(scale):
    """It is the slope of the loss, far from zero, too."""
    lists = made()
    weights = scale * np.array([1.0, -0.5, 0.3])
    wrong = check_grad(
        lambda w: listwise_loss(w, lists, 2.0)[0],
        lambda w: listwise_loss(w, lists, 2.0)[1],
        weights,
    )
    assert wrong < 1e-4 * (1 + scale)


def test_the_least_loss_by_brute_force():
    """No point of a grid around the weights is better, and the gradient is gone."""
    lists = made(width=2)
    weights = fit_listwise(lists, l2=0.5)
    least, gradient = listwise_loss(weights, lists, 0.5)
    assert np.abs(gradient).max() < 1e-3
    grid = np.linspace(-3, 3, 61)
    assert least <= min(listwise_loss(np.array(w), lists, 0.5)[0] for w in product(grid, grid))


def test_what_was_chosen_wins():
    """A feature that tells choices gets a weight, noise less; a stronger penalty shrinks both."""
    rng, lists = np.random.default_rng(1), []
    for _ in range(200):
        features, chosen = rng.normal(size=(20, 2)), np.arange(20) == 0
        features[0, 0] += 2
        lists.append((features, chosen))
    weights, small = fit_listwise(lists, 1.0), fit_listwise(lists, 1000.0)
    assert weights[0] > 1 and abs(weights[1]) < 0.2
    assert 0 < small[0] < weights[0] / 2
    np.testing.assert_array_equal(weights, fit_listwise(lists, 1.0))


def test_large_scores():
    """Nothing overflows where one item is far above the others."""
    lists = [(np.array([[1e4], [0.0]]), [True, False]), (np.array([[0.0], [1e4]]), [True, False])]
    loss, gradient = listwise_loss(np.array([1.0]), lists, 0.0)
    assert loss == pytest.approx(1e4) and np.isfinite(gradient).all()


@pytest.mark.parametrize(
    "lists, message",
    [
        ([], r"lists=\[\]: expected one"),
        ([([[1.0], [2.0]], [False, False])], r"in lists\[0\] nothing was chosen"),
        ([([[1.0], [2.0]], [True, True])], "everything was chosen: expected some"),
        ([([[1.0], [math.nan]], [True, False])], "1 values that are not finite"),
        ([([[1.0]], [True, False])], "1 rows of features and 2 choices"),
        ([([1.0, 2.0], [True, False])], r"shape \(2,\): expected a table"),
        ([*made(width=1), *made(width=2)], r"lists have \[1, 2\] features"),
        ([([[1.0], [2.0]], [2, 0])], "expected True or False"),
    ],
)
def test_no_lists(lists, message):
    """Each is refused with its place."""
    with pytest.raises((ValueError, TypeError), match=message):
        fit_listwise(lists)


def test_the_penalty_is_not_negative():
    with pytest.raises(ValueError, match="l2=-1: expected at least 0"):
        fit_listwise(made(), -1)
