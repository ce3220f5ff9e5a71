"""Exact sparse keys: which stored texts share words with a text, and how much each word says.

The score is a query likelihood (Ponte and Croft, 1998): by how many nats a text is likelier if one
of its words was taken from the entry than if all are plain English. A word that differs in form
came through a noisy channel (Kernighan et al., 1990). Nothing is trained or projected, so keys
never move.

Axes: N entries in use, T words of a text.
"""

from __future__ import annotations

import math
from array import array

import numpy as np

from hsokv.data.english import RAREST, forms, surprisal

OFTENER = 4.0  # a word is common where texts hold it so many times as often as chance would
LEAST_GAIN = 0.01  # nats below which a shared word is not looked up


class LexicalKeys:
    """An index of texts by their words; texts are named by numbers that only grow.

    It is only ever added to, so that a memory and its branches can share one: each asks for the
    numbers that it holds, and others stay unseen.

    Args:
        word_cost: nats a shared word has to be rarer than before it says anything; it stands for
            the odds that a word is repeated at all.
        title_cost: the same for words of a title, which are likelier to be repeated.
        form_cost: nats that each step from one form of a word to another costs on top, see
            `data.english.forms`.
        english: weigh words by their frequency in English; False takes all to be equally rare.
    """

    def __init__(self, word_cost: float, title_cost: float, form_cost: float, english: bool = True):
        self.costs, self.form_cost, self.english = (word_cost, title_cost), form_cost, english
        self._holders: tuple[dict[str, array], ...] = ({}, {})  # word -> numbers of texts, titles
        self._marked: set[str] = set()  # words whose forms are known
        self._forms: dict[str, list[tuple[str, int]]] = {}  # mark -> stored words at a distance

    @property
    def n_bytes(self) -> int:
        """Size of the index in bytes, words and marks as UTF-8, 8 for each text or word named.

        What Python adds to keep them apart is not counted.
        """
        return sum(
            len(word.encode()) + 8 * len(named)
            for names in (*self._holders, self._forms)
            for word, named in names.items()
        )

    def add(self, number: int, words: list[str], title: list[str] = ()) -> None:
        """Store the words of a text, and of its title, under a number above all those before."""
        for holders, told, cost in zip(self._holders, (words, title), self.costs):
            for word in dict.fromkeys(told):
                if word not in self._marked and self._can_tell(word, cost):
                    self._marked.add(word)
                    for mark, distance in forms(word).items():
                        self._forms.setdefault(mark, []).append((word, distance))
                holders.setdefault(word, array("q")).append(number)

    def common(self, most: float, numbers: np.ndarray) -> frozenset[str]:
        """Return the words that more than so many of these texts (N,) hold, but for plain English.

        A word is plain English if texts of that length would hold it a quarter as often, or more,
        were it as frequent as in English.
        """
        counts = {word: len(self.slots(word, numbers)) for word in self._holders[0]}
        length = sum(counts.values()) / max(1, len(numbers))
        return frozenset(
            word
            for word, n in counts.items()
            if n > most and n / len(numbers) > OFTENER * self._expected(word, length)
        )

    def _expected(self, word: str, length: float) -> float:
        """Return the share of texts of so many words that would hold a word by chance."""
        return -math.expm1(-length * math.exp(-self._surprisal(word)))

    def slots(self, word: str, numbers: np.ndarray, titles: bool = False) -> np.ndarray:
        """Return the places among `numbers` (N,), sorted, of the texts that hold a word.

        With `titles`, of those whose title holds it.
        """
        held = np.array(self._holders[titles].get(word, ()), dtype=np.int64)
        place = np.searchsorted(numbers, held)
        place = place[place < len(numbers)]
        return place[numbers[place] == held[: len(place)]]

    def gains(self, word: str, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what a word of a text says for the entries that hold it or a form of it.

        Args:
            word: in lower case.
            numbers: the texts that are asked, (N,), sorted.

        Returns:
            Places among `numbers`, each once, and nats, at least 0.
        """
        found, nats = [], []
        for stored, above in self._matches(word):
            for titles, cost in enumerate(self.costs):
                if above - cost <= math.log(LEAST_GAIN):
                    continue
                slots = self.slots(stored, numbers, bool(titles))
                if len(slots):
                    found.append(slots)
                    nats.append(np.full(len(slots), _gain(above - cost, len(slots))))
        if not found:
            return np.empty(0, np.int64), np.empty(0)
        slots, gain = np.concatenate(found), np.concatenate(nats)
        order = np.lexsort((-gain, slots))  # of an entry that holds several, the best counts
        slots, gain = slots[order], gain[order]
        first = np.ones(len(slots), bool)
        first[1:] = slots[1:] != slots[:-1]
        return slots[first], gain[first]

    def read(self, words: list[str], numbers: np.ndarray) -> tuple[np.ndarray, float]:
        """Return what a text says for each entry, (N,), and what no entry explains, both in nats.

        The second is the most that a word of the text could say and for no entry does: high where
        a rare word was never stored.

        Args:
            words: of the text, (T,); one that stands in it twice counts once.
            numbers: the texts that are asked, (N,), sorted.
        """
        total, unexplained = np.zeros(len(numbers)), 0.0
        for word in dict.fromkeys(words):  # in the order of the text: sums round alike
            if self._can_tell(word, min(self.costs)):
                slots, nats = self.gains(word, numbers)
                total[slots] += nats
                most = _gain(self._surprisal(word) - self.costs[0])
                unexplained = max(unexplained, most - nats.max(initial=0.0))
        return total, unexplained

    def _matches(self, word: str) -> list[tuple[str, float]]:
        """Return the stored words that may stand behind a word, each with nats before the price."""
        apart: dict[str, int] = {}
        for mark, distance in forms(word).items():
            for other, others in self._forms.get(mark, ()):
                apart[other] = min(apart.get(other, 9), distance + others)
        found, own = [], self._surprisal(word)
        for other, distance in apart.items():
            nats = min(own - self.form_cost * distance, self._surprisal(other))
            if nats - min(self.costs) > math.log(LEAST_GAIN):
                found.append((other, nats))
        return found

    def _can_tell(self, word: str, cost: float) -> bool:
        """Whether a word is rare enough to say anything if one text holds it; a blank never is."""
        return word[0] != "_" and self._surprisal(word) - cost > math.log(LEAST_GAIN)

    def _surprisal(self, word: str) -> float:
        return surprisal(word) if self.english else RAREST


def _gain(above: float, holders: int = 1) -> float:
    """Return the nats of a word that is so far above the price and that some entries hold."""
    return math.log1p(math.exp(above - math.log(holders)))
