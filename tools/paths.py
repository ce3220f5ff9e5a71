"""Where everything is: folders, notebooks, presets, and the repository's address.

The address stands in `_config.yml`; Colab links and the notebooks' set-up cells are derived from it
here, `tools/address.py` sets the copies, and tests compare them.
"""

import os
from pathlib import Path

from hsokv.boundary.yaml_file import read_yaml

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
PARAMS = ROOT / "params"
SWEEPS = PARAMS / "sweeps"
BOOK = ROOT / "book"
CONFIG = ROOT / "_config.yml"
TOC = ROOT / "_toc.yml"
LOCK = ROOT / "requirements.lock"
BUILD = ROOT / "_build"

PRESETS = ("quick_test", "demo", "research")
BADGE_IMAGE = "https://colab.research.google.com/assets/colab-badge.svg"

_SETUP_CELL = """try:
    import hsokv  # noqa: F401
except ModuleNotFoundError:
    %pip install -q "hsokv @ git+{url}@{branch}\""""


def results_dir(preset: str = "research") -> Path:
    """Return the folder of a preset's result rows.

    Only research rows are committed, in `results/`; other presets keep theirs under `_build`.
    HSOKV_RESULTS, where it is set, overrides both.
    """
    own = ROOT / "results" if preset == "research" else BUILD / preset / "results"
    return Path(os.environ.get("HSOKV_RESULTS") or own).resolve()


def list_notebooks() -> list[Path]:
    """Return the notebook sources in the order of their numbers."""
    return sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))


def executed_path(out: Path, name: str) -> Path:
    """Return where the executed copy of notebook `name` is kept under `out`."""
    return out / "executed" / f"{name}.ipynb"


def record_path(out: Path, name: str) -> Path:
    """Return where the record of the run of notebook `name` is kept under `out`."""
    return out / "executed" / f"{name}.json"


def repository() -> tuple[str, str]:
    """Return the repository's address and branch, as written in `_config.yml`."""
    try:
        config = read_yaml(CONFIG)["repository"]
        return config["url"], config["branch"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{CONFIG}: no repository with url and branch; add it") from error


def pages_url() -> str:
    """Return the address at which GitHub Pages shows the book of this repository."""
    owner, name = repository()[0].rstrip("/").split("/")[-2:]
    return f"https://{owner.lower()}.github.io/{name}/"


def read_toc() -> dict:
    """Return the table of contents: its root, and its parts with their chapters.

    Raises:
        ValueError: it has another form.
    """
    toc = read_yaml(TOC)
    try:
        named = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{TOC}: expected a root, and parts whose chapters have a file each ({error!r}); "
            "correct it"
        ) from error
    if not all(isinstance(name, str) for name in named):
        raise ValueError(f"{TOC}: the names of the pages are not all texts; put them in quotes")
    return toc


def colab_url(path: str) -> str:
    """Return the address that opens `path` (relative to the repository) in Colab."""
    url, branch = repository()
    return url.replace("github.com", "colab.research.google.com/github") + f"/blob/{branch}/{path}"


def badge(path: str) -> str:
    """Return the Markdown of the Colab badge that opens `path`."""
    return f"[![Open in Colab]({BADGE_IMAGE})]({colab_url(path)})"


def setup_cell() -> str:
    """Return the source of the set-up cell, the same in every notebook."""
    url, branch = repository()
    return _SETUP_CELL.format(url=url, branch=branch)
