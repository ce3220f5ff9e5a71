"""Flows on another device: names and errors, nothing mixed between devices, seeds that pair.

Whole flows run on the pretended device of `tests.pretend`, where numbers are the CPU's to the bit;
what only a GPU can show is in the last test, which is skipped without one.
"""

import json
import sys

import numpy as np
import pytest
import torch

from hsokv import from_pretrained, list_flows, make_flow, save_pretrained
from hsokv.flows.named import FLOWS
from hsokv.models.device import DEVICES, device_of, pick_device
from tests.conftest import make_tiny
from tests.pretend import DEVICE, Elsewhere, PretendDevice

LEARNERS = [name for name in list_flows() if FLOWS[name].encoder not in ("library", "lexical")]
# What no flow uses by its defaults, or does too rarely to be seen at this size.
CHANGES = {
    "consolidates": ("minimal_config", {"consolidation": True, "lr": 0.02, "n_steps": 40}),
    "interferes": ("kv_only", {"forgetting": "interference"}),
    "forgets": ("kv_only", {"forgetting": "utility"}),
    "is full": ("minimal_config", {"capacity": 5}),
    "drops the oldest": ("first_redesign", {"capacity": 5}),
    "votes": ("nearest_neighbor", {"read_out": "vote", "top_k": 3, "similarity": "euclidean"}),
    "softmax": ("minimal_config", {"read_out": "softmax", "top_k": 3}),
    "writes in training": ("hybrid", {"write_in_training": True}),
    "gates averages": ("current", {"encoder": "embedding", "token_weights": "surprisal"}),
    "walks": ("current", {"random_search": "walk", "agents_per_manager": 4}),
}
CASES = {name: (name, {}) for name in LEARNERS} | CHANGES


def answers_of(flow, texts):
    """Everything a flow makes of texts, by name."""
    return vars(flow.answer(texts))


def learn(task, name, changes, device="cpu"):
    """A tiny flow after two blocks of words, with validation texts."""
    flow = make_tiny(name, device=device, **changes)
    for block in task.blocks[:2]:
        train, held = task.train.where(set(block)), task.validation.where(set(block))
        validation = (held.texts, held.labels) if held.texts else None
        flow.partial_fit(train.texts, train.labels, validation=validation)
    return flow


@pytest.fixture
def elsewhere(monkeypatch):
    """Inside, `device='cuda'` is the pretended device."""
    for place in ("hsokv.flows.settings.pick_device", "hsokv.flows.learner.pick_device"):
        monkeypatch.setattr(place, lambda name: DEVICE if name == "cuda" else torch.device("cpu"))
    fused = sys.modules["torch.optim.optimizer"]  # hidden behind a class of that name
    monkeypatch.setattr(fused, "_get_fused_kernels_supported_devices", lambda: ["cpu", DEVICE.type])
    with PretendDevice():
        yield


def test_the_pretended_device_refuses_what_a_gpu_refuses(elsewhere):
    """Two devices in one operation, NumPy, and, beyond a GPU, random draws are errors."""
    away, home = torch.ones(3).to(DEVICE), torch.ones(3)
    assert away.device == DEVICE and (away + 1).cpu().tolist() == [2, 2, 2]
    assert away[torch.tensor([0])].device == (away * torch.tensor(2.0)).device == DEVICE
    for mix in (lambda: away + home, lambda: home[away.long()], lambda: torch.cat([away, home])):
        with pytest.raises(RuntimeError, match="tensors on the CPU and on"):
            mix()
    for draw in (lambda: torch.randn_like(away), lambda: torch.rand(2, device=DEVICE)):
        with pytest.raises(RuntimeError, match="random numbers of"):
            draw()
    with pytest.raises((RuntimeError, TypeError)):
        away.numpy()


@pytest.mark.parametrize("case", CASES)
def test_a_flow_on_another_device_is_the_cpus(task, tmp_path, elsewhere, case):
    """Everything lives there, answers are the CPU's with the same seed, and it can be saved."""
    name, changes = CASES[case]
    texts = [text for c in ("verbatim", "unseen") for text in task.test(c, 1).texts]
    here, there = (learn(task, name, changes, device) for device in ("cpu", "cuda"))
    assert all(isinstance(p, Elsewhere) for p in there.net_.state_dict().values())
    if there.memory_ is not None:
        assert isinstance(there.memory_.keys, Elsewhere)
        assert isinstance(there.memory_["label"], Elsewhere)
    expected = answers_of(here, texts)
    for key, value in answers_of(there, texts).items():
        np.testing.assert_array_equal(value, expected[key], err_msg=key)
    assert here.history_ == there.history_ and here.cost_.flops == there.cost_.flops
    save_pretrained(there, tmp_path)
    assert "device" not in json.loads((tmp_path / "config.json").read_text("utf8"))
    for device in ("cpu", "cuda"):
        loaded = from_pretrained(tmp_path, device=device)
        assert loaded.device == device
        assert isinstance(next(loaded.net_.parameters()), Elsewhere) == (device == "cuda")
        for key, value in answers_of(loaded, texts).items():
            np.testing.assert_array_equal(value, expected[key], err_msg=key)


def test_names_of_devices(monkeypatch):
    """'auto' is the GPU where there is one; 'cpu' is the CPU everywhere, and the default."""
    for has_gpu, auto in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda has_gpu=has_gpu: has_gpu)
        assert pick_device("auto").type == auto and pick_device("cpu").type == "cpu"
    assert make_flow("hybrid").device == "cpu"


@pytest.mark.parametrize("flow", ["hybrid", "bm25"])
def test_wrong_devices(monkeypatch, flow):
    """A misspelt name, and a GPU that is not there: what was given, expected, and to be done."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="unknown device 'cdua': did you mean 'cuda'"):
        make_flow(flow, device="cdua")
    with pytest.raises(ValueError, match="device='cuda': PyTorch .* sees no CUDA GPU.*'auto' or"):
        make_flow(flow, device="cuda")
    made = make_flow(flow).set_params(device="cuda")
    with pytest.raises(ValueError, match="sees no CUDA GPU"):
        made.fit(["a text"], ["a"])
    assert made.set_params(device="auto").fit(["a text"], ["a"]).device == "auto"


def test_a_device_is_no_switch():
    """It is a parameter of the flow beside the seed, never part of the configuration."""
    for device in DEVICES[:2]:
        flow = make_flow("hybrid", device=device)
        assert flow.get_params()["device"] == device and "device" not in flow.config.as_dict()
        assert flow.config == FLOWS["hybrid"]


def test_cuda_random_state_is_untouched(task, monkeypatch):
    """Training seeds the CPU's stream alone: a GPU's stream is another program's."""
    calls = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda seed: calls.append(seed))
    monkeypatch.setattr(torch.cuda, "manual_seed", lambda seed: calls.append(seed))
    learn(task, "hybrid", {})
    assert not calls


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU: not run")
@pytest.mark.parametrize("name", ["hybrid", "current"])
def test_a_gpu_agrees_with_the_cpu(task, name):
    """Losses and scores of a flow trained on a GPU are the CPU's up to rounding."""
    changes = {"products": "float32", "n_steps": 20}
    here, there = (learn(task, name, changes, device) for device in ("cpu", "cuda"))
    assert device_of(there.net_).type == there.memory_.keys.device.type == "cuda"
    texts = task.test("verbatim").texts
    np.testing.assert_allclose(there.predict_proba(texts), here.predict_proba(texts), atol=1e-3)
