"""A page on paper: the text with its figures and tables, in dark ink, without what is clicked."""

import pytest

from tests.book.chromium import SETTINGS, Tab, needs_browser

pytestmark = needs_browser
PRINTED = ["notebooks/07_conversations.html", "book/claims.html", "book/flows.html"]
CLICKED = ".bd-sidebar-primary, .bd-sidebar-secondary, .cell_input, .copybtn, .headerlink, summary"
BRIGHT = """() => [...document.querySelectorAll('article :is(p, th, td, h1, h2, li, a)')]
  .filter(e => e.checkVisibility() && e.textContent.trim())
  .filter(e => Math.max(...getComputedStyle(e).color.match(/[\\d.]+/g).slice(0, 3)) > 130)
  .map(e => e.outerHTML.slice(0, 100))"""


@pytest.fixture(scope="module", params=["light", "dark"])
def paper(request, browser, address):
    """A tab that shows pages as they are printed on A4, from either theme."""
    assert request.param in SETTINGS
    tab = Tab(browser, address, request.param)
    tab.page.set_viewport_size({"width": 718, "height": 1000})
    tab.page.emulate_media(media="print")
    yield tab
    tab.context.close()


@pytest.mark.parametrize("name", PRINTED)
def test_what_is_clicked_is_not_printed(paper, name):
    """No sidebar, no code, no fold of code."""
    page = paper.open(name)
    shown = page.evaluate(
        "names => [...document.querySelectorAll(names)].filter(e => e.checkVisibility())"
        ".filter(e => e.tagName !== 'SUMMARY' || e.textContent.includes('code cell'))"
        ".map(e => e.outerHTML.slice(0, 100))",
        CLICKED,
    )
    assert shown == []


@pytest.mark.parametrize("name", PRINTED)
def test_ink_is_dark(paper, name):
    """Printers leave backgrounds out, so the text of a dark page is printed as that of a light."""
    assert paper.open(name).evaluate(BRIGHT) == []


@pytest.mark.parametrize("name", PRINTED)
def test_tables_are_not_cut(paper, name):
    """Nothing can be scrolled on paper: each table is as wide as the page at most."""
    page = paper.open(name)
    wide = page.evaluate(
        "[...document.querySelectorAll('.table-box > table')].filter(e => e.checkVisibility())"
        ".filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
        ".map(e => e.parentElement.ariaLabel)"
    )
    assert wide == []


def test_links_say_where_they_lead(paper):
    """The address of a link to another site stands behind it."""
    page = paper.open("book/reproduce.html")
    link = page.locator("article a.external").first
    said = link.evaluate("e => getComputedStyle(e, '::after').content")
    assert link.get_attribute("href") in said
