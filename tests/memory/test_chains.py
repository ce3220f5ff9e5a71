"""Chains of associations: followed exactly, from noisy cues, to their end, and around."""

import numpy as np
import pytest

from hsokv.memory.chains import LEAST_SHARE, Chains
from hsokv.memory.hebbian import draw_codes
from hsokv.memory.search import SEARCHES
from tests.memory.vectors import directions, near, orthogonal, same, small

SIZE, ACTIVE = 1024, 16


def codes(n, seed=0):
    """Random codes."""
    return draw_codes(np.random.default_rng(seed), n, SIZE, ACTIVE)


def wired(cues, targets):
    """Chains of pairs of codes."""
    chains = Chains(SIZE, ACTIVE, seed=0)
    chains.add(cues, targets)
    return chains


def in_a_row(n, **settings):
    """A memory in which each vector stands for the next, and the vectors."""
    vectors, memory = directions(n + 1), small(**settings)
    memory.store(vectors[:-1], vectors[1:])
    return memory, vectors


def test_codes_are_followed_to_the_end():
    """Each pair's target is the next one's cue; behind the last there is nothing."""
    row = codes(8)
    places, shares = wired(row[:-1], row[1:]).follow(np.array([0, 4]), 9)
    assert places.tolist() == [[0, 1, 2, 3, 4, 5, 6, -1, -1], [4, 5, 6] + [-1] * 6]
    assert shares.tolist() == [[1.0] * 7 + [0.0] * 2, [1.0] * 3 + [0.0] * 6]


def test_pairs_that_come_later():
    """One by one, in parts or at once: the same chains; the matrix comes with the first pair."""
    row, chains = codes(30), Chains(SIZE, ACTIVE, seed=0)
    assert len(chains) == chains.n_bytes == 0
    for i in (*range(7), 7, 20):
        end = {7: 20, 20: 29}.get(i, i + 1)
        chains.add(row[i:end], row[i + 1 : end + 1])
    whole = wired(row[:-1], row[1:])
    for one, other in zip(chains.follow(np.arange(29), 29), whole.follow(np.arange(29), 29)):
        np.testing.assert_array_equal(one, other)
    assert len(chains) == 29
    assert chains.n_bytes == whole.n_bytes >= SIZE**2 // 8 + 29 * (2 * ACTIVE * 4 + 16)


def test_around_in_a_circle():
    """A chain that comes back goes on, and a pair of one code twice stays where it is."""
    row = codes(3)
    places, _ = wired(row, np.roll(row, -1, axis=0)).follow(np.array([1]), 7)
    assert places.tolist() == [[1, 2, 0, 1, 2, 0, 1]]
    assert wired(row[:1], row[:1]).follow(np.array([0]), 3)[0].tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("n_wrong", [1, 4])
def test_a_cue_that_is_not_quite_the_target(n_wrong):
    """A chain goes on where most of a code stands for the next cue."""
    row, other = codes(4), codes(4, seed=1)
    cues = row[:-1].copy()
    cues[:, :n_wrong] = other[:-1, :n_wrong]
    cues.sort(axis=1)
    places, shares = wired(cues, row[1:]).follow(np.array([0]), 4)
    assert places.tolist() == [[0, 1, 2, -1]]
    assert (shares[0, :3] >= 1 - n_wrong / ACTIVE).all() and shares[0, 3] == 0


def test_a_code_that_is_half_another_is_the_least():
    """With less than that share in common a chain ends."""
    row, other = codes(3), codes(3, seed=1)
    for n_kept, goes_on in ((9, True), (6, False)):
        cue = np.sort(np.append(row[1, :n_kept], other[0, : ACTIVE - n_kept]))
        chains = wired(np.stack([row[0], cue]), row[1:])
        places, _ = chains.follow(np.array([0]), 2)
        assert (n_kept / ACTIVE > LEAST_SHARE) == goes_on
        assert places.tolist() == [[0, 1 if goes_on else -1]]


def test_two_targets_of_a_cue():
    """The newer one goes on if both fire, whatever else is wired."""
    row = codes(6)
    chains = wired(row[[0, 1, 1, 4]], row[[1, 2, 3, 5]])
    assert chains.follow(np.array([0]), 2)[0].tolist() == [[0, 2]]
    chains.add(row[[1]], row[[2]])
    assert chains.follow(np.array([0]), 2)[0].tolist() == [[0, 4]]


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_six_hops(search, noise):
    """From every cue, exact or noisy: the right memories, in order, and their targets."""
    memory, vectors = in_a_row(30, search=search)
    starts = near(vectors[:25], noise) if noise else vectors[:25]
    ids, scores, targets = memory.recall(starts, hops=6)
    np.testing.assert_array_equal(ids, np.arange(25)[:, None] + np.arange(6))
    assert scores.min() >= LEAST_SHARE and scores.max() <= 1
    np.testing.assert_array_equal(targets, vectors[ids + 1])


