"""Figures of linked passages: recall at 5 of every method on both samples."""

from __future__ import annotations

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hsokv.experiments.linked_passages.estimates import (
    DEFAULT,
    OURS,
    best_rival,
    difference,
    estimate,
)
from hsokv.experiments.linked_passages.tables import ARMS, COMPARED, SAMPLE_LABEL
from hsokv.experiments.linked_passages.trials import HELD_OUT, IN_SAMPLE, TRANSFER
from hsokv.plots.screens import for_screens, in_columns, is_narrow, set_finding
from hsokv.plots.style import BLACK, BLUE, GREY, VERMILION, interval_style, make_panels

#: Part -> how it is drawn, its name in the legend, and how far it stands above the line.
READINGS = {
    HELD_OUT: (interval_style(BLUE, "o"), "tuned on the other half", 0.22),
    TRANSFER: (interval_style(VERMILION, "D", filled=False), "tuned on the other sample", 0.0),
    IN_SAMPLE: (interval_style(GREY, "|"), "tuned on the same questions", -0.22),
}


@for_screens
def draw_recall(rows: pd.DataFrame) -> Figure:
    """Draw recall at 5 with intervals, a panel per sample and a line per method."""
    flows = [flow for flow in COMPARED if flow in set(rows["flow"])][::-1]
    sources = [source for source in SAMPLE_LABEL if source in set(rows["source"])]
    sources = [source for source in sources if source != "own"] or sources
    height = 1.1 + 0.33 * len(flows)
    fig, axes = make_panels(None, len(sources), len(sources), height, sharex=True)
    for panel, source in zip(axes, sources):
        for part, (style, label, above) in READINGS.items():
            found = [estimate(rows, source, part, flow) for flow in flows]
            points = 100 * np.array([one[:3] for one in found])
            at = np.arange(len(flows)) + above
            panel.hlines(at, points[:, 1], points[:, 2], color=style["color"], linewidth=1)
            look = style | {"linestyle": "none", "markersize": 5}
            panel.plot(points[:, 0], at, **look, label=label)
        names = [fill(ARMS[flow], 22) if is_narrow() else ARMS[flow] for flow in flows]
        panel.set_yticks(range(len(flows)), names)
        panel.axhspan(-0.5, _n_ours(flows) - 0.5, color=BLACK, alpha=0.05, linewidth=0)
        panel.set(title=SAMPLE_LABEL[source], xlabel="recall at 5 (%, from 40)")
        panel.set(xlim=(40, 101), ylim=(-0.6, len(flows) - 0.4))
    handles = dict(zip(*axes[0].get_legend_handles_labels()[::-1]))
    fig.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=in_columns(3))
    set_finding(fig, "; ".join(_tell_best(rows, source) for source in sources))
    return fig


def _tell_best(rows: pd.DataFrame, source: str) -> str:
    """Tell ours and the best rival on questions that were not tuned on."""
    rival = best_rival(rows, source)
    if not rival:
        return f"{SAMPLE_LABEL[source]}: no rival was run"
    points = 100 * estimate(rows, source, HELD_OUT, rival).point
    told = f"{SAMPLE_LABEL[source]}: the best rival ({ARMS[rival]}) finds {points:.1f} %"
    gap = difference(rows, source, (HELD_OUT, OURS), (HELD_OUT, rival))
    if not gap.n:
        return told
    ends = [f"{100 * x:+.1f}" for x in gap[:3]]
    return f"{told}, {ARMS[OURS]} {ends[0]} points [{ends[1]}, {ends[2]}]"


def _n_ours(flows: list[str]) -> int:
    return sum(flow in (OURS, DEFAULT) for flow in flows)
