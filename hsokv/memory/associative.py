"""An associative memory: store what a cue stands for, recall it from another cue, or step by step.

A single recall is a search: the stored cue most like the query, after the query has settled among
its nearest cues (`hopfield.settle`). A chain of associations is followed in a Hebbian matrix over
sparse codes (`chains`), from the stored cue that the query is most like: one projection codes cues
and targets, so that a target can be the next cue.

Axes: B vectors, d width, N memories, C cues, k answers, h steps.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from hsokv.boundary.checks import Range, check_float, check_int, check_keys, check_seed
from hsokv.boundary.files import replace_file
from hsokv.memory.chains import Chains
from hsokv.memory.codes import SparseCoder
from hsokv.memory.hopfield import SHARPNESS, settle
from hsokv.memory.saved import pack, unpack
from hsokv.memory.search import SEARCHES, Index
from hsokv.memory.vectors import stored_ids, unit_vectors

READ_OUTS = ("nearest", "softmax", "sparsemax")
N_STEPS = 3  # of settling
EQUAL = 1e-6  # difference of cosines within which cues are equally near


class Recalled(NamedTuple):
    """What was recalled, best first or step by step.

    Attributes:
        ids: of the memories, (B, k) or (B, h); -1 where there is none, or a chain has ended.
        scores: cosine of cue and query; in a chain, the share of the target's code that fired.
        targets: unit vectors, (B, k, d) or (B, h, d); zeros where the id is -1.
    """

    ids: np.ndarray
    scores: np.ndarray
    targets: np.ndarray


class AssociativeMemory:
    """Memories of one target each, and of one cue or several; unit vectors of one width.

    A cue stored with two targets stands for both: a search finds the newer one first, a chain goes
    on with the one that shares more of what fires, the newer one if they share as much. What is
    deleted leaves the matrix of the chains when one is next followed, for which the pairs that are
    left are wired anew.

    Args:
        width: d, up to 65,536.
        code_size, n_active: units of a sparse code, up to 131,072, and how many of them fire.
        n_candidates: nearest cues among which a query settles.
        read_out: 'nearest' takes queries as they are; 'softmax' or 'sparsemax' let them settle.
        sharpness: of settling, see `hopfield.read`.
        search: 'flat', 'bounded', 'quantised' or 'binary', see `search.Index`.
        seed: of the projection.

    Raises:
        ValueError, TypeError: a setting out of range, or of another type.
        ModuleNotFoundError: faiss is not installed.
    """

    def __init__(
        self,
        width: int,
        *,
        code_size: int = 16_384,
        n_active: int = 50,
        n_candidates: int = 20,
        read_out: str = "nearest",
        sharpness: float = 20.0,
        search: str = "flat",
        seed: int = 0,
    ):
        check_keys([read_out], READ_OUTS, "read_out")
        check_keys([search], SEARCHES, "search")
        width = check_int("width", width, Range(1, 2**16))
        code_size = check_int("code_size", code_size, Range(2, 2**17))
        self.settings = {
            "width": width,
            "code_size": code_size,
            "n_active": check_int("n_active", n_active, Range(1, code_size - 1)),
            "n_candidates": check_int("n_candidates", n_candidates, Range(1)),
            "read_out": read_out,
            "sharpness": check_float("sharpness", sharpness, SHARPNESS),
            "search": search,
            "seed": check_seed(seed),
        }
        self._cues = Index(width, search)
        self._owners = np.empty(0, np.int64)  # id of each cue's memory, (C,)
        self._ids = np.empty(0, np.int64)  # ascending, (N,)
        self._targets = np.empty((0, width), np.float32)
        self._next = 0
        self._coder: SparseCoder | None = None  # made when a chain is first followed
        self._chains = self._new_chains()

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def n_bytes(self) -> int:
        """Bytes of cues and targets, and of codes and matrix once a chain was followed."""
        vectors = self._cues.n_bytes + self._targets.nbytes
        return vectors + self._owners.nbytes + self._ids.nbytes + self._chains.n_bytes

    def store(self, cues: Any, targets: Any) -> np.ndarray:
        """Store memories of one cue each, and return their ids, (B,), which only grow.

        Args:
            cues, targets: vectors (B, d) of any length above zero; their directions are kept.

        Raises:
            TypeError: something in them is no number.
            ValueError: another shape or width, a number that is not finite, a vector of zeros, one
                that a quantised search cannot keep, or another number of targets; nothing is stored
                then.
        """
        cues, targets = self._units("cues", cues), self._units("targets", targets)
        if len(cues) != len(targets):
            raise ValueError(
                f"{len(cues)} cues and {len(targets)} targets: expected one target for each cue; "
                "add_cues gives a memory further cues"
            )
        ids = self._next + np.arange(len(cues))
        self._targets = np.concatenate([self._targets, targets])
        self._ids = np.concatenate([self._ids, ids])
        self._next += len(ids)
        self._add(cues, ids)
        return ids

    def add_cues(self, ids: Any, cues: Any) -> None:
        """Give stored memories further cues, such as paraphrases.

        Args:
            ids: of the memory of each cue, (B,).
            cues: as in `store`.

        Raises:
            TypeError: something in them is no number.
            ValueError: an id is not stored, or as `store`; nothing is stored then.
        """
        ids, cues = stored_ids(ids, self._ids), self._units("cues", cues)
        if len(ids) != len(cues):
            raise ValueError(f"{len(ids)} ids and {len(cues)} cues: expected one id for each cue")
        self._add(cues, ids)

    def recall(self, queries: Any, *, k: int = 1, hops: int = 0) -> Recalled:
        """Return what the queries recall; changes no memory.

        Args:
            queries: (B, d).
            k: memories for each query, no more than are stored.
            hops: steps of a chain instead: the target of the nearest cue, what that target stands
                for as a cue, and so on.

        Raises:
            TypeError: something in the queries is no number.
            ValueError: the memory is empty, the queries have another shape or a vector of zeros,
                or k or hops is out of range.
        """
        queries = unit_vectors("queries", queries, self.settings["width"])
        check_int("hops", hops, Range(0))
        if not len(self):
            raise ValueError("the memory is empty: expected stored memories; store some first")
        check_int("k", k, Range(1, len(self)))
        if not hops:
            ids, scores = self._nearest(queries, k)
            return self._recalled(ids, scores)
        starts = self._nearest_cues(queries, 1)[0][:, 0]
        self._wire()
        places, scores = self._chains.follow(starts, hops)
        return self._recalled(np.where(places < 0, -1, self._owners[places]), scores)

    def delete(self, ids: Any) -> None:
        """Drop memories, with all their cues, by their ids.

        Raises:
            TypeError: something in them is no number.
            ValueError: one of them is not stored; nothing is deleted then.
        """
        ids = stored_ids(ids, self._ids)
        if not len(ids):
            return
        self._cues.remove(np.flatnonzero(np.isin(self._owners, ids)))
        kept = ~np.isin(self._ids, ids)
        self._owners = self._owners[~np.isin(self._owners, ids)]
        self._ids, self._targets = self._ids[kept], self._targets[kept]
        self._chains = self._new_chains()

    def save(self, path: str | os.PathLike) -> None:
        """Write the memory to one file, whole or not at all.

        Raises:
            OSError: the file cannot be written; an older one is as it was.
        """
        tensors = {
            "cues": self._cues.get(np.arange(len(self._cues))),
            "targets": self._targets,
            "owners": self._owners,
            "ids": self._ids,
            "next": np.array([self._next]),
        }
        replace_file(path, pack(self.settings, tensors))

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """Return a saved memory.

        Raises:
            OSError: the file cannot be read.
            ValueError: it is cut short, damaged, or of something else.
        """
        content = Path(path).read_bytes()
        try:
            settings, tensors = unpack(content)
            check_keys(cls(1).settings, settings, "setting")
            memory = cls(**settings)
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"{path} is no associative memory that can be read ({error}): expected a file that "
                "AssociativeMemory.save wrote; take a copy of it"
            ) from error
        memory._targets, memory._ids = tensors["targets"], tensors["ids"]
        memory._next = int(tensors["next"][0])
        memory._add(tensors["cues"], tensors["owners"])
        return memory

    def _units(self, name: str, vectors: Any) -> np.ndarray:
        return unit_vectors(name, vectors, self.settings["width"], self._cues.span)

    def _add(self, cues: np.ndarray, owners: np.ndarray) -> None:
        self._cues.add(cues)
        self._owners = np.concatenate([self._owners, owners])

    def _recalled(self, ids: np.ndarray, scores: np.ndarray) -> Recalled:
        places = np.searchsorted(self._ids, ids)
        targets = self._targets[np.where(ids < 0, 0, places)]
        return Recalled(ids, scores, np.where(ids[..., None] < 0, 0, targets))

    def _nearest(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return ids and cosines of the nearest memories, (B, k)."""
        n_cues = min(len(self._cues), k * int(np.unique(self._owners, return_counts=True)[1].max()))
        places, scores = self._nearest_cues(queries, n_cues)
        if n_cues == k:
            return self._owners[places], scores
        ids, best = np.empty((len(queries), k), np.int64), np.empty((len(queries), k), np.float32)
        for i, owners in enumerate(self._owners[places]):
            first = np.sort(np.unique(owners, return_index=True)[1])[:k]
            ids[i], best[i] = owners[first], scores[i, first]
        return ids, best

    def _nearest_cues(self, queries: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return places and scores of the nearest cues, (B, n), of equal ones the newest first."""
        n_settled, read_out = self.settings["n_candidates"], self.settings["read_out"]
        scores, places = self._find_all_equal(queries, max(n, n_settled))
        if read_out != "nearest":
            cues = self._cues.get(places).reshape(*places.shape, self.settings["width"])
            near = cues[:, :n_settled]
            settled = settle(queries, near, N_STEPS, read_out, self.settings["sharpness"])
            scores = (cues @ settled[..., None])[..., 0]
        order = np.lexsort((-places, -scores.round(6)), axis=1)[:, :n]
        return np.take_along_axis(places, order, 1), np.take_along_axis(scores, order, 1)

    def _find_all_equal(self, queries: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return cosines and places of the n nearest cues, and of all that are as near as the last.

        A search names the oldest of equal cues first, and would leave out the newest.
        """
        while True:
            scores, places = self._cues.find(queries, n)
            n_found = scores.shape[1]
            first = scores[:, :1] if len(scores) else np.zeros((0, 1))
            if n_found == len(self._cues) or not (first - scores[:, -1:] < EQUAL).any():
                order = np.lexsort((-places, -scores.round(6)), axis=1)
                return np.take_along_axis(scores, order, 1), np.take_along_axis(places, order, 1)
            n = 2 * n_found

    def _new_chains(self) -> Chains:
        return Chains(*(self.settings[name] for name in ("code_size", "n_active", "seed")))

    def _wire(self) -> None:
        """Wire the pairs that came since, targets rounded as they would be kept as cues."""
        new = np.arange(len(self._chains), len(self._owners))
        if not len(new):
            return
        if self._coder is None:
            names = ("width", "code_size", "n_active", "seed")
            self._coder = SparseCoder(*(self.settings[name] for name in names))
        targets = self._targets[np.searchsorted(self._ids, self._owners[new])]
        sides = self._cues.get(new), self._cues.round(targets)
        self._chains.add(*(self._coder.encode(vectors) for vectors in sides))
