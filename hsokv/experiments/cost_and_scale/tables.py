"""Tables of cost: times and their ratios to a floor, bytes, recall, and what a step costs.

A time is the mean over seeds of medians over rounds, its brackets the means of the quartiles.
Intervals of recall are of 95 %, over seeds: draws of what is stored and asked.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from hsokv.experiments.cost_and_scale.keeping import DICTIONARY, MATRIX, N_CHANGED, ROWS, STEPS
from hsokv.experiments.cost_and_scale.searches import (
    BINARY,
    FLOOR,
    LOOKUP,
    NUMPY,
    TIMED,
    WHOLE,
)
from hsokv.experiments.cost_and_scale.trials import CHAIN, KEEP, SEARCH
from hsokv.experiments.cost_and_scale.vectors import N_REAL, NEW, SENTENCES, SPECTRUM
from hsokv.memory.search import FILTERED
from hsokv.stats.intervals import seeds_mean

NOT_RUN = "not run"
GOAL = 0.995  # recall of the twenty nearest
#: Of a search by signs among 20,000 and a million, as a ratio to the floor and in ms.
SIGNS_GOALS = ((0.136, 0.12), (0.068, 3.0))
NAMES = {
    "read_dot": "read: inner product with itself", "read_sum": "read: sum of its words",
    "read_or": "read: their bits joined", FLOOR: "floor: the fastest read",
    LOOKUP: "dictionary (exact key)", NUMPY: "NumPy, product and argpartition",
    "flat": "flat (exact)", "bounded": "bounded (exact)", "quantised": "quantised",
    BINARY: "binary", MATRIX: "Hebbian matrix", ROWS: "of which reading its rows",
    DICTIONARY: "dictionary",
}  # fmt: skip
CUE_NAMES = {
    "noisy_50": "noisy, cosine .5", "noisy_68": "noisy, cosine .68",
    "noisy_90": "noisy, cosine .9", "new": "not stored",
}  # fmt: skip
TIMES = ["ms", "ms_low", "ms_high", "ratio", "ratio_low", "ratio_high"]


def mean_times(rows: pd.DataFrame, **chosen) -> pd.DataFrame:
    """Return times and bytes by method, candidates and number stored, means over seeds."""
    own = select(rows, **chosen).dropna(subset="ms")
    keys = ["flow", "method", "n_candidates", "n_memories"]
    return own.groupby(keys, sort=False)[[*TIMES, "n_bytes"]].mean().reset_index()


def name_of(method: str, n_candidates: int = 0) -> str:
    """Return how a method is called on the page."""
    return f"{NAMES[method]}, {n_candidates:,} ranked" if n_candidates else NAMES[method]


def time_table(rows: pd.DataFrame, source: str, column: str = "ratio") -> pd.DataFrame:
    """Return times (ms) or ratios to the floor as text, a row per method, a column per size."""
    times = mean_times(rows, task=SEARCH, source=source)
    if times.empty:
        return pd.DataFrame()
    names = [name_of(*pair) for pair in zip(times["method"], times["n_candidates"])]
    texts = [spread(row, column) for row in times.to_dict("records")]
    wide = times.assign(method=names, text=texts).pivot(
        index="method", columns="n_memories", values="text"
    )
    wide = wide.reindex(index=list(dict.fromkeys(names)))
    wide.columns = [f"{n:,}" for n in wide.columns]
    return wide.fillna("–").reset_index()


def spread(row: Any, column: str) -> str:
    """Return a time or ratio with its quartiles as '1.04 [1.01, 1.08]'."""
    values = (row[column], row[f"{column}_low"], row[f"{column}_high"])
    point, low, high = (f"{value:.3g}" for value in values)
    return f"{point} [{low}, {high}]"


def recall_table(rows: pd.DataFrame, cue: str) -> pd.DataFrame:
    """Return recall of the twenty nearest in percent, by source, size and number of candidates."""
    found = []
    own = select(rows, task=SEARCH, cue=cue)
    own = own[own["method"].isin(["quantised", BINARY])]
    keys = ["source", "n_memories", "method", "n_candidates"]
    for (source, n, method, passed), part in own.groupby(keys, sort=False):
        mean = recall_of(part)
        found.append({"vectors": source, "stored": n, "search": name_of(method, passed),
                      "recall": f"{100 * mean.point:.1f}"})  # fmt: skip
    table = pd.DataFrame(found)
    if table.empty:
        return table
    wide = table.pivot(index=["vectors", "stored"], columns="search", values="recall")
    wide = wide[list(dict.fromkeys(table["search"]))].reset_index()
    return wide.assign(stored=wide["stored"].map("{:,}".format))


def recall_of(rows: pd.DataFrame, column: str = "recall"):
    """Return mean and interval of a share over rows, one per seed."""
    return seeds_mean(rows[column], low=0, high=1, trials=int(rows["n_asked"].sum()))


def enough_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the fewest candidates with which a search by signs reaches the goal, and its time."""
    found = []
    for (source, n), own in select(rows, task=SEARCH).groupby(["source", "n_memories"], sort=False):
        line = {"vectors": source, "stored": f"{n:,}"}
        for cue, words in CUE_NAMES.items():
            passed = least_candidates(rows, source, n, cue)
            line[words] = "–" if not passed else f"{passed:,} ({told_time(own, BINARY, passed)})"
        found.append(line)
    return pd.DataFrame(found)


