"""What the rows of cost and scale say, as text for a sentence: times, ratios, recall, sizes.

A time is the mean over seeds of medians over rounds, its brackets the means of the quartiles.
Intervals of recall are of 95 %, over seeds: draws of what is stored and asked.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from hsokv.experiments.cost_and_scale.asking import ENCODER, MEANING, QUESTION
from hsokv.experiments.cost_and_scale.keeping import MATRIX
from hsokv.experiments.cost_and_scale.searches import BINARY, FLOOR
from hsokv.experiments.cost_and_scale.trials import ASK, CHAIN, SEARCH
from hsokv.experiments.cost_and_scale.vectors import N_REAL, SENTENCES, SPECTRUM
from hsokv.memory.search import FILTERED
from hsokv.stats.intervals import seeds_mean

NOT_RUN = "not run"
GOAL = 0.995  # recall of the twenty nearest
TIMES = ["ms", "ms_low", "ms_high", "ratio", "ratio_low", "ratio_high"]


def select(rows: pd.DataFrame, **chosen) -> pd.DataFrame:
    """Return the rows in which columns have chosen values."""
    for name, value in chosen.items():
        rows = rows[rows[name] == value]
    return rows


def mean_times(rows: pd.DataFrame, **chosen) -> pd.DataFrame:
    """Return times and bytes by method, candidates and number stored, means over seeds."""
    own = select(rows, **chosen).dropna(subset="ms")
    keys = ["flow", "method", "n_candidates", "n_memories"]
    return own.groupby(keys, sort=False)[[*TIMES, "n_bytes"]].mean().reset_index()


def spread(row: Any, column: str) -> str:
    """Return a time or ratio with its quartiles as '1.04 [1.01, 1.08]'."""
    values = (row[column], row[f"{column}_low"], row[f"{column}_high"])
    point, low, high = (f"{value:.3g}" for value in values)
    return f"{point} [{low}, {high}]"


def recall_of(rows: pd.DataFrame, column: str = "recall"):
    """Return mean and interval of a share over rows, one per seed."""
    return seeds_mean(rows[column], low=0, high=1, trials=int(rows["n_asked"].sum()))


def told_time(rows: pd.DataFrame, method: str, n_candidates: int = 0, **chosen) -> str:
    """Return a time as '0.97 ms, 1.04 of the floor'."""
    chosen |= {"task": SEARCH, "method": method, "n_candidates": n_candidates}
    times = mean_times(rows, **chosen)
    if times.empty:
        return NOT_RUN
    first = times.iloc[0]
    return f"{first['ms']:.3g} ms, {first['ratio']:.3g} of the floor"


def told_ratio(rows: pd.DataFrame, method: str, n_candidates: int = 0, **chosen) -> str:
    """Return a ratio to the floor with its quartiles."""
    chosen |= {"task": SEARCH, "method": method, "n_candidates": n_candidates}
    times = mean_times(rows, **chosen)
    return NOT_RUN if times.empty else spread(times.iloc[0], "ratio")


def told_recall(
    rows: pd.DataFrame, method: str, n_candidates: int, column: str = "recall", **chosen
) -> str:
    """Return a recall of the twenty nearest, or of the first, as '99.6 % [99.1, 100.0]'."""
    own = select(rows, task=SEARCH, method=method, n_candidates=n_candidates, **chosen)
    if own.empty:
        return NOT_RUN
    point, low, high = (f"{100 * value:.1f}" for value in recall_of(own, column)[:3])
    return f"{point} % [{low}, {high}]"


def told_step(rows: pd.DataFrame, n_pairs: int, method: str = MATRIX) -> str:
    """Return milliseconds of a step with their quartiles."""
    times = mean_times(rows, task=CHAIN, method=method, n_memories=n_pairs)
    return NOT_RUN if times.empty else f"{spread(times.iloc[0], 'ms')} ms"


def told_question(rows: pd.DataFrame, reader: str, n_turns: int, method: str = QUESTION) -> str:
    """Return milliseconds of a question to a conversation, or of encoding one."""
    times = mean_times(rows, task=ASK, flow=reader, method=method, n_memories=n_turns)
    return NOT_RUN if times.empty else f"{spread(times.iloc[0], 'ms')} ms"


def told_speed(rows: pd.DataFrame, **chosen) -> str:
    """Return how many bytes a second the floor reads."""
    times = mean_times(rows, task=SEARCH, method=FLOOR, **chosen)
    if times.empty:
        return NOT_RUN
    return f"{times['n_bytes'].iloc[0] / times['ms'].iloc[0] / 1e6:.1f} GB/s"


def told_sizes(rows: pd.DataFrame) -> tuple[int, int]:
    """Return the number of vectors nearest to that of the goals, and the largest."""
    sizes = select(rows, task=SEARCH)["n_memories"].unique().tolist()
    return min(sizes, key=lambda n: abs(np.log(n / N_REAL))), max(sizes)


def main_source(rows: pd.DataFrame) -> str:
    """Return the source whose numbers the text gives: sentences where they were run."""
    return SENTENCES if SENTENCES in set(rows["source"]) else SPECTRUM


def least_candidates(rows: pd.DataFrame, source: str, n_memories: int, cue: str) -> int:
    """Return the fewest candidates whose mean recall reaches the goal, 0 where none does."""
    chosen = {"task": SEARCH, "source": source, "n_memories": n_memories, "cue": cue}
    own = select(rows, method=BINARY, **chosen)
    means = own.groupby("n_candidates")["recall"].mean()
    reached = means.index[means >= GOAL - 1e-9]
    return int(reached.min()) if len(reached) else 0


def shown_candidates(rows: pd.DataFrame) -> tuple[int, ...]:
    """Return the numbers of candidates that the figure of times shows, of those run everywhere.

    The second is near to what an index takes by itself, the first half of it.
    """
    own = select(rows, task=SEARCH, method=BINARY)
    smallest = own["n_memories"].min()
    run = sorted(own.loc[own["n_memories"] == smallest, "n_candidates"].unique().tolist())
    wanted = [min(run, key=lambda n: abs(np.log(n / near))) for near in (FILTERED / 2, FILTERED)]
    return tuple(dict.fromkeys(wanted))


def told_meaning(rows: pd.DataFrame, n_turns: int) -> str:
    """Return a sentence on what a question that is read by meaning costs, none if none was."""
    whole = told_question(rows, MEANING, n_turns)
    if whole == NOT_RUN:
        return ""
    encoder = told_question(rows, MEANING, n_turns, ENCODER)
    return f"Read by meaning, too, it takes {whole}, of which the sentence encoder {encoder}."


def source_name(source: str) -> str:
    """Return how the main source is called in a sentence."""
    real = "sentences (beyond 20,000 each the mean of two)"
    return real if source == SENTENCES else "vectors with the spectrum of sentences"
