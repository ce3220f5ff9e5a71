"""Sparse codes: which units fire, how many two codes share, and how evenly they take part."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsokv.memory import codes
from hsokv.memory.codes import SparseCoder, overlap
from hsokv.memory.hopfield import normalise
from hsokv.memory.theory import expected_overlap
from tests.memory.vectors import WIDTH, directions, orthogonal


def coder(**settings):
    """A small one."""
    return SparseCoder(**({"width": WIDTH, "size": 1024, "n_active": 16} | settings))


def at_cosine(cosine, n, width, seed):
    """Pairs of unit vectors with one cosine."""
    one, other = directions(n, width, seed), directions(n, width, seed + 50)
    across = normalise(other - (one * other).sum(1, keepdims=True) * one)
    return one, cosine * one + (1 - cosine**2) ** 0.5 * across


def firing(even, width, n=4000):
    """How often each unit fires for random vectors."""
    made = SparseCoder(width, 1024, 16, even=even).encode(directions(n, width, seed=3))
    return np.bincount(made.ravel(), minlength=1024)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(2, 300), st.integers(0, 99), st.data())
def test_codes_are_the_most_active_units(width, size, seed, data):
    """Ascending, each unit once, and none that stays has more input than one that fires."""
    n_active = data.draw(st.integers(1, size - 1))
    made = SparseCoder(width, size, n_active, seed)
    vectors = directions(5, width, seed)
    found = made.encode(vectors)
    assert found.shape == (5, n_active) and found.dtype == np.int32
    assert (np.diff(found, axis=1) > 0).all() and found.min() >= 0 and found.max() < size
    inputs = vectors @ made._projection
    fires = np.zeros(inputs.shape, bool)
    np.put_along_axis(fires, found, True, 1)
    least = np.where(fires, inputs, np.inf).min(1)
    assert (np.where(fires, -np.inf, inputs).max(1) <= least + 1e-5).all()


def test_a_seed_decides():
    """The same codes again, from another coder; others from another seed, width or size."""
    vectors = directions(20)
    np.testing.assert_array_equal(coder().encode(vectors), coder().encode(vectors))
    shared = overlap(coder().encode(vectors), coder(seed=1).encode(vectors))
    assert shared.mean() < 2
    np.testing.assert_array_equal(overlap(coder().encode(vectors), coder().encode(vectors)), 16)


@pytest.mark.parametrize("factor", [0.25, 3.3, 1e6])
def test_length_does_not_matter(factor):
    """Only the direction of a vector decides."""
    vectors = directions(200)
    shared = overlap(coder().encode(vectors), coder().encode(vectors * factor))
    assert shared.mean() > 15.99 and shared.min() >= 15  # rounding may turn two nearly equal inputs


def test_many_are_coded_as_few(monkeypatch):
    """The size of the parts in which vectors are projected does not show; no vectors, no codes."""
    vectors = directions(50)
    whole = coder().encode(vectors)
    monkeypatch.setattr(codes, "PART", 7)
    parts = coder().encode(vectors)
    assert overlap(whole, parts).mean() > 15.9 and parts.shape == whole.shape
    assert coder().encode(vectors[:0]).shape == (0, 16)


def test_overlap():
    """By hand, row by row."""
    one, other = np.array([[0, 1, 2], [3, 4, 5]]), np.array([[1, 2, 9], [0, 1, 2]])
    assert overlap(one, other).tolist() == [2, 0]
    assert overlap(one, one).tolist() == [3, 3]


@pytest.mark.parametrize("width", [32, 384])
def test_overlap_falls_with_the_cosine(width):
    """From all units to chance, and as theory says on average over projections."""
    cosines = [1.0, 0.95, 0.9, 0.8, 0.5, 0.0, -0.5]
    measured = []
    for cosine in cosines:
        shared = []
        for seed in range(4):
            made = coder(seed=seed, width=width)
            pairs = at_cosine(cosine, 300, width, seed)
            shared.append(overlap(*(made.encode(side) for side in pairs)).mean())
        measured.append(np.mean(shared))
    assert (np.diff(measured) < 0).all()
    tolerance = 0.25 if width > 100 else 0.6  # inputs are nearer to normal the more numbers add up
    np.testing.assert_allclose(measured, expected_overlap(cosines, 1024, 16), atol=tolerance)


def test_even_weights_let_units_fire_evenly():
    """How often units fire varies more among weights as drawn than by chance and even ones do."""
    even, drawn = firing(True, 384), firing(False, 384)
    assert even.sum() == drawn.sum() == 4000 * 16
    assert even.std() < 0.8 * drawn.std()
    assert even.std() < 1.3 * even.mean() ** 0.5  # what chance alone makes
    assert firing(True, WIDTH).std() < 0.5 * firing(False, WIDTH).std()


def test_units_at_right_angles():
    """Vectors that are unlike share few units."""
    made = coder().encode(orthogonal())
    pairs = [overlap(made[:1], made[i : i + 1])[0] for i in range(1, WIDTH)]
    assert max(pairs) <= 4 and np.mean(pairs) < 1


@pytest.mark.parametrize(
    "changes, error",
    [
        ({"width": 0}, ValueError),
        ({"size": 1}, ValueError),
        ({"n_active": 0}, ValueError),
        ({"n_active": 1024}, ValueError),
        ({"seed": -1}, ValueError),
        ({"width": 2.0}, TypeError),
        ({"n_active": True}, TypeError),
        ({"seed": "0"}, TypeError),
    ],
)
def test_sizes_out_of_range(changes, error):
    """The message names the setting, its value and what is expected."""
    with pytest.raises(error, match=f"{next(iter(changes))}=.*(expected|need)"):
        coder(**changes)
