"""What the head of each page says to those who do not open it, and the page for lost readers."""

import re

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from tests.book.chromium import HTML, PAGES, Tab, each_page, needs_browser
from tools.paths import pages_url

pytestmark = needs_browser


def read_head(name: str) -> dict[str, str]:
    """The meta tags of a page."""
    soup = BeautifulSoup((HTML / name).read_text("utf8"), "html.parser")
    tags = soup.head.find_all("meta", content=True)
    return {tag.get("name") or tag.get("property"): tag["content"] for tag in tags}


@each_page
def test_head_describes_the_page(name):
    """A description, and title, text, address and picture for a link that is shared."""
    head = read_head(name)
    assert 15 < len(head["description"]) <= 302
    assert not re.search(r"[<>]|\n", head["description"])
    assert head["og:description"] == head["description"] and head["og:title"]
    assert head["og:url"] == pages_url() + name
    assert head["og:image"].startswith(pages_url())
    assert (HTML / head["og:image"].removeprefix(pages_url())).is_file()


def test_descriptions_differ():
    """They are taken from the pages; the first sentence of few is that of another."""
    said = [read_head(name)["description"] for name in PAGES]
    assert len(set(said)) > 0.9 * len(said)


def test_preview_is_a_picture_of_the_headline():
    """Large enough for what shows it, small enough to be fetched."""
    path = HTML / "_static/preview.png"
    image = Image.open(path)
    assert image.width >= 600 and path.stat().st_size < 300_000
    assert len(image.convert("RGB").getcolors(2**24)) > 20


@pytest.mark.parametrize("lost", ["404.html", "notebooks/no_such_page.html", "a/b/c.html"])
def test_lost_reader_finds_back(browser, address, lost):
    """Shown at any address, the page has its styles, and its links lead to the book."""
    tab = Tab(browser, address, "light")
    content = (HTML / "404.html").read_text("utf8")
    shown = {"body": content, "content_type": "text/html"}
    tab.page.route(address + lost, lambda route: route.fulfill(**shown))
    page = tab.open(lost)
    assert page.locator("article h1").inner_text().startswith("Page not found")
    links = page.evaluate("[...document.querySelectorAll('article a')].map(a => a.href)")
    assert {address + "book/index.html", address + "search.html"} <= set(links)
    assert page.evaluate("getComputedStyle(document.querySelector('article')).display") == "block"
    assert page.evaluate("document.fonts.size") > 0  # the icons of the theme's styles
    # Chromium looks ahead and asks for files before the script has said where they are
    assert [error for error in tab.errors if "Failed to load" not in error] == []
    tab.context.close()
