"""Consolidation: train the network on its surest memories, then delete those (source: 4.3.5)."""

from __future__ import annotations

from dataclasses import replace

import torch

from hsokv.memory.forgetting import forget, success_rate
from hsokv.memory.state import LearnerState
from hsokv.models.texts import TrainingSet, encode_batch
from hsokv.training.steps import train_episode


def consolidate(state: LearnerState, data: TrainingSet, seed: int) -> tuple[int, float]:
    """Train the network on its surest memories and delete those it then knows by itself.

    Candidates have confidence > 0.85 and success > 0.8 and stem from these texts. Three epochs of
    Adam at 1e-4 on their texts, without the memory; they are deleted only if the network alone
    then classifies more than 90 % of them rightly.

    Returns:
        The number of entries deleted and the counted FLOPs.
    """
    config, memory = state.config, state.memory
    sure = (memory["confidence"] > 0.85) & (success_rate(memory) > 0.8)
    sure &= torch.isin(memory["source"], data.sources)
    sources = set(memory["source"][sure].tolist())
    index = [i for i, source in enumerate(data.sources.tolist()) if source in sources]
    if not index:
        return 0, 0.0
    texts = data.take(torch.tensor(index))
    epochs = 3 * -(-len(texts) // config.batch_size)
    alone = replace(state, config=replace(config, fusion="none", stop_loss=0.0), memory=None)
    episode = train_episode(alone, texts, seed=seed, n_steps=epochs, lr=1e-4)
    with torch.no_grad():
        scores, _ = state.net.fuse(encode_batch(state.net, texts.ids, config), None)
    if (scores.argmax(1) == texts.labels).float().mean() <= 0.9:
        return 0, episode.flops
    memory.delete(sure.nonzero().squeeze(1))
    return int(sure.sum()), episode.flops


def tend(state: LearnerState, data: TrainingSet, seed: int) -> tuple[dict[str, int], float]:
    """Consolidate, then forget, in place, as the flow's switches say.

    Returns:
        How many entries were consolidated and forgotten, and the counted FLOPs.
    """
    counts, flops = {"consolidated": 0, "forgotten": 0}, 0.0
    if state.config.consolidation:
        counts["consolidated"], flops = consolidate(state, data, seed)
    counts["forgotten"] = forget(state.memory, state.config, state.step)
    return counts, flops
