"""Times of calls on one core, in rounds in which each is called once, in random order.

What else the machine does changes over seconds; within a round it is nearly the same for all, and
so is what lies in the cache. Ratios are therefore taken within a round.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

UNTIMED = dict.fromkeys(("ms", "ms_low", "ms_high", "ratio", "ratio_low", "ratio_high"), np.nan)


def time_calls(
    calls: Mapping[str, Callable[[int], Any]], n_rounds: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return milliseconds per call, (n_rounds,) each.

    Args:
        calls: name -> function of the number of the round.
        n_rounds: after one that is not counted.
        rng: decides the order within each round.
    """
    names, found = list(calls), {name: np.empty(n_rounds) for name in calls}
    collected = gc.isenabled()
    gc.disable()
    try:
        with threadpool_limits(1):
            for number in range(-1, n_rounds):
                for i in rng.permutation(len(names)):
                    start = time.perf_counter()
                    calls[names[i]](max(number, 0))
                    taken = time.perf_counter() - start
                    if number >= 0:
                        found[names[i]][number] = 1e3 * taken
    finally:
        if collected:
            gc.enable()
    return found


def fastest(times: Mapping[str, np.ndarray], names: tuple[str, ...]) -> str:
    """Return the name whose median time is the least."""
    return min(names, key=lambda name: float(np.median(times[name])))


def summarise(times: np.ndarray, floor: np.ndarray) -> dict[str, float]:
    """Return median and quartiles of times, and of their ratios to a floor, round by round."""
    ms = np.quantile(times, (0.5, 0.25, 0.75)).tolist()
    ratio = np.quantile(times / floor, (0.5, 0.25, 0.75)).tolist()
    return dict(zip(UNTIMED, ms + ratio))
