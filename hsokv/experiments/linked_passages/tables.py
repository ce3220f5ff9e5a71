"""Tables of linked passages: every method on every sample, by how it was tuned and by hops.

Intervals are of 95 %, over the questions of a sample.
"""

from __future__ import annotations

import json

import pandas as pd

from hsokv.experiments.linked_passages.estimates import (
    DEFAULT,
    NONE,
    OURS,
    RIVALS,
    best_rival,
    clustered_mean,
    difference,
    estimate,
    scores_by_question,
    select,
)
from hsokv.experiments.linked_passages.methods import ABLATIONS, ALONE, GRIDS
from hsokv.experiments.linked_passages.trials import HELD_OUT, IN_SAMPLE, TRANSFER, read_ranks
from hsokv.stats.intervals import Interval

NOT_RUN = "not run"
#: Method -> its name in tables.
ARMS = {
    "minilm": "sentence encoder (MiniLM)",
    "bm25": "BM25",
    "bm25_stemmed": "BM25 of stems",
    "zscore_sum": "both, summed",
    "search_again": "searched again from what was found",
    "dictionary": "a dictionary of titles",
    "dictionary_names": "a dictionary of titles and names",
    "hebbian": "a Hebbian matrix of title links",
    "hebbian_names": "a Hebbian matrix of title and name links",
    "pagerank": "PageRank over title links",
    "pagerank_names": "PageRank over title and name links",
    "pairs": "linked pairs",
    "pairs_default": "linked pairs, untuned",
    "pairs_sum": "a word counts for both",
    "pairs_no_links": "no links",
    "pairs_alone": "no partner: each passage alone",
    "pairs_no_words": "no words",
    "pairs_no_dense": "no encoder",
    "pairs_titles": "title links alone",
    "pairs_names": "name links alone",
    "pairs_unasked": "no link by the question",
}
SAMPLE_LABEL = {"hotpotqa": "HotpotQA", "musique": "MuSiQue", "own": "invented"}
#: System -> recall at 5 that others published, on MuSiQue and on HotpotQA, and their source.
PUBLISHED = {
    "BM25": (41.2, 72.2, "Gutiérrez et al. (2024)"),
    "HippoRAG": (51.9, 77.7, "Gutiérrez et al. (2024)"),
    "HippoRAG, with IRCoT": (57.6, 83.0, "Gutiérrez et al. (2024)"),
    "NV-Embed-v2": (69.7, 94.5, "Gutiérrez et al. (2025)"),
    "HippoRAG 2": (74.7, 96.3, "Gutiérrez et al. (2025)"),
}
COMPARED = (*RIVALS, OURS, DEFAULT)
LESS = (*ABLATIONS, "pairs_no_links", ALONE)


