"""Executed copies and the records of their runs: what is kept under `executed/`, and is it whole?

A record holds the hash of its copy, so that a copy that was cut or edited is noticed. Both are
made again by `make book`; what is damaged is named and never stops a build.
"""

import hashlib
import json
import math
import shutil
from pathlib import Path
from typing import NamedTuple

import nbformat

from hsokv.boundary.files import replace_file
from tools.paths import PRESETS, executed_path, record_path

FACTS = {
    "notebook": str,
    "preset": str,
    "parameters": dict,
    "commit": str,
    "machine": str,
    "started": str,
    "inputs": str,
    "seconds": (int, float),
    "results": str,
    "copy": str,
}


class Run(NamedTuple):
    """What is left of a notebook's last run.

    Attributes:
        record: its facts, `None` where it was not run or something is damaged.
        damage: the damaged file and what is wrong with it, '' where nothing is.
    """

    record: dict | None
    damage: str = ""


def hash_copy(path: Path) -> str:
    """Return the hash of an executed copy.

    Raises:
        ValueError, OSError: see `read_file`.
    """
    return hashlib.sha256(read_file(path)).hexdigest()[:16]


def write_record(out: Path, name: str, facts: dict) -> None:
    """Write the record of a run whose copy is in place, with the hash of that copy."""
    facts = facts | {"copy": hash_copy(executed_path(out, name))}
    content = json.dumps(facts, indent=1, default=str) + "\n"
    replace_file(record_path(out, name), content.encode("utf8"))


def read_run(out: Path, name: str) -> Run:
    """Return the record of a notebook's last run, or what is damaged of it."""
    record, copy = record_path(out, name), executed_path(out, name)
    if not exists(record):  # an interrupted run leaves none
        return Run(None)
    try:
        facts = _check_facts(json.loads(read_file(record).decode("utf8")))
    except (OSError, ValueError, RecursionError) as error:
        return Run(None, f"{record} is damaged ({_reason(error)})")
    try:
        if hash_copy(copy) != facts["copy"]:
            raise ValueError("it is not as the run left it")
    except (OSError, ValueError) as error:
        return Run(None, f"{copy} is damaged ({_reason(error)})")
    return Run(facts)


def _check_facts(facts: object) -> dict:
    if not isinstance(facts, dict):
        raise ValueError(f"expected an object, got a {type(facts).__name__}")
    for name, kind in FACTS.items():
        if not isinstance(facts.get(name), kind) or isinstance(facts[name], bool):
            raise ValueError(f"{name} is missing or of another type")
    if facts["preset"] not in PRESETS or not math.isfinite(facts["seconds"]):
        raise ValueError("its preset or its seconds are none")
    return facts


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Return a notebook file.

    Raises:
        ValueError: it is damaged; the message says how, without the path.
        OSError: it cannot be read.
    """
    try:
        notebook = nbformat.reads(read_file(path).decode("utf8"), as_version=4)
        nbformat.validate(notebook)
        if not isinstance(notebook.metadata.get("papermill", {}), dict):
            raise ValueError("its metadata are not papermill's")
    except UnicodeDecodeError as error:
        raise ValueError(_reason(error)) from error
    except (
        ValueError,
        nbformat.ValidationError,
        LookupError,
        AttributeError,
        TypeError,
        RecursionError,
    ) as error:  # nbformat raises them all on content of another form
        raise ValueError("it is not a notebook, or a part of one") from error
    return notebook


def read_file(path: Path) -> bytes:
    """Return what a regular file holds.

    Raises:
        ValueError: something else is in its place.
        OSError: it cannot be read.
    """
    if path.is_dir():
        raise ValueError("it is a folder")
    if not path.is_file():
        raise ValueError("it is a link to nothing" if path.is_symlink() else "there is no file")
    content = path.read_bytes()
    if not content:
        raise ValueError("it is empty")
    return content


def exists(path: Path) -> bool:
    """Return whether anything has this name, be it a link to nothing."""
    return path.exists() or path.is_symlink()


def discard(path: Path) -> None:
    """Remove a derived file, or whatever else has its name."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not text"
    if isinstance(error, json.JSONDecodeError):
        return "it is cut off or no JSON"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return error.strerror if isinstance(error, OSError) else str(error)
