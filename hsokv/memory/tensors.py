"""What tensors from a file must be before they become the entries of a memory."""

from __future__ import annotations

import torch
from torch import Tensor

from hsokv.memory.entries import COLUMNS


def check_tensors(
    tensors: dict[str, Tensor], capacity: int, d_key: int, d_value: int, n_classes: int
) -> None:
    """Check that tensors can be the entries of a memory, see `KeyValueMemory.tensors`.

    Args:
        tensors: by name.
        capacity: most entries.
        d_key, d_value: widths of keys and values.
        n_classes: labels lie below it.

    Raises:
        ValueError: a name, type, shape or number that no memory holds.
    """
    names = ["keys", "values", *COLUMNS]
    if sorted(tensors) != sorted(names):
        raise ValueError(f"entries with {sorted(tensors)}: expected {sorted(names)}")
    n = len(tensors["label"]) if tensors["label"].ndim else 0
    if n > capacity:
        raise ValueError(f"{n} entries: expected at most capacity={capacity}")
    shapes = {"keys": (n, d_key), "values": (n, d_value)}
    for name, tensor in tensors.items():
        shape, dtype = shapes.get(name, (n,)), COLUMNS.get(name, (torch.float32,))[0]
        if tuple(tensor.shape) != shape or tensor.dtype != dtype:
            raise ValueError(
                f"{name} of shape {tuple(tensor.shape)} and {tensor.dtype}: "
                f"expected {shape} and {dtype}"
            )
        if not tensor.isfinite().all():
            raise ValueError(f"{name} holds NaN or infinity: expected finite numbers")
        if name in COLUMNS and dtype == torch.int64 and (tensor < COLUMNS[name][1]).any():
            raise ValueError(
                f"{name}={int(tensor.min())} in an entry: expected at least {COLUMNS[name][1]}"
            )
    if (tensors["label"] >= n_classes).any():
        raise ValueError(
            f"label={int(tensors['label'].max())} in an entry: expected one of {n_classes} classes"
        )
    confidence = tensors["confidence"]
    if ((confidence < 0.05) | (confidence > 1)).any():
        raise ValueError(
            f"confidence from {confidence.min():.3g} to {confidence.max():.3g}: "
            "expected [0.05, 1] in every entry"
        )
    if (tensors["success_count"] > tensors["retrieval_count"]).any():
        raise ValueError("an entry with more successes than retrievals: expected at most as many")
