"""Training the adapter: batches, clashes, the loss by hand, and that it learns."""

import math
import re
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
import torch

from hsokv.data.lexicon import load_lexicon
from hsokv.data.words import blank_word
from hsokv.models import sentence
from hsokv.models.adapter import merge_adapter, safe_open
from hsokv.training.usages import (
    NEVER,
    Recipe,
    draw_batches,
    find_clashes,
    pair_loss,
    read_texts,
    train_adapter,
)
from tools.adapter import TRIED
from tools.paths import ROOT


def pairs_of(n=24):
    """Definitions and blanked usages of the development lexicon."""
    rows = load_lexicon("development")[:n]
    blanked = [blank_word(w, u) for w, u in zip(rows["word"], rows["usage_1"])]
    return pd.DataFrame(
        {"word": rows["word"], "synset": rows["word"], "definition": rows["definition"],
         "blanked": blanked, "kind": ["usage", "definition"] * (n // 2)}
    )  # fmt: skip


def test_every_pair_comes_once_in_a_pass():
    """But for what is left over; passes and names have orders of their own."""
    batches = list(draw_batches(10, 3, 2, seed=0, name="a"))
    assert [len(batch) for batch in batches] == [3] * 6
    first, second = np.concatenate(batches[:3]), np.concatenate(batches[3:])
    assert len(set(first)) == len(set(second)) == 9 and first.tolist() != second.tolist()
    other = np.concatenate(list(draw_batches(10, 3, 1, seed=0, name="b")))
    assert other.tolist() != first.tolist()
    assert [len(batch) for batch in draw_batches(2, 3, 1, seed=0, name="a")] == [2]


def test_pairs_of_one_word_or_sense_are_no_wrong_answers():
    """Rows 0 and 2 share a word, 1 and 2 a sense; none clashes with itself."""
    found = find_clashes([np.array([0, 1, 0, 2]), np.array([5, 6, 6, 7])])
    assert np.argwhere(found).tolist() == [[0, 2], [1, 2], [2, 0], [2, 1]]


def test_loss_by_hand():
    """Cosines 1 and 0 at temperature 1/2 leave log(1 + exp(-2)) nats; teachers share out theirs."""
    ones = 2 * torch.eye(2)
    nats = math.log(1 + math.exp(-2))
    assert pair_loss(ones, ones, 1.0).item() == pytest.approx(nats)
    assert pair_loss(ones.flip(0), ones, 1.0).item() == pytest.approx(nats + 2)
    sure = 100 * torch.eye(2)
    assert pair_loss(ones, sure.flip(0), 0.0).item() == pytest.approx(nats + 2)
    assert pair_loss(ones, sure.flip(0), 0.75).item() == pytest.approx(nats + 0.5)
    apart = torch.tensor([[0.0, NEVER], [0.0, 0.0]])  # what clashes is no wrong answer
    assert pair_loss(apart, apart, 1.0).item() == pytest.approx(math.log(2) / 2)


@pytest.mark.parametrize("n_teachers", [0, 3])
def test_it_learns_what_it_is_shown(tmp_path, n_teachers):
    """After some steps the pairs find one another better, and the file says so again."""
    pairs = pairs_of()
    recipe = Recipe(
        rank=4, n_epochs=6, batch_size=12, n_teachers=n_teachers, teacher_epochs=3, teacher_lr=1e-4
    )
    losses = train_adapter(pairs, tmp_path / "a.safetensors", recipe)
    assert len(losses) == 12 and np.mean(losses[-3:]) < np.mean(losses[:3])
    found = []
    for adapted in (False, True):
        encoder = sentence.read_encoder()
        if adapted:
            merge_adapter(encoder, tmp_path / "a.safetensors")
        with torch.no_grad():
            sides = [read_texts(encoder.eval(), list(pairs[c])) for c in ("blanked", "definition")]
            scores = sides[0] @ sides[1].T / recipe.temperature
            found.append(pair_loss(scores, scores, 1.0).item())
    assert found[1] < found[0] - 0.2


def test_what_the_page_says_of_the_recipes():
    """The numbers on it are those of the file, whose last line made what ships."""
    tried = pd.read_csv(TRIED)
    alone, shipped = tried[tried["n_teachers"] == 0]["first"], tried.to_dict("records")[-1]
    page = " ".join((ROOT / "book/redesign.md").read_text("utf8").split())
    shares = (alone.min(), alone.max(), shipped["first"])
    low, high, own = (f"{100 * share + 1e-6:.1f}" for share in shares)  # shares have four digits
    assert f"put {low} to {high} % of {shipped['n_words']} development words first" in page
    assert re.search(rf"of the change kept, {own}\.", page)
    assert "twelve recipes" in page and len(alone) == 12
    made = asdict(Recipe()) | {"pairs": shipped["pairs"]}
    assert {name: shipped[name] for name in made} == made
    with safe_open(sentence.adapter_path(), "pt") as file:
        assert {name: str(value) for name, value in made.items()}.items() <= file.metadata().items()
