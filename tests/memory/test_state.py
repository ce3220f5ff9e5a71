"""A learner's state: what it stores of a text, what a read gives back, and copies of it."""

from dataclasses import replace

import pytest
import torch

from hsokv.config import FlowConfig
from hsokv.flows.named import FLOWS
from hsokv.memory.key_value import KeyValueMemory
from hsokv.memory.read import Context
from hsokv.memory.state import LearnerState, effective_confidence
from hsokv.models.texts import TrainingSet
from hsokv.models.transformer import GatedMemoryTransformer

CURRENT = FLOWS["current"]
SIZES = {"d_model": 16, "n_layers": 2, "n_heads": 2, "d_ff": 32}
GATED = replace(FLOWS["minimal_config"], **SIZES)


def make_state(config):
    """A tiny network for four classes, and an empty memory."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = GatedMemoryTransformer(30, 4, **SIZES)
    return LearnerState(config, net, KeyValueMemory(20, 16, 16))


def make_texts(n):
    """Random texts; text i has label i."""
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(2, 30, (n, 5), generator=generator).tolist()
    return TrainingSet(ids, torch.arange(n), torch.ones(n, dtype=torch.int64), torch.arange(n))


def entries(**columns):
    """A memory with one entry per value of the first column."""
    n = len(next(iter(columns.values())))
    memory = KeyValueMemory(n, 2)
    memory.write(torch.ones(n, 2), torch.zeros(n, 0), **columns)
    return memory


def filled(config):
    """A state whose memory holds three texts."""
    state, data = make_state(config), make_texts(3)
    with torch.no_grad():
        state.write(data, state.encode(data.ids), torch.ones(3))
    return state, data


def test_clones_learn_alone():
    """What is written into a clone, and what becomes of its weights, leaves the original alone."""
    state, data = filled(GATED)
    state.step, state.top_k = 7, 3
    copy = state.clone()
    assert (copy.step, copy.top_k, len(copy.memory)) == (7, 3, 3)
    copy.write(data, torch.ones(3, 16), torch.ones(3))
    copy.net.classifier.weight.data.zero_()
    copy.step += 1
    assert len(state.memory) == 3 and state.net.classifier.weight.any() and state.step == 7
    alone = replace(state, memory=None)
    assert alone.net is state.net and alone.clone().memory is None and not alone.has_entries


def test_a_read_uses_every_part_of_the_state():
    """Entries read, the boosts, the present and the confidence are the state's own."""
    config = replace(GATED, read_out="mean", top_k=2, confidence_weighting=False)
    state, data = filled(config)
    states = state.encode(data.ids)
    plain = state.read(states)
    assert plain.slots.shape == (3, 2) and state.top_k == 2
    assert replace(state, top_k=3).read(states).slots.shape == (3, 3)
    state.context = Context("documented", 16, torch.Generator().manual_seed(0))
    boosted = state.read(states)
    assert not torch.allclose(boosted.scores, plain.scores)
    assert not torch.allclose(replace(state, step=500).read(states).scores, boosted.scores)
    surer = replace(state, config=replace(config, confidence_weighting=True))
    assert not torch.allclose(surer.read(states).scores, boosted.scores)


@pytest.mark.parametrize("fusion", ["gate", "label", "none"])
def test_only_a_gate_mixes_the_read_in(fusion):
    """A gated network scores with what it read; others, and an empty memory, score alone."""
    state, data = filled(GATED)
    state = replace(state, config=replace(GATED, fusion=fusion))
    with torch.no_grad():
        states = state.encode(data.ids)
        alone = state.net.fuse(states, None)[0]
        for each in (state, replace(state, memory=KeyValueMemory(2, 16, 16))):
            scores, gate, reading = each.score(states)
            mixed = fusion == "gate" and each.has_entries
            assert torch.equal(scores, alone) != mixed
            assert (gate is None, reading is None) == (not mixed, not mixed)


