"""Networks are what their configuration says."""

import pytest
import torch

from hsokv import FlowConfig
from hsokv.flows.named import FLOWS
from hsokv.models.build import build_network, tensors_of_network
from tests.conftest import TINY

CONFIGS = {
    **{name: config for name, config in FLOWS.items() if config.encoder != "library"},
    "gated average": FlowConfig(encoder="embedding", fusion="gate", training="steps"),
    "average without a memory": FlowConfig(encoder="embedding", fusion="none", training="steps"),
    "average with a trained classifier": FlowConfig(encoder="embedding", training="steps"),
}


@pytest.mark.parametrize("grown", [False, True])
@pytest.mark.parametrize("name", CONFIGS)
def test_tensors_of_a_network(name, grown):
    """The names, shapes and types told without building are those of the network, grown or not."""
    config = CONFIGS[name].with_overrides(**TINY)
    net = build_network(config, 7, 3, seed=0)
    if grown:
        net.grow(11, 5, torch.Generator().manual_seed(0))
    real = [(name, tuple(t.shape), t.dtype) for name, t in net.state_dict().items()]
    sizes = (11, 5) if grown else (7, 3)
    assert sorted(tensors_of_network(config, *sizes), key=str) == sorted(real, key=str)
