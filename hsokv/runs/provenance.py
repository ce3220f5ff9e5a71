"""Where a number comes from: code version, configuration hash, machine, and the notebook footer."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import joblib
import numpy as np

import hsokv
from hsokv.boundary.text import markdown_code, markdown_text, table_cell

PACKAGE = "hsokv"
ROOT = Path(hsokv.__file__).resolve().parents[1]  # the checkout, or where the package is installed


def code_version(root: str | os.PathLike | None = None) -> str:
    """Return the short git commit, with `+dirty` if the package has uncommitted changes.

    Outside a git checkout of the project this is the package version.

    Args:
        root: the directory that holds the package; by default the one it was imported from.
    """
    root = ROOT if root is None else Path(root)
    top = _git(root, "rev-parse", "--show-toplevel")
    commit = _git(root, "rev-parse", "--short=9", "HEAD")
    if commit and top and Path(top).resolve() == root.resolve():
        return commit + ("+dirty" if _git(root, "status", "--porcelain", "--", PACKAGE) else "")
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def config_hash(mapping: Mapping[str, Any]) -> str:
    """Return 12 hexadecimal digits that name a configuration.

    Key order does not matter, lists equal tuples, and 1 differs from 1.0.

    Raises:
        TypeError: a value is not a plain one (number, text, bool, None, list, mapping, dataclass).
    """
    return hashlib.sha256(canonical_json(mapping).encode()).hexdigest()[:12]


def canonical_json(mapping: Mapping[str, Any]) -> str:
    """Return a mapping as JSON with sorted names and no spaces: equal mappings, equal text.

    Raises:
        TypeError: see `config_hash`.
    """
    return json.dumps(dict(mapping), sort_keys=True, separators=(",", ":"), default=_plain)


def environment() -> dict[str, str]:
    """Return versions and hardware as text: python, torch, numpy, platform, cpu, cores, gpu."""
    import torch

    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu_name(),
        "cores": str(joblib.cpu_count()),
        "gpu": torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none",
    }


def footer(
    parameters: Mapping[str, Any],
    seeds: int | Iterable[int],
    *,
    run_s: float,
    rows_read: int,
    rows_computed: int,
    device: str = "cpu",
    root: str | os.PathLike | None = None,
) -> str:
    """Return the provenance table of a notebook's last cell, in Markdown.

    Args:
        parameters: the notebook's parameters.
        seeds: the seed or seeds that were run.
        run_s: wall time of the notebook, in seconds.
        rows_read: result rows taken from the committed file.
        rows_computed: result rows computed in this run.
        device: what the numbers were computed on, committed rows included: the CPU or a GPU.
        root: see `code_version`.
    """
    machine = environment()
    listed = [seeds] if isinstance(seeds, int) else sorted(seeds)
    is_range = len(listed) > 2 and listed == list(range(listed[0], listed[-1] + 1))
    entries = {
        "Code": markdown_code(code_version(root)),
        "Parameters": ", ".join(markdown_code(f"{k}={v!r}") for k, v in parameters.items()),
        "Seeds": f"{listed[0]} to {listed[-1]}" if is_range else ", ".join(map(str, listed)),
        "Hardware": markdown_text(
            f"{machine['cpu']}, {machine['cores']} cores, GPU: {machine['gpu']}"
        ),
        "Device": markdown_text(device.upper()),
        "Software": markdown_text(
            f"Python {machine['python']}, PyTorch {machine['torch']}, "
            f"NumPy {machine['numpy']}, {machine['platform']}"
        ),
        "Run time": f"{run_s:.1f} s",
        "Rows": f"{rows_read} read, {rows_computed} computed",
    }
    lines = [f"| {name} | {table_cell(text)} |" for name, text in entries.items()]
    return "\n".join(["| Provenance | |", "| --- | --- |", *lines])


def _plain(value: Any) -> Any:
    """Return what JSON can write of a NumPy scalar or a dataclass."""
    if isinstance(value, np.generic):
        return value.item()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(
        f"{value!r} ({type(value).__name__}) cannot be part of a configuration: "
        "need a number, text, bool, None, list or mapping"
    )


def _git(root: Path, *arguments: str) -> str:
    """Return the output of a git command, or '' when it fails."""
    keep = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            env={**keep, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
