"""Figures of the chapter on the printed table: tidy frames in, (figure, axes) out.

Style, colours and conventions are those of `hsokv.plots`. A printed number is a black cross, our
number by the same definition a blue circle, what the heading promises an orange-red diamond.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hsokv.experiments.printed_table.tables import (
    ARM_NAME,
    ARM_OF,
    HEADING_NAME,
    HEADINGS,
    ROW_IS,
    ROW_NAME,
)
from hsokv.plots.findings import tell_range
from hsokv.plots.screens import for_screens, in_columns, is_narrow, set_finding
from hsokv.plots.style import (
    ACCURACY_LABEL,
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    VERMILION,
    make_panels,
    require,
)

PERCENT = "percent (axis from 0)"
MARKS = {
    "printed": ("printed", BLACK, "X", -0.24),
    "same_point": ("ours, the table's definition", BLUE, "o", 0.0),
    "meant_point": ("ours, what the heading promises", VERMILION, "D", 0.24),
}  # column -> legend, colour, marker, place beside the row
LEGEND = {"loc": "outside lower center", "handletextpad": 0.1}
ARM_STYLE = {
    "as_shipped": (VERMILION, "d"),
    "as_shipped_masked": (ORANGE, "^"),
    "baseline_1": (PURPLE, "X"),
    "baseline_2": (BLUE, "o"),
    "baseline_2_cosine": (BLUE, "s"),
    "baseline_3": (GREEN, "P"),
}


@for_screens
def plot_printed(table: pd.DataFrame) -> tuple[Figure, np.ndarray]:
    """Draw printed and measured numbers, a panel per heading, a line per printed row.

    Args:
        table: as `tables.compare_printed` returns it. A number is printed beside its
            mark where it was measured nowhere: then only the cross is drawn.
    """
    require(table, "row", "heading", "printed", "same_point", "meant_point")
    rows = list(dict.fromkeys(table["row"]))
    fig, axes = make_panels(None, 3, 3, 3.7)
    for panel, heading in zip(axes, HEADINGS):
        for entry in table[table["heading"] == heading].to_dict("records"):
            for column, (label, color, marker, shift) in MARKS.items():
                if np.isnan(entry[column]):
                    continue
                y, prefix = rows.index(entry["row"]) + shift, column.removesuffix("point")
                if column != "printed":
                    ends = 100 * entry[f"{prefix}low"], 100 * entry[f"{prefix}high"]
                    panel.hlines(y, *ends, color=color, linewidth=1.6)
                panel.plot(
                    100 * entry[column], y, marker, color=color, ms=5.5, label=label, clip_on=False
                )
        panel.set_title(f'"{HEADING_NAME[heading]}"')
        highest = table.loc[table["heading"] == heading, ["same_high", "meant_high"]].max().max()
        right = max(104, 104 * highest) if highest == highest else 104  # a "rate" can exceed 1
        panel.set(xlim=(0, right), xticks=[0, 50, 100], ylim=(len(rows) - 0.5, -0.5))
        panel.set_yticks(range(len(rows)), [f"{ROW_NAME[row]}\n{ROW_IS[row]}" for row in rows])
        panel.tick_params(axis="y", length=0, labelsize=8)
        for y in np.arange(0.5, len(rows) - 1):
            panel.axhline(y, color="#BBBBBB", linewidth=0.6)
        panel.grid(axis="y", visible=False)
    axes[-1 if is_narrow() else 1].set_xlabel(PERCENT)
    handles = dict(zip(*axes[0].get_legend_handles_labels()[::-1]))
    fig.legend(handles.values(), handles, **LEGEND, ncols=in_columns(3))
    parts = []
    for prefix, words in (("same_", "as the table counts"), ("meant_", "as its headings promise")):
        own = table[table[f"{prefix}point"].notna()]
        inside = own["printed"].between(own[f"{prefix}low"], own[f"{prefix}high"]).sum()
        parts.append(f"{inside} of {len(own)} {words}")
    set_finding(fig, "Printed numbers inside our intervals: " + ", ".join(parts))
    return fig, axes


@for_screens
def plot_few_texts(outcomes: pd.DataFrame, counts: pd.Series) -> tuple[Figure, np.ndarray]:
    """Draw what k of n right answers can tell, and how many words a seed calls one-shot.

    Args:
        outcomes: as `tables.few_texts_table` returns it.
        counts: one-shot words of each seed, (n_seeds,), whole numbers.
    """
    require(outcomes, "right", "point", "low", "high", "n")
    fig, axes = make_panels(None, 1, 1, 5.6 if is_narrow() else 2.8)
    axes[0].remove()
    axes = fig.subplots(*((2, 1) if is_narrow() else (1, 2)))
    n = int(outcomes["n"].iloc[0])
    for row in outcomes.itertuples():
        axes[0].hlines(row.right, 100 * row.low, 100 * row.high, color=BLUE, linewidth=1.6)
        axes[0].plot(100 * row.point, row.right, "o", color=BLUE, clip_on=False)
    axes[0].set(xlim=(0, 104), xlabel=ACCURACY_LABEL, ylabel=f"right of {n}")
    axes[0].set_yticks(outcomes["right"])
    axes[0].set_ylim(-0.5, n + 0.5)
    axes[0].set_title(f"what {n} texts can tell")
    values = np.arange(0, max(int(counts.max()), 8) + 1)
    axes[1].bar(values, [(counts == v).sum() for v in values], color=GREY, width=0.8)
    axes[1].set(xlabel="one-shot words (of 20)", ylabel="seeds", xticks=values)
    axes[1].yaxis.get_major_locator().set_params(integer=True)
    axes[1].set_title("words with one training text")
    middle = outcomes.iloc[(len(outcomes) + 1) // 2]
    ends = tell_range(middle[["low", "high"]])
    set_finding(fig, f"{middle['right']:.0f} right of {n} can mean anything from {ends}")
    return fig, axes


@for_screens
def plot_spread(frame: pd.DataFrame, printed: dict[str, float]) -> tuple[Figure, np.ndarray]:
    """Draw every seed's score per arm: over one-shot words, and over all test texts.

    Args:
        frame: columns arm, one_shot_accuracy, accuracy (shares), one row per seed. A bar marks
            the median.
        printed: arm -> number printed under "one-shot", drawn as a cross in the left panel.
    """
    require(frame, "arm", "one_shot_accuracy", "accuracy")
    arms = [arm for arm in ARM_STYLE if arm in set(frame["arm"])]
    fig, axes = make_panels(None, 2, 2, 0.9 + 0.42 * len(arms))
    for panel, column in zip(axes, ("one_shot_accuracy", "accuracy")):
        for y, arm in enumerate(arms):
            color, marker = ARM_STYLE[arm]
            x = 100 * np.sort(frame.loc[frame["arm"] == arm, column].dropna().to_numpy())
            spread = y + 0.24 * np.sin(2.4 * np.arange(x.size))  # fixed jitter, no draw
            panel.plot(x, spread, marker, color=color, alpha=0.6, ms=4, mew=0, clip_on=False)
            if x.size:
                panel.vlines(np.median(x), y - 0.36, y + 0.36, color=BLACK, linewidth=1.6)
            if column == "one_shot_accuracy" and arm in printed:
                panel.plot(100 * printed[arm], y, "X", color=BLACK, ms=6, zorder=3)
        panel.set(xlim=(-3, 103), xticks=[0, 25, 50, 75, 100], ylim=(len(arms) - 0.4, -0.6))
        panel.set_yticks(range(len(arms)), [ARM_NAME[arm] for arm in arms])
        panel.tick_params(axis="y", length=0)
    axes[0].set_title("words with one training text")
    axes[1].set_title("all 100 test texts")
    fig.supxlabel(f"{ACCURACY_LABEL}; a mark per seed, bar: median", fontsize=9.5)
    spans = frame.groupby("arm")["one_shot_accuracy"].agg(lambda x: x.max() - x.min())
    widest = spans.idxmax()
    ends = tell_range(frame.loc[frame["arm"] == widest, "one_shot_accuracy"])
    told = f"One seed says little of {ARM_NAME[widest]}: it scores {ends}"
    set_finding(fig, f"{told} on words with one training text")
    return fig, axes


@for_screens
def plot_causes(table: pd.DataFrame) -> tuple[Figure, np.ndarray]:
    """Draw the chain of causes, a panel per arm, with the numbers beside the marks.

    Args:
        table: as `tables.cause_table` returns it.
    """
    require(table, "arm", "label", "point", "low", "high")
    arms, labels = list(dict.fromkeys(table["arm"])), list(dict.fromkeys(table["label"]))
    fig, axes = make_panels(None, len(arms), len(arms), 0.9 + 0.34 * len(labels))
    for panel, arm in zip(axes, arms):
        color, marker = ARM_STYLE[arm]
        for row in table[table["arm"] == arm].itertuples():
            y = labels.index(row.label)
            panel.hlines(y, 100 * row.low, 100 * row.high, color=color, linewidth=1.6)
            panel.plot(100 * row.point, y, marker, color=color, ms=5.5, clip_on=False)
            _note(panel, 100 * row.point, y)
        panel.set(xlim=(0, 104), xticks=[0, 50, 100], ylim=(len(labels) - 0.4, -0.7))
        panel.set_yticks(range(len(labels)), labels)
        panel.tick_params(axis="y", length=0)
        panel.set_title(ARM_NAME[arm])
    fig.supxlabel(PERCENT, fontsize=9.5)
    parts = []
    for arm in arms:
        points = table[table["arm"] == arm].set_index("label")["point"]
        ends = [f"{100 * points[label]:.0f} %" for label in labels[:2] if label in points]
        parts.append(f"{ARM_NAME[arm]} {', re-encoded '.join(ends)}")
    set_finding(fig, "Nearest stored key right: " + "; ".join(parts))
    return fig, axes


def _note(panel: Axes, percent: float, y: float) -> None:
    """Write a number above its mark, towards the middle of the panel."""
    side = "right" if percent > 50 else "left"
    panel.annotate(f"{percent:.1f}", (percent, y), (0, 4), textcoords="offset points",
                   size=8, ha=side)  # fmt: skip


def printed_one_shot(table: pd.DataFrame) -> dict[str, float]:
    """Return arm -> number printed under "one-shot", from `compare_printed`."""
    shown = table[table["heading"] == "one_shot"]
    return {ARM_OF.get(row, row): value for row, value in zip(shown["row"], shown["printed"])}
