"""The headline figure: eight learners at their best under the three questions of the front page."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from hsokv.experiments.one_shot.arms import with_arm
from hsokv.experiments.one_shot.tables import accuracy_table
from hsokv.plots.charts import plot_accuracy_by_condition
from hsokv.plots.screens import for_screens, is_narrow, set_finding

TITLE = "Trained networks repeat what they saw; memories of words also answer new sentences"
#: Learners in the readings and trainings that answer most.
ARMS = ("redesign", "lexical", "headword_lookup", "class_mean (tuned)", "simple_kv (tuned)",
        "sentence_neighbor (tuned)", "current (mean, full)", "fine_tune (mean, full)")  # fmt: skip
PANELS = {
    "verbatim": "a seen sentence", "recognise": "a new sentence", "infer": "the word blanked",
}  # fmt: skip


def headline_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return accuracy of the shown learners (rows), under the shown conditions, best first.

    Returns:
        Indexed by arm and condition; columns point, low, high.
    """
    shown = with_arm(rows)
    shown = shown[shown["arm"].isin(ARMS) & shown["condition"].isin(list(PANELS))]
    table = accuracy_table(shown).set_index(["arm", "condition"])[["point", "low", "high"]]
    points = table["point"].unstack().round(3)
    order = points.sort_values(["recognise", "infer", "verbatim"], ascending=False).index
    return table.reindex(pd.MultiIndex.from_product([order, PANELS], names=table.index.names))


@for_screens
def draw_headline(rows: pd.DataFrame) -> Figure:
    """Draw accuracy with 95 % intervals, a panel per question, with as many words as there are."""
    table = headline_table(rows).reset_index().rename(columns={"arm": "flow"})
    n_way = int(rows.loc[rows["task"] == "words", "n_way"].max())
    fig, axes = plot_accuracy_by_condition(
        table, chance=1 / n_way, order=list(table["flow"].unique())
    )
    for panel, (condition, title) in zip(axes, PANELS.items()):
        panel.set(title=title, ylabel="")
        for y, row in enumerate(table[table["condition"] == condition].itertuples()):
            is_high = row.high > 0.7
            at = 100 * (row.low - 0.06 if is_high else row.high + 0.06)
            told = f"{100 * row.point:.{0 if row.point >= 0.1 else 1}f}"
            panel.text(at, y, told, ha="right" if is_high else "left", va="center", fontsize=8.5)
    fig.set_figheight((3 if is_narrow() else 1) * (1.0 + 0.27 * len(ARMS)))
    set_finding(fig, TITLE)
    fig.supxlabel("right answers (%, axis from 0); dashed: chance", fontsize=9.5)
    return fig
