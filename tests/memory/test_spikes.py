"""Spike trains: what their rates encode, and how nearly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hsokv.memory.spikes import KINDS, decode_spikes, encode_spikes
from tests.memory.vectors import directions

VECTORS = directions(20, 16)
LARGEST = np.abs(VECTORS).max(axis=1, keepdims=True)


def error(n_steps, kind, seed=0):
    """The mean distance of what is decoded from what was encoded."""
    found = decode_spikes(encode_spikes(VECTORS, n_steps, kind, seed))
    return np.abs(found - VECTORS / LARGEST).mean()


@settings(max_examples=60, deadline=None)
@given(
    arrays(float, (3, 4), elements=st.floats(-1e6, 1e6, allow_subnormal=False)), st.integers(1, 60)
)
def test_integrated_spikes_are_within_one_of_their_sum(vectors, n_steps):
    """No number is further off than one spike; the largest fires at every step."""
    spikes = encode_spikes(vectors, n_steps)
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    wanted = vectors / np.where(largest > 0, largest, 1)
    assert spikes.shape == (3, n_steps, 8) and spikes.dtype == bool
    found = decode_spikes(spikes)
    assert np.abs(found - wanted).max() < 1 / n_steps + 1e-6
    assert (np.abs(found).max(axis=1) == (largest[:, 0] > 0)).all()


def test_more_steps_are_nearer():
    """Both kinds approach the vector, and integrating does so sooner."""
    for kind in KINDS:
        errors = [error(n_steps, kind) for n_steps in (10, 100, 1000)]
        assert errors[0] > 2 * errors[1] > 4 * errors[2]
    for n_steps in (10, 100, 1000):
        assert error(n_steps, "integrate") < 0.6 * error(n_steps, "poisson")
    assert error(1000, "integrate") < 0.001 and error(1000, "poisson") < 0.02


def test_by_hand():
    """Half the largest fires at every other step, on the side of its sign."""
    spikes = encode_spikes(np.array([[2.0, -1.0, 0.0]]), 4)[0]
    assert spikes.T.tolist() == [
        [True] * 4, [False] * 4, [False] * 4, [False] * 4, [False, True] * 2, [False] * 4,
    ]  # fmt: skip
    assert decode_spikes(spikes[None]).tolist() == [[1.0, -0.5, 0.0]]


def test_chance_fires_at_the_rate():
    """Counts of spikes are binomial: mean and variance within a twentieth; a seed decides."""
    vectors = np.tile([[1.0, 0.3]], (4000, 1))
    counts = encode_spikes(vectors, 50, "poisson")[:, :, 1].sum(axis=1)
    assert counts.mean() == pytest.approx(15, rel=0.02)
    assert counts.var() == pytest.approx(50 * 0.3 * 0.7, rel=0.1)
    assert counts.tolist() == encode_spikes(vectors, 50, "poisson")[:, :, 1].sum(axis=1).tolist()
    other = encode_spikes(vectors, 50, "poisson", seed=1)[:, :, 1].sum(axis=1)
    assert (counts != other).mean() > 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_zeros(kind):
    """A vector of zeros is silent; no vectors are no spikes; one sign alone fires."""
    assert not encode_spikes(np.zeros((2, 3)), 9, kind).any()
    assert encode_spikes(np.zeros((0, 3)), 9, kind).shape == (0, 9, 6)
    spikes = encode_spikes(VECTORS, 200, kind)
    assert not (spikes[..., :16].any(axis=1) & spikes[..., 16:].any(axis=1)).any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [1e300, 1e-300, 1e-310])
def test_length_does_not_matter(kind, length):
    """Vectors of any length encode their direction; of the least, what their digits still tell."""
    found = decode_spikes(encode_spikes(np.array([[1.0, -0.5, 0.0]]) * length, 4000, kind))
    np.testing.assert_allclose(found, [[1, -0.5, 0]], atol=0.05)


@pytest.mark.parametrize(
    "changes, expected, message",
    [
        ({"vectors": [1.0, 2.0]}, ValueError, r"vectors has shape \(2,\): expected a table"),
        ({"vectors": [[np.nan]]}, ValueError, "vectors holds 1 values that are not finite"),
        ({"vectors": [["a"]]}, TypeError, "vectors=.*: expected numbers"),
        ({"n_steps": 0}, ValueError, "n_steps=0: expected at least 1"),
        ({"n_steps": 2.0}, TypeError, "n_steps=2.0 is a float: need int"),
        ({"kind": "poison"}, ValueError, "unknown kind of spikes 'poison': did you mean 'poisson'"),
        ({"seed": -1, "kind": "poisson"}, ValueError, "seed=-1: expected at least 0"),
    ],
)
def test_bad_input(changes, expected, message):
    """Each is refused by what was expected."""
    with pytest.raises(expected, match=message):
        encode_spikes(**({"vectors": VECTORS, "n_steps": 3} | changes))


@pytest.mark.parametrize("spikes", [np.zeros((1, 2, 3), bool), np.zeros((1, 0, 4), bool)])
@pytest.mark.filterwarnings("error")
def test_trains_that_encode_nothing(spikes):
    """An odd number of neurons, or no step, is refused."""
    with pytest.raises(ValueError, match="expected"):
        decode_spikes(spikes)
