"""Chains of associations, followed in a Hebbian matrix over sparse codes.

Each step reads the units that all units of a code are wired to, finds the stored target that they
stand for, and goes on from that target's code. The target is found by a checksum of its units where
a read has no more than two false units, by comparing with all stored codes where it has.

Axes: B codes, N pairs, a active units, h steps.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from hsokv.memory.hebbian import BitMatrix, code_matrix, shared_units
from hsokv.seeds import numpy_rng

MOST_FALSE = 2  # units beside a target's that are tried to be left out
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
        self._targets = code_matrix(self._codes[:, 1], size)  # made when it is first needed
        self._factors = numpy_rng(seed, "checksums").integers(1, 2**63, size, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def n_bytes(self) -> int:
        """Bytes of codes, checksums and matrix."""
        if not len(self):
            return 0
        targets = self._targets.data.nbytes + self._targets.indices.nbytes
        return self.matrix.n_bytes + self._codes.nbytes + 2 * self._sums.nbytes + targets

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
        places = self._exactly(found)
        if len(places):
            return self._met(units, places), 1.0
        if len(found) < LEAST_SHARE * self._n_active:  # the code is not quite one that was stored
            counts = self.matrix.count(units)
            found = np.argsort(-counts, kind="stable")[: self._n_active]
            found = np.sort(found[counts[found] >= LEAST_SHARE * len(units)])
        if not len(found):
            return -1, 0.0
        if self._targets.shape[0] < len(self):
            self._targets = code_matrix(self._codes[:, 1], self._size)
        shared = shared_units(found[None], self._targets)[0]
        places = np.flatnonzero(shared == shared.max())
        return self._met(units, places), float(shared.max() / self._n_active)

    def _met(self, units: np.ndarray, places: np.ndarray) -> int:
        """Return the pair whose cue shares most with a code, of equal ones the newest."""
        if len(places) == 1:
            return int(places[0])
        places = np.sort(places)[::-1]
        return int(places[np.isin(self._codes[places, 0], units).sum(1).argmax()])

    def _exactly(self, found: np.ndarray) -> np.ndarray:
        """Return the pairs whose target is all of some units but up to two."""
        n_false = len(found) - self._n_active
        if not 0 <= n_false <= MOST_FALSE:
            return np.empty(0, int)
        if not n_false:  # nearly always
            places = self._with_sum(int(self._checksums(found)))
            right = len(places) and (self._codes[places[0], 1] == found).all()
            return places if right else places[:0]
        left_out = np.array(list(combinations(range(len(found)), n_false)), int)
        rests = self._checksums(found) - self._factors[found[left_out]].sum(1)
        ends = (np.searchsorted(self._sums, rests, side) for side in ("left", "right"))
        for i, (low, high) in enumerate(zip(*ends)):
            places = self._order[low:high]
            if len(places) and np.array_equal(
                self._codes[places[0], 1], np.delete(found, left_out[i])
            ):
                return places
        return np.empty(0, int)

    def _with_sum(self, checksum: int) -> np.ndarray:
        """Return the pairs whose targets have a checksum, the newest last."""
        low = np.searchsorted(self._sums, checksum)
        if low == len(self._sums) or self._sums[low] != checksum:
            return self._order[:0]
        return self._order[low : np.searchsorted(self._sums, checksum, "right")]

    def _checksums(self, codes: np.ndarray) -> np.ndarray:
        """Return a number for each code, (...,), of codes (..., a)."""
        return self._factors[codes].sum(-1)  # wraps around
