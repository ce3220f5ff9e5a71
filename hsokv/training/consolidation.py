"""Consolidation: train the network on its surest memories, then delete those (source: 4.3.5)."""

from __future__ import annotations

from dataclasses import replace

import torch

from hsokv.config import FlowConfig
from hsokv.memory.forgetting import (
    forget,
    success_rate,
)
from hsokv.memory.key_value import KeyValueMemory
from hsokv.models.texts import TrainingSet
from hsokv.models.transformer import GatedClassifier, pack
from hsokv.training.steps import train_episode


def consolidate(
    net: GatedClassifier,
    memory: KeyValueMemory,
    data: TrainingSet,
    config: FlowConfig,
    seed: int,
) -> tuple[int, float]:
    """Train the network on its surest memories and delete those it then knows by itself.

    Candidates have confidence > 0.85 and success > 0.8 and stem from these texts. Three epochs of
    Adam at 1e-4 on their texts, without the memory; they are deleted only if the network alone
    then classifies more than 90 % of them rightly.

    Returns:
        The number of entries deleted and the counted FLOPs.
    """
    sure = (memory["confidence"] > 0.85) & (success_rate(memory) > 0.8)
    sure &= torch.isin(memory["source"], data.sources)
    sources = set(memory["source"][sure].tolist())
    index = [i for i, source in enumerate(data.sources.tolist()) if source in sources]
    if not index:
        return 0, 0.0
    texts = data.take(torch.tensor(index))
    epochs = 3 * -(-len(texts) // config.batch_size)
    alone = replace(config, fusion="none", stop_loss=0.0)
    episode = train_episode(net, None, texts, alone, seed=seed, n_steps=epochs, lr=1e-4)
    with torch.no_grad():
        scores, _ = net.fuse(net.encode(pack(texts.ids, config.pad_to or None)), None)
    if (scores.argmax(1) == texts.labels).float().mean() <= 0.9:
        return 0, episode.flops
    memory.delete(sure.nonzero().squeeze(1))
    return int(sure.sum()), episode.flops


def tend(
    net: GatedClassifier,
    memory: KeyValueMemory,
    data: TrainingSet,
    config: FlowConfig,
    seed: int,
    step: int,
) -> tuple[dict[str, int], float]:
    """Consolidate, then forget, in place, as the flow's switches say.

    Returns:
        How many entries were consolidated and forgotten, and the counted FLOPs.
    """
    counts, flops = {"consolidated": 0, "forgotten": 0}, 0.0
    if config.consolidation:
        counts["consolidated"], flops = consolidate(net, memory, data, config, seed)
    counts["forgotten"] = forget(memory, config, step)
    return counts, flops
