"""The task of the public predecessor: its recipe for texts.

Twenty words, one to five training texts each, and one usage sentence per word that every text
repeats: 7-12 filler words, "<word> means <definition>.", the usage, 6-10 filler words. The last
training text of a word that has more than one is held out for validation. Five test texts and
three "retention" texts per word are drawn in the same way. The vocabulary is fitted on all of it.

Differs from the original: the words, definitions and usages are those of our lexicon, drawn anew
for each seed; every purpose has its own random stream.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from hsokv.data.lexicon import load_lexicon
from hsokv.data.rare_words import Texts
from hsokv.data.stories import DISTRACTOR, LEAD, TAIL, draw_filler
from hsokv.data.tokenizer import split_words
from hsokv.seeds import numpy_rng

N_WORDS, MAX_EXPOSURES = 20, 5
N_TEST, N_RETENTION, N_DISTRACTORS = 5, 3, 100  # per word, per word, in all


@dataclass(frozen=True)
class PredecessorTask:
    """One draw of the protocol.

    Attributes:
        words: the words to tell apart, in fixed order.
        train: all training texts, word by word; `exposures` counts them per word.
        optimised: the training texts without those held out.
        validation: the last text of every word that has more than one.
        test: five texts per word.
        retention: three further texts per word.
        distractors: sentences of filler that only the vocabulary ever sees.
    """

    words: tuple[str, ...]
    train: Texts
    optimised: Texts
    validation: Texts
    test: Texts
    retention: Texts
    distractors: tuple[str, ...]

    @property
    def fitted_on(self) -> list[str]:
        """The texts the predecessor fitted its vocabulary on; our learners use training text."""
        parts = (self.train, self.test, self.retention)
        return [text for part in parts for text in part.texts] + list(self.distractors)

    @property
    def vocabulary(self) -> frozenset[str]:
        """Every word of `fitted_on`."""
        return frozenset(word for text in self.fitted_on for word in split_words(text))


def make_predecessor_task(seed: int) -> PredecessorTask:
    """Draw words, exposures and texts.

    Raises:
        TypeError: the seed is not an integer.
    """
    table = load_lexicon().set_index("word")
    words = numpy_rng(seed, "predecessor", "words").permutation(table.index.to_numpy())[:N_WORDS]
    counts = numpy_rng(seed, "predecessor", "exposures").integers(1, MAX_EXPOSURES + 1, N_WORDS)
    exposures = {str(word): int(count) for word, count in zip(words, counts)}
    usage = numpy_rng(seed, "predecessor", "usages").integers(1, 5, N_WORDS)
    cores = {
        word: f"{word} means {table.loc[word, 'definition']}. {table.loc[word, f'usage_{i}']}"
        for word, i in zip(exposures, usage)
    }

    def draw(split: str, numbers: dict[str, int]) -> Texts:
        rng, texts = numpy_rng(seed, "predecessor", split), Texts()
        for word, number in numbers.items():
            for _ in range(number):
                text = f"{draw_filler(LEAD, rng)} {cores[word]} {draw_filler(TAIL, rng)}"
                texts.add(text, word, exposures[word])
        return texts

    train = draw("train", exposures)
    test = draw("test", dict.fromkeys(exposures, N_TEST))
    retention = draw("retention", dict.fromkeys(exposures, N_RETENTION))
    rng = numpy_rng(seed, "predecessor", "distractors")
    distractors = tuple(draw_filler(DISTRACTOR, rng) for _ in range(N_DISTRACTORS))
    optimised, validation = map(train.take, hold_out_last(train.labels))
    return PredecessorTask(
        tuple(exposures), train, optimised, validation, test, retention, distractors
    )


def hold_out_last(labels: Sequence[Hashable]) -> tuple[list[int], list[int]]:
    """Return the texts to keep and to hold out: the last of every label that has two."""
    last, counts = {label: i for i, label in enumerate(labels)}, Counter(labels)
    held = {i for label, i in last.items() if counts[label] > 1}
    return [i for i in range(len(labels)) if i not in held], sorted(held)
