"""Cues of a turn: by what a question about a conversation can tell which turn answers it.

Who spoke and when, which words the turn and those around it share with the question, how well its
tokens match the question's in their contexts, and what place it has in the talk. Each cue is a
number for each turn; `cues` makes them comparable, so that a weighted sum can rank turns.

The words are English ones. Axes: N turns of S sessions, F cues, k tokens of a question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

import bm25s
import numpy as np
from scipy.ndimage import maximum_filter1d
from snowballstemmer.english_stemmer import EnglishStemmer

from hsokv.data.chats import Turn
from hsokv.memory.asked import MONTHS, Speakers, date_match
from hsokv.models.tokens import FUNCTION_WORDS, TokenVectors

WORD_CUES = {
    "who": "its speaker is the one the question names first",
    "words_four": "BM25 of the question and four turns: two before it, it, the next",
    "words_session": "BM25 of the question and its session",
    "date": "its date is the one the question names, or soon after",
    "when_time": "it names a time, and the question asks for one",
    "time": "it names a time",
    "name_capital": "words in it begin with a capital, and the question asks for a name",
    "capital": "words in it begin with a capital, three at most, names of speakers apart",
    "answers": "the turn before it asks something",
    "asks": "it ends by asking something",
    "opens": "it is the first of its session",
}
TOKEN_CUES = {
    "late": "how well its tokens match the question's, the rare ones above all",
    "late_pair": "the same of it and the turn before",
    "late_nine": "the same of nine turns: four before it, it, the next four",
    "dense": "cosine of the question and it",
    "dense_session": "cosine of the question and the turn of its session that is most like it",
}
BEFORE, AFTER = 2, 1  # turns whose words are read with a turn
NINE = 9
BLOCK = 64  # tokens that are multiplied at once: three times as fast as all of them
_WORD = re.compile(r"[^\W_]+")
_SHOWN = re.compile(r"\s*\[[^\]]*\]\s*$")  # a caption
_WHEN = re.compile(
    r"^when\b|\bwhen (did|was|is|were|does|do|has)|what (date|day|month|year)|"
    r"which (month|year|day)|how long|since when"
)
_TIME = re.compile(
    r"\b(yesterday|today|tonight|tomorrow|last|next|ago|this (?:morning)|weekend|weeks?|months?|"
    r"years?|(?:mon|tues|wednes|thurs|fri|satur|sun)day|recently|since|just|\d{4}|"
    + "|".join(MONTHS)
    + r")\b",
    re.I,
)
_NAME = re.compile(
    r"\b(where|who|which|name|called|titl\w*|book|movie|song|band|game)\b|"
    r"what (city|country|state|place)"
)
_CAPITAL = re.compile(r"(?<![.!?]\s)(?<!^)(?<!: )\b[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]+")


def arrange(turns: Sequence[Turn]) -> list[int]:
    """Return the numbers of turns as they are read: session by session, by date where known.

    Sessions are in the order of their first dates, turns in that of theirs if all have one, else as
    they are given.
    """
    sessions: dict[str, list[int]] = {}
    for i, turn in enumerate(turns):
        sessions.setdefault(turn.session, []).append(i)
    for numbers in sessions.values():
        if all(turns[i].date for i in numbers):
            numbers.sort(key=lambda i: turns[i].date)
    first = {name: turns[numbers[0]].date for name, numbers in sessions.items()}
    return [i for name in sorted(sessions, key=lambda n: (first[n], n)) for i in sessions[name]]


def standardise(cues: dict[str, np.ndarray], names: Sequence[str]) -> np.ndarray:
    """Return some cues (N,) each as columns, (N, F), of mean 0 and deviation 1 over the turns."""
    table = np.stack([cues[name] for name in names]).astype(np.float32)
    table -= table.mean(1, keepdims=True)
    return (table / (table.std(1, keepdims=True) + 1e-6)).T


class Sessions:
    """Which turns belong together.

    Args:
        turns: N, those of a session beside one another.
    """

    def __init__(self, turns: Sequence[Turn]):
        self.names = list(dict.fromkeys(turn.session for turn in turns))  # (S,)
        numbers = {name: i for i, name in enumerate(self.names)}
        self.of = np.array([numbers[turn.session] for turn in turns])  # (N,)
        self.first = np.flatnonzero(np.diff(self.of, prepend=-1))  # of each session, (S,)
        self.end = np.append(self.first[1:], len(turns))

    def spread(self, table: np.ndarray, gap: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a table (k, N) with columns of -2 between sessions, and where its columns are."""
        places = np.arange(len(self.of)) + gap * (self.of + 1)
        wide = np.full((len(table), len(self.of) + gap * (len(self.names) + 1)), -2, np.float32)
        wide[:, places] = table
        return wide, places


