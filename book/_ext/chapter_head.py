"""Sphinx extension: under a chapter's title stands what it teaches, what to read before, how long.

What is said stands in `book/chapters.yaml`; the time is that of reading the words of the page.
"""

from functools import cache

from docutils import nodes

from hsokv.boundary.yaml_file import read_yaml
from tools.paths import BOOK

WORDS_A_MINUTE = 200
NOTHING = "nothing"


@cache
def read_chapters() -> dict[str, dict[str, str]]:
    """Return what is said of each chapter."""
    return read_yaml(BOOK / "chapters.yaml")


def add_head(app, doctree, docname: str) -> None:
    """Insert the lines after the title of a chapter."""
    chapter = read_chapters().get(docname)
    title = next(iter(doctree.findall(nodes.title)), None)
    if chapter is None or title is None:
        return
    words = sum(len(p.astext().split()) for p in doctree.findall(nodes.paragraph))
    minutes = max(1, round(words / WORDS_A_MINUTE))
    head = nodes.paragraph("", "", classes=["chapter-head"])
    head += nodes.strong("", "You will learn ")
    head += nodes.Text(f"{chapter['learn']}. ")
    head += nodes.strong("", "Read before: ")
    head += _before(app, docname, chapter["before"])
    head += nodes.Text(f". About {minutes} minute{'s' * (minutes > 1)} of reading.")
    title.parent.insert(title.parent.index(title) + 1, head)


def _before(app, docname: str, before: str) -> nodes.Node:
    if before == NOTHING:
        return nodes.Text(NOTHING)
    address = app.builder.get_relative_uri(docname, before)
    return nodes.reference("", app.env.titles[before].astext(), refuri=address, internal=True)


def setup(app) -> dict:
    """Register with Sphinx, before terms are linked."""
    app.connect("doctree-resolved", add_head, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
