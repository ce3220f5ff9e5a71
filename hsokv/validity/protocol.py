"""The validity guard: does a protocol measure what it claims to measure?

From the texts and the vocabulary alone it asks whether test texts repeat training texts, whether
the vocabulary has seen them, whether looking for the label's name is enough to answer, whether
selection has seen them, and whether there are enough items for the claimed precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from hsokv.boundary.checks import check_keys
from hsokv.boundary.inputs import check_texts, check_texts_labels
from hsokv.data.predecessor import make_predecessor_task
from hsokv.data.rare_words import RareWordTask, make_rare_word_task
from hsokv.data.tokenizer import Tokenizer, split_words
from hsokv.validity.measures import (
    check_items,
    check_lookup,
    check_overlap,
    check_repeats,
    check_vocabulary,
)
from hsokv.validity.report import REMEDIES, Report

# Filler of about a hundred words repeats up to three words in a row by chance; a definition with
# its usage, repeated, is longer than 16. Eight lies well clear of both.
RUN = 8
PRECISION = 0.05  # the smallest accuracy difference of interest
EXPECTED = {
    "verbatim": {
        "verbatim_overlap": "definition and usage are repeated by design: this condition asks for "
        "recall of a stored sentence",
        "label_lookup": "the word stands in the text: this condition asks for recall",
    },
    "recognise": {"label_lookup": "the word in a new sentence is the cue to be recognised"},
    "infer": {},
    "unseen": {"label_lookup": "that no stored word occurs is what has to be noticed"},
    "inflect": {},
    "define": {},
    "two_words": {},
}  # per condition of the rare-word task: what it has on purpose


def check_protocol(
    train_texts: Sequence[str],
    train_labels: Sequence,
    test_texts: Sequence[str],
    test_labels: Sequence,
    *,
    vocabulary: Tokenizer | Iterable[str],
    fitted_on: Sequence[str] | None = None,
    validation_texts: Sequence[str] | None = None,
    n_items: int | Mapping[str, int] | None = None,
    precision: float = PRECISION,
    share: float = 0.5,
    run: int = RUN,
    split: Callable[[str], list[str]] = split_words,
    declared: Mapping[str, str] | None = None,
) -> Report:
    """Measure what could make a test easier, or its numbers looser, than claimed.

    Upper and lower case are the same throughout. Overlap and lookup may touch a share of the texts
    up to `precision`, since so few cannot move an accuracy by more; duplicates, selection and the
    vocabulary may touch none.

    Args:
        train_texts: texts to learn from, (n_train,); with `train_labels`, text or numbers.
        train_labels: their labels.
        test_texts: texts that are scored, (n_test,).
        test_labels: their labels. Where one is no training label, the right answer is "none of
            those", and a lookup is right to stay silent.
        vocabulary: the fitted tokenizer, or its words.
        fitted_on: the texts it was fitted on, where known. Words alone show no fit on test texts
            when the training texts happen to hold the same words.
        validation_texts: texts used to choose between models; held out like the test texts.
        n_items: number of scored items over all draws, by default n_test; or one number for each
            subset that a result is claimed for, of which the smallest counts.
        precision: half-width of the interval that is claimed, as a share. Items are taken as
            independent, so the exact binomial half-width is the least one can have.
        share: the share it is claimed at; the default is where intervals are widest.
        run: words in a row that count as verbatim; shorter texts are only found as duplicates.
        split: how the tokenizer splits a text into words.
        declared: check name -> reason, for what the protocol has on purpose.

    Raises:
        TypeError: texts, labels or vocabulary are of the wrong type, or labels are text in one set
            and numbers in the other.
        ValueError: no texts, lengths that differ, an unknown name in `declared` or no reason, or a
            number out of range.
    """
    declared = _read_declared(declared)
    train_texts, train_labels = _read("train", train_texts, train_labels)
    test_texts, test_labels = _read("test", test_texts, test_labels)
    if isinstance(train_labels[0], str) != isinstance(test_labels[0], str):
        raise TypeError(
            f"train label {train_labels[0]!r}, test label {test_labels[0]!r}: expected text in "
            "both sets or numbers in both; use one kind"
        )
    if run < 2:
        raise ValueError(f"run={run}: expected 2 or more words in a row; raise it, e.g. to {RUN}")
    train, test = _split(train_texts, split), _split(test_texts, split)
    train_names, test_names = _names(train_labels, split), _names(test_labels, split)
    validation = [] if validation_texts is None else _split(validation_texts, split)
    held_out = test + validation
    checks = [
        check_overlap(train, train_names, test, test_names, run, precision),
        check_repeats("duplicates", test, train, "test texts are training texts word for word"),
        check_vocabulary(_read_vocabulary(vocabulary), train, held_out),
    ]
    if fitted_on is not None:
        told = "held-out texts had a part in fitting the vocabulary"
        checks.append(check_repeats("vocabulary_texts", held_out, _split(fitted_on, split), told))
    checks.append(check_lookup(set(train_names), test, test_names, precision))
    checks.append(check_items(len(test) if n_items is None else n_items, precision, share))
    if validation_texts is not None:
        told = "texts used for selection are test texts"
        checks.append(check_repeats("selection", validation, test, told))
    return Report(tuple(replace(c, reason=declared.get(c.name, "")) for c in checks))


def check_rare_words(
    n_way: int,
    condition: str,
    n_seeds: int,
    *,
    precision: float = PRECISION,
    one_shot: bool = False,
) -> Report:
    """Check our own task, on all draws that an experiment uses.

    The vocabulary is fitted as the flows fit theirs, on the training stories. `EXPECTED` is
    declared. Each check shows the worst of the draws; items are summed over them.

    Args:
        n_way: number of words to tell apart, 5 to 100.
        condition: one of `hsokv.data.CONDITIONS`.
        n_seeds: the draws are those of seeds 0 .. n_seeds - 1.
        precision: half-width of the claimed interval.
        one_shot: whether it is also claimed for the words met once, about half of them.

    Raises:
        ValueError: an unknown condition, or a number out of range.
    """
    check_keys([condition], EXPECTED, "condition")
    if n_seeds < 1:
        raise ValueError(f"n_seeds={n_seeds}: expected at least one draw; raise n_seeds")
    tasks = _draw_tasks(n_way, n_seeds)
    tests = [task.test(condition) for task in tasks]
    exposures = [count for test in tests for count in test.exposures]
    n_items = {"all words": len(exposures)}
    if one_shot and condition != "unseen":  # where no word was met
        n_items["words met once"] = exposures.count(1)
    reports = [
        check_protocol(
            task.train.texts,
            task.train.labels,
            test.texts,
            test.labels,
            vocabulary=Tokenizer().extend(task.train.texts),
            fitted_on=task.train.texts,
            validation_texts=task.validation.texts,
            n_items=n_items,
            precision=precision,
            declared=EXPECTED[condition],
        )
        for task, test in zip(tasks, tests)
    ]
    groups = zip(*(report.checks for report in reports))
    return Report(tuple(max(group, key=lambda c: c.measured) for group in groups))


@lru_cache(maxsize=1)
def _draw_tasks(n_way: int, n_seeds: int) -> tuple[RareWordTask, ...]:
    """Return the draws, kept for the next condition."""
    return tuple(make_rare_word_task(n_way, seed=seed) for seed in range(n_seeds))


def check_predecessor(seed: int, *, precision: float = PRECISION) -> Report:
    """Check one draw of the public predecessor's protocol, with nothing declared.

    Items are counted for all test texts and for those of words with one training text, which its
    headline score rests on.

    Raises:
        TypeError: the seed is not an integer.
        ValueError: `precision` out of range.
    """
    task = make_predecessor_task(seed)
    n_items = {"all words": len(task.test.texts), "one-shot": task.test.exposures.count(1)}
    return check_protocol(
        task.optimised.texts,
        task.optimised.labels,
        task.test.texts,
        task.test.labels,
        vocabulary=task.vocabulary,
        fitted_on=task.fitted_on,
        validation_texts=task.validation.texts,
        n_items={name: n for name, n in n_items.items() if n},
        precision=precision,
    )


def _read(name: str, texts: Iterable[str], labels: Iterable) -> tuple[list[str], list]:
    try:
        return check_texts_labels(texts, labels)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} set: {error}") from error


def _split(texts: Iterable[str], split: Callable) -> list[list[str]]:
    return [[word.casefold() for word in split(text)] for text in check_texts(texts)]


def _names(labels: list, split: Callable) -> list[tuple[str, ...]]:
    """Return labels as words; a label without any is kept whole, and no text names it."""
    names = [tuple(word.casefold() for word in split(str(label))) for label in labels]
    return [name or (str(label),) for name, label in zip(names, labels)]


def _read_vocabulary(vocabulary: Tokenizer | Iterable[str]) -> set[str]:
    words = vocabulary.words if isinstance(vocabulary, Tokenizer) else vocabulary
    if isinstance(words, (str, bytes)) or not isinstance(words, Iterable):
        raise TypeError(
            f"vocabulary={words!r}: expected a Tokenizer or its words; pass tokenizer.words"
        )
    words = list(words)
    if not words or not all(isinstance(word, str) for word in words):
        raise ValueError(
            f"vocabulary of {len(words)} entries: expected at least one word, all of them text; "
            "fit the tokenizer before the check"
        )
    return {word.casefold() for word in words}


def _read_declared(declared: Mapping[str, str] | None) -> dict[str, str]:
    declared = dict(declared or {})
    check_keys(declared, REMEDIES, "check to declare")
    for name, reason in declared.items():
        if not isinstance(reason, str) or not reason.strip():
            raise ValueError(
                f"declared {name!r}: {reason!r}: expected the reason as text; say why it is wanted"
            )
    return declared
