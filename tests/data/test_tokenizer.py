"""Whole words become ids; damaged vocabularies are refused."""

import pytest

from hsokv.data.tokenizer import PAD, PAD_ID, UNKNOWN, UNKNOWN_ID, Tokenizer, split_words


@pytest.mark.parametrize(
    "text, words",
    [
        ("Red, RED; red!", ["red", "red", "red"]),
        ("the cook's 'roux' isn't", ["the", "cook's", "roux", "isn't"]),
        ("a ___ in 3 days", ["a", "___", "in", "3", "days"]),
        ("well-known naïve", ["well", "known", "naïve"]),
        ("?! ...", []),
        ("", []),
    ],
)
def test_split_words(text, words):
    """Lower case, punctuation left out, apostrophes inside words and blanks kept."""
    assert split_words(text) == words


def test_ids_in_order_of_first_sight():
    """Padding is 0, unknown 1, then words as they come; a word keeps its id."""
    tokenizer = Tokenizer().extend(["b a", "a c"])
    assert tokenizer.words == [PAD, UNKNOWN, "b", "a", "c"] and len(tokenizer) == 5
    tokenizer.extend(["d b"])
    assert tokenizer.encode(["d b c"]) == [[5, 2, 4]]
    assert (PAD_ID, UNKNOWN_ID) == (0, 1)


def test_encoding_learns_nothing():
    """A word outside the training text is unknown, again and again; empty text has no ids."""
    tokenizer = Tokenizer().extend(["a"])
    assert tokenizer.encode(["a new new", ""]) == [[2, 1, 1], []]
    assert len(tokenizer) == 3


def test_from_words():
    """The same words give the same ids and can grow."""
    tokenizer = Tokenizer().extend(["naïve roux ___"])
    again = Tokenizer.from_words(tokenizer.words)
    assert again.words == tokenizer.words and again.ids == tokenizer.ids
    assert again.extend(["more"]).encode(["more"]) == [[5]] and len(tokenizer) == 5


@pytest.mark.parametrize(
    "words",
    [3, None, "ab", [], {PAD: 0, UNKNOWN: 1}, [PAD, UNKNOWN, ["a"]], [PAD, UNKNOWN, 1], ["a", "b"],
     [UNKNOWN, PAD], [PAD, UNKNOWN, "a", "a"]],
)  # fmt: skip
def test_what_is_no_vocabulary(words):
    """Anything but different words after the two special ones is refused."""
    with pytest.raises(ValueError, match="no vocabulary: expected a list of different words"):
        Tokenizer.from_words(words)
