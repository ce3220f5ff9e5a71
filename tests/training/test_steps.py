"""Gradient steps, random search, writing while training, and what must stay untouched."""

import itertools
from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from hsokv.config import FlowConfig
from hsokv.flows.named import FLOWS
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.state import LearnerState
from hsokv.models.averages import TokenAverageEncoder
from hsokv.models.texts import TrainingSet
from hsokv.models.transformer import GatedMemoryTransformer, pack
from hsokv.training.contrastive import _thin, train_contrastive
from hsokv.training.steps import batches, make_optimizer, train_episode, training_mode

SIZES = {"d_model": 16, "n_layers": 2, "n_heads": 2, "d_ff": 32}
PLAIN = FlowConfig(fusion="none", training="steps", batch_size=4, dropout=0.0, **SIZES)
GATED = replace(FLOWS["minimal_config"], batch_size=4, dropout=0.0, **SIZES)


def make_data(n=8, length=5, n_classes=4, seed=0):
    """Random texts; text i has label i mod n_classes."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(2, 30, (n, length), generator=generator).tolist()
    index = torch.arange(n)
    return TrainingSet(ids, index % n_classes, 1 + index // n_classes, index)


def make_net(config, seed=0, n_classes=4):
    """A tiny network with seeded weights."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return GatedMemoryTransformer(
            30, n_classes, dropout=config.dropout, gated=config.fusion == "gate", **SIZES
        )


def make_memory(capacity=100):
    """An empty memory for gated values."""
    return KeyValueMemory(capacity, 16, 16)


def train(config, data=None, n_steps=6, seed=3, memory=None, **options):
    """Train a fresh network; return it and the episode."""
    state = LearnerState(config, make_net(config), memory)
    data = make_data() if data is None else data
    episode = train_episode(state, data, seed=seed, n_steps=n_steps, **options)
    assert state.step == episode.steps
    return state.net, episode


def weights_of(net):
    """All weights as one vector."""
    return torch.cat([p.detach().flatten() for p in net.parameters()])


@pytest.mark.parametrize("optimizer, lr", [("adam", 3e-3), ("sgd", 3e-2), ("rmsprop", 1e-3)])
def test_loss_falls(optimizer, lr):
    """Each gradient optimiser learns eight texts by heart."""
    net, episode = train(PLAIN, n_steps=60, optimizer=optimizer, lr=lr)
    assert sum(episode.losses[-2:]) < 0.5 * sum(episode.losses[:2])
    assert episode.steps == len(episode.losses) == 60 and not net.training


def test_gated_training_falls_and_fills_the_memory():
    """With a memory to read the loss falls too; reads are counted and texts written."""
    memory = make_memory()
    _, episode = train(GATED, n_steps=60, memory=memory, lr=3e-3)
    assert sum(episode.losses[-2:]) < 0.5 * sum(episode.losses[:2])
    assert len(memory) == 100  # 60 steps of 4 texts, everything written, full
    assert memory["retrieval_count"].sum() > 0 and (memory["confidence"] != 0.5).any()
    assert memory["created_at"].max() == 59


def test_shipped_code_never_records():
    """Under the shipped rule training reads count nothing, and a label has one entry."""
    config = replace(FLOWS["as_shipped"], batch_size=4, dropout=0.0, pad_to=6, **SIZES)
    memory = make_memory()
    train(config, n_steps=6, memory=memory)
    assert sorted(memory["label"].tolist()) == [0, 1, 2, 3]
    assert memory["retrieval_count"].sum() == 0


@pytest.mark.parametrize("optimizer", ["adam", "random"])
def test_same_seed_same_weights(optimizer):
    """Weights, losses and memory repeat exactly; another seed gives others."""
    config = replace(GATED, dropout=0.1)
    runs = []
    for seed in (3, 3, 4):
        memory = make_memory()
        net, episode = train(config, seed=seed, memory=memory, optimizer=optimizer, lr=1e-3)
        runs.append((weights_of(net), episode.losses, memory.keys.clone()))
    assert torch.equal(runs[0][0], runs[1][0]) and torch.equal(runs[0][2], runs[1][2])
    assert runs[0][1] == runs[1][1] != runs[2][1]
    assert not torch.equal(runs[0][0], runs[2][0])


def test_accepted_random_search_never_raises_the_loss():
    """Without dropout, the loss on the batch of a step never goes up, and it does go down."""
    config = replace(PLAIN, batch_size=8)
    net, data = make_net(config), make_data()
    state, losses = LearnerState(config, net), [full_loss(net, data)]
    for seed in range(25):
        train_episode(state, data, seed=seed, n_steps=1, optimizer="random", lr=0.02)
        losses.append(full_loss(net, data))
    assert all(later <= earlier + 1e-4 for earlier, later in itertools.pairwise(losses))
    assert losses[-1] < losses[0] - 0.05


