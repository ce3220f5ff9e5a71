"""What is known of English before anything is learned: how rare words are, and their forms.

Frequencies are those of the `wordfreq` package (Speer, 2022), which counts books, subtitles, news
and web pages. Stems are those of the Snowball stemmer (Porter, 2001).
"""

from __future__ import annotations

import math
from functools import lru_cache

from snowballstemmer.english_stemmer import EnglishStemmer

#: Surprisal in nats of a word that no list holds; it is taken to be one in a thousand million.
RAREST = 9 * math.log(10)
STEM, START, SLIP = 1, 2, 3  # distances of marks, see `forms`
LONGEST = 40  # letters above which a string is no word, and has no forms
LEAST_SLIP = 4  # letters below which a word has no slips: of short words too many are one apart
LEAST_START = 5  # letters that words share at least if only their ends differ ...
LONGEST_END = 3  # ... by this many letters at most


@lru_cache(maxsize=2**16)
def surprisal(word: str) -> float:
    """Return minus the logarithm of a word's frequency in English, in nats, at most `RAREST`."""
    if len(word) > LONGEST:
        return RAREST
    from wordfreq import word_frequency  # not before it is needed: its list takes a second to read

    return -math.log(word_frequency(word, "en", wordlist="large", minimum=math.exp(-RAREST)))


@lru_cache(maxsize=2**14)
def forms(word: str) -> dict[str, int]:
    """Return the marks of a word with their distance; words that share a mark are forms of another.

    How far two words are apart is the sum of both distances to a mark. At 0 is the word itself, at
    1 its stem, at 2 its beginning without up to three letters: crisis and critical do not share
    one, strabismus and strabismic do. At 3, from four letters on, is what is left when any one
    letter is taken out: so two spellings share a mark that are one letter apart, be it one too
    many, another one, or two swapped (symmetric deletion; Garbe, 2012). What is longer than 40
    letters has no form but itself.
    """
    if len(word) > LONGEST:
        return {word: 0}
    marks = {}
    if len(word) >= LEAST_SLIP:
        marks |= {word[:i] + word[i + 1 :]: SLIP for i in range(len(word))}
    if len(word) >= LEAST_START:
        ends = range(min(LONGEST_END, len(word) - LEAST_START) + 1)
        marks |= {word[: len(word) - n] + "-": START for n in ends}
    stem = EnglishStemmer().stemWord(word)  # one for each call: it is changed by its work
    return marks | {stem: STEM} | {word: 0}
