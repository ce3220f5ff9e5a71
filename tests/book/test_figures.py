"""Figures of the built book: two widths, the finding told to all, and what made them below."""

import json
import re

import pytest
from bs4 import BeautifulSoup

from tests.book.chromium import HTML, PAGES, needs_browser
from tools.figure_notes import NOTES

pytestmark = needs_browser
DRAWN = "book/flows.html"  # diagrams, which are as high as a phone


def find_figures(name: str) -> list:
    """The figures of a page that have a picture."""
    page = BeautifulSoup((HTML / name).read_text("utf8"), "html.parser")
    return [figure for figure in page.find_all("figure") if figure.img]


WITH_FIGURES = [name for name in PAGES if name != DRAWN and find_figures(name)]
each_page_with_figures = pytest.mark.parametrize("name", WITH_FIGURES)


def test_there_are_figures():
    """Those of notebooks, of the front page and of the issues among them."""
    assert {"book/index.html", "book/issues/4_1.html", "notebooks/04_attribution.html"} <= set(
        WITH_FIGURES
    )


@each_page_with_figures
def test_figure_has_a_narrow_version_and_its_rows(name):
    """Links under a figure lead to the section of its rows; the command names a notebook."""
    folder = (HTML / name).parent
    for figure in find_figures(name):
        picture = figure.picture
        assert picture, f"{figure.get('id')}: draw it by a function that is for_screens"
        assert (folder / picture.source["srcset"]).is_file()
        note = figure.find(class_="figure-note")
        for link in note.find_all("a"):
            page, _, section = link["href"].partition("#")
            text = (folder / page).resolve().read_text("utf8")
            assert not section or f'id="{section}"' in text
        notebook = re.search(r"make run EXP=(\w+)", note.get_text())[1]
        assert f"notebooks/{notebook}.html" in PAGES


@each_page_with_figures
def test_alternative_text_begins_with_the_finding(name):
    """Who cannot see the figure is told what its title says, and then how it is drawn."""
    for figure in find_figures(name):
        note = json.loads(
            (HTML.parent / "stage" / NOTES / f"{figure['id']}.json").read_text("utf8")
        )
        drawn = figure.img["alt"].removeprefix(f"{note['finding']}. ")
        assert note["finding"] and drawn and drawn != figure.img["alt"], figure["id"]


@pytest.mark.parametrize("name", [*WITH_FIGURES, DRAWN])
def test_pictures_of_a_page_are_light(name):
    """All of them together, also those that a reader scrolls to: at most 0.8 MB."""
    paths = [(HTML / name).parent / figure.img["src"] for figure in find_figures(name)]
    assert sum(path.stat().st_size for path in paths) <= 800_000


def test_phone_shows_the_narrow_version(tabs):
    """Each figure fits a phone without scrolling; a desktop shows the wide one."""
    for setting, narrow in (("phone", True), ("light", False)):
        page = tabs(setting).open("notebooks/03_the_issues.html")
        page.evaluate("document.querySelector('figure img').scrollIntoView()")
        page.wait_for_function("document.querySelector('figure img').complete")
        shown = page.evaluate("document.querySelector('figure img').currentSrc")
        assert ("narrow" in shown) == narrow
        fits = "e => e.scrollWidth <= e.clientWidth + 1"
        assert page.eval_on_selector("figure", fits)
