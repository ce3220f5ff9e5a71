"""Statistics: hand-computed cases, properties, and coverage of the intervals on simulated data."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from hsokv.stats.intervals import (
    Interval,
    binomial_interval,
    bootstrap_mean,
    bootstrap_seeds_words,
    decimal_units,
    draw_weights,
    holm,
    mean_t,
    paired_difference,
    paired_permutation_p,
)
from hsokv.stats.word_sets import decode_words, encode_words


def generator(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{Interval(0.861, 0.84, 0.882, 1600)}", "86.1 % [84.0, 88.2], n = 1600"),
        (f"{Interval(0.861, 0.84, 0.882, 1600):.2f}", "0.86 [0.84, 0.88], n = 1600"),
        (f"{Interval(0.031, -0.01, 0.05, 20):+}", "+3.1 points [-1.0, +5.0], n = 20"),
        (Interval(0.5, 0.25, 1.0, 4).text(percent=False), "0.500 [0.250, 1.000], n = 4"),
        (f"{Interval(-0.0001, -0.2, 0.0, 4)}", "0.0 % [-20.0, 0.0], n = 4"),
    ],
)
def test_interval_text(text, expected):
    """An interval prints as point, ends and n."""
    assert text == expected


def test_bootstrap_mean_by_hand():
    """The point is the mean; two values give resamples 0, 1/2 and 1, so the ends are 0 and 1."""
    assert bootstrap_mean([0.0, 1.0], rng=generator()) == (0.5, 0.0, 1.0, 2)
    assert bootstrap_mean([0.25], rng=generator()) == (0.25, 0.25, 0.25, 1)


def test_bootstrap_depends_on_rng_only():
    """The same generator gives the same interval, whatever the global state."""
    values = generator(1).normal(size=30)
    np.random.seed(0)  # noqa: NPY002
    first = bootstrap_mean(values, rng=generator(5))
    np.random.seed(1)  # noqa: NPY002
    assert bootstrap_mean(values, rng=generator(5)) == first
    assert bootstrap_mean(values, rng=generator(6)) != first


def test_remembered_resamples_are_those_drawn():
    """Each of two equal generators draws what NumPy draws, and stands where NumPy's stands."""
    plain, first, second = generator(3), generator(3), generator(3)
    wanted = [plain.multinomial(4, [0.25] * 4, size=6) for _ in range(2)]
    after = plain.random()
    for rng in (first, second):
        assert all(np.array_equal(draw_weights(rng, 6, 4), draw) for draw in wanted)
        assert rng.random() == after
    with pytest.raises(ValueError, match="read-only"):
        draw_weights(generator(3), 6, 4)[0] = 1


def test_bootstrap_mean_width_matches_theory():
    """The half width is close to 1.96 standard errors for many normal values."""
    values = generator(2).normal(size=400)
    interval = bootstrap_mean(values, rng=generator(), n_boot=4000)
    expected = 1.96 * values.std() / np.sqrt(values.size)
    assert (interval.high - interval.low) / 2 == pytest.approx(expected, rel=0.06)


def test_wider_level_gives_wider_interval():
    """A 99 % interval holds the 80 % interval of the same resamples."""
    values = generator(3).normal(size=20)
    wide = bootstrap_mean(values, rng=generator(), level=0.99)
    narrow = bootstrap_mean(values, rng=generator(), level=0.8)
    assert wide.low < narrow.low < narrow.point < narrow.high < wide.high


def test_decimal_units_make_sums_exact():
    """Sums of units do not depend on their order, and tie where the decimals tie; floats do not."""
    values = np.array([[0.1, 0.15], [0.2, 0.15], [68998.9, 68998.9]])
    assert values[::-1, 0].cumsum()[-1] != values[::-1, 1].cumsum()[-1]
    units, one = decimal_units(values)
    assert units[::-1, 0].sum() == units[::-1, 1].sum() == units[:, 1].sum()
    np.testing.assert_allclose(units / one, values, rtol=0, atol=1e-9)
    weights = generator().multinomial(3, [1 / 3] * 3, size=500).astype(float)
    assert np.array_equal(weights @ units, weights[:, ::-1] @ units[::-1])
    assert decimal_units([0.0, 0.0])[0].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("values", [[1e-9, 3e-9], [-4.0, 2.5], [1e12, 1.0], [1 / 3] * 7])
def test_decimal_units_keep_their_digits(values):
    """Units are whole, below 2**53 in sum, and the values to 12 digits of the largest."""
    units, one = decimal_units(values)
    assert np.array_equal(units, np.rint(units)) and np.abs(units).sum() < 2**53
    np.testing.assert_allclose(units / one, values, rtol=0, atol=1e-12 * np.abs(values).max())


