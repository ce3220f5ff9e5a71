"""Tables of the word benchmarks, beside what others published.

Intervals are of 95 %, over the items of a benchmark (draws of sentences for CRW).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from hsokv.experiments.word_benchmarks.trials import BENCHMARKS, CRW, item_scores, read_values
from hsokv.stats.intervals import Interval, seeds_mean

#: Published systems, as printed by Van Hautte et al. (2019), table 1, in a vocabulary of 259,376.
NONCE = {
    "A La Carte": (0.0706, 165), "Form-Context": (0.1561, 64), "stem lookup": (0.5550, 2),
}  # fmt: skip
#: The same for Chimeras, Spearman's correlation at 2, 4 and 6 sentences.
CHIMERAS = {
    "A La Carte": (0.363, 0.384, 0.394),
    "additive": (0.358, 0.387, 0.420),
    "additive, window": (0.359, 0.370, 0.433),
}


def score_interval(row: pd.Series) -> Interval:
    """Return the mean score of a row's items."""
    low = 0 if row["n_vocabulary"] else -1
    return seeds_mean(item_scores(row), low=low, high=1)


def rank_table(rows: pd.DataFrame, benchmark: str) -> pd.DataFrame:
    """Return mean reciprocal rank and median rank of a benchmark, a row per encoder and probe."""
    found = []
    rows = rows[rows["benchmark"] == benchmark].sort_values(["part", "probe"], ascending=False)
    for _, row in rows.iterrows():
        ranks = read_values(row["values"])
        found.append({
            "encoder": row["flow"], "part": row["part"], "word as": row["probe"],
            "vocabulary": f"{row['n_vocabulary']:,}", "n": len(ranks),
            "mean reciprocal rank": f"{score_interval(row):.3f}".partition(", n")[0],
            "median rank": f"{np.median(ranks):g}",
        })  # fmt: skip
    return pd.DataFrame(found)


def correlation_table(rows: pd.DataFrame, benchmark: str) -> pd.DataFrame:
    """Return rank correlations by number of sentences, a row per encoder, part and probe."""
    found = []
    rows = rows[rows["benchmark"] == benchmark].sort_values("part", ascending=False, kind="stable")
    for (part, encoder, probe), own in rows.groupby(["part", "flow", "probe"], sort=False):
        line = {"encoder": encoder, "part": part, "word as": probe}
        for _, row in own.sort_values("n_contexts").iterrows():
            n, text = row["n_contexts"], f"{score_interval(row):.3f}".partition(", n")[0]
            text = text.split()[0] if benchmark == CRW else text
            line[f"{n} sentence{'s' if n > 1 else ''}"] = text
        found.append(line)
    return pd.DataFrame(found)


def chosen_scores(rows: pd.DataFrame, benchmark: str, encoder: str) -> dict[int, str]:
    """Return number of sentences -> score on the last part, with the probe best on the first.

    Nothing where the benchmark was not run.
    """
    own = rows[(rows["benchmark"] == benchmark) & (rows["flow"] == encoder)]
    if own.empty:
        return {}
    first, last = BENCHMARKS[benchmark][0], BENCHMARKS[benchmark][-1]
    means = own[own["part"] == first].groupby("probe")["score"].mean().round(6)
    shown = own[(own["part"] == last) & (own["probe"] == means.idxmax())]
    texts = {row["n_contexts"]: f"{score_interval(row):.3f}" for _, row in shown.iterrows()}
    return {n: text.partition(", n =")[0] for n, text in texts.items()}
