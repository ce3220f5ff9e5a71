"""The file of an associative memory: what stands in it, and what must be true of that.

One safetensors file: settings as JSON in its header, cues, targets and ids as tensors. Codes and
the matrix of chains are not in it; they are made again from the vectors.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from hsokv.boundary.checks import check_keys, shown

FORMAT = 1
MOST_IDS = 2**62
#: Type and number of axes of each tensor. Cues are (C, d), targets (N, d), owners, the id of each
#: cue's memory, (C,), ids of memories (N,), and the next id (1,).
TENSORS = {"cues": (np.float32, 2), "targets": (np.float32, 2), "owners": (np.int64, 1),
           "ids": (np.int64, 1), "next": (np.int64, 1)}  # fmt: skip
SLACK = 0.02  # of a vector's length, which 8 bits a number may change


def pack(settings: dict[str, Any], tensors: dict[str, np.ndarray]) -> bytes:
    """Return the content of a file."""
    said = json.dumps({"format": FORMAT, "settings": settings})
    return save(tensors, {"memory": said})  # one entry: their order is not fixed


def unpack(content: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return settings and tensors of a file.

    Raises:
        ValueError: it is cut short or damaged, or its parts do not fit one another.
    """
    try:
        tensors = load(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        found = json.loads(header["__metadata__"]["memory"])
        version, settings = found["format"], dict(found["settings"])
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    if version != FORMAT:
        raise ValueError(f"format {shown(version)}: this version reads {FORMAT}")
    _check_tensors(tensors, settings.get("width"))
    return settings, tensors


def _check_tensors(tensors: dict[str, np.ndarray], width: Any) -> None:
    check_keys(TENSORS, tensors, "tensor")
    check_keys(tensors, TENSORS, "tensor")
    for name, (dtype, ndim) in TENSORS.items():
        if tensors[name].dtype != dtype or tensors[name].ndim != ndim:
            raise ValueError(f"{name} is {tensors[name].dtype} with {tensors[name].ndim} axes")
    for name in ("cues", "targets"):
        lengths = np.linalg.norm(tensors[name].astype(float), axis=1)
        if tensors[name].shape[1] != width or not np.all(np.abs(lengths - 1) < SLACK):
            raise ValueError(f"{name} are no unit vectors of width {shown(width)}")
    owners, ids, upper = tensors["owners"], tensors["ids"], tensors["next"]
    fits = (len(owners), len(ids), len(upper)) == (
        *map(len, (tensors["cues"], tensors["targets"])),
        1,
    )
    if not fits or not np.array_equal(np.unique(owners), ids):
        raise ValueError("its cues, targets and ids do not fit one another")
    if not 0 <= upper[0] < MOST_IDS or (len(ids) and not 0 <= ids[0] <= ids[-1] < upper[0]):
        raise ValueError("its ids are out of range")
