"""Learners with scikit-learn's interface: made by name, saved, loaded, forked."""

from hsokv.flows.base import ABSTAIN, Answers, Flow
from hsokv.flows.learner import MemoryLearner
from hsokv.flows.lexical import LexicalLearner
from hsokv.flows.library import LibraryFlow
from hsokv.flows.make import list_flows, make_flow
from hsokv.flows.named import BUDGETS, FLOWS
from hsokv.flows.persistence import from_pretrained, save_pretrained

__all__ = [
    "ABSTAIN",
    "Answers",
    "BUDGETS",
    "FLOWS",
    "Flow",
    "LexicalLearner",
    "LibraryFlow",
    "MemoryLearner",
    "from_pretrained",
    "list_flows",
    "make_flow",
    "save_pretrained",
]
