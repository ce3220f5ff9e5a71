"""The front page as built: short findings, numbers with their intervals, terms that explain."""

import re

import pytest
from bs4 import BeautifulSoup

from tests.book.chromium import HTML

PAGE = HTML / "book/index.html"
pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="the book is not built: make book")


@pytest.fixture(scope="module")
def page():
    """The article of the front page."""
    return BeautifulSoup(PAGE.read_text("utf8"), "html.parser").find("article")


def test_findings_are_short(page):
    """Three of at most twenty words, each number a link to the page of its rows."""
    findings = page.find("section", id="three-findings").find("ol").find_all("li")
    assert len(findings) == 3
    for finding in findings:
        assert len(finding.get_text(" ").split()) <= 24  # numbers with their units are two
        links = finding.find_all("a")
        assert len(links) >= 2 and all("/notebooks/" in link["href"] for link in links)


def test_numbers_keep_their_intervals(page):
    """Brackets are no part of the text; they stand in the titles of the links."""
    numbers = [link for link in page.find_all("a") if link.get("title", "").startswith("95 %")]
    assert len(numbers) >= 10
    for link in numbers:
        assert re.fullmatch(r"95 % interval \[\S+, \S+\], n = \d+", link["title"]), link["title"]
        assert re.fullmatch(r"[+-]?[\d.]+ (%|points)", link.get_text())


@pytest.mark.parametrize("name", ["book/index", "book/why", "notebooks/01_rare_words"])
def test_the_first_mention_explains(name):
    """A term leads once to the glossary, with its meaning; never from a title."""
    article = BeautifulSoup((HTML / f"{name}.html").read_text("utf8"), "html.parser").article
    links = article.find_all("a", class_="glossary-term")
    targets = [link["href"].split("#")[1] for link in links]
    assert len(links) >= 5 and len(set(targets)) == len(targets)
    assert all(link["title"].endswith(".") for link in links)
    assert not [link for link in links if link.find_parent(re.compile("h[1-6]"))]
    glossary = (HTML / "book/glossary.html").read_text("utf8")
    assert all(f'id="{target}"' in glossary for target in targets)
