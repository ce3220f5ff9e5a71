"""Figures of cost: latency beside the floor, recall against candidates, steps of a chain."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hsokv.experiments.cost_and_scale.keeping import DICTIONARY, MATRIX, ROWS
from hsokv.experiments.cost_and_scale.searches import BINARY, FLOOR, LOOKUP, NUMPY
from hsokv.experiments.cost_and_scale.tables import CUE_NAMES, NAMES, name_of
from hsokv.experiments.cost_and_scale.told import draw_times, select, told_sizes
from hsokv.experiments.cost_and_scale.trials import CHAIN, SEARCH
from hsokv.plots.screens import for_screens, in_columns, set_finding
from hsokv.plots.style import (
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

STYLES = {
    NUMPY: interval_style(PURPLE, "X", "-."), "flat": interval_style(BLUE, "o"),
    "quantised": interval_style(SKY, "s", "--", filled=False),
    "bounded": interval_style(GREEN, "^"), LOOKUP: interval_style(GREY, "H", ":"),
    MATRIX: interval_style(VERMILION, "D"), ROWS: interval_style(ORANGE, "s", "--", filled=False),
    DICTIONARY: interval_style(GREY, "H", ":"),
}  # fmt: skip
BINARY_STYLES = (interval_style(VERMILION, "D"), interval_style(ORANGE, "v", "--", filled=False))
CUE_STYLES = dict(zip(CUE_NAMES, (
    interval_style(VERMILION, "D"), interval_style(ORANGE, "^", "--"),
    interval_style(SKY, "s", "-.", filled=False), interval_style(BLUE, "o"),
)))  # fmt: skip


@for_screens
def draw_latency(rows: pd.DataFrame, source: str, candidates: tuple[int, ...]) -> Figure:
    """Draw the time of a query against the number stored, both on log axes, with the floor.

    Args:
        rows: of the experiment.
        source: which vectors.
        candidates: one or two numbers that pass a comparison of signs.
    """
    times = draw_times(rows, task=SEARCH, source=source)
    fig, (panel,) = make_panels(None, 1, 1, 4.2)
    floor = times[times["method"] == FLOOR].sort_values("n_memories")
    panel.fill_between(floor["n_memories"], 1e-4, floor["ms"], color="#ECECEC", linewidth=0)
    panel.plot(floor["n_memories"], floor["ms"], color=BLACK, linewidth=2.2, label=NAMES[FLOOR])
    arms = [(name, 0, STYLES[name]) for name in (NUMPY, "flat", "quantised", "bounded")]
    arms += [(BINARY, n, style) for n, style in zip(candidates, BINARY_STYLES)]
    for name, passed, style in [*arms, (LOOKUP, 0, STYLES[LOOKUP])]:
        line = times[(times["method"] == name) & (times["n_candidates"] == passed)]
        _draw_times(panel, line.sort_values("n_memories"), style, name_of(name, passed))
    _finish(panel, times, "vectors stored (log scale)", "ms per query (log scale)")
    _legend(fig, panel, 2)
    drawn = times.merge(pd.DataFrame(arms, columns=["method", "n_candidates", "style"]))
    set_finding(fig, _tell_fastest(pd.concat([drawn, floor]), select(rows, source=source)))
    return fig


def _tell_fastest(times: pd.DataFrame, rows: pd.DataFrame) -> str:
    """Tell the fastest search among the most vectors, what it finds, and how long reading takes.

    Args:
        times: of the searches that are drawn and of the floor.
        rows: of the same vectors.
    """
    most = times[times["n_memories"] == times["n_memories"].max()]
    floor = most.loc[most["method"] == FLOOR, "ms"]
    best = most[most["method"] != FLOOR].sort_values("ms").iloc[0]
    chosen = {key: best[key] for key in ("method", "n_candidates", "n_memories")}
    recall = 100 * select(rows, task=SEARCH, **chosen)["recall"].mean()
    name = name_of(best["method"], best["n_candidates"])
    told = f"Of {best['n_memories']:,} vectors {name} is fastest: {best['ms']:.3g} ms"
    told += f", {recall:.0f} % of the nearest found" if recall == recall else ""
    return f"{told}; reading all takes {floor.iloc[0]:.3g} ms" if len(floor) else told


@for_screens
def draw_recall(rows: pd.DataFrame) -> Figure:
    """Draw recall of a search by signs against its candidates: where goals are set, and most."""
    own = select(rows, task=SEARCH, method=BINARY)
    sizes = dict.fromkeys(told_sizes(rows))
    shown = [(source, n) for source in dict.fromkeys(own["source"]) for n in sizes]
    n_rows = -(-len(shown) // 2)
    fig, axes = make_panels(None, len(shown), min(2, len(shown)), 0.9 + 2.0 * n_rows, True)
    for panel, (source, n) in zip(axes, shown):
        part = select(own, source=source, n_memories=n)
        for cue, style in CUE_STYLES.items():
            seeds = part[part["cue"] == cue].groupby("n_candidates")["recall"]
            mean, low, high = seeds.mean(), seeds.min(), seeds.max()
            panel.vlines(mean.index, 100 * low, 100 * high, color=style["color"], linewidth=1)
            panel.plot(mean.index, 100 * mean, **style | {"markersize": 4.5}, label=CUE_NAMES[cue])
        panel.axhline(99.5, color=GREY, linestyle=(0, (4, 3)), linewidth=1)
        panel.set(xscale="log", ylim=(0, 102), title=f"{source}, {n:,} stored")
        panel.xaxis.set_major_formatter("{x:,g}")
    for panel in axes[-in_columns(2) :]:
        panel.set_xlabel("vectors that pass (log scale)")
    fig.supylabel("of the 20 nearest, found (%)", fontsize=9.5)
    _legend(fig, axes[0], 4)
    passes = own[own["n_candidates"] == own["n_candidates"].max()]["recall"]
    told = f"With {own['n_candidates'].max():,} that pass, a search by signs finds"
    set_finding(
        fig, f"{told} {100 * passes.min():.1f} to {100 * passes.max():.1f} % of the nearest"
    )
    return fig


@for_screens
def draw_chain(rows: pd.DataFrame) -> Figure:
    """Draw the time of a step of a chain against the pairs stored, beside a dictionary's."""
    times = draw_times(rows, task=CHAIN)
    fig, (panel,) = make_panels(None, 1, 1, 3.2)
    for name in (MATRIX, ROWS, DICTIONARY):
        line = times[times["method"] == name].sort_values("n_memories")
        _draw_times(panel, line, STYLES[name], NAMES[name])
    panel.axhline(0.1, color=BLACK, linestyle=(0, (4, 3)), linewidth=1, label="a tenth of a ms")
    _finish(panel, times, "pairs stored (log scale)", "ms per step (log scale)", 0.1)
    _legend(fig, panel, 4)
    most = times[times["n_memories"] == times["n_memories"].max()].set_index("method")["ms"]
    told = ", ".join(f"{NAMES[name]} {most[name]:.3g} ms" for name in most.index if name in NAMES)
    set_finding(fig, f"A step among {times['n_memories'].max():,} pairs: {told}")
    return fig


def _draw_times(panel: Axes, line: pd.DataFrame, style: dict, name: str) -> None:
    """Draw medians as a line, with bars from the least to the most of the draws."""
    if line.empty:
        return
    panel.vlines(line["n_memories"], line["ms_low"], line["ms_high"], color=style["color"])
    panel.plot(line["n_memories"], line["ms"], **style, label=name)


def _finish(panel: Axes, times: pd.DataFrame, xlabel: str, ylabel: str, most: float = 0.0) -> None:
    panel.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=ylabel)
    ticks = sorted(times["n_memories"].unique())
    panel.set_xticks(ticks, [f"{n:,}" for n in ticks])
    panel.yaxis.set_major_formatter("{x:,g}")
    panel.minorticks_off()
    shown = times[~times["method"].isin(["wire"])]
    panel.set_ylim(0.6 * shown["ms_low"].min(), 1.6 * max(most, shown["ms_high"].max()))


def _legend(fig: Figure, panel: Axes, n_cols: int) -> None:
    handles, labels = panel.get_legend_handles_labels()
    fig.legend(
        handles, labels, loc="outside lower center", ncols=in_columns(n_cols), handlelength=3
    )
