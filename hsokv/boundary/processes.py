"""Worker processes: they end with the process that started them and give freed memory back.

joblib's workers wait up to 300 s for a parent that is gone. And what a task frees stays with the C
library, so that a worker that trains after a task that needed less looks 300 MB larger than before:
joblib takes that for a leak and replaces the worker, with a warning.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from typing import Any

POLL_S = 0.5  # between two looks at the parent; Linux's signal at its death follows a thread of it


def worker_options() -> dict[str, Any]:
    """Return the keywords with which joblib starts workers that end with this process."""
    return {"initializer": _FOLLOW, "initargs": (os.getpid(),)}


def free_memory() -> None:
    """Give freed memory back to the system, in a worker of joblib and where the C library can."""
    if multiprocessing.current_process().name != "MainProcess":
        with contextlib.suppress(AttributeError, OSError):  # not the GNU library
            ctypes.CDLL(None).malloc_trim(0)


def _make_initializer() -> Callable[[int], None]:
    """Return what a worker does first. A function inside one travels as code, so that the worker
    follows its parent before it imports the package, which takes seconds.
    """

    def is_there(process: int) -> bool:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return True

    def watch(parent: int) -> None:
        is_child = os.getppid() == parent  # some backends start a worker through another process
        while os.getppid() == parent if is_child else is_there(parent):
            time.sleep(POLL_S)
        os._exit(1)

    def _follow(parent: int) -> None:
        if os.getpid() != parent:  # otherwise a thread
            threading.Thread(target=watch, args=(parent,), daemon=True).start()

    return _follow


_FOLLOW = _make_initializer()  # one object: joblib keeps its workers while their options are equal
