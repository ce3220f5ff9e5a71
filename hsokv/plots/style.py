"""The look of every figure: sizes, colours, a style per flow, panels, and how a figure is saved.

A flow has one colour, marker and line style everywhere (`FLOW_STYLE`): colours are Okabe and Ito's
(2008), related flows share one, and no two flows share a marker and its filling, so figures read
in greyscale. Call `use_style()` once; save with `save_figure`.
"""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hsokv.plots.screens import WIDTH_IN, is_narrow, show_both_widths, width_in

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILION, PURPLE, GREY = "#0072B2", "#D55E00", "#CC79A7", "#666666"
STYLE = {
    "figure.figsize": (WIDTH_IN, 4.0),
    "figure.dpi": 120,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same glyphs on every machine
    "font.size": 9.5,
    "axes.labelsize": 9.5,
    "axes.titlesize": 9,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#E2E2E2",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "lines.markersize": 6,
    "svg.fonttype": "path",
    "svg.hashsalt": "hsokv",  # element ids depend on the drawing alone
}


def interval_style(
    color: str, marker: str, linestyle: Any = "-", filled: bool = True
) -> dict[str, Any]:
    """Return colour, marker, line and filling as plot keywords."""
    face = color if filled else "white"
    return {"color": color, "marker": marker, "linestyle": linestyle, "markerfacecolor": face}


FLOW_STYLE: dict[str, dict[str, Any]] = {
    "current": interval_style(VERMILION, "D"),
    "as_shipped": interval_style(VERMILION, "d", "--"),
    "kv_only": interval_style(VERMILION, "v", ":"),
    "minimal_fix": interval_style(ORANGE, "^"),
    "minimal_config": interval_style(ORANGE, "^", "--", filled=False),
    "hybrid": interval_style(ORANGE, "P", "-."),
    "simple_kv": interval_style(SKY, "s"),
    "simple_kv_contrastive": interval_style(SKY, "s", "--", filled=False),
    "fine_tune": interval_style(PURPLE, "X"),
    "nearest_neighbor": interval_style(BLUE, "o"),
    "nearest_neighbor_cosine": interval_style(BLUE, "o", "--", filled=False),
    "tfidf_neighbor": interval_style(GREEN, "<"),
    "bm25": interval_style(GREEN, ">", "--"),
    "class_mean": interval_style(GREEN, "p", "-."),
    "linear_probe": interval_style(GREEN, "h", ":", filled=False),
    "sentence_neighbor": interval_style(GREEN, "P", "-.", filled=False),
    "headword_lookup": interval_style(GREY, "H", ":"),
    "first_redesign": interval_style(BLACK, "8"),
    "lexical": interval_style(BLACK, "*", "--", filled=False),
    "redesign": interval_style(BLACK, "*"),
}
CONDITION_LABEL = {
    "verbatim": "verbatim\n(seen sentence)",
    "recognise": "recognise\n(new sentence)",
    "infer": "infer\n(word blanked)",
    "unseen": "unseen\n(abstain)",
    "inflect": "inflect\n(other form)",
    "define": "define\n(definition only)",
    "two_words": "two_words\n(which one?)",
    "sense": "sense\n(which meaning?)",
}
ACCURACY_LABEL = "accuracy (%, axis from 0)"
AXIS_LABEL = {
    "n_way": "words to tell apart (n_way, log scale)",
    "n_distractors": "distractor sentences (n_distractors)",
    "flops": "training cost (FLOPs, log scale)",
    "predict_ms": "time per prediction (ms, log scale)",
    "memory_bytes": "memory (bytes, log scale)",
}


def use_style() -> None:
    """Set matplotlib's defaults to the report's style; a notebook's figures come in two widths."""
    plt.rcParams.update(STYLE)
    show_both_widths()


def save_figure(fig: Figure, path: str | Path) -> Path:
    """Write fig as SVG or PNG (120 dpi), opaque, without a date: equal figures, equal bytes."""
    path = Path(path)
    metadata = {"Date": None} if path.suffix == ".svg" else None
    with plt.rc_context(STYLE):
        fig.savefig(path, dpi=120, metadata=metadata)
    return path


def flow_style(flow: str) -> dict[str, Any]:
    """Return colour, marker, linestyle and markerfacecolor of a flow, as plot keywords.

    'current (mean, full)' looks as `current` does; 'current (mean, demo)' has a hollow marker.
    """
    flow, _, details = flow.partition(" (")
    if details.endswith("demo)") and flow in FLOW_STYLE:
        return FLOW_STYLE[flow] | {"markerfacecolor": "white"}
    if flow not in FLOW_STYLE:
        raise ValueError(
            f"flow {flow!r} has no style: expected one of {', '.join(FLOW_STYLE)}; add it to "
            "FLOW_STYLE"
        )
    return FLOW_STYLE[flow]


def require(frame: pd.DataFrame, *columns: str) -> None:
    """Check that a frame to draw has rows and these columns, else raise ValueError."""
    missing = [column for column in columns if column not in frame]
    if missing or frame.empty:
        raise ValueError(
            f"frame of {len(frame)} rows with columns {list(frame)}: expected at least one row and "
            f"{list(columns)}; add {missing or 'rows'}"
        )


def make_panels(
    ax: Axes | None, n: int, n_cols: int, height: float, sharex: bool = False
) -> tuple[Figure, np.ndarray]:
    """Return a figure with n panels, or the given axes as the only one.

    On a phone the panels stand one below the other, each as high as it was.
    """
    if ax is not None:
        if n != 1:
            raise ValueError(f"{n} panels on one ax: expected 1; filter the frame or omit ax")
        return ax.figure, np.array([ax])
    if is_narrow():
        height, n_cols = 0.6 + (height - 0.6) * n / -(-n // n_cols), 1
    fig = plt.figure(figsize=(width_in(), height), layout="constrained")
    grid = fig.subplots(-(-n // n_cols), n_cols, sharex=sharex, sharey=True, squeeze=False).ravel()
    for i, panel in enumerate(grid):
        panel.tick_params(labelbottom=not sharex or i + n_cols >= n)
        if i >= n:
            panel.remove()
    return fig, grid[:n]
