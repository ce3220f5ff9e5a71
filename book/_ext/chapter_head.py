"""Sphinx extension: what stands at the head of a chapter.

Under its title: what it teaches, what to read before, how long it takes. That stands in
`book/chapters.yaml`; the time is that of reading the words of the page. Under the button that opens
a notebook in Colab: whether the numbers there are those of the page.
"""

import re
from functools import cache
from pathlib import PurePosixPath

from docutils import nodes

from hsokv.boundary.yaml_file import read_yaml
from tools.closure import read_cells
from tools.paths import BOOK, NOTEBOOKS, repository

WORDS_A_MINUTE = 200
NOTHING = "nothing"
COLAB, HOW = "colab.research.google.com", "colab"  # in the button's address; anchor of the advice
ADVICE = "book/reproduce"
READS = re.compile(r"\bEXPERIMENT\.read\(|\bRows\(\)")


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


def add_note(app, doctree, docname: str) -> None:
    """Insert a note under the button that opens a notebook in Colab."""
    if not docname.startswith("notebooks/"):
        return
    [button] = {n.parent for n in doctree.findall(nodes.reference) if COLAB in n.get("refuri", "")}
    button["classes"].append("colab")
    button.parent.insert(button.parent.index(button) + 1, _note(app, docname))


def _note(app, docname: str) -> nodes.paragraph:
    name = PurePosixPath(docname).name
    address = app.builder.get_relative_uri(docname, ADVICE) + f"#{HOW}"
    url, branch = repository()
    file = f"params/research/{name}.yml"
    note = nodes.paragraph("", "", classes=["colab"])
    if computes(name):
        note += nodes.Text("Colab runs this page with the small parameters of ")
        note += nodes.literal("", "quick_test")
        note += nodes.Text(", so its numbers differ from those here. ")
    else:
        note += nodes.Text("This page shows rows that are stored, and Colab begins without them. ")
    note += nodes.reference(
        "", "How to get the numbers of this page", refuri=address, internal=True
    )
    note += nodes.Text(", whose parameters are ")
    note += nodes.reference("", "", nodes.literal("", file), refuri=f"{url}/blob/{branch}/{file}")
    note += nodes.Text(".")
    return note


def computes(name: str) -> bool:
    """Return whether a notebook makes what it shows, or only reads the rows that others stored."""
    sources = [cell["source"] for cell in read_cells(NOTEBOOKS / f"{name}.ipynb")]
    return not any(READS.search(s) for s in sources) or any("EXPERIMENT.run(" in s for s in sources)


def setup(app) -> dict:
    """Register with Sphinx, before terms are linked."""
    app.connect("doctree-resolved", add_head, priority=400)
    app.connect("doctree-resolved", add_note, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
