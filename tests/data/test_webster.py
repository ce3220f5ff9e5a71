"""Webster's dictionary: senses read off its lines, pairs without a leak, other files refused."""

import gzip

import pandas as pd
import pytest

from hsokv.data import webster
from hsokv.data.webster import list_senses, make_pairs, read_senses, training_words
from hsokv.data.words import PARTS, make_usages, part_of

ENTRY = r"""Ascend \As*cend"\, v. i. [imp. & p. p. {Ascended}; p. pr. &
   vb. n. {Ascending}.]
   1. To move upward; to climb; -- opposed to descend; as, smoke
      ascends; to ascend a hill.
      [1913 Webster]

            Higher yet that star ascends
            above us.                             --Bowring.
      [1913 Webster]

   2. (Mus.) To rise in pitch, tone by tone. [Obs.]
      [1913 Webster]

   3. To become ruler of a country.
      [PJC]

   Syn: To rise; mount.
"""


def test_an_entry_by_hand():
    """Numbered senses with quotations and examples; additions and synonyms stay out."""
    first, second = list_senses(ENTRY, {"ascend"})
    assert first.word == second.word == "ascend"
    assert first.definition == "To move upward; to climb; -- opposed to descend"
    assert first.usages == ["Higher yet that star ascends above us.", "smoke ascends",
                            "to ascend a hill."]  # fmt: skip
    assert second.definition == "To rise in pitch, tone by tone" and second.usages == []
    assert list(list_senses(ENTRY, {"descend"})) == []


def test_the_dictionary_is_the_one_that_was_read(tmp_path, monkeypatch):
    """Where it is missing, or another, the message says what to fetch."""
    path = tmp_path / webster.FILE
    with pytest.raises(FileNotFoundError, match="apt-get download dict-gcide"):
        read_senses(path, {"ascend"})
    path.write_bytes(gzip.compress(f"head\n{ENTRY}\nAscent \\x\\, n.\n".encode()))
    with pytest.raises(ValueError, match=r"has SHA-256 \w+: expected \w+, version 0.48.5"):
        read_senses(path, {"ascend"})
    packed = webster.hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(webster, "SHA256", packed)
    assert [sense.word for sense in read_senses(path, {"ascend"})] == ["ascend"] * 2


def test_pairs_are_of_training_words_and_leave_held_ones_out():
    """Quotations with their definition, and definitions of one sense; none of another part."""
    words = ["ascend", "clamber", "zigzag", "wallow", "yodel", "quaver", "plummet", "totter"]
    rows = pd.DataFrame(
        {
            "word": words,
            "pos": "v",
            "synset": [f"v{i}" for i in range(len(words))],
            "definition": [f"climb upward {w[::-1]}" for w in words],
            "examples": [[f"they {w} over there"] for w in words],
            "zipf": 2.0,
        }
    )
    known = training_words(rows)
    assert known == {w for w in words if part_of(w) == "training"} and known < set(words)
    usages = make_usages(rows)
    held = usages[usages["part"] != "training"]
    assert set(usages["part"]) <= set(PARTS) and len(held)
    word = sorted(known)[0]
    leak = webster.Sense(word, held["definition"].iloc[0], [f"he had to {word} all day"])
    good = webster.Sense(word, "To climb upward", [f"he had to {word} all day", "no such word"])
    pairs = make_pairs([leak, good], usages)
    quoted, told = (pairs[pairs["kind"] == kind] for kind in ("usage", "definition"))
    assert quoted["blanked"].tolist() == ["he had to ___ all day"]
    assert quoted["definition"].tolist() == ["To climb upward"]
    assert not set(pairs["definition"]) & set(held["definition"])
    assert "To climb upward" in set(told["blanked"])
    assert set(told["definition"]) <= set(rows["definition"])
