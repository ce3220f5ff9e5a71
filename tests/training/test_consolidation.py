"""Utility, forgetting and consolidation, by hand."""

import pytest
import torch

from hsokv.config import FlowConfig
from hsokv.memory.forgetting import forget, success_rate, utility
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.state import LearnerState
from hsokv.models.texts import TrainingSet
from hsokv.models.transformer import GatedMemoryTransformer
from hsokv.training.consolidation import consolidate

UTILITY = FlowConfig(forgetting="utility")
INTERFERENCE = FlowConfig(forgetting="interference")
SIZES = {"d_model": 16, "n_layers": 2, "n_heads": 2, "d_ff": 32}


def entries(keys=None, **columns):
    """A memory with one entry per value of the given columns."""
    n = len(next(iter(columns.values())))
    keys = torch.eye(n) if keys is None else torch.tensor(keys)
    memory = KeyValueMemory(n, keys.shape[1])
    columns = {name: torch.tensor(values) for name, values in columns.items()}
    memory.write(keys, torch.zeros(n, 0), **columns)
    return memory


def test_success_rate():
    """Successes per retrieval; a half before the first."""
    memory = entries(retrieval_count=[0, 4, 4], success_count=[0, 3, 0])
    assert success_rate(memory).tolist() == [0.5, 0.75, 0.0]


def test_utility_of_the_sources_examples():
    """Issue 1.2: a fresh first exposure has 0.55; with its confidence all gone, 0.27."""
    memory = entries(
        confidence=[0.75, 0.0], retrieval_count=[0, 20], success_count=[0, 10], created_at=[435, 0]
    )
    values = utility(memory, step=435)  # 0.95^4.35 = 0.8
    assert values[0].item() == pytest.approx(0.4 * 0.75 + 0.3 * 0.5 + 0.1)
    assert values[1].item() == pytest.approx(0.2 * 0.2 + 0.3 * 0.5 + 0.1 * 0.8, abs=1e-4)


def test_utility_is_at_most_one():
    """Usage saturates at 100 retrievals; an entry from the future is as good as new."""
    memory = entries(
        confidence=[1.0, 1.0], retrieval_count=[100, 5000], success_count=[100, 5000],
        created_at=[10, 99],
    )  # fmt: skip
    torch.testing.assert_close(utility(memory, step=10), torch.ones(2))


def test_forgetting_deletes_only_below_the_threshold():
    """0.082 and 0.091 go, 0.103 stays: of a failing, very old entry only confidence counts."""
    memory = entries(
        confidence=[0.2, 0.2225, 0.2525], retrieval_count=[1, 1, 1],
        success_count=[0, 0, 0], created_at=[0, 0, 0], label=[0, 1, 2],
    )  # fmt: skip
    values = utility(memory, step=100_000)
    torch.testing.assert_close(values, torch.tensor([0.082, 0.091, 0.103]))
    assert forget(memory, UTILITY, step=100_000) == 2
    assert memory["label"].tolist() == [2]


def test_a_fresh_memory_forgets_nothing():
    """New entries are far above the threshold, contrary to issue 1.2 of the sources."""
    memory = entries(confidence=[0.5, 0.5], label=[0, 1])
    assert forget(memory, UTILITY, step=0) == 0 and len(memory) == 2


def test_interference_deletes_the_less_confident_of_a_pair():
    """Cosine above 0.8: the surer entry stays, the earlier one at a tie; others are left alone."""
    keys = [[1.0, 0, 0, 0], [0.9, 0.2, 0, 0], [0, 0, 1.0, 0], [0, 0, 5.0, 0.1], [0, 1.0, 0, 1.0]]
    memory = entries(keys, confidence=[0.3, 0.7, 0.5, 0.5, 0.1], label=[0, 1, 2, 3, 4])
    assert forget(memory, INTERFERENCE, step=0) == 2
    assert memory["label"].tolist() == [1, 2, 4]


def test_interference_has_a_limit():
    """Cosine 0.8 itself is not too close."""
    memory = entries([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]], label=[0, 1, 2])
    assert forget(memory, INTERFERENCE, step=0) == 0


def test_no_forgetting():
    """Without a rule, and in an empty memory, nothing goes."""
    memory = entries(confidence=[0.0], created_at=[0])
    assert forget(memory, FlowConfig(), step=10**6) == 0 and len(memory) == 1
    for config in (UTILITY, INTERFERENCE):
        assert forget(KeyValueMemory(2, 2), config, step=0) == 0


def consolidation(labels, confidence, successes, **settings):
    """A network that always answers 1, texts with labels, and an entry for each, read ten times."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = GatedMemoryTransformer(20, 2, **SIZES)
    with torch.no_grad():
        net.classifier.bias[1] = 100.0
    n = len(labels)
    data = TrainingSet(
        [[2, 3 + i] for i in range(n)], torch.tensor(labels), torch.ones(n, dtype=torch.int64),
        torch.arange(n),
    )  # fmt: skip
    memory = entries(
        torch.eye(n, 16).tolist(), label=labels, source=list(range(n)), confidence=confidence,
        retrieval_count=[10] * n, success_count=successes,
    )  # fmt: skip
    config = FlowConfig(consolidation=True, **SIZES, **settings)
    return LearnerState(config, net, memory), data


def test_consolidation_deletes_what_the_network_knows():
    """Entries that are sure and successful go once the network answers them alone."""
    state, data = consolidation([1, 1, 1], [0.9, 0.9, 0.9], [9, 10, 9])
    n_deleted, flops = consolidate(state, data, seed=0)
    assert n_deleted == 3 and len(state.memory) == 0 and flops > 0


def test_consolidation_keeps_what_fails_the_test():
    """9 of 10 right is not more than 0.9: trained, re-tested, and every entry kept."""
    state, data = consolidation([1] * 9 + [0], [0.9] * 10, [10] * 10)
    before = state.net.embedding.weight.detach().clone()
    n_deleted, flops = consolidate(state, data, seed=0)
    assert n_deleted == 0 and len(state.memory) == 10 and flops > 0
    assert not torch.equal(before, state.net.embedding.weight)


def test_consolidation_takes_sure_and_successful_entries_only():
    """Confidence 0.85 and success 0.8 themselves are not enough; the others stay stored."""
    state, data = consolidation([1] * 4, [0.9, 0.85, 0.9, 1.0], [9, 10, 8, 10])
    n_deleted, _ = consolidate(state, data, seed=0)
    assert n_deleted == 2 and state.memory["source"].tolist() == [1, 2]


def test_no_candidates_no_cost():
    """Nothing sure enough: no training, no deletion, no FLOPs."""
    state, data = consolidation([1, 1], [0.5, 0.5], [10, 10])
    before = state.net.embedding.weight.detach().clone()
    assert consolidate(state, data, seed=0) == (0, 0.0)
    assert torch.equal(before, state.net.embedding.weight) and len(state.memory) == 2


def test_three_epochs():
    """Three entries in batches of two are six steps, three times the cost of one epoch."""
    costs = []
    for batch_size in (3, 2):
        state, data = consolidation([1, 1, 1], [0.9] * 3, [10] * 3, batch_size=batch_size)
        costs.append(consolidate(state, data, seed=0)[1] / batch_size)
    assert costs[1] / costs[0] == pytest.approx(2, rel=0.1)  # 6 steps of 2 against 3 of 3
