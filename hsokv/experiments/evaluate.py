"""Teach a flow a rare-word task and examine it: the measures every experiment reports.

A measure that does not apply to a flow is left out of its row.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from hsokv.data.lexicon import Lexicon
from hsokv.data.rare_words import RareWordTask, Texts, labels_of
from hsokv.flows.base import ABSTAIN, Answers, Flow
from hsokv.flows.learner import MemoryLearner
from hsokv.models.device import pick_device
from hsokv.stats import metrics
from hsokv.stats.word_sets import encode_words


def fit_task(flow: Flow, task: RareWordTask, words: set[str] | None = None) -> None:
    """Learn the whole task, or one block of its words."""
    train = task.train if words is None else task.train.where(words)
    held = task.validation if words is None else task.validation.where(words)
    validation = (held.texts, held.labels) if held.texts else None
    flow.partial_fit(train.texts, train.labels, validation=validation)


def learned_on(flow: Flow) -> str:
    """Return the device that a flow has learned on: 'cpu', or 'cuda' for networks on a GPU."""
    return pick_device(flow.device).type if isinstance(flow, MemoryLearner) else "cpu"


def right_answers(flow: Flow, answers: Answers, stories: Texts) -> np.ndarray:
    """Return whether each text is answered rightly; for a word never stored, by abstaining."""
    labels = flow.classes_[answers.scores.argmax(1)].astype(object)
    labels[(answers.scores.sum(1) == 0)] = ""  # an empty memory answers nothing
    labels[answers.abstains] = ABSTAIN
    wanted = [label if n else ABSTAIN for label, n in zip(stories.labels, stories.exposures)]
    return labels == np.array(wanted, dtype=object)


def examine(flow: Flow, stories: Texts, labels: Sequence[str] | None = None) -> dict:
    """Return the measures of one test set.

    Args:
        flow: a fitted flow; not changed.
        stories: stories about words of the lexicon, or about words never stored.
        labels: all labels there are, in the order in which sets of them are written; by default
            the words of the test lexicon, or those that are never stored.

    Returns:
        accuracy, n_test, n_one_shot, predict_ms, kv_hit_rate, gate_mean, read_fraction,
        correct_words and tested_words (see `stats.encode_words`); for stored words also
        one_shot_accuracy, top1_key_correct, network_accuracy (of a network that answers without
        the memory) and memory_utility where they apply; and novelty, the novelty of each text,
        (B,).
    """
    start = time.perf_counter()
    answers = flow.answer(stories.texts)
    predict_ms = 1000 * (time.perf_counter() - start) / len(stories.texts)
    right = right_answers(flow, answers, stories)
    stored = stories.exposures[0] > 0
    if labels is None:
        labels = labels_of("recognise" if stored else "unseen")
    place = {word: i for i, word in enumerate(labels)}
    index = [place[label] for label in stories.labels]
    correct, tested = np.zeros(len(place), bool), np.zeros(len(place), bool)
    tested[index], correct[index] = True, right
    row = {
        "accuracy": float(right.mean()),
        "n_test": len(stories.texts),
        "n_one_shot": 0,
        "predict_ms": predict_ms,
        "novelty": answers.novelty,
        "kv_hit_rate": _mean(answers.hit),
        "gate_mean": _mean(answers.gate),
        "read_fraction": float(answers.has_read.mean()),
        "correct_words": encode_words(correct),
        "tested_words": encode_words(tested),
    }
    if stored:
        once = np.array(stories.exposures) == 1
        row["n_one_shot"] = int(once.sum())
        row["one_shot_accuracy"] = float(right[once].mean()) if once.any() else float("nan")
        wanted = np.array(stories.labels, dtype=object)
        if answers.nearest.min() >= 0:
            row["top1_key_correct"] = float((flow.classes_[answers.nearest] == wanted).mean())
        alone = flow.classes_[answers.scores_without.argmax(1)] == wanted
        alone &= answers.scores_without.sum(1) > 0
        if answers.scores_without.any():
            row["network_accuracy"] = float(alone.mean())
        if flow.memory_bytes:
            row["memory_utility"] = float(right.mean() - alone.mean())
    return row


def fit_blocks(flow: Flow, task: RareWordTask, conditions: Collection[str]) -> dict[str, dict]:
    """Learn a task block by block; return retention and forgetting per condition but `unseen`.

    A flow that trains takes its number of steps on each block.
    """
    tests = {c: task.test(c) for c in conditions if c != "unseen"}
    n_blocks = len(task.blocks)
    accuracy = {c: np.full((n_blocks, n_blocks), np.nan) for c in tests}
    for stage, words in enumerate(task.blocks):
        fit_task(flow, task, set(words))
        for condition, stories in tests.items():
            for block in range(stage + 1):
                some = stories.where(set(task.blocks[block]))
                right = right_answers(flow, flow.answer(some.texts), some)
                accuracy[condition][stage, block] = right.mean()
    return {
        c: {"retention": metrics.retention(a), "forgetting": metrics.forgetting(a)}
        for c, a in accuracy.items()
    }


def examine_task(flow: Flow, task: RareWordTask, n_distractors: int = 0) -> list[dict]:
    """Return a row per condition of a task; novelty is compared with that of unseen words.

    Args:
        flow: a fitted flow; not changed.
        task: what it has learned.
        n_distractors: filler sentences around each test story.

    Returns:
        condition and the measures of `examine`, novelty replaced by novelty_auroc and fpr_at_95
        where the task has unseen words; for these themselves, those of new sentences.
    """
    tested = {
        condition: examine(
            flow, task.test(condition, n_distractors), labels_of(condition, task.lexicon)
        )
        for condition in task.conditions
    }
    novelty = {condition: row.pop("novelty") for condition, row in tested.items()}
    if "unseen" in novelty:
        for condition, row in tested.items():
            known = novelty["recognise" if condition == "unseen" else condition]
            row["novelty_auroc"] = metrics.auroc(known, novelty["unseen"])
            row["fpr_at_95"] = metrics.fpr_at_95(known, novelty["unseen"])
    return [{"condition": condition} | row for condition, row in tested.items()]


def examine_all(
    flow: Flow,
    tests: Mapping[str, Texts],
    measures: Sequence[str],
    columns: Collection[str],
    lexicon: Lexicon = "test",
) -> list[dict]:
    """Return a row per condition: what the memory holds and how the flow answers.

    Args:
        flow: a fitted flow that trains, with a memory or without; not changed.
        tests: condition -> stories.
        measures: names of `examine` that every row has, NaN where they do not apply.
        columns: the columns of the rows; other results of `examine` are left out.
        lexicon: of the words in the stories.
    """
    memory = {
        "n_entries": 0 if flow.memory_ is None else len(flow.memory_),
        "n_consolidated": sum(point.get("consolidated", 0) for point in flow.history_),
        "n_forgotten": sum(point.get("forgotten", 0) for point in flow.history_),
    }
    rows = []
    for condition, stories in tests.items():
        tested = examine(flow, stories, labels_of(condition, lexicon))
        row = memory | {"condition": condition} | dict.fromkeys(measures, float("nan"))
        rows.append(row | {name: tested[name] for name in columns if name in tested})
    return rows


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if np.isfinite(values).all() else float("nan")
