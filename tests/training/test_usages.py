"""Training the adapter: batches without clashes, the loss by hand, and that it learns."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
import torch

from hsokv.data.lexicon import load_lexicon
from hsokv.data.words import blank_word
from hsokv.models.adapter import merge_adapter
from hsokv.models.sentence import read_encoder
from hsokv.training.usages import (
    Recipe,
    draw_batches,
    pair_loss,
    read_texts,
    train_adapter,
)


def pairs_of(n=24):
    """Definitions and blanked usages of the development lexicon."""
    rows = load_lexicon("development")[:n]
    blanked = [blank_word(w, u) for w, u in zip(rows["word"], rows["usage_1"])]
    return pd.DataFrame(
        {"word": rows["word"], "synset": rows["word"], "definition": rows["definition"],
         "blanked": blanked}
    )  # fmt: skip


def test_no_word_or_synset_stands_twice_in_a_batch():
    """And every pair comes round."""
    pairs = pd.DataFrame({"word": list("aabbccddee"), "synset": list("vvwwxxyyzv")})
    batches = list(itertools.islice(draw_batches(pairs, 3, np.random.default_rng(0)), 40))
    for batch in batches:
        assert pairs.loc[batch, "word"].is_unique and pairs.loc[batch, "synset"].is_unique
    assert set(itertools.chain(*batches)) == set(pairs.index)


def test_loss_by_hand():
    """Two pairs: cosines 1 and 0 at temperature 1/2 leave log(1 + exp(-2)) nats."""
    ones = torch.eye(2)
    assert pair_loss(ones, ones, 0.5).item() == pytest.approx(math.log(1 + math.exp(-2)))
    assert pair_loss(ones, ones.flip(0), 0.5).item() == pytest.approx(math.log(1 + math.exp(2)))


def test_it_learns_what_it_is_shown(tmp_path):
    """After some steps the pairs find one another better, and the file says so again."""
    pairs = pairs_of()
    recipe = Recipe(rank=4, n_epochs=6, batch_size=12, lr=2e-3)
    losses = train_adapter(pairs, tmp_path / "a.safetensors", recipe)
    assert len(losses) == 12 and np.mean(losses[-3:]) < np.mean(losses[:3])
    found = []
    for adapted in (False, True):
        encoder = read_encoder()
        if adapted:
            merge_adapter(encoder, tmp_path / "a.safetensors")
        with torch.no_grad():
            sides = (read_texts(encoder.eval(), list(pairs[c])) for c in ("blanked", "definition"))
            found.append(pair_loss(*sides, recipe.temperature).item())
    assert found[1] < found[0] - 0.2
