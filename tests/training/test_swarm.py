"""The swarm: who wins, what is kept, and that it does not depend on how many run side by side."""

import itertools
import math

import numpy as np
import pytest
import torch

import hsokv.flows.learner
from hsokv.flows.named import FLOWS
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.state import LearnerState
from hsokv.models.texts import TrainingSet
from hsokv.models.transformer import GatedMemoryTransformer
from hsokv.training.swarm import (
    LR_RANGE,
    OPTIMIZERS,
    TOP_K_RANGE,
    Agent,
    _next_agents,
    diversity_of,
    draw_agent,
    follow,
    run_swarm,
)
from tests.conftest import make_tiny

SIZES = {"d_model": 16, "n_layers": 2, "n_heads": 2, "d_ff": 32}
SWARM = {"meta_iterations": 2, "n_managers": 1, "agents_per_manager": 4, "agent_steps": 2}


def make_config(flow="current", **overrides):
    """A tiny swarm."""
    return FLOWS[flow].with_overrides(**(SIZES | SWARM | {"batch_size": 4} | overrides))


def make_start(flow="current", **overrides):
    """A state with an empty memory, and eight texts."""
    config = make_config(flow, **overrides)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = GatedMemoryTransformer(30, 4, **SIZES)
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(2, 30, (8, 5), generator=generator).tolist()
    index = torch.arange(8)
    memory = KeyValueMemory(50, 16, 16) if config.has_memory else None
    data = TrainingSet(ids, index % 4, 1 + index // 4, index)
    return LearnerState(config, net, memory), data


def scripted(scores):
    """A judge that hands out (accuracy, loss) in order, and the states it was shown."""
    shown, left = [], iter(scores)

    def score(state):
        shown.append(state)
        return next(left)

    return score, shown


def judge_size(state):
    """A judge that can be sent to another process: the fuller the memory the better."""
    return len(state.memory) / 100, float(state.top_k)


def weights_of(net):
    """All weights as one vector."""
    return torch.cat([p.detach().flatten() for p in net.parameters()])


def test_result_does_not_depend_on_n_jobs():
    """One agent at a time or two: the same weights, memory, history and cost."""
    runs = []
    for n_jobs in (1, 2):
        runs.append(run_swarm(*make_start(), judge_size, seed=5, n_jobs=n_jobs))
    assert (runs[0].history, runs[0].flops) == (runs[1].history, runs[1].flops)
    one, two = (run.state for run in runs)
    assert torch.equal(weights_of(one.net), weights_of(two.net))
    assert torch.equal(one.memory.keys, two.memory.keys) and len(one.memory) > 0
    assert torch.equal(one.memory["confidence"], two.memory["confidence"])
    assert (one.top_k, one.step) == (two.top_k, two.step)


def test_best_agent_wins_with_weights_and_memory():
    """The supervisor takes network, memory and top-k of the best; the others' are dropped."""
    scores = [(0.2, 1.0), (0.9, 1.0), (0.3, 0.1), (0.9, 1.5)]  # a tie goes to the lower loss
    score, shown = scripted(scores)
    start = make_start(meta_iterations=1, consolidation=False)
    result = run_swarm(*start, score, seed=0)
    assert result.state.net is shown[1].net and result.state.memory is shown[1].memory
    assert result.state.top_k == shown[1].top_k
    row = result.history[0]
    assert (row["accuracy"], row["best"], row["step"]) == (0.9, 0.9, 8)
    assert row["regret"] == pytest.approx(0.1) and row["optimizer"] == OPTIMIZERS[1]


def test_the_start_is_left_unchanged():
    """Agents train copies: the given network and memory are as before."""
    for flow in ("current", "as_shipped"):
        start, data = make_start(flow)
        before = weights_of(start.net).clone()
        run_swarm(start, data, judge_size, seed=0)
        assert torch.equal(weights_of(start.net), before) and len(start.memory) == 0
        assert (start.step, start.top_k) == (0, start.config.top_k)


def test_every_agent_starts_from_the_supervisor():
    """Agents of an iteration start from the best so far; ages count on from the first step."""
    scores = [(0.5, 1.0), (0.6, 1.0), (0.4, 1.0), (0.3, 1.0)] * 2
    score, shown = scripted(scores)
    start, data = make_start()
    start.step = 10
    result = run_swarm(start, data, score, seed=0)
    assert [state.step for state in shown] == [12] * 4 + [14] * 4
    assert result.state.step == 14
    first, second = shown[1].memory, shown[5].memory  # which holds the winner's first entries
    assert torch.equal(second.keys[: len(first)], first.keys)


@pytest.mark.parametrize(
    "strict, later, wins",
    [
        (True, (0.5, 0.1), False),  # a tie is thrown away, whatever the loss
        (True, (0.6, 9.0), True),
        (False, (0.5, 0.1), True),  # a tie with a lower loss counts
        (False, (0.5, 1.0), False),
        (False, (0.4, 0.0), False),
    ],
)
def test_strict_and_lenient_improvement(strict, later, wins):
    """Whether the second iteration's best replaces the first's (accuracy 0.5, loss 1)."""
    worse = [(0.1, 5.0)] * 3
    score, shown = scripted([(0.5, 1.0), *worse, later, *worse])
    start = make_start(strict_improvement=strict, consolidation=False)
    result = run_swarm(*start, score, seed=0)
    assert result.state.net is shown[4 if wins else 0].net
    assert result.history[1]["best"] == (later[0] if wins else 0.5)


def test_flops_are_those_of_all_agents():
    """Twice the iterations of equal batches cost at least twice."""
    costs = []
    for iterations in (1, 2):
        start = make_start(fusion="none", meta_iterations=iterations, consolidation=False)
        score, _ = scripted([(0.0, 1.0)] * 8)
        costs.append(run_swarm(*start, score, seed=0).flops)
    assert costs[1] == 2 * costs[0] > 0


def test_diversity():
    """Entropy of the optimisers over log 4: 1 for four kinds, 0 for one, 1/2 for two halves."""

    def agents(*names):
        return [Agent(name, 1e-4, 1) for name in names]

    assert diversity_of(agents(*OPTIMIZERS)) == pytest.approx(1)
    assert diversity_of(agents("adam", "adam", "adam")) == 0
    assert diversity_of(agents("adam", "adam", "sgd", "sgd")) == pytest.approx(0.5)
    mixed = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25)) / math.log(4)
    assert diversity_of(agents("adam", "adam", "adam", "sgd")) == pytest.approx(mixed)


