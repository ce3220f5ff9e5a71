"""Remember chats and notes of one's own in a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from hsokv.boundary.checks import check_keys
from hsokv.cli.memory_file import (
    DEFAULT,
    WAYS,
    Memory,
    lock_memory,
    memory_option,
    need_encoder,
    open_memory,
    save_memory,
    way_of,
)
from hsokv.data.chats import Turn, is_notes, read_chat
from hsokv.memory.conversation import ConversationMemory

AT_ONCE = 256  # turns that are read between two looks at the clock
SAVE_EVERY_S = 60  # of reading, which is what a kill can cost
KINDS = 5  # of files that were not read, named at most
LONG = 180  # words, of more than which the encoder may not read the end


def remember(
    paths: Annotated[
        list[Path], typer.Argument(help="chats as .json; notes as .txt or .md, or folders of them")
    ],
    memory: Memory = DEFAULT,
    read: Annotated[
        str, typer.Option(help="words, or meaning, which needs an encoder; a memory keeps its own")
    ] = "",
) -> None:
    """Remember the turns of chats, and the paragraphs of notes, that the memory lacks.

    Run it again whenever there is more: what is known is left alone. Of what was edited the new
    wording is added and the former stays. Messages and paragraphs without text are left out.
    """
    if read:
        check_keys([read], WAYS, "way to read")
    told = {path: [turn for turn in read_chat(path) if turn.text.strip()] for path in paths}
    turns = [turn for each in told.values() for turn in each]
    if not turns:
        raise ValueError(
            f"{', '.join(map(str, paths))}: expected text to remember, there is none; name another "
            "file"
        )
    with lock_memory(memory):
        known = open_memory(memory, read)
        stored = known.turns
        turns = settle_ids(stored, turns)
        new = find_new(stored, turns)
        if new:
            _read(known, new, memory)
    typer.echo(_summary(known, len(new), len(turns), memory))
    notes = [path for path in paths if is_notes(path)]
    former = _count_former(stored, [turn for path in notes for turn in told[path]])
    long = sum(len(turn.text.split()) > LONG for turn in new) if known.semantic else 0
    unread = [file for path in notes if path.is_dir() for file in _list_other(path, memory)]
    kinds = ", ".join(sorted({file.suffix.lower() or file.name for file in unread})[:KINDS])
    for n, one, more in (
        (former, "known paragraph is not in these notes any more; it is kept",
                 "known paragraphs are not in these notes any more; they are kept"),
        (long, f"turn has over {LONG} words, and the encoder may not read its end",
               f"turns have over {LONG} words, and the encoder may not read their ends"),
        (len(unread), f"file in a folder is no note and was not read ({kinds})",
                      f"files in folders are no notes and were not read ({kinds})"),
    ):  # fmt: skip
        if n:
            typer.echo(f"note: {_count(n, one, more)}", err=True)


def settle_ids(stored: Sequence[Turn], turns: Iterable[Turn]) -> list[Turn]:
    """Return turns, those without their ids whose id is that of another turn.

    So it is where files count their messages from 1, or where a message was edited. Such a turn is
    known by what it says.
    """
    owners = {turn.id: turn for turn in stored if turn.id}
    settled = []
    for turn in turns:
        owner = owners.setdefault(turn.id, turn) if turn.id else turn
        settled.append(turn if owner._replace(date=turn.date) == turn else turn._replace(id=""))
    return settled


def find_new(stored: Sequence[Turn], turns: Iterable[Turn]) -> list[Turn]:
    """Return the turns that are not stored, each once; they are told apart as a memory does."""
    known = {turn.id or turn for turn in stored}
    new: dict[str | Turn, Turn] = {}
    for turn in turns:
        if (turn.id or turn) not in known:
            new.setdefault(turn.id or turn, turn)
    return list(new.values())


def _count_former(stored: Sequence[Turn], notes: Sequence[Turn]) -> int:
    """Return how many stored paragraphs of some notes these no longer hold."""
    files, ids = {turn.session for turn in notes}, {turn.id for turn in notes}
    mine = (
        turn for turn in stored if turn.session in files and turn.id.startswith(f"{turn.session}#")
    )
    return sum(turn.id not in ids for turn in mine)


def _list_other(folder: Path, memory: Path) -> Iterator[Path]:
    """Return the files in a folder that are no notes, without hidden ones and the memory."""
    for file in folder.rglob("*"):
        is_hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if file.is_file() and not (is_notes(file) or is_hidden or file.name == memory.name):
            yield file


def _read(known: ConversationMemory, new: Sequence[Turn], path: Path) -> None:
    """Remember new turns, and save every minute and at the end."""
    if known.semantic:
        where = "in another --memory " if len(known) else ""
        need_encoder(f"remember {where}with --read words")
    saved = time.monotonic()
    n_before = len(known)
    try:
        with tqdm(total=len(new), unit="turn", file=sys.stderr, disable=None, leave=False) as bar:
            for start in range(0, len(new), AT_ONCE):
                bar.update(known.remember(new[start : start + AT_ONCE]))
                if time.monotonic() - saved > SAVE_EVERY_S:
                    save_memory(known, path)
                    saved = time.monotonic()
    except KeyboardInterrupt:
        save_memory(known, path)
        n = len(known) - n_before
        typer.echo(f"stopped: {n} of {len(new)} turns are saved; run it again for more", err=True)
        raise
    save_memory(known, path)


def _summary(known: ConversationMemory, n_new: int, n_told: int, path: Path) -> str:
    turns = known.turns
    dates = sorted(turn.date[:10] for turn in turns if turn.date)
    span = f", {dates[0]} to {dates[-1]}" if dates else ""
    added, held = (_count(n, "turn", "turns") for n in (n_new, len(turns)))
    sessions = _count(len({turn.session for turn in turns}), "session", "sessions")
    return (
        f"{added} added, {n_told - n_new} already known; {path} holds {held} in {sessions}{span} "
        f"(--read {way_of(known)}); ask: hsokv recall 'a question'"
        f"{memory_option(path)}"
    )


def _count(n: int, one: str, more: str) -> str:
    return f"{n} {one if n == 1 else more}"