def held_out_table(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return measures on held-out halves in percent, and by how many points pairs find more."""
    found = []
    for flow in COMPARED:
        recall = estimate(rows, source, HELD_OUT, flow)
        if not recall.n:
            continue
        line = {"method": ARMS[flow], "settings": len(GRIDS[flow])}
        for depth in (2, 5, 10):
            mean = estimate(rows, source, HELD_OUT, flow, f"recall_{depth}")
            line[f"recall at {depth}"] = (
                in_percent(mean) if depth == 5 else f"{100 * mean.point:.1f}"
            )
        line["all at 5"] = in_percent(estimate(rows, source, HELD_OUT, flow, "all_5"))
        more = difference(rows, source, (HELD_OUT, OURS), (HELD_OUT, flow))
        line["pairs find more"] = "" if flow == OURS else in_percent(more, signed=True)
        found.append(line)
    return pd.DataFrame(found)


def tuning_table(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return recall at 5 in percent by what a method was tuned on.

    The last column is the hardest comparison: linked pairs as they ship against the best setting
    of each rival, chosen on the questions that are reported.
    """
    found = []
    for flow in COMPARED:
        if not estimate(rows, source, IN_SAMPLE, flow).n:
            continue
        more = difference(rows, source, (IN_SAMPLE, DEFAULT), (IN_SAMPLE, flow))
        found.append({
            "method": ARMS[flow],
            "on the other half": in_percent(estimate(rows, source, HELD_OUT, flow)),
            "on the other sample": in_percent(estimate(rows, source, TRANSFER, flow)),
            "on the same questions": in_percent(estimate(rows, source, IN_SAMPLE, flow)),
            "untuned pairs find more than that":
                "" if flow == DEFAULT else in_percent(more, signed=True),
        })  # fmt: skip
    return pd.DataFrame(found)


def ablation_table(rows: pd.DataFrame, sources: list[str]) -> pd.DataFrame:
    """Return held-out recall at 5 without one part, and what is lost, in points."""
    found = []
    for flow in (OURS, *LESS):
        line = {"left out": "nothing" if flow == OURS else ARMS[flow]}
        for source in sources:
            name = SAMPLE_LABEL[source]
            more = difference(rows, source, (HELD_OUT, OURS), (HELD_OUT, flow))
            line[name] = in_percent(estimate(rows, source, HELD_OUT, flow))
            line[f"lost, {name}"] = "" if flow == OURS else in_percent(more, signed=True)
        found.append(line)
    return pd.DataFrame(found)


def hops_table(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return held-out measures in percent by the number of passages that answer a question."""
    flows = ["minilm", best_rival(rows, source), OURS]
    found = []
    for n in sorted(set(n_gold(rows, source).values())):
        line: dict[str, object] = {"passages": n, "questions": 0}
        for flow in [flow for flow in flows if flow]:
            for column, shown in (("recall_5", "recall at 5"), ("all_5", "all at 5")):
                mean = by_gold(rows, source, flow, n, column)
                line["questions"] = mean.n or line["questions"]  # 0 where a method was not run
                line[f"{ARMS[flow]}, {shown}"] = in_percent(mean)
        found.append(line)
    return pd.DataFrame(found)


def by_gold(
    rows: pd.DataFrame, source: str, flow: str, n: int, column: str = "recall_5"
) -> Interval:
    """Return a held-out measure over the questions that n passages answer."""
    own = select(rows, source, HELD_OUT, flow)
    if own.empty:
        return NONE
    scores, gold = scores_by_question(own, column), n_gold(rows, source)
    scores = scores[[gold[question] == n for question in scores.index]]
    return clustered_mean(scores["total"], scores["times"]) if len(scores) else NONE


def n_gold(rows: pd.DataFrame, source: str) -> dict[int, int]:
    """Return how many passages answer each question of a sample."""
    rows = rows[rows["source"] == source]
    asked = [question for text in rows["asked"] for question in json.loads(text)]
    ranks = [len(own) for text in rows["ranks"] for own in read_ranks(text)]
    return dict(zip(asked, ranks, strict=True))


def published_table() -> pd.DataFrame:
    """Return recall at 5 as others published it, on other questions among other passages."""
    columns = ["MuSiQue", "HotpotQA", "from"]
    found = pd.DataFrame.from_dict(PUBLISHED, orient="index", columns=columns)
    return found.rename_axis("system").reset_index()


def in_percent(found: Interval, signed: bool = False) -> str:
    """Return an interval as '86.1 [84.0, 88.2]', or that it was not run."""
    if not found.n:
        return NOT_RUN
    numbers = [round(100 * x, 1) + 0.0 for x in found[:3]]
    point, low, high = (f"{x:{'+' if signed else ''}.1f}" for x in numbers)
    return f"{point} [{low}, {high}]"


def told(found: Interval, signed: bool = False) -> str:
    """Return an interval as '86.1 % [84.0, 88.2]', a difference as '+2.0 points [-1.0, +5.0]'."""
    return found.text(signed=signed).partition(", n")[0] if found.n else NOT_RUN


def told_count(n: int) -> str:
    """Return a number as '1,890', or that nothing was run."""
    return f"{n:,}" if n else NOT_RUN


def told_reach(found: Interval) -> str:
    """Return how far an interval reaches from its middle, in points."""
    return f"{50 * (found.high - found.low):.0f}" if found.n else NOT_RUN
