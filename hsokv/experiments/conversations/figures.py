"""Figure of conversations: how much each method finds, of all questions and by category."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from hsokv.data.conversations import CATEGORIES
from hsokv.experiments.conversations.estimates import (
    list_questions,
    over_conversations,
    over_questions,
)
from hsokv.experiments.conversations.tables import ARMS
from hsokv.experiments.conversations.trials import TUNED_BY
from hsokv.plots.screens import for_screens, set_finding
from hsokv.plots.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    interval_style,
    make_panels,
)

#: Kind of method -> its look.
STYLES = {
    "order": interval_style(GREY, "H"),
    "minilm": interval_style(BLUE, "o"),
    "late": interval_style(BLUE, "o", filled=False),
    "bm25": interval_style(GREEN, "<"),
    "both": interval_style(ORANGE, "s"),
    "fitted_five": interval_style(PURPLE, "X"),
    "cues_lexical": interval_style(BLACK, "D", filled=False),
    "cues": interval_style(BLACK, "*"),
}
OURS = {"cues", "cues_lexical"}
KINDS = {"random": "order", "recent": "order", "minilm_named": "minilm", "bm25_named": "bm25",
         "bm25_session": "bm25", "rank_fusion": "both", "late_sum": "both", "zscore_plain": "both",
         "zscore_sum": "both"}  # fmt: skip


@for_screens
def draw_methods(rows: pd.DataFrame, column: str = TUNED_BY) -> Figure:
    """Draw a measure of each method on what is held out: all questions, then each category.

    Thick bars are intervals over questions, thin ones, of all questions, over conversations.
    """
    asked = {flow: list_questions(rows, flow) for flow in ARMS}
    asked = {flow: own for flow, own in asked.items() if len(own)}
    titles = {0: "all questions"} | dict(list(CATEGORIES.items())[:4])
    height = 0.8 + 2 * (0.5 + 0.19 * len(asked))
    fig, axes = make_panels(None, len(titles), 3, height)
    for panel, (category, title) in zip(axes, titles.items()):
        for y, (flow, own) in enumerate(asked.items()):
            part = own[own["category"] == category] if category else own
            style = STYLES[KINDS.get(flow, flow)]
            if not category:
                wide = over_conversations(part[column], part["conversation"])
                panel.hlines(
                    y, 100 * wide.low, 100 * wide.high, color=style["color"], linewidth=0.8
                )
            if len(part):
                _bar(panel, over_questions(part[column]), y, style)
        n = len(next(iter(asked.values()))) if not category else len(part)
        panel.set(title=f"{title} ({n:,})", xlim=(-3, 103), xticks=[0, 50, 100])
        panel.set(ylim=(len(asked) - 0.4, -0.6))
        panel.set_yticks(range(len(asked)), [ARMS[flow] for flow in asked])
        panel.tick_params(axis="y", length=0)
    fig.supxlabel(
        "questions with all their turns among the first ten (%, axis from 0)", fontsize=9.5
    )
    scores = {flow: own[column].mean() for flow, own in asked.items()}
    rival = max((flow for flow in scores if flow not in OURS), key=scores.get)
    told = f"The best rival ({ARMS[rival]}) finds all turns for {100 * scores[rival]:.0f} %"
    if scores.keys() & OURS:
        told += f" of the questions, cues {100 * max(scores[f] for f in OURS if f in scores):.0f} %"
    set_finding(fig, told)
    return fig


def _bar(panel: Any, found: Any, y: float, style: dict[str, Any]) -> None:
    panel.hlines(y, 100 * found.low, 100 * found.high, color=style["color"], linewidth=2)
    panel.plot(100 * found.point, y, **style | {"linestyle": "none"}, ms=5, clip_on=False, zorder=3)
