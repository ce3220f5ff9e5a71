"""Vectors that are stored and asked for: random ones, ones with a spectrum, and sentences.

What a search by signs finds depends on the vectors. Random directions are the hardest: all but the
one asked for are equally far. Vectors with the mean and the spectrum of sentence vectors need no
data and come nearer to these. The vectors of sentences are those of STS-B, QQP and MRPC, of which
there are enough for `N_REAL` memories; further ones are made of them, each the mean of two.

Axes: N stored vectors, Q queries, d width.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from hsokv.data.paraphrases import SOURCES as SETS
from hsokv.data.paraphrases import load_paraphrases
from hsokv.memory.hopfield import normalise
from hsokv.models.sentence import WIDTH, encode_once
from hsokv.seeds import numpy_rng

RANDOM, SPECTRUM, SENTENCES = "random", "spectrum", "sentences"
SOURCES = (RANDOM, SPECTRUM, SENTENCES)
NEW = "new"
#: Cosines of noisy queries with the vector that they ask for. A paraphrase is at about .68.
NOISY = {"noisy_50": 0.5, "noisy_68": 0.68, "noisy_90": 0.9}
CUES = (*NOISY, NEW)
N_QUERIES = 50
N_REAL = 20_000
BLOCK = 50_000  # vectors drawn at a time
#: Share of the variance along some principal axes of 38,383 sentence vectors, from the first on;
#: between them the logarithm is linear in the logarithm of the axis.
SPECTRUM_KNOTS = {1: 0.026, 2: 0.0217, 5: 0.01388, 10: 0.01112, 20: 0.00826, 50: 0.00516,
                  100: 0.00336, 200: 0.00161, 300: 0.00041, 350: 0.00016, 384: 0.00005}  # fmt: skip
MEAN_LENGTH = 0.1565  # of the mean of these vectors, whose square is their mean cosine


def draw_vectors(source: str, n: int, seed: int) -> np.ndarray:
    """Return unit vectors to store, (N, d), float32; fewer are the first of more.

    Raises:
        ValueError, OSError, ModuleNotFoundError: sentences are asked for and cannot be read, see
            `data.paraphrases.load_paraphrases`.
    """
    real = _encode_sentences(seed)[0][:n] if source == SENTENCES else np.empty((0, WIDTH))
    vectors = np.empty((n, WIDTH), np.float32)
    vectors[: len(real)] = real
    for start in range(len(real), n, BLOCK):
        rng = numpy_rng(seed, "stored", source, start)
        block = _draw(source, min(BLOCK, n - start), rng, seed)
        vectors[start : start + len(block)] = block
    return vectors


def draw_queries(source: str, vectors: np.ndarray, cue: str, seed: int) -> np.ndarray:
    """Return unit vectors to ask with, (Q, d), float32, the same for any number stored.

    Args:
        source: one of `SOURCES`.
        vectors: what is stored, (N, d).
        cue: one of `NOISY`, around the first that are stored; or 'new', which is not stored: other
            wordings of the first sentences, or further vectors of the same kind.
        seed: as of `draw_vectors`.
    """
    n = min(N_QUERIES, len(vectors))
    rng = numpy_rng(seed, "queries", source, cue)
    if cue == NEW:
        queries = _encode_sentences(seed)[1] if source == SENTENCES else _draw(source, n, rng, seed)
        return np.ascontiguousarray(queries[:n])
    asked, cosine = vectors[:n].astype(float), NOISY[cue]
    drawn = rng.standard_normal(asked.shape)
    apart = normalise(drawn - (drawn * asked).sum(1, keepdims=True) * asked)
    return normalise(cosine * asked + np.sqrt(1 - cosine**2) * apart).astype(np.float32)


def _draw(source: str, n: int, rng: np.random.Generator, seed: int) -> np.ndarray:
    if source == SENTENCES:
        real = _encode_sentences(seed)[0]
        one, other = rng.integers(len(real), size=(2, n))
        return _scaled(real[one] + real[other])
    drawn = rng.standard_normal((n, WIDTH), dtype=np.float32)
    if source == SPECTRUM:
        mean, axes = _spectrum(seed)
        drawn = drawn @ axes
        drawn += mean
    return _scaled(drawn)


def _scaled(vectors: np.ndarray) -> np.ndarray:
    """Return vectors at unit length, in place."""
    vectors /= np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return vectors


@cache
def _spectrum(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean, (d,), and principal axes scaled by their deviations, (d, d)."""
    at, shares = np.log(list(SPECTRUM_KNOTS)), np.log(list(SPECTRUM_KNOTS.values()))
    variance = np.exp(np.interp(np.log(np.arange(1, WIDTH + 1)), at, shares))
    variance *= (1 - MEAN_LENGTH**2) / variance.sum()
    rng = numpy_rng(seed, "axes")
    axes, upper = np.linalg.qr(rng.standard_normal((WIDTH, WIDTH)))
    axes *= np.sign(np.diag(upper))  # LAPACK may turn an axis round
    mean = MEAN_LENGTH * normalise(rng.standard_normal(WIDTH))
    return mean.astype(np.float32), (np.sqrt(variance)[:, None] * axes.T).astype(np.float32)


@cache
def _encode_sentences(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors of stored sentences, (N_REAL, d), and of other wordings of the first.

    The sentences are the same for every seed, evenly of all sets; which are asked is not.
    """
    sets = [load_paraphrases(name) for name in SETS]
    groups = {group[0]: group[1] for known in sets for group in known.groups}
    texts = list(dict.fromkeys([*groups, *(text for known in sets for text in known.singles)]))
    texts = _thinned(texts, N_REAL)
    rng = numpy_rng(seed, "sentences")
    texts = [texts[i] for i in rng.permutation(len(texts))]
    asked = [text for text in texts if text in groups][:N_QUERIES]
    first = set(asked)
    stored = asked + [text for text in texts if text not in first]
    return encode_once(stored), encode_once([groups[text] for text in asked])


def _thinned(texts: list[str], n: int) -> list[str]:
    """Return up to n texts, evenly from all of them."""
    places = np.linspace(0, len(texts) - 1, min(n, len(texts))).round().astype(int)
    return [texts[i] for i in places]
