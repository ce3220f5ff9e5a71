"""A page on paper: the text with its figures and tables, in dark ink, without what is clicked."""

import unicodedata

import pytest

from tests.book.chromium import SETTINGS, Tab, needs_browser

pytestmark = needs_browser
PRINTED = [
    "book/index.html",
    "notebooks/01_rare_words.html",
    "notebooks/03_the_issues.html",
    "notebooks/07_conversations.html",
    "book/claims.html",
    "book/flows.html",
    "book/explore.html",
    "book/api/flows.html",
]
PAPER = {"width": 680, "height": 1009}  # of A4 within margins of 15 millimetres
CLICKED = (
    ".bd-sidebar-primary, .bd-sidebar-secondary, .bd-header-article, .cell_input, .headerlink, "
    ".cell summary, .colab, button:not(.sort-button), select, textarea, input"
)
BRIGHT = """() => [...document.querySelectorAll('article :is(p, th, td, h1, h2, li, a)')]
  .filter(e => e.checkVisibility() && e.textContent.trim())
  .filter(e => Math.max(...getComputedStyle(e).color.match(/[\\d.]+/g).slice(0, 3)) > 130)
  .map(e => e.outerHTML.slice(0, 100))"""


@pytest.fixture(scope="module", params=["light", "dark"])
def paper(request, browser, address):
    """A tab that shows pages as they are printed on A4, from either theme."""
    assert request.param in SETTINGS
    tab = Tab(browser, address, request.param)
    tab.page.set_viewport_size(PAPER)
    tab.page.emulate_media(media="print")
    yield tab
    tab.context.close()


@pytest.mark.parametrize("name", PRINTED)
def test_what_is_clicked_is_not_printed(paper, name):
    """No sidebar, no code, no fold of code."""
    page = paper.open(name)
    shown = page.evaluate(
        "names => [...document.querySelectorAll(names)].filter(e => e.checkVisibility())"
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


@pytest.mark.parametrize("name", PRINTED)
def test_the_page_has_its_title(paper, name):
    """The theme prints a title page in its place, which the book does without."""
    shown = paper.open(name).evaluate(
        "[...document.querySelectorAll('h1')].filter(e => e.checkVisibility()).length"
    )
    assert shown == 1


@pytest.mark.parametrize("name", PRINTED)
def test_words_are_not_broken_into_letters(paper, name):
    """A narrow column has room for a few letters."""
    page = paper.open(name)
    narrow = page.evaluate(
        "[...document.querySelectorAll('.table-box > table :is(td, th)')]"
        ".filter(e => e.checkVisibility() && e.getBoundingClientRect().width < 36)"
        ".map(e => e.outerHTML.slice(0, 100))"
    )
    assert narrow == []


@pytest.mark.parametrize("name", PRINTED)
def test_figures_fit_a_sheet_and_tables_go_on_behind_it(paper, name):
    """A figure stays in one piece; what scrolls on a screen would, too, and cut what is longer."""
    page = paper.open(name)
    wrong = page.evaluate(
        """height => [...document.querySelectorAll('article figure, article .table-box')]
        .filter(e => e.checkVisibility()).filter(e => {
          if (e.tagName === 'FIGURE')
            return e.getBoundingClientRect().height > height
              || getComputedStyle(e).breakInside !== 'avoid';
          for (let box = e; box.tagName !== 'ARTICLE'; box = box.parentElement)
            if (!['visible', 'clip'].includes(getComputedStyle(box).overflowX)) return true;
          return getComputedStyle(e.querySelector('table')).breakInside !== 'auto';
        }).map(e => e.outerHTML.slice(0, 100))""",
        PAPER["height"],
    )
    assert wrong == []


def test_a_table_repeats_its_head_on_every_sheet(browser, address, tmp_path):
    """Also one whose heads are buttons on a screen."""
    pypdf = pytest.importorskip("pypdf")
    tab = Tab(browser, address, "dark")
    page, sheets = tab.open("book/flows.html"), []
    heads = page.locator("table:has(.sort-button)").first.locator("thead th").all_inner_texts()
    page.pdf(path=tmp_path / "flows.pdf", format="A4")
    for sheet in pypdf.PdfReader(tmp_path / "flows.pdf").pages[:4]:
        text = unicodedata.normalize("NFKC", sheet.extract_text())  # fl may be one character
        sheets.append([head for head in heads if head.strip() in text])
    tab.context.close()
    assert len(heads) > 4 and sheets.count(heads) >= 3


def test_links_say_where_they_lead(paper):
    """The address of a link to another site stands behind it."""
    page = paper.open("book/reproduce.html")
    link = page.locator("article a.external").first
    said = link.evaluate("e => getComputedStyle(e, '::after').content")
    assert link.get_attribute("href") in said
