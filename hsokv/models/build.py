"""Build the network a configuration asks for, with weights drawn from a seed."""

from __future__ import annotations

from collections.abc import Iterator

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


def tensors_of_network(
    config: FlowConfig, n_tokens: int, n_classes: int
) -> Iterator[tuple[str, tuple[int, ...], torch.dtype]]:
    """Yield name, shape and type of each tensor that `build_network` would make, making none.

    One by one, so that whoever compares them with a file stops at the first that it lacks.
    """
    d, d_ff, real = config.d_model, config.d_ff, torch.float32
    if config.encoder == "embedding":
        prefix = "tokens." if config.has_classifier else ""
        yield f"{prefix}vectors", (n_tokens, d), real
        yield f"{prefix}document_counts", (n_tokens,), torch.int64
        yield f"{prefix}n_documents", (), torch.int64
        if not config.has_classifier:
            return
        linear = {}
    else:
        yield "embedding.weight", (n_tokens, d), real
        linear = {"qkv": (3 * d, d), "out": (d, d), "up": (d_ff, d), "down": (d, d_ff)}
    for layer in range(config.n_layers if linear else 0):
        for name, shape in linear.items():
            yield f"layers.{layer}.{name}.weight", shape, real
            yield f"layers.{layer}.{name}.bias", shape[:1], real
        for name in ("norm_attention", "norm_feed"):
            yield f"layers.{layer}.{name}.weight", (d,), real
            yield f"layers.{layer}.{name}.bias", (d,), real
    head = {"gate.0": (d, d), "gate.2": (1, d)} if config.fusion == "gate" else {}
    for name, shape in (head | {"classifier": (n_classes, d)}).items():
        yield f"{name}.weight", shape, real
        yield f"{name}.bias", shape[:1], real
