"""The extensions of Sphinx on pages of a few words, without a built book."""

import importlib.util
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from tools.paths import BOOK

APP = SimpleNamespace(config=SimpleNamespace(pages_url="https://me.github.io/x/", html_title="X"))


def load(name: str):
    """The extension of a name."""
    spec = importlib.util.spec_from_file_location(name, BOOK / f"_ext/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tables, page_head, page_names = map(load, ("tables", "page_head", "page_names"))


def edit(edit_page, **context) -> dict:
    """The context of a page after an extension has seen it."""
    edit_page(APP, "a", "page.html", context, None)
    return context


def rows(n: int, cell: str = "<td>1</td>") -> str:
    """The HTML of a table with n rows."""
    head = "<thead><tr><th></th><th>b</th></tr></thead>"
    body = "".join(f"<tr><td>r{i}</td>{cell}</tr>" for i in range(n))
    return f"<table>{head}<tbody>{body}</tbody></table>"


def test_table_is_boxed_and_the_rest_left_alone():
    """Labels come from the heading above and count; markup around the tables keeps its bytes."""
    around = "<h2>On A &amp; B<a class=\"headerlink\" href='#x'>#</a></h2><p >x<br></p>"
    body = edit(tables.box_tables, body=around + rows(2) + rows(1), title="T")["body"]
    assert body.startswith(around)
    boxes = BeautifulSoup(body, "html.parser").select(".table-box")
    assert [box["aria-label"] for box in boxes] == ["On A & B, table 1", "On A & B, table 2"]
    first = boxes[0].table
    assert first.thead.th["scope"] == "col" and first.thead.td.text == ""
    assert [th["scope"] for th in first.tbody.find_all("th")] == ["row", "row"]
    assert [th.text for th in first.tbody.find_all("th")] == ["r0", "r1"]


def test_names_of_pandas_are_taken_out():
    """The rules that they are for go with them; a page's own style stays."""
    style = "<style>\n#T_1_row0_col0 {\n  white-space: normal;\n}\n</style>\n"
    cell = '<td id="T_1_row0_col0" class="data">x</td>'
    table = f'<table id="T_1"><tbody><tr>{cell}</tr></tbody></table>'
    body = edit(tables.box_tables, body="<style>p {}</style>" + style + table)["body"]
    assert "T_1" not in body and "<style>p {}</style>" in body and ">x</td>" in body


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (rows(15), False),
        (rows(16), True),
        (rows(16, '<td rowspan="1">1</td>'), False),
        ("<table><tbody>" + "<tr><td>1</td></tr>" * 20 + "</tbody></table>", False),
    ],
)
def test_what_is_sortable(html, expected):
    """Long tables with a heading, whose cells belong to one row each."""
    assert tables.is_sortable(BeautifulSoup(html, "html.parser").table) is expected


def test_intervals_stay_on_one_line():
    """Other commas may break."""
    html = rows(1, "<td>12.3 % [−1.0, +2.5], n = 3, or [a, b]</td>")
    body = edit(tables.box_tables, body=html)["body"]
    assert "12.3 % [−1.0,\u00a0+2.5], n = 3, or [a, b]" in body


FIRST = "<p></p><p>Which <b>parts</b> of a learner &amp; co help it learn? More.</p>"
SHORT = '<p class="admonition-title">Answer</p><p>Short. But what follows makes it long enough.</p>'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (FIRST, "Which parts of a learner & co help it learn?"),
        (SHORT, "Short. But what follows makes it long enough."),
        ("<h1>T</h1>", ""),
    ],
)
def test_first_sentence_describes_the_page(body, expected):
    """Markup goes, titles of boxes do not count, and a short sentence takes the next along."""
    assert page_head.describe(body) == expected


def test_long_sentence_is_cut_at_a_word():
    """Descriptions are cut by those who show them; this is done at a word's end."""
    text = page_head.describe("<p>" + "word " * 100 + "</p>")
    assert len(text) <= page_head.LONGEST + 2 and text.endswith("word …")


def test_head_escapes_what_it_says():
    """Quotes of a page do not end an attribute."""
    said = '<p>He said "no" to it all, and that was that.</p>'
    tags = edit(page_head.add_head, body=said, title="T")
    assert 'content="He said &quot;no&quot; to it all' in tags["metatags"]
    assert "https://me.github.io/x/a.html" in tags["metatags"] and "<base" not in tags["metatags"]


def test_folds_are_numbered():
    """In the order of the page."""
    fold = (
        '<summary aria-label="Toggle hidden content">'
        '<p class="collapsed admonition-title">Show</p>'
        '<p class="expanded admonition-title">Hide</p></summary>'
    )
    body = edit(page_names.name_folds, body=fold * 2)["body"]
    assert body.count("Show<span") == 2 and "aria-label" not in body
    assert body.count(", number 1 on this page") == body.count(", number 2 on this page") == 2
