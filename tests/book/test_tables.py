"""Tables of the built book: in boxes that scroll, with headings that say what they head."""

import re

import pytest
from bs4 import BeautifulSoup

from tests.book.chromium import HTML, PAGES, needs_browser

WITH_TABLES = [name for name in PAGES if "<table" in (HTML / name).read_text("utf8")]
pytestmark = needs_browser
each_page_with_tables = pytest.mark.parametrize("name", WITH_TABLES)
SORTED = "notebooks/90_summary.html"
COLUMN = """(table, column) =>
  [...table.tBodies[0].rows].map(row => row.cells[column].textContent.trim())"""
# Tables whose right edge cannot be scrolled to.
CLIPPED = """() => [...document.querySelectorAll('.table-box')].filter(box => {
  const table = box.querySelector('table'), caption = box.querySelector('caption');
  const parts = [table, caption, ...table.rows].filter(Boolean);
  const right = Math.max(...parts.map(e => e.scrollWidth));
  return right > box.scrollWidth + 1 || box.getBoundingClientRect().right > innerWidth ||
    (box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== 'auto');
}).map(box => box.ariaLabel)"""

# Words that stick out of their cell, over the next one.
OVERLAPS = """() => [...document.querySelectorAll('.table-box :is(td, th)')].flatMap(cell => {
  const edge = cell.getBoundingClientRect().right, range = document.createRange();
  range.selectNodeContents(cell);
  const over = [...range.getClientRects()].some(box => box.width && box.right > edge + 1);
  return over ? [cell.textContent.trim().slice(0, 60)] : [];
})"""


def read_tables(name: str) -> list:
    """The tables of a page."""
    return BeautifulSoup((HTML / name).read_text("utf8"), "html.parser").find_all("table")


def test_there_are_tables():
    """Those of Markdown, of notebooks and of generated pages among them."""
    assert {"book/reproduce.html", "book/claims.html", "notebooks/90_summary.html"} <= set(
        WITH_TABLES
    )


@each_page_with_tables
def test_table_stands_in_a_box_with_a_name(name):
    """A screen reader announces each as a place of its own."""
    boxes = [table.parent for table in read_tables(name)]
    for box in boxes:
        assert "table-box" in box["class"] and box["role"] == "region" and box["tabindex"] == "0"
    labels = [box["aria-label"] for box in boxes]
    assert all(labels) and len(labels) == len(set(labels))


@each_page_with_tables
def test_headings_say_what_they_head(name):
    """Columns and rows are named by a heading with its scope, and pandas' own names are gone."""
    for table in read_tables(name):
        heads = table.thead.find_all("th") if table.thead else []
        assert all(cell["scope"] in ("col", "colgroup") for cell in heads)
        rows = [cell for body in table.find_all("tbody") for cell in body.find_all("th")]
        assert all(cell["scope"] in ("row", "rowgroup") for cell in rows)
        if heads and len(table.find("tr").find_all(["th", "td"])) > 1:
            assert rows
        assert not table.find(id=re.compile("^T_"))


@each_page_with_tables
@pytest.mark.parametrize("setting", ["light", "phone"])
def test_no_table_is_clipped(tabs, name, setting):
    """At 1280 and at 390 pixels every column can be seen or scrolled to."""
    assert tabs(setting).open(name).evaluate(CLIPPED) == []


@each_page_with_tables
@pytest.mark.parametrize("setting", ["light", "phone"])
def test_no_word_sticks_out_of_its_cell(tabs, name, setting):
    """What stands in a cell is not written over the next one."""
    assert tabs(setting).open(name).evaluate(OVERLAPS) == []


def test_long_table_is_sorted_with_the_keyboard(tabs):
    """A heading sorts by the numbers that the cells begin with, up, then down; dashes stay last."""
    page = tabs("light").open(SORTED)
    table = page.locator(".sortable > table").first
    handle = table.element_handle()
    before = page.evaluate("table => table.tBodies[0].textContent", handle)
    column = next(
        i
        for i in range(1, 9)
        if any("%" in cell for cell in handle.evaluate(f"table => ({COLUMN})(table, {i})"))
    )
    heading = table.locator("thead th").nth(column)
    heading.locator("button").focus()
    for direction in ("ascending", "descending"):
        page.keyboard.press("Enter")
        assert heading.get_attribute("aria-sort") == direction
        cells = handle.evaluate(f"table => ({COLUMN})(table, {column})")
        numbers = [float(c.split()[0].replace("−", "-")) for c in cells if re.match(r"[-+−\d]", c)]
        assert numbers == sorted(numbers, reverse=direction == "descending") and numbers
        assert all(cell in "–-—" for cell in cells[len(numbers) :])
    page.keyboard.press("Enter")
    after = page.evaluate("table => table.tBodies[0].textContent", handle)
    assert sorted(before) == sorted(after)
    assert table.locator("[aria-sort]").count() == 1


def test_only_long_tables_are_sorted():
    """Tables of up to fifteen rows are read as they stand."""
    seen = 0
    for name in WITH_TABLES:
        for table in read_tables(name):
            rows = [row for body in table.find_all("tbody") for row in body.find_all("tr")]
            assert "sortable" not in table.parent["class"] or len(rows) > 15
            seen += "sortable" in table.parent["class"]
    assert seen


def test_the_script_is_small():
    """Sorting takes less than 5 kB."""
    assert (HTML / "_static/sort_tables.js").stat().st_size < 5000
