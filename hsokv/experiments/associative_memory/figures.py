"""Figures of associative recall: by noise, by the number of memories, against theory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hsokv.experiments.associative_memory.code_tasks import OVERLAPS, SIZES, THRESHOLD
from hsokv.experiments.associative_memory.read_outs import VECTORS
from hsokv.experiments.associative_memory.tables import (
    ARMS,
    DOCUMENTED,
    KINDS,
    SOURCE_LABEL,
    accuracy_table,
)
from hsokv.memory.theory import capacity, faultless_share
from hsokv.plots.screens import for_screens, in_columns, set_finding
from hsokv.plots.style import (
    ACCURACY_LABEL,
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    interval_style,
    make_panels,
)
from hsokv.stats.intervals import seeds_mean

#: What the figures compare, in the order of the legend.
SHOWN = {
    (VECTORS, "lookup"): interval_style(GREY, "H", ":"),
    (VECTORS, "bm25"): interval_style(GREEN, ">", "--"),
    (VECTORS, "nearest"): interval_style(BLUE, "o"),
    (VECTORS, "softmax_20"): interval_style(SKY, "s", "--", filled=False),
    (VECTORS, "linear"): interval_style(PURPLE, "X", "-."),
    (DOCUMENTED, "counted"): interval_style(VERMILION, "D"),
    (DOCUMENTED, "bits"): interval_style(ORANGE, "^", "--"),
    ("centred_16384_50", "counted"): interval_style(VERMILION, "D", ":", filled=False),
}
EXAMPLES = ("alike_10", "qqp")  # sources of which causes are drawn; a table has all
LEVEL_COLOURS = dict(zip(OVERLAPS, (VERMILION, ORANGE, SKY, BLUE)))


@for_screens
def draw_scale(rows: pd.DataFrame, cue: str = "paraphrase") -> Figure:
    """Draw recall by a kind of cues against the number of memories, a panel per source."""
    table = accuracy_table(rows, list(SHOWN), task="recall", cue=cue, level=1.0)
    fig = _draw_lines(table, "n_memories", "source", "memories stored (log scale)")
    asked = rows[(rows["task"] == "recall") & (rows["cue"] == cue) & (rows["level"] == 1.0)]
    set_finding(fig, _tell_best(asked, "far paraphrases" if cue == "far" else "paraphrases"))
    return fig


@for_screens
def draw_noise(rows: pd.DataFrame) -> Figure:
    """Draw recall by noisy cues against their cosine, a panel per source and number of memories."""
    table = accuracy_table(rows, list(SHOWN), task="noise")
    words = table["source"].map(SOURCE_LABEL) + ", " + table["n_memories"].map("{:,} stored".format)
    fig = _draw_lines(table.assign(panel=words), "level", "panel", "cosine of the noisy cue")
    set_finding(fig, _tell_best(rows[rows["task"] == "noise"], "noisy cues"))
    return fig


def _tell_best(rows: pd.DataFrame, cues: str) -> str:
    """Tell where a read-out is above the nearest cue, paired by draw, beyond its interval.

    Args:
        rows: of one task and kind of cues.
        cues: what they are called.
    """
    shown = rows[[arm in SHOWN for arm in zip(rows["flow"], rows["read_out"])]]
    keys = ["source", "n_memories", "level"]
    wide = shown.pivot_table(
        index=[*keys, "seed"], columns=["flow", "read_out"], values="accuracy", observed=True
    )
    nearest, gains = wide.pop((VECTORS, "nearest")), {}
    for arm in wide.columns:
        for place, part in (wide[arm] - nearest).dropna().groupby(level=keys):
            found = seeds_mean(part, low=-1, high=1)
            if found.low > 0:
                gains[arm, place] = found.point
    n = nearest.index.droplevel("seed").nunique()
    if not gains:
        return f"By {cues} no read-out clearly recalls more than the nearest cue, in {n} settings"
    (arm, place), places = max(gains, key=gains.get), {place for _, place in gains}
    ends = [100 * values.xs(place, level=keys).mean() for values in (wide[arm], nearest)]
    told = f"By {cues} the nearest cue is beaten in {len(places)} of {n} settings"
    return f"{told}, most by {ARMS[arm]}: {ends[0]:.0f} to {ends[1]:.0f} %"


@for_screens
def draw_causes(rows: pd.DataFrame) -> Figure:
    """Draw recall of counted matrices and what two theories predict, as drawn and centred."""
    styles = {
        KINDS[0]: interval_style(VERMILION, "D"), KINDS[-1]: interval_style(BLUE, "o", "-."),
    }  # fmt: skip
    table = accuracy_table(rows, [(kind, "counted") for kind in styles], task="recall",
                           cue="paraphrase", level=1.0)  # fmt: skip
    run = [source for source in SOURCE_LABEL if source in set(table["source"])]
    panels = [source for source in EXAMPLES if source in run] or run[:1]
    fig, axes = make_panels(None, len(panels), min(2, len(panels)), _height(len(panels), 2), True)
    for panel, source in zip(axes, panels):
        own = table[table["source"] == source]
        for kind, style in styles.items():
            line = own[own["arm"] == ARMS[kind, "counted"]].sort_values("n_memories")
            _line(panel, line, "n_memories", style, ARMS[kind, "counted"], 0.0)
        line = own[own["arm"] == ARMS[KINDS[0], "counted"]].sort_values("n_memories")
        x = np.log10(line["n_memories"].to_numpy(float))
        panel.plot(x, 100 * line["expected"], color=GREY, linestyle=":",
                   label="predicted, units alike")  # fmt: skip
        panel.plot(x, 100 * line["expected_rates"], color=BLACK, linestyle=(0, (1, 1)),
                   label="predicted, with the units' frequencies")  # fmt: skip
        _finish(panel, own["n_memories"], SOURCE_LABEL[source])
    _legend(fig, axes, "memories stored (log scale)", 2)
    most = table[table["n_memories"] == table["n_memories"].max()]
    points = 100 * most.set_index(["source", "arm"])["point"]
    arms = [ARMS[kind, "counted"] for kind in styles]
    ends = [
        f"{SOURCE_LABEL[p]} {points[p, arms[0]]:.0f} to {points[p, arms[1]]:.0f} %" for p in panels
    ]
    set_finding(fig, f"Centred units, {most['n_memories'].iloc[0]:,} stored: " + ", ".join(ends))
    return fig


@for_screens
def draw_capacity(rows: pd.DataFrame) -> Figure:
    """Draw the share of faultless answers against stored pairs, measured and by theory."""
    rows = rows[(rows["task"] == "capacity") & (rows["read_out"] == THRESHOLD)]
    flows = [flow for flow in SIZES if flow in set(rows["flow"])]
    fig, axes = make_panels(None, len(flows), min(2, len(flows)), _height(len(flows), 2), True)
    for panel, flow in zip(axes, flows):
        size, active = SIZES[flow]
        for level in OVERLAPS:
            own = rows[(rows["flow"] == flow) & (rows["level"] == level)]
            full = capacity(size, active, round(level * active))
            x = np.geomspace(full / 4, 2.5 * full, 60)
            y = [faultless_share(size, active, int(n), round(level * active)) for n in x]
            panel.plot(np.log10(x), 100 * np.array(y), color=LEVEL_COLOURS[level], linewidth=1)
            means = own.groupby("n_memories")["accuracy"].mean()
            panel.plot(np.log10(means.index.to_numpy(float)), 100 * means, "o", ms=4,
                       color=LEVEL_COLOURS[level], label=f"{100 * level:g} % of a cue")  # fmt: skip
        decades = np.arange(1, 7)
        panel.set_xticks(decades, [f"$10^{d}$" for d in decades])
        panel.set(ylim=(50, 101), title=f"{size:,} units, {active} active")
    _legend(fig, axes, "pairs stored (log scale)", 4, "faultless answers (%, axis from 50)")
    gaps = rows["accuracy"] - rows["expected"]
    set_finding(
        fig, f"A matrix of bits holds what theory says, to {100 * gaps.abs().max():.1f} points"
    )
    return fig


def _draw_lines(table: pd.DataFrame, x: str, panel_by: str, label: str) -> Figure:
    values = list(dict.fromkeys(table[panel_by]))
    values = [v for v in SOURCE_LABEL if v in values] if panel_by == "source" else values
    fig, axes = make_panels(None, len(values), min(2, len(values)), _height(len(values), 3), True)
    styles = {ARMS[arm]: style for arm, style in SHOWN.items()}
    for panel, value in zip(axes, values):
        own = table[table[panel_by] == value]
        for i, (arm, style) in enumerate(styles.items()):
            line = own[own["arm"] == arm].sort_values(x)
            _line(panel, line, x, style, arm, (i - len(styles) / 2) / len(styles))
        _finish(panel, own[x], SOURCE_LABEL.get(value, value), x != "level")
    _legend(fig, axes, label, 2)
    return fig


def _line(panel: Axes, line: pd.DataFrame, x: str, style: dict[str, Any], name: str, aside: float
          ) -> None:  # fmt: skip
    """Draw a line with interval bars, moved sideways by a share of a small step."""
    if line.empty:
        return
    at = line[x].to_numpy(float)
    at = at + 0.02 * aside if x == "level" else np.log10(at) + 0.06 * aside
    y = 100 * line[["point", "low", "high"]].to_numpy(float)
    panel.vlines(at, y[:, 1], y[:, 2], color=style["color"], linewidth=1)
    panel.plot(at, y[:, 0], **style | {"markersize": 4.5}, label=name, clip_on=False)


def _finish(panel: Axes, values: pd.Series, title: str, is_log: bool = True) -> None:
    ticks = np.sort(values.unique()).astype(float)
    ticks = ticks[(ticks != 500) & (ticks != 2000)] if is_log and len(ticks) > 4 else ticks
    panel.set_xticks(np.log10(ticks) if is_log else ticks, [f"{tick:,g}" for tick in ticks])
    panel.set(ylim=(0, 102), yticks=range(0, 101, 20), title=title)


def _legend(fig: Figure, axes: Sequence[Axes], xlabel: str, n_cols: int, ylabel: str = "") -> None:
    entries = {k: h for panel in axes for h, k in zip(*panel.get_legend_handles_labels())}
    fig.legend(
        entries.values(), entries.keys(), loc="outside lower center", ncols=in_columns(n_cols),
        handlelength=3,
    )  # fmt: skip
    for panel in axes[-in_columns(2) :]:
        panel.set_xlabel(xlabel)
    fig.supylabel(ylabel or ACCURACY_LABEL, fontsize=9.5)


def _height(n_panels: int, legend_rows: int) -> float:
    return 0.9 + 2.1 * -(-n_panels // 2) + 0.2 * legend_rows
