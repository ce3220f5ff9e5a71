"""The experiments there are: every folder beside this file whose face holds an `Experiment`."""

from __future__ import annotations

from functools import cache
from importlib import import_module, resources
from pkgutil import iter_modules

from hsokv.runs.experiment import Experiment

ROOM = __name__.rpartition(".")[0]


@cache
def list_experiments() -> dict[str, Experiment]:
    """Return the experiments by name, in the order of their notebooks."""
    folders = [module.name for module in iter_modules(import_module(ROOM).__path__) if module.ispkg]
    found = [import_module(f"{ROOM}.{folder}").EXPERIMENT for folder in folders]
    return {e.name: e for e in sorted(found, key=lambda e: e.notebook)}


def read_findings(name: str) -> bytes:
    """Return the bytes of an experiment's `findings.yaml`, none where it has none."""
    path = resources.files(f"{ROOM}.{name}") / "findings.yaml"
    return path.read_bytes() if path.is_file() else b""
