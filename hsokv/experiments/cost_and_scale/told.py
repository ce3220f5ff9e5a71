"""What the rows of cost and scale say, as text for a sentence: times, ratios, recall, sizes.

A time is the median over draws of medians over rounds, its brackets the least and the most of the
draws. Intervals of recall are of 95 %, over draws of what is stored and asked.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from hsokv.experiments.cost_and_scale.asking import ENCODER, MEANING, QUESTION
from hsokv.experiments.cost_and_scale.keeping import MATRIX
from hsokv.experiments.cost_and_scale.searches import BINARY, FLOOR
from hsokv.experiments.cost_and_scale.trials import ASK, CHAIN, SEARCH
from hsokv.experiments.cost_and_scale.vectors import N_REAL, NOISY, SENTENCES, SPECTRUM
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


def draw_times(rows: pd.DataFrame, **chosen) -> pd.DataFrame:
    """Return times by method, candidates and number stored: median, least and most of the draws.

    Where there is one draw, least and most are the quartiles over its rounds.
    """
    own, found = select(rows, **chosen).dropna(subset="ms"), []
    keys = ["flow", "method", "n_candidates", "n_memories"]
    for values, draws in own.groupby(keys, sort=False):
        line = dict(zip(keys, values)) | {"n_bytes": draws["n_bytes"].median()}
        ends = ("_low", "_high") if len(draws) == 1 else ("", "")
        for name in ("ms", "ratio"):
            low, high = draws[name + ends[0]].min(), draws[name + ends[1]].max()
            line |= {name: draws[name].median(), f"{name}_low": low, f"{name}_high": high}
        found.append(line)
    return pd.DataFrame(found, columns=[*keys, *TIMES, "n_bytes"])


def spread(row: Any, column: str) -> str:
    """Return a time or ratio with the least and the most of the draws as '1.04 [1.01, 1.08]'."""
    values = (row[column], row[f"{column}_low"], row[f"{column}_high"])
    point, low, high = (f"{v:,.0f}" if v >= 1000 else f"{v:.3g}" for v in values)
    return f"{point} [{low}, {high}]"


def recall_of(rows: pd.DataFrame, column: str = "recall"):
    """Return mean and interval of a share over rows, one per seed."""
    return seeds_mean(rows[column], low=0, high=1, trials=int(rows["n_asked"].sum()))


def told_ratio(rows: pd.DataFrame, method: str, n_candidates: int = 0, **chosen) -> str:
    """Return a ratio to the floor with the least and the most of the draws."""
    chosen |= {"task": SEARCH, "method": method, "n_candidates": n_candidates}
    times = draw_times(rows, **chosen)
    return _told(times, "ratio")


def _told(times: pd.DataFrame, column: str, unit: str = "") -> str:
    return NOT_RUN if times.empty else spread(times.iloc[0], column) + unit


def told_recall(
    rows: pd.DataFrame, method: str, n_candidates: int, column: str = "recall", **chosen
) -> str:
    """Return a recall of the twenty nearest, or of the first, as '99.6 % [99.1, 100.0]'."""
    own = select(rows, task=SEARCH, method=method, n_candidates=n_candidates, **chosen)
    if own.empty:
        return NOT_RUN
    point, low, high = (f"{100 * value:.1f}" for value in recall_of(own, column)[:3])
    return f"{point} % [{low}, {high}]"


def told_range(rows: pd.DataFrame, method: str, **chosen) -> str:
    """Return the least and the most of the recalls of a search, by vectors and queries."""
    own = select(rows, task=SEARCH, method=method, **chosen)
    if own.empty:
        return NOT_RUN
    means = 100 * own.groupby(["source", "cue"])["recall"].mean()
    return f"{means.min():.1f} to {means.max():.1f} %"


def told_first(rows: pd.DataFrame) -> str:
    """Return the least share of noisy queries whose own vector a search by signs finds."""
    own = select(rows, task=SEARCH, method=BINARY)
    own = own[own["cue"].isin(list(NOISY))]
    keys = ["source", "cue", "n_memories", "n_candidates"]
    return f"{100 * own.groupby(keys)['first'].mean().min():.1f} %"


def told_each(rows: pd.DataFrame, **chosen) -> tuple[str, str]:
    """Return milliseconds of a search by signs: those of none ranked, and of a thousand more."""
    times = draw_times(rows, task=SEARCH, method=BINARY, **chosen)
    each, none = np.polyfit(times["n_candidates"], times["ms"], 1)
    return f"{none:.2g} ms", f"{1000 * each:.2g} ms"


def told_step(rows: pd.DataFrame, n_pairs: int, method: str = MATRIX) -> str:
    """Return milliseconds of a step with the least and the most of the draws."""
    times = draw_times(rows, task=CHAIN, method=method, n_memories=n_pairs)
    return _told(times, "ms", " ms")


def told_question(rows: pd.DataFrame, reader: str, n_turns: int, method: str = QUESTION) -> str:
    """Return milliseconds of a question to a conversation, or of encoding one."""
    times = draw_times(rows, task=ASK, flow=reader, method=method, n_memories=n_turns)
    return _told(times, "ms", " ms")


def told_speed(rows: pd.DataFrame, **chosen) -> str:
    """Return how many bytes a second the floor reads."""
    times = draw_times(rows, task=SEARCH, method=FLOOR, **chosen)
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


def told_meaning(rows: pd.DataFrame) -> str:
    """Return sentences on what questions that are read by meaning cost, '' if none was asked."""
    sizes = sorted(select(rows, task=ASK, flow=MEANING)["n_memories"].unique())
    if not sizes:
        return ""
    whole = [told_question(rows, MEANING, n) for n in sizes]
    encoder = [told_question(rows, MEANING, n, ENCODER) for n in sizes]
    said = f"Read by meaning, too, it takes {whole[0]}, of which the sentence encoder {encoder[0]}."
    if len(sizes) > 1:
        said += f" Of {sizes[-1]:,} turns it takes {whole[-1]}, of which the encoder {encoder[-1]}."
    return said


def source_name(source: str) -> str:
    """Return how the main source is called in a sentence."""
    real = f"sentences, beyond {N_REAL:,} each the mean of two"
    return real if source == SENTENCES else "vectors with the spectrum of sentences"


def query_name(source: str) -> str:
    """Return how queries that are not stored are called in a sentence."""
    return "another wording of a sentence" if source == SENTENCES else "a further such vector"


def made_of(source: str, n_memories: int) -> str:
    """Return what so many vectors of the main source are."""
    if source != SENTENCES or n_memories <= N_REAL:
        return source_name(source)
    return f"vectors made of {N_REAL:,} sentences, nearly all of them means of two"
