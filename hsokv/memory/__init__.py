"""The key-value memory and its rules: store, read, write, forget; the state of a learner."""

from hsokv.memory.forgetting import forget, utility
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.read import Context, Reading, similarity
from hsokv.memory.state import LearnerState, effective_confidence
from hsokv.memory.write import should_write

__all__ = [
    "Context",
    "KeyValueMemory",
    "LearnerState",
    "Reading",
    "effective_confidence",
    "forget",
    "should_write",
    "similarity",
    "utility",
]
