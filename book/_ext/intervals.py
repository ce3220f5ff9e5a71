"""Sphinx extension: on the front page a number's interval is shown while the pointer rests on it.

A link whose text is '15.4 % [10.7, 21.1], n = 1600' is shown as '15.4 %'; what is left out becomes
its title.
"""

import re

from docutils import nodes

TOLD = re.compile(r"(.+?) (\[[^]]+\](?:, n = [\d,]+)?)")


def fold_intervals(app, doctree, docname: str) -> None:
    """Shorten the links of the front page."""
    if docname != app.config.root_doc:
        return
    for link in list(doctree.findall(nodes.reference)):
        match = TOLD.fullmatch(link.astext())
        if match:
            link.children = [nodes.strong("", match[1])]
            link["reftitle"] = f"95 % interval {match[2]}"


def setup(app) -> dict:
    """Register with Sphinx."""
    app.connect("doctree-resolved", fold_intervals)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
