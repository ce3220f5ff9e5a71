"""Rare-word tasks: stories by the documented recipe, and the conditions they are tested under.

A task draws words and who sees which of their texts; `hsokv.data.stories` writes the stories. A
task of senses has two labels for each word, an ordinary and a rare sense, and asks which is meant.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from hsokv.boundary.checks import Range, check_float, check_int, check_keys
from hsokv.data.lexicon import (
    USAGES,
    Lexicon,
    load_lexicon,
    load_senses,
    load_unseen_words,
)
from hsokv.data.stories import CONDITIONS, SENSE, query_core, surround, training_core
from hsokv.seeds import numpy_rng

SHARE = Range(0, 0.9)  # of validation words, so that some are left to score


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
        conditions: what `test` can draw.
        train: stories to learn from, 1 or 2 per word, in random order.
        validation: verbatim-type stories of the validation words, for flows that select.
        test_words: the labels that are scored; disjoint from those of validation.
        blocks: the labels in order of arrival, in equal parts, for retention.
    """

    n_way: int
    seed: int
    lexicon: Lexicon
    conditions: tuple[str, ...]
    train: Texts
    validation: Texts
    test_words: tuple[str, ...]
    blocks: tuple[tuple[str, ...], ...]
    _plan: dict

    def test(self, condition: str, n_distractors: int = 0, draw: str = "test") -> Texts:
        """Return one test story per test word (per unseen word under `unseen`).

        Args:
            condition: one of `conditions`.
            n_distractors: sentences of 12-18 filler words put before or after the story, 0-5.
            draw: name of the random draw; another name gives new filler for the same stories.

        Raises:
            ValueError: unknown condition or a negative number of distractors.
            TypeError: a number or the name of the draw has another type.
        """
        check_keys([condition], self.conditions, "condition")
        n_distractors = check_int("n_distractors", n_distractors, Range(0, 10_000))
        rng = numpy_rng(self.seed, "stories", draw, condition, self.n_way)
        stories = Texts()
        if condition == "unseen":
            for row in load_unseen_words(self.lexicon).itertuples():
                usage = getattr(row, USAGES[rng.integers(4)])
                stories.add(surround(usage, rng, n_distractors), row.word, 0)
            return stories
        for word in self.test_words:
            core = query_core(self._plan, word, condition, rng)
            exposures = self._plan[word]["exposures"]
            stories.add(surround(core, rng, n_distractors), word, exposures)
        return stories


def labels_of(condition: str, lexicon: Lexicon = "test") -> tuple[str, ...]:
    """Return all labels that the stories of a condition can be about, in the order of the files.

    Raises:
        ValueError: there is no such condition or lexicon.
    """
    check_keys([condition], (*CONDITIONS, SENSE), "condition")
    if condition == SENSE:
        return tuple(load_senses(lexicon)["label"])
    table = load_unseen_words(lexicon) if condition == "unseen" else load_lexicon(lexicon)
    return tuple(table["word"])


def make_rare_word_task(
    n_way: int = 100,
    *,
    seed: int,
    n_blocks: int = 5,
    validation_share: float = 0.2,
    lexicon: Lexicon = "test",
) -> RareWordTask:
    """Draw words, exposures and stories.

    Half of the words get one training story, half get two (same definition, another usage). A
    fifth of the words are validation words: they are learned like the others, flows that select
    may look at further stories of theirs, and they are never scored.

    Args:
        n_way: number of words, 5 to 100 (as many as the lexicon has).
        seed: decides words, exposures, usages and filler, each from its own stream.
        n_blocks: parts in which the words arrive for retention, at most half of `n_way`.
        validation_share: share of the words set aside for validation.
        lexicon: 'test', or 'development' for the words on which choices are made.

    Raises:
        ValueError: a number out of range, e.g. `n_way` outside 5..100, or no such lexicon.
        TypeError: a number of another type.
    """
    table = load_lexicon(lexicon).set_index("word", drop=False)
    n_way = check_int("n_way", n_way, Range(5, len(table)))
    n_blocks = check_int("n_blocks", n_blocks, Range(1))
    validation_share = check_float("validation_share", validation_share, SHARE)
    rng = numpy_rng(seed, "words", n_way)
    words = [str(word) for word in rng.permutation(table.index.to_numpy())[:n_way]]
    held = set(words[: max(1, round(validation_share * n_way))])
    twice = set(rng.permutation(words)[: n_way // 2].tolist())
    plan = {}
    for word in words:
        entry = table.loc[word].to_dict()
        usages = [entry[USAGES[i]] for i in rng.permutation(4)]
        exposures = 2 if word in twice else 1
        plan[word] = entry | {
            "trained": usages[:exposures], "new": usages[2], "exposures": exposures,
        }  # fmt: skip
    n_blocks = min(n_blocks, n_way // 2)  # so that every block holds a word that is scored
    return _make_task(plan, held, tuple(CONDITIONS), n_blocks, rng, seed, lexicon)


def make_sense_task(
    *, seed: int, validation_share: float = 0.2, lexicon: Lexicon = "test"
) -> RareWordTask:
    """Draw a task of senses: common words, each with an ordinary and a rare sense to tell apart.

    Every sense gets one training story. Looking for the word leaves two senses to choose from. The
    only condition is `SENSE`; both senses of a fifth of the words serve validation.

    Args:
        seed, validation_share, lexicon: as in `make_rare_word_task`.

    Raises:
        ValueError, TypeError: as `make_rare_word_task`.
    """
    table = load_senses(lexicon).set_index("label", drop=False)
    validation_share = check_float("validation_share", validation_share, SHARE)
    rng = numpy_rng(seed, "senses")
    words = [str(word) for word in rng.permutation(table["word"].unique())]
    held_words = words[: max(1, round(validation_share * len(words)))]
    plan = {}
    for label in rng.permutation(table.index.to_numpy()):
        entry = table.loc[label].to_dict()
        trained, new = rng.permutation([entry[name] for name in USAGES[:3]])[:2]
        plan[str(label)] = entry | {"trained": [str(trained)], "new": str(new), "exposures": 1}
    held = {label for label, entry in plan.items() if entry["word"] in held_words}
    return _make_task(plan, held, (SENSE,), 1, rng, seed, lexicon)


def _make_task(
    plan: dict[str, dict],
    held: set[str],
    conditions: tuple[str, ...],
    n_blocks: int,
    rng: np.random.Generator,
    seed: int,
    lexicon: Lexicon,
) -> RareWordTask:
    """Write the stories of a plan, which holds what is known about each label."""
    train, validation = Texts(), Texts()
    stories = [(label, usage) for label in plan for usage in plan[label]["trained"]]
    for i in rng.permutation(len(stories)):
        label, usage = stories[i]
        story = surround(training_core(plan[label], usage), rng)
        train.add(story, label, plan[label]["exposures"])
    for label in plan:
        if label in held:
            draw = numpy_rng(seed, "validation", label)
            core = query_core(plan, label, "verbatim", draw)
            validation.add(surround(core, draw), label, plan[label]["exposures"])
    labels = tuple(plan)
    return RareWordTask(
        n_way=len(plan),
        seed=seed,
        lexicon=lexicon,
        conditions=conditions,
        train=train,
        validation=validation,
        test_words=tuple(label for label in labels if label not in held),
        blocks=tuple(labels[i::n_blocks] for i in range(n_blocks)),
        _plan=plan,
    )
