"""Theory against simulation for short codes, and against the numbers that Palm's theory gives."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from hsokv.memory.hebbian import (
    BitMatrix,
    code_matrix,
    counted_drive,
    draw_codes,
    shared_units,
    winners,
)
from hsokv.memory.theory import (
    capacity,
    expected_overlap,
    faultless_share,
    predict_counted,
    winners_share,
)

SIZE, ACTIVE = 1024, 16


def simulate(n_pairs, n_right, read, n_runs):
    """The measured share of faultless reads, and how many there were."""
    n_hits = 0
    for seed in range(n_runs):
        rng = np.random.default_rng(seed)
        cues, targets = (draw_codes(rng, n_pairs, SIZE, ACTIVE) for _ in "ct")
        matrix = BitMatrix(SIZE)
        matrix.add(cues, targets)
        for cue, target in zip(cues, targets):
            n_hits += np.array_equal(read(matrix, rng.permutation(cue)[:n_right], cue, rng), target)
    return n_hits / (n_pairs * n_runs), n_pairs * n_runs


def all_of(matrix, right, cue, rng):
    """The units to which every right unit is wired."""
    return matrix.read_all(right)


def most_of(matrix, right, cue, rng):
    """The winners, of a cue whose other units are wrong."""
    wrong = rng.choice(np.setdiff1d(np.arange(SIZE), cue), ACTIVE - len(right), replace=False)
    return winners(matrix.count(np.append(right, wrong))[None], ACTIVE)[0]


@pytest.mark.parametrize("n_right, n_runs", [(16, 2), (8, 4)])
@pytest.mark.parametrize("least", [0.99, 0.9])
def test_faultless_reads_at_capacity(n_right, n_runs, least):
    """At the predicted number of pairs the predicted share is read without a fault."""
    n_pairs = capacity(SIZE, ACTIVE, n_right, least=least)
    measured, n = simulate(n_pairs, n_right, all_of, n_runs)
    # Five deviations of independent reads; one false unit's load is shared by the reads of a run.
    assert measured == pytest.approx(least, abs=5 * (least * (1 - least) / n) ** 0.5 + 0.002)


@pytest.mark.parametrize("n_right, n_runs, slack", [(16, 1, 0.002), (8, 15, 0.005)])
def test_winners_at_capacity(n_right, n_runs, slack):
    """The same where the most driven units fire and the rest of the cue is wrong."""
    n_pairs = capacity(SIZE, ACTIVE, n_right, winners_share)
    measured, n = simulate(n_pairs, n_right, most_of, n_runs)
    assert measured == pytest.approx(0.99, abs=5 * (0.99 * 0.01 / n) ** 0.5 + slack)


def test_winners_by_drawing_what_is_assumed():
    """Loads and counts of units, drawn one by one, give the share that is computed."""
    rng, n_right, share = np.random.default_rng(0), 8, ACTIVE / SIZE
    for n_pairs in (329, 600):
        loads = rng.binomial(n_pairs, share, size=(2000, SIZE))
        chance = 1 - (1 - share) ** loads
        own = n_right + rng.binomial(ACTIVE - n_right, chance[:, :ACTIVE])
        others = rng.binomial(ACTIVE, chance[:, ACTIVE:])
        right = own.min(axis=1) > others.max(axis=1)
        expected = winners_share(SIZE, ACTIVE, n_pairs, n_right)
        assert expected == pytest.approx(right.mean(), abs=5 * (0.25 / 2000) ** 0.5)
        assert 0.1 < expected < 0.95


def test_a_whole_cue_is_read_alike_by_both():
    """Where all units of a cue are right, winners are the units to which all are wired."""
    for least in (0.5, 0.99):
        winning = capacity(SIZE, ACTIVE, ACTIVE, winners_share, least)
        assert winning == pytest.approx(capacity(SIZE, ACTIVE, ACTIVE, least=least), rel=0.01)


def test_palms_numbers():
    """16,384 units of which 50 fire; units that take part unevenly cost some pairs."""
    assert capacity(16_384, 50, 50, even=True) == pytest.approx(149_387, abs=100)
    assert capacity(16_384, 50, 25, even=True) == pytest.approx(89_200, abs=100)
    by_hand = 1 - (1 - (50 / 16_384) ** 2) ** 149_387  # the share of connections that are on
    assert faultless_share(16_384, 50, 149_387, 50, even=True) == pytest.approx(
        np.exp(-(16_384 - 50) * by_hand**50)
    )
    for n_right in (25, 50):
        uneven = capacity(16_384, 50, n_right)
        assert 0.9 < uneven / capacity(16_384, 50, n_right, even=True) < 1


def test_the_share_of_connections_that_are_on():
    """As many as a matrix holds after so many random pairs."""
    rng = np.random.default_rng(0)
    matrix = BitMatrix(SIZE)
    matrix.add(*(draw_codes(rng, 2000, SIZE, ACTIVE) for _ in "ct"))
    for n_right in (1, 2):
        expected = (1 - (1 - (ACTIVE / SIZE) ** 2) ** 2000) ** n_right
        share = -np.log(faultless_share(SIZE, ACTIVE, 2000, n_right, even=True)) / (SIZE - ACTIVE)
        assert share == pytest.approx(expected)
    assert matrix.fill == pytest.approx(1 - (1 - (ACTIVE / SIZE) ** 2) ** 2000, rel=0.01)


@pytest.mark.parametrize("share", [faultless_share, winners_share])
def test_shares_fall_with_pairs_and_rise_with_the_cue(share):
    """One without pairs, zero with too many; a cue with more right units reads more."""
    pairs = [0, 1, 100, 500, 1000, 2000, 4000, 20_000]
    falling = [share(SIZE, ACTIVE, n, 8) for n in pairs]
    assert falling[0] == pytest.approx(1, abs=1e-9) and falling[-1] < 1e-6
    assert (np.diff(falling) <= 1e-12).all()
    rising = [share(SIZE, ACTIVE, 1500, n_right) for n_right in range(1, 17)]
    assert (np.diff(rising) >= -1e-9).all() and rising[-1] > 0.99 > rising[0]


@pytest.mark.parametrize("share", [faultless_share, winners_share])
@pytest.mark.parametrize("least", [0.5, 0.99, 0.9999])
def test_capacity_is_the_largest(share, least):
    """One more pair is one too many."""
    n = capacity(SIZE, ACTIVE, 12, share, least)
    assert share(SIZE, ACTIVE, n, 12) >= least > share(SIZE, ACTIVE, n + 1, 12)


def test_expected_overlap_is_a_probability_of_two_normals():
    """SciPy's bivariate normal distribution says the same; the ends are all units and chance."""
    bound = norm.isf(ACTIVE / SIZE)
    for cosine in (-0.5, 0.0, 0.3, 0.8, 0.99):
        joint = multivariate_normal(cov=[[1, cosine], [cosine, 1]])
        assert expected_overlap(cosine, SIZE, ACTIVE) == pytest.approx(
            SIZE * joint.cdf([-bound, -bound]), rel=1e-3
        )
    ends = expected_overlap(np.array([[1, 0, -1]]), SIZE, ACTIVE)
    assert ends[0] == pytest.approx([ACTIVE, ACTIVE**2 / SIZE, 0], abs=0.01)


