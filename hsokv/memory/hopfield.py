"""Read-outs of an associative memory as one formula: similarity, separation, projection.

What is read is z = P sep(sim(M, q)): how similar the query is to each stored pattern, how sharply
the best are told from the rest, and what stands behind each pattern (universal Hopfield networks,
Millidge et al., 2022). The nearest neighbour, attention (Ramsauer et al., 2021), its sparse form
(Martins and Astudillo, 2016; Hu et al., 2023), the sum of a Hebbian matrix and the threshold of a
Willshaw network (1969) differ in the separation only.

Axes: B queries, N stored patterns, d width of a pattern, v width of what stands behind it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hsokv.boundary.checks import Range, check_array, check_float, check_int, check_keys

Array = np.ndarray


def _dot(queries: Array, patterns: Array) -> Array:
    return queries @ patterns.T


def _cosine(queries: Array, patterns: Array) -> Array:
    return _dot(normalise(queries), normalise(patterns))


def _euclidean(queries: Array, patterns: Array) -> Array:
    apart = (queries**2).sum(1)[:, None] - 2 * _dot(queries, patterns) + (patterns**2).sum(1)
    return -np.sqrt(np.maximum(apart, 0))


def _manhattan(queries: Array, patterns: Array) -> Array:
    return -np.abs(queries[:, None] - patterns).sum(2)


def _identity(scores: Array, sharpness: float) -> Array:
    return scores


def _nearest(scores: Array, sharpness: float) -> Array:
    return np.eye(scores.shape[1])[scores.argmax(1)]


def _softmax(scores: Array, sharpness: float) -> Array:
    odds = np.exp(sharpness * (scores - scores.max(1, keepdims=True)).astype(float))
    return odds / odds.sum(1, keepdims=True)


def _sparsemax(scores: Array, sharpness: float) -> Array:
    """Project scores onto shares that sum to one: small ones become exactly zero."""
    scaled = sharpness * (scores - scores.max(1, keepdims=True)).astype(float)
    ordered = -np.sort(-scaled, axis=1)
    total, rank = ordered.cumsum(1), np.arange(1, scores.shape[1] + 1)
    kept = (1 + rank * ordered > total).sum(1)
    bound = (total[np.arange(len(scores)), kept - 1] - 1) / kept
    return np.maximum(scaled - bound[:, None], 0)


def _threshold(scores: Array, sharpness: float) -> Array:
    return (scores >= sharpness).astype(float)


SIMILARITIES: dict[str, Callable[[Array, Array], Array]] = {
    "dot": _dot, "cosine": _cosine, "euclidean": _euclidean, "manhattan": _manhattan,
}  # fmt: skip
#: Name -> function of scores (B, N) and sharpness; the last takes the sharpness as its threshold.
SEPARATIONS: dict[str, Callable[[Array, float], Array]] = {
    "identity": _identity, "nearest": _nearest, "softmax": _softmax, "sparsemax": _sparsemax,
    "threshold": _threshold,
}  # fmt: skip
SHARPNESS = Range(0, 1e6, open_low=True)


def read(
    queries: Array,
    patterns: Array,
    behind: Array,
    similarity: str = "cosine",
    separation: str = "softmax",
    sharpness: float = 20.0,
) -> Array:
    """Return what the queries read, (B, v).

    Args:
        queries: (B, d).
        patterns: what is compared, (N, d).
        behind: what is read of each, (N, v); the patterns themselves complete a pattern.
        similarity: one of `SIMILARITIES`.
        separation: one of `SEPARATIONS`.
        sharpness: factor of the similarity before it is separated (attention's inverse
            temperature); for 'threshold' the least similarity.

    Raises:
        TypeError: something in the vectors is no number.
        ValueError: an unknown name, shapes that do not fit, numbers that are not finite, or a
            sharpness that is not above 0 and at most a million.
    """
    named = {"queries": queries, "patterns": patterns, "behind": behind}
    queries, patterns, behind = (
        check_array(name, values, ndim=2, finite=True) for name, values in named.items()
    )
    if not len(patterns) or len(patterns) != len(behind) or patterns.shape[1] != queries.shape[1]:
        raise ValueError(
            f"queries {queries.shape}, patterns {patterns.shape} and behind {behind.shape}: "
            "expected (B, d), (N, d) and (N, v) with N above 0; correct their shapes"
        )
    check_keys([similarity], SIMILARITIES, "similarity")
    check_keys([separation], SEPARATIONS, "separation")
    check_float("sharpness", sharpness, SHARPNESS)
    scores = SIMILARITIES[similarity](queries, patterns)
    return SEPARATIONS[separation](scores, sharpness) @ behind


def settle(
    queries: Array,
    patterns: Array,
    n_steps: int = 3,
    separation: str = "softmax",
    sharpness: float = 20.0,
) -> Array:
    """Return queries after some updates of a modern Hopfield network, unit vectors (B, d).

    Each step replaces a query by what it reads of the patterns: attention whose keys and values are
    both the patterns. With `separation='nearest'` one step ends at the nearest pattern.

    Args:
        queries: unit vectors, (B, d).
        patterns: unit vectors, (N, d); one set for each query if it is (B, N, d).
        n_steps: at least 1.
        separation, sharpness: as in `read`.
    """
    check_int("n_steps", n_steps, Range(1))
    check_keys([separation], SEPARATIONS, "separation")
    check_float("sharpness", sharpness, SHARPNESS)
    state = queries
    for _ in range(n_steps):
        scores = (patterns @ state[..., None])[..., 0]  # (B, N)
        shares = SEPARATIONS[separation](scores, sharpness)
        state = normalise((shares[:, None, :] @ patterns)[:, 0])
    return state


def normalise(vectors: Array) -> Array:
    """Return vectors (..., d) at unit length; zeros stay."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)
