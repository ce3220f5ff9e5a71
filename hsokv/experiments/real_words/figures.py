"""The figure of real words: accuracy against the number of words that are stored at once."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from hsokv.experiments.real_words.tables import accuracy_table
from hsokv.plots.charts import plot_accuracy_vs


def draw_sizes(rows: pd.DataFrame, arms: Sequence[str], conditions: Sequence[str]) -> Figure:
    """Draw accuracy of some arms against words stored, one panel per condition."""
    table = accuracy_table(rows)
    table = table[table["flow"].isin(arms) & table["condition"].isin(conditions)]
    order = {arm: i for i, arm in enumerate(arms)}
    table = table.sort_values("flow", key=lambda names: names.map(order), kind="stable")
    return plot_accuracy_vs(table, "n_way")[0]
