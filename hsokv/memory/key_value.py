"""The key-value memory: entries that are read by similarity.

Reading changes nothing; what a read led to is counted by an explicit `record`.

Axes: N entries in use, B queries, d key width, v value width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from hsokv.memory.arguments import check_column, check_queries, check_reading
from hsokv.memory.entries import Entries
from hsokv.memory.read import Context, Reading, read_weights, similarity


class KeyValueMemory(Entries):
    """Keys, values and metadata of up to `capacity` entries.

    Args:
        capacity: most entries ever held, at least 1.
        d_key: key width d; 0 where keys are kept elsewhere, as words are.
        d_value: value width v; 0 where the label is the value.
        eviction: 'oldest' or 'confidence'.
        device: where the entries are kept; what is written may come from any other.

    Raises:
        ValueError: capacity below 1, a negative width, an unknown eviction rule, or more than can
            be held.
        TypeError: a size that is no whole number.
    """

    def read(
        self,
        queries: Tensor,
        *,
        similarity_kind: str = "cosine",
        read_out: str = "top1",
        top_k: int = 1,
        temperature: float = 0.1,
        cut: float = 0.0,
        confidence: Tensor | None = None,
        context: Context | None = None,
        step: int = 0,
    ) -> Reading:
        """Return what the queries find; changes nothing.

        Args:
            queries: (B, d).
            similarity_kind, read_out, top_k, temperature, cut: see `read.similarity` and
                `read.read_weights`.
            confidence: factor per entry, (N,), or `None` for no weighting.
            context: boosts to apply before selection.
            step: the present, for ages.

        Raises:
            ValueError: the memory is empty, a shape does not fit, or a value is out of range.
            TypeError: a value of another type.
        """
        if not self._size:
            raise ValueError("the memory is empty: nothing to read; write entries first")
        check_queries(queries, self._keys.shape[1])
        check_reading(read_out, top_k, temperature, cut)
        if confidence is not None:
            check_column("confidence", confidence, self._size)
        similar = similarity(queries, self.keys, similarity_kind)
        scores = similar
        if context is not None:
            age = (step - self["created_at"]).clamp(min=0)
            scores = context.apply(scores, queries, self.keys, age)
        if confidence is not None:
            scores = scores * confidence
        slots, top, weights = read_weights(scores, self["label"], read_out, top_k, temperature, cut)
        return Reading(slots, top, weights, *similar.max(dim=1))

    def read_labels(self, reading: Reading, n_classes: int) -> Tensor:
        """Return the weight of each label among the entries read, (B, C)."""
        onehot = F.one_hot(self["label"][reading.slots], n_classes)
        return (onehot * reading.weights.unsqueeze(2)).sum(1)

    def read_values(self, reading: Reading) -> Tensor:
        """Return the weighted mean of the values read, (B, v)."""
        return (reading.weights.unsqueeze(2) * self.values[reading.slots]).sum(1)

    def record(self, reading: Reading, success: Tensor, step: int) -> None:
        """Count what a reading led to, for every entry that had weight in it.

        Confidence moves by 0.05 up after a success and down after a failure, within [0.05, 1].

        Args:
            reading: from `read`.
            success: whether each query was answered rightly, (B,), bool.
            step: when.

        Raises:
            ValueError, TypeError: `success` is no tensor of one value per query.
        """
        check_column("success", success, len(reading.weights))
        used = reading.weights > 0
        slots = reading.slots[used]
        success = success.unsqueeze(1).expand_as(used)[used]
        ones = torch.ones_like(slots)
        self["retrieval_count"].index_add_(0, slots, ones)
        self["success_count"].index_add_(0, slots, success.long())
        self["confidence"].index_add_(0, slots, 0.1 * (success.float() - 0.5))
        self["confidence"].clamp_(0.05, 1.0)
        self["last_retrieved"][slots] = step

    @classmethod
    def from_tensors(
        cls,
        tensors: dict[str, Tensor],
        capacity: int,
        eviction: str,
        device: torch.device | str = "cpu",
    ) -> KeyValueMemory:
        """Return a memory that holds what `tensors` gave, see `tensors.check_tensors`."""
        widths = tensors["keys"].shape[1], tensors["values"].shape[1]
        memory = cls(capacity, *widths, eviction, device)
        memory._load(tensors)
        return memory
