"""The file of a memory of chats and notes: opened, locked, saved, and what is told of it."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from hsokv.boundary.files import locked
from hsokv.memory.conversation import ConversationMemory
from hsokv.models.sentence import load_encoder

DEFAULT = Path("remembered.safetensors")
WAYS = {"meaning": True, "words": False}  # of reading: whether the sentence encoder reads, too
Memory = Annotated[
    Path, typer.Option("--memory", "-m", envvar="HSOKV_MEMORY", help="file of the memory")
]


def open_memory(path: Path, read: str) -> ConversationMemory:
    """Return the memory of a file, or a new one where there is none."""
    if not path.exists():
        return ConversationMemory(semantic=WAYS[read or "meaning"])
    known = load_memory(path)
    if read and WAYS[read] != known.semantic:
        own = way_of(known)
        raise ValueError(
            f"{path} was made with --read {own}: expected that or none; remember in another "
            f"--memory for --read {read}"
        )
    return known


def load_memory(path: Path) -> ConversationMemory:
    """Return the memory of a file.

    Raises:
        OSError, ValueError: it cannot be read, or is no memory.
    """
    if path.is_dir():
        raise ValueError(f"{path} is a folder: expected a file; name one, such as {path / DEFAULT}")
    try:
        return ConversationMemory.load(path)
    except ValueError as error:
        raise ValueError(f"{error}, or move it away and remember your files again") from error


@contextlib.contextmanager
def lock_memory(path: Path) -> Iterator[None]:
    """Keep others from writing a memory; whoever waits says so."""

    def tell() -> None:
        typer.echo(f"waiting for another process that writes {path}", err=True)

    with contextlib.ExitStack() as stack:
        with _told_of(path):
            stack.enter_context(locked(path, tell))
        yield


def save_memory(known: ConversationMemory, path: Path) -> None:
    """Write a memory to its file.

    Raises:
        OSError: the file cannot be written; what it held is still there.
    """
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


def need_encoder(instead: str) -> None:
    """Load the encoder, or say how to get it and what to do instead.

    Raises:
        ModuleNotFoundError, OSError: it is not here.
    """
    try:
        load_encoder()
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "meaning is read by a sentence encoder, which needs the package sentence-transformers: "
            f"run pip install 'hsokv[semantic]', or {instead}"
        ) from error
    except OSError as error:
        raise OSError(f"{error}; or {instead}") from error


def memory_option(path: Path) -> str:
    """Return the option that names a memory, as it would be typed."""
    return "" if path == DEFAULT else f" --memory {shlex.quote(str(path))}"


def way_of(known: ConversationMemory) -> str:
    """Return how a memory reads, as `--read` names it."""
    return next(name for name, semantic in WAYS.items() if semantic == known.semantic)
