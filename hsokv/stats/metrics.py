"""Metrics of one trial as pure functions: accuracy, novelty detection, retention, convergence.

Shares are in [0, 1]. A metric that cannot be computed is NaN, never 0; each docstring says when.
Letters: n items, S stages of training, K blocks of words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata
from sklearn.metrics import roc_auc_score

from hsokv.boundary.checks import check_array, check_float, shown
from hsokv.boundary.inputs import as_list


def rank_correlations(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Return Spearman's correlation of each row of a with that of b, both (B, n), as (B,).

    NaN where a row has a gap (a value that is not finite) or no spread.

    Raises:
        ValueError: a and b are no tables of one shape.
        TypeError: they hold what is no number.
    """
    a, b = check_array("a", a, ndim=2), check_array("b", b, ndim=2)
    if a.shape != b.shape:
        raise ValueError(f"a has shape {a.shape} and b {b.shape}: expected the same; pair the rows")
    ranks = [rankdata(x, axis=1) for x in (a, b)]
    ranks = [x - x.mean(axis=1, keepdims=True) for x in ranks]
    scale = np.sqrt((ranks[0] ** 2).sum(1) * (ranks[1] ** 2).sum(1))
    gaps = ~(np.isfinite(a).all(1) & np.isfinite(b).all(1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(gaps, np.nan, (ranks[0] * ranks[1]).sum(1) / scale)


def accuracy(y_true: Sequence[Any], y_pred: Sequence[Any]) -> float:
    """Return the share of items predicted correctly; NaN when there is no item.

    Args:
        y_true: true labels, n of them.
        y_pred: predicted labels, n of them; an abstention (such as None) is one more label.

    Raises:
        ValueError: the two lengths differ.
        TypeError: a single text or no list.
    """
    hits = _hits(y_true, y_pred)
    return float(np.mean(hits)) if hits else float("nan")


def one_shot_accuracy(
    y_true: Sequence[Any], y_pred: Sequence[Any], exposures: Mapping[Any, int]
) -> tuple[float, int]:
    """Return the accuracy on items whose label was seen exactly once, and how many there are.

    Args:
        y_true: true labels, n of them.
        y_pred: predicted labels, n of them.
        exposures: training exposures per label, as `collections.Counter(train_labels)` gives
            them. A label that is missing counts as never seen.

    Returns:
        (accuracy, n_one_shot); (NaN, 0) when no label was seen exactly once.

    Raises:
        ValueError: the two lengths differ.
        TypeError: a single text or no list, or `exposures` is no mapping.
    """
    if not isinstance(exposures, Mapping):
        raise TypeError(
            f"exposures={shown(exposures)}: expected a mapping of label to count; pass "
            "collections.Counter(train_labels)"
        )
    y_true = as_list(y_true, "y_true")
    once = [
        hit for label, hit in zip(y_true, _hits(y_true, y_pred)) if exposures.get(label, 0) == 1
    ]
    return (float(np.mean(once)), len(once)) if once else (float("nan"), 0)


def auroc(negatives: ArrayLike, positives: ArrayLike) -> float:
    """Return the area under the ROC curve: P(positive scores above negative), ties half.

    Higher score means positive. Infinite scores are allowed. NaN when either side is empty.

    Args:
        negatives: scores of the negatives, (n_negatives,).
        positives: scores of the positives, (n_positives,).

    Raises:
        ValueError: a score is NaN.
        TypeError: a score is no number.
    """
    negatives, positives = _scores(negatives, "negatives"), _scores(positives, "positives")
    if not negatives.size or not positives.size:
        return float("nan")
    truth = np.r_[np.zeros(negatives.size), np.ones(positives.size)]
    # The area depends on ranks alone, and ranks are finite where scores may not be.
    return float(roc_auc_score(truth, rankdata(np.r_[negatives, positives])))


def fpr_at_95(negatives: ArrayLike, positives: ArrayLike) -> float:
    """Return the share of positives taken for negatives when 95 % of the negatives are kept.

    The measure of out-of-distribution detection (Hendrycks and Gimpel, 2017, and later work):
    negatives are known, positives new, and the lowest score that keeps 95 % of the negatives, or
    more where scores tie, is the bound. NaN when either side is empty.

    Args:
        negatives: scores of the negatives, (n_negatives,); higher means positive.
        positives: scores of the positives, (n_positives,).

    Raises:
        ValueError: a score is NaN.
        TypeError: a score is no number.
    """
    negatives, positives = _scores(negatives, "negatives"), _scores(positives, "positives")
    if not negatives.size or not positives.size:
        return float("nan")
    bound = np.sort(negatives)[int(np.ceil(0.95 * negatives.size)) - 1]
    return float((positives <= bound).mean())


def retention(block_accuracy: ArrayLike) -> float:
    """Return the final accuracy on earlier blocks as a share of each block's own peak.

    The mean over all blocks but the last of final / peak, where the peak is over every stage from
    the block's own on, the final one included; so the value is in [0, 1]. Blocks whose peak is 0
    were never learned and are left out. NaN when all peaks are 0 and when there is one block.

    Args:
        block_accuracy: accuracy on block k after stage s, (n_stages, n_blocks) with at least as
            many stages as blocks. Entries above the diagonal (a block before it arrived) are NaN
            and are not read.

    Raises:
        ValueError: wrong shape, or an entry on or below the diagonal that is not in [0, 1].
    """
    matrix = _block_matrix(block_accuracy)
    peak, final = np.nanmax(matrix, axis=0)[:-1], matrix[-1, :-1]
    learned = peak > 0
    return float(np.mean(final[learned] / peak[learned])) if learned.any() else float("nan")


def forgetting(block_accuracy: ArrayLike) -> float:
    """Return how far accuracy on earlier blocks fell from its peak (Chaudhry et al. 2018).

    The mean over all blocks but the last of peak - final, where the peak is over the stages
    before the final one, as in arXiv:1801.10112, section 3.2; so the value is in [-1, 1] and
    negative when later blocks helped. NaN when there is one block.

    Args:
        block_accuracy: as for `retention`, (n_stages, n_blocks).

    Raises:
        ValueError: wrong shape, or an entry on or below the diagonal that is not in [0, 1].
    """
    matrix = _block_matrix(block_accuracy)
    if matrix.shape[1] == 1:
        return float("nan")
    return float(np.mean(np.nanmax(matrix[:-1, :-1], axis=0) - matrix[-1, :-1]))


def convergence_steps(
    steps: Sequence[float], accuracies: Sequence[float], threshold: float = 0.8
) -> float:
    """Return the first step at which accuracy reached the threshold; NaN if it never did.

    An accuracy that is NaN does not reach the threshold.

    Args:
        steps: training steps in increasing order, (n,).
        accuracies: accuracy at each of them, (n,).
        threshold: share to reach.

    Raises:
        ValueError: the two lengths differ, or the steps do not increase.
        TypeError: a value is no number.
    """
    steps = check_array("steps", steps, ndim=1, finite=True)
    accuracies = check_array("accuracies", accuracies, ndim=1)
    threshold = check_float("threshold", threshold)
    if steps.shape != accuracies.shape or np.any(np.diff(steps) <= 0):
        raise ValueError(
            f"steps of shape {steps.shape}, accuracies of shape {accuracies.shape}: expected equal "
            "lengths and increasing steps; record one accuracy per evaluation"
        )
    reached = np.flatnonzero(accuracies >= threshold)
    return float(steps[reached[0]]) if reached.size else float("nan")


def _hits(y_true: Sequence[Any], y_pred: Sequence[Any]) -> list[bool]:
    y_true, y_pred = as_list(y_true, "y_true"), as_list(y_pred, "y_pred")
    if len(y_true) != len(y_pred):
        raise ValueError(
            f"{len(y_true)} true labels and {len(y_pred)} predictions: expected one prediction "
            "per label; pass the labels of the texts that were predicted"
        )
    return [bool(t == p) for t, p in zip(y_true, y_pred)]


def _scores(values: ArrayLike, name: str) -> NDArray[np.float64]:
    scores = check_array(name, values).ravel()
    if np.isnan(scores).any():
        raise ValueError(
            f"{name} holds {int(np.isnan(scores).sum())} NaN scores: expected numbers; drop the "
            "items without a score"
        )
    return scores


def _block_matrix(block_accuracy: ArrayLike) -> NDArray[np.float64]:
    """Return a checked copy with NaN above the diagonal, (S, K)."""
    matrix = check_array("block_accuracy", block_accuracy).copy()
    if matrix.ndim != 2 or matrix.shape[1] < 1 or matrix.shape[0] < matrix.shape[1]:
        raise ValueError(
            f"block_accuracy has shape {matrix.shape}: expected (n_stages, n_blocks) with "
            "n_stages >= n_blocks >= 1; add one row after each block"
        )
    seen = np.tri(*matrix.shape, dtype=bool)
    if not np.all((matrix[seen] >= 0) & (matrix[seen] <= 1)):
        raise ValueError(
            "block_accuracy holds a value on or below the diagonal outside [0, 1] or NaN: expected "
            "a share for every block that has arrived; test each block after each later one"
        )
    matrix[~seen] = np.nan
    return matrix
