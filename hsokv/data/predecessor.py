"""The protocol of the public predecessor: its data recipe and what its table calls its numbers.

Twenty words, one to five training texts each, and one usage sentence per word that every text
repeats: 7-12 filler words, "<word> means <definition>.", the usage, 6-10 filler words. The last
training text of a word that has more than one is held out for validation. Five test texts and
three "retention" texts per word are drawn in the same way. The vocabulary is fitted on all of it.

Differs from the original: the words, definitions and usages are those of our lexicon, drawn anew
for each seed; every purpose has its own random stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hsokv.data.lexicon import load_lexicon
from hsokv.data.rare_words import DISTRACTOR, LEAD, TAIL, Texts, draw_filler
from hsokv.data.tokenizer import split_words
from hsokv.seeds import numpy_rng

N_WORDS, MAX_EXPOSURES = 20, 5
N_TEST, N_RETENTION, N_DISTRACTORS = 5, 3, 100  # per word, per word, in all
SOLVED = 0.8  # validation accuracy that the table calls converged
INVENTED = 0.3  # factor by which two columns of the table were made from another

# The table as printed in the seeds, in their order of rows, which is that of the code.
PRINTED = {
    "h_sokv": {"one_shot": 0.60, "retention": 0.93, "kv_hit_rate": 0.09},
    "baseline_1": {"one_shot": 0.29, "retention": 0.98, "kv_hit_rate": 0.0},
    "baseline_2": {"one_shot": 0.92, "retention": 0.28, "kv_hit_rate": 0.0},
    "baseline_3": {"one_shot": 0.86, "retention": 0.87, "kv_hit_rate": 0.15},
}


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
    return PredecessorTask(
        tuple(exposures), train, *_hold_out_last(train), test, retention, distractors
    )


def _hold_out_last(train: Texts) -> tuple[Texts, Texts]:
    """Split word-by-word texts into those to optimise on and the last of each repeated word."""
    kept, held = Texts(), Texts()
    for i, (text, label, count) in enumerate(zip(train.texts, train.labels, train.exposures)):
        is_last = i + 1 == len(train.labels) or train.labels[i + 1] != label
        (held if is_last and count > 1 else kept).add(text, label, count)
    return kept, held


def first_solved(curve: Sequence[float], threshold: float = SOLVED) -> int:
    """Return the table's "convergence": the first place, from 1, at or above it; -1 if none.

    The table puts four different units into this one column: meta-iterations of the swarm, epochs
    of Baseline-1, a single look at the test accuracy for Baseline-3 (so 1 or -1), and -1 for
    Baseline-2 whatever it does.
    """
    return next((i for i, value in enumerate(curve, start=1) if value >= threshold), -1)


def printed_scores(arm: str, accuracy: float, one_shot: float, retention: float) -> dict:
    """Return what the table would print under "one-shot" and "retention".

    Args:
        arm: 'h_sokv' or a row name that begins with 'baseline_1', 'baseline_2' or 'baseline_3'.
        accuracy: share of all test texts answered rightly.
        one_shot: the same over the texts of words with one training text.
        retention: the same over the retention texts.

    Raises:
        ValueError: another arm.
    """
    shown = {
        "h_sokv": (one_shot, retention),
        "baseline_1": (INVENTED * accuracy, retention),
        "baseline_2": (accuracy, INVENTED * accuracy),
        "baseline_3": (accuracy, retention),
    }
    row = next((name for name in shown if arm.startswith(name)), None)
    if row is None:
        raise ValueError(f"arm={arm!r}: expected one of {', '.join(shown)}; name a printed row")
    return dict(zip(("printed_one_shot", "printed_retention"), shown[row]))
