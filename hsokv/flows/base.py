"""The common interface of every flow, in scikit-learn's conventions.

A flow is made by `hsokv.make_flow`; subclasses say how to learn texts and how to score queries.
Axes: B query texts, C classes known so far.
"""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from sklearn.base import ClassifierMixin

from hsokv.boundary.checks import shown
from hsokv.boundary.inputs import check_labels, check_texts, check_texts_labels, check_weights
from hsokv.flows.settings import FlowSettings

#: The answer `"<abstain>"` of a flow that finds nothing stored near enough.
ABSTAIN = "<abstain>"
#: The same among integer labels, the least 64-bit integer, so that answers stay integers.
ABSTAIN_INTEGER = -(2**63)
RESERVED = (ABSTAIN, ABSTAIN_INTEGER)


@dataclass
class Answers:
    """What a flow makes of B query texts.

    Attributes:
        scores: class scores, (B, C), rows in [0, 1] that sum to 1, or to 0 where nothing answers.
        scores_without: the same with the memory switched off.
        novelty: how unlike anything stored each text is, (B,), higher is newer.
        hit: mean similarity of the entries read, (B,), the documented "KV hit rate"; NaN if none.
        nearest: class of the nearest entry, (B,), -1 without a memory.
        has_read: whether an entry had weight in the answer, (B,), bool.
        gate: gate values, (B,), NaN without a gate.
        abstains: whether the flow declines to answer, (B,), bool.
    """

    scores: np.ndarray
    scores_without: np.ndarray
    novelty: np.ndarray
    hit: np.ndarray
    nearest: np.ndarray
    has_read: np.ndarray
    gate: np.ndarray
    abstains: np.ndarray


@dataclass
class Cost:
    """What learning has cost so far: counted FLOPs, optimiser steps, seconds of wall time."""

    flops: float = 0.0
    steps: int = 0
    train_s: float = 0.0


