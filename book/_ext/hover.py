"""Sphinx extension: the first mention of a term on a page leads to the glossary and explains it.

What a term means is shown while the pointer rests on it; on a phone the link leads to the page.
"""

import re

from docutils import nodes

from tools.glossary_page import PAGE, list_terms

SKIPPED = (nodes.reference, nodes.title, nodes.literal, nodes.literal_block, nodes.raw)


def link_terms(app, doctree, docname: str) -> None:
    """Make a link of the first mention of each term, outside titles, code and links."""
    if docname == PAGE or app.builder.format != "html":
        return
    page = app.builder.get_relative_uri(docname, PAGE)
    terms = list_terms()
    codes = {term.name: term for term in terms if term.is_code}
    for node in list(doctree.findall(nodes.literal)):
        term = codes.get(node.astext())
        if term and not _is_within(node, (nodes.reference, nodes.title)):
            del codes[term.name]
            node.replace_self(_link(page, term, node.deepcopy()))
    words = {form.lower(): term for term in terms if not term.is_code
             for form in (term.name, *term.also)}  # fmt: skip
    for text in list(doctree.findall(nodes.Text)):
        if words and not _is_within(text, SKIPPED) and _is_within(text, (nodes.paragraph,)):
            _link_first(text, page, words)


def _link_first(text: nodes.Text, page: str, words: dict) -> None:
    """Make links of terms in a text, and take them, with their other forms, from the words."""
    found, rest = [], text.astext()
    while words:
        forms = "|".join(re.escape(form) for form in sorted(words, key=len, reverse=True))
        match = re.search(rf"(?<![\w-])({forms})(?![\w-])", rest, re.IGNORECASE)
        if not match:
            break
        term = words[match[1].lower()]
        for form in (term.name, *term.also):
            words.pop(form.lower())
        found += [nodes.Text(rest[: match.start()]), _link(page, term, nodes.Text(match[1]))]
        rest = rest[match.end() :]
    if found:
        text.parent.replace(text, [*found, nodes.Text(rest)])


def _link(page: str, term, shown: nodes.Node) -> nodes.reference:
    link = nodes.reference("", "", shown, refuri=f"{page}#{term.anchor}", internal=True)
    link["reftitle"] = term.text
    link["classes"].append("glossary-term")
    return link


def _is_within(node: nodes.Node, kinds: tuple) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kinds):
            return True
    return False


def setup(app) -> dict:
    """Register with Sphinx."""
    app.connect("doctree-resolved", link_terms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
