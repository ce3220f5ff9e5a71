"""The headline figure: accuracy of every flow, in its best reading, under every condition."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from hsokv.experiments.one_shot.arms import best_rows
from hsokv.experiments.one_shot.tables import accuracy_table
from hsokv.plots.charts import plot_accuracy_by_condition

CONDITIONS = ("verbatim", "recognise", "infer", "two_words")


def draw_headline(rows: pd.DataFrame) -> Figure:
    """Draw accuracy per flow under four conditions, with as many words as there are."""
    table = accuracy_table(best_rows(rows))
    table = pd.concat([table[table["condition"] == condition] for condition in CONDITIONS])
    n_way = int(rows.loc[rows["task"] == "words", "n_way"].max())
    return plot_accuracy_by_condition(table.assign(flow=table["arm"]), chance=1 / n_way)[0]