def test_behind_the_end_there_is_nothing():
    """Ids -1, scores zero and targets of zeros, to the last step."""
    memory, vectors = in_a_row(4)
    ids, scores, targets = memory.recall(vectors[2:3], hops=6)
    assert ids.tolist() == [[2, 3, -1, -1, -1, -1]]
    assert (scores[0, 2:] == 0).all() and (targets[0, 2:] == 0).all()
    assert (scores[0, :2] == 1).all() and targets.shape == (1, 6, 32)


@pytest.mark.parametrize("read_out", ["nearest", "softmax", "sparsemax"])
def test_one_hop_is_one_recall(read_out):
    """The same memories and targets, for cues near and far, and with further cues."""
    memory, vectors = in_a_row(40, read_out=read_out)
    memory.add_cues(np.repeat([3, 9], 5), directions(10, seed=5))
    queries = np.concatenate([near(vectors), directions(30, seed=7)])
    one, hop = memory.recall(queries, k=1), memory.recall(queries, hops=1)
    np.testing.assert_array_equal(one.ids, hop.ids)
    np.testing.assert_array_equal(one.targets, hop.targets)


@pytest.mark.parametrize("read_out", ["nearest", "softmax"])
def test_one_hop_where_a_memory_has_many_cues(read_out):
    """More cues than candidates change nothing of that."""
    memory = small(read_out=read_out, sharpness=2.0, n_candidates=4)
    memory.store(directions(30), directions(30, seed=1))
    memory.add_cues(np.full(12, 5), directions(12, seed=2))
    queries = directions(60, seed=7)
    np.testing.assert_array_equal(
        memory.recall(queries, k=1).ids, memory.recall(queries, hops=1).ids
    )


def test_what_is_deleted_cuts_a_chain():
    """It ends there; the part behind is still followed, and mended where it is stored anew."""
    memory, vectors = in_a_row(6)
    assert memory.recall(vectors[:1], hops=6).ids.tolist() == [[0, 1, 2, 3, 4, 5]]
    memory.delete([2])
    assert memory.recall(vectors[:1], hops=6).ids.tolist() == [[0, 1, -1, -1, -1, -1]]
    assert memory.recall(vectors[3:4], hops=6).ids.tolist() == [[3, 4, 5, -1, -1, -1]]
    assert memory.store(vectors[2:3], vectors[3:4]).tolist() == [6]
    assert memory.recall(vectors[:1], hops=6).ids.tolist() == [[0, 1, 6, 3, 4, 5]]


def test_a_chain_through_a_further_cue():
    """A target leads on through any of the next memory's cues."""
    a, b, c, d, e = orthogonal(5)
    memory = small()
    memory.store([a, d], [b, e])
    assert memory.recall([a], hops=2).ids.tolist() == [[0, -1]]
    memory.add_cues([1], [b])
    assert memory.recall([a], hops=3).ids.tolist() == [[0, 1, -1]]
    assert memory.recall([d], hops=1).ids.tolist() == [[1]]
    assert memory.recall([c], hops=0).ids.shape == (1, 1)


def test_the_memory_whose_cue_is_met():
    """Of two memories with one target a chain names the one whose cue it goes through."""
    a, b, c, d = orthogonal(4)
    memory = small()
    memory.store([a, b, d], [b, c, c])
    assert memory.recall([a], hops=2).ids.tolist() == [[0, 1]]


def test_the_order_in_which_a_chain_is_asked_for_does_not_matter():
    """Before, between or after storing: the pairs that came since are wired."""
    vectors = directions(20)
    asked, late = small(), small()
    for i in range(19):
        asked.store(vectors[i : i + 1], vectors[i + 1 : i + 2])
        asked.recall(vectors[:1], hops=2)
        late.store(vectors[i : i + 1], vectors[i + 1 : i + 2])
    assert same(asked.recall(vectors, hops=20), late.recall(vectors, hops=20))
    assert asked.n_bytes == late.n_bytes > SIZE**2 // 8
