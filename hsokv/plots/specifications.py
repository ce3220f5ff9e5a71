"""Specification curves: one effect under every combination of choices (Simonsohn et al. 2020)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hsokv.boundary.text import chart_label
from hsokv.plots.findings import tell_specifications
from hsokv.plots.screens import for_screens, in_columns, is_narrow, set_finding, width_in
from hsokv.plots.style import BLACK, BLUE, GREY, VERMILION, require

VERDICT_COLORS = {"holds": BLUE, "cannot be told": GREY, "fails": VERMILION}
VERDICT_MARKERS = {"holds": "o", "cannot be told": "|", "fails": "x"}


@for_screens
def plot_specifications(
    table: pd.DataFrame,
    choices: Mapping[str, Sequence[str]],
    bounds: Sequence[float],
    label: str,
    statement: str,
) -> tuple[Figure, np.ndarray]:
    """Draw the effect in every specification, sorted, over the options that each one takes.

    Args:
        table: columns point, low, high (shares), verdict, and one per choice with its option; what
            was not run is left out.
        choices: choice -> its options, in their order.
        bounds: ends of the range the statement names, drawn where they are finite.
        label: of the effect's axis.
        statement: what is judged in every specification; the title says where it holds.

    Raises:
        ValueError: nothing was run.
    """
    require(table, "point", "low", "high", "verdict", *choices)
    table = table[table["point"].notna()].sort_values("point", kind="stable")
    if table.empty:
        raise ValueError("no specification was run: expected at least one; run its rows first")
    options = [(choice, option) for choice, names in choices.items() for option in names]
    height = 0.135 * len(options)
    fig, axes = plt.subplots(
        2, 1, sharex=True, figsize=(width_in(), 2.0 + height), height_ratios=[1.7, height],
        layout="constrained",
    )  # fmt: skip
    x, size = np.arange(len(table)), np.clip((300 if is_narrow() else 600) / len(table), 2, 20)
    _draw_curve(axes[0], x, table, bounds)
    axes[0].set_ylabel(label)
    for row, (choice, option) in enumerate(options):
        taken = (table[choice] == option).to_numpy()
        colors = [VERDICT_COLORS[verdict] for verdict in table["verdict"][taken]]
        axes[1].scatter(x[taken], np.full(taken.sum(), row), s=size, c=colors, marker="s", lw=0)
    starts = np.cumsum([len(names) for names in choices.values()])[:-1]
    for start in starts:
        axes[1].axhline(start - 0.5, color=GREY, linewidth=0.6)
    names = [f"{chart_label(choice)}: {chart_label(option)}" for choice, option in options]
    axes[1].set_yticks(range(len(options)), names, fontsize=7)
    axes[1].set(ylim=(len(options) - 0.4, -0.6), xticks=[])
    axes[1].set_xlabel(f"{len(table)} specifications, sorted by effect")
    axes[1].grid(False)
    set_finding(fig, tell_specifications(table, statement))
    return fig, axes


def _draw_curve(ax: Axes, x: np.ndarray, table: pd.DataFrame, bounds: Sequence[float]) -> None:
    for bound in bounds:
        if np.isfinite(bound):
            ax.axhline(100 * bound, color=BLACK, linewidth=1, linestyle=(0, (4, 3)))
    handles = []
    for verdict, color in VERDICT_COLORS.items():
        at = (table["verdict"] == verdict).to_numpy()
        part, marker = 100 * table.loc[at, ["point", "low", "high"]], VERDICT_MARKERS[verdict]
        ax.vlines(x[at], part["low"], part["high"], color=color, linewidth=0.7, alpha=0.6)
        ax.plot(x[at], part["point"], marker, color=color, markersize=3)
        text = f"{verdict}: {at.sum()}"
        handles.append(Line2D([], [], color=color, marker=marker, linestyle="", label=text))
    above = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.2}
    ax.legend(handles=handles, ncols=in_columns(len(handles)), fontsize=8, **above)
