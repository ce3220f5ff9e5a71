"""Chats and notes: every shape that is taken, every file that is refused by name."""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hsokv.boundary.inputs import check_texts
from hsokv.data.chats import Turn, read_chat, read_date


@pytest.fixture
def write(tmp_path):
    """Write something as chat.json, and return its path."""

    def write(content):
        path = tmp_path / "chat.json"
        is_text = isinstance(content, bytes)
        path.write_bytes(content if is_text else json.dumps(content).encode("utf-8-sig"))
        return path

    return write


def test_a_list_of_messages(write):
    """Messages of a day are a session; the undated ones are that of the file."""
    chat = [
        {"speaker": "Ana", "text": "Ça va?", "date": "2024-05-31 18:30"},
        {"role": "user", "content": "好 🙂", "timestamp": 1717239600, "id": 7},
        {"name": "Bo", "message": "late", "session": "s"},
        {"text": "alone"},
    ]
    assert read_chat(write(chat)) == [
        Turn("Ana", "Ça va?", "2024-05-31T18:30:00", "2024-05-31"),
        Turn("user", "好 🙂", "2024-06-01T11:00:00", "2024-06-01", "7"),
        Turn("Bo", "late", "", "s"),
        Turn("", "alone", "", "chat"),
    ]
    assert read_chat(write([])) == []


def test_messages_of_an_assistant(write):
    """In an object of their own; a message may come in parts, of which pictures are left out."""
    parts = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {}}, "here"]
    chat = {"messages": [{"role": "user", "content": parts}]}
    assert read_chat(write(chat)) == [Turn("user", "look here", "", "chat")]


def test_what_exports_hold(write):
    """A message without text, the names that messengers give, half of an emoji."""
    chat = [
        {"role": "assistant", "content": None, "tool_calls": []},
        {"from": "Ana", "text": ["see ", {"type": "link", "text": "here"}]},
        {"sender": "Bo", "text": "cut \ud83d"},
    ]
    found = [turn[:2] for turn in read_chat(write(chat))]
    assert found == [("assistant", ""), ("Ana", "see  here"), ("Bo", "cut ?")]


def test_sessions(write):
    """Named or numbered, with a date of their own that a message's overrides."""
    said = {"speaker": "A", "text": "x"}
    chat = {
        "sessions": [
            [said],
            {"id": "trip", "date": "May 1, 2024", "turns": [said, said | {"date": "2024-05-02"}]},
            {"messages": []},
        ]
    }
    assert read_chat(write(chat)) == [
        Turn("A", "x", "", "chat 1"),
        Turn("A", "x", "2024-05-01", "trip"),
        Turn("A", "x", "2024-05-02", "trip"),
    ]


@pytest.mark.parametrize(
    "content, message",
    [
        (b"[{", r"chat.json is no JSON .*fetch it again"),
        (b"\xff\xff", "chat.json is no JSON"),
        (b"[" * 100_000, "chat.json is no JSON"),
        (b"3", "chat.json holds 3: expected a list of messages"),
        ({"talk": []}, r"chat.json holds {'talk': \[\]}"),
        (["hello"], "message 1 is 'hello': expected"),
        ([{"text": "a"}, {"text": 3}], "message 2 has speaker '' and text 3"),
        ([{"speaker": "a"}], "message 1 .*text None"),
        ([{"text": "a", "role": 1}], "message 1 has speaker 1"),
        ([{"text": "a", "date": "soon"}], "message 1: 'soon' is no date: expected one such as"),
        ({"sessions": [[{"text": "a"}], 5]}, "'chat 2' holds 5: expected"),
    ],
)
def test_what_is_no_chat(write, content, message):
    """Is refused with the file, the message and what was expected."""
    with pytest.raises(ValueError, match=message):
        read_chat(write(content))


def test_a_folder_of_notes(tmp_path):
    """A paragraph is a turn, a file a session; dates from names, else of the last change."""
    (tmp_path / "trips").mkdir()
    (tmp_path / "trips" / "2024-05-31 lake.md").write_text("# Lake\r\n\r\nCold.\nClear.\n\n \n")
    (tmp_path / "ideas.TXT").write_text("\ufeffÜber alles", "utf8")
    os.utime(tmp_path / "ideas.TXT", (86_400 * 365.25 * 30,) * 2)
    (tmp_path / "empty.md").write_text("")
    (tmp_path / "photo.jpg").write_bytes(b"\xff")
    (tmp_path / ".hidden.md").write_bytes(b"\xff")
    name = "trips/2024-05-31 lake.md"
    turns = read_chat(tmp_path)
    assert turns[0][:2] == ("", "Über alles") and turns[0].session == "ideas.TXT"
    assert turns[0].date[:7] in ("1999-12", "2000-01")
    said = [Turn("", text, "2024-05-31", name) for text in ("# Lake", "Cold.\nClear.")]
    assert [turn._replace(id="") for turn in turns[1:]] == said
    assert turns[1].id == f"{name}#29984ef220864fe9"
    alone = read_chat(tmp_path / "trips" / "2024-05-31 lake.md")
    assert [turn.text for turn in alone] == ["# Lake", "Cold.\nClear."]


