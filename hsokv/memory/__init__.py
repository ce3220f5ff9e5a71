"""Key-value memory and its rules, a learner's state, associations, talks and linked passages."""

from hsokv.memory.associative import AssociativeMemory, Recalled
from hsokv.memory.conversation import ConversationMemory, Found, FoundSession
from hsokv.memory.forgetting import forget, utility
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.linked import FoundPassages, LinkedPassages, Parts
from hsokv.memory.read import Context, Reading, similarity
from hsokv.memory.state import LearnerState, effective_confidence
from hsokv.memory.write import should_write

__all__ = [
    "AssociativeMemory",
    "Context",
    "ConversationMemory",
    "Found",
    "FoundPassages",
    "FoundSession",
    "KeyValueMemory",
    "LearnerState",
    "LinkedPassages",
    "Parts",
    "Reading",
    "Recalled",
    "effective_confidence",
    "forget",
    "should_write",
    "similarity",
    "utility",
]
