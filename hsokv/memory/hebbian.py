"""Hebbian memories: pairs of sparse codes in one matrix, read by the rows of active units alone.

What fires together is wired together: a pair switches on the connection of each active unit of its
cue to each of its target (Willshaw et al., 1969). A connection is a bit, so that a matrix of 16,384
units takes 33.6 MB and a read touches a row for each active unit. Where connections are counted
instead, the matrix is a sum over pairs, and a read the sum of their targets, each weighed by the
units it shares with the query: that is read from the codes, without a matrix.

Axes: B codes, n units, a active units, N pairs.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

PART = 4096  # pairs wired at a time


class BitMatrix:
    """Connections of n units to n units, one bit each.

    Args:
        size: n.
    """

    def __init__(self, size: int):
        self.size = size
        self.bits = np.zeros((size, -(-size // 64) * 8), np.uint8)  # a row holds whole words

    @property
    def n_bytes(self) -> int:
        """Bytes of the matrix."""
        return self.bits.nbytes

    @property
    def fill(self) -> float:
        """Share of connections that are on."""
        return float(np.bitwise_count(self.bits).sum()) / self.size**2

    def add(self, cues: np.ndarray, targets: np.ndarray) -> None:
        """Wire pairs of codes, active units (B, a) each."""
        for start in range(0, len(cues), PART):
            cue = cues[start : start + PART, :, None]
            target = targets[start : start + PART, None, :]
            flags = np.left_shift(np.uint8(1), (target & 7).astype(np.uint8))
            shape = np.broadcast_shapes(cue.shape, target.shape)
            np.bitwise_or.at(self.bits, (cue, target >> 3), np.broadcast_to(flags, shape))

    def read_all(self, units: np.ndarray) -> np.ndarray:
        """Return the units, ascending, that every one of some active units is wired to."""
        rows = self.bits.view(np.uint64)[units]
        joint = np.bitwise_and.reduce(rows, axis=0).view(np.uint8)
        flags = np.unpackbits(joint, count=self.size, bitorder="little")
        return np.flatnonzero(flags.view(bool))  # several times as fast as of numbers

    def count(self, units: np.ndarray) -> np.ndarray:
        """Return how many of some active units each unit is wired to, (n,)."""
        rows = np.unpackbits(self.bits[units], axis=1, count=self.size, bitorder="little")
        return rows.sum(0, dtype=np.int32)


def winners(drive: np.ndarray, n_active: int) -> np.ndarray:
    """Return the units with the largest input, (B, a), ascending, of inputs (B, n).

    Of equal ones those that come first, so that every machine takes the same.
    """
    drive = drive.toarray() if hasattr(drive, "toarray") else drive
    order = np.argsort(-drive, axis=1, kind="stable")[:, :n_active]
    return np.sort(order, axis=1).astype(np.int32)


def draw_codes(rng: np.random.Generator, n: int, size: int, n_active: int) -> np.ndarray:
    """Return random codes, (n, a), ascending."""
    codes = rng.integers(size, size=(n, n_active), dtype=np.int32)
    while True:
        codes.sort(axis=1)
        twice = np.flatnonzero((np.diff(codes, axis=1) == 0).any(axis=1))
        if not len(twice):
            return codes
        codes[twice] = rng.integers(size, size=(len(twice), n_active), dtype=np.int32)


def code_matrix(codes: np.ndarray, size: int) -> csr_array:
    """Return codes (N, a) as rows of zeros and ones, (N, n), sparse."""
    n, active = codes.shape
    ones = np.ones(codes.size, np.float32)
    return csr_array((ones, codes.ravel(), np.arange(n + 1) * active), shape=(n, size))


def shared_units(queries: np.ndarray, stored: csr_array) -> np.ndarray:
    """Return how many units each query shares with each stored code, (B, N)."""
    asked = code_matrix(queries, stored.shape[1]).toarray()
    return np.ascontiguousarray((stored @ np.ascontiguousarray(asked.T)).T)


def counted_drive(queries: np.ndarray, cues: csr_array, targets: csr_array) -> np.ndarray:
    """Return the input of every unit from a matrix of counted connections, (B, n).

    It is `hopfield.read` of codes with similarity 'dot' and separation 'identity'.
    """
    return weigh_targets(shared_units(queries, cues), targets)


def weigh_targets(weights: np.ndarray, targets: csr_array) -> np.ndarray:
    """Return the sum of target codes (N, n) by weights (B, N), (B, n).

    The transposes let whole rows be added, several times as fast as a product of two sparse ones.
    """
    return np.ascontiguousarray((targets.T @ np.ascontiguousarray(weights.T)).T)
