"""Read-outs that are compared: searches and sums over vectors, and matrices over sparse codes.

Each returns the memory whose target is recalled at each step, and how much of that target was
recalled. The trivial ones stand among them: an exact lookup, a search by words, and a dictionary
that follows a chain by the ids of memories.

Axes: Q queries, N memories, C cues, h steps.
"""

from __future__ import annotations

from collections.abc import Callable

import bm25s
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from hsokv.experiments.associative_memory.cues import Memories
from hsokv.memory.chains import Chains
from hsokv.memory.hebbian import code_matrix, counted_drive, shared_units, winners
from hsokv.memory.hopfield import normalise, read, settle

VECTORS = "vectors"
#: Weights of units as drawn, of one length, and of one length for vectors less their mean.
PLAIN, EVEN, CENTRED = "plain", "even", "centred"
#: Units, active units, and kind of units; the document's three first.
CODES = {
    "code_4096_20": (4096, 20, PLAIN), "code_16384_50": (16384, 50, PLAIN),
    "code_16384_100": (16384, 100, PLAIN), "even_16384_50": (16384, 50, EVEN),
    "centred_16384_50": (16384, 50, CENTRED),
}  # fmt: skip
#: Separation and sharpness of two-stage reads.
SETTLED = {"softmax_5": ("softmax", 5.0), "softmax_20": ("softmax", 20.0),
           "softmax_100": ("softmax", 100.0), "sparsemax_20": ("sparsemax", 20.0)}  # fmt: skip
N_CANDIDATES, N_STEPS = 20, 3
WORDED = ("words", "bm25")  # search by words: TF-IDF, BM25
SEARCHED = ("lookup", *WORDED, "nearest", *SETTLED, "all_softmax", "linear")
CHAINED = ("lookup", "dictionary", "search_again")  # of these, over several steps
SUMMED = ("counted", "counted_sum", "bits", "nearest_first")
FOLLOWED = ("counted", "bits", "nearest_first")  # of these, over several steps
INTACT = 0.9  # of a target that has to be recalled where it is to be the next cue as it is

#: (read-out, steps) -> memories recalled (Q,), and the share or cosine of the right target (Q,).
Found = dict[tuple[str, int], tuple[np.ndarray, np.ndarray]]


def right_ends(memories: Memories, n_steps: int) -> np.ndarray:
    """Return the memory whose cue is reached after some steps, (Q,)."""
    ends = memories.right
    for _ in range(n_steps):
        ends = memories.following[ends]
    return ends


def read_vectors(memories: Memories, hops: tuple[int, ...]) -> Found:
    """Return what every read-out over vectors recalls, at each number of steps that it has."""
    cues, targets = memories.cues, memories.first_cues[memories.following]
    behind = targets[memories.owners]
    nearest = memories.owners[(memories.queries @ cues.T).argmax(1)]
    starts = {"lookup": _exact(memories), "nearest": nearest}
    if memories.query_texts:
        starts |= {"words": _by_words(memories), "bm25": _by_bm25(memories)}
    for name, (separation, sharpness) in SETTLED.items():
        starts[name] = _settled(memories, separation, sharpness)
    found: Found = {}
    for name, places in starts.items():
        found[name, 1] = _judged(memories, _along(memories, places, 1), 1)
    whole = {"all_softmax": ("softmax", 20.0), "linear": ("identity", 1.0)}
    for name, (separation, sharpness) in whole.items():
        out = read(memories.queries, cues, behind, "dot", separation, sharpness)
        ends = (normalise(out) @ memories.first_cues.T).argmax(1)
        right = memories.first_cues[right_ends(memories, 1)]
        found[name, 1] = ends, (normalise(out) * right).sum(1)
    for hop in [hop for hop in hops if hop > 1]:
        ends = {
            "lookup": _along(memories, starts["lookup"], hop),
            "dictionary": _along(memories, nearest, hop),
            "search_again": _search_on(memories, nearest, hop),
        }
        found |= {(name, hop): _judged(memories, at, hop) for name, at in ends.items()}
    return found


