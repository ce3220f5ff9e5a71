"""Intervals over seeds and words: hand-computed cases, properties, edge cases and coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from scipy import stats as scipy_stats

from hsokv.stats.intervals import binomial_interval
from hsokv.stats.two_way import (
    effective_cells,
    mean_variance,
    seeds_words_difference,
    seeds_words_interval,
)


def generator(seed=0):
    return np.random.default_rng(seed)


def answers(seed=0, shape=(5, 40), share=0.8):
    """Return two learners' answers with effects of seeds and words, and the tested cells."""
    rng = generator(seed)
    latent = rng.normal(0, 0.4, (shape[0], 1)) + rng.normal(0, 0.8, (1, shape[1]))
    a, b = (rng.normal(size=shape) < latent + shift for shift in (0.4, 0.0))
    return a, b, rng.random(shape) < share


def test_variance_of_a_complete_matrix_is_that_of_mean_squares():
    """Mean squares of a 3 x 4 table, from their definitions, give variance and freedom."""
    x = np.array([[1, 1, 1, 0], [0, 1, 0, 0], [1, 1, 0, 0]], dtype=float)
    seeds, words = x.mean(axis=1, keepdims=True), x.mean(axis=0, keepdims=True)
    ms_seeds = 4 * ((seeds - x.mean()) ** 2).sum() / 2
    ms_words = 3 * ((words - x.mean()) ** 2).sum() / 3
    ms_rest = ((x - seeds - words + x.mean()) ** 2).sum() / 6
    assert ms_seeds > ms_rest and ms_words > ms_rest
    variance, freedom = mean_variance(x, np.ones((3, 4), dtype=bool))
    expected = (ms_seeds + ms_words - ms_rest) / 12
    assert variance == pytest.approx(expected)
    doubt = ms_seeds**2 / 2 + ms_words**2 / 3 + ms_rest**2 / 6
    assert freedom == pytest.approx((12 * expected) ** 2 / doubt)


def test_variance_where_only_words_differ():
    """Words right or wrong under every seed leave the variance of a mean of words."""
    x = np.tile([1.0, 0.0, 0.0, 1.0, 1.0], (3, 1))
    variance, freedom = mean_variance(x, np.ones((3, 5), dtype=bool))
    assert variance == pytest.approx(x[0].var(ddof=1) / 5) and freedom == pytest.approx(4)
    assert mean_variance(x.T, np.ones((5, 3), dtype=bool)) == pytest.approx((variance, freedom))


def test_variance_without_effects_is_that_of_the_rest():
    """A chequerboard has no effect of seeds or words: both are left out."""
    x = np.indices((4, 6)).sum(axis=0) % 2.0
    variance, freedom = mean_variance(x, np.ones((4, 6), dtype=bool))
    assert variance == pytest.approx(6 / 15 / 24) and freedom == pytest.approx(15)


def test_variance_is_right_on_average_where_cells_are_missing():
    """Over many incomplete matrices the estimate averages to the variance of the mean."""
    rng, means, variances = generator(3), [], []
    for _ in range(1500):
        tested = rng.random((6, 12)).argsort(axis=1) < 6
        x = rng.normal(0, 1, (6, 1)) + rng.normal(0, 1.5, (1, 12)) + rng.normal(size=(6, 12))
        means.append(x[tested].mean())
        variances.append(mean_variance(x, tested)[0])
    assert np.mean(variances) == pytest.approx(np.var(means), rel=0.1)


@pytest.mark.parametrize("axis", [0, 1])
def test_variance_where_every_cell_has_its_own_word(axis):
    """No word is tested twice: words and rest are one, and seeds differ by their means."""
    tested = np.kron(np.eye(3, dtype=bool), np.ones((1, 4), dtype=bool))
    x = np.where(tested, np.repeat([[0.0], [1.0], [5.0]], 12, axis=1), 0.0)
    x[:, ::2] += 1.0
    seeds = np.array([0.5, 1.5, 5.5])
    variance, _ = mean_variance(*((x, tested) if axis == 0 else (x.T, tested.T)))
    assert variance == pytest.approx(seeds.var(ddof=1) / 3)


