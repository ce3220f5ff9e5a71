"""What is said under a figure is taken from the notebook that made it."""

import json

import matplotlib

matplotlib.use("Agg")

import pandas as pd

from hsokv import plots
from hsokv.plots import screens
from tools.figure_notes import NARROW, NOTES, note_drawn, take_notes
from tools.paths import ROOT

SOURCE = ROOT / "notebooks" / "03_the_issues.ipynb"


def make_figure():
    table = pd.DataFrame({"label": ["a"], "point": [0.1], "low": [0.05], "high": [0.2]})
    return plots.plot_paired_differences(table)[0]


def make_cell(name):
    shown = {"image/png": "…"} | screens.bundle(make_figure())
    metadata = {"mystnb": {"figure": {"name": name}}} if name else {}
    return {"metadata": metadata, "outputs": [{"data": shown}, {"text": "beside"}]}


def test_narrow_version_moves_out_of_the_notebook(tmp_path):
    """The page's copy keeps the wide picture; the note names rows and notebook."""
    cell = make_cell("fig-a")
    take_notes(tmp_path, cell, SOURCE)
    assert list(cell["outputs"][0]["data"]) == ["image/png"]
    note = json.loads((tmp_path / NOTES / "fig-a.json").read_text())
    assert list(note["rows"]) == ["issues.csv"] and note["notebook"] == "03_the_issues"
    assert note["finding"] == make_figure().finding
    assert (tmp_path / NARROW / "fig-a.png").read_bytes().startswith(b"\x89PNG")


def test_picture_that_is_no_figure_has_no_note(tmp_path):
    """Without a name nothing refers to it; its narrow version is dropped all the same."""
    cell = make_cell("")
    take_notes(tmp_path, cell, SOURCE)
    assert list(cell["outputs"][0]["data"]) == ["image/png"] and not list(tmp_path.iterdir())


def test_figure_of_a_file_is_named_after_it(tmp_path):
    """A page refers to the drawing issues/4_1 as fig-issues-4-1."""
    note_drawn(tmp_path, "issues/4_1", make_figure(), "03_the_issues")
    assert (tmp_path / NOTES / "fig-issues-4-1.json").is_file()
