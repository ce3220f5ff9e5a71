"""Sphinx extension: what of the package autodoc shows, and how, where its own rules do not fit."""

import re

QUOTED = re.compile(r"`[^`]*`|(?<!\w)('\w+')(?!\w)")  # code, which is left alone, or a 'value'


def skip_generated(app, what, name, obj, skip, options) -> bool | None:
    """Leave out methods that scikit-learn makes, and fields of tuples, which their class explains."""
    is_field = (getattr(obj, "__doc__", None) or "").startswith("Alias for field number")
    return True if is_field or re.fullmatch(r"set_\w+_request", name) else None


def shorten_signature(app, what, name, obj, options, signature, result) -> tuple | None:
    """Show the fields of `FlowConfig` as one; the page of flows lists them."""
    return ("(**switches)", result) if name.endswith(".FlowConfig") else None


def edit_docstring(app, what, name, obj, options, lines) -> None:
    """Write a quoted 'value' as code, and link `FlowConfig` to the list of its fields."""
    lines[:] = [QUOTED.sub(lambda m: f"`{m[1]}`" if m[1] else m[0], line) for line in lines]
    if name.endswith(".FlowConfig"):
        lines += ["Every switch, its default and its reason: :ref:`switches`.", ""]


def setup(app) -> dict:
    """Connect the three to autodoc's events."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-skip-member", skip_generated)
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("autodoc-process-docstring", edit_docstring)
    return {"parallel_read_safe": True}
