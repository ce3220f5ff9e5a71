"""Estimates over the questions of a sample, from the ranks in its rows.

A question is held out by about half of the splits. The mean over splits is the sum of a measure
over all splits and reported questions over their number; its interval treats questions as clusters,
since the same question under two splits is no second observation (a ratio of sums, by its
linearisation). Settings that were tuned are taken as given.
"""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd

from hsokv.experiments.linked_passages.methods import GRIDS
from hsokv.experiments.linked_passages.trials import HELD_OUT, question_scores, read_ranks
from hsokv.stats.intervals import Interval, mean_t, seeds_mean

#: Methods that are no form of linked pairs.
RIVALS = tuple(flow for flow in GRIDS if not flow.startswith("pairs"))
OURS, DEFAULT = "pairs", "pairs_default"
NONE = Interval(math.nan, math.nan, math.nan, 0)  # of what was not run


def select(rows: pd.DataFrame, source: str, part: str, flow: str) -> pd.DataFrame:
    """Return the rows of a method, by seed."""
    chosen = (rows["source"] == source) & (rows["part"] == part) & (rows["flow"] == flow)
    return rows[chosen].sort_values("seed")


def scores_by_question(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the sum of a measure and how often it was taken, a row per question."""
    values: dict[int, list[float]] = {}
    for row in rows.itertuples():
        scores = question_scores(read_ranks(row.ranks), column)
        for question, score in zip(json.loads(row.asked), scores.tolist(), strict=True):
            values.setdefault(question, []).append(score)
    found = {question: (sum(own), len(own)) for question, own in sorted(values.items())}
    return pd.DataFrame.from_dict(found, orient="index", columns=["total", "times"], dtype=float)


def clustered_mean(totals: pd.Series, times: pd.Series, low: float = 0.0) -> Interval:
    """Return sums over counts with an interval over clusters, within low and 1.

    Args:
        totals: sum of values in each cluster, (n,).
        times: number of values in each cluster, (n,).
        low: the least value there can be.
    """
    point = totals.sum() / times.sum()
    influence = point + (totals - point * times) / times.mean()
    if len(influence) < 2 or np.ptp(influence) < 1e-12:  # nothing shows how they spread
        return seeds_mean(totals / times, low=low, high=1)
    found = mean_t(influence)
    return Interval(point, max(found.low, low), min(found.high, 1.0), found.n)


def estimate(
    rows: pd.DataFrame, source: str, part: str, flow: str, column: str = "recall_5"
) -> Interval:
    """Return a measure of a method with its interval over questions, `NONE` if it was not run."""
    own = select(rows, source, part, flow)
    if own.empty:
        return NONE
    found = scores_by_question(own, column)
    return clustered_mean(found["total"], found["times"])


def difference(
    rows: pd.DataFrame,
    source: str,
    ours: tuple[str, str],
    theirs: tuple[str, str],
    column: str = "recall_5",
) -> Interval:
    """Return by how much a measure of one method is higher, question by question.

    Args:
        rows: of the experiment.
        source: a sample.
        ours, theirs: part and method; both parts report the same questions equally often.
        column: the measure.

    Returns:
        `NONE` where one was not run.

    Raises:
        ValueError: the parts report other questions.
    """
    a, b = (scores_by_question(select(rows, source, *arm), column) for arm in (ours, theirs))
    if a.empty or b.empty:
        return NONE
    if not (a.index.equals(b.index) and (a["times"] == b["times"]).all()):
        raise ValueError(f"{ours} and {theirs} report other questions: choose parts that agree")
    return clustered_mean(a["total"] - b["total"], a["times"], low=-1)


def best_rival(
    rows: pd.DataFrame, source: str, part: str = HELD_OUT, among: tuple[str, ...] = RIVALS
) -> str:
    """Return the rival with the highest recall at 5 in a part, of equal ones the first, or ''."""
    found = {flow: estimate(rows, source, part, flow) for flow in among}
    points = {flow: round(one.point, 9) for flow, one in found.items() if one.n}
    return max(points, key=points.get) if points else ""
