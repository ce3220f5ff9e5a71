"""Tables of real-words rows: accuracies, what each part is worth, cost, what the encoder knew.

Accuracies are resampled over draws and words; intervals are of 95 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from hsokv.experiments.real_words.forms import CANDIDATE, PARTS, TUNED
from hsokv.experiments.real_words.trials import BANDS
from hsokv.flows.tuning import list_candidates
from hsokv.stats.intervals import Interval
from hsokv.stats.two_way import seeds_words_difference, seeds_words_interval
from hsokv.stats.word_sets import decode_words

ASKED = ("recognise", "infer")  # conditions by which a form is chosen
#: What somebody with a glossary would choose among.
USERS = ("lexical", "redesign", "headword_lookup", "tfidf_neighbor")


def arm_name(flow: str, form: str) -> str:
    """Return the name of an arm: a flow, in a form other than as it stands."""
    return f"{flow} ({form})" if form else flow


def word_cells(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return which words were right and which were tested, bool (n_draws, n_words) each."""
    n_words = 4 * max(len(text) - 2 for text in rows["tested_words"])
    cells = (decode_words(list(rows[name]), n_words) for name in ("correct_words", "tested_words"))
    return tuple(cells)


def accuracy_interval(rows: pd.DataFrame) -> Interval:
    """Return the accuracy of rows that differ in seed only; n counts answered questions."""
    return seeds_words_interval(*word_cells(rows))


def accuracy_difference(a: pd.DataFrame, b: pd.DataFrame) -> Interval:
    """Return accuracy of a minus that of b, paired by draw and word."""
    a, b = (rows.sort_values("seed") for rows in (a, b))
    return seeds_words_difference(*word_cells(a), *word_cells(b))


def select(rows: pd.DataFrame, arm: str, condition: str, **chosen) -> pd.DataFrame:
    """Return the rows of an arm under a condition, by default of test words stored with names."""
    chosen = {"part": "test", "stored": "named"} | chosen
    flow, _, form = arm.removesuffix(")").partition(" (")
    kept = (rows["flow"] == flow) & (rows["form"] == form) & (rows["condition"] == condition)
    for name, value in chosen.items():
        kept &= rows[name] == value
    return rows[kept]


def accuracy_table(rows: pd.DataFrame, **chosen) -> pd.DataFrame:
    """Return accuracy per arm, condition and number of stored words.

    Returns:
        Columns flow (the arm's name), condition, n_way (words stored), point, low, high, n, n_seeds
        and declined.
    """
    chosen = {"part": "test", "stored": "named"} | chosen
    for name, value in chosen.items():
        rows = rows[rows[name] == value]
    found = []
    keys = ["flow", "form", "condition", "n_stored"]
    for (flow, form, condition, n_stored), part in rows.groupby(keys, sort=False):
        names = {"flow": arm_name(flow, form), "condition": condition, "n_way": n_stored}
        counts = {"n_seeds": len(part), "declined": part["declined"].mean()}
        found.append(names | accuracy_interval(part)._asdict() | counts)
    columns = ["flow", "condition", "n_way", *Interval._fields, "n_seeds", "declined"]
    return pd.DataFrame(found, columns=columns)


def in_percent(found: Interval, signed: bool = False) -> str:
    """Return an interval as '86.1 [84.0, 88.2]'."""
    sign = "+" if signed else ""
    point, low, high = (f"{round(100 * x, 1) + 0.0:{sign}.1f}" for x in found[:3])
    return f"{point} [{low}, {high}]"


def wide_table(table: pd.DataFrame, column: str, order: Sequence) -> pd.DataFrame:
    """Return accuracies as text, a row per arm and a column per value of a column."""
    text = [in_percent(Interval(r.point, r.low, r.high, r.n)) for r in table.itertuples()]
    arms = list(dict.fromkeys(table["flow"]))
    wide = table.assign(text=text).pivot(index="flow", columns=column, values="text")
    return wide.reindex(index=arms, columns=list(order)).rename_axis(columns=None)


def parts_table(rows: pd.DataFrame, n_stored: int, conditions: Sequence[str]) -> pd.DataFrame:
    """Return what leaving a part out of our design changes, in points, a row per part."""
    found = []
    for form in [name for name in PARTS if name in set(rows["form"])]:
        line = {"left out": form}
        for condition in conditions:
            sides = (
                select(rows, arm_name("redesign", name), condition, n_stored=n_stored)
                for name in (form, "")
            )
            line[condition] = in_percent(accuracy_difference(*sides), signed=True)
        found.append(line)
    return pd.DataFrame(found, columns=["left out", *conditions])


