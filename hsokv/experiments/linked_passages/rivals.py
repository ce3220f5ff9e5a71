"""How rivals of linked pairs score passages: sums of searches, and hops from what they find.

Axes: Q questions, N passages, d width of vectors, a active units of a code.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array, diags_array
from scipy.special import softmax

from hsokv.memory.hebbian import BitMatrix
from hsokv.memory.hopfield import normalise
from hsokv.memory.linked import rank_scores

N_ROUNDS = 5  # links that a walk follows
FLOOR = 1e-9  # before a logarithm


def standardise(scores: np.ndarray) -> np.ndarray:
    """Return scores less their mean over passages, over their standard deviation, (Q, N)."""
    spread = np.maximum(scores.std(-1, keepdims=True), FLOOR)
    return (scores - scores.mean(-1, keepdims=True)) / spread


def follow_links(scores: np.ndarray, links: csr_array, n_named: int) -> np.ndarray:
    """Return scores of an order in which the best linked ones follow each passage, (Q, N).

    Args:
        scores: by which passages are ordered first, (Q, N).
        links: not 0 where two passages are linked, (N, N).
        n_named: linked passages that follow one.
    """
    return np.stack([_follow(one, links, n_named) for one in scores])


def _follow(scores: np.ndarray, links: csr_array, n_named: int) -> np.ndarray:
    place_of = np.empty(len(scores), int)
    order = rank_scores(scores)
    place_of[order] = np.arange(len(order))
    seen: dict[int, None] = {}
    for i in order.tolist():
        linked = links.indices[links.indptr[i] : links.indptr[i + 1]]
        best = linked[np.argsort(place_of[linked])][:n_named]
        seen |= dict.fromkeys([i, *best.tolist()])  # the first time counts
    found = np.empty(len(scores))
    found[list(seen)] = -np.arange(len(seen))
    return found


def search_again(
    words: np.ndarray, questions: np.ndarray, passages: np.ndarray, scores: np.ndarray,
    n_starts: int, share: float,
) -> np.ndarray:  # fmt: skip
    """Return the best score of a first search and of searches from what it found, (Q, N).

    A search begins anew at the question's vector, to which a share of a found passage's is added.

    Args:
        words: what words say, (Q, N).
        questions: vectors of length one, (Q, d).
        passages: vectors of length one, (N, d).
        scores: of the first search, (Q, N).
        n_starts: passages from which it is searched again.
        share: of a passage's vector.
    """
    found = []
    for told, vector, first in zip(words, questions, scores):
        starts = passages[rank_scores(first)[:n_starts]]
        moved = normalise(vector + share * starts) @ passages.T
        found.append(np.maximum(first, (standardise(moved) + told).max(0)))
    return np.stack(found)


def walk_links(
    scores: np.ndarray, links: csr_array, temperature: float, damping: float
) -> np.ndarray:
    """Return where walks over links end, which begin by a softmax of scores, (Q, N).

    A walk that goes on from a passage without links is lost.

    Args:
        scores: by which walks begin, (Q, N).
        links: weights, (N, N).
        temperature: of the softmax.
        damping: share of walks that go on at each step; the others begin anew.
    """
    starts = softmax(scores / temperature, axis=1)
    degrees = np.asarray(links.sum(axis=1)).ravel()
    steps = csr_array(diags_array(1 / np.maximum(degrees, FLOOR)) @ links)
    ends = starts
    for _ in range(N_ROUNDS):
        ends = (1 - damping) * starts + damping * (ends @ steps)
    return ends


def fire_from_best(
    scores: np.ndarray, codes: np.ndarray, matrix: BitMatrix, n_starts: int
) -> np.ndarray:
    """Return the share of each passage's units that all units of a start are wired to, (Q, N).

    Of several starts the most counts.

    Args:
        scores: whose best are the starts, (Q, N).
        codes: active units of the passages, (N, a).
        matrix: connections between units.
        n_starts: number of starts.
    """
    starts = [rank_scores(one)[:n_starts] for one in scores]
    fired = {place: fire(codes, matrix, place) for place in sorted({*np.concatenate(starts)})}
    return np.stack([np.max([fired[place] for place in places], axis=0) for places in starts])


def fire(codes: np.ndarray, matrix: BitMatrix, start: int) -> np.ndarray:
    """Return the share of each passage's units that all units of one are wired to, (N,)."""
    is_on = np.zeros(matrix.size, bool)
    is_on[matrix.read_all(codes[start])] = True
    return is_on[codes].mean(1)
