"""What is stored and asked: sentences or random vectors, with cues exact, noisy or reworded.

The memories of a seed are asked ones first, then others in the background. Their targets are one
another's cues, in one random ring, so that each target is a cue and a chain can be followed from
anywhere.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from hsokv.data.paraphrases import SOURCES, letters_of, load_paraphrases
from hsokv.memory.hopfield import normalise
from hsokv.models.sentence import WIDTH, encode_once
from hsokv.seeds import numpy_rng

RANDOM = "random"
#: Mean cosine of random vectors with one another; the document gives .10 for its sentences.
COMMON = {RANDOM: 0.0, "alike_10": 0.1, "alike_30": 0.3}
EXACT, PARAPHRASE, FAR, NOISY, AUGMENTED = "exact", "paraphrase", "far", "noisy", "augmented"
N_ASKED = 100
LIKE = 0.68  # cosine of a random cue and its paraphrase: the mean that the document gives
FAR_BELOW = 0.75  # cosine of a sentence and a far paraphrase: their mean is about the document's
LEAST_GROUP = 4  # sentences that say the same, where some of them are stored as further cues


class Memories(NamedTuple):
    """What is stored, and what is asked.

    Attributes:
        cues: unit vectors, (C, d).
        owners: place of the memory that each cue belongs to, (C,).
        following: place of the memory whose cue is each memory's target, (N,).
        queries: unit vectors, (Q, d).
        right: place of the memory that each query asks for, (Q,).
        cue_texts, query_texts: the sentences; none of random vectors.
    """

    cues: np.ndarray
    owners: np.ndarray
    following: np.ndarray
    queries: np.ndarray
    right: np.ndarray
    cue_texts: list[str]
    query_texts: list[str]

    @property
    def first_cues(self) -> np.ndarray:
        """Each memory's own cue, (N, d)."""
        return self.cues[: len(self.following)]


def make_memories(source: str, n_memories: int, cue: str, level: float, seed: int) -> Memories:
    """Return the memories of a seed.

    Args:
        source: of `COMMON` or of `paraphrases.SOURCES`; for augmented cues all of the latter.
        n_memories: N.
        cue: 'exact', 'paraphrase', 'far' (only of sentences), 'noisy' or 'augmented'.
        level: cosine of a noisy cue and the stored one; number of further cues of an augmented one.
        seed: decides which are asked, what stands in the background, and the ring.
    """
    n_asked = min(N_ASKED, n_memories)
    if source in COMMON:
        cues = _draw_vectors(n_memories, COMMON[source], seed)
        queries = add_noise(cues[:n_asked], LIKE, seed, COMMON[source])
        asked: list[list[str]] = []
        texts: list[str] = []
    else:
        groups, background = _draw_groups(source, cue if cue in (FAR, AUGMENTED) else "", seed)
        asked = groups[:n_asked]
        texts = [group[0] for group in asked] + background[: n_memories - len(asked)]
        cues, queries = encode_once(texts), encode_once([group[1] for group in asked])
    query_texts, owners = [group[1] for group in asked], np.arange(len(cues))
    if cue == EXACT:
        queries, query_texts = cues[: len(queries)], texts[: len(asked)]
    elif cue == NOISY:
        queries, query_texts = add_noise(cues[: len(queries)], level, seed), []
    elif cue == AUGMENTED and level:
        more = [group[2 : 2 + int(level)] for group in asked]
        further = [text for group in more for text in group]
        owners = np.append(owners, np.repeat(np.arange(len(more)), [len(group) for group in more]))
        cues, texts = np.concatenate([cues, encode_once(further)]), texts + further
    n, following = owners.max() + 1, np.empty(owners.max() + 1, int)
    ring = numpy_rng(seed, "ring", int(n)).permutation(n)
    following[ring] = np.roll(ring, -1)
    return Memories(cues, owners, following, queries, np.arange(len(queries)), texts, query_texts)


def nearness(memories: Memories) -> dict[str, float]:
    """Return mean cosines: of queries and the cues they ask for, and of different stored cues."""
    own = (memories.queries * memories.cues[memories.right]).sum(1)
    n, cues = len(memories.cues), memories.cues.astype(np.float64)
    others = (cues.sum(0) @ cues.sum(0) - (cues**2).sum()) / (n * (n - 1))
    return {"cosine": float(own.mean()), "alike": float(others)}


def _draw_vectors(n: int, common: float, seed: int) -> np.ndarray:
    """Return random unit vectors, (n, d), with a mean cosine with one another."""
    drawn = numpy_rng(seed, "random cues").standard_normal((n, WIDTH)).astype(np.float32)
    return _make_alike(normalise(drawn), common, seed)


def _make_alike(vectors: np.ndarray, common: float, seed: int) -> np.ndarray:
    """Return unit vectors moved to one direction, so that they have a mean cosine, (n, d)."""
    if not common:
        return vectors
    shared = normalise(numpy_rng(seed, "shared").standard_normal((1, WIDTH)))
    moved = np.sqrt(common) * shared + np.sqrt(1 - common) * normalise(vectors)
    return normalise(moved).astype(np.float32)


def add_noise(cues: np.ndarray, cosine: float, seed: int, common: float = 0.0) -> np.ndarray:
    """Return vectors at a cosine to others, in random directions from them.

    With a `common` cosine, the directions are to random vectors of that mean cosine.
    """
    drawn = numpy_rng(seed, "noise").standard_normal(cues.shape)
    drawn = _make_alike(drawn, common, seed)
    apart = normalise(drawn - (drawn * cues).sum(1, keepdims=True) * cues)
    noisy = cosine * cues + np.sqrt(1 - cosine**2) * apart
    return normalise(noisy).astype(np.float32)


@cache
def _draw_groups(source: str, kind: str, seed: int) -> tuple[list[list[str]], list[str]]:
    """Return groups in random order, their sentences too, and sentences of no group asked.

    The background begins with sentences of the same source; no two have the same letters.

    Args:
        source: the first source of sentences.
        kind: 'far' for groups whose first two sentences are far apart, 'augmented' for large groups
            of all sources, '' for all groups of the source.
        seed: decides the order.
    """
    rng = numpy_rng(seed, "sentences", source)
    is_large = kind == AUGMENTED
    names = list(SOURCES) if is_large else [source, *(n for n in SOURCES if n != source)]
    own = [g for name in (names if is_large else names[:1]) for g in load_paraphrases(name).groups
           if not is_large or len(g) >= LEAST_GROUP]  # fmt: skip
    groups = [list(rng.permutation(own[i])) for i in rng.permutation(len(own))]
    groups = [[str(text) for text in group] for group in groups]
    if kind == FAR:
        first, second = (encode_once([group[i] for group in groups]) for i in (0, 1))
        far = (first * second).sum(1) < FAR_BELOW
        groups = [group for group, is_far in zip(groups, far) if is_far]
    background = []
    for name in names:
        sentences = load_paraphrases(name)
        pool = sentences.singles + [group[0] for group in sentences.groups]
        background += [pool[i] for i in rng.permutation(len(pool))]
    known, others = {letters_of(text) for group in groups[:N_ASKED] for text in group}, []
    for text in background:
        if (letters := letters_of(text)) not in known:
            known.add(letters)
            others.append(text)
    return groups[:N_ASKED], others
