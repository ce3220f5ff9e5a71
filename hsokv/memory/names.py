"""Names in texts: titles that a text names, and runs of capitalised words that texts share.

Only what stands in the texts is used, by rules that hold for written English; nothing is learned.

Axis: N texts.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

LONGEST = 12  # words of a title that is looked for
MOST = 20  # texts that hold a name which still links them: more common ones blur the links
Owners = dict[tuple[str, ...], list[int]]  # a title's words in lower case -> texts that bear it
_POSSESSIVE = re.compile(r"['’]s\b")
_BRACKETS = re.compile(r"\s*\([^)]*\)")
_NAME = re.compile(r"\b[A-Z]\w*(?:[ -][A-Z]\w*)*")


def fold(text: str) -> str:
    """Return a text without accents and without the 's of a possessive."""
    decomposed = unicodedata.normalize("NFKD", text)
    return _POSSESSIVE.sub("", "".join(c for c in decomposed if not unicodedata.combining(c)))


def title_owners(titles: Sequence[str]) -> Owners:
    """Return which texts bear a title, by its words in lower case.

    A title counts without what it has in brackets, and also without what follows its first comma:
    'Paris, Texas (film)' is named as 'Paris, Texas' and as 'Paris'.
    """
    owners = defaultdict(list)
    for place, title in enumerate(titles):
        bare = _BRACKETS.sub("", title)
        for name in dict.fromkeys((_words(bare.lower()), _words(bare.partition(",")[0].lower()))):
            owners[name].append(place)
    owners.pop((), None)
    return dict(owners)


def titles_named(text: str, owners: Owners) -> set[int]:
    """Return the places of the texts whose title a text names, word by word.

    Case is ignored, but for a title of one word, which needs a capital.
    """
    words = _words(text)
    lower = tuple(word.lower() for word in words)
    found: set[int] = set()
    for start, word in enumerate(words):
        shortest = 1 if word[0].isupper() else 2
        for end in range(start + shortest, min(start + LONGEST, len(words)) + 1):
            found.update(owners.get(lower[start:end], ()))
    return found


def title_links(texts: Sequence[str], owners: Owners) -> csr_array:
    """Return 1 for two texts of which one names the other's title, 0 for others, (N, N).

    No text is linked to itself, and links have no direction.
    """
    named = [(place, titles_named(text, owners) - {place}) for place, text in enumerate(texts)]
    return _links({(i, j): 1.0 for i, others in named for j in others}, len(texts))


def name_links(texts: Sequence[str]) -> csr_array:
    """Return the rarity of the rarest name that two texts share, (N, N), 0 where they share none.

    The rarity of a name that n texts hold is log(N / n) / log(N / 2), so that it is 1 if only two
    do; names that more than `MOST` hold say nothing. No text is linked to itself.
    """
    holders: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        for name in names_in(text):
            holders.setdefault(name, []).append(place)
    links: dict[tuple[int, int], float] = {}
    for places in sorted(holders.values(), key=len, reverse=True):  # rarer ones overwrite others
        if 1 < len(places) <= MOST:
            rarity = math.log(len(texts) / len(places)) / math.log(max(len(texts), 3) / 2)
            links |= dict.fromkeys(combinations(places, 2), rarity)
    return _links(links, len(texts))


def names_in(text: str) -> set[str]:
    """Return the names in a text, in lower case: runs of words with capitals.

    A word that stands in most texts is none, though it begins a sentence.
    """
    return {name.lower() for name in _NAME.findall(fold(text))} - ENGLISH_STOP_WORDS


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", fold(text)))


def _links(values: dict[tuple[int, int], float], n: int) -> csr_array:
    """Return values of pairs in both directions, (N, N)."""
    both = {(b, a): value for (a, b), value in values.items()} | values
    rows, columns = np.array(list(both), int).reshape(-1, 2).T
    return csr_array((np.array(list(both.values()), float), (rows, columns)), shape=(n, n))