def read_codes(
    memories: Memories, hops: tuple[int, ...], codes: np.ndarray, queries: np.ndarray, size: int
) -> Found:
    """Return what every read-out over sparse codes recalls, at each number of steps.

    Args:
        memories: what is stored and asked.
        hops: numbers of steps.
        codes: of the cues, (C, a).
        queries: codes of the queries, (Q, a).
        size: n.
    """
    active = codes.shape[1]
    own = codes[: len(memories.following)]
    behind = memories.following[memories.owners]  # the memory whose cue is each cue's target
    cue_rows, target_rows = code_matrix(codes, size), code_matrix(own[behind], size)
    end_rows, chains = code_matrix(own, size), Chains(size, active, seed=0)
    chains.add(codes, own[behind])

    def counted(units: np.ndarray) -> np.ndarray:
        return winners(counted_drive(units, cue_rows, target_rows), active)

    def bits(units: np.ndarray) -> np.ndarray:
        return np.stack([winners(chains.matrix.count(one)[None], active)[0] for one in units])

    def judged(units: np.ndarray, hop: int) -> tuple[np.ndarray, np.ndarray]:
        shared = shared_units(units, end_rows)
        right = right_ends(memories, hop)
        return shared.argmax(1), shared[np.arange(len(units)), right] / active

    found: Found = {}
    for name, step in (("counted", counted), ("bits", bits)):
        found |= _steps(name, step, queries, hops, judged)
    drive = counted_drive(queries, cue_rows, target_rows)
    summed = (drive @ end_rows.T).argmax(1)
    found["counted_sum", 1] = summed, judged(winners(drive, active), 1)[1]
    starts = (memories.queries @ memories.cues.T).argmax(1)
    places, shares = chains.follow(starts, max(hops))
    for hop in hops:
        at = places[:, hop - 1]
        ends = np.where(at < 0, -1, behind[at])
        right = ends == right_ends(memories, hop)
        found["nearest_first", hop] = ends, shares[:, hop - 1] * right
    return found


def _steps(
    name: str,
    step: Callable[[np.ndarray], np.ndarray],
    units: np.ndarray,
    hops: tuple[int, ...],
    judged: Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray]],
) -> Found:
    """Return where repeated steps of a matrix lead, each from what the last one made fire."""
    found: Found = {}
    for hop in range(1, max(hops) + 1):
        units = step(units)
        if hop in hops:
            found[name, hop] = judged(units, hop)
    return found


def _along(memories: Memories, places: np.ndarray, n_steps: int) -> np.ndarray:
    """Return the ends that ids lead to from recalled memories, (Q,); -1 stays."""
    for _ in range(n_steps):
        places = np.where(places < 0, -1, memories.following[places])
    return places


def _judged(memories: Memories, ends: np.ndarray, hop: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ends, and 1 where they are right."""
    return ends, (ends == right_ends(memories, hop)).astype(float)


def _exact(memories: Memories) -> np.ndarray:
    """Return the memory whose cue is the query to the last bit, -1 where there is none."""
    table = {cue.tobytes(): owner for cue, owner in zip(memories.cues, memories.owners)}
    return np.array([table.get(query.tobytes(), -1) for query in memories.queries])


def _by_words(memories: Memories) -> np.ndarray:
    """Return the memory whose cue shares most words with the query."""
    vectorizer = TfidfVectorizer()
    stored = vectorizer.fit_transform(memories.cue_texts)
    cosines = (vectorizer.transform(memories.query_texts) @ stored.T).toarray()
    return memories.owners[cosines.round(9).argmax(1)]


def _by_bm25(memories: Memories) -> np.ndarray:
    """Return the memory whose cue BM25 ranks first (Robertson and Zaragoza, 2009)."""
    words, index = TfidfVectorizer().build_analyzer(), bm25s.BM25()
    index.index([words(text) for text in memories.cue_texts], show_progress=False)
    scores = [index.get_scores(words(text)) for text in memories.query_texts]
    return memories.owners[np.stack(scores).round(5).argmax(1)]


def _settled(memories: Memories, separation: str, sharpness: float) -> np.ndarray:
    """Return the memory nearest to the query after it has settled among its nearest cues."""
    cosines = memories.queries @ memories.cues.T
    n = min(N_CANDIDATES, len(memories.cues))
    near = np.argsort(-cosines, axis=1, kind="stable")[:, :n]
    cues = memories.cues[near]
    settled = settle(memories.queries, cues, N_STEPS, separation, sharpness)
    best = (cues @ settled[..., None])[..., 0].argmax(1)
    return memories.owners[np.take_along_axis(near, best[:, None], 1)[:, 0]]


def _search_on(memories: Memories, places: np.ndarray, n_steps: int) -> np.ndarray:
    """Return the end that is reached by searching for each target among the cues."""
    for step in range(n_steps):
        ends = memories.following[places]
        if step < n_steps - 1:
            places = memories.owners[(memories.first_cues[ends] @ memories.cues.T).argmax(1)]
    return ends