def test_variance_where_nothing_repeats():
    """One cell per seed and per word: the cells are independent."""
    x = np.diag([1.0, 0.0, 1.0, 1.0])
    assert mean_variance(x, np.eye(4, dtype=bool))[0] == pytest.approx(0.25 / 4)


def test_effective_cells_by_hand():
    """Words right or wrong under every seed count once; a chequerboard leaves only the rest."""
    words = np.tile(np.arange(100) % 2.0, (5, 1))
    tested = np.ones_like(words, dtype=bool)
    t, t_words = special.stdtrit(499, 0.975), special.stdtrit(99, 0.975)
    expected = 0.25 / (0.25 / 99) * (t / t_words) ** 2
    assert effective_cells(words, tested) == pytest.approx(expected)
    board = np.indices((4, 6)).sum(axis=0) % 2.0
    expected = 15 * (special.stdtrit(23, 0.975) / special.stdtrit(15, 0.975)) ** 2
    assert effective_cells(board, np.ones((4, 6), dtype=bool)) == pytest.approx(expected)


def test_interval_by_hand():
    """It is Clopper and Pearson's for the effective number of cells."""
    correct = np.tile(np.arange(100) < 20, (5, 1))
    tested = np.ones_like(correct)
    trials = effective_cells(correct.astype(float), tested)
    low = scipy_stats.beta.ppf(0.025, 0.2 * trials, 0.8 * trials + 1)
    high = scipy_stats.beta.ppf(0.975, 0.2 * trials + 1, 0.8 * trials)
    assert seeds_words_interval(correct, tested) == pytest.approx((0.2, low, high, 500))
    assert seeds_words_interval(correct, tested).low == pytest.approx(
        binomial_interval(20, 100).low, abs=0.003
    )


def test_difference_by_hand():
    """One cell each way is added to the effective number of cells."""
    a, b, tested = answers()
    d = (a.astype(float) - b)[tested]
    n = effective_cells(a.astype(float) - b, tested)
    only_a, only_b = ((d == sign).mean() * n + 1 for sign in (1, -1))
    centre = (only_a - only_b) / (n + 2)
    reach = 1.959964 * np.sqrt(((only_a + only_b) / (n + 2) - centre**2) / (n + 2))
    expected = (d.mean(), centre - reach, centre + reach, d.size)
    assert seeds_words_difference(a, tested, b, tested) == pytest.approx(expected)


def test_all_alike_has_an_exact_bound_by_words():
    """All right in W words: the low end is 0.025 ** (1 / W), however many seeds there are."""
    tested = np.ones((4, 30), dtype=bool)
    tested[:, 20:] = False
    bound = 0.025 ** (1 / 20)
    assert seeds_words_interval(tested, tested) == pytest.approx((1, bound, 1, 80))
    assert seeds_words_interval(~tested, tested) == pytest.approx((0, 0, 1 - bound, 80))
    assert seeds_words_interval(tested, tested)[:3] == pytest.approx(binomial_interval(20, 20)[:3])
    same = seeds_words_difference(tested, tested, tested, tested)
    assert same == pytest.approx((0, bound - 1, 1 - bound, 80))
    better = seeds_words_difference(tested, tested, ~tested, tested)
    assert better == pytest.approx((1, 2 * bound - 1, 1, 80))


@pytest.mark.parametrize("shape", [(1, 30), (30, 1), (1, 1)])
def test_one_seed_or_word_tells_nothing_of_others(shape):
    """With one seed or one word the interval holds all values there are."""
    correct = generator(1).random(shape) < 0.5
    tested = np.ones(shape, dtype=bool)
    for right in (correct, tested, ~tested):
        assert seeds_words_interval(right, tested)[1:3] == (0, 1)
        assert seeds_words_difference(right, tested, correct, tested)[1:3] == (-1, 1)


