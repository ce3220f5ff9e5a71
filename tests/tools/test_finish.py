"""The finished HTML is light, its icons are there, and what was taken out is not missed."""

import base64
import io
import os
import re
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from tools.finish import edit_page, list_pages, pack_picture
from tools.icons import list_codes
from tools.paths import BUILD

HTML = Path(os.environ.get("HSOKV_HTML") or BUILD / "html")
PAGES = list_pages(HTML)
built = pytest.mark.skipif(not PAGES, reason="the book is not built: make book")


def read_styles() -> str:
    """All style sheets of the book."""
    return "\n".join(path.read_text("utf8") for path in sorted(HTML.rglob("*.css")))


def read_fonts() -> set[int]:
    """The characters of the icon fonts that stand in the style sheets."""
    fonts = re.findall(r"data:font/woff;base64,([\w+/=]+)", read_styles())
    return {c for font in fonts for c in TTFont(io.BytesIO(base64.b64decode(font))).getBestCmap()}


@built
def test_every_icon_of_a_page_is_drawn():
    """Each icon's class has a rule with its character, and a font has the character."""
    styles, drawn = read_styles(), read_fonts()
    asked = set()
    for page in PAGES:
        for classes in re.findall(r'<(?:i|span) class="([^"]*\bfa-[^"]*)"', page.read_text("utf8")):
            asked |= {c for c in classes.split() if c.startswith("fa-")} - {"fa-solid", "fa-lg"}
    assert len(asked) > 10
    for icon in asked:
        found = re.search(rf"\.{icon}:before[^{{]*\{{content:\"(.)\"", styles)
        assert found and ord(found[1]) in drawn, icon
    assert list_codes(styles) <= drawn


@built
def test_icon_fonts_are_small():
    """They hold what is shown, not the two thousand icons of the theme."""
    assert 10 < len(read_fonts()) < 200
    assert not [*HTML.rglob("fontawesome.js"), *HTML.rglob("*.map"), *HTML.rglob("*.ttf")]


@built
def test_search_is_loaded_where_it_is_used():
    """The index of the search is the heaviest file; only the page of the search needs it."""
    with_index = [p.name for p in PAGES if "searchindex.js" in p.read_text("utf8")]
    assert with_index == ["search.html"]


def test_page_is_edited():
    """Needless scripts go, buttons and chapters get names, the rest stays."""
    before = (
        '<script defer src="a/_static/scripts/fontawesome.js?digest=1"></script>'
        '<script src="../searchindex.js"></script><script src="../own.js"></script>'
        '<button class="x" title="Toggle"></button><button title="A" aria-label="B"></button>'
        '<a href="c.html">Chapter</a><details><summary><span></span></summary></details>'
    )
    after = edit_page(before, searches=False)
    assert "fontawesome" not in after and "searchindex" not in after and "own.js" in after
    assert '<button class="x" title="Toggle" aria-label="Toggle">' in after
    assert '<button title="A" aria-label="B">' in after
    assert '<summary aria-label="Pages under Chapter">' in after
    assert "searchindex" in edit_page(before, searches=True)


@pytest.mark.parametrize("alpha", [255, 100])
def test_picture_is_packed_without_loss(tmp_path, alpha):
    """The same colours in fewer bytes; what is not opaque stays so."""
    path = tmp_path / "a.png"
    image = Image.effect_mandelbrot((200, 150), (-2, -1, 1, 1), 50).convert("RGBA")
    image.putalpha(alpha)
    image.save(path, compress_level=1)
    size = path.stat().st_size
    pack_picture(path)
    assert path.stat().st_size < size and list(tmp_path.iterdir()) == [path]
    assert Image.open(path).convert("RGBA").tobytes() == image.tobytes()
