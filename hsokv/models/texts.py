"""Texts as a learner takes them: token ids with labels, and their states under an encoder.

Axes: B texts, d width of states.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor

from hsokv.config import FlowConfig
from hsokv.models.averages import TokenAverageEncoder
from hsokv.models.device import device_of
from hsokv.models.transformer import pack

ENCODE_BATCH = 128  # texts per forward pass outside training


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

    def to(self, device: torch.device) -> TrainingSet:
        """Return the texts with their numbers on a device."""
        numbers = (self.labels, self.exposures, self.sources)
        return TrainingSet(self.ids, *(tensor.to(device) for tensor in numbers))

    def take(self, index: Tensor) -> TrainingSet:
        """Return some of the texts."""
        return TrainingSet(
            [self.ids[i] for i in index.tolist()],
            self.labels[index],
            self.exposures[index],
            self.sources[index],
        )


def source_of(text: str, label: int) -> int:
    """Return the number of a distinct (text, label), the same in every process."""
    digest = hashlib.sha256(f"{label}\n{text}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def encode_batch(net, ids: list[list[int]], config: FlowConfig) -> Tensor:
    """Return the states of one batch of texts in the network's present mode, (B, d)."""
    return net.encode(pack(ids, config.pad_to or None, device_of(net)))


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
        return torch.cat([encode_batch(net, part, config) for part in parts])