def cost_table(rows: pd.DataFrame, arms: Sequence[str]) -> pd.DataFrame:
    """Return median times and bytes per word, a row per arm and number of stored words."""
    found = []
    for arm in arms:
        for n_stored, part in select(rows, arm, "recognise").groupby("n_stored"):
            middle = part[["learn_ms", "predict_ms", "encode_ms"]].median()
            size = part["memory_bytes"].median() / n_stored
            found.append({"flow": arm, "words stored": n_stored, **middle, "bytes / word": size})
    columns = ["flow", "words stored", "learn_ms", "predict_ms", "encode_ms", "bytes / word"]
    return pd.DataFrame(found, columns=columns)


def decline_table(rows: pd.DataFrame, arms: Sequence[str], sizes: Sequence[int]) -> pd.DataFrame:
    """Return how often arms decline, how many answers are right, and how many all would be.

    In percent, a row per arm, number of words stored and condition.
    """
    found = []
    for arm, n_stored, condition in product(arms, sizes, ("recognise", "infer", "unseen")):
        part = select(rows, arm, condition, n_stored=n_stored)
        declined, right, forced = (part[c].mean() for c in ("declined", "accuracy", "forced"))
        of_answers = right / (1 - declined) if declined < 1 and condition != "unseen" else np.nan
        numbers = {
            "declined": declined, "right of those answered": of_answers,
            "right if it always answered": forced,
        }  # fmt: skip
        told = {k: "–" if np.isnan(v) else f"{100 * v:.1f}" for k, v in numbers.items()}
        found.append({"flow": arm, "words": f"{n_stored:,}", "condition": condition} | told)
    return pd.DataFrame(found)


def choice_table(rows: pd.DataFrame, n_stored: int) -> pd.DataFrame:
    """Return what the learners of `USERS` reach and take, a row per learner, as text.

    Accuracies are in percent, times the median of one answer in ms, sizes of what is kept in kB.
    """
    found = []
    for arm in USERS:
        parts = {c: select(rows, arm, c, n_stored=n_stored) for c in (*ASKED, "unseen")}
        if not all(map(len, parts.values())):
            continue
        shown, blanked, new = (in_percent(accuracy_interval(part)) for part in parts.values())
        line = {"flow": arm, "term shown": shown, "term blanked": blanked, "declines": new}
        cost = parts["unseen"][["predict_ms", "memory_bytes"]].median()
        line["answer, ms"] = f"{cost['predict_ms']:.2g}"
        found.append(line | {"kept, kB": f"{cost['memory_bytes'] / 1000:,.0f}"})
    return pd.DataFrame(found)


def frequency_table(rows: pd.DataFrame, arms: Sequence[str], **chosen) -> pd.DataFrame:
    """Return mean accuracy in percent by how frequent the words are, a row per arm."""
    ends = ("0", *(f"{high:g}" for high in BANDS))
    bands = {f"accuracy_zipf_{i}": f"zipf {ends[i]} to {ends[i + 1]}" for i in range(len(BANDS))}
    found = {}
    for arm in arms:
        part = select(rows, arm, **chosen)
        found[arm] = [100 * part[name].mean() for name in bands]
    return pd.DataFrame.from_dict(found, orient="index", columns=list(bands.values()))


def choose_candidates(rows: pd.DataFrame) -> dict[str, dict]:
    """Return flow -> switches of the candidate that answers most of the development words.

    Questions with the word and with the word blanked count alike; of equal ones the first stands.
    """
    rows = rows[(rows["part"] == "development") & rows["condition"].isin(ASKED)]
    means = rows.groupby(["flow", "form"], sort=False)["accuracy"].mean().round(6)
    chosen = {}
    for flow in means.index.unique("flow"):
        candidates = list_candidates(flow)
        names = ["", *(f"{CANDIDATE}{i}" for i in range(1, len(candidates)))]
        best = max((name for name in names if name in means[flow]), key=means[flow].get)
        chosen[flow] = candidates[names.index(best)]
    return chosen


def list_arms(rows: pd.DataFrame) -> list[str]:
    """Return the arms that are no candidates and leave no part out."""
    forms = ("", TUNED, "adapted", "probe", "probe_adapted")
    known = rows[(rows["part"] == "test") & rows["form"].isin(forms)]
    names = known[["flow", "form"]].drop_duplicates()
    return [arm_name(flow, form) for flow, form in names.itertuples(index=False)]
