"""Markdown for the generated pages: prose as it stands in docstrings and comments, and tables."""

import re

from hsokv.boundary.text import markdown_prose, table_cell


def prose(text: str) -> str:
    """Return docstring prose as Markdown: one line per paragraph, everything but code as itself.

    A quoted 'value' becomes code.
    """
    paragraphs = [_quote(" ".join(p.split())) for p in re.split(r"\n\s*\n", text.strip())]
    return "\n\n".join(map(markdown_prose, paragraphs))


def _quote(paragraph: str) -> str:
    pieces = re.split(r"(`+[^`]*`+)", paragraph)
    pieces[::2] = [re.sub(r"(?<!\w)'(\w+)'(?!\w)", r"`'\1'`", piece) for piece in pieces[::2]]
    return "".join(pieces)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(table_cell(cell) for cell in line) + " |" for line in lines)
