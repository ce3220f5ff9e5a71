"""Faults at every disk operation of `boundary.files`: what a failed write or rename leaves.

`FaultyDisk(step)` stands in for the `os` module there and lets the operation with that number
fail or kill the process; `count_steps` says how many operations an action has.
"""

import os
from collections.abc import Callable, Iterator

from hsokv.boundary import files

OPERATIONS = ("open", "write", "fsync", "fchmod", "close", "replace", "rename", "unlink", "mkdir")


class FaultyDisk:
    """The `os` module, whose operation number `step` (from 0) fails.

    Attributes:
        seen: names of the operations so far.
    """

    def __init__(self, step: int | None = None, fault: Callable[[], None] | None = None):
        self.step, self.fault, self.seen = step, fault or _no_space, []

    def __getattr__(self, name):
        real = getattr(os, name)
        if name not in OPERATIONS:
            return real

        def operation(*args, **kwargs):
            self.seen.append(name)
            if len(self.seen) - 1 == self.step:
                if name == "write":  # half of it reaches the disk
                    real(args[0], bytes(args[1])[: len(args[1]) // 2])
                if name == "close":  # a file that cannot be closed is closed all the same
                    real(*args)
                self.fault()
            return real(*args, **kwargs)

        return operation


def _no_space() -> None:
    raise OSError(28, "No space left on device")


def die() -> None:
    """End the process at once, as signal 9 does: nothing is cleaned up."""
    os._exit(9)


def count_steps(action: Callable[[], object], monkeypatch) -> list[str]:
    """Return the names of the disk operations of an action, which is carried out."""
    disk = FaultyDisk()
    with monkeypatch.context() as patch:
        patch.setattr(files, "os", disk)
        action()
    return disk.seen


def fail_at_each_step(make: Callable[[], Callable[[], object]], monkeypatch) -> Iterator[str]:
    """Let every operation of an action fail in turn; yield its name after each failure.

    Args:
        make: sets the stage anew and returns the action.
        monkeypatch: pytest's.
    """
    steps = count_steps(make(), monkeypatch)
    for step, name in enumerate(steps):
        action = make()
        with monkeypatch.context() as patch:
            patch.setattr(files, "os", FaultyDisk(step))
            try:
                action()
            except OSError:
                pass
        yield name


def die_at_step(action: Callable[[], object], step: int) -> bool:
    """Carry out an action in a forked child that dies at one step; return whether it died."""
    child = os.fork()
    if child == 0:
        try:
            files.os = FaultyDisk(step, die)
            action()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
