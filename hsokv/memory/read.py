"""Reading: similarity, context boosts, confidence, and how several entries become one answer.

All functions are pure. Axes: B queries, N entries, K entries read per query, d key width.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

N_DOMAINS = 6


class Reading(NamedTuple):
    """What a read found.

    Attributes:
        slots: entries read, best first, (B, K), int64.
        scores: their score after boosts and confidence, (B, K).
        weights: their weight in the answer, rows sum to 1, or to 0 where nothing was read, (B, K).
        nearest: similarity to the nearest entry before boosts, (B,), higher is nearer.
        nearest_slot: that entry, (B,), int64.
    """

    slots: Tensor
    scores: Tensor
    weights: Tensor
    nearest: Tensor
    nearest_slot: Tensor


def similarity(queries: Tensor, keys: Tensor, kind: str) -> Tensor:
    """Return similarities (B, N) in the precision of the queries, higher is nearer.

    Args:
        queries: (B, d).
        keys: (N, d).
        kind: 'cosine' in [-1, 1], 'dot', or 'euclidean' (the negative distance).

    Raises:
        ValueError: unknown kind.
    """
    keys = keys.to(queries.dtype)
    if kind == "cosine":
        return F.normalize(queries, dim=1) @ F.normalize(keys, dim=1).T
    if kind == "dot":
        return queries @ keys.T
    if kind == "euclidean":
        return -torch.cdist(queries, keys)
    raise ValueError(f"similarity={kind!r}: expected 'cosine', 'dot' or 'euclidean'; pick one")


class Context:
    """Domain, recency and emotion boosts (walkthrough 4.3.3, issue 2.3).

    score = similarity * domain * 0.95^age + emotion: domain is 1.5 where query and entry fall into
    the same of six domains and 0.5 elsewhere, age counts hundreds of steps, emotion lies in
    [-0.3, 0.3]. The source documents read domain and emotion off the model's state and train
    neither, so both are fixed random projections of it. `as_shipped` is what the code computed: the
    same factor for every entry of a query, 1.3 or, for one query in six, 1.95.

    Args:
        kind: 'documented' or 'as_shipped'.
        d_key: key width d.
        generator: draws the projections, on the CPU.
        device: where the projections are kept.
    """

    def __init__(
        self,
        kind: str,
        d_key: int,
        generator: torch.Generator,
        device: torch.device | str = "cpu",
    ):
        self.kind = kind
        self.domains = torch.randn(d_key, N_DOMAINS, generator=generator).to(device)
        self.emotion = torch.randn(d_key, generator=generator).to(device)

    def apply(self, scores: Tensor, queries: Tensor, keys: Tensor, age: Tensor) -> Tensor:
        """Return boosted scores (B, N).

        Args:
            scores: similarities, (B, N).
            queries: (B, d).
            keys: (N, d).
            age: steps since each entry was written, (N,).
        """
        queries = queries.to(keys.dtype)
        if self.kind == "as_shipped":
            lucky = (1000 * queries.abs().mean(1)).long() % N_DOMAINS == 0
            return scores.clamp(min=0) * torch.where(lucky, 1.95, 1.3).unsqueeze(1)
        same = (queries @ self.domains).argmax(1).unsqueeze(1) == (keys @ self.domains).argmax(1)
        domain = torch.where(same, 1.5, 0.5)
        emotion = 0.3 * torch.outer(self._feel(queries), self._feel(keys))
        return scores * domain * 0.95 ** (age / 100) + emotion

    def _feel(self, states: Tensor) -> Tensor:
        """Return an emotion in [-1, 1] per state."""
        return torch.tanh(F.normalize(states, dim=1) @ self.emotion)


def read_weights(
    scores: Tensor, labels: Tensor, read_out: str, top_k: int, temperature: float, cut: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return slots, scores and weights of the entries that make up each answer, (B, K) each.

    Args:
        scores: (B, N).
        labels: class of each entry, (N,), used by 'vote'.
        read_out: 'top1'; 'mean' of the top k; 'weighted' by score; 'softmax' over the top k;
            'vote', where the label with the largest summed score among the top k answers.
        top_k: K, lowered to N where fewer entries are stored.
        temperature: of the softmax, in units of score.
        cut: entries scoring below this get no weight; 0 keeps all.
    """
    k = 1 if read_out == "top1" else min(top_k, scores.shape[1])
    top, slots = scores.topk(k, dim=1)
    if read_out == "softmax":
        weights = (top / temperature).softmax(dim=1)
    elif read_out == "weighted":
        weights = top.clamp(min=1e-4)
    elif read_out == "vote":
        same = labels[slots].unsqueeze(2) == labels[slots].unsqueeze(1)  # (B, K, K)
        support = (same * top.unsqueeze(1)).sum(2)
        weights = (support == support.max(dim=1, keepdim=True).values).to(top.dtype)
    else:
        weights = torch.ones_like(top)
    if cut > 0:
        weights = weights * (top >= cut)
    return slots, top, weights / weights.sum(1, keepdim=True).clamp(min=1e-12)
