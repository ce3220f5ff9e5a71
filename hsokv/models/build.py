"""Build the network a configuration asks for, with weights drawn from a seed."""

from __future__ import annotations

import torch

from hsokv.config import FlowConfig
from hsokv.models.averages import AverageNetwork, TokenAverageEncoder
from hsokv.models.transformer import GatedMemoryTransformer
from hsokv.seeds import seed_for, torch_generator


def build_network(
    config: FlowConfig, n_tokens: int, n_classes: int, *, seed: int
) -> GatedMemoryTransformer | AverageNetwork | TokenAverageEncoder:
    """Return an untrained network for a vocabulary and a number of classes.

    All three encode texts and `grow(n_tokens, n_classes, generator)`; all but the plain
    `TokenAverageEncoder` classify. Weights are drawn, and are, on the CPU.
    """
    gated = config.fusion == "gate"
    if config.encoder == "embedding":
        generator = torch_generator(seed, "init")
        tokens = TokenAverageEncoder(n_tokens, config.d_model, config.token_weights, generator)
        if not config.has_classifier:
            return tokens
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed_for(seed, "init"))
        if config.encoder == "embedding":
            return AverageNetwork(tokens, n_classes, gated)
        names = "d_model", "n_layers", "n_heads", "d_ff", "dropout", "pooling"
        return GatedMemoryTransformer(
            n_tokens,
            n_classes,
            max_len=max(config.max_len, config.pad_to),
            gated=gated,
            **{name: getattr(config, name) for name in names},
        )
