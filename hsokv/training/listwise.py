"""What makes one of a list the one that was chosen: weights of features, learned from choices.

A conditional logit (McFadden, 1974): score = features @ weights, and what was chosen wins against
all that was not, as a softmax. Lists may differ in length; a list may hold several choices, each of
which competes with what was not chosen and not with one another.

Axes: N items of a list, F features.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

from hsokv.boundary.checks import Range, check_array, check_float

L2 = 20.0


def fit_listwise(lists: Sequence[tuple[np.ndarray, np.ndarray]], l2: float = L2) -> np.ndarray:
    """Return the weights (F,) with the least loss, see `listwise_loss`; the same on every call.

    Args:
        lists: features (N, F) and whether each item was chosen, (N,); F is the same for all.
        l2: strength of the penalty, at least 0.

    Raises:
        ValueError: no list, a list in which nothing or everything was chosen, values that are not
            finite, or shapes that do not fit.
        TypeError: something in them is no number, or no choice.
    """
    l2 = check_float("l2", l2, Range(0))
    pairs = _Pairs(lists)
    start = np.zeros(pairs.features.shape[1])
    return minimize(pairs.loss, start, (l2,), jac=True, method="L-BFGS-B").x


def listwise_loss(
    weights: np.ndarray, lists: Sequence[tuple[np.ndarray, np.ndarray]], l2: float = L2
) -> tuple[float, np.ndarray]:
    """Return the loss of weights and its gradient, (F,).

    The loss of a list is the mean over its chosen items i of log(1 + sum over items j that were not
    chosen of exp(score j - score i)). Losses of lists are summed, and l2 / 2 times the sum of
    squared weights is added.

    Args:
        weights: (F,).
        lists, l2: as in `fit_listwise`.

    Raises:
        ValueError, TypeError: as `fit_listwise`.
    """
    return _Pairs(lists).loss(np.asarray(weights, float), l2)


class _Pairs:
    """The lists, one after another."""

    def __init__(self, lists: Sequence[tuple[np.ndarray, np.ndarray]]):
        if not len(lists):
            raise ValueError("lists=[]: expected one list of features and choices at least")
        checked = [_check(i, *pair) for i, pair in enumerate(lists)]
        widths = {features.shape[1] for features, _ in checked}
        if len(widths) > 1:
            raise ValueError(f"lists have {sorted(widths)} features: expected the same number")
        self.features = np.concatenate([features for features, _ in checked])
        self.rejected = ~np.concatenate([chosen for _, chosen in checked])
        sizes = np.array([len(chosen) for _, chosen in checked])
        self.starts = np.cumsum(sizes) - sizes
        self.of = np.repeat(np.arange(len(sizes)), sizes)
        self.chosen = np.flatnonzero(~self.rejected)
        owner = self.of[self.chosen]
        self.share = 1 / np.bincount(owner)[owner]

    def loss(self, weights: np.ndarray, l2: float) -> tuple[float, np.ndarray]:
        """See `listwise_loss`."""
        scores, owner = self.features @ weights, self.of[self.chosen]
        top = np.maximum.reduceat(np.where(self.rejected, scores, -np.inf), self.starts)
        mass = np.exp(np.minimum(scores - top[self.of], 0)) * self.rejected
        total = np.add.reduceat(mass, self.starts)  # of what was not chosen, at least 1
        behind = np.log(total)[owner] + top[owner] - scores[self.chosen]
        loss = self.share @ np.logaddexp(0, behind) + l2 / 2 * weights @ weights
        pull = self.share * np.exp(-np.logaddexp(0, -behind))  # the logistic function, stable
        push = mass * (np.bincount(owner, pull) / total)[self.of]
        gradient = self.features.T @ push - self.features[self.chosen].T @ pull
        return float(loss), gradient + l2 * weights


def _check(number: int, features: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    name = f"lists[{number}]"
    features = check_array(f"{name} features", features, ndim=2, finite=True)
    chosen = check_array(f"{name} choices", chosen, ndim=1, kind=bool)
    if len(features) != len(chosen):
        raise ValueError(
            f"{name} has {len(features)} rows of features and {len(chosen)} choices: expected one "
            "choice for each row"
        )
    if chosen.all() or not chosen.any():
        what = "everything" if len(chosen) and chosen.all() else "nothing"
        raise ValueError(
            f"in {name} {what} was chosen: expected some items that were and some that were not; "
            "leave the list out"
        )
    return features, chosen
