"""Sphinx extension: a figure shows its narrow version on a phone, and under it what made it.

`tools/figure_notes.py` wrote what is said; a figure without a note is left as it is.
"""

import html
import json
import re
from pathlib import Path

from tools.figure_notes import MANY, NARROW, NOTES

FIGURE = re.compile(r'<figure\b[^>]*\bid="([^"]+)"[^>]*>.*?</figure>', re.DOTALL)
IMAGE = re.compile(
    r'(?:<a class="reference internal image-reference"[^>]*>)?(<img\b[^>]*>)(?:</a>)?'
)
ALT = re.compile(r'\balt="([^"]*)"')
PHONE = "(max-width: 40rem)"
DATA = "book/data"  # the page that describes the rows


def add_notes(app, pagename, templatename, context, doctree) -> None:
    """Edit the figures of a page."""

    def edit(match: re.Match) -> str:
        path = Path(app.srcdir, NOTES, f"{match[1]}.json")
        if not path.is_file():
            return match[0]
        note = json.loads(path.read_text("utf8"))
        link = context["pathto"]
        narrow = link(f"{NARROW}/{match[1]}.png", resource=True)
        figure = IMAGE.sub(lambda image: show(image[1], narrow, note["finding"]), match[0], count=1)
        said = f'<p class="figure-note">{tell(note, link(DATA))}</p></figcaption>'
        return figure.replace("</figcaption>", said)

    context["body"] = FIGURE.sub(edit, context.get("body") or "")


def show(image: str, narrow: str, finding: str) -> str:
    """Return a picture for both widths; who cannot see it is told the finding first."""
    told = html.escape(finding) + ". "
    image = ALT.sub(lambda alt: f'alt="{told}{alt[1]}"', image)
    return f'<picture><source media="{PHONE}" srcset="{narrow}" />{image}</picture>'


def tell(note: dict, data: str) -> str:
    """Return the rows that a figure shows, what they cost, and the command, in HTML."""
    command = f"<code>make run EXP={note['notebook']}</code>"
    if not note["rows"]:
        return f"Computed from nothing by {command}."
    files = note["rows"] if len(note["rows"]) <= MANY else {}
    costs = {file: f" ({cost} to compute)" if cost else "" for file, cost in files.items()}
    named = [f'<a href="{data}#{name_of(f)}">{f}</a>{cost}' for f, cost in costs.items()]
    rows = ", ".join(named) or f'<a href="{data}">all files</a>'
    return f"Rows: {rows}. The figure from them: {command}."


def name_of(file: str) -> str:
    """Return the name of a file's section on the page of the rows."""
    return file.replace("_", "-").replace(".", "-")


def setup(app) -> dict:
    """Connect it to the writing of a page."""
    app.connect("html-page-context", add_notes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
