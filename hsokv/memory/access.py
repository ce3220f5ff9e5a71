"""How a learner uses its memory: what it stores of a text, what a read gives back.

These functions join an encoder's states to the store under the switches of a flow. Axes: B texts,
d width of states and keys, v width of values.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hsokv.config import FlowConfig
from hsokv.data.tokenizer import PAD_ID
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.read import Context, Reading, similarity
from hsokv.memory.write import effective_confidence, initial_confidence, novelty_of, should_write
from hsokv.models.averages import TokenAverageEncoder
from hsokv.models.transformer import GatedClassifier, pack

ENCODE_BATCH = 128  # texts per forward pass outside training
IMPOSTOR_QUANTILE = 0.95  # an answer must be nearer than this share of wrong-label pairs


@dataclass(frozen=True)
class TrainingSet:
    """Texts to learn from.

    Attributes:
        ids: N lists of token ids.
        labels: class indices, (N,), int64.
        exposures: the how-manieth text of its label each is, from 1, (N,).
        sources: number of each distinct (text, label), (N,).
    """

    ids: list[list[int]]
    labels: Tensor
    exposures: Tensor
    sources: Tensor

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, index: Tensor) -> TrainingSet:
        """Return some of the texts."""
        return TrainingSet(
            [self.ids[i] for i in index.tolist()],
            self.labels[index],
            self.exposures[index],
            self.sources[index],
        )


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


def source_of(text: str, label: int) -> int:
    """Return the number of a distinct (text, label), the same in every process."""
    digest = hashlib.sha256(f"{label}\n{text}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def encode_texts(net, ids: list[list[int]], config: FlowConfig) -> Tensor:
    """Return the states of texts in evaluation mode, (B, d).

    Plain averages are taken in float64, so that no processor's order of adding decides between
    two keys that are nearly as close; stored keys are float32.
    """
    with torch.no_grad():
        if isinstance(net, TokenAverageEncoder):
            return net(ids, torch.float64)
        net.eval()
        parts = [ids[i : i + ENCODE_BATCH] for i in range(0, len(ids), ENCODE_BATCH)]
        return torch.cat([net.encode(pack(part, config.pad_to or None)) for part in parts])


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


def hold_out_last(labels: list[int]) -> tuple[list[int], list[int]]:
    """Return the texts to keep and to hold out: the last of every label that has two."""
    last = {label: i for i, label in enumerate(labels)}
    held = {i for label, i in last.items() if labels.count(label) > 1}
    return [i for i in range(len(labels)) if i not in held], sorted(held)
