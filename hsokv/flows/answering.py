"""How a learner's state answers texts: by its network, by its memory, or by both."""

from __future__ import annotations

import numpy as np
import torch

from hsokv.flows.base import Answers
from hsokv.memory.state import LearnerState


@torch.no_grad()
def answer_from_state(
    state: LearnerState, ids: list[list[int]], n_classes: int, threshold: float
) -> Answers:
    """Return what a learner makes of B texts.

    Args:
        state: a learner's state; not changed.
        ids: the texts as token ids.
        n_classes: classes C known so far.
        threshold: similarity to the nearest entry below which the learner declines.
    """
    config = state.config
    states = state.encode(ids)
    n, none = len(ids), np.full(len(ids), np.nan)
    reading, gate = None, None
    without = np.zeros((n, n_classes))
    if config.has_classifier:
        without = state.net.fuse(states, None)[0].softmax(1).cpu().numpy()
    if config.fusion == "label":
        scores = np.zeros((n, n_classes))
        if state.has_entries:
            reading = state.read(states)
            scores = state.memory.read_labels(reading, n_classes).cpu().numpy()
        if config.fallback == "network":
            asks = ~_has_entry(state, n_classes)[without.argmax(1)]
            scores = np.where(asks[:, None], without, scores)
    else:
        logits, gate, reading = state.score(states)
        scores = logits.softmax(1).cpu().numpy()
    if reading is None:
        return Answers(
            scores, without, 1 - scores.max(1), none, np.full(n, -1), np.zeros(n, bool),
            none, np.zeros(n, bool),
        )  # fmt: skip
    nearest = reading.nearest.cpu().numpy()
    offset = 1.0 if config.similarity == "cosine" else 0.0
    return Answers(
        scores=scores,
        scores_without=without,
        novelty=offset - nearest,
        hit=reading.scores.mean(1).cpu().numpy(),
        nearest=state.memory["label"][reading.nearest_slot].cpu().numpy(),
        has_read=(reading.weights.sum(1) > 0).cpu().numpy(),
        gate=none if gate is None else gate.cpu().numpy(),
        abstains=nearest < threshold,
    )


def _has_entry(state: LearnerState, n_classes: int) -> np.ndarray:
    """Return whether the memory holds an entry of each class, (C,), bool."""
    held = np.zeros(n_classes, bool)
    if state.has_entries:
        held[state.memory["label"].cpu().numpy()] = True
    return held
