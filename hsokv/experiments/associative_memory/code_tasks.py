"""What sparse codes and spike trains do by themselves: capacity, overlap, and what rates keep.

Axes: M stored pairs, n units, a active units, o of them right in a cue.
"""

from __future__ import annotations

import numpy as np

from hsokv.experiments.associative_memory.cues import RANDOM, add_noise
from hsokv.experiments.associative_memory.read_outs import CODES, PLAIN
from hsokv.memory.codes import SparseCoder, overlap
from hsokv.memory.hebbian import BitMatrix, draw_codes
from hsokv.memory.hopfield import normalise
from hsokv.memory.spikes import KINDS, decode_spikes, encode_spikes
from hsokv.memory.theory import capacity, expected_overlap, faultless_share, winners_share
from hsokv.models.sentence import WIDTH
from hsokv.seeds import numpy_rng

SPIKES = "spikes"
THRESHOLD, WINNERS, SHARED = "threshold", "winners", "shared"
READ_OUTS = (THRESHOLD, WINNERS, SHARED, *KINDS)
PART, MIXED = "part", "mixed"  # of a cue: the units that are right alone, or others beside them
#: Units and active units of random codes.
SIZES = {f"code_{size}_{active}": (size, active)
         for size, active in ((4096, 20), (16384, 20), (16384, 50), (16384, 100))}  # fmt: skip
OVERLAPS = (0.1, 0.2, 0.5, 1.0)  # share of a cue's units that is right
RATIOS = (0.8, 0.9, 0.95, 1.0, 1.05, 1.1)  # of the pairs that theory allows
LEAST_PAIRS = 200  # that theory allows, for a measurement
AT_LEAST = 20_000  # the document's number of pairs, measured beside these
COSINES = (0.1, 0.3, 0.5, 0.6, 0.68, 0.75, 0.8, 0.86, 0.9, 0.95)
STEPS = (10, 30, 100, 300, 1000)
N_QUERIES, N_WINNERS = 4000, 200  # asked at each number of pairs
N_PAIRS = 500  # of vectors whose codes are compared
Key = tuple[str, str, int, float]


def list_keys(task: str, flow: str, n_memories: tuple[int, ...] = ()) -> list[Key]:
    """Return read-out, cue, number of memories and level of each row of a trial."""
    if task == "spikes":
        return [(kind, RANDOM, 0, float(n)) for kind in KINDS for n in STEPS]
    if task == "overlap":
        return [(SHARED, RANDOM, 0, cosine) for cosine in COSINES]
    (size, active), keys = SIZES[flow], []
    for level in OVERLAPS:
        n = capacity(size, active, round(level * active))
        pairs = sorted(
            {_rounded(ratio * n) for ratio in RATIOS} | ({AT_LEAST} if level == 1 else set())
        )
        keys += [(THRESHOLD, PART, m, level) for m in pairs]
        n = capacity(size, active, round(level * active), winners_share)
        keys += [(WINNERS, MIXED, _rounded(n), level)] if n >= LEAST_PAIRS and level < 1 else []
    return keys


def measure_capacity(flow: str, keys: list[Key], seed: int) -> dict[Key, dict]:
    """Return how many answers of a bit matrix are faultless, pairs stored one after another.

    Codes are random, as theory takes them.
    """
    size, active = SIZES[flow]
    rng, matrix = numpy_rng(seed, "capacity", flow), BitMatrix(size)
    most = max(n for _, _, n, _ in keys)
    cues, targets = draw_codes(rng, most, size, active), draw_codes(rng, most, size, active)
    found, done = {}, 0
    for key in sorted(keys, key=lambda key: key[2]):
        read_out, _, n, level = key
        matrix.add(cues[done:n], targets[done:n])
        done = n
        right, n_right = [], round(level * active)
        for pair in rng.integers(n, size=N_QUERIES if read_out == THRESHOLD else N_WINNERS):
            units = rng.permutation(cues[pair])[:n_right]
            if read_out == THRESHOLD:
                right.append(len(matrix.read_all(units)) == active)
            else:
                others = np.setdiff1d(rng.integers(size, size=2 * active), cues[pair])
                units = np.append(units, rng.permutation(others)[: active - n_right])
                counts = matrix.count(units)
                least = counts[targets[pair]].min()
                right.append((counts >= least).sum() == active)
        theory = faultless_share if read_out == THRESHOLD else winners_share
        found[key] = {
            "n_asked": len(right), "accuracy": np.mean(right), "intact": np.mean(right),
            "score": np.nan, "expected": theory(size, active, n, n_right),
        }  # fmt: skip
    return found


def measure_overlap(flow: str, keys: list[Key], seed: int) -> dict[Key, dict]:
    """Return which share of its units a code keeps where its vector moves away by a cosine."""
    size, active, kind = CODES[flow]
    coder = SparseCoder(WIDTH, size, active, seed, kind != PLAIN)
    vectors = normalise(numpy_rng(seed, "overlap").standard_normal((N_PAIRS, WIDTH)))
    codes, found = coder.encode(vectors), {}
    for key in keys:
        shared = overlap(codes, coder.encode(add_noise(vectors, key[3], seed))) / active
        expected = float(expected_overlap(np.array(key[3]), size, active)) / active
        found[key] = _unasked(shared.mean(), expected)
    return found


def measure_spikes(flow: str, keys: list[Key], seed: int) -> dict[Key, dict]:
    """Return the mean cosine of vectors and what the rates of their spikes encode."""
    vectors = normalise(numpy_rng(seed, "spikes").standard_normal((50, WIDTH)))
    found = {}
    for key in keys:
        back = decode_spikes(encode_spikes(vectors, int(key[3]), key[0], seed))
        found[key] = _unasked((normalise(back) * vectors).sum(1).mean(), np.nan)
    return found


def _rounded(n: float) -> int:
    """Return a number of pairs to three digits: the last ones of theory are the machine's."""
    return int(float(f"{n:.3g}"))


def _unasked(score: float, expected: float) -> dict:
    return {"n_asked": 0, "accuracy": np.nan, "intact": np.nan, "score": score,
            "expected": expected}  # fmt: skip


RUN = {"capacity": measure_capacity, "overlap": measure_overlap, "spikes": measure_spikes}
