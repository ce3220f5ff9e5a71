"""The common interface of every flow, in scikit-learn's conventions.

A flow is made by `hsokv.make_flow`; subclasses say how to learn texts and how to score queries.
Axes: B query texts, C classes known so far.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError

from hsokv.checks import check_texts, check_texts_labels
from hsokv.config import FlowConfig
from hsokv.flows.named import FLOWS
from hsokv.models.device import pick_device

#: The answer `"<abstain>"` of a flow that finds nothing stored near enough.
ABSTAIN = "<abstain>"
#: Settings that act on a fitted flow at once; all others say what `fit` makes.
READING = (
    "similarity", "confidence_weighting", "read_out", "top_k", "temperature", "read_cut",
    "first_exposure_window",
)  # fmt: skip
OWN_PARAMS = ("flow", "seed", "n_jobs", "device")  # what is no switch of the configuration


@dataclass
class Answers:
    """What a flow makes of B query texts.

    Attributes:
        scores: class scores, (B, C), rows in [0, 1] that sum to 1, or to 0 where nothing answers.
        scores_without: the same with the memory switched off.
        novelty: how unlike anything stored each text is, (B,), higher is newer.
        hit: mean similarity of the entries read, (B,), "KV hit rate" in the sources; NaN if none.
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


class Flow(ClassifierMixin, BaseEstimator):
    """A text classifier that may learn new classes at any time.

    Args:
        flow: name of a configuration, see `hsokv.list_flows`.
        seed: decides initial weights, batches and draws.
        n_jobs: swarm agents trained side by side; the numbers do not depend on it.
        device: 'cpu', 'cuda', or 'auto' for a GPU where there is one. The committed rows are the
            CPU's; a GPU gives the same up to rounding. Library flows stay on the CPU.
        settings: switches of `FlowConfig` that differ from the named configuration.

    Attributes:
        classes_: class labels, (C,), in order of arrival; the columns of `predict_proba`.
        config_: the `FlowConfig` the flow was fitted with.
        cost_: `Cost` of learning.
        history_: one dict per recorded point of training.
        convergence_steps_: optimiser steps until validation accuracy first reached 0.8; NaN if
            never, or without validation texts; 0 for a flow that does not train.

    Raises:
        ValueError: unknown flow, device or setting, a value out of range, a device that is not
            there, or a flow of the other class.
    """

    is_library = False  # whether this class makes the flows with encoder='library'

    def __init__(
        self,
        flow: str = "redesign",
        seed: int = 0,
        n_jobs: int = 1,
        device: str = "cpu",
        **settings: Any,
    ):
        if flow not in FLOWS:
            from hsokv.checks import unknown_key_message

            raise ValueError(unknown_key_message(flow, FLOWS, "flow"))
        pick_device(device)
        self.flow, self.seed, self.n_jobs, self.device = flow, seed, n_jobs, device
        self.config: FlowConfig = FLOWS[flow].with_overrides(**settings)
        if (self.config.encoder == "library") != self.is_library:
            raise ValueError(
                f"flow={flow!r} with encoder={self.config.encoder!r}: library flows and learners "
                "do not turn into one another; call make_flow with the flow you want"
            )

    def get_params(self, deep: bool = True) -> dict:
        """Return flow, seed, n_jobs, device and every switch of the configuration."""
        return {name: getattr(self, name) for name in OWN_PARAMS} | self.config.as_dict()

    def set_params(self, **params: Any) -> Flow:
        """Change settings; a new `flow` starts from its switches.

        On a fitted flow, those of reading act at once, all others from the next `fit`.

        Raises:
            ValueError: unknown name or value.
        """
        present = self.get_params()
        if params.get("flow", self.flow) != self.flow:
            present = {name: present[name] for name in OWN_PARAMS}
        fresh = type(self)(**(present | params))
        for name in (*OWN_PARAMS, "config"):
            setattr(self, name, getattr(fresh, name))
        return self

    def changed_settings(self) -> list[str]:
        """Return the settings that no longer say what was fitted; those of reading always do."""
        now, learned = self.get_params(), self._learned_as | self.config_.as_dict()
        return [k for k, v in learned.items() if k not in READING and now[k] != v]

    def fit(self, texts, labels, validation: tuple | None = None) -> Flow:
        """Forget everything and learn; a call that is refused changes nothing.

        Args:
            texts: N texts.
            labels: N labels, all strings or all integers.
            validation: (texts, labels) that a flow may use to select; never test data. Without it
                a swarm selects on its training texts.

        Raises:
            ValueError: no texts, lengths differ, labels missing, or a text too long for the flow.
            TypeError: a single string, an item that is not a string, or labels of mixed types.
        """
        checked = self._check(texts, labels, validation, ())
        self.classes_ = np.array([], dtype=object)
        self._class_index: dict = {}
        self.cost_, self.history_, self.convergence_steps_ = Cost(), [], float("nan")
        self._reset()
        try:
            return self._learn_texts(*checked)
        except BaseException:  # an interrupted fit leaves no flow that looks fitted
            del self.cost_
            raise

    def partial_fit(self, texts, labels, validation: tuple | None = None) -> Flow:
        """Learn further texts; new classes may appear. The first call is a `fit`.

        Raises:
            ValueError, TypeError: as `fit`.
        """
        if not hasattr(self, "cost_"):
            return self.fit(texts, labels, validation)
        return self._learn_texts(*self._check(texts, labels, validation, self._class_index))

    def _check(self, texts, labels, validation, known) -> tuple[list[str], list, tuple | None]:
        """Return what `fit` was given as lists; `known` are the labels learned before."""
        texts, labels = check_texts_labels(texts, labels)
        kinds = {isinstance(label, str) for label in [*labels, *known]}
        if len(kinds) > 1:
            raise TypeError(
                "labels mix strings and numbers: expected one kind; convert them all to str"
            )
        self._check_lengths(texts)
        if validation is not None:
            validation = check_texts_labels(*validation)
            self._check_lengths(validation[0])
            unknown = set(validation[1]) - set(labels) - set(known)
            if unknown:
                raise ValueError(
                    f"validation labels {sorted(unknown)[:3]} have no training text: expected "
                    "labels that are learned; drop them from validation"
                )
        return texts, labels, validation

    def _learn_texts(self, texts: list[str], labels: list, validation: tuple | None) -> Flow:
        for label in sorted(set(labels) - set(self._class_index)):
            self._class_index[label] = len(self._class_index)
        self.classes_ = np.array(list(self._class_index))
        start = time.perf_counter()
        self._learn(texts, [self._class_index[label] for label in labels], validation)
        self.cost_.train_s += time.perf_counter() - start
        return self

    def answer(self, texts) -> Answers:
        """Return everything the flow makes of texts, diagnostics included; changes nothing.

        Raises:
            sklearn.exceptions.NotFittedError: nothing has been learned yet.
            ValueError, TypeError: `texts` is empty or not a list of strings.
        """
        if not hasattr(self, "cost_"):
            raise NotFittedError(f"this {self.flow!r} flow has learned nothing: call fit first")
        texts = check_texts(texts)
        self._check_lengths(texts)
        return self._answer(texts)

    def predict(self, texts) -> np.ndarray:
        """Return one label per text, (B,); a flow that abstains answers `hsokv.ABSTAIN`.

        Integer labels come back as an object array where the flow may abstain.
        """
        answers = self.answer(texts)
        labels = self.classes_[answers.scores.argmax(1)]
        if answers.abstains.any():
            labels = labels.astype(object)
            labels[answers.abstains] = ABSTAIN
        return labels

    def score(self, texts, labels, sample_weight=None) -> float:
        """Return the share of texts answered with their label; an abstention is wrong.

        Raises:
            ValueError, TypeError: as `fit`.
        """
        texts, labels = check_texts_labels(texts, labels)
        right = [answer == label for answer, label in zip(self.predict(texts).tolist(), labels)]
        return float(np.average(right, weights=sample_weight))

    def predict_proba(self, texts) -> np.ndarray:
        """Return class scores (B, C) in [0, 1]; abstention does not change them.

        A label read-out gives the share of each label among the entries read, so top-1 is 0 or 1.
        """
        return self.answer(texts).scores

    def novelty(self, texts) -> np.ndarray:
        """Return how unlike anything stored each text is, (B,), higher is newer.

        With a memory: minus the similarity to the nearest entry (1 - cosine for cosine keys).
        Without one: 1 - the largest class probability (Hendrycks and Gimpel, 2017).
        """
        return self.answer(texts).novelty

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "cost_")

    @property
    def memory_bytes(self) -> int:
        """Bytes of what is stored for reading, 0 without a memory."""
        raise NotImplementedError

    def _reset(self) -> None:
        """Begin from nothing under the present settings."""
        self.config_ = self.config
        self._learned_as = {"flow": self.flow, "seed": self.seed}

    def _check_lengths(self, texts: list[str]) -> None:
        """Reject texts that the flow cannot take; most flows take any length."""

    def _learn(self, texts: list[str], labels: list[int], validation: tuple | None) -> None:
        raise NotImplementedError

    def _answer(self, texts: list[str]) -> Answers:
        raise NotImplementedError
