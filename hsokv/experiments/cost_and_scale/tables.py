"""Tables of cost: times and their ratios to a floor, bytes, recall, and what a step costs."""

from __future__ import annotations

import pandas as pd

from hsokv.experiments.cost_and_scale.asking import ENCODER, QUESTION
from hsokv.experiments.cost_and_scale.keeping import DICTIONARY, MATRIX, N_CHANGED, ROWS, STEPS
from hsokv.experiments.cost_and_scale.searches import (
    BINARY,
    FLOOR,
    LOOKUP,
    NUMPY,
    TIMED,
    WHOLE,
)
from hsokv.experiments.cost_and_scale.told import (
    least_candidates,
    mean_times,
    select,
    spread,
    told_sizes,
    told_time,
)
from hsokv.experiments.cost_and_scale.trials import ASK, CHAIN, KEEP, SEARCH
from hsokv.experiments.cost_and_scale.vectors import NEW

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


def goals_table(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the goals of the project beside what is reached, medians with quartiles.

    A search by signs takes the fewest candidates that reach the recall for queries that are not
    stored; goals in ms are from another machine and stand beside ratios to the floor.
    """
    n_goal, n_most = told_sizes(rows)
    found = []
    for name in ("flat", "bounded"):
        times = mean_times(rows, task=SEARCH, source=source, n_memories=n_goal, method=name)
        label = f"exact, {n_goal:,} vectors: {NAMES[name]}"
        found.append(_goal(label, times, ratio=1.05))
    for n, ratio, ms in ((n_goal, *SIGNS_GOALS[0]), (n_most, *SIGNS_GOALS[1])):
        for own in dict.fromkeys(select(rows, task=SEARCH)["source"]):
            passed = least_candidates(rows, own, n, NEW)
            chosen = {"source": own, "n_memories": n, "method": BINARY, "n_candidates": passed}
            label = f"signs, {n:,} vectors, {own}" + (f": {passed:,} ranked" if passed else "")
            found.append(_goal(label, mean_times(rows, task=SEARCH, **chosen), ratio, ms))
    pairs = select(rows, task=CHAIN)["n_memories"].max()
    times = mean_times(rows, task=CHAIN, method=MATRIX, n_memories=pairs)
    found.append(_goal(f"step of a chain, {pairs:,} pairs", times, ms=0.1))
    asked = select(rows, task=ASK, method=QUESTION)
    for (reader, n), _ in asked.groupby(["flow", "n_memories"], sort=False):
        times = mean_times(asked, flow=reader, n_memories=n)
        found.append(_goal(f"question to {n:,} turns, by {reader}", times, ms=5.0))
    return pd.DataFrame(found)


def _goal(label: str, times: pd.DataFrame, ratio: float = 0.0, ms: float = 0.0) -> dict[str, str]:
    """Return a line of the table; a goal of 0 is none."""
    goals = {"ms": ms, "ratio": ratio}
    units = {"ms": " ms", "ratio": " of the floor"}
    asked = [name for name, most in goals.items() if most]
    line = {"what": label, "goal": ", ".join(f"{goals[name]:g}{units[name]}" for name in asked)}
    if times.empty:
        return line | {"measured": "too little is found", "reached": "no"}
    row = times.iloc[0]
    reached = [name for name in asked if row[name] <= goals[name]]
    told = "yes" if reached == asked else "as a ratio" if reached == ["ratio"] else "no"
    measured = ", ".join(f"{spread(row, name)}{units[name]}" for name in asked)
    return line | {"measured": measured, "reached": told}


def ask_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what a question to a memory of conversations costs, by turns and way of reading."""
    times, found = mean_times(rows, task=ASK), []
    for (reader, n), own in times.groupby(["flow", "n_memories"], sort=False):
        by = own.set_index("method").to_dict("index")
        whole, encoder = by[QUESTION], by.get(ENCODER)
        rest = whole["ms"] - (encoder["ms"] if encoder else 0)
        found.append({
            "turns": f"{n:,}", "read by": reader, "a question, ms": spread(whole, "ms"),
            "of which the encoder, ms": spread(encoder, "ms") if encoder else "–",
            "the rest, ms": f"{rest:.3g}", "MB of the file": f"{whole['n_bytes'] / 1e6:,.1f}",
        })  # fmt: skip
    return pd.DataFrame(found)


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
