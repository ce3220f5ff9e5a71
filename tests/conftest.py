"""Shared by the tests: tiny flows and a small rare-word task."""

import signal

import pytest

from hsokv import Flow, list_flows, make_flow
from hsokv.data.rare_words import RareWordTask, make_rare_word_task
from hsokv.flows.named import FLOWS

# A shell lets what it starts in the background ignore Ctrl-C; tests send it to their children.
signal.signal(signal.SIGINT, signal.default_int_handler)

TINY = {
    "d_model": 16, "n_layers": 2, "n_heads": 2, "d_ff": 32, "n_steps": 2, "meta_iterations": 1,
    "n_managers": 1, "agents_per_manager": 2, "agent_steps": 2,
}  # fmt: skip


def make_tiny(name: str, seed: int = 0, **overrides) -> Flow:
    """An unfitted flow that trains in milliseconds."""
    tiny = {} if FLOWS[name].encoder == "library" else TINY
    return make_flow(name, seed=seed, **(tiny | overrides))


@pytest.fixture(scope="session")
def task() -> RareWordTask:
    """Ten words, seed 0."""
    return make_rare_word_task(10, seed=0)


@pytest.fixture(scope="session")
def fitted(task) -> dict[str, Flow]:
    """Every flow, tiny, after one `fit` with validation texts; do not change them."""
    held = (task.validation.texts, task.validation.labels)
    return {
        name: make_tiny(name).fit(task.train.texts, task.train.labels, validation=held)
        for name in list_flows()
    }
