"""Spike trains that encode a vector by their rates, and the vector that rates encode.

Each number drives two neurons, one for each sign, whose rate is its share of the vector's largest.
They fire by chance at that rate ('poisson'), or whenever their input has summed up to one
('integrate', integrate and fire without a leak).

Axes: B vectors, T steps, d width.
"""

from __future__ import annotations

import numpy as np

from hsokv.boundary.checks import Range, check_array, check_int, check_keys, check_seed
from hsokv.seeds import numpy_rng

KINDS = ("poisson", "integrate")


def encode_spikes(
    vectors: np.ndarray, n_steps: int, kind: str = "integrate", seed: int = 0
) -> np.ndarray:
    """Return whether each neuron fires at each step, (B, T, 2 d), bool.

    Args:
        vectors: (B, d).
        n_steps: T, at least 1.
        kind: one of `KINDS`.
        seed: of chance, for 'poisson'.

    Raises:
        TypeError: something in the vectors is no number, or n_steps no whole one.
        ValueError: a number that is not finite, another shape, an unknown kind, or no step.
    """
    vectors = check_array("vectors", vectors, ndim=2, finite=True)
    n_steps = check_int("n_steps", n_steps, Range(1))
    check_keys([kind], KINDS, "kind of spikes")
    check_seed(seed)
    signed = np.concatenate([vectors, -vectors], axis=1).clip(min=0)
    most = signed.max(axis=1, keepdims=True)
    rates = signed / np.where(most > 0, most, 1)
    if kind == "poisson":
        chance = numpy_rng(seed, "spikes").random((len(rates), n_steps, rates.shape[1]))
        return chance < rates[:, None]
    summed = np.floor(np.arange(n_steps + 1)[:, None] * rates[:, None] + 1e-9)
    return np.diff(summed, axis=1) > 0


def decode_spikes(spikes: np.ndarray) -> np.ndarray:
    """Return the vectors that the rates of spikes (B, T, 2 d) encode, (B, d), the largest up to 1.

    Raises:
        TypeError: something in them is neither True nor False.
        ValueError: another shape, no step, or an odd number of neurons.
    """
    spikes = check_array("spikes", spikes, kind=bool)
    if spikes.ndim != 3 or not spikes.shape[1] or spikes.shape[2] % 2:
        raise ValueError(
            f"spikes has shape {spikes.shape}: expected (B, T, 2 d) with T above 0; pass what "
            "encode_spikes returned"
        )
    rates = spikes.mean(axis=1)
    half = rates.shape[1] // 2
    return rates[:, :half] - rates[:, half:]
