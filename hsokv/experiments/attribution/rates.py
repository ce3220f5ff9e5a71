"""The learning rate of each group, chosen from the rows of the development lexicon alone."""

from __future__ import annotations

import pandas as pd

from hsokv.experiments.attribution.specifications import TUNING
from hsokv.flows.factorial import (
    CANDIDATE_RATES,
    N_IN_TRAINING,
    NAMES,
    list_groups,
    pooling_of,
    rate_of,
)


def score_rates(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean accuracy of each rate over conditions and seeds, nothing after training.

    Args:
        rows: of the experiment, as they are stored.

    Returns:
        A row per pooling and group, a column per candidate in their order. Scores are rounded to
        six digits, so that no last bit decides.
    """
    rows = rows[rows["flow"] == TUNING]
    rows = rows.assign(group=rows["cell"].str[1 : 1 + N_IN_TRAINING])
    table = rows.pivot_table(index=["pooling", "group"], columns="lr", values="accuracy")
    return table[list(CANDIDATE_RATES)].round(6)


def choose_rates(rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return pooling -> group -> the rate with the highest score, of those that tie the first."""
    best = score_rates(rows).idxmax(axis=1)
    return {
        pooling: {group: float(lr) for (_, group), lr in part.items()}
        for pooling, part in best.groupby(level="pooling")
    }


def count_rates() -> pd.DataFrame:
    """Return how many groups have each tuned rate, by pooling, keys and what answers."""
    counts: dict[str, dict[float, int]] = {}
    for pooling in ("mean", "last"):
        for group in list_groups():
            if pooling_of(group, pooling) != pooling:
                continue
            keys = "averaged keys" if group[NAMES.index("keys")] == "0" else "transformer"
            answer = "stored label" if group[NAMES.index("gate")] == "0" else "gate"
            row = counts.setdefault(
                f"{keys}, {answer}, {pooling}", dict.fromkeys(CANDIDATE_RATES, 0)
            )
            row[rate_of(group, pooling, "tuned")] += 1
    return pd.DataFrame(counts).T[sorted(CANDIDATE_RATES)]
