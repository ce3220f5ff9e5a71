"""Arms of one-shot rows: their names, which of a flow's readings stands for it, which rows count.

An *arm* is a flow in a reading under a budget, for instance 'redesign', 'kv_only (mean)' or
'current (last, full)'.
"""

from __future__ import annotations

import pandas as pd

from hsokv.flows.named import BUDGETS, FLOWS
from hsokv.flows.readings import TUNED, list_documented, list_readings


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
        if known:  # its tuned form may be all there is
            chosen[flow, budget] = max(known, key=scores.get)  # the first of equal ones
    return chosen


def best_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of each flow in the reading that `choose_readings` chooses, with `arm`."""
    chosen = choose_readings(rows)
    reading = [chosen.get(pair, TUNED) for pair in zip(rows["flow"], rows["budget"])]
    return with_arm(rows[(rows["reading"] == reading) & (rows["reading"] != TUNED)])


def has_readings(flow: str) -> bool:
    """Return whether the source documents leave a choice open for this flow."""
    return len(list_documented(flow)) > 1
