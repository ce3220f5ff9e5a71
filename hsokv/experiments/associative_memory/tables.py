"""Tables of associative recall: by cue and number of memories, over chains, against theory.

Intervals are of 95 %, over seeds: draws of what is asked, stored and projected.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from hsokv.experiments.associative_memory.code_tasks import LEAST_PAIRS, SIZES, THRESHOLD
from hsokv.experiments.associative_memory.read_outs import (
    CHAINED,
    CODES,
    FOLLOWED,
    PLAIN,
    SEARCHED,
    VECTORS,
)
from hsokv.memory.theory import capacity
from hsokv.stats.intervals import Interval, exact_mean, seeds_mean

DOCUMENTED = "code_16384_50"  # the code that the document recommends
KINDS = (DOCUMENTED, "even_16384_50", "centred_16384_50")
DOCUMENT = tuple(name for name, (_, _, kind) in CODES.items() if kind == PLAIN)
NOT_RUN = "not run"
EXPECTED = ("expected", "expected_coded")
LEAST_RIGHT = 0.99  # of answers, where a memory is full
#: Names of arms in tables and figures, a read-out over vectors or with a code each.
ARMS = {
    (VECTORS, "lookup"): "exact lookup",
    (VECTORS, "words"): "word search (TF-IDF)",
    (VECTORS, "nearest"): "nearest cue",
    (VECTORS, "softmax_5"): "nearest 20, settled (softmax, 5)",
    (VECTORS, "softmax_20"): "nearest 20, settled (softmax, 20)",
    (VECTORS, "softmax_100"): "nearest 20, settled (softmax, 100)",
    (VECTORS, "sparsemax_20"): "nearest 20, settled (sparsemax, 20)",
    (VECTORS, "all_softmax"): "attention over all cues (20)",
    (VECTORS, "linear"): "sum of all targets",
    (VECTORS, "dictionary"): "nearest cue, then a dictionary",
    (VECTORS, "search_again"): "nearest cue, searched again at each step",
}
_CODED = {
    "counted": "counted matrix", "counted_sum": "counted matrix, read as a sum",
    "bits": "matrix of bits", "nearest_first": "nearest cue, then a matrix of bits",
}  # fmt: skip
for _flow, (_size, _active, _kind) in CODES.items():
    _note = f"{_size:,}/{_active}" + ("" if _kind == PLAIN else f", {_kind}")
    ARMS |= {(_flow, name): f"{words} ({_note})" for name, words in _CODED.items()}


SEARCHES = [(VECTORS, name) for name in SEARCHED]
CHAINS = [(VECTORS, name) for name in CHAINED] + [(DOCUMENTED, name) for name in FOLLOWED]
CHAINS.append((KINDS[-1], "bits"))


def mean_over_seeds(rows: pd.DataFrame, column: str = "accuracy") -> Interval:
    """Return the mean of a share over the rows of one arm, one per seed."""
    return seeds_mean(rows[column], low=0, high=1, trials=int(rows["n_asked"].sum()))


def accuracy_table(rows: pd.DataFrame, arms: Sequence[tuple[str, str]], **chosen) -> pd.DataFrame:
    """Return the accuracy of some arms where columns have chosen values.

    Returns:
        Columns arm, source, cue, n_memories, level, point, low, high, n (seeds), intact, expected
        and expected_coded, the last three as means.
    """
    for name, value in chosen.items():
        rows = rows[rows[name] == value]
    found, keys = [], ["source", "cue", "n_memories", "level"]
    for flow, read_out in arms:
        own = rows[(rows["flow"] == flow) & (rows["read_out"] == read_out)]
        for values, part in own.groupby(keys, sort=False):
            line = {"arm": ARMS[flow, read_out], **dict(zip(keys, values))}
            means = part[["intact", *EXPECTED]].mean().to_dict()
            found.append(line | mean_over_seeds(part)._asdict() | means)
    return pd.DataFrame(found, columns=["arm", *keys, *Interval._fields, "intact", *EXPECTED])


def wide_table(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return accuracies in percent as text, a row per arm and a column per value of a column."""
    if table.empty:
        return pd.DataFrame()
    text = [in_percent(row) for row in table.itertuples()]
    wide = table.assign(text=text).pivot(index="arm", columns=column, values="text")
    columns = list(dict.fromkeys(table[column])) if column == "source" else sorted(wide)
    order = list(dict.fromkeys(table["arm"]))
    return wide.reindex(index=order, columns=columns).fillna("–").rename_axis(columns=None)


def in_percent(found: Any) -> str:
    """Return an interval, or a row that holds one, as '86.1 [84.0, 88.2]'."""
    ends = (found.point, found.low, found.high)
    point, low, high = (f"{round(100 * x, 1) + 0.0:.1f}" for x in ends)
    return f"{point} [{low}, {high}]"