def least_candidates(rows: pd.DataFrame, source: str, n_memories: int, cue: str) -> int:
    """Return the fewest candidates whose mean recall reaches the goal, 0 where none does."""
    chosen = {"task": SEARCH, "source": source, "n_memories": n_memories, "cue": cue}
    own = select(rows, method=BINARY, **chosen)
    means = own.groupby("n_candidates")["recall"].mean()
    reached = means.index[means >= GOAL - 1e-9]
    return int(reached.min()) if len(reached) else 0


def memory_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the bytes that each kind of search stores for a vector, and for the most stored."""
    own = select(rows, task=SEARCH, cue=TIMED)
    own = own[own["method"].isin([*WHOLE, BINARY])]
    own = own[own["n_memories"] == own["n_memories"].max()].drop_duplicates("method")
    n = own["n_memories"]
    return pd.DataFrame({
        "search": own["method"].map(NAMES),
        "bytes a vector": (own["n_bytes"] / n).map("{:,.0f}".format),
        "MB": (own["n_bytes"] / 1e6).map("{:,.1f}".format),
        "of the floats": (own["n_bytes"] / (n * 4 * 384)).map("{:.2f}".format),
    })  # fmt: skip


def chain_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what a step of a chain costs, by pairs stored."""
    times, found = mean_times(rows, task=CHAIN), []
    for n, own in times.groupby("n_memories"):
        by = own.set_index("method").to_dict("index")
        right = select(rows, task=CHAIN, method=MATRIX, n_memories=n)["recall"].mean()
        found.append({
            "pairs": f"{n:,}", "a step, ms": spread(by[MATRIX], "ms"),
            "of which rows, ms": spread(by[ROWS], "ms"),
            "dictionary, ms": spread(by[DICTIONARY], "ms"),
            "times a dictionary's": f"{by[MATRIX]['ratio']:,.0f}",
            "right after six, %": f"{100 * right:.1f}",
            "MB": f"{by[MATRIX]['n_bytes'] / 1e6:,.1f}",
            "wiring a pair, ms": f"{by['wire']['ms']:.2g}",
        })  # fmt: skip
    return pd.DataFrame(found)


