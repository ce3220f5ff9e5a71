"""The shape of the package: rooms in one order, imports only to the left, files short."""

import ast
import re
from pathlib import Path

import pytest

from tools.api_pages import ORDER
from tools.paths import ROOT

PACKAGE = ROOT / "hsokv"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 300


def name_of(path: Path) -> str:
    """Dotted name of a module, e.g. 'memory.read'; a room's face has the room's name."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


NAMES = {name_of(path): path for path in MODULES}


def imports_of(path: Path) -> set[str]:
    """Dotted names of the modules of hsokv that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute"
            deeper = {f"{node.module}.{alias.name}" for alias in node.names}
            named = {name for name in deeper if name.removeprefix("hsokv.") in NAMES}
            found |= named or {node.module}
    inside = {name.removeprefix("hsokv.") for name in found if name.startswith("hsokv.")}
    return {name if name in NAMES else name.rpartition(".")[0] for name in inside}


def room_of(name: str) -> str:
    return name.partition(".")[0]


@pytest.mark.parametrize("name", [n for n in NAMES if n != "__init__"])
def test_imports_point_to_the_left(name):
    """No module imports from a room to its right, and every room has its place in the order."""
    own = ORDER.index(room_of(name))
    right = {other for other in imports_of(NAMES[name]) if ORDER.index(room_of(other)) > own}
    assert not right, f"{name} imports {right} from rooms to its right"


@pytest.mark.parametrize("name", [n for n in NAMES if NAMES[n].name != "__init__.py"])
def test_files_are_imported_not_faces(name):
    """Inside the package a name comes from the file that defines it, so that arrows are files'."""
    faces = {other for other in imports_of(NAMES[name]) if NAMES[other].name == "__init__.py"}
    assert not faces, f"{name} imports the faces {faces}: import their files"


def test_experiments_do_not_know_one_another():
    """An experiment imports its own folder and what stands beside the folders, no other folder."""
    folders = {path.parent.name for path in PACKAGE.glob("experiments/*/trials.py")}
    assert folders
    for name, path in NAMES.items():
        own = name.split(".")[1] if name.startswith("experiments.") else None
        if own not in folders:
            continue
        others = {n.split(".")[1] for n in imports_of(path) if n.startswith("experiments.")}
        assert not (others & folders) - {own}, f"{name} imports {others - {own}}"


def test_contributing_shows_the_rooms_in_their_order():
    """The table of the house names every room once, in the order of imports."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf8").partition("| room |")[2]
    named = re.findall(r"`(\w+)(?:\.py|/)`", text.partition("\n\n")[0])
    assert named == list(ORDER)


def test_no_circles():
    """Imports form no circle, inside a room neither."""
    graph = {name: imports_of(path) - {name} for name, path in NAMES.items()}
    while graph:
        free = {name for name, needs in graph.items() if not needs & set(graph)}
        assert free, f"a circle among {sorted(graph)}"
        graph = {name: needs for name, needs in graph.items() if name not in free}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_is_short_and_explained(path):
    """Modules stay within 300 lines and begin with what they are."""
    text = path.read_text("utf8")
    assert text.count("\n") <= LONGEST, f"{path.name} has {text.count(chr(10))} lines: split it"
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_does_not_print(path):
    """The package returns values; only its command lines may write, with sys.stdout.write."""
    calls = [n for n in ast.walk(ast.parse(path.read_text("utf8"))) if isinstance(n, ast.Call)]
    assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_never_unpickles(path):
    """Files that people exchange are safetensors and JSON: reading one runs no code of theirs."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute):
            found.add(ast.unparse(node))
    unsafe = {"pickle", "dill", "cloudpickle", "joblib.load", "torch.load", "torch.save"}
    assert not found & unsafe


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_package_does_not_import_the_tools(path):
    """papermill, sphinx and the tools stay out of what a user installs."""
    tree = ast.parse(path.read_text("utf8"))
    names = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    names |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    heads = {name.split(".")[0] for name in names}
    assert not heads & {"tools", "papermill", "sphinx", "jupyter_book", "myst_nb"}


def test_runs_know_nothing_of_text():
    """The engine, the store and the audit serve images and search too."""
    text_rooms = {"data", "validity", "models", "memory", "training", "flows"}
    for name, path in NAMES.items():
        if room_of(name) == "runs":
            assert not {room_of(other) for other in imports_of(path)} & text_rooms, name


@pytest.mark.parametrize("path", sorted((ROOT / "tools").glob("*.py")), ids=lambda p: p.stem)
def test_tool_is_short_and_explained(path):
    """Tools are held to the same length."""
    text = path.read_text("utf8")
    assert text.count("\n") <= LONGEST
    assert ast.get_docstring(ast.parse(text))
