"""The built book as axe-core judges it, and as those use it who hear it or have no mouse."""

import re
from pathlib import Path

import pytest

from tests.book.chromium import HTML, PAGES, each_page, needs_browser

pytestmark = needs_browser
FOLDED = re.compile(r"<summary[^>]*>(.*?)</summary>", re.DOTALL)
OPTIONS = "{resultTypes: ['violations'], preload: false}"
SERIOUS = """async options => (await axe.run(options)).violations
  .filter(v => ['serious', 'critical'].includes(v.impact))
  .map(v => `${v.id}: ${v.nodes.length}, ${v.nodes[0].html.slice(0, 200)}`)"""


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe-core."""
    module = pytest.importorskip("axe_playwright_python")
    return (Path(module.__file__).parent / "axe.min.js").read_text("utf8")


@pytest.mark.parametrize("setting", ["light", "dark", "phone"])
@each_page
def test_axe_finds_nothing_serious(tabs, axe, name, setting):
    """No violation that keeps somebody from reading the page."""
    page = tabs(setting).open(name)
    page.evaluate(axe)
    assert page.evaluate(f"() => ({SERIOUS})({OPTIONS})") == []


@each_page
def test_folds_have_names_of_their_own(name):
    """Heard without the page around it, each fold of code is told from the others."""
    names = [
        re.sub(r"<[^>]+>", " ", words)
        for words in FOLDED.findall((HTML / name).read_text("utf8"))
        if "Show code cell" in words
    ]
    assert len(names) == len(set(names))


def test_there_are_folds():
    """The pages have what is tested above."""
    assert sum("Show code cell" in (HTML / name).read_text("utf8") for name in PAGES) > 5


def test_buttons_have_names(tabs):
    """The buttons of the header say what they do, without their script, too."""
    text = (HTML / "notebooks/01_rare_words.html").read_text("utf8")
    for button in re.findall(r"<button[^>]*title=[^>]*>", text):
        assert re.search(r'aria-label="[^"]+"', button), button


def test_scroll_areas_are_reached_by_keyboard(tabs):
    """On a phone each wide table and formula is a stop of the tabulator."""
    page = tabs("phone").open("book/flows.html")
    page.wait_for_function("document.querySelector('.table-box[tabindex]')")
    silent = page.evaluate(
        "[...document.querySelectorAll('main article *')].filter(e => e.checkVisibility() &&"
        " e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1 &&"
        " ['auto', 'scroll'].includes(getComputedStyle(e).overflowX) && e.tabIndex < 0)"
        ".map(e => e.outerHTML.slice(0, 100))"
    )
    assert silent == []
