"""One diagram per flow, drawn from its `FlowConfig` alone, so that it cannot drift from the code.

Every mechanism has the same slot in every diagram: filled where the flow uses it, dashed and grey
where it is off. Two lanes run beside the boxes: on the left the state that reaches the answer
without the memory, on the right what training changes. All lengths are in points.
"""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from hsokv.boundary.checks import unknown_key_message
from hsokv.config import FlowConfig
from hsokv.flows.description import STAGES, Slot, describe, find_slots
from hsokv.flows.named import FLOWS
from hsokv.plots.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, STYLE, VERMILION

__all__ = ["describe", "draw_flow", "write_alt_text"]

WIDE = ("Encoder", "Write rule", "Read-out", "Steps", "Swarm")  # slots that take a whole row
# The boxes: title, stages, colour, and what flows out of it.
BOXES = (
    ("Keys", ("Keys",), BLUE, "one vector per text"),
    ("Memory", ("Writing", "Lifecycle"), ORANGE, "entries"),
    ("Read", ("Similarity", "Read-out"), GREEN, "what was found"),
    ("Answer", ("Fusion", "Answer"), PURPLE, "label"),
    ("Training", ("Training",), VERMILION, ""),
)
WIDTH, MARGIN, PAD, GAP = 308.0, 16.0, 5.0, 4.0  # the margins hold the lanes
ROW, TALL_ROW, HEADER, ARROW, TOP = 28.0, 55.0, 18.0, 20.0, 42.0
LABEL_SIZE, TEXT_SIZE = 8.8, 10.2  # a phone shows the figure at nine tenths of its size
DASH = (0, (3, 2.4))
GREY, NAME = "#6B6B6B", "#4D4D4D"  # contrast 5:1 on white; names of slots, also on tints


def write_alt_text(name: str) -> str:
    """Return what the diagram of a flow shows in words, for readers who do not see it.

    Raises:
        ValueError: unknown flow.
    """
    stages = ". ".join(f"{stage}: {words}" for stage, words in describe(_config_of(name)).items())
    return f"Diagram of the flow {name}. {stages}."


def draw_flow(name: str, **overrides: Any) -> tuple[Figure, Axes]:
    """Draw a flow, top to bottom: text, keys, memory, read, answer; then training.

    Every text in a slot, and the slot's outline, carry the slot's name as their matplotlib label.

    Args:
        name: one of `hsokv.list_flows()`.
        overrides: switches to change before drawing.

    Raises:
        ValueError: unknown flow or switch.
    """
    config = _config_of(name).with_overrides(**overrides)
    slots = find_slots(config)
    rows = {title: _rows(stages) for title, stages, *_ in BOXES}
    heights = {
        title: HEADER + PAD + sum(_row_height(row) + GAP for row in rows[title]) for title in rows
    }
    is_used = {
        title: any(slots[name].is_on for row in rows[title] for name in row) for title in rows
    }
    height = TOP + sum(heights.values()) + ARROW * len(BOXES) + 10
    with plt.rc_context(STYLE):
        fig = plt.figure(figsize=(WIDTH / 72, height / 72))
        ax = fig.add_axes((0, 0, 1, 1), frame_on=False, xticks=[], yticks=[])
        ax.set(xlim=(0, WIDTH), ylim=(height, 0))  # y runs downwards
        ax.text(MARGIN, 15, name, fontsize=12, fontweight="bold")
        top, middles = TOP, {}
        _pass_on(ax, top - ARROW, "text", True)
        for i, (title, _, color, output) in enumerate(BOXES):
            middles[title] = top + heights[title] / 2
            _box(ax, title, top, heights[title], color if is_used[title] else None)
            _fill(ax, rows[title], slots, top + HEADER, color, config)
            top += heights[title]
            if title == "Answer":
                _pass_on(ax, top, output, True)
                top += ARROW + 6
            elif output:
                _pass_on(ax, top, output, is_used[title] and is_used[BOXES[i + 1][0]])
            top += ARROW
        _lanes(ax, config, middles, is_used)
    return fig, ax


def _rows(stages: tuple[str, ...]) -> list[list[str]]:
    """Return the slots of a box in rows of one wide or two narrow ones."""
    rows: list[list[str]] = []
    for name in (name for stage in stages for name in STAGES[stage]):
        if name not in WIDE and rows and len(rows[-1]) == 1 and rows[-1][0] not in WIDE:
            rows[-1].append(name)
        else:
            rows.append([name])
    return rows


def _row_height(row: list[str]) -> float:
    return TALL_ROW if row == ["Swarm"] else ROW


def _box(ax: Axes, title: str, top: float, height: float, color: str | None) -> None:
    """Draw the outline of a stage and its title; grey and dashed without a colour."""
    style = {"edgecolor": color or GREY, "linestyle": "-" if color else DASH, "linewidth": 1.3}
    size, shape = (WIDTH - 2 * MARGIN, height), "round,pad=0,rounding_size=5"
    ax.add_patch(FancyBboxPatch((MARGIN, top), *size, shape, facecolor="white", **style))
    ax.text(
        MARGIN + PAD + 2, top + 13.5, title if color else f"{title}: not used",
        fontsize=TEXT_SIZE + 0.6, fontweight="bold", color=BLACK if color else GREY,
    )  # fmt: skip


