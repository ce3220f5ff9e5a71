"""The three searches against comparing all, and what is kept of vectors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsokv.memory.search import FILTERED, SEARCHES, Index
from tests.memory.vectors import WIDTH, directions, near
from tests.missing import hide_package


def filled(search, vectors):
    """An index of vectors."""
    index = Index(vectors.shape[1], search)
    index.add(vectors)
    return index


def best(vectors, queries, k):
    """Cosines and places by comparing all."""
    cosines = queries @ vectors.T
    places = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(cosines, places, 1), places


@pytest.mark.parametrize("k", [1, 10, 300])
@pytest.mark.parametrize("search", SEARCHES)
def test_few_vectors_are_compared_all(search, k):
    """While no vector is filtered out, every search finds the most similar of what is kept."""
    vectors, queries = directions(300), directions(20, seed=1)
    index = filled(search, vectors)
    cosines, places = index.find(queries, k)
    wanted, _ = best(index.get(np.arange(300)), queries, k)
    np.testing.assert_allclose(cosines, wanted, atol=1e-5)
    again = (index.get(places.ravel()).reshape(*places.shape, -1) @ queries[..., None])[..., 0]
    np.testing.assert_allclose(cosines, again, atol=1e-5)
    assert all(len(set(row)) == k for row in places.tolist())


def test_flat_is_exact():
    """The same places as comparing all."""
    vectors, queries = directions(3000), directions(20, seed=1)
    _, places = filled("flat", vectors).find(queries, 5)
    np.testing.assert_array_equal(places, best(vectors, queries, 5)[1])


@pytest.mark.parametrize("width", [8, 32, 384])
def test_quantised_is_close(width):
    """Cosines to within a hundredth, and nearly always the same place of vectors apart."""
    vectors = directions(2000, width)
    queries = near(vectors[:200], 0.3)
    index = filled("quantised", vectors)
    cosines, places = index.find(queries, 1)
    exact, right = best(vectors, queries, 1)
    assert np.abs(cosines - exact).max() < 0.015
    assert (places == right).mean() > 0.98


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("width", [8, 64, 384])
def test_numbers_within_the_span_are_kept(search, width):
    """A vector of few numbers, none beyond what the index says it keeps."""
    index = Index(width, search)
    vectors = np.zeros((2, width), np.float32)
    vectors[0, :2] = index.span, -index.span
    vectors[1, 3] = -index.span / 2
    index.add(vectors)
    np.testing.assert_allclose(index.get(np.arange(2)), vectors, atol=0.02)


def test_binary_filters_by_signs_and_ranks_by_floats():
    """Of many vectors it finds nearly all that a flat search does, with the same cosines."""
    vectors = directions(20 * FILTERED, 128)
    queries = near(vectors[:100], 0.5)
    flat, binary = (filled(search, vectors).find(queries, 1) for search in ("flat", "binary"))
    found = flat[1] == binary[1]
    assert found.mean() > 0.99
    np.testing.assert_allclose(flat[0][found], binary[0][found], atol=1e-6)
    wide = filled("binary", vectors).find(queries, 10)
    assert (np.diff(wide[0], axis=1) <= 0).all()


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(SEARCHES),
    st.lists(st.one_of(st.integers(1, 9), st.sets(st.integers(0, 9), max_size=4)), max_size=8),
)
def test_order_is_kept(search, steps):
    """After any adding and removing, vectors stand in the order in which they were added."""
    pool, index, kept, used = directions(100), Index(WIDTH, search), [], 0
    rounded = index.round(pool)
    for step in steps:
        if isinstance(step, int):
            index.add(pool[used : used + step])
            kept += range(used, used + step)
            used += step
        else:
            gone = sorted(place for place in step if place < len(kept))
            index.remove(np.array(gone, int))
            kept = [number for place, number in enumerate(kept) if place not in gone]
        assert len(index) == len(kept)
    np.testing.assert_array_equal(index.get(np.arange(len(kept))), rounded[kept])
    if kept:
        _, places = index.find(pool[kept], 1)
        assert places.ravel().tolist() == list(range(len(kept)))


@pytest.mark.parametrize("search", SEARCHES)
def test_what_is_kept_stays(search):
    """Rounding gives what is kept, and rounding that changes nothing."""
    vectors = directions(200, 48)
    index = filled(search, vectors)
    kept = index.round(vectors)
    np.testing.assert_array_equal(kept, index.get(np.arange(200)))
    np.testing.assert_array_equal(kept, index.round(kept))
    assert (kept == vectors).all() == (search != "quantised")
    assert index.get(np.array([], int)).shape == (0, 48)
    np.testing.assert_array_equal(index.get(np.array([7, 3])), kept[[7, 3]])


def test_bytes():
    """Floats take four bytes a number, rounded ones one, signs an eighth, filled up to 64 bits."""
    vectors = directions(10, 48)
    sizes = {search: filled(search, vectors).n_bytes for search in SEARCHES}
    each = {"flat": 48 * 4, "bounded": 48 * 5, "quantised": 48, "binary": 48 * 4 + 8}
    assert sizes == {search: 10 * size for search, size in each.items()}


@pytest.mark.parametrize("search", SEARCHES)
def test_more_than_there_are(search):
    """As many answers as vectors."""
    cosines, places = filled(search, directions(3)).find(directions(2, seed=1), 10)
    assert cosines.shape == places.shape == (2, 3)
    assert (np.sort(places, axis=1) == [0, 1, 2]).all()


def test_a_width_of_numpy():
    """NumPy's whole numbers are widths, too."""
    assert len(filled("flat", directions(3)).find(directions(1), 1)) == 2
    assert Index(np.int64(WIDTH)).round(directions(2)).shape == (2, WIDTH)


