"""Files that are replaced whole or not at all, and a lock that keeps writers apart.

The new content goes to a hidden `.partial` file in the same folder, is flushed to the disk, and
takes the old one's place in one step: whoever reads, or comes after a crash, finds the old content
or the new. Every disk operation stands in this file, so that tests can let each of them fail.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path


def replace_file(path: str | os.PathLike, content: bytes) -> None:
    """Give a file new content in one step; its permissions stay.

    A symbolic link is followed: the file it points to is replaced and the link stays.

    Raises:
        OSError: the file cannot be written; it is as it was.
    """
    target = Path(os.path.realpath(path))
    partial = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}.partial")
    try:
        file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            if target.exists():
                os.fchmod(file, target.stat().st_mode & 0o7777)
            view = memoryview(content)
            while view:
                view = view[os.write(file, view) :]
            os.fsync(file)
        finally:
            os.close(file)
        os.replace(partial, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(partial)
        if isinstance(error, OSError):  # name the file that was to be replaced, not the hidden one
            error.filename, error.filename2 = str(path), None
        raise
    sync_folder(target.parent)


def discard_file(path: str | os.PathLike) -> None:
    """Remove a file that nothing needs any more; one that cannot be removed stays."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk, where the system can."""
    with contextlib.suppress(OSError):  # some network disks refuse
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def locked(path: str | os.PathLike, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock of a file or folder, `.<name>.lock` beside it; a dying process releases it.

    Args:
        path: of what is locked.
        on_wait: called once if another holds it, before this one waits.

    Raises:
        OSError: the folder cannot be written.
    """
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(target.with_name(f".{target.name}.lock"), os.O_WRONLY | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
