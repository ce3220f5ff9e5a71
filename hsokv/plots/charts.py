"""Charts of the report: tidy frames in, (figure, axes) out; nothing is read, computed or saved.

Accuracy axes start at 0 and say so. The title of a figure is what its frame shows.
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hsokv.boundary.text import chart_label
from hsokv.flows.display import display_name
from hsokv.plots import findings
from hsokv.plots.labels import place_labels
from hsokv.plots.screens import for_screens, in_columns, is_narrow, set_finding
from hsokv.plots.style import (
    ACCURACY_LABEL,
    AXIS_LABEL,
    BLACK,
    BLUE,
    CONDITION_LABEL,
    GREY,
    flow_style,
    interval_style,
    make_panels,
    require,
)

UNIT = {"n_way": "words", "n_distractors": "distractor sentences"}


@for_screens
def plot_accuracy_by_condition(
    summary: pd.DataFrame,
    seeds: pd.DataFrame | None = None,
    chance: float | Mapping[str, float] | None = None,
    ax: Axes | None = None,
    order: Sequence[str] | None = None,
) -> tuple[Figure, np.ndarray | Axes]:
    """Draw accuracy per flow with intervals, one panel per condition.

    Args:
        summary: columns flow, condition, point, low, high (shares).
        seeds: columns flow, condition, accuracy: one faint dot per row.
        chance: accuracy of guessing, drawn dashed; a number is drawn in every panel but `unseen`.
        ax: axes to draw on; summary must then hold one condition.
        order: the flows from top to bottom; by default the best first, by the mean of the panels.
    """
    require(summary, "flow", "condition", "point", "low", "high")
    means = summary.groupby("flow", sort=False)["point"].mean().round(3)
    flows = list(order or means.sort_values(ascending=False, kind="stable").index)
    conditions = list(summary["condition"].unique())
    fig, axes = make_panels(ax, len(conditions), len(conditions), 0.9 + 0.26 * len(flows))
    for panel, condition in zip(axes, conditions):
        rows = summary[summary["condition"] == condition]
        for row in rows.itertuples():
            y, style = flows.index(row.flow), flow_style(row.flow)
            if seeds is not None:
                require(seeds, "flow", "condition", "accuracy")
                at = (seeds["flow"] == row.flow) & (seeds["condition"] == condition)
                x = 100 * np.sort(seeds.loc[at, "accuracy"].to_numpy())
                spread = y + 0.26 * np.sin(2.4 * np.arange(x.size))  # fixed jitter, no draw
                panel.plot(x, spread, ".", color=style["color"], alpha=0.3, ms=3, mew=0)
            _bar(panel, row, y, style)
        guess = chance.get(condition) if isinstance(chance, Mapping) else chance
        if guess is not None and (isinstance(chance, Mapping) or condition != "unseen"):
            panel.axvline(100 * guess, color=GREY, linestyle=(0, (4, 3)), linewidth=1)
        panel.set_title(CONDITION_LABEL.get(condition) or chart_label(condition))
        panel.set(xlim=(-4, 104), xticks=[0, 50, 100], ylim=(len(flows) - 0.4, -0.6))
        panel.set_yticks(range(len(flows)), map(display_name, flows))
        panel.tick_params(axis="y", length=0)
    label = ACCURACY_LABEL + ("" if chance is None else "; dashed: chance")
    fig.supxlabel(label, fontsize=9.5) if ax is None else ax.set_xlabel(label)
    axes[0].set_ylabel("learner")
    if ax is None:
        set_finding(fig, findings.tell_conditions(summary))
    return fig, axes if ax is None else ax


@for_screens
def plot_accuracy_vs(
    summary: pd.DataFrame,
    x: str,
    ax: Axes | None = None,
    condition: str = "",
    flows_told: Sequence[str] = (),
) -> tuple[Figure, np.ndarray | Axes]:
    """Draw accuracy against n_way (log axis) or n_distractors, a line with interval bars per flow.

    Args:
        summary: columns flow, point, low, high (shares) and x; with a column condition, one panel
            per condition. Flows are moved sideways a little so that bars stay apart.
        x: 'n_way', 'n_distractors', or another numeric column.
        ax: axes to draw on; summary must then hold one condition.
        condition, flows_told: what the title tells, see `findings.tell_slopes`.
    """
    require(summary, "flow", x, "point", "low", "high")
    flows, is_log = list(summary["flow"].unique()), x == "n_way"
    conditions = list(summary["condition"].unique()) if "condition" in summary else [None]
    n_rows, legend_rows = -(-len(conditions) // 2), -(-len(flows) // in_columns(3))
    height = 0.6 + n_rows * (2.3 if len(conditions) > 1 else 3.2) + 0.2 * legend_rows
    fig, axes = make_panels(ax, len(conditions), min(2, len(conditions)), height, True)
    ticks = np.sort(summary[x].unique())
    position = np.log10 if is_log else np.asarray
    gaps = np.diff(position(ticks.astype(float)))
    names = [f"{tick:g}" for tick in ticks]
    for i in np.flatnonzero(gaps[:-1] < 0.4) if is_log else ():  # would run into the one before
        names[i + 1] = ""
    step = 0.5 * (gaps.min() if gaps.size else 1.0) / max(len(flows), 4)
    for panel, shown in zip(axes, conditions):
        rows = summary if shown is None else summary[summary["condition"] == shown]
        for i, flow in enumerate(flows):
            line = rows[rows["flow"] == flow].sort_values(x)
            at = position(line[x].to_numpy(float)) + step * (i - (len(flows) - 1) / 2)
            y = 100 * line[["point", "low", "high"]].to_numpy(float)
            style = flow_style(flow)
            panel.vlines(at, y[:, 1], y[:, 2], color=style["color"], linewidth=1)
            panel.plot(at, y[:, 0], **style, label=display_name(flow), clip_on=False)
        panel.set_xticks(position(ticks.astype(float)), names)
        panel.set(ylim=(0, 102), yticks=range(0, 101, 20))
        if shown is not None:
            panel.set_title(CONDITION_LABEL.get(shown) or chart_label(shown))
    _label(fig, axes, ax, AXIS_LABEL.get(x) or chart_label(x), ACCURACY_LABEL)
    if ax is None:
        unit = UNIT.get(x) or chart_label(x)
        set_finding(fig, findings.tell_slopes(summary, x, unit, condition, flows_told))
    return fig, axes if ax is None else ax


@for_screens
def plot_paired_differences(
    table: pd.DataFrame,
    min_effect: float | None = None,
    ax: Axes | None = None,
    subject: str = "the first named",
) -> tuple[Figure, Axes]:
    """Draw paired differences with intervals around a zero line, the largest first.

    Args:
        table: columns label, point, low, high (shares; positive: the first named is better).
            Filled markers: the interval excludes 0. The numbers stand on the right, on a phone
            under the labels.
        min_effect: smallest difference of interest (share); the band of lesser ones is shaded.
        ax: axes to draw on.
        subject: what the title calls the first named.
    """
    require(table, "label", "point", "low", "high")
    places = table["point"].round(4).sort_values(ascending=False, kind="stable").index
    table, narrow = table.loc[places], is_narrow() and ax is None
    labels = [chart_label(display_name(text)) for text in table["label"]]
    n_lines = 1 + max(len(textwrap.wrap(label, 24)) for label in labels)
    fig, axes = make_panels(ax, 1, 1, 0.8 + (0.19 * n_lines if narrow else 0.28) * len(table))
    panel = axes[0]
    if min_effect is not None:
        panel.axvspan(-100 * min_effect, 100 * min_effect, color="#DDDDDD", linewidth=0)
    panel.axvline(0, color=BLACK, linewidth=1)
    for y, row in enumerate(table.itertuples()):
        _bar(panel, row, y, interval_style(BLUE, "o", filled=row.low > 0 or row.high < 0))
        text = f"{100 * row.point:+.1f} [{100 * row.low:+.1f}, {100 * row.high:+.1f}]"
        if narrow:
            labels[y] = "\n".join([*textwrap.wrap(labels[y], 24), text])
        else:
            place = {"xycoords": ("axes fraction", "data"), "va": "center", "size": 8.5}
            panel.annotate(text, (1.02, y), **place)
    panel.set(ylim=(len(table) - 0.4, -0.6), ylabel="comparison")
    panel.set_xlabel("difference in accuracy (percentage points)")
    panel.set_yticks(range(len(table)), labels)
    panel.tick_params(axis="y", length=0)
    if ax is None:
        set_finding(fig, findings.tell_differences(table, subject, min_effect))
    return fig, panel


@for_screens
def plot_accuracy_vs_cost(
    table: pd.DataFrame, cost: str = "flops", ax: Axes | None = None
) -> tuple[Figure, Axes]:
    """Draw accuracy against cost on a log axis, each flow labelled; free flows at a marked edge.

    Args:
        table: columns flow, point, low, high (shares) and the cost, one row per flow.
        cost: name of the cost column; entries are >= 0.
        ax: axes to draw on.
    """
    require(table, "flow", "point", "low", "high", cost)
    fig, axes = make_panels(ax, 1, 1, 4.4)
    panel, value = axes[0], table[cost].to_numpy(float)
    paid = value > 0
    least, most = (value[paid].min(), value[paid].max()) if paid.any() else (1.0, 10.0)
    first, last = np.floor(np.log10(least)), max(np.ceil(np.log10(most)), np.log10(least) + 1)
    edge = first - 0.42 * (last - first)  # room for labels: a third of the axis
    x = np.where(paid, np.log10(np.where(paid, value, 1.0)), edge)
    decades = np.arange(first, last + 1, max(1, (last - first) // 6))
    panel.set(xlim=(edge - 0.3, last + 0.12 * (last - edge)), ylim=(0, 104), ylabel=ACCURACY_LABEL)
    names = [f"$10^{{{d:.0f}}}$" for d in decades]
    if not paid.all():
        panel.axvspan(edge - 0.3, first - 0.25, color="#F0F0F0", linewidth=0)
        decades, names = np.r_[edge, decades], ["none", *names]
    panel.set_xticks(decades, names)
    panel.set_xlabel(AXIS_LABEL.get(cost) or chart_label(f"{cost} (log scale)"))
    for at, row in zip(x, table.itertuples()):
        style = flow_style(row.flow)
        panel.vlines(at, 100 * row.low, 100 * row.high, color=style["color"], linewidth=1)
        panel.plot(at, 100 * row.point, **{**style, "linestyle": "none"}, clip_on=False)
    percent = 100 * table[["point", "low", "high"]].to_numpy(float)
    names = [display_name(flow) for flow in table["flow"]]
    if ax is None:
        set_finding(fig, findings.tell_cost(table, cost))
    place_labels(panel, np.c_[x, percent[:, 0]], percent[:, 1:], names)
    return fig, panel


def _bar(panel: Axes, row: Any, y: float, style: dict[str, Any]) -> None:
    """Draw one horizontal interval with its point, in percent."""
    panel.hlines(y, 100 * row.low, 100 * row.high, color=style["color"], linewidth=1.6)
    panel.plot(100 * row.point, y, **style | {"linestyle": "none"}, ms=5, clip_on=False, zorder=3)


def _label(fig: Figure, axes: np.ndarray, ax: Axes | None, xlabel: str, ylabel: str) -> None:
    """Label the outer axes, with one legend under all panels; a given ax gets its own."""
    entries = {k: h for panel in axes for h, k in zip(*panel.get_legend_handles_labels())}
    place = {} if ax else {"loc": "outside lower center", "ncols": in_columns(3), "handlelength": 3}
    (ax or fig).legend(entries.values(), entries.keys(), **place)
    n_cols = axes[0].get_gridspec().ncols if ax is None else 1
    for i, panel in enumerate(axes):
        panel.set_xlabel(xlabel if i + n_cols >= len(axes) else "")
        panel.set_ylabel(ylabel if i % n_cols == 0 else "")
