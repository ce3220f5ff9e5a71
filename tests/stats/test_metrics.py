"""Metrics: hand-computed cases and every NaN rule."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import spearmanr

from hsokv.stats.metrics import (
    accuracy,
    auroc,
    convergence_steps,
    forgetting,
    fpr_at_95,
    one_shot_accuracy,
    rank_correlations,
    retention,
)

NAN = float("nan")
BLOCKS = np.array([[0.8, NAN, NAN], [0.6, 1.0, NAN], [0.4, 0.5, 0.9]])


def test_accuracy_by_hand():
    """Two of four are right; an abstention is wrong unless it is the true label."""
    assert accuracy(["a", "b", "c", None], ["a", "c", None, None]) == 0.5
    assert accuracy(np.array([1, 2]), np.array([1, 2])) == 1.0
    assert np.isnan(accuracy([], []))


def test_one_shot_accuracy_counts_single_exposures_only():
    """Labels seen twice or never are left out, and n is returned."""
    exposures = Counter(["a", "b", "b", "c"])
    y_true, y_pred = ["a", "a", "b", "c", "d"], ["a", "x", "b", "c", "d"]
    assert one_shot_accuracy(y_true, y_pred, exposures) == (pytest.approx(2 / 3), 3)
    value, n = one_shot_accuracy(["b"], ["b"], dict(exposures))
    assert np.isnan(value) and n == 0


def test_auroc_by_hand():
    """Three of four pairs are in order; a tie counts half; infinity is a score."""
    assert auroc([0.1, 0.6], [0.5, 0.9]) == 0.75
    assert auroc([1], [1]) == 0.5
    assert auroc([0, 1], [2, np.inf]) == 1.0
    assert auroc([2, 3], [0, 1]) == 0.0


@pytest.mark.parametrize("metric", [auroc])
def test_detection_is_nan_without_either_side(metric):
    """No negatives or no positives gives NaN."""
    assert np.isnan(metric([], [1])) and np.isnan(metric([1], []))


def test_retention_by_hand():
    """0.4 / 0.8 and 0.5 / 1.0, the last block left out."""
    assert retention(BLOCKS) == pytest.approx(0.5)


def test_forgetting_by_hand():
    """0.8 - 0.4 and 1.0 - 0.5, the last block left out."""
    assert forgetting(BLOCKS) == pytest.approx(0.45)


def test_forgetting_is_negative_when_later_blocks_help():
    """A block that ends above its earlier peak was not forgotten, and retention stops at 1."""
    blocks = [[0.5, NAN], [0.7, 0.9]]
    assert forgetting(blocks) == pytest.approx(-0.2)
    assert retention(blocks) == 1.0


def test_retention_leaves_out_blocks_never_learned():
    """A block with peak 0 has no retention; with none left the value is NaN."""
    assert retention([[0, NAN, NAN], [0, 1, NAN], [0, 0.25, 1]]) == 0.25
    assert np.isnan(retention([[0, NAN], [0, 1]]))
    assert forgetting([[0, NAN], [0, 1]]) == 0.0


def test_one_block_has_no_retention():
    """With one block there is nothing earlier to keep or to forget."""
    assert np.isnan(retention([[0.9]])) and np.isnan(forgetting([[0.9]]))


def test_entries_above_the_diagonal_are_not_read():
    """Accuracy on a block that has not arrived changes nothing."""
    filled = np.where(np.isnan(BLOCKS), 1.0, BLOCKS)
    assert retention(filled) == retention(BLOCKS)
    assert forgetting(filled) == forgetting(BLOCKS)


def test_extra_stages_after_the_last_block():
    """The final stage counts, however many stages follow the last block."""
    longer = np.vstack([BLOCKS, [0.2, 1.0, 0.9]])
    assert retention(longer) == pytest.approx((0.25 + 1.0) / 2)
    assert forgetting(longer) == pytest.approx((0.6 + 0.0) / 2)


def test_convergence_steps_by_hand():
    """The first step at or above the threshold; NaN when there is none."""
    assert convergence_steps([10, 20, 30], [0.2, 0.8, 0.7]) == 20.0
    assert convergence_steps([10, 20, 30], [NAN, 0.5, 0.9], threshold=0.5) == 20.0
    assert np.isnan(convergence_steps([10], [0.79]))
    assert np.isnan(convergence_steps([], []))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: accuracy(["a"], []), "1 true labels and 0 predictions"),
        (lambda: one_shot_accuracy(["a"], [], {}), "1 true labels"),
        (lambda: auroc([NAN], [1]), "negatives holds 1 NaN"),
        (lambda: retention([[1, NAN]]), r"\(1, 2\)"),
        (lambda: retention([[NAN, NAN], [1, 1]]), "diagonal"),
        (lambda: forgetting([[80, NAN], [40, 90]]), r"\[0, 1\]"),
        (lambda: convergence_steps([1, 1], [0.1, 0.2]), "increasing"),
        (lambda: convergence_steps([1], [0.1, 0.2]), "equal"),
    ],
)
def test_errors_name_the_value(call, message):
    """Bad input raises ValueError with the value and what was expected."""
    with pytest.raises(ValueError, match=message):
        call()


def test_rank_correlations_agree_with_scipy():
    """Each row is Spearman's correlation; a gap or a row without spread gives NaN."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(4, 9)), rng.normal(size=(4, 9)).round(1)
    expected = [spearmanr(x, y).statistic for x, y in zip(a, b)]
    np.testing.assert_allclose(rank_correlations(a, b), expected)
    a[1, 3], b[2] = np.nan, 7.0
    found = rank_correlations(a, b)
    assert np.isnan(found).tolist() == [False, True, True, False]


def test_fpr_at_95():
    """The share of new texts below the score that keeps 95 % of the known ones."""
    known = np.arange(20) / 20  # 19 of 20 are kept up to .90
    assert fpr_at_95(known, [0.91, 0.95, 2.0]) == 0
    assert fpr_at_95(known, [0.90, 0.5, 2.0, 3.0]) == 0.5
    assert fpr_at_95([1.0, 1.0], [1.0]) == 1
    assert np.isnan(fpr_at_95([], [1.0])) and np.isnan(fpr_at_95([1.0], []))
    with pytest.raises(ValueError):
        fpr_at_95([np.nan], [1.0])