def chain_table(rows: pd.DataFrame, n_memories: int, cue: str) -> pd.DataFrame:
    """Return how many chains are right after 1, 2 and 6 steps, in percent, by source."""
    arms = [(VECTORS, "nearest"), *CHAINS]
    table = accuracy_table(rows, arms, task="recall", n_memories=n_memories, cue=cue)
    wide = table.pivot(index="arm", columns=["source", "level"], values="point")
    wide = wide.reindex(index=[ARMS[arm] for arm in CHAINS])
    first = table[table["arm"] == ARMS[VECTORS, "nearest"]].set_index("source")["point"]
    found = {"read-out": wide.index}
    for source in dict.fromkeys(table["source"]):
        steps = wide[source].copy()
        steps[1.0] = steps[1.0].fillna(first[source])  # what begins at the nearest cue
        texts = (100 * steps).round(1).astype(str)
        found[source] = [" / ".join(line) for line in texts[sorted(steps)].to_numpy()]
    return pd.DataFrame(found)


def capacity_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the measured capacity beside two theories, a row per code and share of the cue.

    Returns:
        Columns size, active, right (units of the cue), palm, exact (pairs by theory), point, low,
        high (measured, as shares of `exact`), of_palm, and n (seeds). A capacity below
        `LEAST_PAIRS` is left out.
    """
    rows = rows[(rows["task"] == "capacity") & (rows["read_out"] == THRESHOLD)]
    found = []
    for (flow, level), part in rows.groupby(["flow", "level"], sort=False):
        size, active = SIZES[flow]
        right = round(level * active)
        exact, palm = (capacity(size, active, right, even=even) for even in (False, True))
        if exact < LEAST_PAIRS:
            continue
        near = part[part["n_memories"].between(0.75 * exact, 1.15 * exact)]
        measured = [fit_capacity(own) for _, own in near.groupby("seed")]
        ratios = seeds_mean([value / exact for value in measured])
        found.append({
            "size": size, "active": active, "right": right, "palm": palm, "exact": exact,
            **ratios._asdict(), "of_palm": exact_mean([value / palm for value in measured]),
        })  # fmt: skip
    return pd.DataFrame(found)


def shown_capacity(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of capacities as the page shows it."""
    return pd.DataFrame({
        "units": [f"{row.size:,}/{row.active}" for row in table.itertuples()],
        "of a cue": table["right"],
        "pairs by theory": table["exact"].map("{:,}".format),
        "measured, % of it": [in_percent(row) for row in table.itertuples(index=False)],
        "pairs by the simpler theory": table["palm"].map("{:,}".format),
        "measured, % of that": (100 * table["of_palm"]).round(1),
    })  # fmt: skip


def fit_capacity(rows: pd.DataFrame) -> float:
    """Return at how many pairs a share `LEAST_RIGHT` of answers would be faultless.

    A line through the logarithms of pairs and of expected false units, weighed by the errors that
    were counted.
    """
    wrong = (1 - rows["accuracy"]) * rows["n_asked"]
    seen = rows[wrong > 0]
    rate = np.log(-np.log(seen["accuracy"]))
    weights = np.sqrt(wrong[wrong > 0])
    slope, start = np.polyfit(np.log(seen["n_memories"]), rate, 1, w=weights)
    return math.exp((math.log(-math.log(LEAST_RIGHT)) - start) / slope)


def winners_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return recall where wrong units stand in the cue, at the pairs that theory allows."""
    rows = rows[(rows["task"] == "capacity") & (rows["read_out"] == "winners")]
    found = []
    for (flow, level, n), part in rows.groupby(["flow", "level", "n_memories"], sort=False):
        size, active = SIZES[flow]
        found.append({
            "code": f"{size:,}/{active}", "right units": round(level * active),
            "pairs by theory": f"{n:,}", "expected": f"{100 * part['expected'].mean():.1f}",
            "measured": in_percent(mean_over_seeds(part)),
        })  # fmt: skip
    return pd.DataFrame(found)


def overlap_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the share of units that codes share, in percent, a row per cosine."""
    rows = rows[rows["task"] == "overlap"]
    table = rows.groupby(["level", "flow"])[["score", "expected"]].mean().unstack()
    columns = {"cosine": table.index}
    for flow in [flow for flow in CODES if flow in set(rows["flow"])]:
        name = ARMS[flow, "counted"].partition("(")[2].strip(")")
        columns[name] = (100 * table["score", flow]).round(1).to_numpy()
        columns[f"{name}, theory"] = (100 * table["expected", flow]).round(1).to_numpy()
    return pd.DataFrame(columns)


def spike_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean cosine of vectors and the rates of their spikes, a row per kind."""
    rows = rows[rows["task"] == "spikes"]
    wide = rows.pivot_table(index="read_out", columns="level", values="score")
    wide.columns = [f"{int(n):,} steps" for n in wide.columns]
    return wide.round(3).rename_axis("spikes").reset_index()


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


def told_kept(rows: pd.DataFrame, n_memories: int, sources: Sequence[str]) -> str:
    """Return how many chains from the nearest cue, right after one step, are right after six."""
    chosen = {"task": "recall", "cue": "paraphrase", "n_memories": n_memories}
    own = select(rows[rows["source"].isin(sources)], (DOCUMENTED, "nearest_first"), **chosen)
    first, last = (own.loc[own["level"] == n, "accuracy"].sum() for n in (1.0, 6.0))
    return f"{100 * last / first:.1f} %" if first else NOT_RUN


def told_asked(rows: pd.DataFrame, task: str) -> str:
    """Return how many memories a task asks for."""
    own = rows.loc[rows["task"] == task, "n_asked"]
    return NOT_RUN if own.empty else str(own.max())