class Flow(ClassifierMixin, FlowSettings):
    """A text classifier that may learn new classes at any time.

    Learning happens beside the flow, which then changes in one step: a `fit` or `partial_fit` that
    is refused, fails or is interrupted leaves it as it was, bit for bit.

    Args:
        flow: name of a configuration, see `hsokv.list_flows`.
        seed: decides initial weights, batches and draws; 0 or more.
        n_jobs: swarm agents trained side by side; the numbers do not depend on it.
        device: 'cpu', 'cuda', or 'auto' for a GPU where there is one. The committed rows are the
            CPU's; a GPU gives the same up to rounding. Library flows stay on the CPU.
        settings: switches of `FlowConfig` that differ from the named configuration.

    Attributes:
        classes_: class labels, (C,), in order of arrival; the columns of `predict_proba`.
        config_: the `FlowConfig` in force: what was learned with, and how it is read.
        cost_: `Cost` of learning.
        history_: one dict per recorded point of training.
        convergence_steps_: optimiser steps until validation accuracy first reached 0.8; NaN if
            never, or without validation texts; 0 for a flow that does not train.

    Raises:
        ValueError: an unknown setting.
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.string = False, True
        return tags

    def fit(self, texts, labels, validation: tuple | None = None) -> Self:
        """Forget everything and learn; a call that is refused changes nothing.

        Args:
            texts: N texts: a list, a tuple, a generator, an array or a column of strings.
            labels: N labels, all strings or all integers; whole floats are taken as integers.
            validation: (texts, labels) that a flow may use to select; never test data. Without it
                a swarm selects on its training texts.

        Raises:
            ValueError: no texts, lengths differ, a label is missing or reserved (`ABSTAIN`), a text
                is too long for the flow, or a setting is wrong.
            TypeError: a single string, a table, an item that is not a string, labels of mixed
                types or bools, or a setting of another type.
        """
        return self._learn_beside(self._blank(), texts, labels, validation, None)

    def partial_fit(
        self, texts, labels, validation: tuple | None = None, classes: Iterable | None = None
    ) -> Self:
        """Learn further texts; new classes may appear. The first call is a `fit`.

        Args:
            texts, labels, validation: as `fit`.
            classes: all classes that are to come, in the order of `classes_`, which holds them from
                now on. Those known already come first. Classes that are not named here are added
                as they arrive, in sorted order per call.

        Raises:
            ValueError, TypeError: as `fit`; or the settings have changed since the flow learned,
                a label is not among `classes`, or `classes` does not begin with those known.
        """
        if not hasattr(self, "cost_"):
            return self._learn_beside(self._blank(), texts, labels, validation, classes)
        self._refuse_changed("to learn further", "set them back, or call fit to start anew")
        self.checked()
        return self._learn_beside(self._branch(), texts, labels, validation, classes)

    def _blank(self) -> Self:
        """Return a flow with these settings, checked, that knows nothing."""
        blank = copy.copy(self.checked())
        blank.classes_, blank._class_index = np.array([], dtype=object), {}
        blank.cost_, blank.history_, blank.convergence_steps_ = Cost(), [], float("nan")
        blank._reset()
        return blank

    def _branch(self) -> Self:
        """Return a flow that knows the same and learns on without changing this one."""
        branch = copy.copy(self)
        branch._class_index, branch.history_ = dict(self._class_index), list(self.history_)
        branch.cost_ = replace(self.cost_)
        return branch

    def _learn_beside(self, branch: Self, texts, labels, validation, classes) -> Self:
        """Let another flow learn, then become what it is, in one step."""
        texts, labels, validation = branch._check(texts, labels, validation, classes)
        branch._learn_texts(texts, labels, validation)
        self.__dict__ = vars(branch)
        return self

    def _check(self, texts, labels, validation, classes) -> tuple[list[str], list, tuple | None]:
        """Return what is to be learned as lists; classes get their numbers."""
        texts, labels = check_texts_labels(texts, labels, RESERVED)
        self._check_kind(labels)
        self._check_lengths(texts)
        if classes is not None:
            self._take_classes(check_labels(classes, RESERVED, "classes"), labels)
        for label in sorted({label for label in labels if label not in self._class_index}):
            self._class_index[label] = len(self._class_index)
        if validation is not None:
            if not isinstance(validation, (tuple, list)) or len(validation) != 2:
                raise TypeError(
                    f"validation={shown(validation)}: expected a pair (texts, labels); pass both, "
                    "or None"
                )
            validation = check_texts_labels(*validation, RESERVED)
            self._check_lengths(validation[0])
            unknown = set(validation[1]) - set(self._class_index)
            if unknown:
                raise ValueError(
                    f"validation labels {shown(list(unknown)[:3])} have no training text: expected "
                    "labels that are learned; drop them from validation"
                )
        return texts, labels, validation

    def _check_kind(self, labels: list) -> None:
        """Check that labels are of the kind learned before, if any."""
        if len(self.classes_) and isinstance(labels[0], str) != (self.classes_.dtype.kind == "U"):
            raise TypeError(
                f"labels[0]={shown(labels[0])}, but this flow has learned classes such as "
                f"{shown(self.classes_.tolist()[0])}: labels mix strings and numbers, expected one "
                "kind; convert them all to str"
            )

    def _take_classes(self, classes: list, labels: list) -> None:
        """Give the classes that are to come their numbers."""
        known = list(self._class_index)
        if classes[: len(known)] != known or len(set(classes)) < len(classes):
            raise ValueError(
                f"classes={shown(classes)}: expected each class once, those known first and in the "
                f"order of classes_, {shown(known)}; append new ones at the end"
            )
        missing = set(labels) - set(classes)
        if missing:
            raise ValueError(
                f"labels {shown(list(missing)[:3])} are not among classes={shown(classes)}: "
                "expected all classes that are to come; add them, or leave classes out"
            )
        self._class_index = {label: i for i, label in enumerate(classes)}

    def _learn_texts(self, texts: list[str], labels: list, validation: tuple | None) -> None:
        new = list(itertools.islice(self._class_index, len(self.classes_), None))
        if new:  # appended, so that one class more costs little beside thousands
            known = [self.classes_] if len(self.classes_) else []
            self.classes_ = np.concatenate([*known, np.array(new)])
        start = time.perf_counter()
        self._learn(texts, [self._class_index[label] for label in labels], validation)
        self.cost_.train_s += time.perf_counter() - start

    def answer(self, texts) -> Answers:
        """Return everything the flow makes of texts, diagnostics included; changes nothing.

        Raises:
            sklearn.exceptions.NotFittedError: nothing has been learned yet.
            ValueError, TypeError: `texts` is empty or not a list of strings.
        """
        self._check_fitted()
        texts = check_texts(texts)
        self._check_lengths(texts)
        return self._answer(texts)

    def predict(self, texts) -> np.ndarray:
        """Return one label per text, (B,); a flow that abstains answers `hsokv.ABSTAIN`.

        Where the labels are integers it answers `hsokv.ABSTAIN_INTEGER`, so that the answers can be
        handed to scikit-learn's metrics.
        """
        answers = self.answer(texts)
        labels = self.classes_[answers.scores.argmax(1)]
        if answers.abstains.any():
            mark = ABSTAIN if labels.dtype.kind == "U" else ABSTAIN_INTEGER
            labels = np.where(answers.abstains, mark, labels)
        return labels

    def score(self, texts, labels, sample_weight=None) -> float:
        """Return the share of texts answered with their label; an abstention is wrong.

        Args:
            texts, labels: as `fit`; a label that was never learned is answered wrongly.
            sample_weight: weight of each text, none negative; `None` weighs all alike.

        Raises:
            ValueError, TypeError: as `fit`, or the weights do not fit.
            sklearn.exceptions.NotFittedError: nothing has been learned yet.
        """
        self._check_fitted()
        texts, labels = check_texts_labels(texts, labels, RESERVED)
        self._check_kind(labels)
        weights = check_weights(sample_weight, len(texts))
        right = [answer == label for answer, label in zip(self.predict(texts).tolist(), labels)]
        return float(np.average(right, weights=weights))

    def predict_proba(self, texts) -> np.ndarray:
        """Return class scores (B, C) in [0, 1]; abstention does not change them.

        A label read-out gives the share of each label among the entries read, so top-1 is 0 or 1;
        keys of words give shares of likelihood. Where nothing is read a row is zero.
        """
        return self.answer(texts).scores

    def novelty(self, texts) -> np.ndarray:
        """Return how unlike anything stored each text is, (B,), higher is newer.

        With a memory: minus the similarity to the nearest entry (1 - cosine for cosine keys; for
        keys of words in nats, see `LexicalLearner`).
        Without one: 1 - the largest class probability (Hendrycks and Gimpel, 2017).
        """
        return self.answer(texts).novelty

    @property
    def memory_bytes(self) -> int:
        """Bytes of what is stored for reading, 0 without a memory."""
        raise NotImplementedError

    def _check_lengths(self, texts: list[str]) -> None:
        """Reject texts that the flow cannot take; most flows take any length."""

    def _learn(self, texts: list[str], labels: list[int], validation: tuple | None) -> None:
        raise NotImplementedError

    def _answer(self, texts: list[str]) -> Answers:
        raise NotImplementedError
