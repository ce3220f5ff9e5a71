"""Every figure in two widths, for a page and for a phone held upright, under its finding.

A function decorated with `for_screens` returns the wide figure, which can draw itself again,
narrow. A notebook's output carries both and the finding; the book shows what fits the screen.
"""

from __future__ import annotations

import base64
import functools
import io
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from hsokv.boundary.text import chart_label

WIDTH_IN = 6.5  # text width of the report
NARROW_IN = 3.6  # of a phone, at the same size of letters
LONGEST = 400  # letters of a finding
NARROW_DPI, COLORS = 160, 256  # of a phone's picture
# Type of what an output holds beside the picture: its finding, and the narrow PNG in base64.
MIME = "application/vnd.hsokv.figure+json"
_width: ContextVar[float] = ContextVar("width", default=WIDTH_IN)


def width_in() -> float:
    """Return the width that is drawn now, in inches."""
    return _width.get()


def is_narrow() -> bool:
    """Return whether a phone's figure is drawn now."""
    return width_in() < WIDTH_IN


def in_columns(n: int) -> int:
    """Return how many columns there is room for where a wide figure has n."""
    return max(1, n // 2) if is_narrow() else n


@contextmanager
def narrow_screen() -> Iterator[None]:
    """Draw for a phone within this block."""
    token = _width.set(NARROW_IN)
    try:
        yield
    finally:
        _width.reset(token)


def for_screens(draw: Callable) -> Callable:
    """Let the figure that a function returns (alone, or before its axes) draw itself narrow."""

    @functools.wraps(draw)
    def drawn(*args: Any, **options: Any) -> Any:
        result = draw(*args, **options)
        _figure_of(result).redraw = functools.partial(draw, *args, **options)
        return result

    return drawn


def draw_narrow(fig: Figure) -> Figure:
    """Return the narrow version of a figure, which is not shown by pyplot.

    Raises:
        ValueError: the function that drew it is not decorated with `for_screens`.
    """
    if not hasattr(fig, "redraw"):
        raise ValueError("a figure of one width: expected one drawn by a function `for_screens`")
    with narrow_screen():
        narrow = _figure_of(fig.redraw())
    plt.close(narrow)
    return narrow


def set_finding(fig: Figure, text: str) -> None:
    """Write what a figure shows above it, in as many lines as its width asks for."""
    lines = textwrap.wrap(chart_label(text, LONGEST), int(12.1 * fig.get_figwidth()))
    fig.set_figheight(fig.get_figheight() + 0.17 * len(lines) + 0.05)
    fig.suptitle("\n".join(lines), fontsize=9.5, fontweight="bold", x=0.01, ha="left")
    fig.finding = text


def bundle(fig: Figure, **_: Any) -> dict[str, dict[str, str]]:
    """Return what a notebook's output holds beside the picture, by its type; empty without."""
    if not hasattr(fig, "redraw"):
        return {}
    drawn, packed = io.BytesIO(), io.BytesIO()
    draw_narrow(fig).savefig(drawn, format="png", dpi=NARROW_DPI, bbox_inches="tight")
    Image.open(drawn).convert("RGB").quantize(COLORS).save(packed, "PNG", optimize=True)
    narrow = base64.b64encode(packed.getvalue()).decode()
    return {MIME: {"finding": getattr(fig, "finding", ""), "narrow": narrow}}


def show_both_widths() -> None:
    """Put both widths into the outputs of the running notebook, if there is one."""
    try:
        from IPython import get_ipython
    except ModuleNotFoundError:  # the package's figures need no notebook
        return
    shell = get_ipython()
    if shell is not None:
        shell.display_formatter.mimebundle_formatter.for_type(Figure, bundle)


def _figure_of(result: Any) -> Figure:
    return result[0] if isinstance(result, tuple) else result
