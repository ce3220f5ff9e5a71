"""Token vectors: content only, unit length, the same whatever stands beside."""

import numpy as np
import pytest

from hsokv.models.sentence import encode_sentences, load_encoder
from hsokv.models.tokens import (
    FUNCTION_WORDS,
    TokenVectors,
    check_tokens,
    encode_tokens,
    function_ids,
    join_tokens,
    no_tokens,
    word_ids,
)

TEXTS = ["Ana: I saw a heron by the lake!", "Herons.", "of the", "", "鷺 🙂 zwölf"]


@pytest.fixture(scope="module")
def tokens():
    """Those of TEXTS."""
    return encode_tokens(TEXTS)


def words(tokens):
    """The tokens as text."""
    return load_encoder().tokenizer.convert_ids_to_tokens(tokens.ids.tolist())


def test_content(tokens):
    """Function words, punctuation and marks are left out; of nothing else the first token stays."""
    assert tokens.lengths[:4].tolist() == [4, 2, 1, 1] and tokens.lengths[4] >= 2
    assert words(tokens)[:8] == ["ana", "saw", "heron", "lake", "heron", "##s", "of", "[SEP]"]


def test_vectors(tokens):
    """Unit length, in half precision; the sentence's is that of the encoder."""
    check_tokens(tokens, len(TEXTS))
    assert tokens.vectors.dtype == tokens.sentences.dtype == np.float16
    own = encode_sentences(TEXTS).numpy()[[0, 1, 2, 4]]
    np.testing.assert_allclose(tokens.sentences[[0, 1, 2, 4]], own, atol=2e-3)
    assert float(tokens.vectors[2] @ tokens.vectors[4]) > float(
        tokens.vectors[2] @ tokens.vectors[0]
    )


def test_alone_or_beside_others(tokens):
    """Only rounding differs."""
    for i, text in enumerate(TEXTS):
        alone, beside = encode_tokens([text]), tokens.take([i])
        assert alone.ids.tolist() == beside.ids.tolist()
        np.testing.assert_allclose(alone.vectors, beside.vectors, atol=2e-3)
        np.testing.assert_allclose(alone.sentences, beside.sentences, atol=2e-3)


def test_take_and_join(tokens):
    """They undo one another; nothing and no texts are allowed."""
    joined = join_tokens([tokens.take([3, 0]), tokens.take([])])
    assert joined.lengths.tolist() == tokens.lengths[[3, 0]].tolist()
    for ours, theirs in zip(joined.take([1, 0]), join_tokens([tokens.take([0]), tokens.take([3])])):
        np.testing.assert_array_equal(ours, theirs)
    for empty in (no_tokens(), encode_tokens([]), join_tokens([]), tokens.take([])):
        check_tokens(empty, 0)


def test_ids():
    """Of words, in pieces; function words among those without content."""
    assert len(word_ids(["Oubliette"])) > 1 and word_ids([]) == frozenset()
    assert word_ids(["heron"]) == word_ids(["HERON"])
    assert word_ids(FUNCTION_WORDS) < function_ids()


def test_a_long_text():
    """It is read up to 256 tokens."""
    assert encode_tokens(["heron " * 1000]).lengths.tolist() == [254]


@pytest.mark.parametrize(
    "change, message",
    [
        ({"ids": np.array([1.0])}, "ids is float64 and not int32"),
        ({"ids": np.array([1, 2], np.int32)}, "not those of 1 texts"),
        ({"ids": np.array([40_000], np.int32)}, "none of the encoder's"),
        ({"vectors": np.ones((1, 384), np.float16)}, "not of unit length"),
        ({"lengths": np.array([0], np.int32)}, "not those of 1 texts"),
    ],
)
def test_no_tokens(change, message):
    """Arrays that do not fit are refused."""
    one = np.eye(1, 384, dtype=np.float16)
    number = np.array([1], np.int32)
    good = TokenVectors(one, number, number, one)
    check_tokens(good, 1)
    with pytest.raises(ValueError, match=message):
        check_tokens(good._replace(**change), 1)
