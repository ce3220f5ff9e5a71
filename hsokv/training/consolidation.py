"""What happens to entries after they are written: consolidation and forgetting.

Source: walkthrough 4.3.5 and 4.3.6; the interference rule is the shipped code's.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from hsokv.config import FlowConfig
from hsokv.memory.access import TrainingSet
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.read import similarity
from hsokv.models.transformer import GatedClassifier, pack
from hsokv.training.steps import train_episode

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
        lost = torch.zeros(len(memory), dtype=torch.bool)
        lost[order] = close.tril(diagonal=-1).any(dim=1)  # a surer entry is too near
    memory.delete(lost.nonzero().squeeze(1))
    return int(lost.sum())


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
