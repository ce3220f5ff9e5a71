"""What theory says of memories of sparse codes, to be held against what is measured.

Codes of random vectors are taken as random sets of units, and units as independent of one another.

Sources: Willshaw et al. (1969) and Palm (1980) for the share of connections that are on; Knoblauch
(2008) for units that take part in more pairs than others do, which matters where a cue is short.

Axes: n units, a active units, N stored pairs, o active units of a cue that are right, Q queries.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.stats import binom, norm, poisson

from hsokv.memory.hebbian import code_matrix, shared_units, weigh_targets, winners

TAIL = 1e-12  # of a distribution that is left out
N_NODES = 200  # of numeric integrals
N_GRID = 4001  # cosines between which an expected overlap is interpolated


def expected_overlap(cosines: np.ndarray, size: int, n_active: int) -> np.ndarray:
    """Return how many units the codes of two vectors share on average.

    A unit's inputs from two vectors are normal and correlate by their cosine; both codes have it
    where both inputs exceed the bound that a share a/n of units exceeds.

    Args:
        cosines: of any shape.
        size, n_active: n and a of the codes.
    """
    bound = norm.isf(n_active / size)
    nodes, weights = np.polynomial.legendre.leggauss(N_NODES)
    inputs = bound + 4 * (nodes + 1)  # from the bound to eight deviations above it
    c = np.clip(np.asarray(cosines, float), 1e-9 - 1, 1 - 1e-9)[..., None]
    above = norm.sf((bound - c * inputs) / np.sqrt(1 - c**2))
    return size * (above * norm.pdf(inputs) * 4 * weights).sum(-1)


def faultless_share(
    size: int, n_active: int, n_pairs: int, n_right: int, even: bool = False
) -> float:
    """Return how likely no false unit is wired to all of a cue's units, in a bit matrix.

    Args:
        size, n_active: n and a of the codes.
        n_pairs: N random pairs.
        n_right: o, the units of the cue; no others are active.
        even: whether each unit is taken to be in as many pairs as the others, as in Palm (1980).
    """
    share = n_active / size
    if even:
        rate = (-math.expm1(n_pairs * math.log1p(-(share**2)))) ** n_right
        return math.exp(-(size - n_active) * rate)  # false units are few: Poisson
    pairs, odds = _loads(n_pairs, share)
    rate = float(odds @ _wired(pairs, share) ** n_right)
    # A pair whose own cue has all o units brings its whole target at once.
    holds = math.prod((n_active - i) / (size - i) for i in range(n_right))
    singly = rate - n_pairs * share * holds
    return math.exp(-n_pairs * holds - (size - n_active) * max(singly, 0.0))


def winners_share(size: int, n_active: int, n_pairs: int, n_right: int) -> float:
    """Return how likely the a units that most of a cue is wired to are exactly the target's.

    The cue has o right units and a - o others, as the code of a similar vector has; a unit of the
    target is wired to the right ones and by chance to others, and has to beat every other unit.
    It is exact enough near 1; where half of the answers are right it is some points too low, since
    units are not quite independent.
    """
    pairs, odds = _loads(n_pairs, n_active / size)  # of the pairs beside the one asked for
    chance = _wired(pairs, n_active / size)
    counts = np.arange(n_active + 1)
    other = odds @ binom.cdf(counts, n_active, chance[:, None])  # P(count of another unit <= c)
    own = odds @ binom.sf(counts - n_right - 1, n_active - n_right, chance[:, None])  # P(own >= c)
    least = np.append(own, 0) ** n_active  # P(all own >= c)
    beaten = np.append(0, other[:-1]) ** (size - n_active)  # P(all others < c)
    return float(np.sum((least[:-1] - least[1:]) * beaten))


def capacity(
    size: int,
    n_active: int,
    n_right: int,
    right_share: Callable[..., float] = faultless_share,
    least: float = 0.99,
    **options: bool,
) -> int:
    """Return the largest number of random pairs of which a share `least` is recalled faultlessly.

    Args:
        size, n_active, n_right: as in `faultless_share`.
        right_share: `faultless_share` or `winners_share`.
        least: share of faultless answers.
        options: passed to `right_share`.
    """
    low, high = 0, int(100 * (size / n_active) ** 2)  # more leave no connection off
    while high - low > 1:
        middle = (low + high) // 2
        is_enough = right_share(size, n_active, middle, n_right, **options) >= least
        low, high = (middle, high) if is_enough else (low, middle)
    return low


def predict_counted(
    cosines: np.ndarray, right: np.ndarray, targets: np.ndarray, size: int, rng: np.random.Generator
) -> float:
    """Predict from cosines alone which share of queries a matrix of counted connections answers.

    Query and cue share a binomial number of units with the mean that their cosine says. Each
    target's units are driven by what its cue shares with the query, the a units with the largest
    input fire, and the target that has most of them is recalled.

    Args:
        cosines: of queries and stored cues, (Q, N).
        right: place of the pair that is asked for, (Q,).
        targets: their codes, (N, a); random ones tell what follows from the cues alone.
        size: n.
        rng: draws the numbers of shared units.
    """
    n_active = targets.shape[1]
    grid = np.linspace(-1, 1, N_GRID)
    mean = np.interp(cosines, grid, expected_overlap(grid, size, n_active))
    shared = rng.binomial(n_active, np.clip(mean / n_active, 0, 1))
    rows = code_matrix(targets, size)
    fired = winners(weigh_targets(shared.astype(np.float32), rows), n_active)
    return float(np.mean(shared_units(fired, rows).argmax(1) == right))


def _loads(n_pairs: float, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Return in how many pairs' targets a unit may be, and how likely each number is."""
    mean = n_pairs * share
    low, high = poisson.ppf(TAIL, mean), poisson.isf(TAIL, mean)
    pairs = np.arange(max(low, 0), high + 1)
    spread = math.sqrt(mean * (1 - share))
    odds = poisson.pmf(pairs, mean) if spread < 1 else binom.pmf(pairs, round(n_pairs), share)
    return pairs, odds / odds.sum()


def _wired(pairs: np.ndarray, share: float) -> np.ndarray:
    """Return how likely a unit in so many targets is wired to a given unit."""
    return -np.expm1(pairs * math.log1p(-share))
