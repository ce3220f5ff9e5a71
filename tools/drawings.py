"""Write drawings (SVG) in fewer bytes that look the same."""

import html
import re
from collections.abc import Callable
from pathlib import Path

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

NOT_DRAWN = re.compile(r"<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)
OUTLINE = re.compile(r'\bd="([^"]*)"')
SHIFT = re.compile(r'transform="translate\(([-\d.]+) ([-\d.]+)\)"')
LONG = re.compile(r"-?\d+\.\d{3,}")
NAME = re.compile(r'\s+id="([^"]+)"')
PICTURE = re.compile(r'<img\b[^>]*?\ssrc="([^":]+\.svg)"')
SIZE = re.compile(r'<svg\b[^>]*?\swidth="([\d.]+)pt" height="([\d.]+)pt"')
TEXT = re.compile(r'<text style="([^"]*)"([^>]*)>([^<]*)</text>')
FONT = "'DejaVu Sans'"
OTHERS = "'DejaVu Sans', Verdana, sans-serif"  # where a reader's machine lacks it
AT_ONCE = 3  # drawings that are fetched with the page
REFERENCE = re.compile(r'(?:href="#|url\(#)([^")]+)')


def shorten(drawing: str) -> str:
    """Return a drawing without what is not seen: comments, spaces, names, digits past the second.

    Names that are referred to become short ones.
    """
    drawing = NOT_DRAWN.sub("", drawing).replace("xlink:href", "href")
    drawing = re.sub(r'\s+xmlns:xlink="[^"]*"', "", drawing)
    drawing = OUTLINE.sub(lambda m: f'd="{_shorten_outline(m[1])}"', drawing)
    drawing = SHIFT.sub(_round(1), drawing)  # in a hundredth of the size of a letter
    drawing = re.sub(r">\s+<", "><", drawing)
    short = {name: f"_{n}" for n, name in enumerate(dict.fromkeys(REFERENCE.findall(drawing)))}
    drawing = NAME.sub(lambda m: f' id="{short[m[1]]}"' if m[1] in short else "", drawing)
    return REFERENCE.sub(lambda m: m[0].replace(m[1], short[m[1]]), drawing)


def set_widths(drawing: str) -> str:
    """Return a drawing whose texts are as wide in any font as they are in its own.

    Texts that are kept as text take a third of the bytes of their outlines.

    Args:
        drawing: saved by matplotlib with the setting svg.fonttype 'none'.
    """

    def measure(match: re.Match) -> str:
        style = dict(part.split(": ") for part in match[1].split("; "))
        font = FontProperties(
            family=FONT.strip("'"), size=float(style["font-size"].removesuffix("px")),
            weight=int(style.get("font-weight", 400)), style=style.get("font-style", "normal"),
        )  # fmt: skip
        words = html.unescape(match[3])
        width, _, _ = text_to_path.get_text_width_height_descent(words, font, False)
        kept = match[1].replace(FONT, OTHERS)
        return f'<text style="{kept}"{match[2]} textLength="{width:.1f}">{match[3]}</text>'

    return TEXT.sub(measure, drawing)


def defer(html: str, folder: Path) -> str:
    """Let a page fetch its drawings as the reader comes to them, all but the first few.

    They keep their places: each is as high as its file says before it is there.

    Args:
        html: the page.
        folder: where it is; its links to drawings lead from there.
    """
    pictures = iter(range(PICTURE.subn("", html)[1]))

    def wait(match: re.Match) -> str:
        size = SIZE.search((folder / match[1]).read_text("utf8"))
        if next(pictures) < AT_ONCE or not size:
            return match[0]
        width, height = (round(float(points) * 4 / 3) for points in size.groups())
        return f'{match[0]} loading="lazy" width="{width}" height="{height}"'

    return PICTURE.sub(wait, html)


def shorten_file(path: Path) -> None:
    """Shorten a drawing in its file."""
    path.write_text(shorten(path.read_text("utf8")), "utf8")


def _shorten_outline(outline: str) -> str:
    outline = LONG.sub(_round(2), " ".join(outline.split()))
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", outline)


def _round(digits: int) -> Callable[[re.Match], str]:
    def write(match: re.Match) -> str:
        return re.sub(r"-?\d+\.\d+", lambda n: f"{round(float(n[0]), digits):g}", match[0])

    return write
