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
EXPECTED = ("expected", "expected_rates", "expected_coded", "busiest", "cosine", "alike")
SOURCE_LABEL = {
    "random": "random vectors", "alike_10": "random, mean cosine .10",
    "alike_30": "random, mean cosine .30", "stsb": "captions and headlines (STS-B)",
    "qqp": "questions (QQP)", "mrpc": "news (MRPC)",
}  # fmt: skip
LEAST_RIGHT = 0.99  # of answers, where a memory is full
#: Names of arms in tables and figures, a read-out over vectors or with a code each.
ARMS = {
    (VECTORS, "lookup"): "exact lookup",
    (VECTORS, "words"): "word search (TF-IDF)",
    (VECTORS, "bm25"): "word search (BM25)",
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
        Columns arm, source, cue, n_memories, level, point, low, high, n (seeds), intact, and those
        of `EXPECTED`, these as means.
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


def by_source(table: pd.DataFrame, heading: str = "read-out") -> pd.DataFrame:
    """Return accuracies in percent as text, a row per arm and a column per source, by its name."""
    wide = wide_table(table, "source").rename(columns=SOURCE_LABEL)
    return wide.reset_index(names=heading)


def by_size(table: pd.DataFrame, heading: str = "cues") -> pd.DataFrame:
    """Return accuracies of one arm in percent as text, a row per source, a column per size."""
    wide = wide_table(table.assign(arm=table["source"].map(SOURCE_LABEL)), "n_memories")
    wide.columns = [f"{n:,}" for n in wide.columns]
    return wide.reset_index(names=heading)


def nearness_table(rows: pd.DataFrame, n_memories: int) -> pd.DataFrame:
    """Return how near cues are to what they ask for, and stored cues to one another, by source."""
    table = accuracy_table(rows, [(VECTORS, "nearest")], task="recall", level=1.0,
                           n_memories=n_memories)  # fmt: skip
    table = table[table["cue"] != "exact"]
    return pd.DataFrame({
        "sentences": table["source"].map(SOURCE_LABEL), "cues": table["cue"],
        "cosine with the stored cue": table["cosine"].round(2),
        "mean cosine of stored cues": table["alike"].round(2),
    })  # fmt: skip


def causes_table(rows: pd.DataFrame, n_memories: int) -> pd.DataFrame:
    """Return recall of counted matrices, what is predicted, and how often the busiest unit fires.

    In percent, a row per source and kind of units, paraphrased cues.
    """
    arms = [(kind, "counted") for kind in KINDS]
    table = accuracy_table(rows, arms, task="recall", cue="paraphrase", n_memories=n_memories,
                           level=1.0)  # fmt: skip
    table = table.sort_values(
        "source", key=lambda s: s.map(list(SOURCE_LABEL).index), kind="stable"
    )
    means = (100 * table[list(EXPECTED)]).round(1)
    mean = n_memories * CODES[DOCUMENTED][1] / CODES[DOCUMENTED][0]  # memories per unit
    units = dict(zip((ARMS[arm] for arm in arms), ("as drawn", "even", "centred")))
    return pd.DataFrame({
        "memories": table["source"].map(SOURCE_LABEL),
        "units": table["arm"].map(units),
        "busiest unit, × the mean": (table["busiest"] * n_memories / mean).round(1),
        "predicted, units alike": means["expected"],
        "with their frequencies": means["expected_rates"],
        "with the codes themselves": means["expected_coded"],
        "measured": [in_percent(row) for row in table.itertuples()],
        "nine tenths of the code": (100 * table["intact"]).round(1),
    })  # fmt: skip


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
        lines = [" / ".join(line) for line in texts[sorted(steps)].to_numpy()]
        found[SOURCE_LABEL[source]] = lines
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
