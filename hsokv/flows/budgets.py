"""Budgets: how long flows train whose training the source documents let the user choose."""

from __future__ import annotations

from hsokv.boundary.checks import check_keys
from hsokv.config import FlowConfig
from hsokv.flows.named import BUDGETS, FLOWS

BUDGETED = ("current", "as_shipped", "fine_tune")  #: the flows with a budget to choose


def budget_of(flow: str, chosen: str) -> str:
    """Return the budget of a flow: the chosen one, 'fixed', or 'none' if it does not train."""
    if flow in BUDGETED:
        return chosen
    return "none" if FLOWS[flow].training == "none" else "fixed"


def with_budget(flow: str, config: FlowConfig, budget: str) -> FlowConfig:
    """Return the configuration of a flow trained at a budget; 'fixed' and 'none' change nothing.

    `fine_tune` gets as many optimiser steps as match the swarm's counted FLOPs: a step of
    accepted random search (two forward passes) counts as two thirds of a gradient step.

    Raises:
        ValueError: there is no such budget.
    """
    if flow not in BUDGETED:
        check_keys([budget], ["none", "fixed"], f"budget of {flow}")
        return config
    check_keys([budget], BUDGETS, f"budget of {flow}")
    swarm = FLOWS["current"].with_overrides(**BUDGETS[budget])
    if flow != "fine_tune":
        return config.with_overrides(**BUDGETS[budget])
    per_round = swarm.n_agents - (swarm.n_agents // 4) / 3  # every fourth agent searches at random
    steps = round(swarm.meta_iterations * swarm.agent_steps * per_round)
    return config.with_overrides(n_steps=steps, batch_size=swarm.batch_size)


def split_budget(flow: str, config: FlowConfig, n_parts: int) -> FlowConfig:
    """Return the configuration for each part of a task that arrives in parts.

    A budget is spent evenly over the parts; flows with a fixed number of steps take all on each.
    """
    shared = ("meta_iterations", "n_steps") if flow in BUDGETED else ()
    parts = {name: max(1, getattr(config, name) // n_parts) for name in shared}
    return config.with_overrides(**parts)
