"""Rare-word tasks: stories by the documented recipe, and the conditions they are tested under.

A training story is 7-12 filler words, "<word> means <definition>.", a usage sentence and 6-10
filler words. Test conditions: `verbatim` repeats definition and usage inside new filler (the
sources' protocol), `recognise` is a new sentence with the word and no definition, `infer` the same
sentence with the word blanked, `unseen` a sentence with a word that was never stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from hsokv.boundary.checks import Range, check_float, check_int, check_keys
from hsokv.data.lexicon import USAGES, load_fillers, load_lexicon, load_unseen_words
from hsokv.seeds import numpy_rng

#: The training sentence again, a new sentence, the same with the word blanked, a new word.
CONDITIONS = ("verbatim", "recognise", "infer", "unseen")
BLANK = "___"
SHARE = Range(0, 0.9)  # of validation words, so that some are left to score
LEAD, TAIL, DISTRACTOR = (7, 12), (6, 10), (12, 18)  # words, both ends included


@dataclass(frozen=True)
class Texts:
    """Texts with their words.

    Attributes:
        texts: N stories.
        labels: the word each story is about.
        exposures: training stories of that word (0 for a word never stored).
    """

    texts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    exposures: list[int] = field(default_factory=list)

    def add(self, text: str, label: str, exposures: int) -> None:
        """Append one story."""
        self.texts.append(text)
        self.labels.append(label)
        self.exposures.append(exposures)

    def where(self, words: set[str]) -> Texts:
        """Return the stories about some words."""
        return self.take([i for i, label in enumerate(self.labels) if label in words])

    def take(self, indices: list[int]) -> Texts:
        """Return the stories with some indices, in that order."""
        return Texts(
            [self.texts[i] for i in indices],
            [self.labels[i] for i in indices],
            [self.exposures[i] for i in indices],
        )


@dataclass(frozen=True)
class RareWordTask:
    """One draw of the rare-word task.

    Attributes:
        train: stories to learn from, 1 or 2 per word, in random order.
        validation: verbatim-type stories of the validation words, for flows that select.
        test_words: the words that are scored; disjoint from the validation words.
        blocks: the words in order of arrival, in equal parts, for retention.
    """

    n_way: int
    seed: int
    train: Texts
    validation: Texts
    test_words: tuple[str, ...]
    blocks: tuple[tuple[str, ...], ...]
    _plan: dict

    def test(self, condition: str, n_distractors: int = 0, draw: str = "test") -> Texts:
        """Return one test story per test word (per unseen word under `unseen`).

        Args:
            condition: one of `CONDITIONS`.
            n_distractors: sentences of 12-18 filler words put before or after the story, 0-5.
            draw: name of the random draw; another name gives new filler for the same stories.

        Raises:
            ValueError: unknown condition or a negative number of distractors.
            TypeError: a number or the name of the draw has another type.
        """
        check_keys([condition], CONDITIONS, "condition")
        n_distractors = check_int("n_distractors", n_distractors, Range(0, 10_000))
        rng = numpy_rng(self.seed, "stories", draw, condition, self.n_way)
        stories = Texts()
        if condition == "unseen":
            for row in load_unseen_words().itertuples():
                usage = getattr(row, USAGES[rng.integers(4)])
                stories.add(_surround(usage, rng, n_distractors), row.word, 0)
            return stories
        for word in self.test_words:
            plan = self._plan[word]
            stories.add(_story(plan, condition, rng, n_distractors), word, plan["exposures"])
        return stories


def make_rare_word_task(
    n_way: int = 100, *, seed: int, n_blocks: int = 5, validation_share: float = 0.2
) -> RareWordTask:
    """Draw words, exposures and stories.

    Half of the words get one training story, half get two (same definition, another usage). A
    fifth of the words are validation words: they are learned like the others, flows that select
    may look at further stories of theirs, and they are never scored.

    Args:
        n_way: number of words, 5 to 100.
        seed: decides words, exposures, usages and filler, each from its own stream.
        n_blocks: parts in which the words arrive for retention, at most half of `n_way`.
        validation_share: share of the words set aside for validation.

    Raises:
        ValueError: a number out of range, e.g. `n_way` outside 5..100.
        TypeError: a number of another type.
    """
    lexicon = load_lexicon().set_index("word")
    n_way = check_int("n_way", n_way, Range(5, len(lexicon)))
    n_blocks = check_int("n_blocks", n_blocks, Range(1))
    validation_share = check_float("validation_share", validation_share, SHARE)
    rng = numpy_rng(seed, "words", n_way)
    words = [str(word) for word in rng.permutation(lexicon.index.to_numpy())[:n_way]]
    validation_words = set(words[: max(1, round(validation_share * n_way))])
    twice = set(rng.permutation(words)[: n_way // 2].tolist())
    plan = {}
    for word in words:
        usages = [lexicon.loc[word, USAGES[i]] for i in rng.permutation(4)]
        exposures = 2 if word in twice else 1
        plan[word] = {
            "word": word,
            "definition": lexicon.loc[word, "definition"],
            "trained": usages[:exposures],
            "new": usages[2],
            "exposures": exposures,
        }
    train = Texts()
    stories = [(plan[word], usage) for word in words for usage in plan[word]["trained"]]
    for i in rng.permutation(len(stories)):
        entry, usage = stories[i]
        train.add(_surround(_definition(entry, usage), rng), entry["word"], entry["exposures"])
    validation = Texts()
    for word in words:
        if word in validation_words:
            story = _story(plan[word], "verbatim", numpy_rng(seed, "validation", word))
            validation.add(story, word, plan[word]["exposures"])
    n_blocks = min(n_blocks, n_way // 2)  # so that every block holds a word that is scored
    blocks = tuple(tuple(words[i::n_blocks]) for i in range(n_blocks))
    test_words = tuple(word for word in words if word not in validation_words)
    return RareWordTask(n_way, seed, train, validation, test_words, blocks, plan)


def draw_filler(low_high: tuple[int, int], rng: np.random.Generator) -> str:
    """Return filler words, as many as drawn between the two numbers, both included."""
    return " ".join(rng.choice(load_fillers(), rng.integers(low_high[0], low_high[1] + 1)))


def _definition(entry: dict, usage: str) -> str:
    return f"{entry['word']} means {entry['definition']}. {usage}"


def _story(entry: dict, condition: str, rng: np.random.Generator, n_distractors: int = 0) -> str:
    """Return one test story of a stored word."""
    if condition == "verbatim":
        usage = entry["trained"][rng.integers(len(entry["trained"]))]
        return _surround(_definition(entry, usage), rng, n_distractors)
    usage = entry["new"]
    if condition == "infer":
        usage = re.sub(rf"\b{entry['word']}\b", BLANK, usage, flags=re.IGNORECASE)
    return _surround(usage, rng, n_distractors)


def _surround(core: str, rng: np.random.Generator, n_distractors: int = 0) -> str:
    """Put filler words around the core, and distractor sentences before or after it."""
    parts = [f"{draw_filler(LEAD, rng)} {core} {draw_filler(TAIL, rng)}."]
    for _ in range(n_distractors):
        sentence = draw_filler(DISTRACTOR, rng).capitalize() + "."
        parts.insert(0 if rng.random() < 0.5 else len(parts), sentence)
    return " ".join(parts)