def test_validation_is_accuracy_and_cross_entropy():
    """The share of right answers and the mean of -log p of the right class."""
    state, data = filled(GATED)
    accuracy, loss = state.validate(data.ids, data.labels)
    with torch.no_grad():
        shares = state.score(state.encode(data.ids))[0].softmax(1)
    assert accuracy == pytest.approx((shares.argmax(1) == data.labels).float().mean().item())
    assert loss == pytest.approx(-shares[range(3), data.labels].log().mean().item(), rel=1e-5)


def test_impostors():
    """Near the similarity of the nearest entry of another label; one label has no impostor."""
    memory = KeyValueMemory(4, 2)
    keys = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.6, 0.8]])
    memory.write(keys, torch.zeros(3, 0), label=torch.tensor([0, 0, 1]))
    state = LearnerState(FlowConfig(similarity="cosine"), None, memory)
    assert state.impostor_threshold() == pytest.approx(0.6)
    memory["label"][:] = 5
    assert state.impostor_threshold() == float("-inf")


def test_label_values_point_to_the_class():
    """The value is the classifier's row of the label, as long as the state."""
    state, data = make_state(GATED), make_texts(3)
    states = 7 * torch.randn(3, 16, generator=torch.Generator().manual_seed(0))
    values = state.values_of(data, states)
    torch.testing.assert_close(values.norm(dim=1), states.norm(dim=1))
    cosine = torch.cosine_similarity(values, state.net.classifier.weight[data.labels])
    torch.testing.assert_close(cosine, torch.ones(3))


def test_token_values_are_unit_means():
    """The shipped value is the unit-norm mean of raw token vectors; no words, padding."""
    state, data = make_state(replace(GATED, value="tokens")), make_texts(2)
    data.ids[1] = []
    values = state.values_of(data, torch.zeros(2, 16))
    mean = state.net.embedding.weight[data.ids[0]].mean(0)
    torch.testing.assert_close(values[0], mean / mean.norm())
    torch.testing.assert_close(values.norm(dim=1), torch.ones(2))


@pytest.mark.parametrize(
    "duplicates, labels",
    [("keep", [0, 0, 1, 0, 1]), ("merge", [0, 0, 1]), ("one_per_label", [0, 1])],
)
def test_duplicates(duplicates, labels):
    """Texts 0 and 3, and 2 and 4, are the same; within and across batches one of each stays."""
    config = FlowConfig(duplicates=duplicates, **SIZES)
    sources = torch.tensor([10, 11, 12, 10, 12])
    data = TrainingSet(
        [[2]] * 5, torch.tensor([0, 0, 1, 0, 1]), torch.ones(5, dtype=torch.int64), sources
    )
    state = LearnerState(config, None, KeyValueMemory(20, 16), step=4)
    for _ in range(2):
        state.write(data, torch.ones(5, 16), torch.zeros(5))
    assert state.memory["label"].tolist() == labels * (2 if duplicates == "keep" else 1)
    assert set(state.memory["created_at"].tolist()) == {4}


def test_first_exposure_boost_fades():
    """0.75 before the first retrieval, 0.625 after ten, 0.5 after twenty and later."""
    memory = entries(retrieval_count=torch.tensor([0, 10, 20, 50]))
    confidence = effective_confidence(memory, CURRENT)
    torch.testing.assert_close(confidence, torch.tensor([0.75, 0.625, 0.5, 0.5]))


def test_boost_is_for_first_exposures_and_ends_at_one():
    """A second text is not lifted; nothing is surer than 1; the stored value stays."""
    memory = entries(exposure=torch.tensor([1, 2]), confidence=torch.tensor([0.9, 0.9]))
    torch.testing.assert_close(effective_confidence(memory, CURRENT), torch.tensor([1.0, 0.9]))
    torch.testing.assert_close(memory["confidence"], torch.tensor([0.9, 0.9]))


def test_no_weighting_where_the_flow_has_none():
    """A flow without confidence weighting reads unweighted."""
    assert effective_confidence(entries(label=torch.tensor([0])), FlowConfig()) is None