def test_a_paragraph_is_the_same_on_another_day(tmp_path):
    """Its id goes by file and text."""
    note = tmp_path / "a.md"
    note.write_text("one\n\ntwo")
    os.utime(note, (1e9, 1e9))
    former = read_chat(note)
    note.write_text("one\n\nthree")
    now = read_chat(note)
    assert former[0].id == now[0].id and former[0].date != now[0].date
    assert former[1].id != now[1].id


def test_other_files(tmp_path):
    """JSON has any suffix; what is none of both is told what is read."""
    (tmp_path / "chat.export").write_text('[{"text": "a"}]')
    assert read_chat(tmp_path / "chat.export") == [Turn("", "a", "", "chat")]
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7\xff")
    with pytest.raises(ValueError, match=r"letter.pdf is neither .*: expected .txt, .md, .*conv"):
        read_chat(tmp_path / "letter.pdf")


def test_notes_that_cannot_be_read(tmp_path):
    """All of them are named, and nothing is read without them; so is a folder without notes."""
    with pytest.raises(ValueError, match="holds no note: expected .txt or .md"):
        read_chat(tmp_path)
    (tmp_path / "good.md").write_text("good")
    (tmp_path / "latin.txt").write_bytes("é".encode("latin1"))
    (tmp_path / "2024-99-99.md").write_text("x")
    with pytest.raises(ValueError, match=r"2024-99-99.md \(.*no date.*latin.txt \(.*utf-8"):
        read_chat(tmp_path)
    with pytest.raises(FileNotFoundError, match="none is missing: expected a chat"):
        read_chat(tmp_path / "none")


@pytest.mark.parametrize(
    "value, date",
    [
        ("", ""),
        (None, ""),
        ("1:56 pm on 8 May, 2023", "2023-05-08T13:56:00"),
        ("2023/05/25 (Thu) 20:21", "2023-05-25T20:21:00"),
        ("2023-12-01T23:00:00+05:00", "2023-12-01T23:00:00"),
        ("31 May 2024", "2024-05-31"),
        (1_700_000_000, "2023-11-14T22:13:20"),
        (1_700_000_000_000, "2023-11-14T22:13:20"),
    ],
)
def test_dates(value, date):
    """Of many forms, as ISO; a time zone does not move them."""
    assert read_date(value) == date
    assert read_date(date) == date


@pytest.mark.parametrize(
    "value",
    [
        "soon",
        "12/05/23",
        "03.05.2024",
        "5/3/2024 10:00",
        "2023-13-01",
        True,
        float("nan"),
        {},
        1e300,
        1714588200000000,
    ],
)
def test_no_dates(value):
    """Nor what could be another day: years of two digits, and days that could be months."""
    with pytest.raises(ValueError, match="here: .*is no date: expected one such as"):
        read_date(value, "here")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["2024-05-31", "1:56 pm on 8 May, 2023", "\ud83d"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["speaker", "role", "text", "content", "date", "time", "session", "id",
                         "messages", "sessions", "turns", "other"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def told_or_refused(path):
    """Turns that a memory takes, or an error that names the file and what was expected."""
    try:
        turns = read_chat(path)
    except ValueError as error:
        assert path.name in str(error) and "expected" in str(error)
        return
    for turn in turns:
        check_texts(list(turn), "turn")
        assert read_date(turn.date) == turn.date


ANY = settings(
    derandomize=True, deadline=None, max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


@ANY
@given(content=JSON)
def test_any_json(tmp_path, content):
    """Is read as turns, or refused by name."""
    path = tmp_path / "chat.json"
    path.write_text(json.dumps(content))
    told_or_refused(path)


@ANY
@given(content=st.binary(max_size=20), name=st.sampled_from(["a.json", "a.md", "2024-05-31.txt"]))
def test_any_bytes(tmp_path, content, name):
    """Are read as turns, or refused by name."""
    path = tmp_path / name
    path.write_bytes(content)
    told_or_refused(path)


@ANY
@given(
    turns=st.lists(
        st.tuples(st.text(), st.text(), st.dates(), st.text(min_size=1), st.text(min_size=1)),
        max_size=4,
    )
)
def test_what_is_written_is_read(tmp_path, turns):
    """Messages with all their fields come back as they are."""
    turns = [Turn(who, said, day.isoformat(), *names) for who, said, day, *names in turns]
    path = tmp_path / "chat.json"
    path.write_text(json.dumps([turn._asdict() for turn in turns]))
    assert read_chat(path) == turns


def test_seconds_as_text():
    """Digits alone are a moment, as a number is; fewer of them are no date."""
    assert read_date("1714675815") == read_date(1714675815) == "2024-05-02T18:50:15"
    assert read_date("1714675815000") == read_date("1714675815")
    with pytest.raises(ValueError, match="is no date"):
        read_date("12345")