def test_only_cells_tested_in_both_count():
    """Answers outside them change nothing."""
    a, b, tested = answers(2)
    also = generator(5).random(tested.shape) < 0.7
    expected = seeds_words_interval(a, tested)
    assert seeds_words_interval(a & tested, tested) == expected
    assert seeds_words_interval(a | ~tested, tested) == expected
    both = tested & also
    assert seeds_words_difference(a, tested, b, also) == seeds_words_difference(
        a & also, both, b | ~tested, both
    )


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(2, 12), st.floats(0.1, 1))
def test_invariances(seed, n_seeds, n_words, share):
    """Order, unused words, swapped sides and swapped outcomes matter as they should."""
    a, b, tested = answers(seed, (n_seeds, n_words), share)
    tested[0, 0] = True
    interval = seeds_words_interval(a, tested)
    difference = seeds_words_difference(a, tested, b, tested)
    for point, low, high, _ in (interval, difference):
        assert low <= point <= high and low < high
    assert 0 <= interval.low and interval.high <= 1
    assert -1 <= difference.low and difference.high <= 1
    wrong = seeds_words_interval(~a, tested)
    assert (1 - wrong.high, 1 - wrong.low) == pytest.approx(interval[1:3])
    swapped = seeds_words_difference(b, tested, a, tested)
    assert (-swapped.high, -swapped.low) == pytest.approx(difference[1:3])
    rows, columns = generator(1).permutation(n_seeds), generator(2).permutation(n_words)
    order = np.ix_(rows, columns)
    assert seeds_words_interval(a[order], tested[order]) == pytest.approx(interval)
    more = np.pad(tested, ((0, 2), (0, 3)))
    assert seeds_words_interval(np.pad(a, ((0, 2), (0, 3))), more) == pytest.approx(interval)
    narrow = seeds_words_interval(a, tested, level=0.8)
    assert interval.low <= narrow.low and narrow.high <= interval.high


def test_shared_words_narrow_a_difference():
    """What is hard for both learners cancels."""
    b = np.tile(np.arange(50) % 2 == 0, (10, 1))
    a = b.copy()
    a[:, 1] = True
    tested = np.ones_like(b)
    alone, paired = seeds_words_interval(a, tested), seeds_words_difference(a, tested, b, tested)
    assert paired.high - paired.low < 0.5 * (alone.high - alone.low)


@pytest.mark.parametrize(("n_seeds", "seeds", "words"), [(5, 0.5, 0.0), (5, 0.2, 1.5), (12, 0, 1)])
def test_coverage(n_seeds, seeds, words):
    """Intervals hold the truth in about 95 of 100 simulations, whichever effect there is."""
    rng, held = generator(7), []
    truth = [special.ndtr(at / np.sqrt(1 + seeds**2 + words**2)) for at in (1.0, 0.5)]
    for _ in range(400):
        latent = rng.normal(0, seeds, (2, n_seeds, 1)) + rng.normal(0, words, (1, 60))
        noise = rng.normal(size=(2, n_seeds, 60))
        a, b = latent + noise + np.array([1.0, 0.5])[:, None, None] > 0
        tested = rng.random((n_seeds, 60)) < 0.8
        accuracy = seeds_words_interval(a, tested)
        difference = seeds_words_difference(a, tested, b, tested)
        held.append(
            (
                accuracy.low <= truth[0] <= accuracy.high,
                difference.low <= truth[0] - truth[1] <= difference.high,
            )
        )
    low, high = np.mean(held, axis=0).min(), np.mean(held, axis=0).max()
    assert 0.915 <= low and high <= 0.99


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: seeds_words_interval([[1]], [[0]]), "no tested cell among 1 seeds x 1 words"),
        (lambda: seeds_words_interval([1], [1]), "n_seeds"),
        (lambda: seeds_words_interval([[1, 0]], [[1]]), "shape"),
        (lambda: seeds_words_interval([[1, 0]], [[1, 1]], level=95), "level=95: expected less"),
        (lambda: seeds_words_difference([[1]], [[1]], [[1], [1]], [[1], [1]]), "same seeds"),
        (lambda: seeds_words_difference([[1, 1]], [[1, 0]], [[1, 1]], [[0, 1]]), "no tested cell"),
    ],
)
def test_errors_name_the_value(call, message):
    """Bad input raises ValueError with the value and what was expected."""
    with pytest.raises(ValueError, match=message):
        call()