def test_walking_random_search_moves_either_way():
    """The shipped random search takes every step, better or worse, of its own size."""
    config = replace(PLAIN, batch_size=8, random_search="walk")
    net, data, losses = make_net(config), make_data(), []
    state, before = LearnerState(config, net), weights_of(net)
    for seed in range(15):
        train_episode(state, data, seed=seed, n_steps=1, optimizer="random", lr=9.0)
        losses.append(full_loss(net, data))
    steps = torch.tensor(losses).diff()
    assert (steps > 0).any() and (steps < 0).any()
    moved = (weights_of(net) - before).std().item()
    assert moved == pytest.approx(0.01 * 15**0.5, rel=0.1)


def full_loss(net, data):
    """Mean cross-entropy on all texts at the precision of training."""
    with torch.no_grad(), training_mode(0):
        scores, _ = net.fuse(net.encode(pack(data.ids)), None)
        return torch.nn.functional.cross_entropy(scores, data.labels).item()


@pytest.mark.parametrize("fails", [False, True])
def test_global_state_is_untouched(fails):
    """Random state, threads and matrix precision are as before, also when training fails."""
    before = (torch.get_rng_state(), torch.get_num_threads(), torch.get_float32_matmul_precision())

    def validate():
        assert torch.get_num_threads() == 1
        if fails:
            raise RuntimeError("interrupted")
        return 0.5

    config = replace(PLAIN, dropout=0.1)
    try:
        train(config, n_steps=2, validate=validate, validate_every=2)
        assert not fails
    except RuntimeError:
        assert fails
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (torch.get_num_threads(), torch.get_float32_matmul_precision()) == before[1:]


@pytest.mark.parametrize("optimizer", ["adam", "random"])
def test_flops_are_those_of_all_steps(optimizer):
    """For batches of equal length, counting one step is counting all of them."""
    with FlopCounterMode(display=False) as counter:
        _, episode = train(PLAIN, n_steps=5, optimizer=optimizer)
    assert episode.flops == counter.get_total_flops() > 0


def test_a_gradient_step_costs_three_forward_passes():
    """Forward and backward are three passes, accepted random search takes two: 3 to 2, nearly."""
    flops = [train(PLAIN, n_steps=1, optimizer=name)[1].flops for name in ("adam", "random")]
    assert flops[0] / flops[1] == pytest.approx(1.5, rel=0.05)


def test_stop_loss_ends_after_an_epoch():
    """Training stops once an epoch's mean loss is below the limit; whole epochs only."""
    _, episode = train(replace(PLAIN, stop_loss=100.0), n_steps=50)
    assert episode.steps == 2  # eight texts in batches of four
    _, episode = train(replace(PLAIN, stop_loss=0.5), n_steps=200, lr=3e-3)
    assert episode.steps < 200 and episode.steps % 2 == 0
    assert sum(episode.losses[-2:]) / 2 < 0.5 <= sum(episode.losses[-4:-2]) / 2


def test_validation_curve():
    """The callback is asked every so many steps, and training goes on in training mode."""
    asked = []
    net, episode = train(
        PLAIN, n_steps=7, validate=lambda: asked.append(1) or len(asked) / 10, validate_every=3
    )
    assert episode.curve == [(3, 0.1), (6, 0.2)]


def test_batches_are_shuffled_epochs():
    """Every epoch holds every text once; its last batch is short; epochs differ."""
    stream = batches(5, 2, torch.Generator().manual_seed(0))
    epochs = [[next(stream).tolist() for _ in range(3)] for _ in range(4)]
    for epoch in epochs:
        assert [len(batch) for batch in epoch] == [2, 2, 1]
        assert sorted(itertools.chain(*epoch)) == [0, 1, 2, 3, 4]
    assert len({str(epoch) for epoch in epochs}) > 1


def test_unknown_optimizer():
    """A misspelt optimiser is refused."""
    with pytest.raises(ValueError, match="optimizer='adma': expected 'adam', 'sgd'"):
        make_optimizer("adma", [], 0.1)


def test_contrastive_training():
    """The loss falls, texts of a label move together, and the global state stays."""
    data = make_data(12, length=8, n_classes=3)
    encoder = TokenAverageEncoder(30, 16, "uniform", torch.Generator().manual_seed(0))
    config = FlowConfig(
        encoder="embedding", training="contrastive", n_steps=40, lr=0.02, batch_size=12
    )
    state, before = torch.get_rng_state(), closeness(encoder, data)
    episode = train_contrastive(LearnerState(config, encoder), data, seed=0)
    assert episode.steps == len(episode.losses) == 40 and episode.flops > 0
    assert episode.losses[-1] < 0.7 * episode.losses[0]
    assert closeness(encoder, data) > before + 0.02
    assert torch.equal(torch.get_rng_state(), state)


def closeness(encoder, data):
    """Mean cosine within labels minus between labels."""
    with torch.no_grad():
        states = torch.nn.functional.normalize(encoder(data.ids), dim=1)
    cosine, same = states @ states.T, data.labels.unsqueeze(1) == data.labels
    return (cosine[same].mean() - cosine[~same].mean()).item()


def test_thinned_texts_are_never_empty():
    """About a tenth of the tokens goes; a text keeps at least one."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        assert 850 < len(_thin(list(range(1000)))) < 950
        assert _thin([5], share=1.0) == [5]
