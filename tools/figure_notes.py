"""What the book says under a figure, and its version for a phone: one JSON and one PNG per figure.

They lie beside the staged pages, by the figure's name; `book/_ext/figure_notes.py` reads them.
"""

import base64
import json
from functools import cache
from pathlib import Path

from matplotlib.figure import Figure

from hsokv.plots import screens
from tools.cpu_time import hours, read_costs, tell_hours
from tools.fingerprint import list_results
from tools.paths import ROOT

NOTES = "figures"  # folder in the staged tree
NARROW = "_static/narrow"
MANY = 3  # files of rows that are named one by one


@cache
def tell_rows(notebook: Path) -> dict[str, str]:
    """Return the files of rows that a notebook reads, with their cost; '' where it is not known."""
    table = read_costs()
    known = {file: hours(Path(file).stem, table) for file in sorted(list_results(notebook))}
    return {file: "" if cost is None else tell_hours(cost) for file, cost in known.items()}


def write_note(stage: Path, name: str, shown: dict[str, str], notebook: Path) -> None:
    """Write what is said of a figure.

    Args:
        stage: the staged tree.
        name: of the figure, as pages refer to it.
        shown: what `screens.bundle` holds.
        notebook: the source that computes its rows.
    """
    rows = tell_rows(notebook)
    note = {"finding": shown["finding"], "rows": rows, "notebook": notebook.stem}
    for folder in (NOTES, NARROW):
        (stage / folder).mkdir(parents=True, exist_ok=True)
    (stage / NARROW / f"{name}.png").write_bytes(base64.b64decode(shown["narrow"]))
    (stage / NOTES / f"{name}.json").write_text(json.dumps(note, indent=1) + "\n", "utf8")


def take_notes(stage: Path, cell: dict, notebook: Path) -> None:
    """Take the narrow version of a cell's figure out of its outputs, and write what is said of it.

    Args:
        stage: the staged tree.
        cell: a code cell of an executed notebook, which is changed.
        notebook: its source.
    """
    for output in cell["outputs"]:
        shown = output.get("data", {}).pop(screens.MIME, None)
        named = cell["metadata"].get("mystnb", {}).get("figure")
        if shown and named:
            write_note(stage, named["name"], shown, notebook)


def note_drawn(stage: Path, name: str, figure: Figure, notebook: str) -> None:
    """Write what is said of a figure that a page shows as a file.

    Args:
        stage: the staged tree.
        name: path of the file in the book, without its ending.
        figure: the wide figure.
        notebook: name of the notebook that computes its rows.
    """
    key = "fig-" + name.replace("/", "-").replace("_", "-")
    source = ROOT / "notebooks" / f"{notebook}.ipynb"
    write_note(stage, key, screens.bundle(figure)[screens.MIME], source)
