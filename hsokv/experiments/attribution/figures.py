"""Figures of the attribution: who earns the gap, by specification, main effects, interactions."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hsokv.experiments.attribution.shares import interval_of, sign_table
from hsokv.experiments.attribution.specifications import Specification
from hsokv.flows.factorial import SWITCHES
from hsokv.plots.findings import QUESTION
from hsokv.plots.screens import for_screens, in_columns, is_narrow, set_finding, width_in
from hsokv.plots.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    SKY,
    VERMILION,
    interval_style,
    make_panels,
)

LABELS = {switch.name: switch.label for switch in SWITCHES}
OUTCOME_LABEL = {"accuracy": "as it is", "accuracy_with_fallback": "network as fallback"}
STYLES = {
    "mean, tuned": interval_style(BLACK, "o"),
    "mean, documented": interval_style(BLUE, "s"),
    "mean, swarm": interval_style(GREEN, "^"),
    "last, tuned": interval_style(ORANGE, "o", filled=False),
    "last, documented": interval_style(SKY, "s", filled=False),
}


@for_screens
def plot_waterfall(
    tables: dict[str, pd.DataFrame], ends: tuple[str, str]
) -> tuple[Figure, np.ndarray]:
    """Draw, per condition, how the accuracy gets from one end to the other.

    Args:
        tables: condition -> `tables.shapley_table`.
        ends: names of the start and the end.
    """
    n_rows = len(next(iter(tables.values()))) + 2
    fig, axes = make_panels(None, len(tables), len(tables), 0.36 * n_rows + 0.9)
    for ax, (condition, table) in zip(axes, tables.items()):
        _waterfall(ax, table, ends)
        ax.set_title(QUESTION[condition], loc="left", fontweight="bold")
        ax.set_xlabel("accuracy (%)")
    set_finding(
        fig, "In this specification: " + "; ".join(map(_tell_signs, tables, tables.values()))
    )
    return fig, axes


def _tell_signs(condition: str, table: pd.DataFrame) -> str:
    earns, costs = (table["low"] > 0).sum(), (table["high"] < 0).sum()
    return f"{QUESTION[condition]}, {earns} of {len(table)} changes earn, {costs} cost"


def _largest(tables: dict[str, pd.DataFrame], column: str, words: str) -> str:
    """Tell the change with the largest number under each condition."""
    parts = []
    for condition, table in tables.items():
        row = table.loc[table["point"].abs().idxmax()]
        parts.append(f"{LABELS[row[column]]}, {100 * row['point']:+.0f} ({QUESTION[condition]})")
    return f"What {words}: " + "; ".join(parts)


def _waterfall(ax: Axes, table: pd.DataFrame, ends: tuple[str, str]) -> None:
    start, end = 100 * table.attrs["start"].point, 100 * table.attrs["end"].point
    ax.barh(0, start, color=GREY, height=0.6)
    level = start
    for y, row in enumerate(table.itertuples(), start=1):
        gain = 100 * row.point
        color = BLUE if gain >= 0 else VERMILION
        ax.barh(y, gain, left=level, color=color, height=0.6)
        ax.plot([level, level], [y - 1.3, y + 0.3], color="#999999", linewidth=0.8)
        ax.hlines(y, level + 100 * row.low, level + 100 * row.high, color="black", linewidth=1)
        edge = max(level, level + gain, level + 100 * row.high)
        ax.text(edge + 1.5, y, f"{gain:+.1f}", va="center", fontsize=8.5)
        level += gain
    last = len(table) + 1
    ax.plot([level, level], [last - 1.3, last + 0.3], color="#999999", linewidth=0.8)
    ax.barh(last, end, color=GREY, height=0.6)
    for y, value in ((0, start), (last, end)):
        ax.text(value + 1.5, y, f"{value:.1f}", va="center", fontsize=8.5, fontweight="bold")
    labels = [LABELS[name] for name in table["switch"]]
    ax.set_yticks(range(last + 1), [ends[0], *labels, ends[1]])
    ax.set_ylim(last + 0.6, -0.6)
    ax.set_xlim(min(0, ax.get_xlim()[0]), 119)
    ax.set_xticks([0, 25, 50, 75, 100])
    ax.grid(axis="y", visible=False)


@for_screens
def plot_specifications(
    shares: pd.DataFrame, condition: str, game: str
) -> tuple[Figure, np.ndarray]:
    """Draw every switch's share in every specification, without and with the fallback.

    Args:
        shares: `shares.share_table`.
        condition, game: which of its rows.
    """
    rows = shares[(shares["condition"] == condition) & (shares["game"] == game)]
    names = list(rows["switch"].unique())
    fig, axes = make_panels(None, len(OUTCOME_LABEL), len(OUTCOME_LABEL), 4.8)
    for ax, (outcome, label) in zip(axes, OUTCOME_LABEL.items()):
        ax.axvline(0, color="black", linewidth=0.8)
        for _, row in rows[rows["outcome"] == outcome].iterrows():
            name, share = str(Specification(row["pooling"], row["rate"])), interval_of(row)
            y = names.index(row["switch"]) + 0.15 * (list(STYLES).index(name) - 2)
            style = STYLES[name] | {"label": name if row["switch"] == names[0] else None}
            ax.hlines(y, 100 * share.low, 100 * share.high, color=style["color"], linewidth=1.2)
            ax.plot(100 * share.point, y, ms=4, **style | {"linestyle": "none"})
        ax.set_yticks(range(len(names)), [LABELS[name] for name in names])
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.set_title(label, loc="left", fontweight="bold")
        ax.set_xlabel("share (points)")
    handles = axes[0].get_legend_handles_labels()
    fig.legend(*handles, loc="outside lower center", ncols=in_columns(3))
    signs = sign_table(shares, condition, game)
    same = (signs["n_same"] == signs.shape[1] - 3).sum()  # of all columns but the main, two counts
    told = f"{same} of {len(names)} changes have the same clear sign in every specification"
    set_finding(fig, f"{told}, as it is and with the network as fallback")
    return fig, axes


@for_screens
def plot_main_effects(
    tables: dict[str, pd.DataFrame], min_effect: float
) -> tuple[Figure, np.ndarray]:
    """Draw every switch's main effect per condition with its interval.

    Args:
        tables: condition -> `tables.anova_table`.
        min_effect: differences within plus or minus this are shaded.
    """
    fig, axes = make_panels(None, len(tables), len(tables), 3.2)
    for ax, (condition, table) in zip(axes, tables.items()):
        main = table[table["order"] == 1]
        ax.axvspan(-100 * min_effect, 100 * min_effect, color="#EEEEEE")
        ax.axvline(0, color="black", linewidth=0.8)
        for y, row in enumerate(main.itertuples()):
            color = BLUE if row.point >= 0 else VERMILION
            ax.hlines(y, 100 * row.low, 100 * row.high, color=color, linewidth=1.6)
            ax.plot(100 * row.point, y, "o", color=color, ms=5)
        ax.set_yticks(range(len(main)), [LABELS[name] for name in main["effect"]])
        ax.set_ylim(len(main) - 0.4, -0.6)
        ax.set_title(QUESTION[condition], loc="left", fontweight="bold")
        ax.set_xlabel("points")
    firsts = {c: table[table["order"] == 1] for c, table in tables.items()}
    set_finding(fig, _largest(firsts, "effect", "moves accuracy most, all else averaged"))
    return fig, axes


@for_screens
def plot_interactions(table: pd.DataFrame) -> tuple[Figure, Axes]:
    """Draw two-way interactions as a triangle of signed numbers, in points.

    Args:
        table: `tables.anova_table` of one condition.
    """
    names = [switch.name for switch in SWITCHES]
    grid = pd.DataFrame(np.nan, index=names, columns=names)
    for row in table[table["order"] == 2].itertuples():
        a, b = row.effect.split(" x ")
        grid.loc[b, a] = 100 * row.point
    fig, ax = plt.subplots(figsize=(width_in(), 3.9), layout="constrained")
    size = 5.5 if is_narrow() else 8.5
    bound = np.nanmax(np.abs(grid.to_numpy()))
    sns.heatmap(
        grid.iloc[1:, :-1].rename(index=LABELS, columns=LABELS), ax=ax, cmap="RdBu", center=0,
        vmin=-bound, vmax=bound, annot=True,
        fmt="+.1f", annot_kws={"fontsize": size}, linewidths=1,
        cbar=not is_narrow(), cbar_kws={"label": "interaction (points)"},
    )  # fmt: skip
    ax.grid(visible=False)
    ax.tick_params(length=0)
    ax.set_yticklabels(ax.get_yticklabels(), rotation=0)
    ax.set_xticklabels(ax.get_xticklabels(), rotation=30, ha="right")
    second = table[table["order"] == 2]
    row = second.loc[second["point"].abs().idxmax()]
    pair = " and ".join(LABELS[name] for name in row["effect"].split(" x "))
    does = "help each other" if row["point"] > 0 else "get in each other's way"
    set_finding(fig, f"The strongest pair: {pair} {does}, {100 * row['point']:+.1f} points")
    return fig, ax
