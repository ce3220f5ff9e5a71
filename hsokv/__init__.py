"""hsokv: a study of memory-augmented one-shot learning, as a small package."""

from importlib.metadata import PackageNotFoundError, version

from hsokv.config import FlowConfig
from hsokv.data.chats import Turn, read_chat
from hsokv.flows.base import ABSTAIN, ABSTAIN_INTEGER, Flow
from hsokv.flows.make import list_flows, make_flow
from hsokv.flows.persistence import from_pretrained, save_pretrained
from hsokv.memory.associative import AssociativeMemory
from hsokv.memory.conversation import ConversationMemory
from hsokv.memory.linked import LinkedPassages

try:
    __version__ = version("hsokv")
except PackageNotFoundError:  # imported from a checkout that was not installed
    __version__ = "0.0.0"

__all__ = [
    "ABSTAIN",
    "ABSTAIN_INTEGER",
    "AssociativeMemory",
    "ConversationMemory",
    "Flow",
    "FlowConfig",
    "LinkedPassages",
    "Turn",
    "from_pretrained",
    "list_flows",
    "make_flow",
    "read_chat",
    "save_pretrained",
]
