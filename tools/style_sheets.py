"""Keep of the theme's style sheets what the book uses.

The theme brings rules for everything that a site may show, two thousand icons among them. A rule
stays when each class and each id that its selector asks for occurs in a page or in a script.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import tinycss2

NESTING = ("media", "supports", "layer", "container")
JOINED = ("bs-tooltip",)  # names whose ends a script adds while the page is open


def collect_names(paths: Iterable[Path]) -> set[str]:
    """Return the classes and ids of the pages, and every word of the scripts, which set some."""
    names = set()
    for path in paths:
        text = path.read_text("utf8")
        texts = [text]
        if path.suffix == ".html":
            texts = re.findall(r"""\b(?:class|id)=(?:"([^"]*)"|'([^']*)')""", text)
            texts = ["".join(pair) for pair in texts]
            texts += re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
        for found in texts:
            names.update(re.findall(r"[\w-]+", found))
    return names


def keep_used(css: str, names: set[str]) -> str:
    """Return the style sheet without the rules whose selectors ask for a name not among `names`."""
    return _serialize(tinycss2.parse_stylesheet(css, skip_whitespace=True), names)


def _serialize(rules: list, names: set[str]) -> str:
    return "\n".join(filter(None, (_serialize_rule(rule, names) for rule in rules)))


def _serialize_rule(rule, names: set[str]) -> str:
    if rule.type == "qualified-rule":
        used = [s for s in _split(rule.prelude) if all(_is_used(n, names) for n in _required(s))]
        body = tinycss2.serialize(rule.content).strip()
        return f"{','.join(tinycss2.serialize(s).strip() for s in used)}{{{body}}}" if used else ""
    if rule.type == "at-rule" and rule.lower_at_keyword in NESTING and rule.content is not None:
        inner = tinycss2.parse_rule_list(rule.content, skip_whitespace=True)
        kept = _serialize(inner, names)
        head = tinycss2.serialize(rule.prelude).strip()
        return f"@{rule.at_keyword} {head}{{{kept}}}" if kept else ""
    if rule.type == "comment" and not rule.value.startswith("!"):
        return ""
    return rule.serialize()  # a comment that begins with ! is a licence


def _split(prelude: list) -> Iterator[list]:
    """Split a list of selectors at its commas."""
    selector = []
    for token in prelude:
        if token == ",":
            yield selector
            selector = []
        else:
            selector.append(token)
    yield selector


def _required(selector: list) -> Iterator[str]:
    """Yield the classes and ids that a selector asks for; what stands in brackets asks less."""
    for before, token in zip([None, *selector], selector):
        if token.type == "hash" or (token.type == "ident" and before == "."):
            yield token.value


def _is_used(name: str, names: set[str]) -> bool:
    return name in names or name.startswith(JOINED)
