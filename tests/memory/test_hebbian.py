"""Hebbian matrices of codes against dense ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from hsokv.memory import hebbian
from hsokv.memory.hebbian import (
    BitMatrix,
    code_matrix,
    counted_drive,
    draw_codes,
    shared_units,
    winners,
)

SIZES = st.sampled_from([2, 7, 63, 64, 65, 100, 128, 130])


def codes_of(data, size, n, n_active):
    """Any codes, ascending."""
    unit = st.lists(st.integers(0, size - 1), min_size=n_active, max_size=n_active, unique=True)
    rows = data.draw(st.lists(unit.map(sorted), min_size=n, max_size=n))
    return np.array(rows, np.int32).reshape(n, n_active)


@settings(max_examples=80, deadline=None)
@given(SIZES, st.integers(0, 6), st.integers(1, 2), st.integers(1, 2), st.data())
def test_bits_are_a_dense_matrix(size, n, n_cue, n_target, data):
    """Of any size, for codes of any lengths: the same connections, reads, counts and fill."""
    cues, targets = codes_of(data, size, n, n_cue), codes_of(data, size, n, n_target)
    matrix, dense = BitMatrix(size), np.zeros((size, size), bool)
    matrix.add(cues, targets)
    for cue, target in zip(cues, targets):
        dense[np.ix_(cue, target)] = True
    assert matrix.fill == pytest.approx(dense.mean())
    for units in (*cues, *codes_of(data, size, 2, 2), np.arange(size)):
        assert matrix.read_all(units).tolist() == np.flatnonzero(dense[units].all(0)).tolist()
        assert matrix.count(units).tolist() == dense[units].sum(0).tolist()


def test_pairs_join_those_before(monkeypatch):
    """One at a time, in parts and at once, and twice the same: one matrix."""
    rng = np.random.default_rng(0)
    cues, targets = draw_codes(rng, 50, 200, 8), draw_codes(rng, 50, 200, 8)
    whole, single, parts = BitMatrix(200), BitMatrix(200), BitMatrix(200)
    whole.add(cues, targets)
    for i in [*range(50), 3]:
        single.add(cues[i : i + 1], targets[i : i + 1])
    monkeypatch.setattr(hebbian, "PART", 7)
    parts.add(cues, targets)
    assert 0 < whole.fill < 1
    for other in (single, parts):
        np.testing.assert_array_equal(whole.bits, other.bits)


def test_size_of_the_matrix():
    """A bit a connection, in rows of whole words; nothing is wired yet."""
    assert BitMatrix(16_384).n_bytes == 16_384**2 // 8 == 33_554_432
    assert BitMatrix(65).n_bytes == 65 * 16
    assert BitMatrix(65).fill == 0
    assert BitMatrix(65).read_all(np.array([0, 64])).tolist() == []


def test_a_full_matrix():
    """All units to all: the fill is one, and reads end at the last unit."""
    matrix, every = BitMatrix(70), np.arange(70)[None]
    matrix.add(every, every)
    assert matrix.fill == 1
    assert matrix.read_all(np.array([3, 69])).tolist() == list(range(70))
    assert matrix.count(np.array([3, 69])).tolist() == [2] * 70


def test_few_pairs_are_read_faultlessly():
    """A target is wired to all of its cue, and to a part of it."""
    rng = np.random.default_rng(0)
    cues, targets = draw_codes(rng, 300, 1024, 16), draw_codes(rng, 300, 1024, 16)
    matrix = BitMatrix(1024)
    matrix.add(cues, targets)
    for cue, target in zip(cues, targets):
        np.testing.assert_array_equal(matrix.read_all(cue), target)
        assert set(target) <= set(matrix.read_all(cue[:5]))
        assert (matrix.count(cue)[target] == 16).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 3), min_size=5, max_size=5), min_size=1), st.integers(1, 5))
def test_winners(drive, n_active):
    """The largest, of equal ones the first, ascending; dense or sparse."""
    plain = [sorted(sorted(range(5), key=lambda u: (-row[u], u))[:n_active]) for row in drive]
    for inputs in (np.array(drive), np.array(drive, np.float32), csr_array(np.array(drive))):
        found = winners(inputs, n_active)
        assert found.tolist() == plain and found.dtype == np.int32


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 20), st.integers(4, 80), st.integers(1, 4), st.integers(0, 9))
def test_drawn_codes(n, size, n_active, seed):
    """Ascending, each unit once in a code; the same from the same generator."""
    found, again = (draw_codes(np.random.default_rng(seed), n, size, n_active) for _ in "ab")
    assert found.shape == (n, n_active) and (np.diff(found, axis=1) > 0).all()
    assert not n or (found.min() >= 0 and found.max() < size)
    np.testing.assert_array_equal(found, again)


def test_drawn_codes_take_every_unit_as_often():
    """Each unit is in a share a/n of codes, within five deviations."""
    found = draw_codes(np.random.default_rng(0), 20_000, 40, 4)
    counts = np.bincount(found.ravel(), minlength=40)
    assert abs(counts - 2000).max() < 5 * (20_000 * 0.1 * 0.9) ** 0.5


def test_codes_as_rows():
    """Zeros and ones, and how many of them two codes share."""
    codes = np.array([[0, 2], [1, 2], [3, 4]])
    rows = code_matrix(codes, 6)
    assert rows.toarray().tolist() == [[1, 0, 1, 0, 0, 0], [0, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 0]]
    assert shared_units(np.array([[0, 2], [2, 5]]), rows).tolist() == [[2, 1, 0], [1, 1, 0]]
    drive = counted_drive(np.array([[0, 2]]), rows, code_matrix(codes[::-1], 6))
    assert drive.tolist() == [[0, 1, 1, 2, 2, 0]]
