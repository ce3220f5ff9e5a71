"""What a step along a chain costs, and what it costs to store, change, save and load a memory.

Axes: N pairs of codes, or memories.
"""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from hsokv.experiments.cost_and_scale.timing import UNASKED, UNTIMED, summarise, time_calls
from hsokv.experiments.cost_and_scale.vectors import SPECTRUM, draw_vectors
from hsokv.memory.associative import AssociativeMemory
from hsokv.memory.chains import Chains
from hsokv.memory.hebbian import draw_codes
from hsokv.models.sentence import WIDTH
from hsokv.seeds import numpy_rng

SIZE, N_ACTIVE = 16_384, 50  # the document's code
N_HOPS = 6
N_STARTS = 200
MATRIX, ROWS, DICTIONARY, WIRE = "matrix", "rows", "dictionary", "wire"
CHAIN = (MATRIX, ROWS, DICTIONARY, WIRE)
STEPS = ("store", "add", "delete", "save", "load")
N_CHANGED = 100  # memories that are added to N, and then deleted


def run_chain(n_pairs: int, n_rounds: int, seed: int) -> dict[str, dict]:
    """Return what steps along chains of random codes cost, by method.

    Times are per step, of storing per pair. All pairs lie on one ring, so that no chain ends.
    """
    rng = numpy_rng(seed, "chains", n_pairs)
    codes = draw_codes(rng, n_pairs, SIZE, N_ACTIVE)
    ring, following = rng.permutation(n_pairs), np.empty(n_pairs, int)
    following[ring] = np.roll(ring, -1)
    chains, start = Chains(SIZE, N_ACTIVE, seed), time.perf_counter()
    chains.add(codes, codes[following])
    wired = 1e3 * (time.perf_counter() - start) / n_pairs
    targets = dict(enumerate(following.tolist()))
    starts = rng.integers(n_pairs, size=N_STARTS)

    def look_up(i: int) -> int:
        place = int(starts[i % N_STARTS])
        for _ in range(N_HOPS):
            place = targets[place]
        return place

    def follow(i: int) -> np.ndarray:
        return chains.follow(starts[i % N_STARTS : i % N_STARTS + 1], N_HOPS + 1)[0][0]

    def read(i: int) -> None:
        for _ in range(N_HOPS):
            chains.matrix.read_all(codes[starts[i % N_STARTS]])

    right = np.mean([follow(i)[-1] == look_up(i) for i in range(N_STARTS)])
    calls = {MATRIX: follow, ROWS: read, DICTIONARY: look_up}
    times = time_calls(calls, n_rounds, 10, numpy_rng(seed, "order"))
    found = {
        name: UNASKED | {"n_bytes": 0} | summarise(took / N_HOPS, times[DICTIONARY] / N_HOPS)
        for name, took in times.items()
    }
    found[MATRIX] |= {"n_asked": N_STARTS, "recall": right, "n_bytes": chains.n_bytes}
    found[ROWS] |= {"n_bytes": chains.matrix.n_bytes}
    once = UNTIMED | {"ms": wired, "ms_low": wired, "ms_high": wired}
    return found | {WIRE: UNASKED | {"n_bytes": chains.n_bytes} | once}


def run_keeping(search: str, n: int, n_rounds: int, seed: int) -> dict[str, dict]:
    """Return what it costs to keep N memories, by step; bytes in memory, or of the file."""
    vectors = draw_vectors(SPECTRUM, n + N_CHANGED, seed)
    cues, more = vectors[:n], vectors[n:]
    targets = np.roll(cues, 1, axis=0)
    times, sizes = {name: [] for name in STEPS}, {}
    with threadpool_limits(1), tempfile.TemporaryDirectory(prefix="hsokv-") as folder:
        path = Path(folder) / "memory.safetensors"
        for _ in range(n_rounds):
            path.unlink(missing_ok=True)
            memory = AssociativeMemory(WIDTH, search=search)
            steps = {
                "store": partial(memory.store, cues, targets),
                "add": partial(memory.store, more, more),
                "delete": partial(memory.delete, np.arange(n, n + N_CHANGED)),
                "save": partial(memory.save, path),
                "load": partial(AssociativeMemory.load, path),
            }
            for name, step in steps.items():
                start = time.perf_counter()
                step()
                times[name].append(1e3 * (time.perf_counter() - start))
                sizes[name] = path.stat().st_size if path.exists() else memory.n_bytes
    none = np.full(n_rounds, np.nan)
    return {
        name: UNASKED | {"n_bytes": sizes[name]} | summarise(np.array(times[name]), none)
        for name in STEPS
    }
