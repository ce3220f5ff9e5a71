"""The headline figure: accuracy of every flow under every test condition."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from hsokv.experiments.rare_words.tables import summarise
from hsokv.experiments.rare_words.trials import CONDITIONS
from hsokv.plots.charts import plot_accuracy_by_condition


def draw_headline(rows: pd.DataFrame) -> Figure:
    """Draw accuracy per flow and condition at the largest number of words."""
    n_way = int(rows["n_way"].max())
    summary = summarise(rows, CONDITIONS, n_ways=[n_way])
    return plot_accuracy_by_condition(summary, chance=1 / n_way)[0]
