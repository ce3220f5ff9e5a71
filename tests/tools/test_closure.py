"""A notebook depends on what its imports reach in the package, and on nothing else of it."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools.closure import import_closure, list_files
from tools.paths import NOTEBOOKS, ROOT, list_notebooks
from tools.run import FIRST_READER, notebook_number

TREE = {
    "__init__.py": "from importlib.metadata import version\n\nfrom hsokv.flows import make\n",
    "seeds.py": "",
    "flows.py": "def make():\n    from hsokv.models.build import build\n",
    "models/__init__.py": "",
    "models/build.py": "from hsokv import seeds\n",
    "models/other.py": "",
    "memory/__init__.py": "from .key_value import Memory\n",
    "memory/key_value.py": "from .. import seeds\nfrom . import read as reading\n",
    "memory/read.py": "",
    "memory/forget.py": "",
    "data/lexicon.csv": "word\n",
    "experiments/__init__.py": "",
    "experiments/registry.py": "import pkgutil\n",
    "experiments/words/__init__.py": "",
    "experiments/words/trials.py": "from hsokv.experiments.words import tables\n",
    "experiments/words/tables.py": "",
    "experiments/words/findings.yaml": "",
    "experiments/images/__init__.py": "",
    "experiments/images/trials.py": "",
    "experiments/images/notes.txt": "",
}
ALWAYS = {"__init__", "seeds", "flows", "models/__init__", "models/build", "data/lexicon.csv"}
MEMORY = {"memory/__init__", "memory/key_value", "memory/read"}
WORDS = {"experiments/__init__", "experiments/words/__init__", "experiments/words/findings.yaml"}


@pytest.fixture
def closure(tmp_path):
    """A function from the code of a notebook's cells to the files that it reaches in `TREE`."""
    package = tmp_path / "hsokv"
    for name, text in TREE.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    (package / "__pycache__").mkdir()
    (package / "__pycache__/seeds.pyc").write_bytes(b"")

    def reach(*codes: str) -> set[str]:
        notebook = nbformat.v4.new_notebook()
        notebook.cells = [nbformat.v4.new_code_cell(code) for code in codes]
        notebook.cells.append(nbformat.v4.new_markdown_cell("import hsokv.models.other"))
        nbformat.write(notebook, tmp_path / "n.ipynb")
        found = import_closure(tmp_path / "n.ipynb", package)
        return {p.relative_to(package).as_posix().removesuffix(".py") for p in found}

    return reach


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import hsokv", ALWAYS),
        ("from hsokv import make", ALWAYS),
        ("import hsokv.memory.key_value", ALWAYS | MEMORY),
        ("from hsokv.memory import key_value", ALWAYS | MEMORY),
        ("from hsokv.memory.key_value import Memory", ALWAYS | MEMORY),
        ("from hsokv.memory import Memory", ALWAYS | MEMORY),
        ("from hsokv.memory.forget import f", ALWAYS | MEMORY | {"memory/forget"}),
        ("def later():\n    import hsokv.models.other", ALWAYS | {"models/other"}),
        (
            "from hsokv.experiments.words import trials",
            ALWAYS | WORDS | {"experiments/words/trials", "experiments/words/tables"},
        ),
        ("import torch, json", {"data/lexicon.csv"}),
    ],
)
def test_imports_are_followed(closure, code, expected):
    """Every way to write an import, through nested packages, their faces and functions."""
    assert closure(code) == expected


def test_cells_with_magics_are_read(closure):
    """Magic lines are not Python; the imports around them count."""
    setup = "try:\n    import hsokv\nexcept ModuleNotFoundError:\n    %pip install -q hsokv"
    timed = "%%time\nfrom hsokv.models import other"
    shell = "!ls\nfrom hsokv.memory import read"
    expected = ALWAYS | MEMORY | {"models/other"}
    assert closure("x = 1", setup, timed, shell) == expected


@pytest.mark.parametrize(
    "code",
    [
        "from hsokv.experiments import registry",
        "import importlib\nimportlib.import_module('hsokv.flows')",
        "from importlib import import_module",
        "__import__('hsokv')",
        "from hsokv.memory import *",
        "this is no Python",
    ],
)
def test_what_cannot_be_seen_is_the_whole_package(closure, code):
    """Imports by a computed name may reach anything, also in a module that is imported."""
    assert closure(code) == {name.removesuffix(".py") for name in TREE}


def test_no_notebook_below_90_depends_on_the_whole_package():
    """One dynamic import in a shared module would make every page stale at every edit."""
    package = ROOT / "hsokv"
    everything = set(list_files(package))
    for source in list_notebooks():
        if notebook_number(source) < FIRST_READER:
            assert import_closure(source, package) < everything, source.stem


def test_closure_holds_what_a_notebook_really_imports():
    """The modules that a notebook's imports load are all in its closure."""
    source = NOTEBOOKS / "04_attribution.ipynb"
    code = [c.source for c in nbformat.read(source, as_version=4).cells if c.cell_type == "code"]
    lines = [x for c in code for x in c.splitlines() if x.startswith(("import ", "from "))]
    lines += ["import sys", "names = [name for name in sys.modules if name.startswith('hsokv')]"]
    lines += ["print(*(sys.modules[name].__file__ for name in names), sep='\\n')"]
    command = [sys.executable, "-c", "\n".join(lines)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {Path(line) for line in done.stdout.splitlines()}
    assert len(loaded) > 10
    assert loaded <= import_closure(source, ROOT / "hsokv")