def keep_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what storing, changing, saving and loading cost, in milliseconds."""
    times, found = mean_times(rows, task=KEEP), []
    for (search, n), own in times.groupby(["flow", "n_memories"], sort=False):
        by = own.set_index("method").to_dict("index")
        titles = {**dict.fromkeys(STEPS), "store": "store all", "add": f"add {N_CHANGED}",
                  "delete": f"delete {N_CHANGED}"}  # fmt: skip
        line = {"search": search, "memories": f"{n:,}"}
        line |= {titles[name] or name: _in_ms(by[name]["ms"]) for name in STEPS}
        line["MB in memory"] = f"{by['store']['n_bytes'] / 1e6:,.1f}"
        found.append(line | {"MB of the file": f"{by['save']['n_bytes'] / 1e6:,.1f}"})
    return pd.DataFrame(found)


def _in_ms(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def select(rows: pd.DataFrame, **chosen) -> pd.DataFrame:
    """Return the rows in which columns have chosen values."""
    for name, value in chosen.items():
        rows = rows[rows[name] == value]
    return rows


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


def told_speed(rows: pd.DataFrame, **chosen) -> str:
    """Return how many bytes a second the floor reads."""
    times = mean_times(rows, task=SEARCH, method=FLOOR, **chosen)
    if times.empty:
        return NOT_RUN
    return f"{times['n_bytes'].iloc[0] / times['ms'].iloc[0] / 1e6:.1f} GB/s"


def goals_table(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the goals of the project beside what is reached, medians with quartiles.

    A search by signs takes the fewest candidates that reach the recall for queries that are not
    stored, else as many as it takes by itself.
    """
    n_goal, n_most = told_sizes(rows)
    most_pairs = int(select(rows, task=CHAIN)["n_memories"].max())
    found = []
    for name in ("flat", "bounded"):
        times = mean_times(rows, task=SEARCH, source=source, n_memories=n_goal, method=name)
        found.append(_goal(f"exact, {n_goal:,} vectors, {NAMES[name]}", "ratio", 1.05, times))
    for n, ratio, ms in ((n_goal, *SIGNS_GOALS[0]), (n_most, *SIGNS_GOALS[1])):
        passed = least_candidates(rows, source, n, NEW) or shown_candidates(rows)[-1]
        own = {"source": source, "n_memories": n, "method": BINARY, "n_candidates": passed}
        recall = told_recall(rows, BINARY, passed, source=source, n_memories=n, cue=NEW)
        label = f"signs, {n:,} vectors, {passed:,} ranked (recall {recall})"
        times = mean_times(rows, task=SEARCH, **own)
        found += [_goal(label, "ratio", ratio, times), _goal(label, "ms", ms, times)]
    times = mean_times(rows, task=CHAIN, method=MATRIX, n_memories=most_pairs)
    found.append(_goal(f"step of a chain, {most_pairs:,} pairs", "ms", 0.1, times))
    return pd.DataFrame(found)


def _goal(label: str, column: str, most: float, times: pd.DataFrame) -> dict[str, str]:
    row = times.iloc[0]
    unit = "ms" if column == "ms" else "of the floor"
    reached = "yes" if row[column] <= most else "no"
    return {"what": label, "goal": f"{most:g} {unit}", "measured": spread(row, column),
            "reached": reached}  # fmt: skip


def first_table(rows: pd.DataFrame, n_memories: int) -> pd.DataFrame:
    """Return for how many queries the nearest vector is found first, by source and cue."""
    own = select(rows, task=SEARCH, method=BINARY, n_memories=n_memories)
    if own.empty:
        return pd.DataFrame()
    wide = own.pivot_table(index=["source", "cue"], columns="n_candidates", values="first",
                           sort=False)  # fmt: skip
    wide.columns = [f"{n:,} ranked" for n in wide.columns]
    wide = (100 * wide).map("{:.1f}".format).reset_index()
    return wide.assign(cue=wide["cue"].map(CUE_NAMES)).rename(columns={"source": "vectors"})


def main_source(rows: pd.DataFrame) -> str:
    """Return the source whose numbers the text gives: sentences where they were run."""
    return SENTENCES if SENTENCES in set(rows["source"]) else SPECTRUM


def told_sizes(rows: pd.DataFrame) -> tuple[int, int]:
    """Return the number of vectors nearest to that of the goals, and the largest."""
    sizes = select(rows, task=SEARCH)["n_memories"].unique().tolist()
    return min(sizes, key=lambda n: abs(np.log(n / N_REAL))), max(sizes)


def shown_candidates(rows: pd.DataFrame) -> tuple[int, ...]:
    """Return the numbers of candidates that the figure of times shows, of those run everywhere.

    The second is near to what an index takes by itself, the first half of it.
    """
    own = select(rows, task=SEARCH, method=BINARY)
    smallest = own["n_memories"].min()
    run = sorted(own.loc[own["n_memories"] == smallest, "n_candidates"].unique().tolist())
    wanted = [min(run, key=lambda n: abs(np.log(n / near))) for near in (FILTERED / 2, FILTERED)]
    return tuple(dict.fromkeys(wanted))
