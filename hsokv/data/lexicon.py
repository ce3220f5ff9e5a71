"""The lexica: real rare English words, written for this study and shipped with it.

The *test* lexicon has 100 words, the *development* lexicon others, on which every choice is made.
Each word has a part of speech, one of six domains, a definition that does not contain it, four
usage sentences that do, another form of the word with a sentence of its own, and a second
definition in other words. Further words are never stored; they test abstention. *Senses* are
common words with two definitions each, an ordinary and a rare one.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal, get_args

import pandas as pd

from hsokv.boundary.checks import check_keys

Lexicon = Literal["test", "development"]
LEXICA = get_args(Lexicon)
USAGES = ("usage_1", "usage_2", "usage_3", "usage_4")
SENSE_COLUMNS = ("part_of_speech", "definition", "usage_1", "usage_2", "usage_3")
DOMAINS = ("general", "medical", "legal", "finance", "technology", "culinary")
_FILES = {
    "test": ("lexicon.csv", "unseen_words.csv", "senses.csv"),
    "development": ("development_words.csv", "development_unseen.csv", "development_senses.csv"),
}


@cache
def _read(lexicon: str, part: int) -> pd.DataFrame:
    check_keys([lexicon], LEXICA, "lexicon")
    path = resources.files("hsokv").joinpath("data", _FILES[lexicon][part])
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file)


def load_lexicon(lexicon: Lexicon = "test") -> pd.DataFrame:
    """Return the words of a lexicon.

    Returns:
        One row per word; columns word, part_of_speech, domain, definition, usage_1 .. usage_4,
        inflected (another form), inflected_usage (a sentence with it) and paraphrase (a second
        definition).

    Raises:
        ValueError: there is no such lexicon.
    """
    return _read(lexicon, 0).copy()


def load_unseen_words(lexicon: Lexicon = "test") -> pd.DataFrame:
    """Return the words that no learner ever stores.

    Returns:
        Columns word, part_of_speech, domain, definition, usage_1 .. usage_4.

    Raises:
        ValueError: there is no such lexicon.
    """
    return _read(lexicon, 1).copy()


def load_senses(lexicon: Lexicon = "test") -> pd.DataFrame:
    """Return common words with an ordinary and a rare sense.

    Returns:
        One row per sense, that of a word one after the other; columns label ('pitch, rare'), word,
        sense ('common' or 'rare'), part_of_speech, definition and usage_1 .. usage_3.

    Raises:
        ValueError: there is no such lexicon.
    """
    table, parts = _read(lexicon, 2), []
    for sense in ("common", "rare"):
        columns = {f"{sense}_{name}": name for name in SENSE_COLUMNS}
        part = table[["word", *columns]].rename(columns=columns)
        parts.append(part.assign(sense=sense, label=part["word"] + f", {sense}"))
    return pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)


@cache
def load_fillers() -> tuple[str, ...]:
    """Return the common words that surround a story's sentences."""
    text = resources.files("hsokv").joinpath("data", "fillers.txt").read_text(encoding="utf-8")
    return tuple(text.split())
