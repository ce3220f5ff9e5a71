"""Under each chapter's title stands what it teaches, what to read before, and how long it takes."""

import re

import pytest
import yaml
from bs4 import BeautifulSoup

from tests.book.chromium import HTML
from tools.paths import BOOK, ROOT, list_notebooks

CHAPTERS = yaml.safe_load((BOOK / "chapters.yaml").read_text("utf8"))


def test_every_chapter_is_named():
    """All notebooks but the summary; what is to be read before is a chapter, without a circle."""
    notebooks = {f"notebooks/{path.stem}" for path in list_notebooks()}
    assert notebooks - set(CHAPTERS) == {"notebooks/90_summary"}
    assert all((ROOT / f"{name}.md").is_file() for name in set(CHAPTERS) - notebooks)
    for name in CHAPTERS:
        seen = [name]
        while CHAPTERS[seen[-1]]["before"] != "nothing":
            seen.append(CHAPTERS[seen[-1]]["before"])
            assert seen.count(seen[-1]) == 1


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_head_stands_under_the_title(name):
    """With a link to what is to be read before, and minutes that fit the words of the page."""
    path = HTML / f"{name}.html"
    if not path.is_file():
        pytest.skip("the book is not built: make book")
    article = BeautifulSoup(path.read_text("utf8"), "html.parser").article
    head = article.find("h1").find_next_sibling()
    assert "chapter-head" in head["class"]
    assert head.get_text().startswith(f"You will learn {CHAPTERS[name]['learn'][:20]}")
    assert bool(head.find("a", class_=lambda c: c != "glossary-term")) or "nothing" in head.text
    minutes = int(re.search(r"About (\d+) minutes? of reading", head.get_text())[1])
    words = sum(len(p.get_text().split()) for p in article.find_all("p"))
    assert 1 <= minutes <= words / 100 + 1
