"""What an encoder has learned on top of its published weights, in a small file.

Each linear layer W of its transformer gets two thin matrices, W + up @ down (LoRA; Hu et al.,
2022), and where a word is hidden its state there is added to the mean of all. Axes: B texts, L
tokens, R rank, d width.
"""

from __future__ import annotations

import re
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

LAYERS = re.compile(r"encoder\.layer\..*\.(query|key|value|dense)$")  # what is changed
HIDDEN, DOWN = "hidden", ".down"  # names of what is kept


class LowRankLinear(nn.Module):
    """A frozen linear layer with a trainable low-rank change, at first none.

    Args:
        linear: the layer, (n_out, n_in).
        rank: R.
    """

    def __init__(self, linear: nn.Linear, rank: int):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.down = nn.Parameter(torch.randn(rank, linear.in_features) / linear.in_features**0.5)
        self.up = nn.Parameter(torch.zeros(linear.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """Return the changed layer's output, (..., n_out)."""
        return self.linear(x) + F.linear(F.linear(x, self.down), self.up)


class HiddenWordPooling(nn.Module):
    """The mean of all states as a unit vector, plus a linear map of those of hidden words.

    Args:
        mask_id: token that stands for a hidden word.
        width: d.
    """

    def __init__(self, mask_id: int, width: int):
        super().__init__()
        self.mask_id = mask_id
        self.map = nn.Linear(width, width, bias=False)
        nn.init.zeros_(self.map.weight)

    def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the features with `sentence_embedding`, (B, d)."""
        states = features["token_embeddings"].float()  # (B, L, d)
        mean = _mean(states, features["attention_mask"])
        hidden = _mean(states, features["input_ids"] == self.mask_id)
        vectors = F.normalize(mean, dim=-1) + self.map(hidden)
        return features | {"sentence_embedding": vectors}


def _mean(states: Tensor, chosen: Tensor) -> Tensor:
    """Return the mean of the chosen states of each text, (B, d); zeros where none is chosen."""
    weights = chosen.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1)


def add_adapter(encoder: nn.Sequential, rank: int) -> dict[str, nn.Parameter]:
    """Freeze a sentence encoder, make its changes trainable, and return them by name.

    Args:
        encoder: a `SentenceTransformer` of transformer, pooling and normalisation.
        rank: R.
    """
    encoder.requires_grad_(False)
    transformer, changes = encoder[0].auto_model, {}
    for name in _list_layers(transformer):
        parent, _, child = name.rpartition(".")
        layer = LowRankLinear(transformer.get_submodule(name), rank)
        setattr(transformer.get_submodule(parent), child, layer)
        changes |= {f"{name}{DOWN}": layer.down, f"{name}.up": layer.up}
    return changes | {HIDDEN: pool_hidden(encoder).map.weight}


def _list_layers(transformer: nn.Module) -> list[str]:
    modules = transformer.named_modules()
    return [
        name for name, module in modules if isinstance(module, nn.Linear) and LAYERS.search(name)
    ]


def pool_hidden(encoder: nn.Sequential) -> HiddenWordPooling:
    """Let an encoder pool hidden words, too, and return its new pooling."""
    width = encoder[0].auto_model.config.hidden_size
    encoder[1] = HiddenWordPooling(encoder.tokenizer.mask_token_id, width)
    return encoder[1]


def save_adapter(
    path: Path, changes: dict[str, nn.Parameter], notes: dict[str, str], strength: float = 1.0
) -> None:
    """Write a share of the changes as 16-bit floats, with notes on how they came about.

    Of the two factors of a change one is cut to that share.
    """
    kept = {k: v.detach() * (1.0 if k.endswith(DOWN) else strength) for k, v in changes.items()}
    save_file({k: v.half().contiguous().cpu() for k, v in kept.items()}, path, notes)


def merge_adapter(encoder: nn.Sequential, path: Path) -> None:
    """Add the changes in a file to the weights of an encoder.

    Raises:
        ValueError: the file has changes of other layers than the encoder's, or of other shapes.
    """
    transformer = encoder[0].auto_model
    layers = _list_layers(transformer)
    wanted = {f"{name}.{part}" for name in layers for part in ("down", "up")} | {HIDDEN}
    with safe_open(path, "pt") as file:
        found = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    if found.keys() != wanted:
        raise ValueError(
            f"{path} has {len(found)} tensors, {len(found.keys() & wanted)} of them changes of "
            f"this encoder: expected all {len(wanted)}; train the adapter again"
        )
    changes = {name: found[f"{name}.up"] @ found[f"{name}.down"] for name in layers}
    targets = {name: transformer.get_submodule(name).weight for name in layers}
    targets[HIDDEN], changes[HIDDEN] = pool_hidden(encoder).map.weight, found[HIDDEN]
    for name, weight in targets.items():
        if changes[name].shape != weight.shape:
            raise ValueError(
                f"{path} changes {name} by {tuple(changes[name].shape)}: expected "
                f"{tuple(weight.shape)}; train the adapter again"
            )
        weight.data += changes[name]
