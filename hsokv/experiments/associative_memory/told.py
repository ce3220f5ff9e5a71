"""Numbers for the prose of associative recall, with intervals over seeds."""

from __future__ import annotations

import pandas as pd

from hsokv.experiments.associative_memory.read_outs import CODES
from hsokv.experiments.associative_memory.tables import DOCUMENTED, in_percent, mean_over_seeds
from hsokv.stats.intervals import exact_mean, seeds_mean

NOT_RUN = "not run"


def last_source(rows: pd.DataFrame) -> str:
    """Return the source whose numbers the text gives: questions where they were run."""
    return "qqp" if "qqp" in set(rows["source"]) else "random"


def select(rows: pd.DataFrame, arm: tuple[str, str], **chosen) -> pd.DataFrame:
    """Return the rows of an arm where columns have chosen values, by seed."""
    for name, value in {"flow": arm[0], "read_out": arm[1], **chosen}.items():
        rows = rows[rows[name] == value]
    return rows.sort_values("seed")


def told(rows: pd.DataFrame, arm: tuple[str, str], **chosen) -> str:
    """Return an accuracy as '86.1 % [84.0, 88.2]'."""
    own = select(rows, arm, **chosen)
    if own.empty:
        return NOT_RUN
    point, _, ends = in_percent(mean_over_seeds(own)).partition(" ")
    return f"{point} % {ends}"


def told_mean(rows: pd.DataFrame, column: str, arm: tuple[str, str], **chosen) -> str:
    """Return the mean of a column over seeds, in percent."""
    own = select(rows, arm, **chosen)
    return NOT_RUN if own.empty else f"{100 * exact_mean(own[column]):.1f} %"


def told_least(shares: pd.Series) -> str:
    """Return the least of some shares, in percent."""
    return NOT_RUN if shares.empty else f"{100 * shares.min():.0f} %"


def told_kept(rows: pd.DataFrame, n_memories: int) -> str:
    """Return how many chains from the nearest cue, right after one step, are right after six."""
    chosen = {"task": "recall", "cue": "paraphrase", "n_memories": n_memories}
    own = select(rows, (DOCUMENTED, "nearest_first"), **chosen)
    first, last = (own.loc[own["level"] == n, "accuracy"].sum() for n in (1.0, 6.0))
    return f"{100 * last / first:.1f} %" if first else NOT_RUN


def told_asked(rows: pd.DataFrame, task: str) -> str:
    """Return how many memories a task asks for."""
    own = rows.loc[rows["task"] == task, "n_asked"]
    return NOT_RUN if own.empty else str(own.max())


def told_gain(rows: pd.DataFrame, arm: tuple[str, str], **chosen) -> str:
    """Return by how many points two further cues raise an accuracy, paired by seed."""
    own = select(rows, arm, **chosen).set_index(["level", "seed"])["accuracy"]
    if own.empty:
        return NOT_RUN
    gain = seeds_mean((own[2.0] - own[0.0]).to_numpy(), low=-1, high=1)
    return gain.text(signed=True).partition(", n")[0]


def told_times(rows: pd.DataFrame, arm: tuple[str, str], **chosen) -> str:
    """Return how many times as often as the mean the busiest unit of a code fires."""
    own = select(rows, arm, **chosen)
    size, active, _ = CODES[arm[0]]
    return NOT_RUN if own.empty else f"{exact_mean(own['busiest']) * size / active:.0f}"
