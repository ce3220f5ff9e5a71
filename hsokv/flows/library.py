"""What a user would pick instead: library implementations behind the same interface.

Each stores the training texts and refits on all of them when new ones arrive.
"""

from __future__ import annotations

import warnings
from collections import Counter

import bm25s
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from hsokv.boundary.checks import shown
from hsokv.config import FlowConfig
from hsokv.data.tokenizer import leave_out, split_words
from hsokv.flows.base import Answers, Flow
from hsokv.models.sentence import encode_sentences


class LibraryFlow(Flow):
    """A library baseline.

    `tfidf_neighbor`: cosine 1-nearest-neighbour over scikit-learn's TF-IDF.
    `bm25`: the best-scoring text under BM25 (Robertson and Zaragoza, 2009; the bm25s package).
    `class_mean`: cosine to the mean TF-IDF vector of each class (Snell et al., 2017).
    `linear_probe`: scikit-learn's logistic regression on TF-IDF.
    `sentence_neighbor`, `sentence_mean`, `sentence_probe`: the first, third and fourth on sentence
    vectors (all-MiniLM-L6-v2) in the place of TF-IDF.
    `headword_lookup`: the label whose first word stands in the text, the earliest of several; it
    learns nothing but the labels and declines where there is none.
    """

    encoders = ("library",)

    @property
    def memory_bytes(self) -> int:
        """Bytes of the stored texts as UTF-8; of the labels, where those are all that is used."""
        if self.config_.library == "headword":
            return sum(len(str(label).encode()) for label in self.classes_.tolist())
        return sum(len(text.encode()) for text in self.texts_)

    def _reset(self) -> None:
        super()._reset()
        self.texts_: list[str] = []
        self.labels_: list[int] = []

    def _learn(self, texts: list[str], labels: list[int], validation: tuple | None) -> None:
        self.texts_, self.labels_ = self.texts_ + texts, self.labels_ + labels
        self._refit()

    def _refit(self) -> None:
        """Fit the library model to all stored texts."""
        if not any(map(split_words, self.texts_)):
            raise ValueError(
                f"texts={shown(self.texts_)}: expected a word in at least one of them, a library "
                "flow knows texts by their words; add texts with words"
            )
        config, labels = self.config_, np.array(self.labels_)
        kind = config.library
        self.convergence_steps_ = 0
        self.cost_.flops = float("nan")  # library code is not counted
        if kind == "headword":
            words = [split_words(str(label))[:1] for label in self.classes_.tolist()]
            self._headwords = {}
            for i, word in enumerate(words):
                for first in word:
                    self._headwords.setdefault(first, i)
            return
        if kind == "bm25":
            self._index = bm25s.BM25(k1=config.bm25_k1, b=config.bm25_b)
            self._index.index([split_words(text) for text in self.texts_], show_progress=False)
            return
        vectors = self._read(self.texts_, fit=True)
        if kind.endswith("neighbor"):
            self._keys, self._key_labels = vectors, labels
        elif kind.endswith("mean"):
            self._key_labels = np.unique(labels)  # a class may have no text yet
            onehot = np.eye(len(self.classes_))[labels][:, self._key_labels]
            self._keys = (onehot / onehot.sum(0)).T @ _dense(vectors)
            norms = np.linalg.norm(self._keys, axis=1, keepdims=True)
            self._keys /= np.maximum(norms, 1e-12)  # a class may have no words at all
        elif len(set(self.labels_)) > 1:
            with warnings.catch_warnings():  # one or two texts per class is the task, no mistake
                warnings.filterwarnings("ignore", message="The number of unique classes")
                self._probe = LogisticRegression(C=config.probe_c, max_iter=1000).fit(
                    vectors, labels
                )

    def _read(self, texts: list[str], fit: bool = False):
        """Return the vectors of texts, (B, d), TF-IDF or the encoder's; fit to them if told to."""
        config = self.config_
        if config.reads_sentences:
            if fit:
                held = Counter(word for text in texts for word in set(split_words(text)))
                most = max(1, config.max_df * len(texts))
                self._common = {word for word, n_texts in held.items() if n_texts > most}
            if self._common:
                texts = leave_out(texts, self._common)
            return encode_sentences(texts, config.reads_adapted).numpy()
        if not fit:
            return self._vectorizer.transform(texts)
        self._vectorizer = _vectorizer(config, len(texts))
        try:
            return self._vectorizer.fit_transform(texts)
        except ValueError as error:
            raise ValueError(
                f"max_df={config.max_df} leaves no word of these {len(texts)} texts, all "
                "stand in too many of them: expected one at least; raise max_df"
            ) from error

    def _answer(self, texts: list[str]) -> Answers:
        n, n_classes = len(texts), len(self.classes_)
        none = np.full(n, np.nan)
        if self.config_.library.endswith("probe"):
            learned = sorted(set(self.labels_))
            scores = np.zeros((n, n_classes))
            scores[:, learned] = 1.0
            if len(learned) > 1:
                scores[:, learned] = self._probe.predict_proba(self._read(texts))
            return Answers(
                scores, scores, 1 - scores.max(1), none, np.full(n, -1), np.zeros(n, bool),
                none, np.zeros(n, bool),
            )  # fmt: skip
        if self.config_.library == "headword":
            return self._look_up(texts)
        if self.config_.library == "bm25":
            words = [split_words(text) for text in texts]
            silent = np.zeros(len(self.texts_))  # bm25s takes no query without words
            similar = np.stack([self._index.get_scores(q) if q else silent for q in words])
            labels, offset = np.array(self.labels_), 0.0
        else:
            similar, labels = _dense(self._read(texts) @ self._keys.T), self._key_labels
            offset = 1.0
        best = similar.argmax(1)
        nearest = similar[np.arange(n), best]
        return Answers(
            scores=np.eye(n_classes)[labels[best]],
            scores_without=np.zeros((n, n_classes)),
            novelty=offset - nearest,
            hit=nearest,
            nearest=labels[best],
            has_read=np.ones(n, bool),
            gate=none,
            abstains=np.zeros(n, bool),
        )

    def _look_up(self, texts: list[str]) -> Answers:
        n, n_classes = len(texts), len(self.classes_)
        hits = [[self._headwords[w] for w in split_words(t) if w in self._headwords] for t in texts]
        found = np.array([bool(hit) for hit in hits])
        nearest = np.array([hit[0] if hit else -1 for hit in hits])
        scores = np.zeros((n, n_classes))
        scores[found, nearest[found]] = 1.0
        return Answers(
            scores=scores,
            scores_without=np.zeros((n, n_classes)),
            novelty=1.0 - found,
            hit=found.astype(float),
            nearest=nearest,
            has_read=found,
            gate=np.full(n, np.nan),
            abstains=~found,
        )


def _dense(vectors) -> np.ndarray:
    return vectors.toarray() if hasattr(vectors, "toarray") else vectors


def _vectorizer(config: FlowConfig, n_texts: int) -> TfidfVectorizer:
    if config.char_ngrams:
        words = {"analyzer": "char_wb", "ngram_range": (2, max(2, config.char_ngrams))}
    else:
        words = {"tokenizer": split_words, "token_pattern": None}
    most = config.max_df if config.max_df * n_texts >= 1 else 1  # in one text is never too often
    return TfidfVectorizer(max_df=most, sublinear_tf=config.sublinear_tf, **words)
