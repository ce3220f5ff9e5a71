"""Tables of tuning rows: what each candidate scores, and which one is chosen."""

from __future__ import annotations

import pandas as pd

from hsokv.experiments.word_rows import measure_interval
from hsokv.flows.named import FLOWS
from hsokv.flows.tuning import list_candidates

#: The conditions with a right answer among the stored words; a candidate's score is their mean.
SCORED = ("verbatim", "recognise", "infer", "inflect", "define", "two_words")


def score_candidates(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the score of every candidate: its mean accuracy over the scored conditions.

    Returns:
        Columns flow, candidate, changes (what it changes, as text), point, low, high, n_seeds and
        one per scored condition; flows in their order, candidates in theirs.
    """
    scored = rows[rows["condition"].isin(SCORED)]
    wide = scored.pivot_table(
        index=["flow", "candidate", "seed"], columns="condition", values="accuracy"
    )[list(SCORED)]
    table = []
    for (flow, candidate), part in wide.groupby(level=["flow", "candidate"]):
        score = measure_interval(pd.DataFrame({"score": part.mean(axis=1)}), "score")
        changes = list_candidates(flow)[candidate]
        table.append({
            "flow": flow, "candidate": candidate,
            "changes": ", ".join(f"{k}={v}" for k, v in changes.items()) or "as it stands",
            "point": score.point, "low": score.low, "high": score.high, "n_seeds": len(part),
            **part.mean().to_dict(),
        })  # fmt: skip
    order = {flow: i for i, flow in enumerate(FLOWS)}
    found = pd.DataFrame(table)
    found = found.assign(_order=found["flow"].map(order)).sort_values(["_order", "candidate"])
    return found.drop(columns="_order").reset_index(drop=True)


def choose_candidates(rows: pd.DataFrame) -> dict[str, int]:
    """Return the candidate of each flow with the highest score; the first of those that tie.

    Scores are means of counted words; they are compared after rounding to six digits, so that no
    last bit decides.
    """
    table = score_candidates(rows)
    table = table.assign(point=table["point"].round(6))
    return {
        flow: int(part.loc[part["point"].idxmax(), "candidate"])
        for flow, part in table.groupby("flow", sort=False)
    }
