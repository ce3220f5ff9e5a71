"""Small runs of the one-shot experiment."""

import pytest

from hsokv.experiments.one_shot.trials import Params
from hsokv.flows.named import BUDGETS, FLOWS
from tests.conftest import TINY


def make_params(**changes):
    """One small draw."""
    small = {
        "flows": ("first_redesign",), "n_ways": (10,), "n_distractors": (0, 2), "n_seeds": 1,
        "n_block_seeds": 1, "swarm_budget": "quick", "n_jobs": 1,
    }  # fmt: skip
    return Params(**(small | changes))


@pytest.fixture
def tiny_flows(monkeypatch):
    """Transformers at tiny sizes, and a swarm budget of a few steps."""
    sizes = {key: TINY[key] for key in ("d_model", "n_layers", "n_heads", "d_ff", "n_steps")}
    for name, config in FLOWS.items():
        if config.encoder == "transformer":
            monkeypatch.setitem(FLOWS, name, config.with_overrides(**sizes))
    swarm = {key: TINY[key] for key in BUDGETS["quick"] if key in TINY}
    monkeypatch.setitem(BUDGETS, "quick", swarm | {"batch_size": 16})
