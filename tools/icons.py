"""Cut the icons that the book shows out of the theme's icon fonts, and put them into its styles.

Thirty icons take a few kilobytes; the script that brings them all as pictures takes 1.5 MB. They
stay letters of a font, so that they follow the colour of the text, in print and in high contrast,
too; inside the style sheet they load wherever the book lies.
"""

import base64
import io
import re
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

STYLES = {  # font: the classes that ask for it
    "fa-solid-900": ("fa-solid", "fas"),
    "fa-regular-400": ("fa-regular", "far"),
    "fa-brands-400": ("fa-brands", "fab"),
}
CODE = re.compile("[\ue000-\uf8ff]")  # icons are letters that no alphabet has
FACE = re.compile(r"@font-face\s*\{[^}]*?/(fa-[\w-]+)\.woff2[^}]*\}")
SOURCE = re.compile(r"src:[^;}]*")


def list_codes(css: str) -> set[int]:
    """Return the characters that a style sheet writes, of those that icons are."""
    return set(map(ord, CODE.findall(css)))


def cut_font(path: Path, codes: set[int]) -> bytes:
    """Return the font with these characters only, in the form WOFF; none that it lacks."""
    options = subset.Options(flavor="woff", layout_features=[], hinting=False, notdef_outline=True)
    font = TTFont(path, recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=codes)
    cutter.subset(font)
    font.flavor = options.flavor
    target = io.BytesIO()
    font.save(target)
    return target.getvalue()


def embed_icons(css: str, codes: set[int], fonts: Path, names: set[str]) -> str:
    """Return a style sheet whose icon fonts are cut and stand in it; fonts not asked for go.

    Args:
        css: the style sheet.
        codes: the characters to keep.
        fonts: folder of the whole fonts, as TTF.
        names: the classes that occur in the pages.
    """

    def embed(match: re.Match) -> str:
        if not names & set(STYLES[match[1]]):
            return ""
        font = base64.b64encode(cut_font(fonts / f"{match[1]}.ttf", codes)).decode()
        source = f'src:url("data:font/woff;base64,{font}") format("woff")'
        return SOURCE.sub(source, match[0], count=1)

    return FACE.sub(embed, css)