def test_an_unknown_search():
    """The nearest name is given."""
    with pytest.raises(ValueError, match="unknown search 'flatt': did you mean 'flat'"):
        Index(WIDTH, "flatt")


def test_without_faiss(monkeypatch):
    """The error says what to install."""
    hide_package(monkeypatch, "faiss")
    with pytest.raises(ModuleNotFoundError, match=r"needs the package faiss-cpu: run pip install"):
        Index(WIDTH)


@pytest.mark.parametrize("kind", ["even", "one large number", "all alike"])
def test_bounded_is_exact(kind):
    """The cosines of comparing all, also where 8 bits cannot hold a number, or tell vectors apart.

    A vector of one large number is far from its 8 bits, so that all have to be compared.
    """
    vectors = directions(3000, 384)
    if kind == "one large number":
        vectors[7] = np.eye(384)[0]
    elif kind == "all alike":
        vectors[10:] = near(np.repeat(vectors[:1], 2990, axis=0), 1e-3)
    queries = np.concatenate([near(vectors[:10], 0.8), vectors[5:15]])
    cosines, places = filled("bounded", vectors).find(queries, 20)
    wanted, _ = best(vectors, queries, 20)
    np.testing.assert_allclose(cosines, wanted, atol=1e-5)
    assert all(len(set(row)) == 20 for row in places.tolist())


def test_more_pass_and_more_are_found():
    """The number of vectors that pass a comparison of signs can be given; equal ones by place."""
    vectors = directions(4000, 64)
    vectors[2000:] = vectors[:2000]
    queries = near(vectors[:50], 1.0)
    index = filled("binary", vectors)
    right = [set(row) for row in best(vectors, queries, 20)[1].tolist()]
    shares = [np.mean([len(set(row) & found) / 20 for row, found in
                       zip(index.find(queries, 20, n)[1].tolist(), right)])
              for n in (20, 200, 4000)]  # fmt: skip
    assert shares[0] < shares[1] < shares[2] and shares[2] > 0.95
    _, places = index.find(vectors[:30], 2)
    assert places.tolist() == [[i, i + 2000] for i in range(30)]


def test_floats_are_read_only():
    """They lie where they are stored, in order, and cannot be written to; room is no vector."""
    vectors = directions(10)
    index = filled("flat", vectors)
    index.add(vectors[:3])
    index.remove(np.array([1]))
    np.testing.assert_array_equal(index.floats, np.delete(np.r_[vectors, vectors[:3]], 1, axis=0))
    with pytest.raises(ValueError, match="read-only"):
        index.floats[0] = 0
