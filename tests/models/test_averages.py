"""Averages of token vectors, by hand."""

import math

import pytest
import torch

from hsokv.data.tokenizer import PAD_ID, UNKNOWN_ID
from hsokv.models.averages import TokenAverageEncoder


def make(token_weights, n_tokens=5, width=2, seed=0):
    """An encoder whose vector of token t is (t, 10 t)."""
    encoder = TokenAverageEncoder(
        n_tokens, width, token_weights, torch.Generator().manual_seed(seed)
    )
    tokens = torch.arange(float(n_tokens))
    encoder.vectors.data = torch.stack([tokens, 10 * tokens], dim=1)
    return encoder


def test_uniform_mean():
    """The plain mean over tokens, repeats counted; an empty text is one padding token."""
    encoder = make("uniform")
    states = encoder([[2, 3, 4], [3, 3, 4, 2], []])
    expected = [[3.0, 30.0], [3.0, 30.0], [0.0, 0.0]]
    torch.testing.assert_close(states, torch.tensor(expected))
    encoder.vectors.data[PAD_ID] = torch.tensor([7.0, 8.0])
    assert encoder([[]]).tolist() == [[7.0, 8.0]]


def test_surprisal_is_minus_log_of_the_share_of_texts():
    """In 1 of 4 texts log 4, in 2 log 2, in all 0; repeats in a text count once."""
    encoder = make("surprisal")
    encoder.count_documents([[2, 2, 3], [2, 3], [2], [2, 4]])
    weights = encoder.surprisal()
    expected = [0.0, 0.0, 0.0, math.log(2), math.log(4)]
    torch.testing.assert_close(weights, torch.tensor(expected))


def test_surprisal_weighted_sum():
    """Tokens count with their surprisal; unknown and padding weigh nothing."""
    encoder = make("surprisal")
    encoder.count_documents([[2, 3], [2, 3], [2], [2, 4]])
    states = encoder([[2, 4, 3], [UNKNOWN_ID, PAD_ID], []])
    total = 4 * math.log(4) + 3 * math.log(2)
    torch.testing.assert_close(states[0], torch.tensor([total, 10 * total]))
    assert states[1:].abs().sum() == 0


def test_counts_accumulate():
    """Document counts of later texts add to earlier ones."""
    encoder = make("surprisal")
    encoder.count_documents([[2], [3]])
    encoder.count_documents([[2, 3], [4]])
    assert encoder.document_counts.tolist() == [0, 0, 2, 2, 1]
    assert int(encoder.n_documents) == 4


def test_grow_keeps_what_is_there():
    """New tokens get new rows and no counts; old rows and counts stay; growing to less is none."""
    encoder = make("surprisal")
    encoder.count_documents([[2, 4]])
    before = encoder.vectors.detach().clone()
    encoder.grow(8, 0, torch.Generator().manual_seed(1))
    assert encoder.vectors.shape == (8, 2)
    assert torch.equal(encoder.vectors[:5], before)
    assert encoder.document_counts.tolist() == [0, 0, 1, 0, 1, 0, 0, 0]
    encoder.grow(3, 0, torch.Generator().manual_seed(1))
    assert encoder.vectors.shape == (8, 2)


def test_vectors_are_standard_normal_and_seeded():
    """Vectors come from N(0, 1) and from the given generator alone."""
    first, second, other = (
        TokenAverageEncoder(500, 64, "uniform", torch.Generator().manual_seed(seed)).vectors
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, second) and not torch.equal(first, other)
    assert first.mean().item() == pytest.approx(0, abs=0.02)
    assert first.std().item() == pytest.approx(1, abs=0.02)
