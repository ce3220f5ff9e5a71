"""Sphinx extension: formulas become MathML, which browsers draw without any script.

MathJax, the default, is fetched from the network, so a book opened offline would show raw TeX.
"""

import html

from latex2mathml.converter import convert


def render_inline(translator, node) -> None:
    """Write an inline formula."""
    translator.body.append(_to_mathml(node.astext(), "inline"))
    _skip_children()


def render_block(translator, node) -> None:
    """Write a displayed formula, with its number and anchor when it has them."""
    anchor = ""
    if node["ids"]:
        anchor = f' id="{html.escape(node["ids"][0])}"'
    translator.body.append(f'<div class="math"{anchor}>{_to_mathml(node.astext(), "block")}')
    if node["number"]:
        translator.body.append(f'<span class="eqno">({node["number"]})</span>')
        translator.add_permalink_ref(node, "Link to this equation")
    translator.body.append("</div>")
    _skip_children()


def _to_mathml(tex: str, display: str) -> str:
    """Return the MathML of `tex`, which also stays readable as its alternative text."""
    mathml = convert(tex, display=display)
    return mathml.replace("<math ", f'<math alttext="{html.escape(tex.strip())}" ', 1)


def _skip_children() -> None:
    from docutils import nodes

    raise nodes.SkipNode


def setup(app) -> dict:
    """Register the renderer under the name `mathml`."""
    app.add_html_math_renderer("mathml", (render_inline, None), (render_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
