"""Which texts are written, and how firmly, by hand."""

import pytest
import torch

from hsokv.config import FlowConfig
from hsokv.flows.named import FLOWS
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.write import initial_confidence, novelty_of, should_write

CURRENT = FLOWS["current"]


def entries(**columns):
    """A memory with one entry per value of the first column."""
    n = len(next(iter(columns.values())))
    memory = KeyValueMemory(n, 2)
    memory.write(torch.ones(n, 2), torch.zeros(n, 0), **columns)
    return memory


def test_novelty():
    """1 - cosine to the nearest key, within [0, 1]; 1 before anything is stored."""
    queries = torch.tensor([[5.0, 0.0], [0.6, 0.8], [-1.0, 0.0]])
    memory = KeyValueMemory(3, 2)
    assert novelty_of(queries, memory).tolist() == [1.0, 1.0, 1.0]
    memory.write(torch.tensor([[2.0, 0.0]]), torch.zeros(1, 0))
    torch.testing.assert_close(novelty_of(queries, memory), torch.tensor([0.0, 0.4, 1.0]))


@pytest.mark.parametrize(
    "loss, novelty, exposure, wanted",
    [
        (0.16, 0.0, 1, True),  # first text of a label: above 0.15
        (0.14, 0.0, 1, False),
        (0.29, 0.0, 2, False),  # later texts: above 0.3
        (0.31, 0.0, 2, True),
        (0.0, 0.71, 2, True),  # or far from everything stored
        (0.0, 0.69, 1, False),
    ],
)
def test_surprise_rule(loss, novelty, exposure, wanted):
    """Loss above the threshold of its exposure, or novelty above 0.7."""
    values = torch.tensor([loss]), torch.tensor([novelty]), torch.tensor([exposure])
    assert should_write(*values, CURRENT).tolist() == [wanted]


def test_everything_is_written_where_the_rule_says_so():
    """Neither loss nor novelty matters under 'all'."""
    zeros = torch.zeros(3)
    assert should_write(zeros, zeros, torch.ones(3), FlowConfig()).tolist() == [True] * 3


def test_initial_confidence():
    """0.5 as documented; as shipped 1 - loss within [0.05, 1] plus 0.25, at most 1."""
    loss = torch.tensor([3.0, 0.4, 0.1])
    assert initial_confidence(loss, CURRENT).tolist() == [0.5] * 3
    shipped = initial_confidence(loss, FLOWS["as_shipped"])
    torch.testing.assert_close(shipped, torch.tensor([0.3, 0.85, 1.0]))
