"""Sphinx extension: every table of a page stands in a box of its own and says what heads what.

The box scrolls where the table is wider than the page, with the keyboard too. Tables come from
Markdown, from generated pages and from the outputs of notebooks; here all are HTML and alike.
"""

import html
import re
from collections import Counter

from bs4 import BeautifulSoup

LONG = 15  # rows; longer tables can be sorted, see _static/sort_tables.js
HEADING = re.compile(r"<h[1-6][^>]*>(.*?)</h[1-6]>", re.DOTALL)
INTERVAL = re.compile(r"\[([-+−\d.]+), ([-+−\d.]+)\]")
BREAK = re.compile(r"(?<=\w[_/])(?=\w)")
STYLED = r"<style[^>]*>\s*#T_\w+ [^<]*</style>\s*"  # pandas' rules, of one line per cell
TABLE = re.compile(rf"(?:{STYLED})?(<table\b.*?</table>)", re.DOTALL)


def box_tables(app, pagename, templatename, context, doctree) -> None:
    """Edit the tables of a page; what stands around them is left as it is."""
    body = context.get("body") or ""
    numbers = Counter()

    def box(match: re.Match) -> str:
        table = BeautifulSoup(match[1], "html.parser").table
        strip_styles(table)
        set_scopes(table)
        join_intervals(table)
        break_names(table)
        section = find_heading(body[: match.start()]) or context.get("title", pagename)
        numbers[section] += 1
        label = f"{section}, table {numbers[section]}"
        kinds = "table-box sortable" if is_sortable(table) else "table-box"
        label = html.escape(label)
        return f'<div class="{kinds}" role="region" tabindex="0" aria-label="{label}">{table}</div>'

    context["body"] = TABLE.sub(box, body)


def find_heading(before: str) -> str:
    """Return the words of the last heading in a piece of HTML."""
    found = HEADING.findall(before)
    return (
        html.unescape(re.sub(r"<a class=\"headerlink.*?</a>|<[^>]+>", "", found[-1]))
        if found
        else ""
    )


def strip_styles(table) -> None:
    """Take from the cells of pandas' tables the names that only pandas' own style rules used."""
    if not table.get("id", "").startswith("T_"):
        return
    del table["id"]
    table["class"] = ["words"]
    for cell in table.find_all(["th", "td"]):
        del cell["id"], cell["class"]


def set_scopes(table) -> None:
    """Say of each heading what it heads; the first cell of a row is the heading of the row."""
    if table.thead is None:
        return
    for cell in table.thead.find_all(["th", "td"]):
        if cell.get_text(strip=True):
            cell.name = "th"
            cell["scope"] = "colgroup" if int(cell.get("colspan", 1)) > 1 else "col"
        else:
            cell.name = "td"
    for row in (row for body in table.find_all("tbody") for row in body.find_all("tr")):
        first, *others = row.find_all(["th", "td"])
        if others and first.get_text(strip=True):
            first.name = "th"
        for cell in row.find_all("th"):
            cell["scope"] = "rowgroup" if int(cell.get("rowspan", 1)) > 1 else "row"


def join_intervals(table) -> None:
    """Keep the two ends of an interval on one line."""
    for text in table.find_all(string=INTERVAL):
        text.replace_with(INTERVAL.sub("[\\1,\u00a0\\2]", text))


def break_names(table) -> None:
    """Let names and addresses go on in the next line behind an underscore or a slash."""
    for text in table.find_all(string=BREAK):
        *parts, last = BREAK.split(text)
        for part in parts:
            text.insert_before(part, BeautifulSoup("<wbr/>", "html.parser").wbr)
        text.replace_with(last)


def is_sortable(table) -> bool:
    """Return whether a table is long and each of its rows a row of its own."""
    rows = [row for body in table.find_all("tbody") for row in body.find_all("tr")]
    heads = table.thead.find_all("tr") if table.thead else []
    merged = table.find(lambda cell: cell.has_attr("rowspan") or cell.has_attr("colspan"))
    return len(rows) > LONG and len(heads) == 1 and not merged


def setup(app) -> dict:
    """Connect it to the writing of a page."""
    app.connect("html-page-context", box_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
