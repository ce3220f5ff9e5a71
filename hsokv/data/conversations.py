"""Conversations and questions about them: LoCoMo and LongMemEval.

Neither is part of the package. LoCoMo (Maharana et al., 2024; licence CC BY-NC 4.0, so not for
commercial use) is read from `conversations/locomo10.json` in the folder that `HSOKV_DATA` names,
LongMemEval (Wu et al., 2025; MIT) from a user's own copy. Chats of one's own: `data.chats`.

Axes: N turns of a conversation, Q questions about it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from hsokv.boundary.checks import shown
from hsokv.data.chats import Turn, read_date, read_json

LOCOMO = "locomo10.json"
LOCOMO_SHA256 = "79fa87e90f04081343b8c8debecb80a9a6842b76a7aa537dc9fdf651ea698ff4"
LOCOMO_FROM = "https://github.com/snap-research/locomo"
LONGMEMEVAL_FROM = "https://huggingface.co/datasets/xiaowu0162/longmemeval-cleaned"
CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
_EVIDENCE = re.compile(r"D(\d+):(\d+)")


class Question(NamedTuple):
    """A question about a conversation, and where its answer stands.

    Attributes:
        text, answer, category: as the source has them; an answer may be ''.
        evidence: ids of the turns that hold the answer.
        sessions: that these turns belong to, or that the source names.
        answerable: False where the conversation does not hold what is asked for.
        date: when it is asked, ISO, or ''.
    """

    text: str
    answer: str
    category: str
    evidence: tuple[str, ...]
    sessions: tuple[str, ...]
    answerable: bool = True
    date: str = ""


class Conversation(NamedTuple):
    """A conversation and its questions.

    Attributes:
        name: as the source has it.
        turns: N, in order.
        questions: Q.
        unread: what stands among the evidence and names no turn.
    """

    name: str
    turns: list[Turn]
    questions: list[Question]
    unread: list[str]


def what_conversations_lack() -> str:
    """Return why LoCoMo cannot be read, '' where it can."""
    folder = os.environ.get("HSOKV_DATA")
    there = folder and (Path(folder) / "conversations" / LOCOMO).is_file()
    return "" if there else f"HSOKV_DATA does not name a folder with conversations/{LOCOMO}"


def load_locomo() -> list[Conversation]:
    """Return the ten conversations of LoCoMo; those of category 5, adversarial, have no answer.

    An evidence that names several turns, or one with zeros before its number, is read as what it
    means; what names no turn is left out and listed in `Conversation.unread`.

    Raises:
        FileNotFoundError: `HSOKV_DATA` is not set, or its folder has no such file.
        ValueError: it is another file.
    """
    if lacking := what_conversations_lack():
        raise FileNotFoundError(
            f"{lacking}: expected LoCoMo's file, which is not part of the package (CC BY-NC 4.0); "
            f"fetch it from {LOCOMO_FROM} and set HSOKV_DATA"
        )
    path = Path(os.environ["HSOKV_DATA"]) / "conversations" / LOCOMO
    content = path.read_bytes()
    if (found := hashlib.sha256(content).hexdigest()) != LOCOMO_SHA256:
        raise ValueError(
            f"{path} has SHA-256 {found}: expected {LOCOMO_SHA256}, that of the published file; "
            f"fetch it again from {LOCOMO_FROM}"
        )
    return [_locomo(row) for row in json.loads(content)]


def _locomo(row: dict[str, Any]) -> Conversation:
    told, turns = row["conversation"], []
    numbers = sorted(int(key[8:]) for key in told if re.fullmatch(r"session_\d+", key))
    for number in numbers:
        for turn in told[f"session_{number}"]:
            caption = f" [{turn['blip_caption']}]" if turn.get("blip_caption") else ""
            date = read_date(told[f"session_{number}_date_time"])
            text = turn["text"] + caption
            turns.append(Turn(turn["speaker"], text, date, str(number), turn["dia_id"]))
    session_of = {turn.id: turn.session for turn in turns}
    questions, unread = [], []
    for asked in row["qa"]:
        evidence = []
        for entry in asked.get("evidence", []):
            found = [f"D{int(a)}:{int(b)}" for a, b in _EVIDENCE.findall(entry)]
            evidence += [name for name in found if name in session_of]
            unread += [name for name in found if name not in session_of]
            if not found or _EVIDENCE.sub("", entry).strip(" ;,"):
                unread.append(entry)
        sessions = tuple(dict.fromkeys(session_of[name] for name in evidence))
        questions.append(
            Question(
                asked["question"], str(asked.get("answer", "")), CATEGORIES[asked["category"]],
                tuple(dict.fromkeys(evidence)), sessions, asked["category"] != 5,
            )
        )  # fmt: skip
    return Conversation(row["sample_id"], turns, questions, unread)


def load_longmemeval(path: str | os.PathLike) -> list[Conversation]:
    """Return LongMemEval from a file, a conversation for each question, named by the question's id.

    A turn's id is that of its session and its place there, from 0. A question whose id ends in
    '_abs' asks for what was never said.

    Args:
        path: of one of the official files, such as longmemeval_s_cleaned.json.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is another file; the message names the first question that is not as it
            should be.
    """
    remedy = f"fetch it from {LONGMEMEVAL_FROM}"
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path} is missing: expected LongMemEval's file; {remedy}")
    rows, found = read_json(Path(path)), []
    if not isinstance(rows, list):
        raise ValueError(f"{path} holds a {type(rows).__name__}: expected a list; {remedy}")
    for i, row in enumerate(rows):
        name = row.get("question_id") if isinstance(row, dict) else None
        try:
            found.append(_longmemeval(row))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise ValueError(
                f"{path}, question {i + 1} ({shown(name)}): {what}; expected the official "
                f"fields, haystack_sessions among them; {remedy}"
            ) from error
    return found


def _longmemeval(row: dict[str, Any]) -> Conversation:
    names, dates = row["haystack_session_ids"], row["haystack_dates"]
    sessions, answering = row["haystack_sessions"], set(row["answer_session_ids"])
    if not len(names) == len(dates) == len(sessions):
        counts = f"{len(names)} ids, {len(dates)} dates and {len(sessions)} sessions"
        raise ValueError(f"{counts} of the haystack do not fit one another")
    turns, evidence, times = [], [], dict.fromkeys(names, 0)
    for name, date, session in zip(names, dates, sessions):
        times[name] += 1
        own = name if times[name] == 1 else f"{name}#{times[name]}"  # a session told twice
        for place, turn in enumerate(session):
            role, content = _text(turn, "role"), _text(turn, "content")
            turns.append(Turn(role, content, read_date(date), own, f"{own}:{place}"))
            if turn.get("has_answer"):
                evidence.append(turns[-1].id)
    question = Question(
        _text(row, "question"), str(row["answer"]), _text(row, "question_type"), tuple(evidence),
        tuple(name for name in times if name in answering),
        not row["question_id"].endswith("_abs"), read_date(row["question_date"]),
    )  # fmt: skip
    unread = sorted(answering - set(names))
    return Conversation(row["question_id"], turns, [question], unread)


def _text(row: dict[str, Any], name: str) -> str:
    if not isinstance(row[name], str):
        raise TypeError(f"{name} is {shown(row[name])} and no text")
    return row[name]
