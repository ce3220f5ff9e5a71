"""A memory whose keys are the words themselves, exactly, and optionally a sentence vector.

Nothing is trained as it learns, so keys stay comparable however much is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import numpy as np
import torch
from torch import Tensor

from hsokv.data.tokenizer import leave_out, split_words
from hsokv.flows.base import Answers, Flow
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.lexical import LexicalKeys
from hsokv.models.sentence import encode_sentences, key_width

SETTLED = 512  # entries from which on it stays as it is which words are common
LEAST_HOLDERS = 2  # texts that may hold a word without making it common
DIGITS = 9  # of nats that decide: entries that say equally much must not be told apart by rounding


class LexicalLearner(Flow):
    """Stores every text and answers with the label of the one whose words say most.

    With `semantic` the cosine of two sentence vectors says something, too. Words that stand in many
    stored texts are left out before a text is encoded: what all texts share tells none apart. They
    are found anew, and stored texts encoded again, whenever the store has doubled, up to 512.

    With `abstain` it declines where the best entry says fewer nats than `novel_nats` plus
    `unknown_share` of what the most telling unknown word could say if it were stored, and where no
    entry says anything. `novelty` is that share less what the best entry says; `predict_proba` is
    the softmax over what each label's best entry says, zeros where none does.

    Attributes:
        memory_: `KeyValueMemory` with labels, numbers of texts ('source') and, as keys, sentence
            vectors, of width 0 where there are none.
        keys_: `LexicalKeys`, the words of each number.
    """

    encoders = ("lexical",)

    @property
    def memory_bytes(self) -> int:
        """Bytes of entries and index, see `LexicalKeys.n_bytes`, and of the texts as UTF-8."""
        texts = sum(len(text.encode()) for text in self.texts_.values())
        return self.memory_.n_bytes + self.keys_.n_bytes + texts

    @property
    def texts_(self) -> dict[int, str]:
        """The stored texts by their number, oldest first."""
        return {number: self._stored[number][0] for number in self.memory_["source"].tolist()}

    def _reset(self) -> None:
        super()._reset()
        self._common: frozenset[str] = frozenset()  # words that many stored texts hold
        self._settled_at = 0  # entries when they were found
        self._remember(KeyValueMemory(self.config_.capacity, self._width), [])

    @property
    def _width(self) -> int:
        return key_width(self.config_)

    def _remember(self, memory: KeyValueMemory, texts: list[str]) -> None:
        """Hold these entries, with their texts in the same order, and nothing else."""
        self.memory_, config = memory, self.config_
        cost = config.title_cost if config.title == "label" else config.word_cost
        self.keys_ = LexicalKeys(config.word_cost, cost, config.form_cost, config.english)
        self._stored: dict[int, tuple[str, int]] = {}  # number -> text and class, of every branch
        self._numbers: dict[tuple[str, int], int] = {}  # text and class -> its last number
        numbers = memory["source"].tolist()
        for number, *stored in zip(numbers, texts, memory["label"].tolist()):
            self._store(number, tuple(stored))
        self._next = [max(numbers, default=-1) + 1]  # the next number, for every branch

    def _store(self, number: int, stored: tuple[str, int]) -> None:
        self._stored[number], self._numbers[stored] = stored, number
        self.keys_.add(number, split_words(stored[0]), self._title(stored[1]))

    def _title(self, label: int) -> list[str]:
        """Return the words of a class's label, none where titles are not read or it is a number."""
        reads = self.config_.title == "label" and self.classes_.dtype.kind == "U"
        return split_words(str(self.classes_[label])) if reads else []

    def _branch(self) -> Self:
        branch = super()._branch()  # index, texts and numbers are shared: they only grow
        branch.memory_ = self.memory_.branch()
        return branch

    def _learn(self, texts: list[str], labels: list[int], validation: tuple | None) -> None:
        new: dict[int, int] = {}  # number -> class
        for stored in zip(texts, labels):
            if self.config_.duplicates == "merge" and self._holds(stored, new):
                continue
            number = self._next[0]
            self._next[0] += 1
            self._store(number, stored)
            new[number] = stored[1]
        numbers = torch.tensor(list(new), dtype=torch.int64)
        if self._width:
            self._settle(numbers)
        self.memory_.write(
            self._encode_entries(new),
            torch.zeros(len(new), 0),
            label=torch.tensor(list(new.values()), dtype=torch.int64),
            source=numbers,
            created_at=numbers,
        )
        if len(self._stored) > 2 * self.config_.capacity:
            self._remember(self.memory_, list(self.texts_.values()))  # what was evicted goes
        self.convergence_steps_ = 0

    def _holds(self, stored: tuple[str, int], new: dict[int, int]) -> bool:
        """Return whether a text is in the memory, or about to be, under the same class."""
        number = self._numbers.get(stored, -1)
        numbers = self.memory_["source"].numpy()
        place = np.searchsorted(numbers, number)
        return number in new or (place < len(numbers) and numbers[place] == number)

    def _settle(self, new: Tensor) -> None:
        """Find the common words anew if the store has doubled with these texts."""
        numbers = torch.cat([self.memory_["source"], new]).numpy()
        n = len(numbers)
        if n >= max(1, 2 * self._settled_at) and self._settled_at < SETTLED:
            most = max(LEAST_HOLDERS, self.config_.common_share * n)
            self._common, self._settled_at = self.keys_.common(most, numbers), n
            self._encode_again()

    def _encode_again(self) -> None:
        slots = torch.arange(len(self.memory_))
        self.memory_.replace_keys(slots, self._encode_entries(self.texts_))

    def _encode_entries(self, numbers: Iterable[int]) -> Tensor:
        """Return the sentence vectors of stored texts without the words of their titles, (B, d)."""
        stored = (self._stored[number] for number in numbers)
        told = [" ".join(leave_out([text], self._title(label))) for text, label in stored]
        return self._encode(told)

    def _encode(self, texts: list[str]) -> Tensor:
        """Return the sentence vectors of texts without their common words, (B, d)."""
        if not self._width:
            return torch.zeros(len(texts), 0)
        return encode_sentences(leave_out(texts, self._common), self.config_.reads_adapted)

    def _answer(self, texts: list[str]) -> Answers:
        n, n_classes = len(texts), len(self.classes_)
        numbers, labels = self.memory_["source"].numpy(), self.memory_["label"].numpy()
        read = [self.keys_.read(split_words(text), numbers) for text in texts]
        nats, unknown = np.stack([said for said, _ in read]), np.array([most for _, most in read])
        if self._width:
            cosine = self._encode(texts) @ self.memory_.keys.T
            nats += self.config_.cosine_nats * cosine.clamp(min=0).double().numpy()
        nats = nats.round(DIGITS)
        by_class = np.zeros((n, n_classes))
        np.maximum.at(by_class, (slice(None), labels), nats)
        best = nats.argmax(1)
        most = nats[np.arange(n), best]
        found = most > 0
        odds = np.exp(by_class - by_class.max(1, keepdims=True))
        scores = np.where(found[:, None], odds / odds.sum(1, keepdims=True), 0.0)
        novelty = self.config_.unknown_share * unknown - most
        is_new = ~found | (novelty > -self.config_.novel_nats)
        return Answers(
            scores=scores,
            scores_without=np.zeros((n, n_classes)),
            novelty=novelty,
            hit=most,
            nearest=np.where(found, labels[best], -1),
            has_read=found,
            gate=np.full(n, np.nan),
            abstains=is_new & self.config_.abstain,
        )
