"""Make a flow by its name."""

from __future__ import annotations

from typing import Any

from hsokv.boundary.checks import check_keys
from hsokv.config import FlowConfig
from hsokv.flows.base import Flow
from hsokv.flows.learner import MemoryLearner
from hsokv.flows.lexical import LexicalLearner
from hsokv.flows.library import LibraryFlow
from hsokv.flows.named import FLOWS

KINDS = {encoder: kind for kind in (MemoryLearner, LexicalLearner, LibraryFlow)
         for encoder in kind.encoders}  # fmt: skip


def list_flows() -> list[str]:
    """Return the names of all flows; `hsokv.flows.named.NOTES` says what each is."""
    return list(FLOWS)


def make_flow(
    flow: str, *, seed: int = 0, n_jobs: int = 1, device: str = "cpu", **overrides: Any
) -> Flow:
    """Return an unfitted flow.

    Args:
        flow: one of `list_flows()`.
        seed: decides initial weights, batches and draws.
        n_jobs: swarm agents trained side by side.
        device: 'cpu', 'cuda', or 'auto' for a GPU where there is one.
        overrides: switches of `hsokv.FlowConfig` to change. One that the flow does not use, as
            `n_steps` where nothing is trained, changes nothing.

    Raises:
        ValueError: unknown flow, device or switch, with the nearest valid name; a value out of
            range; or no GPU.
        TypeError: a value of another type.
    """
    check_keys([flow], FLOWS, "flow")
    settings = [*FlowConfig().as_dict(), "seed", "n_jobs", "device"]
    check_keys(overrides, settings, "flow setting")
    kind = KINDS[FLOWS[flow].encoder]
    return kind(flow, seed=seed, n_jobs=n_jobs, device=device, **overrides).checked()
