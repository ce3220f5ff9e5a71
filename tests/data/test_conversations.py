"""LoCoMo and LongMemEval: read as published, refused with the question that is wrong."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from hsokv.data import conversations
from hsokv.data.conversations import load_locomo, load_longmemeval, what_conversations_lack

SAID = {"speaker": "Ada", "text": "We sail.", "dia_id": "D1:1"}
LOCOMO = {
    "sample_id": "conv-0",
    "conversation": {
        "speaker_a": "Ada",
        "speaker_b": "Bo",
        "session_10_date_time": "9:05 am on 3 June, 2022",
        "session_10": [SAID | {"dia_id": "D10:1", "blip_caption": "a red boat"}],
        "session_2_date_time": "9:05 am on 1 June, 2022",
        "session_2": [SAID | {"dia_id": "D2:1"}, SAID | {"dia_id": "D2:2", "speaker": "Bo"}],
        "session_3_date_time": "9:05 am on 2 June, 2022",
        "session_3": [],
    },
    "qa": [
        {"question": "Who?", "answer": 7, "category": 4, "evidence": ["D2:02; D10:1", "D2:2"]},
        {"question": "Why?", "adversarial_answer": "x", "category": 5, "evidence": ["D:1", "D9:9"]},
    ],
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of conversations, named by HSOKV_DATA."""
    (tmp_path / "conversations").mkdir()
    monkeypatch.setenv("HSOKV_DATA", str(tmp_path))
    return tmp_path / "conversations"


def test_locomo(folder, monkeypatch):
    """Sessions by number, captions in brackets, evidence as it was meant, the rest listed."""
    content = json.dumps([LOCOMO]).encode()
    (folder / conversations.LOCOMO).write_bytes(content)
    monkeypatch.setattr(conversations, "LOCOMO_SHA256", hashlib.sha256(content).hexdigest())
    [(name, turns, questions, unread)] = load_locomo()
    assert name == "conv-0" and [turn.id for turn in turns] == ["D2:1", "D2:2", "D10:1"]
    assert turns[1] == ("Bo", "We sail.", "2022-06-01T09:05:00", "2", "D2:2")
    assert turns[2].text == "We sail. [a red boat]"
    assert questions[0] == ("Who?", "7", "single-hop", ("D2:2", "D10:1"), ("2", "10"), True, "")
    assert questions[1] == ("Why?", "", "adversarial", (), (), False, "")
    assert unread == ["D:1", "D9:9"]


def test_another_file_than_locomo(folder):
    """Is refused by its checksum, and so is none at all."""
    assert "does not name a folder" in what_conversations_lack()
    with pytest.raises(FileNotFoundError, match="CC BY-NC 4.0.; fetch it from"):
        load_locomo()
    (folder / conversations.LOCOMO).write_text("[]")
    assert not what_conversations_lack()
    with pytest.raises(ValueError, match="expected 79fa87e90f04.*fetch it again"):
        load_locomo()


def test_no_folder(monkeypatch):
    """Without HSOKV_DATA it says so."""
    monkeypatch.delenv("HSOKV_DATA", raising=False)
    with pytest.raises(FileNotFoundError, match="HSOKV_DATA does not name"):
        load_locomo()


@pytest.mark.skipif(bool(what_conversations_lack()), reason="needs HSOKV_DATA: LoCoMo")
def test_the_real_locomo():
    """As many turns and questions as are published; all but six pieces of evidence are read."""
    found = load_locomo()
    assert [len(found), sum(len(c.turns) for c in found)] == [10, 5882]
    questions = [q for c in found for q in c.questions]
    assert [len(questions), sum(q.answerable for q in questions)] == [1986, 1540]
    assert sum(q.answerable and bool(q.evidence) for q in questions) == 760 + 776
    assert [c.unread for c in found if c.unread] == [["D10:19", "D"], ["D:11:26"], ["D4:36"]]


def asked(**changes):
    """A question of LongMemEval with two sessions, the first of which is told twice."""
    told = [{"role": "user", "content": "I ran 5 km.", "has_answer": True},
            {"role": "assistant", "content": "Well done!"}]  # fmt: skip
    return {
        "question_id": "q1",
        "question_type": "single-session-user",
        "question": "How far did I run?",
        "answer": 5,
        "question_date": "2023/05/30 (Tue) 08:08",
        "haystack_dates": ["2023/05/20 (Sat) 02:21"] * 3,
        "haystack_session_ids": ["a", "b", "a"],
        "haystack_sessions": [told, told[1:], told[1:]],
        "answer_session_ids": ["a"],
    } | changes


def write(tmp_path, content):
    """A file of LongMemEval."""
    path = tmp_path / "longmemeval_s_cleaned.json"
    path.write_text(json.dumps(content))
    return path


def test_longmemeval(tmp_path):
    """A conversation for each question; what was never said is told by the id."""
    path = write(tmp_path, [asked(), asked(question_id="q2_abs", answer_session_ids=["a", "z"])])
    first, second = load_longmemeval(path)
    assert first.name == "q1" and first.unread == []
    assert [turn.id for turn in first.turns] == ["a:0", "a:1", "b:0", "a#2:0"]
    assert first.turns[0] == ("user", "I ran 5 km.", "2023-05-20T02:21:00", "a", "a:0")
    [question] = first.questions
    assert question == ("How far did I run?", "5", "single-session-user", ("a:0",), ("a",), True,
                        "2023-05-30T08:08:00")  # fmt: skip
    assert not second.questions[0].answerable and second.unread == ["z"]


@pytest.mark.parametrize(
    "change, message",
    [
        ({"haystack_dates": []}, "3 ids, 0 dates and 3 sessions"),
        ({"haystack_sessions": [[{"role": "user"}], [], []]}, "'content' is missing"),
        ({"haystack_sessions": [["x"], [], []]}, "indices"),
        ({"question": None}, "question is None and no text"),
        ({"question_date": "once"}, "'once' is no date"),
    ],
)
def test_what_is_no_longmemeval(tmp_path, change, message):
    """Is refused with the number and the id of the question, and where to get the file."""
    path = write(tmp_path, [asked(), asked(question_id="odd", **change)])
    with pytest.raises(ValueError, match=rf"question 2 \('odd'\): .*{message}.*huggingface"):
        load_longmemeval(path)


def test_other_files_than_longmemeval(tmp_path):
    """None at all, no list, no question, no JSON."""
    with pytest.raises(FileNotFoundError, match="is missing: .*huggingface.co/datasets"):
        load_longmemeval(tmp_path / "none.json")
    with pytest.raises(ValueError, match="holds a dict: expected a list; fetch it"):
        load_longmemeval(write(tmp_path, {"data": []}))
    with pytest.raises(ValueError, match=r"question 1 \(None\): .*expected the official"):
        load_longmemeval(write(tmp_path, [3]))
    (tmp_path / "cut.json").write_text('[{"question_id"')
    with pytest.raises(ValueError, match="cut.json is no JSON"):
        load_longmemeval(tmp_path / "cut.json")


@pytest.mark.skipif(not os.environ.get("HSOKV_DATA"), reason="needs HSOKV_DATA: LongMemEval's rows")
def test_the_sample_of_longmemeval():
    """Two official rows, of which one asks for what was never said."""
    folder = Path(os.environ["HSOKV_DATA"]) / "conversations"
    found = load_longmemeval(folder / "longmemeval_original_schema_sample.json")
    assert [c.questions[0].answerable for c in found] == [True, False]
    assert [len(c.questions[0].evidence) for c in found] == [2, 1]
