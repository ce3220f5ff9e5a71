"""Searches for the twenty nearest of many vectors: what they find, how long, in how many bytes.

The floor is the time to read all stored floats once, where they lie, on one core: the fastest of
three simple reads.

Axes: N stored vectors, Q queries, d width.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hsokv.experiments.cost_and_scale.timing import UNASKED, UNTIMED, fastest, summarise, time_calls
from hsokv.experiments.cost_and_scale.vectors import CUES, draw_queries, draw_vectors
from hsokv.memory.search import Index
from hsokv.seeds import numpy_rng

READS = ("read_dot", "read_sum", "read_or")
FLOOR, LOOKUP, NUMPY, BINARY = "floor", "lookup", "numpy", "binary"
WHOLE = ("flat", "bounded", "quantised")  # kinds of `Index` that compare all
K = 20
TIMED = "noisy_68"  # the queries whose searches are timed
NO_CUE = "none"
EQUAL = 1e-6  # cosines within which vectors are equally near
Key = tuple[str, str, int]  # method, cue, number of candidates


class Truth(NamedTuple):
    """What is nearest to some queries.

    Attributes:
        queries: (Q, d).
        best: cosine of the nearest, (Q,).
        last: cosine of the one in place `K`, (Q,).
    """

    queries: np.ndarray
    best: np.ndarray
    last: np.ndarray


def list_keys(n_memories: int, candidates: tuple[int, ...]) -> list[Key]:
    """Return method, cue and number of candidates of each row of a trial."""
    keys = [(name, NO_CUE, 0) for name in (*READS, FLOOR, LOOKUP)]
    keys += [(NUMPY, TIMED, 0), *((name, cue, 0) for name in WHOLE for cue in CUES)]
    passing = [n for n in candidates if n < n_memories]
    return keys + [(BINARY, cue, n) for cue in CUES for n in passing]


def run_searches(settings: dict, seed: int) -> dict[Key, dict]:
    """Return the results of every search over the vectors of a source, by key."""
    source, n = settings["source"], settings["n_memories"]
    vectors = draw_vectors(source, n, seed)
    queries = {cue: draw_queries(source, vectors, cue, seed) for cue in CUES}
    indices = {name: Index(vectors.shape[1], name) for name in (*WHOLE, BINARY)}
    for index in indices.values():
        index.add(vectors)
    places = {hash(vector.tobytes()): place for place, vector in enumerate(vectors)}
    looked_up = [vector.tobytes() for vector in vectors[: len(queries[TIMED])]]
    del vectors
    floats = indices["flat"].floats
    keys = list_keys(n, settings["candidates"])
    truths = {cue: find_all(floats, asked) for cue, asked in queries.items()}
    found = {key: _judge(indices, floats, truths.get(key[1]), key) for key in keys}
    calls = {key: _call(indices, floats, queries[TIMED], key) for key in keys if key[1] == TIMED}
    flat = floats.ravel()
    words = flat.view(np.uint64)
    calls |= {
        ("read_dot", NO_CUE, 0): lambda i: flat @ flat,
        ("read_sum", NO_CUE, 0): lambda i: words.sum(),
        ("read_or", NO_CUE, 0): lambda i: np.bitwise_or.reduce(words),
        (LOOKUP, NO_CUE, 0): lambda i: places[hash(looked_up[i % len(looked_up)])],
    }
    n_rounds = rounds_of(settings["n_rounds"], n)
    times = time_calls(calls, n_rounds, max(1, min(10, 200_000 // n)), numpy_rng(seed, "order"))
    floor = times[fastest(times, [(name, NO_CUE, 0) for name in READS])]
    times[FLOOR, NO_CUE, 0] = floor
    return {
        key: found[key] | (summarise(times[key], floor) if key in times else UNTIMED)
        for key in keys
    }


def rounds_of(most: int, n_memories: int) -> int:
    """Return how many rounds of calls over N vectors are timed: fewer where they take long."""
    return max(1, most // 4, min(most, most * 20_000 // n_memories))


def find_all(floats: np.ndarray, queries: np.ndarray) -> Truth:
    """Return what is nearest to queries by comparing all."""
    near = np.full((len(queries), K), -2.0, np.float32)
    for start in range(0, len(floats), 50_000):
        cosines = np.hstack([near, queries @ floats[start : start + 50_000].T])
        near = np.partition(cosines, cosines.shape[1] - K, axis=1)[:, -K:]
    near.sort(axis=1)
    return Truth(queries, near[:, -1], near[:, 0])


def _judge(indices: dict[str, Index], floats: np.ndarray, truth: Truth | None, key: Key) -> dict:
    """Return how much a search finds of what is nearest, and its bytes."""
    name = key[0]
    n_bytes = indices[name].n_bytes if name in indices else floats.nbytes
    if truth is None:
        return UNASKED | {"n_bytes": 0 if name == LOOKUP else n_bytes}
    if name == NUMPY:
        call = _call(indices, floats, truth.queries, key)
        places = np.stack([call(i) for i in range(len(truth.queries))])
    else:
        places = indices[name].find(truth.queries, K, key[2])[1]
    cosines = np.stack([floats[own] @ q for own, q in zip(places, truth.queries)])
    near = cosines >= truth.last[:, None] - EQUAL
    first = cosines[:, 0] >= truth.best - EQUAL
    row = {"n_asked": len(places), "recall": near.mean(), "first": first.mean()}
    return row | {"n_bytes": n_bytes}


def _call(indices: dict[str, Index], floats: np.ndarray, queries: np.ndarray, key: Key):
    """Return the function that searches with one of some queries; it returns places, (K,)."""
    name, _, n_candidates = key

    def with_numpy(i: int) -> np.ndarray:
        cosines = floats @ queries[i % len(queries)]
        some = np.argpartition(cosines, len(cosines) - K)[-K:]
        return some[np.argsort(-cosines[some], kind="stable")]

    def with_index(i: int) -> np.ndarray:
        at = i % len(queries)
        return indices[name].find(queries[at : at + 1], K, n_candidates)[1][0]

    return with_numpy if name == NUMPY else with_index
