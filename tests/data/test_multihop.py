"""Multi-hop questions: read where they are, with the passages that answer them, or refused."""

import json

import pytest

from hsokv.data.multihop import (
    SAMPLES,
    load_multihop,
    make_multihop,
    what_multihop_lacks,
)

LACKING = what_multihop_lacks()
PASSAGES = [("Ada", "A diver."), ("Lake", "It is deep."), ("Ada", "A port.")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with one question in each sample, named by HSOKV_DATA."""
    (tmp_path / "multihop").mkdir()
    monkeypatch.setenv("HSOKV_DATA", str(tmp_path))
    told = [("Ada", "A diver.", False), ("Lake", "It is deep.", True), ("Ada", "A port.", True)]
    paragraphs = [{"title": t, "paragraph_text": x, "is_supporting": s} for t, x, s in told]
    write(tmp_path, "musique_train", [{"question": "How deep?", "paragraphs": paragraphs}])
    write(tmp_path, "musique_train_corpus", [{"title": t, "text": x} for t, x in PASSAGES])
    context = [["Ada", ["A diver.", " Born."]], ["Port", ["Far."]], ["Lake", ["It is deep."]]]
    facts = [["Lake", 0], ["Ada", 0], ["Ada", 1]]
    asked = [{"question": "How deep?", "supporting_facts": facts, "context": context}]
    write(tmp_path, "hotpotqa_train", asked)
    write(tmp_path, "hotpotqa_train_corpus", dict(context))
    return tmp_path


def write(folder, name, content):
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "multihop" / f"{name}.json").write_text(text, "utf8")


def test_gold_passages_are_told_by_title_and_text(folder):
    """Of two passages with one title the question's own is meant."""
    assert what_multihop_lacks() == ""
    found = load_multihop("musique")
    assert found.titles == ["Ada", "Lake", "Ada"] and found.questions == ["How deep?"]
    assert found.gold == [(1, 2)]


def test_sentences_are_joined(folder):
    """HotpotQA's facts name titles, some twice, and its texts are lists of sentences."""
    found = load_multihop("hotpotqa")
    assert found.texts == ["A diver. Born.", "Far.", "It is deep."] and found.gold == [(0, 2)]


def test_what_is_not_there(folder, monkeypatch):
    with pytest.raises(ValueError, match="did you mean 'musique'"):
        load_multihop("musik")
    (folder / "multihop/musique_train_corpus.json").unlink()
    assert "HSOKV_DATA does not name" in what_multihop_lacks()
    with pytest.raises(FileNotFoundError, match="musique_train_corpus.json missing: add it"):
        load_multihop("musique")
    monkeypatch.delenv("HSOKV_DATA")
    assert "HSOKV_DATA does not name" in what_multihop_lacks()
    with pytest.raises(FileNotFoundError, match="HSOKV_DATA is not set: expected a folder"):
        load_multihop("musique")


@pytest.mark.parametrize(
    "name, file, content, told",
    [
        ("musique", "musique_train", "no json", "JSONDecodeError"),
        ("musique", "musique_train", "[]", "no question"),
        ("musique", "musique_train", [{"question": "How?"}], "KeyError: 'paragraphs'"),
        ("musique", "musique_train_corpus", [{"title": "Ada"}], "KeyError: 'text'"),
        ("musique", "musique_train_corpus", "[]", "not among all passages"),
        ("musique", "musique_train_corpus", "3", "TypeError"),
        ("hotpotqa", "hotpotqa_train_corpus", "[]", "AttributeError"),
        (
            "hotpotqa",
            "hotpotqa_train",
            [{"question": "How?", "supporting_facts": [["Ada", 0]], "context": []}],
            "no text of a passage that supports it",
        ),
    ],
)
def test_files_of_something_else(folder, name, file, content, told):
    """The error names the files, what is wrong, and says what to do."""
    write(folder, file, content)
    with pytest.raises(ValueError, match=rf"{name}_train.json, .*{told}.*; fetch both again"):
        load_multihop(name)


@pytest.mark.parametrize(
    "passages, questions, gold, told",
    [
        (PASSAGES + PASSAGES[:1], ["a"], [PASSAGES[:2]], "4 passages, of which 3 differ"),
        (PASSAGES, [], [], "no question"),
        (PASSAGES, [" "], [PASSAGES[:2]], "' ' is no text"),
        (PASSAGES, [4], [PASSAGES[:2]], "4 is no text"),
        (PASSAGES, ["a"], [PASSAGES[:1]], "answered by 1 passages"),
        (
            PASSAGES,
            ["a"],
            [[*PASSAGES[:2], ("Sea", "")]],
            r"1 are not among all passages \['Sea'\]",
        ),
        (PASSAGES, ["a", "b"], [PASSAGES], "shorter"),
    ],
)
def test_questions_that_make_no_sense(passages, questions, gold, told):
    with pytest.raises(ValueError, match=told):
        make_multihop(passages, questions, gold)


@pytest.mark.skipif(bool(LACKING), reason=LACKING or "all is here")
def test_the_real_files():
    """As many passages and questions as the report says."""
    sizes = {"musique": (1890, 100, {2, 3, 4}), "hotpotqa": (994, 100, {2})}
    for name in SAMPLES:
        found = load_multihop(name)
        n_gold = {len(gold) for gold in found.gold}
        assert (len(found.titles), len(found.questions), n_gold) == sizes[name]