def test_mean_t_by_hand():
    """Half the 97.5 % quantile of t with one degree of freedom, 12.706, times the distance."""
    interval = mean_t([1.0, 3.0])
    assert interval.point == 2 and interval.n == 2
    assert interval.high == pytest.approx(2 + 12.706, abs=1e-3)
    assert mean_t([0.0, 0.0, 0.0])[:3] == (0, 0, 0)


def test_seeds_words_point_counts_tested_cells_only():
    """Correct marks outside the tested cells change nothing."""
    tested = np.array([[1, 1, 0], [1, 0, 0]], dtype=bool)
    correct = np.array([[1, 0, 1], [1, 1, 1]], dtype=bool)
    interval = bootstrap_seeds_words(correct, tested, rng=generator())
    assert interval.point == pytest.approx(2 / 3)
    assert interval.n == 3
    assert interval == bootstrap_seeds_words(correct & tested, tested, rng=generator())


def test_seeds_words_equals_loop_over_resamples():
    """The matrix product gives the means a loop over the same resamples gives."""
    rng = generator(4)
    correct, tested = rng.random((4, 6)) < 0.5, rng.random((4, 6)) < 0.8
    interval = bootstrap_seeds_words(correct, tested, rng=generator(9), n_boot=50)
    rng, means = generator(9), []
    seed_counts = rng.multinomial(4, np.full(4, 1 / 4), size=50)
    word_counts = rng.multinomial(6, np.full(6, 1 / 6), size=50)
    for seeds, words in zip(seed_counts, word_counts):
        rows, columns = np.repeat(np.arange(4), seeds), np.repeat(np.arange(6), words)
        cells = np.ix_(rows, columns)
        means.append(correct[cells][tested[cells]].mean())
    np.testing.assert_allclose(interval[1:3], np.quantile(means, [0.025, 0.975]))


def test_seeds_words_is_wider_when_words_differ():
    """Words that are right or wrong under every seed widen the interval: seeds add nothing."""
    by_word = np.tile(np.arange(40) % 2 == 0, (20, 1))
    interval = bootstrap_seeds_words(by_word, np.ones_like(by_word), rng=generator())
    words_only = bootstrap_mean(by_word[0], rng=generator())
    assert interval.high - interval.low == pytest.approx(words_only.high - words_only.low, rel=0.1)


def test_seeds_words_memory_stays_small():
    """20 seeds x 100 words x 2,000 resamples take under 200 MB."""
    import tracemalloc

    correct = generator().random((20, 100)) < 0.5
    tracemalloc.start()
    bootstrap_seeds_words(correct, np.ones_like(correct), rng=generator())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6


def test_seeds_words_covers_the_true_accuracy():
    """On crossed random effects of seeds and words the 95 % interval holds the truth."""
    rng, held = generator(7), []
    truth = scipy_stats.norm.cdf(0.5 / np.sqrt(1 + 0.3**2 + 0.8**2))
    for _ in range(200):
        latent = 0.5 + rng.normal(0, 0.3, (12, 1)) + rng.normal(0, 0.8, (1, 40))
        correct = rng.normal(size=(12, 40)) < latent
        interval = bootstrap_seeds_words(correct, np.ones_like(correct), rng=rng, n_boot=300)
        held.append(interval.low <= truth <= interval.high)
    assert 0.91 <= np.mean(held) <= 1.0


def test_bootstrap_mean_covers_the_true_mean():
    """With 20 normal values the percentile interval covers a little under 95 %."""
    rng = generator(8)
    intervals = [bootstrap_mean(rng.normal(size=20), rng=rng, n_boot=400) for _ in range(400)]
    assert 0.89 <= np.mean([i.low <= 0 <= i.high for i in intervals]) <= 0.98


def test_paired_difference_by_hand():
    """The difference is taken on the cells tested in both."""
    correct_a = np.array([[1, 1, 0, 1]], dtype=bool)
    tested_a = np.array([[1, 1, 1, 0]], dtype=bool)
    correct_b = np.array([[0, 1, 0, 0]], dtype=bool)
    tested_b = np.array([[1, 1, 1, 1]], dtype=bool)
    interval = paired_difference(correct_a, tested_a, correct_b, tested_b, rng=generator())
    assert interval.point == pytest.approx(1 / 3)
    assert interval.n == 3


def test_paired_difference_of_equal_flows_is_zero():
    """A flow against itself differs by 0 in every resample, and swapping sides flips the sign."""
    rng = generator(10)
    tested = np.ones((5, 30), dtype=bool)
    a, b = rng.random((5, 30)) < 0.7, rng.random((5, 30)) < 0.4
    assert paired_difference(a, tested, a, tested, rng=generator()) == (0.0, 0.0, 0.0, 150)
    forward = paired_difference(a, tested, b, tested, rng=generator())
    backward = paired_difference(b, tested, a, tested, rng=generator())
    np.testing.assert_allclose(forward[:3], [-backward.point, -backward.high, -backward.low])


