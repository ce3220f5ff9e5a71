"""The most similar of many unit vectors: exactly, or with less memory, or sooner (FAISS).

`flat` keeps 32-bit floats and compares all. `bounded` finds the same and reads a quarter as much:
it compares 8 bits of each number first, and goes on until no other vector can be among the best,
since it knows how far their rounding has moved any. `quantised` keeps these 8 bits alone, a
quarter of the memory, and finds what is most similar to within their rounding. `binary` compares
signs first, one bit of each number, and ranks the best of them by 32-bit floats (Douze et al.,
2024). Codes of a power of two of bits are compared soonest, so that the signs of some random
projections fill them up.

The 8 bits span six standard deviations of a unit vector's numbers, as sentence vectors need;
`span` says how large a number may be. A `bounded` search takes any, and takes longer where one of
the stored vectors has larger ones.

Axes: B queries, N stored vectors, d width, k answers.
"""

from __future__ import annotations

import numpy as np

from hsokv.boundary.checks import check_keys
from hsokv.seeds import numpy_rng

SEARCHES = ("flat", "bounded", "quantised", "binary")
FILTERED = 800  # vectors that pass the comparison of signs, at least, ...
FILTERED_EACH = 40  # ... and for each one that is asked for
BOUNDED_EACH = 10  # compared exactly at first, for each one that is asked for
SPREAD = 6.0  # standard deviations of a unit vector's numbers that 8 bits span
ROUNDING = 1e-5  # of a sum of 32-bit floats, at most
MOST_BITS = 512  # of a code that is filled up
PART = 50_000  # vectors coded at a time


