"""Teach a sentence encoder how a usage of a word and its definition belong together.

The word is blanked in the usage, so that only meaning is left to go by; usages and definitions of a
batch are to find one another (gloss-informed bi-encoders, Blevins and Zettlemoyer, 2020; in-batch
negatives, Henderson et al., 2017). Axes: B pairs, 384 dimensions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from hsokv.data.stories import BLANK
from hsokv.models.adapter import add_adapter, save_adapter
from hsokv.models.sentence import read_encoder
from hsokv.seeds import numpy_rng, seed_for

WARM_UP = 0.1  # share of the steps in which the rate rises


@dataclass(frozen=True)
class Recipe:
    """How the adapter is trained; the defaults were chosen on development words."""

    rank: int = 16  # 1.3 MB
    n_epochs: int = 3  # passes over the pairs
    batch_size: int = 96
    lr: float = 1e-3  # of AdamW
    weight_decay: float = 0.01
    temperature: float = 0.05  # cosines are divided by it: 1 is worth 20 nats
    seed: int = 0


def train_adapter(pairs: pd.DataFrame, path: Path, recipe: Recipe = Recipe()) -> list[float]:
    """Train the changes of the published encoder's weights, write them, and return the losses.

    Args:
        pairs: columns word, synset, definition and blanked, of training words only.
        path: the safetensors file to write.
        recipe: how.

    Raises:
        ModuleNotFoundError, OSError, ValueError: as `models.sentence.load_encoder`.
    """
    torch.manual_seed(seed_for(recipe.seed, "adapter"))
    rng = numpy_rng(recipe.seed, "pairs")
    encoder = read_encoder()
    changes = add_adapter(encoder, recipe.rank)
    optimizer = torch.optim.AdamW(changes.values(), recipe.lr, weight_decay=recipe.weight_decay)
    n_steps = recipe.n_epochs * (len(pairs) // recipe.batch_size)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda i: _rate_at(i / n_steps))
    encoder.train()
    losses = []
    batches = draw_batches(pairs, recipe.batch_size, rng)
    for _ in tqdm(range(n_steps), desc="adapter", unit="step"):
        batch = pairs.iloc[next(batches)]
        sides = [list(batch[name]) for name in ("blanked", "definition")]
        with torch.autocast("cpu", torch.bfloat16):
            usages, definitions = (_read(encoder, side).float() for side in sides)
        loss = pair_loss(usages, definitions, recipe.temperature)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(changes.values(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    notes = {name: str(value) for name, value in asdict(recipe).items()}
    save_adapter(path, changes, notes | {"pairs": str(len(pairs))})
    return losses


def read_texts(encoder: nn.Module, texts: list[str], size: int = 128) -> Tensor:
    """Return the vectors of texts with blanks, (B, d)."""
    return torch.cat([_read(encoder, texts[i : i + size]) for i in range(0, len(texts), size)])


def _read(encoder: nn.Module, texts: list[str]) -> Tensor:
    hidden = encoder.tokenizer.mask_token
    texts = [text.replace(BLANK, hidden) for text in texts]
    features = encoder.tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    return encoder(dict(features))["sentence_embedding"]


def draw_batches(pairs: pd.DataFrame, size: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Yield rows of pairs without end, in random passes; no word or synset twice in a batch."""
    words, synsets = pairs["word"].to_numpy(), pairs["synset"].to_numpy()
    waiting: list[int] = []
    while True:
        chosen, seen, skipped = [], set(), []
        while len(chosen) < size:
            if not waiting:
                waiting = rng.permutation(len(pairs)).tolist()
            row = waiting.pop()
            if words[row] in seen or synsets[row] in seen:
                skipped.append(row)
                continue
            seen |= {words[row], synsets[row]}
            chosen.append(row)
        waiting += skipped
        yield chosen


def pair_loss(usages: Tensor, definitions: Tensor, temperature: float) -> Tensor:
    """Return the mean cross-entropy of finding each one's partner in a batch, both ways, in nats.

    Args:
        usages, definitions: unit vectors, (B, d) each, partners in the same row.
        temperature: cosines are divided by it.
    """
    scores = usages @ definitions.T / temperature
    partner = torch.arange(len(scores))
    return (F.cross_entropy(scores, partner) + F.cross_entropy(scores.T, partner)) / 2


def _rate_at(done: float) -> float:
    """Return the share of the rate at a share of the steps: it rises, then falls to nothing."""
    return min(done / WARM_UP + 0.01, 1 - done, 1.0)
