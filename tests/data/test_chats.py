"""Chats and notes: every shape that is taken, every file that is refused by name."""

import json
import os

import pytest

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
        (b"[{", r"chat.json is no JSON .*save it so"),
        (b"\xff\xff", "chat.json is no JSON"),
        (b"[" * 100_000, "chat.json is no JSON"),
        (b"3", "chat.json holds 3: expected a list of messages"),
        ({"talk": []}, "chat.json holds None"),
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
    lake = ("2024-05-31", "trips/2024-05-31 lake.md")
    turns = read_chat(tmp_path)
    assert turns[0][:2] == ("", "Über alles") and turns[0].session == "ideas.TXT"
    assert turns[0].date[:7] in ("1999-12", "2000-01")
    assert turns[1:] == [Turn("", "# Lake", *lake), Turn("", "Cold.\nClear.", *lake)]
    alone = read_chat(tmp_path / "trips" / "2024-05-31 lake.md")
    assert [turn.text for turn in alone] == ["# Lake", "Cold.\nClear."]


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


@pytest.mark.parametrize("value", ["soon", "12/05/23", "2023-13-01", True, float("nan"), {}, 1e300])
def test_no_dates(value):
    """A year of two digits, too, for it could be a day."""
    with pytest.raises(ValueError, match="here: .*is no date: expected one such as"):
        read_date(value, "here")
