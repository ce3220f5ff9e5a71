"""Read-outs against plain computations, attention, and the matrices that they stand for."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from scipy.special import softmax
from torch.nn.functional import scaled_dot_product_attention

from hsokv.memory.hebbian import BitMatrix, code_matrix, counted_drive, draw_codes
from hsokv.memory.hopfield import SEPARATIONS, SIMILARITIES, normalise, read, settle
from tests.memory.vectors import directions, near

SCORES = st.lists(st.floats(-5, 5), min_size=1, max_size=6)
DENSE = 256  # units of the codes here


def drawn(*shape, seed=0):
    """Numbers of a normal distribution, float64."""
    return np.random.default_rng(seed).standard_normal(shape)


def dense(codes):
    """Codes as rows of zeros and ones."""
    return code_matrix(codes, DENSE).toarray()


@pytest.mark.parametrize(
    "name, plain",
    [
        ("dot", lambda q, p: [[sum(a * b for a, b in zip(x, y)) for y in p] for x in q]),
        ("cosine", lambda q, p: 1 - cdist(q, p, "cosine")),
        ("euclidean", lambda q, p: -cdist(q, p)),
        ("manhattan", lambda q, p: -cdist(q, p, "cityblock")),
    ],
)
def test_similarities(name, plain):
    """Each is the plain one; no other pair is more alike than a pattern and itself."""
    queries, patterns = drawn(7, 5), drawn(9, 5, seed=1)
    np.testing.assert_allclose(SIMILARITIES[name](queries, patterns), plain(queries, patterns))
    if name != "dot":
        itself = SIMILARITIES[name](patterns, patterns)
        assert (itself.argmax(1) == np.arange(9)).all()
        assert np.diag(itself) == pytest.approx(1 if name == "cosine" else 0, abs=1e-6)


@given(SCORES, st.floats(0.1, 50))
def test_softmax(scores, sharpness):
    """It is SciPy's, of scores times sharpness."""
    scores = np.array([scores])
    found = SEPARATIONS["softmax"](scores, sharpness)
    np.testing.assert_allclose(found, softmax(sharpness * scores, axis=1), atol=1e-12)


@settings(deadline=None)
@given(SCORES, st.floats(0.1, 50))
def test_sparsemax_is_a_projection(scores, sharpness):
    """Shares, and by the condition for the nearest of all shares, no others are nearer."""
    scaled = sharpness * np.array(scores)
    (found,) = SEPARATIONS["sparsemax"](np.array([scores]), sharpness)
    assert found.min() >= 0 and found.sum() == pytest.approx(1)
    corners = np.eye(len(scores))  # y is the nearest point if (x - y)(z - y) <= 0 at all corners z
    assert ((corners - found) @ (scaled - found)).max() <= 1e-6


def test_sparsemax_against_a_solver():
    """SciPy finds the same point; some of its shares are zero."""
    for scaled in drawn(5, 4) * 2:
        shares = {"type": "eq", "fun": lambda x: x.sum() - 1}
        solved = minimize(
            lambda x, aim=scaled: ((x - aim) ** 2).sum(), np.full(4, 0.25),
            bounds=[(0, 1)] * 4, constraints=shares, options={"ftol": 1e-12},
        )  # fmt: skip
        (found,) = SEPARATIONS["sparsemax"](scaled[None] / 3, 3.0)
        np.testing.assert_allclose(found, solved.x, atol=1e-4)
        assert (found == 0).any()


def test_nearest_threshold_and_identity():
    """One for the best, the first of equal ones; one for all that reach the bound; as they are."""
    scores = np.array([[0.1, 0.5, 0.5], [0.9, 0.2, 0.4]])
    assert SEPARATIONS["nearest"](scores, 1.0).tolist() == [[0, 1, 0], [1, 0, 0]]
    assert SEPARATIONS["threshold"](scores, 0.5).tolist() == [[0, 1, 1], [1, 0, 0]]
    assert SEPARATIONS["identity"](scores, 7.0).tolist() == scores.tolist()


@pytest.mark.parametrize("sharpness", [0.5, 8.0])
def test_settling_is_attention(sharpness):
    """One step is PyTorch's attention over the patterns, at unit length; three are three of it."""
    queries, patterns = directions(6).astype(float), directions(11, seed=1).astype(float)
    keys, state = torch.from_numpy(patterns), torch.from_numpy(queries)
    for n_steps in (1, 2, 3):
        state = scaled_dot_product_attention(state, keys, keys, scale=sharpness)
        state = state / state.norm(dim=1, keepdim=True)
        found = settle(queries, patterns, n_steps, sharpness=sharpness)
        np.testing.assert_allclose(found, state.numpy(), atol=1e-10)


@pytest.mark.parametrize("separation", ["softmax", "sparsemax", "nearest"])
def test_settling_ends_at_the_nearest_pattern(separation):
    """In one step, if it is sharp; where it is not, on the way there."""
    patterns = directions(20)
    queries = near(patterns, 0.3)
    for sharpness in (1e3, 1e5, 1e6):
        found = settle(queries, patterns, 1, separation, sharpness)
        np.testing.assert_allclose(found, patterns, atol=1e-5)
    assert (settle(queries, patterns, 3, separation, 10.0) * patterns).sum(1).min() > 0.9