def _fill(
    ax: Axes,
    rows: list[list[str]],
    slots: dict[str, Slot],
    top: float,
    color: str,
    config: FlowConfig,
) -> None:
    """Draw the slots of a box from `top` downwards."""
    inner = WIDTH - 2 * (MARGIN + PAD)
    for row in rows:
        wide = row[0] in WIDE
        width = inner if wide else (inner - GAP) / 2
        for i, name in enumerate(row):
            left, slot, tall = MARGIN + PAD + i * (width + GAP), slots[name], _row_height(row)
            style = {"linestyle": DASH, "edgecolor": "#9A9A9A", "facecolor": "white"}
            if slot.is_on:
                style = {"edgecolor": color, "facecolor": to_rgb(color) + (0.16,)}
            shape = "round,pad=0,rounding_size=3"
            patch = FancyBboxPatch((left, top), width, tall, shape, linewidth=0.9, **style)
            ax.add_patch(patch).set_label(name)
            ax.text(left + 5, top + 10.5, name, fontsize=LABEL_SIZE, color=NAME)
            ink = BLACK if slot.is_on else GREY
            for line, words in enumerate(slot.text.split("\n")):
                y = top + 23 + 13 * line
                ax.text(left + 5, y, words, fontsize=TEXT_SIZE, color=ink, label=name)
            if name == "Swarm" and slot.is_on:
                _tree(ax, config, left + width - 62, top + tall / 2)
        top += _row_height(row) + GAP


def _pass_on(ax: Axes, top: float, words: str, is_used: bool) -> None:
    """Draw an arrow downwards from `top`, with what it carries; bare and grey if not used."""
    color = BLACK if is_used else GREY
    _arrow(ax, (WIDTH / 2, top + 1), (WIDTH / 2, top + ARROW - 1), color)
    if is_used:
        ax.text(WIDTH / 2 + 7, top + 13, words, fontsize=LABEL_SIZE, style="italic")


def _tree(ax: Axes, config: FlowConfig, x: float, y: float) -> None:
    """Draw supervisor, managers and agents around (x, y)."""
    reach, ys = 54, (y - 18, y + 1, y + 19)
    step = 2 * reach / config.n_agents
    agents = [x - reach + step * (i + 0.5) for i in range(config.n_agents)]
    size = config.agents_per_manager
    for i in range(0, config.n_agents, size):
        group = agents[i : i + size]
        manager = sum(group) / size
        ax.plot([x, manager], ys[:2], color=VERMILION, linewidth=1)
        for agent in group:
            ax.plot([manager, agent], ys[1:], color=VERMILION, linewidth=0.8)
        ax.plot(manager, ys[1], "s", color=VERMILION, markersize=6)
    ax.plot(agents, [ys[2]] * len(agents), "o", color=VERMILION, markersize=min(5, 0.8 * step))
    ax.plot(x, ys[0], "D", color=VERMILION, markersize=7)


def _lanes(ax: Axes, config: FlowConfig, middles: dict[str, float], is_used: dict) -> None:
    """Draw the state's way past the memory, and what training changes."""
    classifies = find_slots(config)["Answer by"].text == "classifier"
    color, line = (BLACK, "-") if classifies else (GREY, DASH)
    _lane(ax, 6, MARGIN, middles["Keys"], {"Answer": middles["Answer"]}, color, line, "state")
    changed = {
        "Keys": config.encoder != "library" or not classifies,
        "Memory": config.fusion == "gate",
        "Answer": classifies,
    }
    ends = {title: middles[title] for title, is_changed in changed.items() if is_changed}
    color, line = (VERMILION, "-") if is_used["Training"] else (GREY, DASH)
    _lane(ax, WIDTH - 6, WIDTH - MARGIN, middles["Training"], ends, color, line, "trains")


def _lane(
    ax: Axes, x: float, edge: float, start: float, ends: dict, color: str, line, words: str
) -> None:
    """Draw a line from the box at height `start` along x to the boxes at `ends`."""
    far = max(ends.values(), key=lambda end: abs(end - start))
    style = {"color": color, "linestyle": line, "linewidth": 1.3}
    ax.plot([edge, x, x], [start, start, far], **style, solid_joinstyle="round")
    for end in ends.values():
        _arrow(ax, (x, end), (edge, end), color)
    if line == "-":
        ax.text(
            x, (start + far) / 2, words, rotation=90, fontsize=LABEL_SIZE, ha="center", va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip


def _arrow(ax: Axes, start: tuple, end: tuple, color: str, **style) -> None:
    arrow = {"arrowstyle": "-|>,head_width=0.22,head_length=0.4", "color": color, "shrinkA": 0,
             "shrinkB": 0, "linewidth": 1.2, **style}  # fmt: skip
    ax.annotate("", end, start, arrowprops=arrow)


def _config_of(name: str) -> FlowConfig:
    if name not in FLOWS:
        raise ValueError(unknown_key_message(name, FLOWS, "flow"))
    return FLOWS[name]
