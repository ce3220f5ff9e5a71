"""Notebook sources and parameter files keep the rules that papermill and Colab rely on."""

import ast
import json
import re

import pytest
import yaml

from tools.check_runs import find_problems
from tools.fingerprint import preset_parameters
from tools.paths import PARAMS, PRESETS, ROOT, SWEEPS, badge, list_notebooks, setup_cell
from tools.run import check_parameters, execute
from tools.sweep import list_combinations, read_sweep

NOTEBOOKS = list_notebooks()
LONGEST_CELL = 25
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def read_cells(path) -> list[dict]:
    return json.loads(path.read_text("utf8"))["cells"]


def code_cells(path) -> list[dict]:
    return [c for c in read_cells(path) if c["cell_type"] == "code"]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def tags(cell: dict) -> list[str]:
    return cell["metadata"].get("tags", [])


def parameters_cell(path) -> str:
    found = [source(c) for c in code_cells(path) if "parameters" in tags(c)]
    assert len(found) == 1, "one cell carries the tag `parameters`"
    return found[0]


def test_there_are_notebooks():
    """The three pages every version of the study has."""
    names = {p.stem for p in NOTEBOOKS}
    assert {"00_start_here", "01_rare_words", "90_summary"} <= names


@each_notebook
def test_source_is_stripped(path):
    """No output, no execution count, no personal metadata."""
    for cell in code_cells(path):
        assert not cell["outputs"] and cell["execution_count"] is None, source(cell)[:80]
    metadata = json.loads(path.read_text("utf8"))["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert set(metadata) <= {"kernelspec", "language_info"}


@each_notebook
def test_first_cell_has_title_and_own_colab_badge(path):
    """The badge opens this notebook, at the repository of _config.yml."""
    first = read_cells(path)[0]
    assert first["cell_type"] == "markdown"
    assert source(first).startswith("# ")
    assert badge(f"notebooks/{path.name}") in source(first)
    links = re.findall(r"colab\.research\.google\.com/github", path.read_text("utf8"))
    assert len(links) == 1


@each_notebook
def test_set_up_cell_is_the_same_everywhere(path):
    """The first code cell installs the package where it is missing, and is folded."""
    first = code_cells(path)[0]
    assert source(first) == setup_cell()
    assert "hide-cell" in tags(first)
    assert not [c for c in code_cells(path)[1:] if re.search(r"^\s*[%!]", source(c), re.M)]


@each_notebook
def test_parameters_are_commented_literals(path):
    """Derived values would not be recomputed by papermill; every parameter says what it is."""
    text = parameters_cell(path)
    for node in ast.parse(text).body:
        assert isinstance(node, ast.Assign) and len(node.targets) == 1, ast.unparse(node)
        ast.literal_eval(node.value)
        assert re.search(r"  # \S", text.splitlines()[node.end_lineno - 1]), ast.unparse(node)


@each_notebook
def test_code_cells_are_short(path):
    """Anything longer belongs into the package, and so do classes."""
    for cell in code_cells(path):
        text = source(cell)
        assert len(text.splitlines()) <= LONGEST_CELL, text[:200]
        assert not re.search(r"^class ", text, re.M), text[:200]


@each_notebook
def test_figures_have_name_caption_and_alternative_text(path):
    """A cell that is a figure can be numbered, read aloud and referred to."""
    names = []
    for cell in code_cells(path):
        settings = cell["metadata"].get("mystnb", {})
        if re.search(r"\bplots\.plot_|plt\.subplots", source(cell)):
            assert settings, f"a plot without mystnb metadata: {source(cell)[:80]}"
        if settings:
            assert settings["figure"]["caption"].strip()
            assert settings["image"]["alt"].strip()
            names.append(settings["figure"]["name"])
    assert len(names) == len(set(names))
    assert all(name.startswith("fig-") for name in names)


@pytest.mark.parametrize("preset", PRESETS)
@each_notebook
def test_preset_fits_the_notebook(path, preset):
    """Every key exists in the notebook and has its type; every value says what it is."""
    check_parameters(path, preset_parameters(preset, path.stem))
    text = (PARAMS / preset / f"{path.stem}.yml").read_text("utf8")
    lines = [x for x in text.splitlines() if x.strip() and not x.startswith("#")]
    assert not [x for x in lines if not re.search(r"\s# \S", x)], "values without a comment"


@each_notebook
def test_source_holds_the_smallest_preset(path):
    """Opened in Colab, a notebook runs as `quick_test` does: in about a minute."""
    assigned = ast.parse(parameters_cell(path)).body
    defaults = {node.targets[0].id: ast.literal_eval(node.value) for node in assigned}
    assert defaults == defaults | preset_parameters("quick_test", path.stem)


@pytest.mark.parametrize("preset", PRESETS)
def test_no_parameter_file_without_a_notebook(preset):
    """A renamed notebook takes its parameter files along."""
    files = {p.stem for p in (PARAMS / preset).glob("*")}
    assert files == {p.stem for p in NOTEBOOKS}


@pytest.mark.parametrize("path", sorted(SWEEPS.glob("*.yml")), ids=lambda p: p.stem)
def test_sweep_fits_its_notebook(path):
    """Every combination of a committed sweep is accepted by its notebook."""
    sweep = read_sweep(path.stem)
    notebook = next(p for p in NOTEBOOKS if p.stem == sweep["notebook"])
    base = preset_parameters(sweep["preset"], notebook.stem)
    for combination in list_combinations(sweep["grid"]):
        check_parameters(notebook, base | combination | {"backend": "ray"})


def test_rare_words_runs_with_few_flows(tmp_path, monkeypatch):
    """Asked for library baselines only, the page leaves out what compares other flows."""
    monkeypatch.setenv("HSOKV_RESULTS", str(tmp_path))
    notebook = next(p for p in NOTEBOOKS if p.stem == "01_rare_words")
    parameters = preset_parameters("quick_test", notebook.stem) | {"flows": ["bm25"], "n_jobs": 1}
    execute(notebook, parameters, tmp_path / "copy.ipynb")
    assert find_problems(tmp_path / "copy.ipynb") == []


def test_contents_list_every_notebook_once():
    """_toc.yml shows each notebook, in order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))
    files = [c["file"] for part in toc["parts"] for c in part["chapters"]]
    listed = [f.removeprefix("notebooks/") for f in files if f.startswith("notebooks/")]
    assert listed == [p.stem for p in NOTEBOOKS]
    assert len(files) == len(set(files))
