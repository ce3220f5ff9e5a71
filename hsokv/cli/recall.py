"""Recall the turns that answer a question, and export all that is remembered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from hsokv.boundary.checks import check_keys, shown
from hsokv.boundary.text import plain
from hsokv.cli.memory_file import DEFAULT, Memory, load_memory, memory_option, need_encoder
from hsokv.data.chats import Turn, read_date
from hsokv.memory.conversation import ConversationMemory, Found

DAY = re.compile(r"\d{4}-\d\d-\d\d")


def recall(
    question: Annotated[list[str], typer.Argument(help="what you want to know")],
    best: Annotated[int, typer.Option("-k", "--best", help="answers to name", min=1)] = 5,
    context: Annotated[
        int, typer.Option("-C", "--context", help="turns to show before and after each", min=0)
    ] = 0,
    speaker: Annotated[str, typer.Option(help="turns of this speaker only")] = "",
    since: Annotated[str, typer.Option(help="turns of this day and later only")] = "",
    until: Annotated[str, typer.Option(help="turns of this day and earlier only")] = "",
    sessions: Annotated[
        bool, typer.Option("--sessions", help="name sessions instead of turns")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="for machines: a JSON list")] = False,
    memory: Memory = DEFAULT,
) -> None:
    """Name the turns that answer a question best: score, date, session, who said what.

    The score tells an order among the turns of one question, and nothing else: not how sure an
    answer is, nor whether there is one.
    """
    if sessions and (context or speaker or since or until):
        raise ValueError(
            "--sessions names whole sessions: expected no -C, --speaker, --since or --until with "
            "it; leave them out, or --sessions"
        )
    _check_days(since, until)
    known = _find_memory(memory)
    if speaker:
        names = {turn.speaker.casefold() for turn in known.turns}
        check_keys([speaker.casefold()], sorted(names), "speaker")
    asked = " ".join(question).encode("utf-8", "replace").decode("utf-8")  # whatever bytes came
    if known.semantic and asked.strip() and len(known):
        need_encoder("remember your files in another --memory with --read words")
    if sessions:
        found = [each._asdict() for each in known.sessions(asked, best)]
    else:
        ranked = known.recall(asked, len(known) or 1)
        chosen = [each for each in ranked if _is_of(each.turn, speaker, since, until)]
        found = _with_neighbours(known, chosen[:best], context)
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    else:
        groups = ["\n".join(_lines(each)) for each in found]
        typer.echo(("\n--\n" if context and not sessions else "\n").join(groups), nl=bool(groups))
    if not found:
        typer.echo("note: no turn is of that speaker and time", err=True)
    elif not known.semantic and not known.shares_words(asked):
        typer.echo("note: no turn shares a word with the question: these are guesses", err=True)


def export(memory: Memory = DEFAULT) -> None:
    """Print all turns as a JSON list, which remember reads again.

    To take turns out, delete them from such a list, and remember it in a new memory.
    """
    turns = [turn._asdict() for turn in _find_memory(memory).turns]
    typer.echo(json.dumps(turns, indent=1, ensure_ascii=False))


def _check_days(since: str, until: str) -> None:
    for name, day in (("--since", since), ("--until", until)):
        if day and not (DAY.fullmatch(day) and read_date(day, name)):
            raise ValueError(f"{name}: {shown(day)} is no day: expected one such as 2024-05-31")
    if until and since > until:
        raise ValueError(
            f"--since {since} is after --until {until}: expected the earlier day first; "
            "exchange them"
        )


def _find_memory(path: Path) -> ConversationMemory:
    if not path.exists():
        raise ValueError(
            f"{path} is missing: expected a file that 'hsokv remember' made; run hsokv remember "
            f"chat.json{memory_option(path)}, or name another --memory"
        )
    return load_memory(path)


def _is_of(turn: Turn, speaker: str, since: str, until: str) -> bool:
    """Return whether a turn is of a speaker, in any case, and of some days; '' is any."""
    if speaker and turn.speaker.casefold() != speaker.casefold():
        return False
    if (since or until) and not turn.date:
        return False
    return turn.date[:10] >= since and (not until or turn.date[:10] <= until)


def _with_neighbours(
    known: ConversationMemory, found: list[Found], context: int
) -> list[dict[str, Any]]:
    """Return turns that were found as entries of JSON; with context those around them, too."""
    turns = known.turns
    place = {turn: i for i, turn in enumerate(turns)} if context else {}
    entries = []
    for turn, score in found:
        entry: dict[str, Any] = {"score": score} | turn._asdict()
        if context:
            i = place[turn]
            sides = {"before": turns[max(0, i - context) : i], "after": turns[i + 1 :][:context]}
            for side, near in sides.items():
                entry[side] = [t._asdict() for t in near if t.session == turn.session]
        entries.append(entry)
    return entries


def _lines(entry: dict[str, Any]) -> Iterator[str]:
    """Return the lines that show an entry, with tabs between score, date, session and turn."""
    for each in (*entry.get("before", ()), entry, *entry.get("after", ())):
        score = f"{round(each['score'], 2) + 0.0:.2f}" if "score" in each else ""  # no -0.00
        fields = [score, each["date"].replace("T", " "), each["session"]]
        if "text" in each:
            fields.append(f"{each['speaker']}: {each['text']}" if each["speaker"] else each["text"])
        yield "\t".join(map(plain, fields))
