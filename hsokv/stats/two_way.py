"""Intervals over seeds and words without resampling, for new seeds and new words alike.

Cells of a matrix (n_seeds, n_words) are no independent trials: a word is hard under every seed, a
seed bad on every word. Analysis of variance splits the spread of the cells into seeds, words and
rest, which gives the variance of their mean. From it follows the effective number of cells: how
many independent ones would be as telling. Intervals for independent trials then apply.

`benchmarks/interval_coverage.py` measures how often they hold the truth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from hsokv.boundary.checks import check_float
from hsokv.stats.cells import check_cells, difference_cells
from hsokv.stats.intervals import LEVEL, Interval


def seeds_words_interval(correct: ArrayLike, tested: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return the mean accuracy over tested cells; n is the number of tested cells.

    The exact binomial (Clopper-Pearson) interval for the effective number of cells, after Korn and
    Graubard (1998, Survey Methodology 24, 193-201), with the variance of two-way analysis of
    variance and Satterthwaite's degrees of freedom (see `effective_cells`).

    Where all cells are alike, nothing shows whether the cells of a word agree. Each tested word
    then counts as one trial: with W words right, the low end is ((1 - level) / 2) ** (1 / W). With
    one tested seed or word nothing is known of others, and the interval is [0, 1].

    Args:
        correct: whether the word was answered correctly, bool (n_seeds, n_words).
        tested: whether it was tested under that seed, bool (n_seeds, n_words); others are ignored.
        level: the coverage aimed at, between 0 and 1.

    Raises:
        ValueError: shapes differ, or no cell was tested.
    """
    correct, tested = check_cells(correct, tested)
    tail = (1.0 - check_float("level", level, LEVEL)) / 2
    point, n = _mean(correct, tested), int(tested.sum())
    if min(_tested_units(tested)) < 2:
        return Interval(point, 0.0, 1.0, n)
    if point in (0.0, 1.0):
        exceptions = _exceptions(tested, tail)
        return Interval(point, *((0.0, exceptions) if point == 0 else (1.0 - exceptions, 1.0)), n)
    trials = effective_cells(correct, tested, tail)
    hits, misses = point * trials, (1.0 - point) * trials
    low = special.betaincinv(hits, misses + 1.0, tail)
    high = special.betaincinv(hits + 1.0, misses, 1.0 - tail)
    return Interval(point, float(low), float(high), n)


def seeds_words_difference(
    correct_a: ArrayLike,
    tested_a: ArrayLike,
    correct_b: ArrayLike,
    tested_b: ArrayLike,
    *,
    level: float = 0.95,
) -> Interval:
    """Return accuracy of a minus accuracy of b on the cells tested in both.

    Bonett and Price's interval (2012, doi:10.3102/1076998611411915) for the effective number of
    cells: a normal interval after adding one cell where only a is right and one where only b is.
    It is symmetric about a value slightly nearer to 0 than the point. The variance is that of the
    cells' differences, so what is hard for both cancels.

    Where all differences are alike, each tested word counts as one trial that found no exception:
    with W words and u = 1 - ((1 - level) / 2) ** (1 / W) the interval is [-u, u] around 0 and
    [1 - 2u, 1] at 1. With one seed or word in common it is [-1, 1].

    All four arrays are bool (n_seeds, n_words), row i the same seed in each. The result is
    positive where a is better; n is the number of cells tested in both.

    Raises:
        ValueError: shapes differ, or no cell was tested in both.
    """
    tail = (1.0 - check_float("level", level, LEVEL)) / 2
    difference, tested = difference_cells(correct_a, tested_a, correct_b, tested_b)
    point, n = _mean(difference, tested), int(tested.sum())
    if min(_tested_units(tested)) < 2:
        return Interval(point, -1.0, 1.0, n)
    if np.ptp(difference[tested]) == 0:
        exceptions = _exceptions(tested, tail) * (1 + abs(point))
        return _within(point, point - exceptions, point + exceptions, n)
    trials = effective_cells(difference, tested, tail)
    unlike = _mean(np.abs(difference), tested)  # share of cells where one is right and one wrong
    centre = trials * point / (trials + 2)
    variance = ((trials * unlike + 2) / (trials + 2) - centre**2) / (trials + 2)
    reach = float(-special.ndtri(tail) * np.sqrt(variance))
    return _within(point, centre - reach, centre + reach, n)


