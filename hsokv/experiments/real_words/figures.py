"""The figures of real words: accuracy against the number of words that are stored at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hsokv.experiments.real_words.tables import USERS, accuracy_table
from hsokv.flows.display import display_name
from hsokv.plots.charts import plot_accuracy_vs
from hsokv.plots.screens import for_screens, is_narrow, set_finding
from hsokv.plots.style import flow_style, make_panels, require

#: Condition -> what the panel of the curve shows.
PANELS = {
    "recognise": "the text shows the term:\nfound",
    "infer": "its term is blanked:\nfound all the same",
    "unseen": "its term is not stored:\ndeclined",
}
LEAST = 100  # words stored from which on the curve is drawn, where there are such sizes
APART = 8.5  # percentage points between the names of two lines


def draw_sizes(rows: pd.DataFrame, arms: Sequence[str], conditions: Sequence[str]) -> Figure:
    """Draw accuracy of some arms against words stored, one panel per condition."""
    table = accuracy_table(rows)
    table = table[table["flow"].isin(arms) & table["condition"].isin(conditions)]
    order = {arm: i for i, arm in enumerate(arms)}
    table = table.sort_values("flow", key=lambda names: names.map(order), kind="stable")
    told = {"condition": "recognise", "flows_told": ("lexical", "headword_lookup")}
    return plot_accuracy_vs(table, "n_way", **told)[0]


def curve_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracies of the curve: `accuracy_table` of what a user would choose among.

    Sizes below `LEAST` are left out unless fewer than two are larger.
    """
    rows = rows[rows["flow"].isin(USERS) & (rows["form"] == "")]
    rows = rows[rows["condition"].isin(list(PANELS))]
    table = accuracy_table(rows)
    large = table[table["n_way"] >= LEAST]
    return large if large["n_way"].nunique() > 1 else table


def curve_title(table: pd.DataFrame) -> str:
    """Return what the curve shows of `lexical`, from the fewest to the most words stored.

    Args:
        table: as `curve_table` returns it, with rows of `lexical`.
    """
    points = table[table["flow"] == "lexical"].set_index(["condition", "n_way"])["point"]
    few, many = table["n_way"].min(), table["n_way"].max()
    shown, left = (100 * points[name][[few, many]] for name in ("recognise", "unseen"))
    return (
        f"Our word memory finds {shown[few]:.0f} % of the terms shown among {few:,} definitions, "
        f"{shown[many]:.0f} % among {many:,}; of what is not stored it declines {left[few]:.0f} %, "
        f"then {left[many]:.0f} %"
    )


@for_screens
def draw_curve(rows: pd.DataFrame) -> Figure:
    """Draw accuracy with 95 % intervals against words stored, a panel per question.

    Raises:
        ValueError: there are no rows of `lexical`.
    """
    table = curve_table(rows)
    require(table[table["flow"] == "lexical"], "n_way")
    fig, axes = make_panels(None, len(PANELS), len(PANELS), 3.0)
    arms = [arm for arm in USERS if arm in set(table["flow"])]
    for panel, (condition, title) in zip(axes, PANELS.items()):
        for arm in arms:
            line = table[(table["flow"] == arm) & (table["condition"] == condition)]
            line = line.sort_values("n_way")
            style, at = flow_style(arm), line["n_way"].to_numpy()
            panel.vlines(at, 100 * line["low"], 100 * line["high"], color=style["color"])
            panel.plot(at, 100 * line["point"], **style, clip_on=False)
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter("{x:,.0f}")
        panel.xaxis.set_minor_formatter("")
        panel.set(title=title, ylim=(0, 102))
    for panel, condition in list(zip(axes, PANELS))[0 if is_narrow() else -1 :]:
        _name_lines(panel, table[table["condition"] == condition], arms)
    axes[0].set_ylabel("texts (%, axis from 0)")
    fig.supxlabel("definitions stored (log scale)", fontsize=9.5)
    set_finding(fig, curve_title(table))
    return fig


def _name_lines(panel: Axes, table: pd.DataFrame, arms: Sequence[str]) -> None:
    """Write the name of each line at its right end, names apart from one another."""
    ends = table.sort_values("n_way").groupby("flow").tail(1).set_index("flow")
    order = sorted(arms, key=lambda arm: ends["point"][arm])
    height = -np.inf
    for arm in order:
        height = max(100 * ends["point"][arm], height + APART)
        panel.annotate(
            display_name(arm), (1.04, height), xycoords=("axes fraction", "data"), va="center",
            color=flow_style(arm)["color"], fontsize=8.5, annotation_clip=False,
        )  # fmt: skip
