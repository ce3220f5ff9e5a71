"""Markdown for the generated pages: prose as it stands in docstrings and comments, and tables."""

import re


def prose(text: str) -> str:
    """Return docstring prose as Markdown: one line per paragraph, `<` and `$` as themselves."""
    paragraphs = [" ".join(p.split()) for p in re.split(r"\n\s*\n", text.strip())]
    escaped = []
    for paragraph in paragraphs:
        pieces = re.split(r"(`+[^`]*`+)", paragraph)
        pieces[::2] = [_escape(piece) for piece in pieces[::2]]
        escaped.append("".join(pieces))
    return "\n\n".join(escaped)


def _escape(text: str) -> str:
    """Return text without code as Markdown; a quoted 'value' becomes code."""
    text = text.replace("<", "&lt;").replace("$", "\\$")
    return re.sub(r"(?<!\w)'(\w+)'(?!\w)", r"`'\1'`", text)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
