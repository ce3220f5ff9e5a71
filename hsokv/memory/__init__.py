"""The key-value memory and its rules, the state of a learner, and the associative memory."""

from hsokv.memory.associative import AssociativeMemory, Recalled
from hsokv.memory.conversation import ConversationMemory, Found, FoundSession
from hsokv.memory.forgetting import forget, utility
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.read import Context, Reading, similarity
from hsokv.memory.state import LearnerState, effective_confidence
from hsokv.memory.write import should_write

__all__ = [
    "AssociativeMemory",
    "Context",
    "ConversationMemory",
    "Found",
    "FoundSession",
    "KeyValueMemory",
    "LearnerState",
    "Reading",
    "Recalled",
    "effective_confidence",
    "forget",
    "should_write",
    "similarity",
    "utility",
]
