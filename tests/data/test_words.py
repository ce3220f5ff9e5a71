"""Real words: read where they are, divided without a leak, blanked in every form."""

import os

import pandas as pd
import pytest
from wordfreq import top_n_list

from hsokv.data import words
from hsokv.data.english import surprisal
from hsokv.data.words import (
    PARTS,
    blank_word,
    load_questions,
    load_words,
    make_questions,
    make_usages,
    part_of,
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder of words, named by HSOKV_DATA."""
    (tmp_path / "words").mkdir()
    monkeypatch.setenv("HSOKV_DATA", str(tmp_path))
    load_questions.cache_clear()
    yield tmp_path / "words"
    load_questions.cache_clear()


def wordnet(n=400):
    """Rows as WordNet's: two words share each synset, and each third usage stands twice."""
    vocabulary = [w for w in top_n_list("en", 40_000)[-n:] if w.isalpha() and len(w) > 4]
    return pd.DataFrame(
        {
            "word": vocabulary,
            "pos": "n",
            "synset": [f"n{i // 2}" for i in range(len(vocabulary))],
            "definition": [f"thing number {i // 2}" for i in range(len(vocabulary))],
            "examples": [
                [f"he saw the {w}s of {i % 7}", "no word"] for i, w in enumerate(vocabulary)
            ],
            "zipf": [9 - surprisal(w) / 2.302585 for w in vocabulary],
        }
    )


def test_parts_are_a_property_of_the_word():
    """One in ten, two in ten, seven in ten, whatever list they come from, whatever case."""
    vocabulary = top_n_list("en", 5000)
    parts = pd.Series([part_of(word) for word in vocabulary])
    shares = parts.value_counts(normalize=True)
    assert shares[list(PARTS)].tolist() == pytest.approx([0.1, 0.2, 0.7], abs=0.02)
    assert part_of("Aglet") == part_of("aglet") and set(parts) == set(PARTS)


@pytest.mark.parametrize(
    "word, text, blanked",
    [
        ("aglet", "An aglet and two Aglets.", "An ___ and two ___."),
        ("refine", "refining a refined design", "___ a ___ design"),
        ("bacchanal", "a bacchanalian night", "a ___ night"),
        ("short-term", "Short-term credits", "___ credits"),
        ("cat", "the catalogue of cats", "the catalogue of ___"),
        ("aglet", "nothing here", "nothing here"),
    ],
)
def test_blanks(word, text, blanked):
    """Inflections go, longer words that only begin alike stay."""
    assert blank_word(word, text) == blanked


def test_no_part_knows_of_another():
    """Of what is held, no synset, definition or usage is left to learn from."""
    usages = make_usages(wordnet())
    held, training = (usages[usages["part"].isin(p)] for p in (PARTS[:2], PARTS[2:]))
    assert len(held) and len(training)
    for name in ("synset", "definition", "usage", "word"):
        assert not set(held[name]) & set(training[name])
    assert usages["blanked"].str.contains("___").all() and "no word" not in set(usages["usage"])


def test_questions_are_of_rare_words_and_differ():
    """Below the frequency, one for each word, synset, definition and usage."""
    rows = wordnet()
    rows.loc[:20, "zipf"] = 4.0
    asked = make_questions(make_usages(rows), "test")
    assert len(asked) > 5 and (asked["zipf"] < words.RARE).all()
    for name in ("word", "synset", "definition", "usage"):
        assert asked[name].is_unique
    again = make_questions(make_usages(rows.sample(frac=1, random_state=0)), "test")
    assert asked["word"].tolist() == again["word"].tolist()


def test_what_is_asked_of_each_source(folder):
    """WordNet's words come with others to store; unseen words are never among what is stored."""
    wordnet().to_parquet(folder / "wordnet31.parquet")
    asked = load_questions("wordnet", "test")
    assert len(asked.others) > 100
    stored = {*asked.words["word"], *asked.others["word"]}
    assert all(part_of(word) != "development" for word in stored)
    assert len(asked.unseen) == len(load_questions("wordnet", "development").words)
    own = load_questions("lexicon", "test")
    assert len(own.words) == 100 and len(own.others) == 0 and len(own.unseen) == 30
    assert own.words["blanked"].str.contains("___").all()


@pytest.mark.parametrize(
    "name, message",
    [
        ("wordnet31", r"words.wordnet31.parquet is missing: add it"),
        ("wordnet", "did you mean 'wordnet31'"),
    ],
)
def test_a_file_that_is_not_there(folder, name, message):
    """The error names it, or the nearest."""
    with pytest.raises((FileNotFoundError, ValueError), match=message):
        load_words(name)


def test_a_file_of_something_else(folder):
    """Other columns, and what is no table, are refused with the columns that are expected."""
    pd.DataFrame({"word": ["a"]}).to_parquet(folder / "chimeras.parquet")
    (folder / "wordnet31.parquet").write_bytes(b"no parquet")
    for name, column in (("chimeras", "passages"), ("wordnet31", "synset")):
        with pytest.raises(ValueError, match=f"expected the columns .*{column}.*fetch it again"):
            load_words(name)


def test_no_folder(monkeypatch, tmp_path):
    """Without HSOKV_DATA the error says so, and with a wrong one, too."""
    monkeypatch.delenv("HSOKV_DATA", raising=False)
    assert words.words_folder() is None
    with pytest.raises(FileNotFoundError, match="HSOKV_DATA is not set"):
        load_words("wordnet31")
    monkeypatch.setenv("HSOKV_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="has no folder 'words'"):
        load_words("wordnet31")


@pytest.mark.skipif(not os.environ.get("HSOKV_DATA"), reason="needs HSOKV_DATA: WordNet's rows")
def test_the_real_files():
    """They have the columns that are read; questions are as many as the report says."""
    for name in words.FILES:
        assert len(load_words(name))
    usages = make_usages(load_words("wordnet31"))
    assert [len(make_questions(usages, part)) for part in PARTS[:2]] == [662, 1274]
