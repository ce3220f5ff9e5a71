"""Storing, recalling, further cues and deleting, held against a plain dictionary."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hsokv.memory.associative import READ_OUTS
from hsokv.memory.hopfield import normalise
from hsokv.memory.search import SEARCHES
from tests.memory.vectors import SMALL, WIDTH, directions, near, orthogonal, same, small


def filled(n=30, **settings):
    """A memory of pairs, their cues and targets."""
    memory, cues, targets = small(**settings), directions(n), directions(n, seed=1)
    memory.store(cues, targets)
    return memory, cues, targets


@pytest.mark.parametrize("read_out", READ_OUTS)
@pytest.mark.parametrize("search", SEARCHES)
def test_what_is_stored_is_recalled(search, read_out):
    """From exact and from noisy cues: the right memory first, its target as it was stored."""
    memory, cues, targets = filled(100, search=search, read_out=read_out)
    for queries, least in ((cues, 0.99), (near(cues, 0.3), 0.9)):
        ids, scores, found = memory.recall(queries, k=3)
        assert ids.shape == scores.shape == (100, 3) and found.shape == (100, 3, WIDTH)
        np.testing.assert_array_equal(ids[:, 0], np.arange(100))
        np.testing.assert_array_equal(found, targets[ids])
        assert scores[:, 0].min() > least and (np.diff(scores, axis=1) <= 1e-6).all()


def test_scores_are_cosines():
    """Of cue and query, of all memories in order."""
    memory, cues, _ = filled()
    queries = directions(5, seed=3)
    ids, scores, _ = memory.recall(queries, k=30)
    assert (np.sort(ids, axis=1) == np.arange(30)).all()
    wanted = np.take_along_axis(queries @ cues.T, ids, 1)
    np.testing.assert_allclose(scores, wanted, atol=1e-5)


@pytest.mark.parametrize("read_out", READ_OUTS)
def test_the_best_is_the_same_of_however_many(read_out):
    """Asking for more answers leaves the first ones as they are."""
    memory, _, _ = filled(60, read_out=read_out, sharpness=3.0)
    queries = directions(40, seed=3)
    one = memory.recall(queries, k=1)
    for k in (5, 30, 60):
        np.testing.assert_array_equal(memory.recall(queries, k=k).ids[:, :1], one.ids)


def test_ids_only_grow():
    """Over stores of any size and deletes, of the newest, too."""
    memory, vectors = small(), directions(6)
    assert memory.store(vectors[:3], vectors[:3]).tolist() == [0, 1, 2]
    assert memory.store(vectors[:0], vectors[:0]).tolist() == []
    memory.delete([2, 0])
    assert memory.store(vectors[3:5], vectors[3:5]).tolist() == [3, 4]
    memory.delete([1, 3, 4])
    assert len(memory) == 0
    assert memory.store(vectors[:1], vectors[:1]).tolist() == [5]


@pytest.mark.parametrize("n", [2, 20, 30, 100])
@pytest.mark.parametrize("search", SEARCHES)
def test_of_equal_cues_the_newest_comes_first(search, n):
    """However many there are, in a search for one or for all, and in a chain."""
    memory, cue = small(search=search), directions(1)
    memory.store(np.repeat(cue, n, axis=0), directions(n, seed=1))
    assert memory.recall(cue, k=n).ids[0].tolist() == list(range(n))[::-1]
    assert memory.recall(cue).ids.tolist() == memory.recall(cue, hops=1).ids.tolist() == [[n - 1]]


def test_two_targets():
    """A cue stored twice stands for both, the newer first."""
    memory, (a, b, c) = small(), orthogonal(3)
    memory.store([a, a], [b, c])
    ids, scores, targets = memory.recall([a], k=2)
    assert ids.tolist() == [[1, 0]] and scores == pytest.approx(1)
    np.testing.assert_array_equal(targets[0], [c, b])


@pytest.mark.parametrize("read_out", READ_OUTS)
def test_paraphrases_lead_to_one_memory(read_out):
    """Further cues recall the memory; it stands once in an answer, however many are near."""
    memory, cues, _ = filled(read_out=read_out)
    further = np.concatenate([near(cues, 0.5, seed=seed) for seed in range(5)])
    memory.add_cues(np.tile(np.arange(30), 5), further)
    assert len(memory) == 30
    np.testing.assert_array_equal(memory.recall(further).ids[:, 0], np.tile(np.arange(30), 5))
    for k in (2, 10, 30):
        ids, scores, _ = memory.recall(directions(20, seed=9), k=k)
        assert all(len(set(row)) == k for row in ids.tolist())
        assert (np.diff(scores, axis=1) <= 1e-6).all()


def test_deleting():
    """With all its cues a memory goes; the others stay, and what is gone is not named again."""
    memory, cues, targets = filled()
    memory.add_cues([4, 5], near(cues[4:6], 0.3))
    memory.delete([4, 7, 4])
    ids, _, found = memory.recall(cues, k=28)
    kept = np.setdiff1d(np.arange(30), [4, 7])
    assert (np.sort(ids, axis=1) == kept).all()
    np.testing.assert_array_equal(ids[kept, 0], kept)
    np.testing.assert_array_equal(found[kept, 0], targets[kept])
    memory.delete([])
    memory.delete(9)
    assert len(memory) == 27 and 9 not in memory.recall(cues[9:10], k=27).ids


@pytest.mark.parametrize("read_out", READ_OUTS)
@pytest.mark.parametrize("hops", [0, 2])
def test_no_query(read_out, hops):
    """Nothing is recalled for none."""
    memory, cues, _ = filled(read_out=read_out)
    ids, scores, targets = memory.recall(cues[:0], k=2, hops=hops)
    assert ids.shape == scores.shape == (0, 2) and targets.shape == (0, 2, WIDTH)


def test_queries_do_not_touch_one_another():
    """Each is answered as if it were alone, and recalling changes nothing."""
    memory, cues, _ = filled(read_out="softmax")
    queries = directions(8, seed=3)
    together = memory.recall(queries, k=3)
    for i in range(8):
        np.testing.assert_array_equal(memory.recall(queries[i : i + 1], k=3).ids[0],
                                      together.ids[i])  # fmt: skip
    assert same(memory.recall(queries, k=3), together)


@pytest.mark.parametrize("length", [1e300, 1e-300, 5e-324, 1e30, -2.0])
def test_only_directions_count(length):
    """Vectors of any length above zero are stored and recalled as unit vectors."""
    memory, vectors = small(), np.sign(directions(9)).astype(float)
    memory.store(vectors * length, vectors * length)
    ids, scores, targets = memory.recall(vectors * length)
    assert ids.ravel().tolist() == list(range(9))
    assert scores == pytest.approx(1, abs=1e-5)
    wanted = normalise(vectors * np.sign(length))
    np.testing.assert_allclose(targets[:, 0], wanted, atol=1e-6)


@pytest.mark.parametrize(
    "kind",
    [
        np.ndarray.tolist,
        torch.from_numpy,
        lambda v: torch.from_numpy(v).half(),
        lambda v: v.astype(np.float16),
        lambda v: np.asfortranarray(v.astype(np.float64)),
        lambda v: np.repeat(v, 2, axis=0)[::2],
        lambda v: v.astype(object),
    ],
)
def test_vectors_of_any_kind(kind):
    """Lists, tensors, half numbers and views are vectors, too; what is given is not changed."""
    memory, cues, targets = small(), directions(9), directions(9, seed=1)
    queries = kind(cues)
    memory.store(queries, kind(targets))
    ids, _, found = memory.recall(queries)
    assert ids.ravel().tolist() == list(range(9))
    np.testing.assert_allclose(found[:, 0], targets, atol=1e-3)
    np.testing.assert_allclose(np.asarray(queries, float), cues, atol=1e-3)


def test_settling_helps_where_many_cues_agree():
    """'softmax' moves a query to where its candidates are: its scores are of the settled query."""
    memory, cues, _ = filled(read_out="softmax")
    plain, _, _ = filled()
    queries = near(cues, 0.8)
    settled, as_they_are = memory.recall(queries).scores, plain.recall(queries).scores
    assert settled.mean() > as_they_are.mean() + 0.05


def test_bytes():
    """Vectors and ids, a quarter of the cues where they are quantised."""
    sizes = {search: filled(64, search=search)[0].n_bytes for search in SEARCHES}
    flat = 64 * (2 * WIDTH * 4 + 2 * 8)
    more = {"flat": 0, "bounded": WIDTH, "quantised": -3 * WIDTH, "binary": 4}
    assert sizes == {search: flat + 64 * size for search, size in more.items()}


class Plain:
    """The same by hand: pairs of cue and id in order, targets by id; vectors by number."""

    def __init__(self):
        self.pairs, self.targets, self.next = [], {}, 0

    def store(self, pairs):
        """Pairs of the numbers of cue and target."""
        for cue, target in pairs:
            self.targets[self.next] = target
            self.pairs.append((cue, self.next))
            self.next += 1

    def delete(self, gone):
        """By ids."""
        self.targets = {i: t for i, t in self.targets.items() if i not in gone}
        self.pairs = [pair for pair in self.pairs if pair[1] not in gone]

    def recall(self, cue, k):
        """Ids, those of equal cues first, and of them the newest."""
        ranked = sorted(enumerate(self.pairs), key=lambda p: (p[1][0] != cue, -p[0]))
        return list(dict.fromkeys(i for _, (_, i) in ranked))[:k]

    def chain(self, cue, hops):
        """Targets along a chain, -1 behind its end."""
        found = [self.targets[self.recall(cue, 1)[0]]]
        while len(found) < hops:
            onward = [self.targets[i] for cue, i in self.pairs if cue == found[-1]]
            found.append(onward[-1] if onward else -1)
        return found


VECTOR = st.integers(0, 9)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("store"), st.lists(st.tuples(VECTOR, VECTOR), max_size=3)),
        st.tuples(st.just("add"), st.lists(st.tuples(st.integers(0, 99), VECTOR), max_size=2)),
        st.tuples(st.just("delete"), st.lists(st.integers(0, 99), max_size=2)),
        st.tuples(st.just("recall"), VECTOR),
    ),
    max_size=14,
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SEARCHES), STEPS)
def test_any_order_of_steps(search, steps):
    """After each step the memory answers as a dictionary does, by a search and along a chain."""
    pool = orthogonal(10)
    memory, plain = small(search=search, n_candidates=99, **SMALL), Plain()
    for step, what in steps:
        known = list(plain.targets)
        if step == "store":
            cues, targets = (pool[[pair[side] for pair in what]] for side in (0, 1))
            memory.store(cues, targets)
            plain.store(what)
        elif step == "add" and known:
            ids, cues = [known[i % len(known)] for i, _ in what], [cue for _, cue in what]
            memory.add_cues(ids, pool[cues])
            plain.pairs += zip(cues, ids)
        elif step == "delete" and known:
            gone = [known[i % len(known)] for i in what]
            memory.delete(gone)
            plain.delete(gone)
        elif step == "recall" and known:
            # Of cues at right angles, rounding ranks those that are kept in 8 bits.
            n_sure = len({i for cue, i in plain.pairs if cue == what or search != "quantised"})
            for k in range(1, len(known) + 1):
                ids, _, targets = memory.recall(pool[[what]], k=k)
                assert ids[0, :n_sure].tolist() == plain.recall(what, k)[:n_sure]
            assert sorted(ids[0].tolist()) == known
            np.testing.assert_array_equal(targets[0], pool[[plain.targets[i] for i in ids[0]]])
            _, _, targets = memory.recall(pool[[what]], hops=4)
            wanted = np.concatenate([pool, np.zeros((1, WIDTH))])[plain.chain(what, 4)]
            assert not n_sure or np.array_equal(targets[0], wanted)
        assert len(memory) == len(plain.targets)
