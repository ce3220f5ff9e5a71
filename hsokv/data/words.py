"""Real words: WordNet's definitions and usages, and three benchmarks of rare words.

Nothing of it is part of the package. `HSOKV_DATA` names a folder whose subfolder `words` holds the
files as parquet; each loader says what is expected there.

Sources: WordNet 3.1 (Miller, 1995), Definitional Nonce (Herbelot and Baroni, 2017), Chimeras
(Lazaridou et al., 2017), CRW (Schick and Schütze, 2019).
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pandera.pandas as pa
from snowballstemmer.english_stemmer import EnglishStemmer

from hsokv.boundary.checks import check_keys
from hsokv.data.english import surprisal
from hsokv.data.lexicon import load_lexicon, load_unseen_words
from hsokv.data.stories import BLANK
from hsokv.data.tokenizer import split_words

PARTS = ("development", "test", "training")  # of all words, see `part_of`
RARE = 3.0  # zipf frequency below which a word is rare: once in a million words
_LETTERS = re.compile(r"[^\W\d_]+")
_TEXT, _NUMBER = pa.Column(str), pa.Column(float)
_LISTS = pa.Column(object)
FILES = {
    "wordnet31": {
        "word": _TEXT, "pos": _TEXT, "synset": _TEXT, "definition": _TEXT, "examples": _LISTS,
        "zipf": _NUMBER,
    },
    "definitional_nonce_train": {"word": _TEXT, "definition": _TEXT},
    "definitional_nonce_test": {"word": _TEXT, "definition": _TEXT},
    "chimeras": {
        "split": _TEXT, "n_sentences": pa.Column(int), "passages": _LISTS, "probes": _LISTS,
        "ratings": _LISTS,
    },
    "crw_dev_contexts": {"word": _TEXT, "sentence": _TEXT},
    "crw_dev_pairs": {"word1": _TEXT, "rare_word": _TEXT, "similarity": _NUMBER},
}  # fmt: skip


def words_folder() -> Path | None:
    """Return the folder with the files of real words, `None` where `HSOKV_DATA` is not set.

    Raises:
        FileNotFoundError: it is set and has no subfolder `words`.
    """
    named = os.environ.get("HSOKV_DATA")
    if not named:
        return None
    folder = Path(named) / "words"
    if not folder.is_dir():
        raise FileNotFoundError(
            f"HSOKV_DATA={named!r} has no folder 'words': expected one with {', '.join(FILES)} as "
            ".parquet; correct or unset it"
        )
    return folder


def what_words_lack() -> str:
    """Return why the files of real words cannot be read, '' where they can."""
    return "" if words_folder() else "HSOKV_DATA does not name a folder of real words"


def load_words(name: str) -> pd.DataFrame:
    """Return the rows of one of `FILES`, with the columns that it names.

    Raises:
        FileNotFoundError: `HSOKV_DATA` is not set, or its folder has no such file.
        ValueError: there is no file of that name, or it has other columns.
    """
    check_keys([name], FILES, "name")
    folder = words_folder()
    if folder is None:
        raise FileNotFoundError(
            f"HSOKV_DATA is not set: expected a folder with words/{name}.parquet, which is not "
            "part of the package; set it, see 'Real words' in book/reproduce.md"
        )
    path = folder / f"{name}.parquet"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: add it, see book/reproduce.md")
    schema = pa.DataFrameSchema(FILES[name], strict="filter")
    try:
        return schema.validate(pd.read_parquet(path))
    except (pa.errors.SchemaError, pa.errors.SchemaErrors, OSError, ValueError) as error:
        first = str(error).partition("\n")[0]
        raise ValueError(
            f"{path}: expected the columns {', '.join(FILES[name])} ({first}); fetch it again"
        ) from error


def part_of(word: str) -> str:
    """Return the part of all words that a word belongs to: development, test or training.

    It is read off a hash of the word in lower case, so that it is the same for every list of words:
    one word in ten is for development, two are for the test, seven for training.
    """
    digit = hashlib.sha256(word.lower().encode()).digest()[0] % 10
    return PARTS[min(digit, 2)] if digit < 2 else ("test" if digit == 2 else "training")


def blank_word(word: str, text: str) -> str:
    """Return a text with a word and its inflections blanked; unchanged where it has none.

    A word of the text is blanked if it has the same stem, or begins alike but for the last three
    letters and is no more than four longer or shorter.
    """
    if not _LETTERS.fullmatch(word):  # several words, or one with a hyphen
        return re.sub(re.escape(word) + r"\w{0,3}", BLANK, text, flags=re.IGNORECASE)
    stem, start = _stem(word), word.lower()[: max(4, len(word) - 3)]

    def replace(match: re.Match) -> str:
        found = match.group().lower()
        alike = found.startswith(start) and abs(len(found) - len(word)) <= 4
        return BLANK if _stem(found) == stem or alike else match.group()

    return _LETTERS.sub(replace, text)


@cache
def _stem(word: str) -> str:
    return EnglishStemmer().stemWord(word.lower())


def make_usages(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per usage of a word that can be blanked and says more than the word.

    Columns: word, pos, synset, definition, zipf, usage (with the word), blanked (without it), part
    (see `part_of`) and told: whether the definition holds a form of the word itself.

    No definition, synset or usage of the other parts is left in the training part.

    Args:
        rows: as `load_words("wordnet31")` returns them.
    """
    names = ["word", "pos", "synset", "definition", "zipf"]
    usages = rows[[*names, "examples"]].explode("examples", ignore_index=True)
    usages = usages.rename(columns={"examples": "usage"}).dropna(subset=["usage"])
    pairs = zip(usages["word"], usages["usage"])
    usages["blanked"] = [blank_word(word, usage) for word, usage in pairs]
    says = usages["blanked"].map(lambda text: bool(set(split_words(text)) - {BLANK}))
    usages = usages[(usages["blanked"] != usages["usage"]) & says].copy()
    usages["part"] = usages["word"].map(part_of)
    pairs = zip(usages["word"], usages["definition"])
    usages["told"] = [_stem(word) in map(_stem, split_words(text)) for word, text in pairs]
    held = usages[usages["part"] != "training"]
    seen = pd.Series(False, index=usages.index)
    for name in ("synset", "definition", "usage"):
        seen |= usages[name].isin(held[name])
    return usages[~(seen & (usages["part"] == "training"))].reset_index(drop=True)


