"""Passages that together answer a question: found in pairs that are linked and share its words out.

An answer often takes two passages: one that the question describes and one that the first names.
The second may hold few words of the question, so that no search for single passages finds it. Here
each passage is scored with the partner that suits it best:

    score(j) = max over partners i of V(i, j)
    V(i, j)  = sum over words w of max(b_iw, b_jw) + d_i + d_j + link * (named + asked + shared)

- b_iw: BM25 of word w of the question in passage i, title and text, over the standard deviation of
  the passages' sums over words.
- d_i: cosine of question and passage, less the mean over passages, over their standard deviation.
- named: 1 if the text of one names the title of the other.
- asked: 1 if the question names the titles of both.
- shared: the rarity of the rarest name that both hold, from 0 to 1, see `names.name_links`.

A word counts once for a pair: a passage gains by the words that its partner leaves over. Partners
are the ten passages that are best on their own, by words and cosine. A partner scores its best V,
too. BM25 is of Robertson and Zaragoza (2009), as the package bm25s computes it.

Axes: N passages, d width of vectors, W words of a question.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any, NamedTuple

import bm25s
import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from hsokv.boundary.checks import Range, check_array, check_float, check_int, convert, shown
from hsokv.boundary.inputs import check_texts
from hsokv.data.tokenizer import split_words
from hsokv.memory.hopfield import normalise
from hsokv.memory.names import fold, name_links, title_links, title_owners, titles_named

N_PARTNERS = 10
K1, B = 1.2, 0.75  # of BM25, as Lucene sets them
LINK = 4.0
WEIGHT = Range(0)
LEAST = 1e-6  # standard deviation below which passages do not differ: that of float32


@dataclass(frozen=True)
class Parts:
    """How much each part of a pair's value counts; for ablations.

    Attributes:
        words, dense, named, asked, shared: weights, 1 in the formula, 0 without the part.
        sums: whether a word that both passages hold counts twice.

    Raises:
        ValueError: a weight below zero.
        TypeError: a weight that is no number, or `sums` that is not True or False.
    """

    words: float = 1.0
    dense: float = 1.0
    named: float = 1.0
    asked: float = 1.0
    shared: float = 1.0
    sums: bool = False

    def __post_init__(self):
        for name, weight in zip(self.__dataclass_fields__, astuple(self)[:-1]):
            check_float(name, weight, WEIGHT)
        convert("sums", self.sums, bool)


FORMULA = Parts()


class FoundPassages(NamedTuple):
    """The passages with the best scores, best first; of equal ones the first.

    Attributes:
        places: in the order in which the passages were given, (k,).
        scores: no unit, comparable within one question only, (k,).
    """

    places: np.ndarray
    scores: np.ndarray


class LinkedPassages:
    """An index of titled passages, in which those are found that together answer a question.

    Args:
        titles: N, two at least; two passages may have one title.
        texts: N.
        vectors: of title and text, by any sentence encoder, (N, d); their directions are kept.

    Raises:
        TypeError: a title or text is no string, or something in the vectors is no number.
        ValueError: fewer than two passages, lists of several lengths, texts without a word, or
            vectors of another shape, with a number that is not finite, or of zeros.

    Attributes:
        named: 1 where one of two passages names the other's title, (N, N), sparse.
        shared: rarity of the rarest name that two passages share, (N, N), sparse.
    """

    def __init__(self, titles: Iterable[str], texts: Iterable[str], vectors: Any):
        titles, texts = check_texts(titles, "titles"), check_texts(texts, "texts")
        self._vectors = _directions("vectors", check_array("vectors", vectors, ndim=2, finite=True))
        if not len(titles) == len(texts) == len(self._vectors):
            raise ValueError(
                f"{len(titles)} titles, {len(texts)} texts and {len(self._vectors)} vectors: "
                "expected one of each for every passage; leave out what is over"
            )
        if len(titles) < 2:
            raise ValueError(f"{len(titles)} passage: expected two at least; add others")
        whole = [f"{title}. {text}" for title, text in zip(titles, texts)]
        self._owners = title_owners(titles)
        self.named = title_links(texts, self._owners)
        self.shared = name_links(whole)
        self._index = _index(whole)

    def __len__(self) -> int:
        return len(self._vectors)

    def score(
        self, question: str, vector: Any, link: float = LINK, parts: Parts = FORMULA
    ) -> np.ndarray:
        """Return the score of each passage with its best partner, (N,); higher is better.

        Args:
            question: one text; without a word that a passage holds, cosines and links decide.
            vector: of the question, by the encoder of the passages, (d,).
            link: what a link is worth, in standard deviations of single passages.
            parts: see `Parts`.

        Raises:
            TypeError: the question is no string, or another value no number.
            ValueError: a vector of another width, with a number that is not finite, or of zeros; a
                link below zero.
        """
        link = check_float("link", link, WEIGHT)
        if not isinstance(parts, Parts):
            raise TypeError(f"parts={shown(parts)}: expected Parts; make them by Parts(words=1, …)")
        words, dense = self._evidence(question, vector, parts)
        alone = words.sum(1) + dense
        asked = np.zeros(len(self))
        asked[sorted(titles_named(question, self._owners))] = parts.asked
        best = np.full(len(self), -np.inf)
        partners = rank_scores(alone)[:N_PARTNERS]
        links = parts.named * self.named[partners] + parts.shared * self.shared[partners]
        for i, linked in zip(partners, links.toarray()):
            both = words + words[i] if parts.sums else np.maximum(words, words[i])
            value = both.sum(1) + dense + dense[i] + link * (linked + asked * (asked[i] > 0))
            value[i] = -np.inf  # no passage is its own partner
            best = np.maximum(best, value)
            best[i] = max(best[i], value.max())
        return best

    def find(self, question: str, vector: Any, k: int, link: float = LINK) -> FoundPassages:
        """Return the k passages with the best scores.

        Raises:
            TypeError, ValueError: as `score`; also where k is no number from 1 to N.
        """
        k = check_int("k", k, Range(1, len(self)))
        scores = self.score(question, vector, link)
        places = rank_scores(scores)[:k]
        return FoundPassages(places, scores[places])

    def words(self, question: str) -> np.ndarray:
        """Return BM25 of each word of a question in each passage, (N, W)."""
        told = dict.fromkeys(_words(question))
        columns = [self._index.get_scores([word]) for word in told]
        return np.stack(columns, axis=1).astype(float) if columns else np.zeros((len(self), 0))

    def cosines(self, vector: Any) -> np.ndarray:
        """Return the cosine of a question and each passage, (N,)."""
        vector = check_array("vector", vector, ndim=1, finite=True)
        if vector.shape != (width := self._vectors.shape[1],):
            raise ValueError(
                f"vector has width {len(vector)}: expected {width}, that of the passages; embed "
                "the question with the model that made theirs"
            )
        return (self._vectors @ _directions("vector", vector[None])[0]).astype(float)

    def _evidence(self, question: str, vector: Any, parts: Parts) -> tuple[np.ndarray, np.ndarray]:
        """Return what words, (N, W), and vectors, (N,), say for each passage, scaled alike."""
        [question] = check_texts([question], "question")
        words, cosines = self.words(question), self.cosines(vector)
        words *= parts.words / max(words.sum(1).std(), LEAST)
        return words, parts.dense * (cosines - cosines.mean()) / max(cosines.std(), LEAST)


def rank_scores(scores: np.ndarray) -> np.ndarray:
    """Return places from the best score to the worst, (N,); of equal ones the first comes first.

    Scores that differ after the sixth digit only are equal: those digits are the processor's.
    """
    return np.argsort(-scores.round(6), kind="stable")


def _words(text: str) -> list[str]:
    return [word for word in split_words(fold(text)) if word not in ENGLISH_STOP_WORDS]


def _index(texts: list[str]) -> bm25s.BM25:
    words = [_words(text) for text in texts]
    if not any(words):
        raise ValueError(
            "no title or text holds a word beside the commonest: expected some; add passages with "
            "words"
        )
    index = bm25s.BM25(k1=K1, b=B)
    index.index(words, show_progress=False)
    return index


def _directions(name: str, vectors: np.ndarray) -> np.ndarray:
    """Return vectors at unit length, (B, d), float32."""
    empty = np.flatnonzero(~vectors.any(axis=1))
    if len(empty):
        raise ValueError(
            f"{name}[{empty[0]}] is a vector of zeros: expected a direction; leave out what has no "
            "text"
        )
    scaled = vectors / np.abs(vectors).max(axis=1, keepdims=True)  # squares must not overflow
    return normalise(scaled).astype(np.float32)
