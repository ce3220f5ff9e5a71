"""Statistics: hand-computed cases, properties, and coverage of the intervals on simulated data."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from hsokv.stats.intervals import (
    Interval,
    binomial_interval,
    decimal_units,
    draw_weights,
    holm,
    mean_t,
    paired_permutation_p,
    seeds_mean,
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


def test_mean_over_seeds_is_cut_to_its_range():
    """A t interval that would pass the end of the range stops there."""
    values = [0.9, 1.0, 1.0]
    free, share = seeds_mean(values), seeds_mean(values, low=0, high=1)
    assert free == mean_t(values) and free.high > 1
    assert share == free._replace(high=1)


def test_values_that_are_all_alike_have_an_interval():
    """Each trial counts as one without an exception: by hand .025 ** (1 / 5) for five seeds."""
    reach = 1 - 0.025 ** (1 / 5)
    assert seeds_mean([0.0] * 5, low=-1, high=1)[:3] == pytest.approx((0, -reach, reach))
    assert seeds_mean([1.0] * 5, low=0, high=1)[:3] == pytest.approx((1, 1 - reach, 1))
    eighty = seeds_mean([0.0] * 5, low=-1, high=1, trials=80)
    assert eighty.high == pytest.approx(1 - 0.025 ** (1 / 80))
    assert seeds_mean([0.5], low=0, high=1) == (0.5, 0, 1, 1)
    assert seeds_mean([3.0, 3.0]) == (3, 3, 3, 2) and seeds_mean([3.0]) == (3, 3, 3, 1)


def test_mean_over_seeds_covers_the_true_mean():
    """With 5 normal values the interval covers 95 %; a percentile bootstrap covers about 82."""
    rng = generator(8)
    intervals = [seeds_mean(rng.normal(size=5)) for _ in range(2000)]
    assert 0.93 <= np.mean([i.low <= 0 <= i.high for i in intervals]) <= 0.97


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
        (lambda: seeds_mean([]), "finite numbers"),
        (lambda: seeds_mean([1, np.nan]), "1 values that are not finite"),
        (lambda: seeds_mean([1, 2], level=95), "level=95: expected less"),
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
