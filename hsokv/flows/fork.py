"""Copies of a trained learner that differ in what happens after training.

Consolidation, forgetting and key refresh come after the last training step, so flows that differ
in these alone share one training. A fork is the flow that a `fit` with its switches gives, bit
for bit (tested), at the price of a copy.
"""

from __future__ import annotations

import copy
from typing import Any

from hsokv.boundary.checks import check_keys, shown
from hsokv.flows.learner import MemoryLearner
from hsokv.seeds import seed_for

AFTER_TRAINING = ("consolidation", "forgetting", "key_refresh")


def fork(flow: MemoryLearner, **switches: Any) -> MemoryLearner:
    """Return a copy of a fitted flow, tended and refreshed as the switches say.

    Args:
        flow: fitted once, with a memory, and with none of the three switches on; not changed.
        switches: any of consolidation, forgetting and key_refresh.

    Raises:
        ValueError: another switch, or a flow whose memory has been tended already.
        TypeError: no learner.
    """
    check_keys(switches, AFTER_TRAINING, "switch of what happens after training")
    if not isinstance(flow, MemoryLearner):
        raise TypeError(
            f"flow={shown(flow)} is a {type(flow).__name__}: expected a fitted learner with a "
            "memory; make one with make_flow"
        )
    config = flow.config
    if config.consolidation or config.forgetting != "none" or config.key_refresh:
        raise ValueError(
            f"flow {flow.flow!r} was fitted with consolidation={config.consolidation}, forgetting="
            f"{config.forgetting!r}, key_refresh={config.key_refresh}: expected none of them; fit "
            "it without and fork it"
        )
    if config.training == "swarm" and config.lifecycle_every <= config.meta_iterations:
        raise ValueError(
            f"lifecycle_every={config.lifecycle_every} with meta_iterations="
            f"{config.meta_iterations}: a swarm would tend its memory during training; raise "
            "lifecycle_every"
        )
    if getattr(flow, "_recent", None) is None:
        raise ValueError(
            "this flow has not learned here (it is unfitted or was loaded): call fit, then fork it"
        )
    if flow.memory_ is None or flow.changed_settings():
        raise ValueError(
            f"fusion={config.fusion!r}, settings changed since fit: {flow.changed_settings()}: "
            "expected a flow with a memory, as it was fitted; set fusion='label' or 'gate', fit it "
            "and fork it"
        )
    forked = copy.deepcopy(flow).set_params(**switches)
    forked.config_ = forked.state_.config = forked.config
    data, seed = forked._recent
    if config.training == "swarm":
        seed = seed_for(seed, "consolidate", config.meta_iterations - 1)
    forked._tend(seed)
    if forked.config_.key_refresh:
        forked._refresh(data.sources.tolist(), data.ids)
    return forked
