"""Every link, anchor and picture of the built book leads somewhere; read from the HTML alone."""

import importlib
import inspect
import os
import posixpath
import re
import subprocess
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from sphinx.util.inventory import InventoryFile

from tools.api_pages import list_rooms, page_of
from tools.paths import BOOK, BUILD, ROOT, colab_url

HTML = Path(os.environ.get("HSOKV_HTML") or BUILD / "html")
PAGES = sorted(p for p in HTML.rglob("*.html") if "_static" not in p.parts)
pytestmark = pytest.mark.skipif(not PAGES, reason="the book is not built: make book")


class Page(HTMLParser):
    """Collects the links, anchors and pictures of one page."""

    def __init__(self, path: Path):
        super().__init__()
        self.links, self.ids, self.images = [], set(), []
        self.feed(path.read_text("utf8"))

    def handle_starttag(self, tag, attrs):
        """Note what the tag refers to and what it can be referred to as."""
        attributes = dict(attrs)
        self.ids |= {attributes.get("id")}
        if tag == "img":
            self.images.append(attributes)
        for name in ("href", "src"):
            if attributes.get(name):
                self.links.append(attributes[name])
        if tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            self.links.append(attributes["content"].split("url=")[1])


@cache
def read_page(path: Path) -> Page:
    return Page(path)


def name_of(path: Path) -> str:
    return path.relative_to(HTML).as_posix()


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_internal_links_resolve(path):
    """Each link inside the book finds its file, and its anchor there."""
    broken = []
    for link in read_page(path).links:
        if re.match(r"[a-z]+:|//", link):
            continue
        target, anchor = urldefrag(link)
        file = (path.parent / unquote(target.split("?")[0])).resolve() if target else path
        file = file / "index.html" if file.is_dir() else file
        if not file.is_file():
            broken.append(link)
        elif anchor and file.suffix == ".html" and unquote(anchor) not in read_page(file).ids:
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_pictures_have_alternative_text(path):
    """A reader who cannot see a figure is told what it shows."""
    silent = [i.get("src") for i in read_page(path).images if not (i.get("alt") or "").strip()]
    assert not silent
    unnamed = [i["src"] for i in read_page(path).images if "_images/" in i["alt"]]
    assert not unnamed, "the alternative text is a file name"


def test_colab_links_open_tracked_notebooks():
    """Each page's Colab button and badge open its own source, which is in the repository."""
    done = subprocess.run(
        ["git", "ls-files", "notebooks"], cwd=ROOT, capture_output=True, text=True
    )
    tracked = set(done.stdout.split())
    if not tracked:
        pytest.skip("not a git checkout, or nothing is committed yet")
    seen = 0
    for path in PAGES:
        links = {x for x in read_page(path).links if "colab.research.google.com/" in x}
        if path.parent.name == "notebooks":
            own = f"notebooks/{path.stem}.ipynb"
            assert own in tracked
            assert links == {colab_url(own)}
            seen += 1
        else:
            assert links <= {colab_url(name) for name in tracked}, name_of(path)
    assert seen


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_page_needs_nothing_from_the_network(path):
    """Scripts, styles and pictures lie in the book itself; only links lead out."""
    text = path.read_text("utf8")
    assert not re.findall(r"""<(?:script|img|iframe)[^>]*\ssrc=["'](?:https?:)?//[^"']*""", text)
    assert not re.findall(r"""<link[^>]*\shref=["'](?:https?:)?//[^"']*""", text)


@cache
def api_entries() -> dict[str, str]:
    """The names of the reference and the page of each, from the inventory that Sphinx writes."""
    with (HTML / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", posixpath.join)
    kinds = [found for kind, found in inventory.items() if kind.startswith("py:")]
    return {name: entry[2] for found in kinds for name, entry in found.items()}


def test_tables_read_from_files_that_are_staged_at_every_preset():
    """What a page reads from a file stands in `book/`, which is staged whatever rows there are."""
    named = {
        (page.parent / name).resolve()
        for page in BOOK.rglob("*.md")
        for name in re.findall(r"^:file: (\S+)$", page.read_text("utf8"), re.MULTILINE)
    }
    assert named and all(path.is_file() and BOOK in path.parents for path in named)


@pytest.mark.parametrize("room", list_rooms())
def test_api_page_has_every_public_name(room):
    """The functions and classes of a room's modules, and their methods, stand on its page."""
    expected = set()
    for name in list_rooms()[room].modules:
        module = importlib.import_module(name)
        for value in vars(module).values():
            defined = getattr(value, "__module__", None) == module.__name__
            if not defined or not hasattr(value, "__qualname__") or value.__name__[0] == "_":
                continue
            expected.add(f"{module.__name__}.{value.__qualname__}")
            own = vars(value).items() if inspect.isclass(value) else ()
            expected |= {
                f"{module.__name__}.{value.__qualname__}.{method}"
                for method, kind in own
                if method[0] != "_" and (inspect.isfunction(kind) or isinstance(kind, property))
            }
    assert expected
    page = f"{page_of(room)}.html"
    missing = {name for name in expected if not api_entries().get(name, "").startswith(page)}
    assert not missing


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_nothing_is_marked_as_problematic(path):
    """No page shows markup that could not be read."""
    found = re.findall(r'class="[^"]*\b(?:problematic|system-message)\b', path.read_text("utf8"))
    assert not found


def test_book_tells_its_commit():
    """The footer says which version of the code the book was built from."""
    text = (HTML / "book/index.html").read_text("utf8")
    assert re.search(r"Built on \d{4}-\d\d-\d\d from ", text)
