"""Interval estimates, paired comparisons and multiple testing as pure functions.

Axis convention, the same in every function: rows are seeds, columns are words, so a score
matrix has shape (n_seeds, n_words). Options mean the same everywhere: `rng` is the only source of
randomness, `n_boot` the number of resamples, `level` the coverage aimed at. Resamples are rows
of a weight matrix (B, n), B = n_boot.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray
from scipy import stats as scipy_stats

from hsokv.boundary.checks import Range, check_array, check_float, check_generator, check_int, shown

RESAMPLES, LEVEL = Range(1), Range(0, 1, open_low=True, open_high=True)
EXACT_LIMIT = 12  # up to this many differences all 2**n sign patterns are counted


class Interval(NamedTuple):
    """A point estimate with the ends of its interval and the number of observations behind it."""

    point: float
    low: float
    high: float
    n: int

    def text(self, percent: bool = True, signed: bool = False) -> str:
        """Return the estimate as prose, e.g. '86.1 % [84.0, 88.2], n = 1600'.

        Without `percent` three decimals of the share are printed. `signed` is for differences: it
        prints signs, and 'points' in place of '%'.
        """
        scale, digits = (100.0, 1) if percent else (1.0, 3)
        numbers = [round(scale * x, digits) + 0.0 for x in self[:3]]  # + 0.0: never "-0.0"
        point, low, high = (f"{x:{'+' if signed else ''}.{digits}f}" for x in numbers)
        unit = "" if not percent else (" points" if signed else " %")
        return f"{point}{unit} [{low}, {high}], n = {self.n}"

    def __format__(self, spec: str) -> str:
        """Format as `text()` for '' and '%', signed for '+', else apply `spec` to each number."""
        if spec in ("", "%", "+"):
            return self.text(signed=spec == "+")
        return f"{self.point:{spec}} [{self.low:{spec}}, {self.high:{spec}}], n = {self.n}"


def seeds_mean(
    values: ArrayLike,
    *,
    low: float | None = None,
    high: float | None = None,
    trials: int | None = None,
    level: float = 0.95,
) -> Interval:
    """Return the mean of values of independent seeds (n,), with Student's t interval.

    Where all values are alike nothing shows how they spread: each of the trials behind them then
    counts as one that found no exception, and the interval reaches 1 - ((1 - level) / 2) ** (1 /
    trials) of the way to either end of the range. With one seed it is the range. Without a range
    it then has no width.

    Args:
        values: one per seed.
        low, high: the least and the largest value there can be, both or neither; the interval is
            cut to them.
        trials: how many independent trials stand behind the values, by default one per seed.
        level: the coverage aimed at, between 0 and 1.

    Raises:
        ValueError: no value, one that is not finite or out of range, a level outside (0, 1), or no
            trial.
        TypeError: one end of the range alone.
    """
    values = _finite_vector(values, "values")
    level, mean = check_float("level", level, LEVEL), exact_mean(values)
    trials = values.size if trials is None else check_int("trials", trials, RESAMPLES)
    spreads = values.size > 1 and np.ptp(values) > 0
    interval = mean_t(values, level=level) if spreads else Interval(mean, mean, mean, values.size)
    if low is None and high is None:
        return interval
    low, high = check_float("low", low), check_float("high", high)
    if values.min() < low or values.max() > high:
        raise ValueError(
            f"values from {values.min()} to {values.max()}: expected {low} to {high}; "
            "correct them, or the range"
        )
    if spreads:
        return interval._replace(low=max(interval.low, low), high=min(interval.high, high))
    share = 1.0 if values.size == 1 else 1 - ((1 - level) / 2) ** (1 / trials)
    return interval._replace(low=mean - share * (mean - low), high=mean + share * (high - mean))


def mean_t(values: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return the mean of independent values (n,) with Student's t interval, for few of them.

    Raises:
        ValueError: fewer than two values, or one that is not finite.
    """
    values = _finite_vector(values, "values")
    if values.size < 2:
        raise ValueError(f"{values.size} value: expected at least 2 for an interval; add some")
    level = check_float("level", level, LEVEL)
    mean, error = exact_mean(values), values.std(ddof=1) / np.sqrt(values.size)
    reach = float(scipy_stats.t.ppf((1 + level) / 2, values.size - 1) * error)
    return Interval(mean, mean - reach, mean + reach, values.size)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return Holm's (1979) adjusted p-values, (n,), in the order of the input.

    Raises:
        ValueError: a p-value that is missing or outside [0, 1].
    """
    p = check_array("p_values", p_values, ndim=1)
    if not np.all((p >= 0) & (p <= 1)):
        expected = "expected numbers in [0, 1]; leave out comparisons not made"
        raise ValueError(f"p_values={shown(p.tolist())}: {expected}")
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * (p.size - np.arange(p.size)))
    return np.minimum(stepped, 1.0)[np.argsort(order)]


def paired_permutation_p(diffs: ArrayLike, *, rng: Generator, n_permutations: int = 9999) -> float:
    """Return the two-sided p-value of a sign-flip test of the mean difference.

    Up to 12 differences every sign pattern is counted and `rng` is not used; above that
    `n_permutations` patterns are drawn and p = (1 + hits) / (1 + n_permutations). The exact p is
    never below 2 / 2**n: with 5 seeds it cannot go under 0.0625. diffs: one per seed, (n_seeds,).
    """
    diffs = _finite_vector(diffs, "diffs")
    exact = diffs.size <= EXACT_LIMIT
    if exact:
        bits = np.arange(2**diffs.size)[:, None] >> np.arange(diffs.size) & 1
    else:
        n_permutations = check_int("n_permutations", n_permutations, RESAMPLES)
        bits = check_generator(rng).integers(2, size=(n_permutations, diffs.size), dtype=np.int8)
    flipped = np.abs((1.0 - 2.0 * bits) @ diffs)  # (n_patterns,)
    # The tolerance makes patterns that tie with the observed one count despite rounding.
    hits = int((flipped >= abs(diffs.sum()) - 1e-12 * max(1.0, np.abs(diffs).sum())).sum())
    return hits / flipped.size if exact else (1 + hits) / (1 + n_permutations)


def binomial_interval(k: int, n: int, *, level: float = 0.95) -> Interval:
    """Return k / n with the exact Clopper-Pearson interval, for n independent trials.

    Raises:
        ValueError: unless 0 <= k <= n and n >= 1.
    """
    k, n, level = check_int("k", k), check_int("n", n), check_float("level", level, LEVEL)
    if n < 1 or not 0 <= k <= n:
        raise ValueError(f"k={k}, n={n}: expected n >= 1 and 0 <= k <= n; check the counts")
    ends = scipy_stats.binomtest(int(k), int(n)).proportion_ci(level, method="exact")
    return Interval(k / n, float(ends.low), float(ends.high), int(n))


def decimal_units(values: ArrayLike) -> tuple[NDArray[np.float64], float]:
    """Return values as whole multiples of a power of ten, and how many of these make 1.

    The order in which a processor adds floats decides their last bits, and those decide ties
    between means. Whole numbers below 2**53 add without rounding in any order, so sums over the
    first axis, weighted by counts that sum to its length, are exact and the same everywhere.
    Values keep 14 decimal digits counted from the largest, less those of the length; result rows
    hold six. Digits below are rounded off, everywhere alike.

    Args:
        values: finite numbers, (n,) or (n, m).

    Returns:
        (units, one), where values are units / one up to half a unit.

    Raises:
        ValueError: a value is not finite.
    """
    values = check_array("values", values, finite=True)
    most = float(np.abs(values).max(initial=0.0)) * len(values)
    exponent = 14 - int(f"{most or 1.0:e}".partition("e")[2])  # the sum stays below 10**15
    one = float(f"1e{min(300, exponent)}")
    return np.rint(values * one), one


def exact_mean(values: ArrayLike) -> float:
    """Return the mean of values (n,), the same on every processor; NaN without values."""
    values = check_array("values", values)
    if not values.size:
        return float("nan")
    units, one = decimal_units(values)
    return float(units.sum() / values.size / one)


def draw_weights(rng: Generator, n_boot: int, n: int) -> NDArray[np.float64]:
    """Return how often each of n units is drawn in each resample, (n_boot, n), read-only.

    What a state of the generator draws is remembered: tables ask for the same resamples over and
    over. The generator moves on as if it had drawn.

    Args:
        rng: made by `numpy.random.default_rng`.
        n_boot: number of resamples B.
        n: number of units.
    """
    state = json.dumps(check_generator(rng).bit_generator.state)
    n_boot = check_int("n_boot", n_boot, RESAMPLES)
    weights, after = _resample(state, n_boot, n)
    rng.bit_generator.state = json.loads(after)
    return weights


@lru_cache(maxsize=16)
def _resample(state: str, n_boot: int, n: int) -> tuple[NDArray[np.float64], str]:
    """Return the weights that a state of a generator draws, and its state afterwards."""
    rng = np.random.default_rng()
    rng.bit_generator.state = json.loads(state)
    weights = rng.multinomial(n, np.full(n, 1.0 / n), size=n_boot).astype(float)
    weights.flags.writeable = False
    return weights, json.dumps(rng.bit_generator.state)


def percentile_interval(point: float, draws: ArrayLike, n: int, level: float = 0.95) -> Interval:
    """Return a point with the percentile interval of its resamples, (B,).

    Raises:
        ValueError: a level outside (0, 1).
    """
    level = check_float("level", level, LEVEL)
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(point), float(low), float(high), int(n))


def _finite_vector(values: ArrayLike, name: str) -> NDArray[np.float64]:
    values = check_array(name, values, ndim=1, finite=True)
    if not values.size:
        raise ValueError(f"{name}=[]: expected at least one of finite numbers; pass some")
    return values
