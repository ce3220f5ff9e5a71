"""Sparse codes of vectors: a random expansion of which the most active units stay.

A vector is projected to many more units than it has numbers, and the `n_active` with the largest
input fire (winner take all). Similar vectors share units, and the fewer the less similar they are,
as in the fly's olfactory system (Dasgupta et al., 2017).

Axes: B vectors, d width, n units of the code, a active units.
"""

from __future__ import annotations

import numpy as np

from hsokv.boundary.checks import Range, check_int, check_seed
from hsokv.seeds import numpy_rng

PART = 512  # vectors projected at a time


class SparseCoder:
    """A fixed random projection and the number of units that fire.

    One coder serves cues and targets, so that a target can be the next cue.

    Args:
        width: d.
        size: n.
        n_active: a, below n.
        seed: of the projection.
        even: whether each unit's weights are scaled to one length. Drawn at random, they have
            lengths a few percent apart, and units with longer ones fire much more often.

    Raises:
        ValueError: a size below 1, or as many active units as there are.
    """

    def __init__(
        self, width: int, size: int = 16_384, n_active: int = 50, seed: int = 0, even: bool = True
    ):
        self.width = check_int("width", width, Range(1))
        self.size = check_int("size", size, Range(2))
        self.n_active = check_int("n_active", n_active, Range(1, size - 1))
        self.seed = check_seed(seed)
        rng = numpy_rng(seed, f"projection {width} {size}")
        drawn = rng.standard_normal((width, size), dtype=np.float32)
        self._projection = drawn / np.linalg.norm(drawn, axis=0) if even else drawn

    def encode(self, vectors: np.ndarray) -> np.ndarray:
        """Return the active units of each vector, (B, a), ascending, int32."""
        codes = np.empty((len(vectors), self.n_active), np.int32)
        for start in range(0, len(vectors), PART):
            part = vectors[start : start + PART].astype(np.float32) @ self._projection
            first = self.size - self.n_active
            winners = np.argpartition(part, first, axis=1)[:, first:]
            codes[start : start + PART] = np.sort(winners, axis=1)
        return codes


def overlap(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return how many units two codes share, row by row, (B,)."""
    return np.array([len(np.intersect1d(a, b, assume_unique=True)) for a, b in zip(one, other)])
