"""Times of calls on one core, in rounds in which each has its turn, in random order.

What else the machine does changes over seconds, and within a round it is nearly the same for all:
ratios are taken within a round. What counts is the time that the processor gave to this thread, so
that waiting for its turn among other programs is not in it; what these do to cache and memory is.
In its turn a call is made several times, the first of them
untimed, so that the cache holds what it holds where nothing else is called.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

#: What a row says of answers where nothing was asked.
UNASKED = {"n_asked": 0, "recall": np.nan, "first": np.nan}
UNTIMED = dict.fromkeys(("ms", "ms_low", "ms_high", "ratio", "ratio_low", "ratio_high"), np.nan)


def time_calls(
    calls: Mapping[Any, Callable[[int], Any]],
    n_rounds: int,
    n_timed: int,
    rng: np.random.Generator,
) -> dict[Any, np.ndarray]:
    """Return milliseconds per call, (n_rounds,) each.

    Args:
        calls: name -> function of a running number, for another query each time.
        n_rounds: turns of each call.
        n_timed: calls timed in a turn, after as many that are not.
        rng: decides the order within each round.
    """
    names, found = list(calls), {name: np.empty(n_rounds) for name in calls}
    collected = gc.isenabled()
    gc.disable()
    try:
        with threadpool_limits(1):
            for number in range(n_rounds):
                for i in rng.permutation(len(names)):
                    call, first = calls[names[i]], 2 * number * n_timed
                    for query in range(first, first + n_timed):
                        call(query)
                    start = time.thread_time()
                    for query in range(first + n_timed, first + 2 * n_timed):
                        call(query)
                    found[names[i]][number] = 1e3 * (time.thread_time() - start) / n_timed
    finally:
        if collected:
            gc.enable()
    return found


def fastest(times: Mapping[Any, np.ndarray], names: Sequence) -> Any:
    """Return the name whose median time is the least."""
    return min(names, key=lambda name: float(np.median(times[name])))


def summarise(times: np.ndarray, floor: np.ndarray) -> dict[str, float]:
    """Return median and quartiles of times, and of their ratios to a floor, round by round."""
    ms = np.quantile(times, (0.5, 0.25, 0.75)).tolist()
    ratio = np.quantile(times / floor, (0.5, 0.25, 0.75)).tolist()
    return dict(zip(UNTIMED, ms + ratio))