def make_questions(usages: pd.DataFrame, part: str) -> pd.DataFrame:
    """Return one usage for each rare word of a part, no synset or definition twice.

    Rare is a zipf frequency below `RARE`. A definition that holds its own word is left out. Which
    of several usages is taken is decided by a hash of the usage.
    """
    chosen = usages[(usages["part"] == part) & (usages["zipf"] < RARE) & ~usages["told"]]
    order = chosen["usage"].map(lambda usage: hashlib.sha256(usage.encode()).hexdigest())
    chosen = chosen.assign(order=order, lower=chosen["word"].str.lower())
    chosen = chosen.sort_values(["order", "word"]).drop(columns="order")
    for name in ("lower", "synset", "definition", "usage"):
        chosen = chosen.drop_duplicates(name)
    chosen = chosen.drop(columns="lower")
    return chosen.sort_values("word").reset_index(drop=True)


class Questions(NamedTuple):
    """What is asked of a learner that knows words by one definition each.

    Attributes:
        words: one row per word: word, definition, usage, blanked (the usage without it), zipf.
        others: word and definition of other words, to be stored beside them, rarest first.
        unseen: usages of words that are never stored.
    """

    words: pd.DataFrame
    others: pd.DataFrame
    unseen: list[str]


SOURCES = ("wordnet", "lexicon")


@cache
def load_questions(source: str, part: str) -> Questions:
    """Return what is asked about the development or the test words of a source.

    `wordnet`: rare words of WordNet, see `make_questions`, and as others all training words, rare
    ones first. `lexicon`: those that ship with this package, without others.

    Raises:
        ValueError: there is no such source or part.
        FileNotFoundError: as `load_words`.
    """
    check_keys([source], SOURCES, "words")
    check_keys([part], PARTS[:2], "part")
    if source == "lexicon":
        return _lexicon_questions(part)
    rows = load_words("wordnet31")
    usages = make_usages(rows)
    asked = {name: make_questions(usages, name) for name in PARTS}
    rest = rows[rows["word"].map(part_of) == "training"][["word", "definition"]]
    order = rest["definition"].map(lambda text: hashlib.sha256(text.encode()).hexdigest())
    rest = rest.assign(order=order).sort_values(["order", "word"])[["word", "definition"]]
    others = pd.concat([asked["training"][["word", "definition"]], rest])
    others = others.drop_duplicates().reset_index(drop=True)
    unseen = asked["test" if part == "development" else "development"]["usage"].tolist()
    return Questions(asked[part], others, unseen)


def _lexicon_questions(part: str) -> Questions:
    table = load_lexicon(part)
    words = table[["word", "definition"]].assign(usage=table["usage_1"])
    pairs = zip(words["word"], words["usage"])
    words["blanked"] = [blank_word(word, usage) for word, usage in pairs]
    words["zipf"] = [9 - surprisal(word) / math.log(10) for word in words["word"]]
    unseen = load_unseen_words(part)["usage_1"].tolist()
    return Questions(words, words.iloc[:0][["word", "definition"]], unseen)