class WordCues:
    """The cues that need no encoder, of turns that are in the order of `arrange`.

    Args:
        turns: N, 1 at least.
    """

    def __init__(self, turns: Sequence[Turn]):
        self.sessions = sessions = Sessions(turns)
        self.speakers = Speakers([turn.speaker for turn in turns])
        words = [self._words(turn.text) for turn in turns]
        first, end = sessions.first[sessions.of], sessions.end[sessions.of]
        near = [
            list(chain.from_iterable(words[max(a, i - BEFORE) : min(b, i + AFTER + 1)]))
            for i, (a, b) in enumerate(zip(first.tolist(), end.tolist()))
        ]
        spans = zip(sessions.first, sessions.end)
        whole = [list(chain.from_iterable(words[a:b])) for a, b in spans]
        self._four, self._whole = _index(near, 0.75), _index(whole, 0.5)
        dates = [turn.date[:10] for turn in turns]
        self._dates = sorted(set(dates) - {""})
        number = {date: i for i, date in enumerate(self._dates)} | {"": len(self._dates)}
        self._date_of = np.array([number[date] for date in dates])
        self._still = self._place(turns)

    def _place(self, turns: Sequence[Turn]) -> dict[str, np.ndarray]:
        """Return the cues that are the same for every question."""
        said = [_SHOWN.sub("", turn.text).strip() for turn in turns]
        opens = np.zeros(len(turns))
        opens[self.sessions.first] = 1
        has_question = np.array(["?" in text for text in said], float)
        capitals = [
            sum(word.casefold() not in self.speakers.words for word in _CAPITAL.findall(text))
            for text in said
        ]
        return {
            "asks": np.array([text.endswith("?") for text in said], float),
            "answers": np.where(opens, 0, np.roll(has_question, 1)),
            "opens": opens,
            "time": np.array([bool(_TIME.search(text)) for text in said], float),
            "capital": np.minimum(3, np.array(capitals, float)),
        }

    def cues(self, question: str) -> dict[str, np.ndarray]:
        """Return the cues of `WORD_CUES` for a question, as they are, (N,) each."""
        words, lower = self._words(question), question.lower()
        still = self._still
        dates = np.append(date_match(question, self._dates), 0.0)
        return still | {
            "who": self.speakers.named(question),
            "words_four": _scores(self._four, words, len(self._date_of)),
            "words_session": _scores(self._whole, words, len(self.sessions.names))[
                self.sessions.of
            ],
            "date": dates[self._date_of],
            "when_time": still["time"] * bool(_WHEN.search(lower)),
            "name_capital": still["capital"] * bool(_NAME.search(lower)),
        }

    def share(self, question: str) -> bool:
        """Return whether some turn has a word of a question."""
        words = self._words(question)
        return bool(_scores(self._whole, words, len(self.sessions.names)).any())

    def _words(self, text: str) -> list[str]:
        """Return the stems of a text's words, without function words and names of speakers."""
        text = text.lower().replace("'s", "").replace("’s", "")
        out = FUNCTION_WORDS | self.speakers.words
        return [_stem(word) for word in _WORD.findall(text) if word not in out]


