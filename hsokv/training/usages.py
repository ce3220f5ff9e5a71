"""Teach a sentence encoder how a usage of a word and its definition belong together.

The word is blanked in the usage, so that only meaning is left to go by; usages and definitions of a
batch are to find one another (gloss-informed bi-encoders, Blevins and Zettlemoyer, 2020; in-batch
negatives, Henderson et al., 2017). First some teachers learn with all their weights; then small
changes of the published weights learn to score as the teachers do together (distillation, Hinton et
al., 2015). Only a part of the changes is kept, so that less is lost of what the published weights
can do (Wortsman et al., 2022). Axes: B pairs, N pairs in all, d dimensions, T of all teachers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from hsokv.data.stories import BLANK
from hsokv.models.adapter import add_adapter, pool_hidden, save_adapter
from hsokv.models.device import device_of
from hsokv.models.sentence import read_encoder
from hsokv.seeds import numpy_rng, seed_for

WARM_UP = 0.1  # share of the steps in which the rate rises
LONGEST = 36  # tokens of a text that are read in training
NEVER = -1e4  # score of two that are no pair and no example of a wrong one either


@dataclass(frozen=True)
class Recipe:
    """How the adapter is trained; the defaults were chosen on development words."""

    rank: int = 20  # of the changes: 2 MB
    n_epochs: int = 16  # passes over the pairs
    lr: float = 2e-3  # of AdamW
    n_teachers: int = 5  # 0: the changes learn from the pairs alone
    teacher_epochs: int = 8
    teacher_lr: float = 2e-4
    own_share: float = 0.1  # of what is learned: from the pairs, the rest from the teachers
    strength: float = 0.85  # share of the changes that is kept
    batch_size: int = 512
    map_lr: float = 1e-3  # of the map of hidden words
    weight_decay: float = 0.01
    temperature: float = 0.05  # cosines are divided by it: 1 is worth 20 nats
    seed: int = 0


def train_adapter(
    pairs: pd.DataFrame, path: Path, recipe: Recipe = Recipe(), device: torch.device | str = "cpu"
) -> list[float]:
    """Train the changes of the published encoder's weights, write them, and return the losses.

    Args:
        pairs: columns word, synset, definition, blanked and kind, of training words only; every
            other teacher after the first sees pairs of the kind 'usage' alone.
        path: the safetensors file to write.
        recipe: how.
        device: where.

    Raises:
        ModuleNotFoundError, OSError, ValueError: as `models.sentence.load_encoder`.
    """
    taught = [_teach(pairs, i, recipe, device) for i in range(recipe.n_teachers)]
    usages, definitions = (_join([sides[k] for sides in taught], len(pairs)) for k in (0, 1))
    own_share = recipe.own_share if taught else 1.0
    torch.manual_seed(seed_for(recipe.seed, "adapter"))
    encoder = read_encoder()
    changes = add_adapter(encoder, recipe.rank)
    encoder.to(device)

    def compare(rows: np.ndarray, scores: Tensor) -> Tensor:
        theirs = usages[rows] @ definitions[rows].T / recipe.temperature
        return pair_loss(scores, theirs.to(scores.device), own_share)

    rate = (recipe.n_epochs, recipe.lr)
    losses = _train(encoder, pairs, *rate, recipe, compare, "adapter")
    notes = {name: str(value) for name, value in asdict(recipe).items()}
    save_adapter(path, changes, notes | {"pairs": str(len(pairs))}, recipe.strength)
    return losses


def _teach(
    pairs: pd.DataFrame, i: int, recipe: Recipe, device: torch.device | str
) -> tuple[Tensor, Tensor]:
    """Train all weights but the tokens', and return the vectors of usages and definitions."""
    name = f"teacher {i}"
    torch.manual_seed(seed_for(recipe.seed, name))
    encoder = read_encoder()
    encoder.requires_grad_(True)
    encoder[0].auto_model.embeddings.requires_grad_(False)
    pool_hidden(encoder)
    encoder.to(device)
    seen = pairs if i % 2 or not i else pairs[pairs["kind"] == "usage"]

    def compare(rows: np.ndarray, scores: Tensor) -> Tensor:
        return pair_loss(scores, scores.detach(), 1.0)

    rate = (recipe.teacher_epochs, recipe.teacher_lr)
    _train(encoder, seen.reset_index(drop=True), *rate, recipe, compare, name)
    encoder.eval()
    with torch.no_grad():
        sides = [read_texts(encoder, pairs[side].tolist()) for side in ("blanked", "definition")]
    return sides[0].cpu(), sides[1].cpu()


