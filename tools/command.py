"""What every command has in common: an error ends it with one line, which a terminal only shows."""

import errno
import functools
import shutil
import sys
from collections.abc import Callable

from hsokv.boundary.text import terminal_text

REMEDIES = {
    errno.EACCES: "give yourself the right to it, or choose another folder",
    errno.EPERM: "give yourself the right to it, or choose another folder",
    errno.EROFS: "choose a folder that can be written (--out, HSOKV_RESULTS)",
    errno.ENOSPC: "free some space on that disk, then run again",
    errno.EDQUOT: "free some of your quota, then run again",
    errno.EISDIR: "a file is expected there: move the folder away",
    errno.ENOTDIR: "a folder is expected there: move the file away",
    errno.EEXIST: "something else is expected there: move it away",
    errno.ENOENT: "put it there, or correct the path",
    errno.ELOOP: "remove the link",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
}


def explain(error: Exception) -> str:
    """Return an error as text; one of the operating system with its path and a remedy."""
    if isinstance(error, shutil.Error):  # a list of what could not be copied
        *_, source, _, why = error.args[0][0] if error.args else ("", "", "", "")
        return f"{source}: {why}; see that it can be read and there is space for a copy"
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    paths = [str(path) for path in (error.filename, error.filename2) if path is not None]
    where = " to ".join(paths) or "a file of this run"
    remedy = REMEDIES.get(error.errno, "see that it can be read and written, then run again")
    return f"{where}: {error.strerror}; {remedy}"


def report(kind: str, message: object) -> None:
    """Write a line `error: ...` or `note: ...` to stderr."""
    sys.stderr.write(f"{kind}: {terminal_text(message)}\n")
    sys.stderr.flush()


def command(main: Callable[..., int]) -> Callable[..., int]:
    """Let a command's `main` end with one line and exit code 1 where it meets an error.

    Errors of the operating system get their path and a remedy; the project's own messages,
    `ValueError` and `RuntimeError`, have both. Anything else is a mistake in the code and stays a
    traceback.
    """

    @functools.wraps(main)
    def run(argv: list[str] | None = None) -> int:
        try:
            return main(argv)
        except BrokenPipeError:  # the reader of our output has gone, e.g. `head`
            sys.stderr.close()
            return 1
        except (OSError, ValueError, RuntimeError) as error:
            report("error", explain(error))
            return 1

    return run