class Index:
    """Vectors in the order in which they were added.

    Args:
        width: d.
        search: one of `SEARCHES`.

    Raises:
        ModuleNotFoundError: faiss is not installed.
        ValueError: an unknown kind of search.
    """

    def __init__(self, width: int, search: str = "flat"):
        check_keys([search], SEARCHES, "search")
        faiss = _load_faiss()
        self.width, self.search = int(width), search
        width = self.width
        self._floats = np.empty((0, width), np.float32)  # with room for more
        self._n = 0
        self._codes = self._signs = None
        self._moved = 0.0  # farthest that a vector is from its 8 bits
        if search == "quantised":
            kind = faiss.ScalarQuantizer.QT_8bit
            self._codes = faiss.IndexScalarQuantizer(width, kind, faiss.METRIC_INNER_PRODUCT)
            ends = np.array([[-self.span] * width, [self.span] * width], np.float32)
            self._codes.train(ends)
        elif search == "bounded":
            kind = faiss.ScalarQuantizer.QT_8bit_direct_signed
            self._codes = faiss.IndexScalarQuantizer(width, kind, faiss.METRIC_INNER_PRODUCT)
        elif search == "binary":
            n_bits = max(8, 2 ** (width - 1).bit_length()) if width <= MOST_BITS else width
            self._signs = faiss.IndexBinaryFlat(8 * -(-n_bits // 8))
            shape = width, self._signs.d - width
            self._further = numpy_rng(0, "signs").standard_normal(shape).astype(np.float32)
            self._signs.use_heap = False  # counting takes hardly longer where many pass

    def __len__(self) -> int:
        return self._n

    @property
    def span(self) -> float:
        """Largest number of a vector that is kept as it is."""
        return self._range if self.search == "quantised" else 1.0

    @property
    def _range(self) -> float:
        """Largest number that 8 bits hold."""
        return min(1.0, SPREAD / self.width**0.5)

    @property
    def floats(self) -> np.ndarray:
        """The stored vectors, (N, d), float32, read only; none of a quantised search."""
        stored = self._floats[: self._n]
        stored.flags.writeable = False
        return stored

    @property
    def n_bytes(self) -> int:
        """Bytes of the stored vectors."""
        size = 0 if self.search == "quantised" else 4 * self.width
        size += self._codes.sa_code_size() if self._codes else 0
        return len(self) * (size + (self._signs.code_size if self._signs else 0))

    def add(self, vectors: np.ndarray) -> None:
        """Store unit vectors, (B, d), behind those before."""
        vectors = np.ascontiguousarray(vectors, np.float32)
        if self.search == "quantised":
            self._codes.add(vectors)
        else:
            self._append(vectors)
        if self._signs:
            for start in range(0, len(vectors), PART):
                self._signs.add(self._signs_of(vectors[start : start + PART]))
        if self.search == "bounded" and len(vectors):
            for start in range(0, len(vectors), PART):
                steps, moved = self._in_steps(vectors[start : start + PART])
                self._codes.add(steps)
                self._moved = max(self._moved, float(moved.max()))
        self._n += len(vectors)

    def _append(self, vectors: np.ndarray) -> None:
        """Copy vectors behind the others, into more room where there is too little."""
        n = self._n + len(vectors)
        if n > len(self._floats):  # NumPy asks for large pages, which are read sooner
            room = np.empty((max(n, self._n * 3 // 2), self.width), np.float32)
            room[: self._n] = self._floats[: self._n]
            self._floats = room
        self._floats[self._n : n] = vectors

    def get(self, places: np.ndarray) -> np.ndarray:
        """Return stored vectors by their places, (B, d), float32, as they are kept."""
        places = np.asarray(places, np.int64).ravel()
        if not len(places):
            return np.empty((0, self.width), np.float32)
        if self.search == "quantised":
            return self._codes.reconstruct_batch(places)
        return self.floats[places]

    def round(self, vectors: np.ndarray) -> np.ndarray:
        """Return vectors (B, d) as they would be kept."""
        vectors = np.array(vectors, np.float32, order="C")
        if self.search != "quantised":
            return vectors
        return self._codes.sa_decode(self._codes.sa_encode(vectors))

    def remove(self, places: np.ndarray) -> None:
        """Drop stored vectors; those behind them move up."""
        places = np.asarray(places, np.int64)
        for index in (self._codes, self._signs):
            if index:
                index.remove_ids(places)
        kept = np.ones(self._n, bool)
        kept[places] = False
        if self.search != "quantised":
            first = int(places.min(initial=self._n))  # those before stay where they are
            rest = self._floats[first : self._n][kept[first:]]
            self._floats[first : first + len(rest)] = rest
        self._n = int(kept.sum())

    def find(
        self, queries: np.ndarray, k: int, n_filtered: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return cosines and places of the k most similar, best first, (B, min(k, N)) each.

        Args:
            queries: unit vectors, (B, d).
            k: answers for each.
            n_filtered: vectors that pass a comparison of signs, at least k; 0 takes a number that
                is enough for most sentence vectors.
        """
        queries = np.ascontiguousarray(queries, np.float32)
        k = min(k, len(self))
        if self.search == "quantised" and k:
            return self._codes.search(queries, k)
        if self.search == "flat" and k:
            faiss = _load_faiss()
            return faiss.knn(queries, self.floats, k, metric=faiss.METRIC_INNER_PRODUCT)
        floats = self.floats
        cosines, places = np.empty((len(queries), k), np.float32), np.empty((len(queries), k), int)
        if not k:
            return cosines, places
        if self.search == "bounded":
            for i, query in enumerate(queries):
                cosines[i], places[i] = self._find_bounded(floats, query, k)
            return cosines, places
        n_filtered = max(n_filtered, k) if n_filtered else max(FILTERED, FILTERED_EACH * k)
        _, passed = self._signs.search(self._signs_of(queries), min(len(self), n_filtered))
        for i, (query, some) in enumerate(zip(queries, passed)):
            cosines[i], places[i] = _best(_cosines(floats, query, some), some, k)
        return cosines, places

    def _signs_of(self, vectors: np.ndarray) -> np.ndarray:
        """Return signs of vectors (B, d) and of their further projections as bits, (B, bytes)."""
        return np.packbits(np.hstack([vectors, vectors @ self._further]) > 0, axis=1)

    def _find_bounded(
        self, floats: np.ndarray, query: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return cosines and places of the k most similar to one query, (k,) each."""
        scale = 127 / max(float(np.abs(query).max()), 1e-9)  # finer than that of what is stored
        steps = np.rint(query * scale)
        slack = (1 + self._moved) * float(np.linalg.norm(query - steps / scale))
        slack += self._moved * float(np.linalg.norm(query)) + ROUNDING
        n_some = BOUNDED_EACH * k
        while True:
            n_some = min(n_some, len(self))
            near, some = self._codes.search(steps[None], n_some)
            cosines, places = _best(_cosines(floats, query, some[0]), some[0], k)
            # No other vector is nearer than the last of these, but for what rounding has moved.
            most = near[0, -1] / (self._steps * scale) + slack
            if n_some == len(self) or cosines[-1] > most:
                return cosines, places
            n_some *= 4

    def _in_steps(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return vectors (B, d) rounded to whole steps of 8 bits, and how far that moves each."""
        steps = np.clip(np.rint(vectors * self._steps), -127, 127)
        return steps, np.linalg.norm(vectors - steps / self._steps, axis=1)

    @property
    def _steps(self) -> float:
        """Steps of 8 bits in a unit of a vector's numbers."""
        return float(np.float32(127 / self._range))


def _cosines(floats: np.ndarray, query: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the inner products of a query with some stored vectors, which are not copied."""
    faiss, found = _load_faiss(), np.empty(len(places), np.float32)
    pointers = (faiss.swig_ptr(array) for array in (found, query, floats, places))
    faiss.fvec_inner_products_by_idx(*pointers, floats.shape[1], 1, len(places))
    return found


def _best(cosines: np.ndarray, places: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the k largest cosines and their places, of equal ones the first stored first."""
    if k < len(cosines):
        least = np.partition(cosines, len(cosines) - k)[len(cosines) - k]
        some = np.flatnonzero(cosines >= least)
        cosines, places = cosines[some], places[some]
    order = np.lexsort((places, -cosines))[:k]
    return cosines[order], places[order]


def _load_faiss():
    try:
        import faiss
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "searching stored vectors needs the package faiss-cpu: run pip install 'hsokv[search]'"
        ) from error
    return faiss
