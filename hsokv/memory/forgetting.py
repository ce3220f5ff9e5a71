"""Forgetting: which entries a memory deletes.

By utility (walkthrough 4.3.6 of the source documents) or by interference (the shipped code).
"""

from __future__ import annotations

import torch
from torch import Tensor

from hsokv.config import FlowConfig
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.read import similarity

UTILITY_WEIGHTS = {"confidence": 0.4, "usage": 0.2, "success": 0.3, "recency": 0.1}
UTILITY_THRESHOLD = 0.10


def success_rate(memory: KeyValueMemory) -> Tensor:
    """Return successes per retrieval of each entry, (N,); 0.5 before the first retrieval."""
    count = memory["retrieval_count"]
    return torch.where(count > 0, memory["success_count"] / count.clamp(min=1), 0.5)


def utility(memory: KeyValueMemory, step: int) -> Tensor:
    """Return 0.4 confidence + 0.2 usage + 0.3 success + 0.1 recency per entry, (N,), in [0, 1].

    Usage is retrievals / 100, at most 1; recency is 0.95 per hundred steps of age.
    """
    parts = {
        "confidence": memory["confidence"],
        "usage": (memory["retrieval_count"] / 100).clamp(max=1),
        "success": success_rate(memory),
        "recency": 0.95 ** ((step - memory["created_at"]).clamp(min=0) / 100),
    }
    return sum(weight * parts[name] for name, weight in UTILITY_WEIGHTS.items())


def forget(memory: KeyValueMemory, config: FlowConfig, step: int) -> int:
    """Delete entries by the flow's rule and return how many went.

    'utility': utility below 0.10. 'interference': of every pair of keys with cosine above 0.8 the
    less confident entry goes, the later one at a tie.
    """
    if config.forgetting == "none" or not len(memory):
        return 0
    if config.forgetting == "utility":
        lost = utility(memory, step) < UTILITY_THRESHOLD
    else:
        order = memory["confidence"].argsort(descending=True, stable=True)
        keys = memory.keys[order]
        close = similarity(keys, keys, "cosine") > 0.8
        lost = torch.zeros_like(order, dtype=torch.bool)
        lost[order] = close.tril(diagonal=-1).any(dim=1)  # a surer entry is too near
    memory.delete(lost.nonzero().squeeze(1))
    return int(lost.sum())
