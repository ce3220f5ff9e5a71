"""Content hashes that tell whether something built is still up to date.

They cover what the content depends on, never dates: a fresh clone and an old checkout of the
same commit agree.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from hsokv.boundary.yaml_file import read_yaml
from tools.closure import import_closure, list_files, read_cells
from tools.paths import LOCK, PARAMS, ROOT, results_dir


def hash_text(*parts: str) -> str:
    """Return one hash of the texts, each kept apart from the next."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf8")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:16]


def hash_files(paths: Iterable[Path], root: Path) -> str:
    """Return one hash of the files and of all files in the folders: contents, names below `root`.

    Raises:
        ValueError: when a path is not below `root`.
    """
    files = {p for path in paths for p in (list_files(path) if path.is_dir() else [path])}
    digest = hashlib.sha256()
    for name, path in sorted((path.relative_to(root).as_posix(), path) for path in files):
        data = path.read_bytes()
        digest.update(f"{name} {len(data)} ".encode() + data)
    return digest.hexdigest()[:16]


def hash_cells(notebook: Path) -> str:
    """Return the hash of the cells of a notebook source: type, metadata, text."""
    return hash_text(
        *(json.dumps(list(cell.values()), sort_keys=True) for cell in read_cells(notebook))
    )


def preset_parameters(preset: str, name: str) -> dict:
    """Return the parameters that `params/<preset>/<name>.yml` sets; {} when it is empty."""
    path = PARAMS / preset / f"{name}.yml"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path.relative_to(ROOT)} is missing: every notebook has one file per preset "
            "(it may hold nothing but a comment)"
        )
    values = read_yaml(path) or {}
    if not isinstance(values, dict):
        raise ValueError(
            f"{path.relative_to(ROOT)}: expected lines `name: value`, got {values!r:.200}"
        )
    return values


def hash_inputs(notebook: Path, parameters: dict) -> str:
    """Return the hash of what a run of the notebook reads, its result rows apart.

    Of the package, that is what the notebook's imports reach: see `tools.closure`.
    """
    return hash_text(
        hash_cells(notebook),
        json.dumps(parameters, sort_keys=True, default=str),
        hash_files(import_closure(notebook, ROOT / "hsokv"), ROOT),
        LOCK.read_text("utf8"),
    )


def list_results(notebook: Path) -> set[str]:
    """Return the names of the result files that a notebook reads.

    These are the rows of the experiments that its imports reach: an experiment is a folder with a
    file `trials.py`, and its rows bear the folder's name.
    """
    closure = import_closure(notebook, ROOT / "hsokv")
    return {f"{path.parent.name}.csv" for path in closure if path.name == "trials.py"}


def hash_results(notebook: Path, preset: str) -> str:
    """Return the hash of the preset's result rows on disk that the notebook reads."""
    names, folder = list_results(notebook), results_dir(preset)
    return hash_files((p for p in folder.glob("*.csv") if p.name in names), folder)
