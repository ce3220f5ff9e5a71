"""Sphinx extension: what of the package autodoc shows, and how, where its own rules do not fit."""

import re

from docutils import nodes
from sphinx import addnodes

LINES = re.compile(r'<dl>\s*((?:<dd><em class="sig-param">.*?</dd>\s*)+)</dl>', re.DOTALL)
QUOTED = re.compile(r"`[^`]*`|(?<!\w)('\w+')(?!\w)")  # code, which is left alone, or a 'value'


def skip_generated(app, what, name, obj, skip, options) -> bool | None:
    """Leave out methods that scikit-learn makes and fields of tuples, which the tuple explains."""
    is_field = (getattr(obj, "__doc__", None) or "").startswith("Alias for field number")
    return True if is_field or re.fullmatch(r"set_\w+_request", name) else None


def shorten_signature(app, what, name, obj, options, signature, result) -> tuple | None:
    """Show the fields of `FlowConfig` as one; the page of flows lists them."""
    return ("(**switches)", result) if name.endswith(".FlowConfig") else None


def edit_docstring(app, what, name, obj, options, lines) -> None:
    """Write a quoted 'value' as code, and link `FlowConfig` to the list of its fields."""
    lines[:] = [QUOTED.sub(lambda m: f"`{m[1]}`" if m[1] else m[0], line) for line in lines]
    if name.endswith(".FlowConfig"):
        lines[2:2] = ["The page of flows lists :ref:`every switch with its reason <switches>`.", ""]


def ease_search(app, doctree, docname) -> None:
    """Keep anchors with a dot from the search, which looks in vain for the text at them.

    A section's first anchor counts, and the names of an index do, which the theme does not show.
    """
    for node in list(doctree.findall(addnodes.index)):
        node.parent.remove(node)
    for section in doctree.findall(nodes.section):
        section["ids"].sort(key=lambda anchor: "." in anchor)


def write_lines(app, pagename, templatename, context, doctree) -> None:
    """Write the arguments of a long signature as lines: a list of terms without terms is none."""

    def write(match: re.Match) -> str:
        lines = match[1].replace("<dd>", '<div class="sig-line">').replace("</dd>", "</div>")
        return f"<div>{lines}</div>"

    context["body"] = LINES.sub(write, context.get("body") or "")


def setup(app) -> dict:
    """Connect them to the events of autodoc and of the build."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-skip-member", skip_generated)
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("autodoc-process-docstring", edit_docstring)
    app.connect("doctree-resolved", ease_search)
    app.connect("html-page-context", write_lines)
    return {"parallel_read_safe": True}
