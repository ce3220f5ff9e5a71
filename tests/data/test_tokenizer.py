"""Whole words become ids; damaged vocabularies are refused."""

import json

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


def test_save_and_load(tmp_path):
    """A loaded vocabulary gives the same ids and can grow."""
    tokenizer = Tokenizer().extend(["naïve roux ___"])
    tokenizer.save(tmp_path / "t.json")
    loaded = Tokenizer.load(tmp_path / "t.json")
    assert loaded.words == tokenizer.words and loaded.ids == tokenizer.ids
    assert loaded.extend(["more"]).encode(["more"]) == [[5]]


@pytest.mark.parametrize(
    "content",
    [
        b"{", b"\xff\xfe", b"[]", b"3", b'{"word": []}', b'{"words": 3}', b'{"words": {"a": 1}}',
        b'{"words": ["<pad>", "<unk>", ["a"]]}', b'{"words": ["a", "b"]}',
        json.dumps({"words": [PAD, UNKNOWN, "a", "a"]}).encode(),
    ],
)  # fmt: skip
def test_damaged_file(tmp_path, content):
    """Whatever is wrong with the file, the error names it and says what to do."""
    (tmp_path / "t.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"t\.json: .*save the flow again"):
        Tokenizer.load(tmp_path / "t.json")
