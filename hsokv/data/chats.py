"""Chats and notes of one's own, read from JSON or from a folder of text files; and dates as ISO."""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from hsokv.boundary.checks import shown

SPEAKERS = ("speaker", "role", "name", "author", "from", "sender")
TEXTS = ("text", "content", "message")
DATES, MESSAGES = ("date", "timestamp", "time"), ("messages", "turns", "conversation")
NOTES = (".txt", ".md")
SHAPES = (
    'a list of messages {"speaker" or "role": ..., "text" or "content": ..., "date": optional}, '
    'or {"sessions": [...]} with such lists'
)
_NUMBERS = re.compile(r"\b(\d{1,2})[./-](\d{1,2})[./-]\d{4}\b")  # which is the day?
_ISO = re.compile(r"(?<!\d)\d{4}-\d\d-\d\d(?!\d)")
MILLISECONDS = 1e11  # seconds from 1970 above which a number must mean these


class Turn(NamedTuple):
    """What one speaker said at one time, or a paragraph of a note.

    Attributes:
        speaker: a name, a role such as 'user', or ''.
        text: what was said; a caption in brackets at its end tells what was shown with it.
        date: ISO, such as '2024-05-31' or '2024-05-31T18:30:00'; '' if unknown.
        session: the talk or file that it belongs to.
        id: a name of its own; '' if it is known by what it says.
    """

    speaker: str
    text: str
    date: str = ""
    session: str = ""
    id: str = ""


def read_chat(path: str | os.PathLike) -> list[Turn]:
    """Return the turns of a chat or of notes, all of them, or an error that names what is wrong.

    A JSON file holds a list of messages, `{"messages": [...]}` or `{"sessions": [...]}`. A message
    has a speaker (or role), a text (or content), and perhaps date, session and id. Without
    sessions, the messages of a day are one, and undated ones those of the file. Half of a surrogate
    pair becomes '?'.

    In a folder, each .txt or .md file is a session and each paragraph a turn; so is such a file
    alone. A note's date is one in its name, such as 2024-05-31, or the day when it was changed; a
    paragraph's id is made of file and text, so that it is the same on another day. Hidden files and
    those of other kinds are not read.

    Raises:
        FileNotFoundError: there is no such path.
        ValueError: a file is damaged or of another shape, or the folder holds no notes; the message
            names every such file, or the message in it.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: expected a chat as JSON, or a folder of notes")
    if is_notes(path):
        return _read_notes(path)
    try:
        content = read_json(path)
    except ValueError as error:
        if path.suffix.lower() == ".json":
            raise
        raise ValueError(
            f"{path} is neither a note nor a chat ({error.__cause__}): expected .txt, .md, a "
            "folder of such files, or JSON; convert it"
        ) from error
    if isinstance(content, dict) and isinstance(content.get("sessions"), list):
        sessions = content["sessions"]
        names = [f"{path.stem} {i + 1}" for i in range(len(sessions))]
        return [t for s, n in zip(sessions, names) for t in _read_session(s, n, f"{path}, {n!r}")]
    return list(_read_session(content, path.stem, str(path), by_day=True))


def is_notes(path: Path) -> bool:
    """Return whether a path is of a note or a folder of notes, else it is of a chat."""
    return path.is_dir() or path.suffix.lower() in NOTES


def _read_session(content: Any, name: str, place: str, by_day: bool = False) -> Iterator[Turn]:
    default = ""
    if isinstance(content, dict):
        default = read_date(_first(content, DATES, ""), place)
        name = str(_first(content, ("session", "id"), name))
        content = _first(content, MESSAGES, content)
    if not isinstance(content, list):
        raise ValueError(f"{place} holds {shown(content)}: expected {SHAPES}; convert it")
    for i, message in enumerate(content):
        where = f"{place}, message {i + 1}"
        if not isinstance(message, dict):
            raise ValueError(f"{where} is {shown(message)}: expected {SHAPES}; convert it")
        nothing = "" if any(name in message for name in TEXTS) else None  # null: a call, a picture
        text = _first(message, TEXTS, nothing)
        if isinstance(text, list):  # parts, of which some are pictures
            parts = [part.get("text") if isinstance(part, dict) else part for part in text]
            text = " ".join(part for part in parts if isinstance(part, str))
        speaker = _first(message, SPEAKERS, "")
        if not isinstance(text, str) or not isinstance(speaker, str):
            raise ValueError(
                f"{where} has speaker {shown(speaker)} and text {shown(text)}: expected "
                f"{SHAPES}; correct it"
            )
        date = read_date(_first(message, DATES, default), where)
        session = date[:10] if by_day and date else name
        session = str(_first(message, ("session",), session))
        turn = Turn(speaker, text, date, session, str(_first(message, ("id",), "")))
        yield Turn(*(value.encode(errors="replace").decode() for value in turn))


def _first(row: dict, names: tuple[str, ...], default: Any) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), default)


def _read_notes(path: Path) -> list[Turn]:
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    turns, bad, read = [], [], 0
    for file in files:
        name = path.name if file == path else file.relative_to(path).as_posix()
        if file.is_dir() or file.suffix.lower() not in NOTES or re.search(r"(^|/)\.", name):
            continue
        try:
            name.encode()  # a name that is no text cannot be kept
            text = file.read_bytes().decode("utf-8-sig")
            named = _ISO.search(file.name)
            changed = datetime.datetime.fromtimestamp(file.stat().st_mtime)
            date = read_date(named[0], str(file)) if named else changed.date().isoformat()
        except (OSError, ValueError) as error:
            bad.append(f"{file} ({error})")
            continue
        read += 1
        paragraphs = (part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")))
        turns += [Turn("", part, date, name, _id_of(name, part)) for part in paragraphs if part]
    if bad or not read:
        what = "; ".join(bad) or f"{path} holds no note"
        raise ValueError(f"{what}: expected {' or '.join(NOTES)} files as UTF-8; save them so")
    return turns


def _id_of(name: str, text: str) -> str:
    return f"{name}#{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def read_date(value: Any, place: str = "date") -> str:
    """Return a date or a moment as ISO, '' for nothing; a time zone is left out.

    Args:
        value: text with a year of four digits, where it is clear which number is the day, or
            seconds or milliseconds from 1970 (UTC), as a number or as its digits.
        place: for the message.

    Raises:
        ValueError: it is none.
    """
    if value is None or value == "":
        return ""
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{9,13}", value):  # seconds, as text
            value = int(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            value = value / 1000 if value > MILLISECONDS else value
            if value > MILLISECONDS:
                raise ValueError("neither seconds nor milliseconds")
            return pd.Timestamp(value, unit="s").isoformat(timespec="seconds")
        text = re.sub(r"\([^)]*\)", " ", value)  # a weekday
        if not re.search(r"\d{4}", text):
            raise ValueError("no year")
        numbers = _NUMBERS.search(text)
        if numbers and max(map(int, numbers.groups())) <= 12 and numbers[1] != numbers[2]:
            raise ValueError("day and month can be exchanged")
        moment = pd.Timestamp(text).replace(tzinfo=None).isoformat(timespec="seconds")
    except (ValueError, TypeError, OverflowError, AttributeError) as error:
        raise ValueError(
            f"{place}: {shown(value)} is no date: expected one such as 2024-05-31 or "
            "2024-05-31T18:30; correct it or leave it out"
        ) from error
    return moment if ":" in text else moment[:10]


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not UTF-8 or no JSON.
    """
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # no UTF-8 and no JSON are ValueErrors
        raise ValueError(
            f"{path} is no JSON ({error}): expected JSON as UTF-8, whole; save or fetch it again"
        ) from error
