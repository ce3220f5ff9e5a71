"""Webster's dictionary of 1913: senses with quotations, as further pairs to learn from.

They are read from the file of the Debian package `dict-gcide`, a dictionary with later additions;
only senses that are marked as Webster's own, which are in the public domain, are kept. Nothing of
it is part of the package.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from hsokv.data.english import surprisal
from hsokv.data.stories import BLANK
from hsokv.data.tokenizer import split_words
from hsokv.data.words import blank_word, part_of

FILE = "gcide.dict.dz"
SHA256 = "3e6b2cdcbc1b3664c2f1466e3c8e44012e815c4c67fa83fa61f39777cd6e8517"
SHARED = 9.0  # nats of shared words from which on two definitions are taken to be of one sense
_ENTRY = re.compile(r"\n(?=[A-Z][A-Za-z'\-]*(?: [a-z]+)? \\)")  # a headword and how it is spoken
_HEADWORD = re.compile(r"([A-Za-z]+) \\")
_NUMBER = re.compile(r"(?:\d+\.|\([a-z]\)) ?(.*)")
_END = re.compile(r"(Syn|Note|Usage):|\{")  # what follows is no sense
_MARK, _OTHERS = "[1913 Webster]", ("PJC", "WordNet")  # who wrote it
_QUOTED, _TOLD = 9, 8  # spaces before a quotation, at least, and before a definition, at most


class Sense(NamedTuple):
    """A sense of a word; the word is blanked in its definition.

    Attributes:
        usages: what others wrote with the word in this sense.
    """

    word: str
    definition: str
    usages: list[str]


def read_senses(path: Path, words: set[str]) -> list[Sense]:
    """Return the senses of some words, in lower case, in the order of the dictionary.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is another file than the one that was read for this study.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: expected the dictionary of Debian's package dict-gcide; run "
            f"'apt-get download dict-gcide', unpack it with 'dpkg -x' and copy {FILE} there, or "
            "name its place with --dictionary"
        )
    packed = path.read_bytes()
    found = hashlib.sha256(packed).hexdigest()
    if found != SHA256:
        raise ValueError(
            f"{path} has SHA-256 {found}: expected {SHA256}, version 0.48.5 of dict-gcide; fetch "
            "that version"
        )
    text = gzip.decompress(packed).decode("utf8", "replace")
    return [sense for entry in _ENTRY.split(text) for sense in list_senses(entry, words)]


def list_senses(entry: str, words: set[str]) -> Iterator[Sense]:
    """Yield the senses of an entry of the dictionary, none if it is not of these words."""
    named = _HEADWORD.match(entry)
    word = named[1].lower() if named else ""
    if word not in words:
        return
    for told, quoted in _read_lines(entry.split("\n")[1:]):
        if any(name in told for name in _OTHERS):
            continue
        told = _clean(re.sub(r"--[A-Z].*$", "", told))
        told, *examples = re.split(r"[;,:] as, ", re.sub(r"^\([A-Z][^)]*\)\s*", "", told))
        told = told.strip(" ;,.")
        if 10 < len(told) < 250 and " " in told:
            for example in examples:  # "the smoke ascends; to ascend a hill"
                quoted += re.split(r"; (?:also, )?", re.split(r"\. ", example)[0])
            yield Sense(word, blank_word(word, told), [_clean(text) for text in quoted])


def _read_lines(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the definitions of an entry, each with its quotations."""
    told: list[str] = []
    quoted: list[str] = []
    spoken: list[str] = []  # of a quotation that goes on
    started = False

    def close() -> None:
        if spoken:
            quoted.append(" ".join(spoken))
        spoken.clear()

    for line in lines:
        text, indent = line.strip(), len(line) - len(line.lstrip())
        numbered = _NUMBER.match(text)
        if _END.match(text):
            break
        if not text:
            continue
        if indent >= _QUOTED and told:
            said, *author = re.split(r"\s*--", text)
            if said and not text.startswith("["):
                spoken.append(said)
            if author or text.startswith("["):
                close()
            continue
        close()
        if numbered:
            if told:
                yield " ".join(told), quoted
            started, told, quoted = True, [numbered[1]], []
        elif text == _MARK:
            started = True
        elif _is_told(text, indent, started) and not quoted:
            started = True
            told.append(text)
    close()
    if told:
        yield " ".join(told), quoted


def _is_told(text: str, indent: int, started: bool) -> bool:
    """Whether a line belongs to a definition and not to how the word is written or spoken.

    A few lines of forms that end in a word's origin are taken for one; no quotation follows them.
    """
    if started:
        return indent <= _TOLD
    return indent == 3 and ("[" in text or "]" not in text)


def _clean(text: str) -> str:
    text = re.sub(r"\[[^\]]*\]", " ", text.replace("{", "").replace("}", ""))
    return re.sub(r"\s+", " ", text).strip(" ;,:")


def make_pairs(senses: list[Sense], usages: pd.DataFrame) -> pd.DataFrame:
    """Return what Webster's adds to WordNet's pairs of training words, as `words.make_usages` does.

    Columns: word, synset, definition, blanked and kind. A `usage` is a quotation and its
    definition; a `definition` is one of Webster's, as blanked, with that of WordNet's for the same
    word which shares most words with it, counted in nats, if they are worth `SHARED`. None has a
    usage or definition of another part than training.

    Args:
        senses: of training words.
        usages: of WordNet, as `words.make_usages` returns them.
    """
    held = usages[usages["part"] != "training"]
    told = [(s.word, s.definition, usage) for s in senses for usage in s.usages]
    quoted = pd.DataFrame(told, columns=["word", "definition", "usage"])
    pairs = zip(quoted["word"], quoted["usage"])
    quoted["blanked"] = [blank_word(word, usage) for word, usage in pairs]
    says = quoted["blanked"].map(lambda text: len(text.split()) >= 3 and len(text) < 250)
    quoted = quoted[(quoted["blanked"] != quoted["usage"]) & says].drop_duplicates()
    leaks = quoted["usage"].isin(held["usage"]) | quoted["definition"].isin(held["definition"])
    quoted = quoted[~leaks].assign(kind="usage")
    quoted["synset"] = "webster " + quoted["definition"]
    columns = ["word", "synset", "definition", "blanked", "kind"]
    both = [quoted[columns], _pair_definitions(senses, usages)[columns]]
    return pd.concat(both, ignore_index=True)


def _pair_definitions(senses: list[Sense], usages: pd.DataFrame) -> pd.DataFrame:
    known = usages[usages["part"] == "training"][["word", "synset", "definition"]]
    known = known.assign(word=known["word"].str.lower()).drop_duplicates(["word", "definition"])
    told = dict.fromkeys((sense.word, sense.definition) for sense in senses)
    theirs = pd.DataFrame(list(told), columns=["word", "blanked"])
    both = theirs.merge(known, on="word")
    texts = zip(both["blanked"], both["definition"])
    both["shared"] = [_shared_nats(*pair) for pair in texts]
    both = both.sort_values("shared", ascending=False, kind="stable").drop_duplicates("blanked")
    return both[both["shared"] > SHARED].assign(kind="definition")


def _shared_nats(one: str, other: str) -> float:
    """Return how much the words that two texts share say, but for blanks."""
    shared = set(split_words(one)) & set(split_words(other)) - {BLANK}
    return sum(surprisal(word) for word in sorted(shared))


def training_words(rows: pd.DataFrame) -> set[str]:
    """Return the training words of WordNet's rows that are one run of letters, in lower case."""
    words = {word for word in rows["word"] if re.fullmatch("[A-Za-z]+", word)}
    return {word.lower() for word in words if part_of(word) == "training"}
