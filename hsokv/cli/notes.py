"""Remember chats and notes of one's own in a file, and recall the turns that answer a question."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from tqdm import tqdm

from hsokv.boundary.checks import check_keys
from hsokv.boundary.files import locked
from hsokv.boundary.text import plain
from hsokv.data.chats import Turn, is_notes, read_chat
from hsokv.memory.conversation import ConversationMemory
from hsokv.models.sentence import load_encoder

DEFAULT = Path("remembered.safetensors")
WAYS = {"meaning": True, "words": False}  # of reading: whether the sentence encoder reads, too
AT_ONCE = 256  # turns that are read between two looks at the clock
SAVE_EVERY_S = 60  # of reading, which is what a kill can cost
KINDS = 5  # of files that were not read, named at most
LONG = 180  # words, of more than which the encoder may not read the end
Memory = Annotated[
    Path, typer.Option("--memory", "-m", envvar="HSOKV_MEMORY", help="file of the memory")
]


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
    with _lock(memory):
        known = _open(memory, read)
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


def recall(
    question: Annotated[list[str], typer.Argument(help="what you want to know")],
    best: Annotated[int, typer.Option("-k", "--best", help="answers to name", min=1)] = 5,
    context: Annotated[
        int, typer.Option("-C", "--context", help="turns to show before and after each", min=0)
    ] = 0,
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
    if not memory.exists():
        raise ValueError(
            f"{memory} is missing: expected a file that 'hsokv remember' made; run hsokv remember "
            f"chat.json{_option(memory)}, or name another --memory"
        )
    known = _load(memory)
    asked = " ".join(question).encode("utf-8", "replace").decode("utf-8")  # whatever bytes came
    if known.semantic and asked.strip() and len(known):
        _need_encoder("remember your files in another --memory with --read words")
    if sessions:
        found = [each._asdict() for each in known.sessions(asked, best)]
    else:
        found = _with_neighbours(known, asked, best, context)
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    else:
        groups = ["\n".join(_lines(each)) for each in found]
        typer.echo(("\n--\n" if context and not sessions else "\n").join(groups))


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


def _open(path: Path, read: str) -> ConversationMemory:
    """Return the memory of a file, or a new one where there is none."""
    if not path.exists():
        return ConversationMemory(semantic=WAYS[read or "meaning"])
    known = _load(path)
    if read and WAYS[read] != known.semantic:
        own = _way(known)
        raise ValueError(
            f"{path} was made with --read {own}: expected that or none; remember in another "
            f"--memory for --read {read}"
        )
    return known


def _load(path: Path) -> ConversationMemory:
    if path.is_dir():
        raise ValueError(f"{path} is a folder: expected a file; name one, such as {path / DEFAULT}")
    try:
        return ConversationMemory.load(path)
    except ValueError as error:
        raise ValueError(f"{error}, or move it away and remember your files again") from error


def _read(known: ConversationMemory, new: Sequence[Turn], path: Path) -> None:
    """Remember new turns, and save every minute and at the end."""
    if known.semantic:
        where = "in another --memory " if len(known) else ""
        _need_encoder(f"remember {where}with --read words")
    saved = time.monotonic()
    with tqdm(total=len(new), unit="turn", file=sys.stderr, disable=None, leave=False) as bar:
        for start in range(0, len(new), AT_ONCE):
            bar.update(known.remember(new[start : start + AT_ONCE]))
            if time.monotonic() - saved > SAVE_EVERY_S:
                _save(known, path)
                saved = time.monotonic()
    _save(known, path)


def _need_encoder(instead: str) -> None:
    try:
        load_encoder()
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "meaning is read by a sentence encoder, which needs the package sentence-transformers: "
            f"run pip install 'hsokv[semantic]', or {instead}"
        ) from error
    except OSError as error:
        raise OSError(f"{error}; or {instead}") from error


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Keep others from writing a memory; whoever waits says so."""

    def tell() -> None:
        typer.echo(f"waiting for another process that writes {path}", err=True)

    with contextlib.ExitStack() as stack:
        with _told_of(path):
            stack.enter_context(locked(path, tell))
        yield


def _save(known: ConversationMemory, path: Path) -> None:
    with _told_of(path):
        known.save(path)


@contextlib.contextmanager
def _told_of(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OSError(
            error.errno,
            f"{path} cannot be written ({error.strerror}): expected a place that can, with room; "
            "what it held is still there; name another --memory or make room, and run it again",
        ) from error


def _summary(known: ConversationMemory, n_new: int, n_told: int, path: Path) -> str:
    turns = known.turns
    dates = sorted(turn.date[:10] for turn in turns if turn.date)
    span = f", {dates[0]} to {dates[-1]}" if dates else ""
    added, held = (_count(n, "turn", "turns") for n in (n_new, len(turns)))
    sessions = _count(len({turn.session for turn in turns}), "session", "sessions")
    return (
        f"{added} added, {n_told - n_new} already known; {path} holds {held} in {sessions}{span} "
        f"(--read {_way(known)}); ask: hsokv recall 'a question'"
        f"{_option(path)}"
    )


def _count(n: int, one: str, more: str) -> str:
    return f"{n} {one if n == 1 else more}"


def _option(path: Path) -> str:
    return "" if path == DEFAULT else f" --memory {shlex.quote(str(path))}"


def _way(known: ConversationMemory) -> str:
    return next(name for name, semantic in WAYS.items() if semantic == known.semantic)


def _with_neighbours(
    known: ConversationMemory, question: str, best: int, context: int
) -> list[dict[str, Any]]:
    """Return the best turns as entries of JSON; with context those around them, too."""
    found, turns = known.recall(question, best), known.turns
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
