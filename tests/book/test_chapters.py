"""Chapters say what they teach and what Colab makes of them, and begin with text, not with code."""

import re

import pytest
import yaml
from bs4 import BeautifulSoup

from tests.book.chromium import HTML
from tools.paths import BOOK, ROOT, colab_url, list_notebooks, repository

CHAPTERS = yaml.safe_load((BOOK / "chapters.yaml").read_text("utf8"))


def read_article(name: str):
    """The text of a built page, without what the theme puts around it."""
    path = HTML / f"{name}.html"
    if not path.is_file():
        pytest.skip("the book is not built: make book")
    return BeautifulSoup(path.read_text("utf8"), "html.parser").article


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
    article = read_article(name)
    head = article.find("h1").find_next_sibling()
    assert "chapter-head" in head["class"]
    assert head.get_text().startswith(f"You will learn {CHAPTERS[name]['learn'][:20]}")
    assert bool(head.find("a", class_=lambda c: c != "glossary-term")) or "nothing" in head.text
    minutes = int(re.search(r"About (\d+) minutes? of reading", head.get_text())[1])
    words = sum(len(p.get_text().split()) for p in article.find_all("p"))
    assert 1 <= minutes <= words / 100 + 1


@pytest.mark.parametrize("path", list_notebooks(), ids=lambda path: path.stem)
def test_the_head_says_what_colab_runs(path):
    """Under the button: other numbers, or none, and where those of the page come from."""
    article = read_article(f"notebooks/{path.stem}")
    button, note = article.find_all("p", class_="colab")
    assert button.a["href"] == colab_url(f"notebooks/{path.name}")
    assert ("quick_test" in note.text) != ("begins without them" in note.text)
    assert ("quick_test" in note.text) == (path.stem not in list_readers())
    advice, file = (link["href"] for link in note.find_all("a"))
    assert advice == "../book/reproduce.html#colab"
    assert (ROOT / file.partition(f"/blob/{repository()[1]}/")[2]).is_file() and path.stem in file


def list_readers():
    """Notebooks that compute nothing, as the advice names them."""
    advice = (BOOK / "reproduce.md").read_text("utf8").split("(colab)=")[1].split("\n## ")[1]
    return re.findall(r"`(\d\d_\w+)`", advice)


@pytest.mark.parametrize("path", list_notebooks(), ids=lambda path: path.stem)
def test_a_page_begins_with_one_fold(path):
    """Set-up, parameters and imports are one, and later folds are of another name."""
    article = read_article(f"notebooks/{path.stem}")
    first, *others = article.select(".cell:has(.cell_input)")
    assert first.select_one(".collapsed").get_text().startswith("Show set-up and parameters")
    assert "import hsokv" in first.select_one("pre").get_text()
    assert not [cell for cell in others if "Show set-up" in cell.get_text()]
    assert not re.search(r"^# Parameters$", article.get_text(), re.MULTILINE)
