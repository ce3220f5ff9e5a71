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
)
from hsokv.experiments.cost_and_scale.told import (
    draw_times,
    least_candidates,
    select,
    shown_candidates,
    spread,
    told_sizes,
)
from hsokv.experiments.cost_and_scale.trials import ASK, CHAIN, KEEP, SEARCH
from hsokv.experiments.cost_and_scale.vectors import NEW
from hsokv.models.sentence import WIDTH

FLOATS = 4 * WIDTH  # bytes of a vector
COMPARED = {"flat": FLOATS, "bounded": WIDTH, "quantised": WIDTH, BINARY: 64}  # with every query
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


def time_table(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return ratios to the floor as text, a row per method, a column per size."""
    times = _searches(rows, source)
    return _widen(times.assign(column=times["n_memories"].map("{:,}".format)))


def source_table(rows: pd.DataFrame, n_memories: int) -> pd.DataFrame:
    """Return ratios to the floor as text, a row per method, a column per kind of vectors."""
    own = select(rows, n_memories=n_memories)
    sources = dict.fromkeys(select(own, task=SEARCH)["source"])
    return _widen(pd.concat([_searches(own, name).assign(column=name) for name in sources]))


def _searches(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    times = draw_times(rows, task=SEARCH, source=source)
    return times[~times["method"].isin([FLOOR, LOOKUP])]  # one, and too little for a ratio


def _widen(times: pd.DataFrame) -> pd.DataFrame:
    """Return times in long form as a table, a column for each value of `column`."""
    if times.empty:
        return pd.DataFrame()
    names = [name_of(*pair) for pair in zip(times["method"], times["n_candidates"])]
    texts = [spread(row, "ratio") for row in times.to_dict("records")]
    long = times.assign(method=names, text=texts)
    wide = long.pivot(index="method", columns="column", values="text")
    wide = wide.loc[list(dict.fromkeys(names)), list(dict.fromkeys(times["column"]))]
    return wide.fillna("–").rename_axis(columns=None).reset_index()


def enough_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the fewest candidates with which a search by signs reaches the goal, by query."""
    found = []
    for (source, n), _ in select(rows, task=SEARCH).groupby(["source", "n_memories"], sort=False):
        line = {"vectors": source, "stored": f"{n:,}"}
        for cue, words in CUE_NAMES.items():
            passed = least_candidates(rows, source, n, cue)
            line[words] = f"{passed:,}" if passed else "–"
        found.append(line)
    return pd.DataFrame(found)


def memory_table(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the bytes that each search stores of the most vectors, and how fast it compares them.

    The last column is its time as a multiple of that of reading, at the floor's speed, only the
    bytes that are compared with every query.
    """
    n, passed = told_sizes(rows)[1], shown_candidates(rows)[-1]
    own = draw_times(rows, task=SEARCH, source=source, n_memories=n)
    found = []
    for method, compared in COMPARED.items():
        chosen = {"method": method, "n_candidates": passed if method == BINARY else 0}
        row = select(own, **chosen).iloc[0]
        each = row["n_bytes"] / n
        found.append({
            "search": name_of(**chosen), "bytes a vector": f"{each:,.0f}",
            "MB": f"{row['n_bytes'] / 1e6:,.1f}",
            "compared, bytes a vector": f"{compared:,}",
            "time, in reads of these": f"{row['ratio'] * FLOATS / compared:.2g}",
        })  # fmt: skip
    return pd.DataFrame(found)


def chain_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what a step of a chain costs, by pairs stored."""
    times, found = draw_times(rows, task=CHAIN), []
    for n, own in times.groupby("n_memories"):
        by = own.set_index("method").to_dict("index")
        right = select(rows, task=CHAIN, method=MATRIX, n_memories=n)["recall"].mean()
        found.append({
            "pairs": f"{n:,}", "a step, ms": spread(by[MATRIX], "ms"),
            "of which rows, ms": spread(by[ROWS], "ms"),
            "dictionary, ms": spread(by[DICTIONARY], "ms"),
            "times a dictionary's": f"{by[MATRIX]['ratio']:,.0f}",
            "right after six steps, %": f"{100 * right:.1f}",
            "MB": f"{by[MATRIX]['n_bytes'] / 1e6:,.1f}",
            "wiring a pair, ms": spread(by["wire"], "ms"),
        })  # fmt: skip
    return pd.DataFrame(found)


def keep_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what storing, changing, saving and loading cost, in milliseconds."""
    times, found = draw_times(rows, task=KEEP), []
    for (search, n), own in times.groupby(["flow", "n_memories"], sort=False):
        by = own.set_index("method").to_dict("index")
        titles = {**{step: step for step in STEPS}, "store": "store all", "add": f"add {N_CHANGED}",
                  "delete": f"delete {N_CHANGED}"}  # fmt: skip
        line = {"search": search, "memories": f"{n:,}"}
        line |= {titles[name]: spread(by[name], "ms") for name in STEPS}
        line["MB in memory"] = f"{by['store']['n_bytes'] / 1e6:,.1f}"
        found.append(line | {"MB of the file": f"{by['save']['n_bytes'] / 1e6:,.1f}"})
    return pd.DataFrame(found)


def goals_table(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the goals of the project beside what is reached.

    A search by signs takes the fewest candidates that reach the recall for queries that are not
    stored, timed with those that are; goals in ms, from another machine, stand beside ratios.
    """
    n_goal, n_most = told_sizes(rows)
    found = []
    for name in ("flat", "bounded"):
        times = draw_times(rows, task=SEARCH, source=source, n_memories=n_goal, method=name)
        label = f"exact, {n_goal:,} vectors: {NAMES[name]}"
        found.append(_goal(label, times, ratio=1.05))
    for n, ratio, ms in ((n_goal, *SIGNS_GOALS[0]), (n_most, *SIGNS_GOALS[1])):
        for own in dict.fromkeys(select(rows, task=SEARCH)["source"]):
            passed = least_candidates(rows, own, n, NEW)
            chosen = {"source": own, "n_memories": n, "method": BINARY, "n_candidates": passed}
            label = f"signs, {n:,} vectors, {own}" + (f": {passed:,} ranked" if passed else "")
            found.append(_goal(label, draw_times(rows, task=SEARCH, **chosen), ratio, ms))
    pairs = select(rows, task=CHAIN)["n_memories"].max()
    times = draw_times(rows, task=CHAIN, method=MATRIX, n_memories=pairs)
    found.append(_goal(f"step of a chain, {pairs:,} pairs", times, ms=0.1))
    asked = select(rows, task=ASK, method=QUESTION)
    for (reader, n), _ in asked.groupby(["flow", "n_memories"], sort=False):
        times = draw_times(asked, flow=reader, n_memories=n)
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
    told = "yes" if reached == asked else "ratio only" if reached == ["ratio"] else "no"
    measured = ", ".join(f"{spread(row, name)}{units[name]}" for name in asked)
    return line | {"measured": measured, "reached": told}


def ask_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what a question to a memory of conversations costs, by turns and way of reading."""
    times, found = draw_times(rows, task=ASK), []
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
    """Return how often the nearest vector to a query that is not stored is found first, in %."""
    own = select(rows, task=SEARCH, method=BINARY, n_memories=n_memories, cue=NEW)
    if own.empty:
        return pd.DataFrame()
    wide = own.pivot_table(index="source", columns="n_candidates", values="first", sort=False)
    wide.columns = [f"{n:,} ranked" for n in wide.columns]
    return (100 * wide).map("{:.1f}".format).reset_index(names="vectors")
