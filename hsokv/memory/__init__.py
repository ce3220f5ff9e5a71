"""The key-value memory and its rules: store, read, write, forget."""

from hsokv.memory.access import (
    impostor_threshold,
    read_labels,
    read_memory,
    read_values,
    score_states,
    write_texts,
)
from hsokv.memory.forgetting import forget, utility
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.read import Context, Reading, similarity
from hsokv.memory.write import should_write

__all__ = [
    "Context",
    "KeyValueMemory",
    "Reading",
    "forget",
    "impostor_threshold",
    "read_labels",
    "read_memory",
    "read_values",
    "score_states",
    "should_write",
    "similarity",
    "utility",
    "write_texts",
]
