"""Seeds split by purpose, so that changing one source of randomness leaves the others alone.

`seed_for(seed, "init")` and `seed_for(seed, "episodes", 3)` are unrelated 32-bit numbers, the same
in every process, on every platform and in every Python version. Nothing here touches a global
random state.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

from hsokv.boundary.checks import check_int, check_seed

if TYPE_CHECKING:
    import torch


def seed_for(seed: int, *purpose: str | int) -> int:
    """Return the seed of one purpose, in [0, 2**32).

    Args:
        seed: the trial's seed, 0 or more.
        purpose: what the randomness is for, e.g. `"init"` or `"agent", 3`.

    Raises:
        TypeError: the seed is not an integer, or a purpose is neither text nor an integer.
        ValueError: the seed is negative.
    """
    parts: list[str | int] = [check_seed(seed)]
    for value in purpose:
        parts.append(str(value) if isinstance(value, str) else check_int("purpose", value))
    digest = hashlib.sha256(json.dumps(parts).encode()).digest()
    return int.from_bytes(digest[:4], "little")


def numpy_rng(seed: int, *purpose: str | int) -> np.random.Generator:
    """Return a NumPy generator for one purpose."""
    return np.random.default_rng(seed_for(seed, *purpose))


def torch_generator(seed: int, *purpose: str | int) -> torch.Generator:
    """Return a PyTorch CPU generator for one purpose."""
    import torch

    return torch.Generator().manual_seed(seed_for(seed, *purpose))
