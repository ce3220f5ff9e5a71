"""Figures of the eleven issues: tidy frames in, (figure, axes) out, as in `hsokv.plots`."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hsokv.experiments.effects import (
    BASE_NAMES,
    FLOOR_VERDICT,
    HARMFUL,
    HELPFUL,
    ISSUES,
    NO_EFFECT,
    effect_table,
    verdict,
)
from hsokv.experiments.hit_rate import arm_means
from hsokv.experiments.word_rows import MIN_EFFECT
from hsokv.plots.findings import QUESTION
from hsokv.plots.screens import for_screens, in_columns, is_narrow, set_finding, width_in
from hsokv.plots.style import (
    BLACK,
    BLUE,
    CONDITION_LABEL,
    GREY,
    ORANGE,
    VERMILION,
    make_panels,
)
from hsokv.stats.decisions import OPEN

BASE_STYLE = {
    "current": {"color": VERMILION, "marker": "D"},
    "simple": {"color": ORANGE, "marker": "P"},
    "nearest_neighbor": {"color": BLUE, "marker": "o"},
}
EFFECT_LABEL = "effect on accuracy (points)"
#: What is said of a mechanism -> the verdicts of the learners of which it is said.
TOLD = {
    "costs accuracy in": HARMFUL, "helps in": HELPFUL, "no effect found in": (NO_EFFECT,),
    "cannot be told in": (OPEN,), "nothing to lose in": (FLOOR_VERDICT,),
}  # fmt: skip


@for_screens
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
    fig, axes = make_panels(None, n, n, 1.0 + 0.36 * len(rows), sharex=True)
    reach = 100 * np.abs(table[["low", "high"]].to_numpy()).max()
    limit = max(12.0, 1.08 * reach)
    for panel, condition in zip(axes, conditions):
        panel.axvspan(-100 * MIN_EFFECT, 100 * MIN_EFFECT, color="#E6E6E6", linewidth=0)
        panel.axvline(0, color=BLACK, linewidth=1)
        for row in table[table["condition"] == condition].itertuples():
            _draw_effect(panel, row, rows.index((row.label, row.base, row.is_main)))
        panel.set_title(CONDITION_LABEL.get(condition, condition))
        panel.set(xlim=(-limit, limit), ylim=(len(rows) - 0.4, -0.6))
        panel.tick_params(axis="y", length=0, labelsize=8)
    names = [f"{label}\n({BASE_NAMES[base]})" for label, base, _ in rows]
    axes[0].set_yticks(range(len(rows)), names)
    fig.supxlabel(EFFECT_LABEL, fontsize=9.5)
    return fig, axes


def tell_harm(table: pd.DataFrame, issue: str) -> str:
    """Tell in which learners an issue's mechanism costs accuracy, and in which it helps.

    Args:
        table: from `effects.effect_table`.
        issue: key of `effects.ISSUES`.
    """
    told = {name: verdict(table, [base]) for base, name in BASE_NAMES.items()}
    parts = []
    for said, verdicts in TOLD.items():
        names = [name for name, found in told.items() if found in verdicts]
        parts += [f"{said} {', '.join(names)}"] if names else []
    mechanism = ISSUES[issue].mechanism
    return f"{mechanism[0].upper()}{mechanism[1:]}: " + "; ".join(parts)


@for_screens
def plot_overview(effects: Mapping[str, pd.DataFrame], condition: str = "verbatim") -> Figure:
    """Draw the main effects of all issues under a condition, the most harmful first.

    Args:
        effects: issue -> its `effects.effect_table`.
        condition: a test condition.

    Raises:
        ValueError: there is no effect.
    """
    tables = {k: t[t["is_main"] & (t["condition"] == condition)] for k, t in effects.items()}
    tables = {k: t for k, t in tables.items() if len(t)}
    if not tables:
        raise ValueError(f"no main effect under {condition!r}: run the issues' arms first")
    order = sorted(tables, key=lambda issue: round(tables[issue]["point"].min(), 3))
    fig, (panel,) = make_panels(None, 1, 1, 1.1 + 0.42 * len(order))
    panel.axvspan(-100 * MIN_EFFECT, 100 * MIN_EFFECT, color="#E6E6E6", linewidth=0)
    panel.axvline(0, color=BLACK, linewidth=1)
    for y, issue in enumerate(order):
        for row in tables[issue].itertuples():
            _draw_effect(panel, row, y + 0.24 * (list(BASE_STYLE).index(row.base) - 1))
    names = [f"{ISSUES[issue].number} {ISSUES[issue].mechanism}" for issue in order]
    panel.set_yticks(range(len(order)), names)
    panel.set(ylim=(len(order) - 0.4, -0.6))
    panel.set_xlabel(EFFECT_LABEL, loc="right")
    panel.tick_params(axis="y", length=0)
    _legend(
        fig, [base for base in BASE_STYLE if any(base in set(t["base"]) for t in tables.values())]
    )
    counts = []
    for base, name in BASE_NAMES.items():
        found = [v for t in tables.values() for v in t.loc[t["base"] == base, "verdict"]]
        harm, help_ = (sum(v in kinds for v in found) for kinds in (HARMFUL, HELPFUL))
        counts += [f"in {name} {harm} of {len(found)} harm, {help_} help"] if found else []
    question = QUESTION.get(condition, condition)
    set_finding(fig, f"On {question}, " + "; ".join(counts))
    return fig


@for_screens
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
    shape = (2, 1) if is_narrow() else (1, 2)
    fig = plt.figure(figsize=(width_in(), 3.2 * shape[0]), layout="constrained")
    axes = fig.subplots(*shape, sharex=True)
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
    axes[-1].set_xlabel("hit rate (log scale; dashed: 1)")
    axes[0].set_xlabel("" if is_narrow() else "hit rate (log scale; dashed: 1)")
    _legend(fig, [base for base in BASE_STYLE if base in set(means["base"])])
    parts = []
    for kind, own in means.groupby("similarity"):
        ranks = own[["kv_hit_rate", "memory_utility"]].rank().corr().iloc[0, 1]
        parts += [f"{ranks:+.2f} by {kind} (n = {len(own)})"] if np.isfinite(ranks) else []
    told = ", ".join(parts) or "too few learners"
    set_finding(fig, f"Rank correlation of hit rate and utility over learners: {told}")
    return fig, axes


def _within(tick: float, values: pd.Series) -> bool:
    return values.min() / 1.5 <= tick <= 1.5 * values.max()


def _draw_effect(panel: Axes, row, y: float) -> None:
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
    fig.legend(handles=handles, loc="outside lower center", ncols=in_columns(len(handles)))


@for_screens
def draw_issue(issue: str, rows: pd.DataFrame) -> Figure:
    """Draw the figure of an issue's page from the experiment's rows.

    Raises:
        ValueError: the rows of this issue are missing.
    """
    if issue == "5_1":
        return plot_hit_rate(arm_means(rows, "verbatim"))[0]
    table = effect_table(rows, issue)
    fig, _ = plot_issue_effects(table)
    set_finding(fig, tell_harm(table, issue))
    return fig
