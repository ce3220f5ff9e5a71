"""One plain name for each flow, for figures, tables and sentences beside the name in code.

An arm, such as 'current (mean, full)', is a flow in a reading, after a training.
"""

from __future__ import annotations

import re

#: Flow -> what a reader calls it.
DISPLAY = {
    "current": "H-SOKV",
    "as_shipped": "H-SOKV as shipped",
    "minimal_fix": "Option 1",
    "minimal_config": "Option 1, quick test",
    "hybrid": "Option 2",
    "simple_kv": "Option 3",
    "simple_kv_contrastive": "Option 3, trained",
    "fine_tune": "transformer",
    "kv_only": "H-SOKV untrained",
    "nearest_neighbor": "random vectors",
    "nearest_neighbor_cosine": "random vectors, cosine",
    "tfidf_neighbor": "TF-IDF neighbour",
    "bm25": "BM25",
    "class_mean": "class means",
    "linear_probe": "logistic regression",
    "sentence_neighbor": "sentence encoder",
    "headword_lookup": "headword lookup",
    "first_redesign": "our first design",
    "lexical": "our word memory",
    "redesign": "our design",
}
#: Part of the name of an arm -> what a reader calls it.
DETAILS = {
    "last": "last token", "last_padded": "last token, padded", "mean_padded": "mean, padded",
    "demo": "short", "full": "long",
}  # fmt: skip
_ARM = re.compile(rf"\b({'|'.join(sorted(DISPLAY, key=len, reverse=True))})\b(?: \(([^)]*)\))?")


def display_name(text: str) -> str:
    """Return a text in which arms have their plain names.

    'current (mean, full)' is 'H-SOKV (mean, long)'.
    """
    return _ARM.sub(_name, text)


def full_name(arm: str) -> str:
    """Return the plain name of an arm with the flow's name in code, or what was given."""
    match = _ARM.fullmatch(arm)
    return f"{_name(match)} · {match[1]}" if match else arm


def _name(match: re.Match) -> str:
    details = (DETAILS.get(part, part) for part in (match[2] or "").split(", ") if part)
    told = ", ".join(details)
    return f"{DISPLAY[match[1]]} ({told})" if told else DISPLAY[match[1]]