def test_paired_difference_is_narrower_than_unpaired_spread():
    """What is hard for both flows cancels."""
    shared = np.tile(np.arange(50) % 2 == 0, (10, 1))
    better = shared.copy()
    better[:, 1] = True
    tested = np.ones_like(shared)
    alone = bootstrap_seeds_words(better, tested, rng=generator())
    paired = paired_difference(better, tested, shared, tested, rng=generator())
    assert paired.high - paired.low < 0.4 * (alone.high - alone.low)


def test_holm_by_hand():
    """Four p-values worked by hand come back adjusted and in the order of the input."""
    # sorted, times 4 3 2 1: .02 .03 .06 .04; running maximum: .02 .03 .06 .06
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])


def test_holm_properties():
    """Adjusted values keep the order, are at least the raw ones, at most Bonferroni's and 1."""
    p = generator(12).random(15) ** 3
    adjusted = holm(p)
    assert np.all(adjusted >= p) and np.all(adjusted <= np.minimum(1, p * p.size) + 1e-15)
    assert np.all(np.diff(adjusted[np.argsort(p)]) >= 0)
    assert holm([]).size == 0 and holm([0.2]) == [0.2]


def test_permutation_p_by_hand():
    """With three positive differences 2 of the 8 sign patterns are as far from 0."""
    assert paired_permutation_p([1, 2, 3], rng=generator()) == 0.25
    assert paired_permutation_p([1, -1], rng=generator()) == 1.0
    assert paired_permutation_p([0.1] * 5, rng=generator()) == 2 / 32
    assert paired_permutation_p([0, 0, 0], rng=generator()) == 1.0


def test_permutation_p_matches_scipy():
    """Exact p-values equal scipy's; sampled ones come close."""
    diffs = generator(13).normal(0.5, 1, 12)
    expected = scipy_stats.permutation_test(
        (diffs, np.zeros(12)), lambda x, y: np.mean(x - y), permutation_type="samples"
    ).pvalue
    assert paired_permutation_p(diffs, rng=generator()) == pytest.approx(expected)
    many = np.r_[diffs, 0.0]  # a zero changes no pattern but leaves the exact branch
    assert paired_permutation_p(many, rng=generator()) == pytest.approx(expected, abs=0.015)


def test_binomial_interval_by_hand():
    """Clopper-Pearson: 0 of 10 ends at 1 - 0.025 ** (1 / 10)."""
    interval = binomial_interval(0, 10)
    assert interval.low == 0 and interval.high == pytest.approx(1 - 0.025**0.1)
    assert binomial_interval(3, 5)[0] == 0.6 and binomial_interval(3, 5).n == 5


def test_words_round_trip():
    """Bit i is word i, and decoding undoes encoding, for any number of words."""
    assert encode_words([True, False, False, False, True]) == "0x11"
    assert decode_words(["0x11", "2"], 5).tolist() == [[1, 0, 0, 0, 1], [0, 1, 0, 0, 0]]
    for n_words in (1, 7, 8, 9, 100, 1000):
        words = generator(n_words).random((6, n_words)) < 0.5
        assert np.array_equal(decode_words(encode_words(words), n_words), words)
    assert decode_words([], 5).shape == (0, 5)


def test_words_survive_a_csv(tmp_path):
    """A column of word sets comes back from CSV as text, even when it looks like numbers."""
    import pandas as pd

    words = np.zeros((2, 100), dtype=bool)
    words[1, 0] = True
    pd.DataFrame({"correct_words": encode_words(words)}).to_csv(tmp_path / "a.csv")
    column = pd.read_csv(tmp_path / "a.csv")["correct_words"]
    assert np.array_equal(decode_words(column, 100), words)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bootstrap_mean([], rng=generator()), "finite numbers"),
        (lambda: bootstrap_mean([1, np.nan], rng=generator()), "1 values that are not finite"),
        (
            lambda: bootstrap_mean([1, 2], rng=generator(), level=95),
            "level=95: expected less",
        ),
        (lambda: bootstrap_seeds_words([[1]], [[0]], rng=generator()), "no tested cell"),
        (lambda: bootstrap_seeds_words([1], [1], rng=generator()), "n_seeds"),
        (
            lambda: paired_difference([[1]], [[1]], [[1], [1]], [[1], [1]], rng=generator()),
            "same seeds",
        ),
        (lambda: holm([0.5, np.nan]), r"\[0, 1\]"),
        (lambda: binomial_interval(6, 5), "k=6"),
        (lambda: decode_words(["0x20"], 5), "at most 5 bits"),
        (lambda: decode_words(["word"], 5), "hexadecimal"),
        (lambda: decode_words([float("nan")], 5), "hexadecimal"),
    ],
)
def test_errors_name_the_value(call, message):
    """Bad input raises ValueError with the value and what was expected."""
    with pytest.raises(ValueError, match=message):
        call()
