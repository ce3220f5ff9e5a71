"""The lexicon: 100 real rare English words, written for this study and shipped with it.

Each word has a part of speech, one of six domains, a definition that does not contain it, and
four usage sentences that do. Thirty further words are never stored; they test abstention.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import pandas as pd

USAGES = ("usage_1", "usage_2", "usage_3", "usage_4")
DOMAINS = ("general", "medical", "legal", "finance", "technology", "culinary")


@cache
def _read(name: str) -> pd.DataFrame:
    with resources.files("hsokv").joinpath("data", name).open(encoding="utf-8") as file:
        return pd.read_csv(file)


def load_lexicon() -> pd.DataFrame:
    """Return the 100 words of the study.

    Returns:
        One row per word; columns word, part_of_speech, domain, definition, usage_1 .. usage_4.
    """
    return _read("lexicon.csv").copy()


def load_unseen_words() -> pd.DataFrame:
    """Return the 30 words that no learner ever stores, in the columns of `load_lexicon`."""
    return _read("unseen_words.csv").copy()


@cache
def load_fillers() -> tuple[str, ...]:
    """Return the common words that surround a story's sentences."""
    text = resources.files("hsokv").joinpath("data", "fillers.txt").read_text(encoding="utf-8")
    return tuple(text.split())
