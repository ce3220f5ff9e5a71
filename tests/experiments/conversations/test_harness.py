"""LongMemEval's harness, on a file of its schema with two questions of our own."""

import json

import pytest

from hsokv.experiments.conversations import tables
from hsokv.experiments.conversations.harness import LEXICAL, WORDS, measure_longmemeval

SESSIONS = {
    "s1": [("user", "I adopted a parrot called Kiwi."), ("assistant", "How lovely!")],
    "s2": [("user", "My flight to Quito leaves on Monday."), ("assistant", "Have a good trip.")],
    "s3": [("user", "What should I cook?"), ("assistant", "Lentils with cumin and lemon.")],
}


def question(name, text, answering, turn=True, **changed):
    """A question with its three sessions, in the benchmark's schema."""
    told = [
        [
            {"role": role, "content": said}
            | ({"has_answer": True} if turn and own in answering and role == "user" else {})
            for role, said in turns
        ]
        for own, turns in SESSIONS.items()
    ]
    return {
        "question_id": name, "question_type": "single-session-user", "question": text,
        "answer": "", "question_date": "2024/03/01 (Fri) 10:00",
        "haystack_session_ids": list(SESSIONS), "haystack_sessions": told,
        "haystack_dates": [f"2024/02/0{day} (Thu) 10:00" for day in (1, 2, 3)],
        "answer_session_ids": list(answering),
    } | changed  # fmt: skip


@pytest.fixture
def file(tmp_path):
    """A file with three questions, one of which asks for what was never said."""
    path = tmp_path / "lme.json"
    rows = [
        question("a", "What is my parrot called?", ["s1"]),
        question("b", "Where do I fly, and what could I cook?", ["s2", "s3"], turn=False),
        question("c_abs", "What is my dog called?", ["s1"]),
    ]
    path.write_text(json.dumps(rows))
    return path


def test_harness(file):
    """Both recalls of sessions; those of turns where turns are named; what was left out."""
    found = measure_longmemeval(file, semantic=False)
    assert (found.n_questions, found.n_left_out) == (2, 1) and len(found.checksum) == 64
    table = found.table.set_index(["method", "type"])
    assert set(table.index.get_level_values(0)) == {LEXICAL, WORDS}
    all_questions = table.loc[LEXICAL, "all"]
    assert all_questions["n"] == 2 and all_questions["n_turns"] == 1
    assert all_questions["session_all_5"] == all_questions["turn_all_5"] == 1
    assert tables.harness_table(found.table)["session, all at 5"].tolist() == [100.0] * 4


def test_harness_with_the_encoder(file):
    """One more method, the same questions."""
    found = measure_longmemeval(file)
    assert found.table["method"].nunique() == 3 and (found.table["n"] == 2).all()


def test_files_that_cannot_be_measured(tmp_path):
    """A message says what is missing and where it is."""
    with pytest.raises(FileNotFoundError, match="fetch it from https://huggingface"):
        measure_longmemeval(tmp_path / "none.json")
    path = tmp_path / "lme.json"
    path.write_text(json.dumps([question("c_abs", "What is my dog called?", ["s1"])]))
    with pytest.raises(ValueError, match="1 questions, none of which names a session"):
        measure_longmemeval(path)
    path.write_text(json.dumps([{"question_id": "a"}]))
    with pytest.raises(ValueError, match="question 1"):
        measure_longmemeval(path)
