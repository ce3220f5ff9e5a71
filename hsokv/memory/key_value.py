"""The key-value memory: preallocated tensors, one column per metadata field.

Slots 0 .. len-1 are in use, in order of writing. Reading changes nothing; what a read led to is
counted by an explicit `record`. When the memory is full the stated rule picks who goes: under
'confidence' the least confident entry, ties oldest first; under 'oldest' the first written.

Axes: N entries in use, B queries, d key width, v value width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from hsokv.memory.read import Context, Reading, read_weights, similarity

#: Type and default of each column of metadata; no integer is ever below its default.
COLUMNS = {
    "label": (torch.int64, 0),  # class index
    "source": (torch.int64, -1),  # which training text; the learner's own numbering
    "confidence": (torch.float32, 0.5),  # in [0.05, 1]
    "retrieval_count": (torch.int64, 0),
    "success_count": (torch.int64, 0),
    "created_at": (torch.int64, 0),  # step
    "last_retrieved": (torch.int64, -1),  # step, -1 = never
    "exposure": (torch.int64, 1),  # the how-manieth text of its label this is
}


class KeyValueMemory:
    """Keys, values and metadata of up to `capacity` entries.

    Args:
        capacity: most entries ever held, at least 1.
        d_key: key width d.
        d_value: value width v; 0 where the label is the value.
        eviction: 'oldest' or 'confidence'.
        device: where the entries are kept; what is written may come from any other.

    Raises:
        ValueError: capacity below 1 or an unknown eviction rule.
    """

    def __init__(
        self,
        capacity: int,
        d_key: int,
        d_value: int = 0,
        eviction: str = "oldest",
        device: torch.device | str = "cpu",
    ):
        if capacity < 1:
            raise ValueError(f"capacity={capacity}: expected at least 1 entry; raise capacity")
        if eviction not in ("oldest", "confidence"):
            raise ValueError(f"eviction={eviction!r}: expected 'oldest' or 'confidence'; pick one")
        self.capacity, self.eviction = capacity, eviction
        self._keys = torch.zeros(capacity, d_key, device=device)
        self._values = torch.zeros(capacity, d_value, device=device)
        self._columns = {
            name: torch.full((capacity,), default, dtype=dtype, device=device)
            for name, (dtype, default) in COLUMNS.items()
        }
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, column: str) -> Tensor:
        """Return one metadata column, (N,); writing into it changes the memory."""
        return self._columns[column][: self._size]

    @property
    def keys(self) -> Tensor:
        """Keys in use, (N, d)."""
        return self._keys[: self._size]

    @property
    def values(self) -> Tensor:
        """Values in use, (N, v)."""
        return self._values[: self._size]

    @property
    def n_bytes(self) -> int:
        """Bytes of the entries in use (keys, values and metadata)."""
        tensors = [self.keys, self.values, *(self[name] for name in COLUMNS)]
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)

    def write(self, keys: Tensor, values: Tensor, **columns: Tensor) -> None:
        """Append entries; when full, make room first by the eviction rule.

        Args:
            keys: (B, d).
            values: (B, v).
            columns: metadata by name, each (B,); a field left out gets its default.

        Raises:
            ValueError: a shape does not fit, a key is not finite, or a column is unknown.
        """
        if keys.ndim != 2 or keys.shape[1] != self._keys.shape[1]:
            raise ValueError(
                f"keys of shape {tuple(keys.shape)}: expected (B, {self._keys.shape[1]}); "
                "encode texts with the encoder this memory was made for"
            )
        if values.shape != (len(keys), self._values.shape[1]):
            raise ValueError(
                f"values of shape {tuple(values.shape)}: expected "
                f"({len(keys)}, {self._values.shape[1]}); pass one value per key"
            )
        if not torch.isfinite(keys).all():
            raise ValueError("keys hold NaN or infinity: expected finite numbers; lower lr")
        unknown = set(columns) - set(COLUMNS)
        if unknown:
            raise ValueError(f"unknown columns {sorted(unknown)}: expected {sorted(COLUMNS)}")
        for name, column in columns.items():
            if column.shape != (len(keys),):
                raise ValueError(
                    f"{name} of shape {tuple(column.shape)}: expected ({len(keys)},); "
                    "pass one entry per key"
                )
        if len(keys) > self.capacity:  # only the newest can stay
            keys, values = keys[-self.capacity :], values[-self.capacity :]
            columns = {name: column[-self.capacity :] for name, column in columns.items()}
        self._make_room(len(keys))
        new = slice(self._size, self._size + len(keys))
        self._keys[new], self._values[new] = keys.detach(), values.detach()
        for name, (_, default) in COLUMNS.items():
            self._columns[name][new] = columns.get(name, default)
        self._size += len(keys)

    def _make_room(self, n_new: int) -> None:
        excess = self._size + n_new - self.capacity
        if excess > 0:
            rank = self["confidence"] if self.eviction == "confidence" else self["created_at"]
            self.delete(rank.argsort(stable=True)[:excess])

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
            ValueError: the memory is empty.
        """
        if not self._size:
            raise ValueError("the memory is empty: nothing to read; write entries first")
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
        """
        used = reading.weights > 0
        slots = reading.slots[used]
        success = success.unsqueeze(1).expand_as(used)[used]
        ones = torch.ones_like(slots)
        self["retrieval_count"].index_add_(0, slots, ones)
        self["success_count"].index_add_(0, slots, success.long())
        self["confidence"].index_add_(0, slots, 0.1 * (success.float() - 0.5))
        self["confidence"].clamp_(0.05, 1.0)
        self["last_retrieved"][slots] = step

    def delete(self, slots: Tensor) -> None:
        """Delete entries; the others keep their order and move up."""
        keep = torch.ones(self._size, dtype=torch.bool, device=self._keys.device)
        keep[slots] = False
        kept = int(keep.sum())
        for tensor in (self._keys, self._values, *self._columns.values()):
            tensor[:kept] = tensor[: self._size][keep]
        self._size = kept

    def clone(self) -> KeyValueMemory:
        """Return an independent copy."""
        widths = self._keys.shape[1], self._values.shape[1]
        copy = KeyValueMemory(self.capacity, *widths, self.eviction, self._keys.device)
        copy._load({name: tensor.clone() for name, tensor in self.tensors().items()})
        return copy

    def tensors(self) -> dict[str, Tensor]:
        """Return the entries in use: 'keys' (N, d), 'values' (N, v) and each column (N,)."""
        return {"keys": self.keys, "values": self.values, **{n: self[n] for n in COLUMNS}}

    def _load(self, tensors: dict[str, Tensor]) -> None:
        self._size = len(tensors["keys"])
        self._keys[: self._size], self._values[: self._size] = tensors["keys"], tensors["values"]
        for name in COLUMNS:
            self._columns[name][: self._size] = tensors[name]

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
