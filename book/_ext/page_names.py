"""Sphinx extension: folds of code have names that tell them apart, for those who hear the page."""

import re

FOLD = re.compile(
    r'<summary aria-label="Toggle hidden content">\s*'
    r'<p class="collapsed admonition-title">(.*?)</p>\s*'
    r'<p class="expanded admonition-title">(.*?)</p>',
    re.DOTALL,
)


def name_folds(app, pagename, templatename, context, doctree) -> None:
    """Number the folds of a page; sighted readers see where each stands."""
    count = 0

    def name(match: re.Match) -> str:
        nonlocal count
        count += 1
        number = f'<span class="visually-hidden">, number {count} on this page</span>'
        return (
            f'<summary><p class="collapsed admonition-title">{match[1]}{number}</p>'
            f'<p class="expanded admonition-title">{match[2]}{number}</p>'
        )

    context["body"] = FOLD.sub(name, context.get("body") or "")


def setup(app) -> dict:
    """Connect it to the writing of a page."""
    app.connect("html-page-context", name_folds)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
