"""Figures of the eleven issues: tidy frames in, (figure, axes) out, as in `hsokv.plots`."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hsokv.experiments.effects import BASE_NAMES, effect_table
from hsokv.experiments.hit_rate import arm_means
from hsokv.experiments.word_rows import MIN_EFFECT
from hsokv.plots.style import (
    BLACK,
    BLUE,
    CONDITION_LABEL,
    GREY,
    ORANGE,
    VERMILION,
    WIDTH_IN,
    make_panels,
)

BASE_STYLE = {
    "current": {"color": VERMILION, "marker": "D"},
    "simple": {"color": ORANGE, "marker": "P"},
    "nearest_neighbor": {"color": BLUE, "marker": "o"},
}


def plot_issue_effects(table: pd.DataFrame) -> tuple[Figure, np.ndarray]:
    """Draw what a mechanism does to accuracy, a panel per condition and a row per comparison.

    Main comparisons are drawn large, further ones small and faint. Grey: less than
    the smallest effect of interest. Left of zero the mechanism harms.

    Args:
        table: from `effects.effect_table`.

    Raises:
        ValueError: the table is empty.
    """
    if table.empty:
        raise ValueError("no effect to draw: expected at least one row; run the issue's arms first")
    rows = list(dict.fromkeys(zip(table["label"], table["base"], table["is_main"])))
    conditions = list(dict.fromkeys(table["condition"]))
    n = len(conditions)
    fig, axes = make_panels(None, n, n, 1.15 + 0.3 * len(rows), sharex=True)
    reach = 100 * np.abs(table[["low", "high"]].to_numpy()).max()
    limit = max(12.0, 1.08 * reach)
    for panel, condition in zip(axes, conditions):
        panel.axvspan(-100 * MIN_EFFECT, 100 * MIN_EFFECT, color="#E6E6E6", linewidth=0)
        panel.axvline(0, color=BLACK, linewidth=1)
        for row in table[table["condition"] == condition].itertuples():
            _draw_effect(panel, row, rows.index((row.label, row.base, row.is_main)))
        panel.set_title(CONDITION_LABEL.get(condition, condition))
        panel.set(xlim=(-limit, limit), ylim=(len(rows) - 0.4, -0.6))
        panel.tick_params(axis="y", length=0)
    axes[0].set_yticks(range(len(rows)), [label for label, _, _ in rows])
    axes[0].set_ylabel("comparison")
    fig.supxlabel("accuracy with minus without (points); left of 0: harm", fontsize=9.5)
    _legend(fig, [base for base in BASE_STYLE if base in set(table["base"])])
    return fig, axes


def plot_hit_rate(means: pd.DataFrame) -> tuple[Figure, np.ndarray]:
    """Draw hit rate against two measures of use, a point per arm; hollow: scored by dot product.

    Args:
        means: from `hit_rate.arm_means`.

    Raises:
        ValueError: there is no arm.
    """
    if means.empty:
        raise ValueError("no arm to draw: expected at least one row; run the experiment first")
    uses = {
        "top1_key_correct": "nearest key right (%)",
        "memory_utility": "memory utility (points)",
    }
    fig = plt.figure(figsize=(WIDTH_IN, 3.2), layout="constrained")
    axes = fig.subplots(1, 2, sharex=True)
    for panel, (use, label) in zip(axes, uses.items()):
        panel.axvline(1, color=GREY, linestyle=(0, (4, 3)), linewidth=1)
        for row in means.itertuples():
            style = BASE_STYLE[row.base]
            face = style["color"] if row.similarity == "cosine" else "white"
            y = 100 * getattr(row, use)
            panel.plot(row.kv_hit_rate, y, **style, markerfacecolor=face, linestyle="none")
        panel.set(xscale="log", ylabel=label)
    ticks = [t for t in (0.25, 0.5, 1, 2, 5, 10, 20) if _within(t, means["kv_hit_rate"])]
    axes[0].set_xticks(ticks, [f"{t:g}" for t in ticks])
    axes[0].minorticks_off()
    fig.supxlabel("hit rate (mean score of the entries read, log scale); dashed: 1", fontsize=9.5)
    _legend(fig, [base for base in BASE_STYLE if base in set(means["base"])])
    return fig, axes


def _within(tick: float, values: pd.Series) -> bool:
    return values.min() / 1.5 <= tick <= 1.5 * values.max()


def _draw_effect(panel: Axes, row, y: int) -> None:
    """Draw one interval with its point, in points."""
    style = BASE_STYLE[row.base]
    width, size, alpha = (1.8, 5.5, 1.0) if row.is_main else (1.0, 3.5, 0.65)
    panel.hlines(y, 100 * row.low, 100 * row.high, color=style["color"], lw=width, alpha=alpha)
    clear = row.low > 0 or row.high < 0
    face = style["color"] if clear else "white"
    panel.plot(100 * row.point, y, **style, markerfacecolor=face, ms=size, zorder=3, alpha=alpha)


def _legend(fig: Figure, bases: list[str]) -> None:
    handles = [
        Line2D([], [], **BASE_STYLE[base], linestyle="none", label=BASE_NAMES[base])
        for base in bases
    ]
    fig.legend(handles=handles, loc="outside upper center", ncols=len(handles))


def draw_issue(issue: str, rows: pd.DataFrame) -> Figure:
    """Draw the figure of an issue's page from the experiment's rows.

    Raises:
        ValueError: the rows of this issue are missing.
    """
    if issue == "5_1":
        return plot_hit_rate(arm_means(rows, "verbatim"))[0]
    return plot_issue_effects(effect_table(rows, issue))[0]
