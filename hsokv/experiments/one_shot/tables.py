"""Tables of one-shot rows: arms, what each reading scores, which reading stands for its flow.

An *arm* is a flow in a reading under a budget: 'redesign', 'kv_only (mean)', 'current (full)'.
Accuracies are resampled over seeds and words, other measures over seeds; intervals are of 95 %.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from hsokv.experiments.word_rows import (
    accuracy_difference,
    accuracy_interval,
    common_seeds,
    measure_interval,
)
from hsokv.flows.named import BUDGETS, FLOWS
from hsokv.flows.readings import list_documented, list_readings
from hsokv.stats.intervals import Interval, exact_mean


def arm_name(flow: str, reading: str, budget: str) -> str:
    """Return the name of an arm; a budget that is not chosen is left out."""
    details = [part for part in (reading, budget if budget in BUDGETS else "") if part]
    return f"{flow} ({', '.join(details)})" if details else flow


def with_arm(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a column `arm`, in the order of flows and readings."""
    names = zip(rows["flow"], rows["reading"], rows["budget"])
    places = {
        (flow, reading): place
        for place, (flow, reading) in enumerate((f, r) for f in FLOWS for r in list_readings(f))
    }
    order = [places[pair] for pair in zip(rows["flow"], rows["reading"])]
    rows = rows.assign(arm=[arm_name(*name) for name in names], _order=order)
    return rows.sort_values(["_order", "arm", "seed"], kind="stable").drop(columns="_order")


def main_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the largest task of each kind, without distractors."""
    most = rows.groupby("task")["n_way"].transform("max")
    at_once = rows["task"] != "blocks"
    return rows[(rows["n_way"] == most) & (rows["n_distractors"] == 0) & at_once]


def choose_readings(rows: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Return for each (flow, budget) the documented reading that is best on validation words.

    Validation words are learned like the others and never scored. Where readings tie to within one
    of all validation texts, the first in the order of `READINGS` stands.
    """
    held = main_rows(rows).query("task == 'words' and condition == 'verbatim'")
    means = held.groupby(["flow", "budget", "reading"])["validation_accuracy"].mean()
    chosen = {}
    for (flow, budget), scores in means.groupby(level=["flow", "budget"]):
        scores = scores.droplevel(["flow", "budget"]).round(6)
        known = [reading for reading in list_documented(flow) if reading in scores.index]
        chosen[flow, budget] = max(known, key=scores.get)  # the first of equal ones
    return chosen


def has_readings(flow: str) -> bool:
    """Return whether the sources leave a choice open for this flow."""
    return len(list_documented(flow)) > 1


def accuracy_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return accuracy per arm and condition, in the largest task without distractors.

    Returns:
        Columns arm, flow, budget, reading, chosen (the best on validation words), validation (mean
        accuracy on them), condition, point, low, high, n, n_seeds, memory_utility (an `Interval`,
        or `None`), top1_key_correct and gate_mean (means, NaN where undefined).
    """
    rows, chosen, found = main_rows(with_arm(rows)), choose_readings(rows), []
    for (arm, condition), part in rows.groupby(["arm", "condition"], sort=False):
        flow, budget, reading = (part[name].iloc[0] for name in ("flow", "budget", "reading"))
        found.append({
            "arm": arm, "flow": flow, "budget": budget, "reading": reading,
            "chosen": chosen.get((flow, budget)) == reading,
            "validation": exact_mean(part["validation_accuracy"]), "condition": condition,
            **accuracy_interval(part)._asdict(), "n_seeds": len(part),
            "memory_utility": measure_interval(part, "memory_utility"),
            "top1_key_correct": exact_mean(part["top1_key_correct"].dropna()),
            "gate_mean": exact_mean(part["gate_mean"].dropna()),
        })  # fmt: skip
    table = pd.DataFrame(found)
    words = table[table["condition"] == "verbatim"].set_index("arm")["validation"]
    return table.assign(validation=table["arm"].map(words))


def gap_table(
    rows: pd.DataFrame, pairs: Sequence[tuple[str, str]], conditions: Sequence[str]
) -> pd.DataFrame:
    """Return accuracy of one arm minus another's, paired by seed and word, as text in points.

    Returns:
        Columns gap ('a − b') and one per condition; a dash where one of the two was not run.
    """
    rows, found = main_rows(with_arm(rows)), []
    for a, b in pairs:
        line = {"gap": f"{a} − {b}"}
        for condition in conditions:
            here = rows[rows["condition"] == condition]
            left, right = common_seeds(here[here["arm"] == a], here[here["arm"] == b])
            line[condition] = "–"
            if len(left):
                gap = accuracy_difference(left, right)
                low, high = (f"{100 * end:+.1f}" for end in (gap.low, gap.high))
                line[condition] = f"{100 * gap.point:+.1f} [{low}, {high}]"
        found.append(line)
    return pd.DataFrame(found, columns=["gap", *conditions])


def retention_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return retention and forgetting on repeated sentences, per arm taught in blocks.

    Returns:
        Columns arm, accuracy (after the last block), retention, low, high, forgetting, n_seeds.
    """
    blocks, found = with_arm(rows).query("task == 'blocks' and condition == 'verbatim'"), []
    for arm, part in blocks.groupby("arm", sort=False):
        kept = measure_interval(part, "retention")
        kept = kept or Interval(float("nan"), float("nan"), float("nan"), 0)
        found.append({
            "arm": arm, "accuracy": exact_mean(part["accuracy"]), "retention": kept.point,
            "low": kept.low, "high": kept.high,
            "forgetting": exact_mean(part["forgetting"].dropna()), "n_seeds": kept.n,
        })  # fmt: skip
    columns = ["arm", "accuracy", "retention", "low", "high", "forgetting", "n_seeds"]
    return pd.DataFrame(found, columns=columns)
