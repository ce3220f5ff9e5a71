"""Tables of linked passages: every method on every sample, tuned on one half or on other questions.

Halves of the same questions overlap, so that what is held out comes with the standard deviation
over splits. Intervals are of 95 %, over the questions of a sample, where all of them are reported.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from hsokv.experiments.linked_passages.trials import (
    HELD_OUT,
    TRANSFER,
    question_recalls,
    read_ranks,
)
from hsokv.stats.intervals import Interval, exact_mean, seeds_mean

NOT_RUN = "not run"
OURS = "pairs"
#: Method -> its name in tables.
ARMS = {
    "minilm": "sentence encoder (MiniLM)",
    "bm25": "BM25",
    "bm25_stemmed": "BM25 of stems",
    "zscore_sum": "both, summed",
    "title_dictionary": "both, then a dictionary of titles",
    "pagerank": "PageRank over title links",
    "pagerank_names": "PageRank over title and name links",
    "hebbian": "both, then a Hebbian matrix",
    "pairs": "linked pairs",
    "pairs_default": "linked pairs, untuned",
    "pairs_sum": "- a word counts for both",
    "pairs_no_links": "- no links",
    "pairs_no_words": "- no words",
    "pairs_no_dense": "- no encoder",
    "pairs_titles": "- title links alone",
    "pairs_names": "- name links alone",
    "pairs_unasked": "- no link by the question",
}
COLUMNS = {
    "recall_2": "recall at 2",
    "recall_5": "recall at 5",
    "recall_10": "recall at 10",
    "all_5": "all at 5",
}


def held_out_table(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return mean and standard deviation over splits in percent, a row per method."""
    rows = _select(rows, source, HELD_OUT)
    found = []
    for flow, name in ARMS.items():
        own = rows[rows["flow"] == flow]
        if len(own):
            cells = {shown: _over_splits(own[column]) for column, shown in COLUMNS.items()}
            found.append({"method": name, **cells})
    return pd.DataFrame(found)


def transfer_table(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return recall at 5 of all questions, tuned on the other sample, and what pairs find more.

    Columns: method, chosen, recall at 5 and all at 5 in percent, and by how many points recall at 5
    of `pairs` is higher, question by question, with intervals over questions.
    """
    rows = _select(rows, source, TRANSFER).set_index("flow")
    if OURS not in rows.index:
        return pd.DataFrame()
    ours, found = _recalls(rows.loc[OURS]), []
    for flow in [flow for flow in ARMS if flow in rows.index]:
        row = rows.loc[flow]
        recalls = _recalls(row)
        more = seeds_mean(ours - recalls, low=-1, high=1)
        found.append({
            "method": ARMS[flow], "chosen": row["chosen"],
            "recall at 5": _told(seeds_mean(recalls, low=0, high=1)),
            "all at 5": _told(seeds_mean(recalls == 1, low=0, high=1)),
            "pairs find more": "" if flow == OURS else _told(more, signed=True),
        })  # fmt: skip
    return pd.DataFrame(found)


def told_held_out(
    rows: pd.DataFrame, source: str, flow: str = OURS, column: str = "recall_5"
) -> str:
    """Return a mean over splits as '98.0 % (SD 1.5)'."""
    own = _select(rows, source, HELD_OUT)
    own = own[own["flow"] == flow]
    if own.empty:
        return NOT_RUN
    return f"{100 * exact_mean(own[column]):.1f} % (SD {_spread(own[column]):.1f})"


def _select(rows: pd.DataFrame, source: str, part: str) -> pd.DataFrame:
    return rows[(rows["source"] == source) & (rows["part"] == part)]


def _recalls(row: pd.Series) -> np.ndarray:
    return question_recalls(read_ranks(row["ranks"]), 5)


def _over_splits(shares: pd.Series) -> str:
    return f"{100 * exact_mean(shares):.1f} ± {_spread(shares):.1f}"


def _spread(shares: pd.Series) -> float:
    """Return the standard deviation in points, 0 of one split."""
    return 100 * float(shares.std(ddof=1)) if len(shares) > 1 else 0.0


def _told(interval: Interval, signed: bool = False) -> str:
    return interval.text(signed=signed).partition(", n")[0]