def effective_cells(x: NDArray, tested: NDArray, tail: float = 0.025) -> float:
    """Return how many independent cells would tell the mean of x as well as the tested cells do.

    This is the variance of a cell over that of the mean, times (t' / t)**2 for the uncertainty of
    that variance, where t and t' are Student quantiles with Satterthwaite's degrees of freedom and
    with those of independent cells; it is at most the number of tested cells.

    Args:
        x: numbers, (n_seeds, n_words), not the same in all tested cells.
        tested: which cells count, bool (n_seeds, n_words), of at least two seeds and two words.
        tail: what the interval that will use the number leaves out at each end.
    """
    n, values = int(tested.sum()), x[tested]
    variance, freedom = mean_variance(x, tested)
    penalty = special.stdtrit(n - 1, tail) / special.stdtrit(freedom, tail)
    return float(min(n, values.var() / variance * penalty**2))


def mean_variance(x: NDArray, tested: NDArray) -> tuple[float, float]:
    """Return the variance of the mean of x over tested cells, and its degrees of freedom.

    The components of seeds, words and rest are those that give the observed squares within seeds,
    within words and in all (Henderson's method 1, 1953, doi:10.2307/3001853); for a complete matrix
    these are the mean squares of two-way analysis of variance. A component that is not positive is
    left out, with its degrees of freedom. Where each cell has a seed (or word) of its own, that
    seed cannot be told from the rest and counts as such. Degrees of freedom are Satterthwaite's
    (1946, doi:10.2307/3002019) for mean squares of seeds, words and rest.

    Args:
        x: numbers, (n_seeds, n_words).
        tested: which cells count, bool (n_seeds, n_words), of at least two seeds and two words.
    """
    n = tested.sum()
    x = np.where(tested, x - x[tested].mean(), 0.0)
    n_seeds, n_words = _tested_units(tested)
    of_seeds, of_words = tested.sum(axis=1), tested.sum(axis=0)  # cells of each seed, each word
    size_s, size_w = (of_seeds**2).sum() / n, (of_words**2).sum() / n  # of a mean cell's seed, word
    total = (x**2).sum()
    within_s = total - (x.sum(axis=1) ** 2 / np.maximum(of_seeds, 1)).sum()
    within_w = total - (x.sum(axis=0) ** 2 / np.maximum(of_words, 1)).sum()
    # Expected: within_s = (n - n_seeds) (words + rest), within_w = (n - n_words) (seeds + rest),
    # total = (n - size_s) seeds + (n - size_w) words + (n - 1) rest.
    seeds = words = 0.0
    if n_seeds < n and n_words < n:
        words_rest, seeds_rest = within_s / (n - n_seeds), within_w / (n - n_words)
        known = (n - size_s) * seeds_rest + (n - size_w) * words_rest - total
        rest = known / (n + 1 - size_s - size_w)
        seeds, words = seeds_rest - rest, words_rest - rest
    elif n_seeds < n:
        rest = within_s / (n - n_seeds)
        seeds = (total - (n - 1) * rest) / (n - size_s)
    elif n_words < n:
        rest = within_w / (n - n_words)
        words = (total - (n - 1) * rest) / (n - size_w)
    else:
        rest = total / (n - 1)
    nothing = 1e-9 * total / n  # below it a component is rounding error, on any processor
    seeds, words, rest = (part if part > nothing else 0.0 for part in (seeds, words, rest))
    seeds, words, rest = seeds * size_s / n, words * size_w / n, rest / n
    variance, least = seeds + words + rest, min(n_seeds, n_words) - 1
    doubt = rest**2 / ((n_seeds - 1) * (n_words - 1))
    doubt += (seeds > 0) * (seeds + rest) ** 2 / (n_seeds - 1)
    doubt += (words > 0) * (words + rest) ** 2 / (n_words - 1)
    return float(variance), float(max(variance**2 / doubt, least)) if doubt > 0 else float(least)


def _tested_units(tested: NDArray) -> tuple[int, int]:
    """Return how many seeds and how many words have a tested cell."""
    return int(tested.any(axis=1).sum()), int(tested.any(axis=0).sum())


def _exceptions(tested: NDArray, tail: float) -> float:
    """Return the largest share of exceptions that leaves all tested words without with p = tail."""
    return float(1.0 - tail ** (1.0 / _tested_units(tested)[1]))


def _within(point: float, low: float, high: float, n: int) -> Interval:
    """Return the interval of a difference, cut to what a difference can be."""
    return Interval(point, max(low, -1.0), min(high, 1.0), n)


def _mean(x: NDArray, tested: NDArray) -> float:
    n_seeds, n_words = tested.shape
    if not tested.any():
        raise ValueError(
            f"no tested cell among {n_seeds} seeds x {n_words} words: expected at least one; check "
            "that the rows share condition, n_way and lexicon"
        )
    return float(x[tested].sum() / tested.sum())
