"""How a learner uses its memory: what it stores of a text, what a read gives back.

These functions join an encoder's states to the store under the switches of a flow. Axes: B texts,
d width of states and keys, v width of values.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hsokv.config import FlowConfig
from hsokv.data.tokenizer import PAD_ID
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.read import Context, Reading, similarity
from hsokv.memory.write import initial_confidence, novelty_of, should_write
from hsokv.models.texts import TrainingSet, encode_texts
from hsokv.models.transformer import GatedClassifier

IMPOSTOR_QUANTILE = 0.95  # an answer must be nearer than this share of wrong-label pairs


def value_of(net: GatedClassifier, pooled: Tensor, data: TrainingSet, kind: str) -> Tensor:
    """Return what a gated memory stores for each text, (B, d).

    'label': the classifier's row of the label, scaled to the norm of the state, so that a read can
    be mixed with a state and be told apart by the classifier. 'tokens': the unit-norm mean of the
    raw token vectors, as in the shipped code.
    """
    if kind == "tokens":
        means = [net.embedding.weight[ids or [PAD_ID]].mean(0) for ids in data.ids]
        return F.normalize(torch.stack(means), dim=1)
    rows = F.normalize(net.classifier.weight[data.labels], dim=1)
    return rows * pooled.norm(dim=1, keepdim=True)


def read_memory(
    queries: Tensor,
    memory: KeyValueMemory,
    config: FlowConfig,
    *,
    top_k: int | None = None,
    context: Context | None = None,
    step: int = 0,
) -> Reading:
    """Read with the flow's switches; see `KeyValueMemory.read`."""
    return memory.read(
        queries,
        similarity_kind=config.similarity,
        read_out=config.read_out,
        top_k=top_k or config.top_k,
        temperature=config.temperature,
        cut=config.read_cut,
        confidence=effective_confidence(memory, config),
        context=context,
        step=step,
    )


def read_labels(reading: Reading, memory: KeyValueMemory, n_classes: int) -> Tensor:
    """Return the weight of each label among the entries read, (B, C)."""
    onehot = F.one_hot(memory["label"][reading.slots], n_classes)
    return (onehot * reading.weights.unsqueeze(2)).sum(1)


def read_values(reading: Reading, memory: KeyValueMemory) -> Tensor:
    """Return the weighted mean of the values read, (B, v)."""
    return (reading.weights.unsqueeze(2) * memory.values[reading.slots]).sum(1)


@torch.no_grad()
def write_texts(
    net: nn.Module,
    memory: KeyValueMemory,
    data: TrainingSet,
    pooled: Tensor,
    loss: Tensor,
    config: FlowConfig,
    step: int,
) -> None:
    """Write the texts of a batch that the flow's write rule lets in.

    Args:
        pooled: their states, which become keys, (B, d).
        loss: their cross-entropy, (B,); ignored where everything is written.
    """
    wanted = should_write(loss, novelty_of(pooled, memory), data.exposures, config)
    if config.duplicates != "keep":
        column, ids = (
            ("source", data.sources) if config.duplicates == "merge" else ("label", data.labels)
        )
        wanted &= ~torch.isin(ids, memory[column])
        before = (ids.unsqueeze(1) == ids).tril(diagonal=-1) & wanted  # (B, B) earlier twins
        wanted &= ~before.any(dim=1)
    index = wanted.nonzero().squeeze(1)
    if not len(index):
        return
    chosen = data.take(index)
    gated = config.fusion == "gate"
    values = (
        value_of(net, pooled[index], chosen, config.value)
        if gated
        else pooled.new_zeros(len(index), 0)
    )
    memory.write(
        pooled[index],
        values,
        label=chosen.labels,
        source=chosen.sources,
        exposure=chosen.exposures,
        confidence=initial_confidence(loss[index], config),
        created_at=torch.full((len(index),), step),
    )


def score_states(net, memory, states: Tensor, config: FlowConfig, **reading_options):
    """Return the gated network's class scores (B, C), the gate, and the reading (or `None`).

    No gradient flows into the read: it looks a value up.
    """
    reading = read = None
    if config.fusion == "gate" and memory is not None and len(memory):
        reading = read_memory(states.detach(), memory, config, **reading_options)
        read = read_values(reading, memory)
    logits, gate = net.fuse(states, read)
    return logits, gate, reading


@torch.no_grad()
def score_validation(ids, labels, config, context, net, memory, top_k, step):
    """Return accuracy and mean cross-entropy (nats) on validation texts, for the swarm."""
    states = encode_texts(net, ids, config)
    logits, _, _ = score_states(
        net, memory, states, config, top_k=top_k, context=context, step=step
    )
    loss = F.cross_entropy(logits, labels).item()
    return (logits.argmax(1) == labels).float().mean().item(), loss


def impostor_threshold(memory: KeyValueMemory, kind: str) -> float:
    """Return the similarity below which a flow abstains; minus infinity with a single label.

    It is the 95th percentile, over stored entries, of the similarity to the nearest entry of
    another label: what a text of a word not stored can reach. Only stored keys are used.
    """
    keys, labels = memory.keys.double(), memory["label"]
    between = similarity(keys, keys, kind)
    between = between.masked_fill(labels.unsqueeze(1) == labels, -math.inf)
    nearest = between.max(dim=1).values
    if not torch.isfinite(nearest).any():
        return -math.inf
    return torch.quantile(nearest, IMPOSTOR_QUANTILE).item()


def effective_confidence(memory: KeyValueMemory, config: FlowConfig) -> Tensor | None:
    """Return the confidence each entry is read with, (N,), or `None` for unweighted reading.

    A first exposure is lifted by `first_exposure_boost`, fading linearly to nothing over
    `first_exposure_window` retrievals.
    """
    if not config.confidence_weighting:
        return None
    left = 1 - memory["retrieval_count"] / config.first_exposure_window
    boost = config.first_exposure_boost * left.clamp(min=0) * (memory["exposure"] == 1)
    return (memory["confidence"] + boost).clamp(max=1)
