"""The entries of a memory: preallocated tensors, one column per metadata field.

Slots 0 .. len-1 are in use, in order of writing. When all are, the stated rule picks who goes:
under 'confidence' the least confident entry, ties oldest first; under 'oldest' the first written.

Axes: N entries in use, B entries written, d key width, v value width.
"""

from __future__ import annotations

import copy
from typing import Self

import torch
from torch import Tensor

from hsokv.boundary.checks import Range, check_int, check_keys
from hsokv.memory.arguments import check_entries, check_slots

EVICTIONS = ("oldest", "confidence")
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


class Entries:
    """Keys, values and metadata of up to `capacity` entries; see `KeyValueMemory`."""

    def __init__(
        self,
        capacity: int,
        d_key: int,
        d_value: int = 0,
        eviction: str = "oldest",
        device: torch.device | str = "cpu",
    ):
        self.capacity = check_int("capacity", capacity, Range(1))
        d_key, d_value = (
            check_int("d_key", d_key, Range(0)),
            check_int("d_value", d_value, Range(0)),
        )
        check_keys([eviction], EVICTIONS, "eviction")
        self.eviction = eviction
        try:
            self._keys = torch.zeros(capacity, d_key, device=device)
            self._values = torch.zeros(capacity, d_value, device=device)
            self._columns = {
                name: torch.full((capacity,), default, dtype=dtype, device=device)
                for name, (dtype, default) in COLUMNS.items()
            }
        except (RuntimeError, TypeError) as error:
            raise ValueError(
                f"capacity={capacity}, d_key={d_key}, d_value={d_value} on device {device!r}: "
                f"expected what this machine can hold ({error}); lower capacity or correct device"
            ) from error
        self._size = 0
        self._is_shared, self._n_written = False, [0]  # see `branch`

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, column: str) -> Tensor:
        """Return one metadata column, (N,); writing into it changes the memory.

        Raises:
            ValueError: there is no such column.
        """
        if column not in self._columns:
            check_keys([column], COLUMNS, "column")
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
            ValueError: a shape does not fit, a number is not finite, or a column is unknown.
            TypeError: something is no tensor of numbers.
        """
        check_entries(keys, values, columns, self._keys.shape[1], self._values.shape[1])
        check_keys(columns, COLUMNS, "column")
        if len(keys) > self.capacity:  # only the newest can stay
            keys, values = keys[-self.capacity :], values[-self.capacity :]
            columns = {name: column[-self.capacity :] for name, column in columns.items()}
        self._make_room(len(keys))
        if self._n_written[0] != self._size:  # a branch has written behind these entries
            self._own()
        new = slice(self._size, self._size + len(keys))
        self._keys[new], self._values[new] = keys.detach(), values.detach()
        for name, (_, default) in COLUMNS.items():
            self._columns[name][new] = columns.get(name, default)
        self._size = self._n_written[0] = self._size + len(keys)

    def _make_room(self, n_new: int) -> None:
        excess = self._size + n_new - self.capacity
        if excess > 0:
            rank = self["confidence"] if self.eviction == "confidence" else self["created_at"]
            self.delete(rank.argsort(stable=True)[:excess])

    def delete(self, slots: Tensor) -> None:
        """Delete the entries in some slots, (B,); the others keep their order and move up.

        Raises:
            ValueError, TypeError: a slot is not in use, or they are no tensor of whole numbers.
        """
        check_slots(slots, self._size)
        if self._is_shared:
            self._own()
        keep = torch.ones(self._size, dtype=torch.bool, device=self._keys.device)
        keep[slots] = False
        kept = int(keep.sum())
        for tensor in (self._keys, self._values, *self._columns.values()):
            tensor[:kept] = tensor[: self._size][keep]
        self._size = self._n_written[0] = kept

    def replace_keys(self, slots: Tensor, keys: Tensor) -> None:
        """Put other keys, (B, d), in place of those in some slots, (B,).

        Raises:
            ValueError, TypeError: as `write` and `delete`.
        """
        check_slots(slots, self._size)
        check_entries(keys, keys.new_zeros(len(slots), 0), {}, self._keys.shape[1], 0)
        if self._is_shared:
            self._own()
        self.keys[slots] = keys.to(self._keys.dtype)

    def branch(self) -> Self:
        """Return a memory that can be written without changing this one, cheaply.

        Both share keys and values. Entries are appended behind those in use, where the other does
        not look; the first that deletes or replaces, or finds that the other has appended, takes
        a copy of its own.
        """
        branch = copy.copy(self)
        branch._columns = {name: torch.empty_like(own) for name, own in self._columns.items()}
        for name, column in branch._columns.items():  # what is not in use is never looked at
            column[: self._size] = self[name]
        self._is_shared = branch._is_shared = True
        return branch

    def _own(self) -> None:
        """Move the entries in use into tensors that no branch shares."""
        for name in ("_keys", "_values"):
            shared = getattr(self, name)
            own = torch.zeros_like(shared)
            own[: self._size] = shared[: self._size]
            setattr(self, name, own)
        self._is_shared, self._n_written = False, [self._size]

    def clone(self) -> Self:
        """Return an independent copy."""
        widths = self._keys.shape[1], self._values.shape[1]
        other = type(self)(self.capacity, *widths, self.eviction, self._keys.device)
        other._load({name: tensor.clone() for name, tensor in self.tensors().items()})
        return other

    def tensors(self) -> dict[str, Tensor]:
        """Return the entries in use: 'keys' (N, d), 'values' (N, v) and each column (N,)."""
        return {"keys": self.keys, "values": self.values, **{n: self[n] for n in COLUMNS}}

    def _load(self, tensors: dict[str, Tensor]) -> None:
        self._size = self._n_written[0] = len(tensors["keys"])
        self._keys[: self._size], self._values[: self._size] = tensors["keys"], tensors["values"]
        for name in COLUMNS:
            self._columns[name][: self._size] = tensors[name]
