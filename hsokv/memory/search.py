"""The most similar of many unit vectors: exactly, or with less memory, or sooner (FAISS).

`flat` keeps 32-bit floats and compares all. `quantised` keeps 8 bits of each number, a quarter of
the memory, and finds what is most similar to within their rounding. `binary` compares signs first,
one bit of each number, and ranks the best of them by 32-bit floats (Douze et al., 2024).

The 8 bits span six standard deviations of a unit vector's numbers, as sentence vectors need;
`span` says how large a number may be.

Axes: B queries, N stored vectors, d width.
"""

from __future__ import annotations

import numpy as np

from hsokv.boundary.checks import check_keys

SEARCHES = ("flat", "quantised", "binary")
FILTERED = 400  # vectors that pass the comparison of signs, at least, ...
FILTERED_EACH = 20  # ... and for each one that is asked for
SPREAD = 6.0  # standard deviations of a unit vector's numbers that 8 bits span


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
        self._floats = faiss.IndexFlatIP(width)
        self._signs = faiss.IndexBinaryFlat(8 * -(-width // 8)) if search == "binary" else None
        if search == "quantised":
            kind = faiss.ScalarQuantizer.QT_8bit
            self._floats = faiss.IndexScalarQuantizer(width, kind, faiss.METRIC_INNER_PRODUCT)
            ends = np.array([[-self.span] * width, [self.span] * width], np.float32)
            self._floats.train(ends)

    def __len__(self) -> int:
        return self._floats.ntotal

    @property
    def span(self) -> float:
        """Largest number of a vector that is kept as it is."""
        return min(1.0, SPREAD / self.width**0.5) if self.search == "quantised" else 1.0

    @property
    def n_bytes(self) -> int:
        """Bytes of the stored vectors."""
        signs = self._signs.code_size if self._signs else 0
        return len(self) * (self._floats.sa_code_size() + signs)

    def add(self, vectors: np.ndarray) -> None:
        """Store unit vectors, (B, d), behind those before."""
        vectors = np.ascontiguousarray(vectors, np.float32)
        self._floats.add(vectors)
        if self._signs:
            self._signs.add(_signs_of(vectors))

    def get(self, places: np.ndarray) -> np.ndarray:
        """Return stored vectors by their places, (B, d), float32, as they are kept."""
        places = np.asarray(places, np.int64).ravel()
        if not len(places):
            return np.empty((0, self.width), np.float32)
        return self._floats.reconstruct_batch(places)

    def round(self, vectors: np.ndarray) -> np.ndarray:
        """Return vectors (B, d) as they would be kept."""
        codes = self._floats.sa_encode(np.ascontiguousarray(vectors, np.float32))
        return self._floats.sa_decode(codes)

    def remove(self, places: np.ndarray) -> None:
        """Drop stored vectors; those behind them move up."""
        places = np.asarray(places, np.int64)
        self._floats.remove_ids(places)
        if self._signs:
            self._signs.remove_ids(places)

    def find(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return cosines and places of the k most similar, best first, (B, min(k, N)) each."""
        queries = np.ascontiguousarray(queries, np.float32)
        k = min(k, len(self))
        if not self._signs:
            return self._floats.search(queries, k)
        n_filtered = min(len(self), max(FILTERED, FILTERED_EACH * k))
        _, passed = self._signs.search(_signs_of(queries), n_filtered)
        cosines, places = np.empty((len(queries), k), np.float32), np.empty((len(queries), k), int)
        for i, (query, some) in enumerate(zip(queries, passed)):
            exact = self.get(some) @ query
            best = np.argsort(-exact, kind="stable")[:k]
            cosines[i], places[i] = exact[best], some[best]
        return cosines, places


def _signs_of(vectors: np.ndarray) -> np.ndarray:
    return np.packbits(vectors > 0, axis=1)


def _load_faiss():
    try:
        import faiss
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "searching stored vectors needs the package faiss-cpu: run pip install 'hsokv[search]'"
        ) from error
    return faiss
