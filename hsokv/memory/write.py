"""Writing: which texts enter the memory, and with what confidence.

Source: walkthrough 4.3.4 and issues 1.3 and 3.2 of the source documents.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hsokv.config import FlowConfig
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.read import similarity


def novelty_of(queries: Tensor, memory: KeyValueMemory) -> Tensor:
    """Return 1 - cosine to the nearest key, in [0, 1], (B,); 1 for an empty memory."""
    if not len(memory):
        return queries.new_ones(len(queries))
    return (1 - similarity(queries, memory.keys, "cosine").max(dim=1).values).clamp(0, 1)


def should_write(loss: Tensor, novelty: Tensor, exposure: Tensor, config: FlowConfig) -> Tensor:
    """Return which texts to write, (B,), bool.

    Args:
        loss: cross-entropy of each text in nats, (B,).
        novelty: `novelty_of` each text, (B,).
        exposure: the how-manieth text of its label each is, from 1, (B,).
        config: the flow; under `write_rule='all'` every text is written.
    """
    if config.write_rule == "all":
        return torch.ones_like(exposure, dtype=torch.bool)
    threshold = torch.where(
        exposure == 1, config.first_exposure_threshold, config.surprise_threshold
    )
    return (loss > threshold) | (novelty > config.novelty_threshold)


def initial_confidence(loss: Tensor, config: FlowConfig) -> Tensor:
    """Return the confidence of new entries, (B,).

    Documented: 0.5. As shipped: 1 - loss within [0.05, 1], plus the first-exposure boost, which
    that code added once at writing and never again.
    """
    if config.write_rule == "as_shipped":
        return ((1 - loss).clamp(0.05, 1) + config.first_exposure_boost).clamp(max=1)
    return torch.full_like(loss, 0.5)