@pytest.mark.parametrize("separation", ["softmax", "sparsemax", "nearest"])
def test_a_set_of_patterns_for_each_query(separation):
    """Many sets at once are read as one by one."""
    queries, sets = directions(5), directions(5 * 7, seed=1).reshape(5, 7, -1)
    together = settle(queries, sets, 2, separation, 5.0)
    for i in range(5):
        alone = settle(queries[i : i + 1], sets[i], 2, separation, 5.0)
        np.testing.assert_allclose(together[i], alone[0], atol=1e-6)


def test_the_sum_of_a_hebbian_matrix():
    """A matrix of outer products, W = sum t c', reads what 'dot' and 'identity' do."""
    cues, targets, queries = drawn(9, 6), drawn(9, 4, seed=1), drawn(5, 6, seed=2)
    matrix = sum(np.outer(t, c) for c, t in zip(cues, targets))
    found = read(queries, cues, targets, "dot", "identity")
    np.testing.assert_allclose(found, queries @ matrix.T)


def test_a_pattern_that_is_completed():
    """What stands behind a pattern may be the pattern: a damaged one is made whole."""
    patterns = directions(20)
    damaged = patterns * (drawn(20, 32) > -1)
    whole = read(damaged, patterns, patterns, "cosine", "nearest")
    np.testing.assert_array_equal(whole, patterns)
    soft = read(damaged, patterns, patterns, "cosine", "softmax", 100.0)
    np.testing.assert_allclose(soft, patterns, atol=0.05)


@pytest.mark.parametrize("n_pairs", [30, 400])
def test_the_threshold_of_a_willshaw_network(n_pairs):
    """Of a matrix of bits, the units to which all of a cue's are wired are those that a threshold
    keeps: units are the patterns, and their rows in the matrix what is compared."""
    rng = np.random.default_rng(0)
    cues, targets = draw_codes(rng, n_pairs, DENSE, 8), draw_codes(rng, n_pairs, DENSE, 8)
    matrix = BitMatrix(DENSE)
    matrix.add(cues, targets)
    wired = (dense(cues).T @ dense(targets) > 0).astype(float)  # (from, to)
    found = read(dense(cues), wired.T, np.eye(DENSE), "dot", "threshold", 8)
    for row, cue in zip(found, cues):
        assert np.flatnonzero(row).tolist() == matrix.read_all(cue).tolist()


def test_counted_connections():
    """Their input is that of the dense matrix, and what `read` of the codes says."""
    rng = np.random.default_rng(0)
    cues, targets, queries = (draw_codes(rng, n, DENSE, 8) for n in (300, 300, 20))
    found = counted_drive(queries, code_matrix(cues, DENSE), code_matrix(targets, DENSE))
    counted = sum(np.outer(c, t) for c, t in zip(dense(cues), dense(targets)))
    np.testing.assert_array_equal(found, dense(queries) @ counted)
    assert found.max() > 3
    of_codes = read(dense(queries), dense(cues), dense(targets), "dot", "identity")
    np.testing.assert_array_equal(found, of_codes)


def test_unit_length():
    """Of any axes; zeros stay zeros."""
    vectors = drawn(2, 3, 4)
    vectors[1, 2] = 0
    lengths = np.linalg.norm(normalise(vectors), axis=-1)
    np.testing.assert_allclose(lengths, [[1, 1, 1], [1, 1, 0]])
    np.testing.assert_allclose(normalise(vectors) * np.linalg.norm(vectors, axis=-1)[..., None],
                               vectors)  # fmt: skip


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"similarity": "cosin"}, "unknown similarity 'cosin': did you mean 'cosine'"),
        ({"separation": "softmx"}, "unknown separation 'softmx': did you mean 'softmax'"),
        ({"separation": None}, "unknown separation None"),
        ({"sharpness": 0}, "sharpness=0: expected more than 0"),
        ({"sharpness": -1.0}, "sharpness=-1.0: expected more than 0"),
        ({"sharpness": math.nan}, "sharpness=nan: expected a finite number"),
        ({"sharpness": math.inf}, "sharpness=inf: expected a finite number"),
        ({"queries": np.ones((1, 4))}, None),
        ({"behind": np.eye(4)}, None),
        ({"queries": np.ones((1, 1)), "similarity": "manhattan"}, None),
        ({"queries": np.array([[math.nan, 1, 1]])}, "finite"),
        ({"patterns": np.diag([1, math.inf, 1])}, "finite"),
    ],
)
def test_what_is_not_read(changes, message):
    """Names, shapes and numbers that do not fit are refused, with the nearest name."""
    inputs = {"queries": np.ones((1, 3)), "patterns": np.eye(3), "behind": np.eye(3)}
    with pytest.raises(ValueError, match=message):
        read(**(inputs | changes))


@pytest.mark.parametrize(
    "changes, error",
    [
        ({"n_steps": 0}, ValueError),
        ({"n_steps": 1.0}, TypeError),
        ({"separation": "dot"}, ValueError),
        ({"sharpness": 0.0}, ValueError),
        ({"sharpness": "1"}, TypeError),
    ],
)
def test_what_does_not_settle(changes, error):
    """Steps, names and sharpness out of range."""
    with pytest.raises(error, match="expected|need|unknown separation"):
        settle(np.ones((1, 3)), np.eye(3), **changes)