def _join(vectors: list[Tensor], n: int) -> Tensor:
    """Return the vectors of all teachers as one, (N, T): cosines are the mean of theirs."""
    return torch.cat(vectors, dim=1) / len(vectors) ** 0.5 if vectors else torch.zeros(n, 1)


def _train(
    encoder: nn.Sequential,
    pairs: pd.DataFrame,
    n_epochs: int,
    lr: float,
    recipe: Recipe,
    compare: Callable[[np.ndarray, Tensor], Tensor],
    name: str,
) -> list[float]:
    """Train what is free of an encoder, and return the losses.

    Args:
        compare: the loss of rows of the pairs (B,), from their scores (B, B).
        name: of what is trained, for the bar and the random order.
    """
    head = encoder[1].map.weight
    free = [weight for weight in encoder.parameters() if weight.requires_grad]
    rest = {"params": [weight for weight in free if weight is not head], "lr": lr}
    groups = [rest, {"params": [head], "lr": recipe.map_lr}]
    optimizer = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)
    batches = list(draw_batches(len(pairs), recipe.batch_size, n_epochs, recipe.seed, name))
    n = len(batches)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate_at(step / n))
    sides = [pairs[side].to_numpy() for side in ("blanked", "definition")]
    kinds = [pairs[by].factorize()[0] for by in ("word", "synset", "definition")]
    device = device_of(encoder)
    encoder.train()
    losses = []
    for rows in tqdm(batches, desc=name, unit="step"):
        with torch.autocast(device.type, torch.bfloat16):
            read = [_read(encoder, side[rows].tolist(), LONGEST).float() for side in sides]
        scores = read[0] @ read[1].T / recipe.temperature
        clash = torch.tensor(find_clashes([kind[rows] for kind in kinds]), device=device)
        loss = compare(rows, scores.masked_fill(clash, NEVER))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(free, 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def read_texts(encoder: nn.Module, texts: list[str], size: int = 128) -> Tensor:
    """Return the vectors of texts with blanks, (B, d)."""
    return torch.cat([_read(encoder, texts[i : i + size]) for i in range(0, len(texts), size)])


def _read(encoder: nn.Module, texts: list[str], longest: int = 256) -> Tensor:
    hidden = encoder.tokenizer.mask_token
    features = encoder.tokenizer(
        [text.replace(BLANK, hidden) for text in texts],
        padding=True, truncation=True, max_length=longest, return_tensors="pt",
    ).to(device_of(encoder))  # fmt: skip
    return encoder(dict(features))["sentence_embedding"]


def draw_batches(
    n_pairs: int, size: int, n_epochs: int, seed: int, name: str
) -> Iterator[np.ndarray]:
    """Yield the rows of each batch, in random passes; what is left of a pass is not used."""
    rng = numpy_rng(seed, f"pairs of {name}")
    size = min(size, n_pairs)
    for _ in range(n_epochs):
        order = rng.permutation(n_pairs)
        yield from (order[i : i + size] for i in range(0, n_pairs - size + 1, size))


def find_clashes(kinds: list[np.ndarray]) -> np.ndarray:
    """Return which two of a batch, (B, B), are alike in some respect, and not one and the same.

    Args:
        kinds: for each respect the kind of each, (B,).
    """
    alike = np.any([kind[:, None] == kind for kind in kinds], axis=0)
    np.fill_diagonal(alike, False)
    return alike


def pair_loss(scores: Tensor, taught: Tensor, own_share: float) -> Tensor:
    """Return the mean cross-entropy of finding each one's partner in a batch, both ways, in nats.

    Args:
        scores: of usages (rows) and definitions, (B, B), partners on the diagonal.
        taught: scores of the teachers, (B, B).
        own_share: how much the partner is to be found; the rest is to be shared out as the
            teachers do.
    """
    partner, losses = torch.eye(len(scores), device=scores.device), []
    for own, theirs in ((scores, taught), (scores.T, taught.T)):
        theirs = theirs.masked_fill(own == NEVER, NEVER).softmax(1)
        target = own_share * partner + (1 - own_share) * theirs
        losses.append(F.cross_entropy(own, target))
    return (losses[0] + losses[1]) / 2


def _rate_at(done: float) -> float:
    """Return the share of the rate at a share of the steps: it rises, then falls to nothing."""
    return min(done / WARM_UP + 0.01, 1 - done, 1.0)
