"""How a learner changes: gradient steps, contrastive training, the swarm, consolidation."""

from hsokv.training.consolidation import consolidate, tend
from hsokv.training.contrastive import train_contrastive
from hsokv.training.steps import Episode, train_episode
from hsokv.training.swarm import Agent, SwarmResult, run_swarm

__all__ = [
    "Agent",
    "Episode",
    "SwarmResult",
    "consolidate",
    "run_swarm",
    "tend",
    "train_contrastive",
    "train_episode",
]