class TokenCues:
    """The cues that the sentence encoder gives, of turns that are in the order of `arrange`.

    Args:
        turns: N, 1 at least.
        tokens: of `spoken` of each turn.
        names: ids of the tokens of speakers' names, see `Speakers.words`; they match nothing.
    """

    def __init__(self, turns: Sequence[Turn], tokens: TokenVectors, names: frozenset[int]):
        self.sessions = Sessions(turns)
        self._names = np.array(sorted(names), np.int32)
        text = np.repeat(np.arange(len(turns)), tokens.lengths)
        kept = ~np.isin(tokens.ids, self._names)
        kept[np.cumsum(tokens.lengths) - tokens.lengths] |= np.bincount(text, kept) == 0
        self._tokens = _blocks(tokens.vectors[kept])
        self._starts = np.flatnonzero(np.diff(text[kept], prepend=-1))
        self._n_tokens = int(kept.sum())
        pairs = np.unique(np.stack([text, tokens.ids]), axis=1)
        self._held = np.bincount(pairs[1])  # turns that hold a token, by its id
        self._sentences = tokens.sentences.astype(np.float32)

    def cues(self, asked: TokenVectors) -> dict[str, np.ndarray]:
        """Return the cues of `TOKEN_CUES` for the tokens of one question, as they are, (N,) each.

        The late ones are means over the question's tokens of each one's best cosine with a token
        of the turns, weighted by how rare the token is among turns (Robertson's idf).
        """
        kept = ~np.isin(asked.ids, self._names)
        kept[0] |= not kept.any()
        ids, n = asked.ids[kept], len(self.sessions.of)
        held = np.where(ids < len(self._held), self._held[np.minimum(ids, len(self._held) - 1)], 0)
        weights = np.log1p((n - held + 0.5) / (held + 0.5)).astype(np.float32)
        weights /= weights.sum()
        products = asked.vectors[kept].astype(np.float32) @ self._tokens  # (blocks, k, BLOCK)
        products = products.transpose(1, 0, 2).reshape(len(ids), -1)[:, : self._n_tokens]
        best = np.maximum.reduceat(products, self._starts, axis=1)  # (k, N)
        wide, places = self.sessions.spread(best, NINE // 2)
        pair = np.maximum(wide[:, places], wide[:, places - 1])
        nine = maximum_filter1d(wide, NINE, axis=1)[:, places]
        dense = self._sentences @ asked.sentences[0].astype(np.float32)
        most = np.maximum.reduceat(dense, self.sessions.first)
        return {
            "late": weights @ best,
            "late_pair": weights @ pair,
            "late_nine": weights @ nine,
            "dense": dense,
            "dense_session": most[self.sessions.of],
        }


def spoken(turn: Turn) -> str:
    """Return a turn as the encoder reads it: with its speaker's name."""
    return f"{turn.speaker}: {turn.text}" if turn.speaker else turn.text


def _blocks(vectors: np.ndarray) -> np.ndarray:
    """Return vectors (T, d) as columns of matrices that fit a cache, (blocks, d, BLOCK)."""
    padded = np.pad(vectors, ((0, -len(vectors) % BLOCK), (0, 0))).astype(np.float32)
    return np.ascontiguousarray(padded.reshape(-1, BLOCK, vectors.shape[1]).transpose(0, 2, 1))


def _index(texts: list[list[str]], b: float) -> bm25s.BM25 | None:
    if not any(texts):
        return None  # bm25s takes no texts without words
    index = bm25s.BM25(method="lucene", k1=1.2, b=b)
    index.index(texts, show_progress=False)
    return index


def _scores(index: bm25s.BM25 | None, words: list[str], n: int) -> np.ndarray:
    """Return BM25 of each text, (n,); a word counts once."""
    if index is None or not words:
        return np.zeros(n)
    return index.get_scores(list(dict.fromkeys(words)))


@lru_cache(maxsize=2**16)
def _stem(word: str) -> str:
    return EnglishStemmer().stemWord(word)