def test_counted_connections_are_predicted():
    """From cosines alone: the share of queries answered, where codes are drawn to have them."""
    rng = np.random.default_rng(0)
    n = 400
    cues, targets = (draw_codes(rng, n, SIZE, ACTIVE) for _ in "ct")
    rows = code_matrix(targets, SIZE)
    shares = []
    for cosine in (0.3, 0.5, 0.8):
        n_right = rng.binomial(ACTIVE, expected_overlap(cosine, SIZE, ACTIVE) / ACTIVE, size=n)
        queries = np.array(
            [
                np.append(
                    rng.permutation(cue)[:k],
                    rng.choice(np.setdiff1d(np.arange(SIZE), cue), ACTIVE - k, replace=False),
                )
                for cue, k in zip(cues, n_right)
            ]
        )
        fired = winners(counted_drive(queries, code_matrix(cues, SIZE), rows), ACTIVE)
        measured = (shared_units(fired, rows).argmax(1) == np.arange(n)).mean()
        cosines = np.where(np.eye(n, dtype=bool), cosine, 0.0)
        predicted = np.mean(
            [
                predict_counted(cosines, np.arange(n), targets, SIZE, np.random.default_rng(seed))
                for seed in range(5)
            ]
        )
        assert predicted == pytest.approx(measured, abs=3.5 * (0.25 / n) ** 0.5)
        shares.append(measured)
    assert shares[0] < 0.5 < shares[-1]  # neither all right nor all wrong
