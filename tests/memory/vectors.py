"""Vectors and small associative memories that tests share."""

import numpy as np

from hsokv.memory.associative import AssociativeMemory
from hsokv.memory.hopfield import normalise

WIDTH = 32
SMALL = {"code_size": 1024, "n_active": 16}


def directions(n, width=WIDTH, seed=0):
    """Random unit vectors, (n, width), float32."""
    drawn = np.random.default_rng(seed).standard_normal((n, width))
    return normalise(drawn).astype(np.float32)


def orthogonal(n=WIDTH, width=WIDTH, seed=0):
    """Unit vectors at right angles to one another, (n, width), float32."""
    drawn = np.random.default_rng(seed).standard_normal((width, width))
    return np.linalg.qr(drawn)[0][:n].astype(np.float32)


def near(vectors, noise=0.1, seed=1):
    """Unit vectors beside others; the noise is its length where theirs is one."""
    apart = directions(len(vectors), vectors.shape[1], seed)
    return normalise(vectors + noise * apart).astype(np.float32)


def small(width=WIDTH, **settings):
    """An empty memory with short codes."""
    return AssociativeMemory(width, **(SMALL | settings))


def same(one, other):
    """Whether two recalls are equal, number by number."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
