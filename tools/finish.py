"""Finish the HTML that was built: light pages, and names for buttons that the theme leaves unnamed.

`tools.stage_book` calls `finish(built)`. What every page would load and the book does not need is
taken out: a script of all icons, the index of the search on pages without a search, style rules
that ask for what no page has. Pictures are packed anew and look the same.
"""

import re
import shutil
from pathlib import Path

from PIL import Image

from tools.drawings import defer, shorten_file
from tools.icons import embed_icons, list_codes
from tools.style_sheets import collect_names, keep_used

FONTS = "_static/vendor/fontawesome/webfonts"
UNUSED = ("_static/vendor", "_static/locales", "_static/scripts/fontawesome.js")
DROPPED = re.compile(r'\s*<script[^>]*\ssrc="[^"]*/fontawesome\.js[^"]*"></script>')
SEARCH = re.compile(
    r'\s*<script[^>]*\ssrc="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>'
)
ROLE = re.compile(r'(<div) role="list"( class="citation-list")|(<div[^>]*) role="doc-biblioentry"')
CHAPTER = re.compile(r">([^<>]+)</a><details([^>]*)><summary>")
UNNAMED = re.compile(r'<button(?![^>]*aria-label)[^>]*?\stitle="([^"]+)"')


def list_pages(built: Path) -> list[Path]:
    """Return the pages of the book, without the theme's own snippets."""
    return sorted(p for p in built.rglob("*.html") if "_static" not in p.parts)


def edit_page(html: str, searches: bool) -> str:
    """Return a page without needless scripts, with names for its buttons and its open chapters."""
    html = DROPPED.sub("", html)
    html = html if searches else SEARCH.sub("", html)
    html = ROLE.sub(r"\1\2\3", html)  # a list of sources with more in it than a list may have
    html = CHAPTER.sub(r'>\1</a><details\2><summary aria-label="Pages under \1">', html)
    return UNNAMED.sub(lambda m: f'{m[0]} aria-label="{m[1]}"', html)


def shrink_styles(built: Path) -> None:
    """Cut the style sheets down to what the pages use, and put the icons into them."""
    scripts = [p for p in built.rglob("*.js") if p.name != "searchindex.js"]
    names = collect_names([*list_pages(built), *scripts])
    sheets = {p: keep_used(p.read_text("utf8"), names) for p in built.rglob("*.css")}
    codes = set().union(*map(list_codes, sheets.values()))
    for path, css in sheets.items():
        path.write_text(embed_icons(css, codes, built / FONTS, names), "utf8")


def pack_picture(path: Path) -> None:
    """Write a picture without what it does not use, unless that makes it larger."""
    with Image.open(path) as image:
        opaque = "A" not in image.mode or image.getchannel("A").getextrema() == (255, 255)
        packed = image.convert("RGB") if opaque else image.copy()
    target = path.with_suffix(".packed")
    packed.save(target, "PNG", optimize=True)
    if target.stat().st_size < path.stat().st_size:
        target.replace(path)
    target.unlink(missing_ok=True)


def drop_unused(built: Path) -> None:
    """Remove files that no page loads."""
    for path in [*built.rglob("*.map"), *(built / name for name in UNUSED)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def finish(built: Path) -> None:
    """Finish the HTML in its folder."""
    for page in list_pages(built):
        html = edit_page(page.read_text("utf8"), page.name == "search.html")
        page.write_text(defer(html, page.parent), "utf8")
    (built / UNUSED[-1]).unlink()  # its words are the names of all icons
    shrink_styles(built)
    for picture in (built / "_images").glob("*.png"):
        pack_picture(picture)
    for drawing in (built / "_images").glob("*.svg"):
        shorten_file(drawing)
    drop_unused(built)
