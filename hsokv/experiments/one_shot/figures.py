"""The headline figure: eight learners at their best under the three questions of the front page."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from hsokv.experiments.one_shot.arms import with_arm
from hsokv.experiments.one_shot.tables import accuracy_table
from hsokv.flows.display import display_name
from hsokv.plots.style import GREY, flow_style, make_panels

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


def draw_headline(rows: pd.DataFrame) -> Figure:
    """Draw accuracy with 95 % intervals, a panel per question, with as many words as there are."""
    table = headline_table(rows)
    arms = list(dict.fromkeys(table.index.get_level_values("arm")))
    n_way = int(rows.loc[rows["task"] == "words", "n_way"].max())
    fig, axes = make_panels(None, len(PANELS), len(PANELS), 1.3 + 0.27 * len(arms))
    for panel, (condition, title) in zip(axes, PANELS.items()):
        for y, arm in enumerate(arms):
            row, style = 100 * table.loc[(arm, condition)], flow_style(arm)
            panel.hlines(y, row["low"], row["high"], color=style["color"], linewidth=1.6)
            panel.plot(row["point"], y, **style | {"linestyle": "none"}, ms=5, clip_on=False)
            is_high = row["high"] > 70
            at = row["low"] - 6 if is_high else row["high"] + 6
            told = f"{row['point']:.0f}" if row["point"] >= 10 else f"{row['point']:.1f}"
            panel.text(at, y, told, ha="right" if is_high else "left", va="center",
                       fontsize=8.5)  # fmt: skip
        panel.axvline(100 / n_way, color=GREY, linestyle=(0, (4, 3)), linewidth=1)
        panel.set(title=title, xlim=(-4, 104), xticks=[0, 50, 100], ylim=(len(arms) - 0.4, -0.6))
        panel.set_yticks(range(len(arms)), map(display_name, arms))
        panel.tick_params(axis="y", length=0)
    fig.suptitle(TITLE, fontsize=9.5, fontweight="bold", x=0.01, ha="left", wrap=True)
    fig.supxlabel("right answers (%, axis from 0); dashed: chance", fontsize=9.5)
    return fig
