"""Chains of associations, followed in a Hebbian matrix over sparse codes.

Each step reads the units that all units of a code are wired to, finds the stored target that they
stand for, and goes on from that target's code. The target is found by a checksum of its units where
a read is faultless, by comparing with all stored codes where it is not.

Axes: B codes, N pairs, a active units, h steps.
"""

from __future__ import annotations

import numpy as np

from hsokv.memory.hebbian import BitMatrix, code_matrix, shared_units
from hsokv.seeds import numpy_rng

LEAST_SHARE = 0.5  # of the active units of a code that still stand for it


class Chains:
    """Pairs of codes, of a cue and its target, wired to one another.

    The matrix is allocated with the first pair.

    Args:
        size, n_active: units of a code, and how many of them fire.
        seed: of the checksums.
    """

    def __init__(self, size: int, n_active: int, seed: int):
        self._size, self._n_active = size, n_active
        self._codes = np.empty((0, 2, n_active), np.int32)  # of cue and target
        self._factors = numpy_rng(seed, "checksums").integers(1, 2**63, size, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def n_bytes(self) -> int:
        """Bytes of codes, checksums and matrix."""
        return self.matrix.n_bytes + self._codes.nbytes + 2 * self._sums.nbytes if len(self) else 0

    def add(self, cues: np.ndarray, targets: np.ndarray) -> None:
        """Wire pairs of codes, (B, a) each."""
        if not len(self):
            self.matrix = BitMatrix(self._size)
        self.matrix.add(cues, targets)
        self._codes = np.concatenate([self._codes, np.stack([cues, targets], axis=1)])
        sums = self._checksums(self._codes[:, 1])
        self._order = np.argsort(sums, kind="stable")  # of equal targets the newest comes last
        self._sums = sums[self._order]

    def follow(self, starts: np.ndarray, n_steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the pairs whose targets are reached, and how surely.

        The first step is the target of the pair that a chain starts from.

        Args:
            starts: places of these pairs, in the order in which they were added, (B,).
            n_steps: h.

        Returns:
            Places, (B, h), -1 from the step on at which a chain ends, and the share of the target's
            code that fired, (B, h).
        """
        places, shares = np.full((len(starts), n_steps), -1), np.zeros((len(starts), n_steps))
        for row, place in enumerate(starts):
            share = 1.0
            for step in range(n_steps):
                if step:
                    place, share = self._step(self._codes[place, 1])
                if share < LEAST_SHARE:
                    break
                places[row, step], shares[row, step] = place, share
        return places, shares

    def _step(self, units: np.ndarray) -> tuple[int, float]:
        """Return the pair whose target a code leads to, and the share of its code that fired."""
        found = self.matrix.read_all(units)
        if len(found) == self._n_active:
            total = self._checksums(found)
            at = np.searchsorted(self._sums, total, side="right") - 1
            place = self._order[at]
            if np.array_equal(self._codes[place, 1], found):
                return int(place), 1.0
        if len(found) < LEAST_SHARE * self._n_active:  # the code is not quite one that was stored
            counts = self.matrix.count(units)
            found = np.argsort(-counts, kind="stable")[: self._n_active]
            found = np.sort(found[counts[found] >= LEAST_SHARE * len(units)])
        return self._most_alike(found)

    def _most_alike(self, units: np.ndarray) -> tuple[int, float]:
        """Return the pair whose target shares most of some units, of equal ones the newest."""
        if not len(units):
            return -1, 0.0
        targets = code_matrix(self._codes[:, 1], self._size)
        shared = shared_units(units[None], targets)[0]
        place = len(shared) - 1 - shared[::-1].argmax()
        return int(place), float(shared[place] / self._n_active)

    def _checksums(self, codes: np.ndarray) -> np.ndarray:
        """Return a number for each code, (...,), of codes (..., a)."""
        return self._factors[codes].sum(-1)  # wraps around