def test_draws_stay_in_range():
    """Optimisers in turn, rates and top-k within their ranges, both ends of top-k reached."""
    rng = np.random.default_rng(0)
    agents = [draw_agent(i, rng) for i in range(400)]
    assert [agent.optimizer for agent in agents[:5]] == [*OPTIMIZERS, OPTIMIZERS[0]]
    assert all(LR_RANGE[0] <= agent.lr <= LR_RANGE[1] for agent in agents)
    assert {agent.top_k for agent in agents} == set(range(TOP_K_RANGE[0], TOP_K_RANGE[1] + 1))


def test_followers_stay_close():
    """The best's optimiser, a rate within 20 %, a top-k within 1, all within their ranges."""
    rng = np.random.default_rng(0)
    for best in (Agent("adam", 5e-4, 5), Agent("sgd", 1e-3, 10), Agent("random", 1e-5, 1)):
        copies = [follow(Agent("rmsprop", 1e-4, 3), best, rng) for _ in range(100)]
        assert {copy.optimizer for copy in copies} == {best.optimizer}
        low, high = max(0.8 * best.lr, LR_RANGE[0]), min(1.2 * best.lr, LR_RANGE[1])
        assert all(low <= copy.lr <= high for copy in copies)
        near = {max(1, best.top_k - 1), best.top_k, min(10, best.top_k + 1)}
        assert {copy.top_k for copy in copies} == near


def test_weak_agents_follow_their_own_manager():
    """Below 0.6 of the group's best an agent copies it; the other manager's best is not seen."""
    rng = np.random.default_rng(0)
    agents = [Agent(name, 1e-4, 5) for name in ("sgd", "adam", "rmsprop", "random")]
    config = make_config(n_managers=2, agents_per_manager=2)
    after = _next_agents(agents, [0.5, 0.31, 0.1, 0.9], config, rng)
    assert [agent.optimizer for agent in after] == ["sgd", "adam", "random", "random"]
    assert after[:2] == agents[:2] and after[3] == agents[3]


def test_uniform_swarms_are_drawn_again():
    """When diversity falls below one half all agents are drawn anew."""
    rng = np.random.default_rng(0)
    agents = [Agent("adam", 1e-4, 5)] * 4
    after = _next_agents(agents, [0.5] * 4, make_config(), rng)
    assert sorted(agent.optimizer for agent in after) == sorted(OPTIMIZERS)


@pytest.mark.parametrize(
    "forgetting, every, due", [("utility", 2, [1, 2]), ("interference", 2, [0, 2])]
)
def test_lifecycle_schedule(monkeypatch, forgetting, every, due):
    """Documented: after every n-th iteration and the last; shipped: before, from the first on."""
    calls = []
    monkeypatch.setattr("hsokv.training.consolidation.forget", lambda *_: calls.append(1) or 7)
    start = make_start(
        meta_iterations=3, lifecycle_every=every, forgetting=forgetting, consolidation=False
    )
    score, _ = scripted([(0.5, 1.0)] * 12)
    result = run_swarm(*start, score, seed=0)
    assert [i for i, row in enumerate(result.history) if row["forgotten"] == 7] == due
    assert len(calls) == len(due)


def test_a_swarm_without_a_memory():
    """The ablation 'swarm only' trains networks alone."""
    score, shown = scripted([(i / 10, 1.0) for i in range(8)])
    result = run_swarm(*make_start(fusion="none"), score, seed=0)
    assert result.state.memory is None and result.state.net is shown[7].net


@pytest.mark.parametrize("flow", ["current", "as_shipped"])
def test_the_test_set_is_never_seen(monkeypatch, task, flow):
    """What a swarm trains and selects on are training and validation texts, nothing else."""
    seen = []

    def spy(start, data, score, **options):
        seen.append((data, score.keywords["ids"], score.keywords["labels"].tolist()))
        return run_swarm(start, data, score, **options)

    monkeypatch.setattr(hsokv.flows.learner, "run_swarm", spy)
    learner = make_tiny(flow)
    held = (task.validation.texts, task.validation.labels)
    learner.fit(task.train.texts, task.train.labels, validation=held)
    data, ids, labels = seen[0]
    encode, names = learner.tokenizer_.encode, learner.classes_
    if flow == "current":
        assert ids == encode(task.validation.texts)
        assert names[labels].tolist() == task.validation.labels
        assert set(task.test_words).isdisjoint(task.validation.labels)
        assert data.ids == encode(task.train.texts)
    else:  # the last text of every word that has two is held out of training
        twice = {w for w, n in zip(task.train.labels, task.train.exposures) if n == 2}
        assert sorted(names[labels]) == sorted(twice) and len(data) + len(ids) == 15
        assert all(text in encode(task.train.texts) for text in ids)
        assert not any(text in data.ids for text in ids)
    tested = [encode(task.test(c, n).texts) for c in ("verbatim", "recognise") for n in (0, 1)]
    assert not any(text in data.ids + ids for text in itertools.chain(*tested))
