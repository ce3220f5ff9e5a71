"""The shape of the package: small modules in layers that import only downwards."""

import ast
from pathlib import Path

import pytest

from tools.paths import ROOT

# A module may import from lower layers, and within its own as long as there is no circle.
LAYERS = [
    {"arithmetic", "checks", "config", "factorial", "provenance", "seeds"},
    {"lexicon", "metrics", "results", "stats", "stories", "tokenizer", "verdicts", "workers"}
    | {"experiment", "predecessor", "validity_checks", "validity_report"},
    {"encoders", "memory", "model", "networks", "read", "write"},
    {"access", "baselines", "contrastive", "flow", "flows", "forks", "learner", "lifecycle"}
    | {"swarm", "training"},
    {"engine", "examine", "findings", "rare_words", "summaries", "validity"}
    | {"hit_rate", "issue_tables", "issue_verdicts", "issues", "worked_examples"}
    | {"attribution", "claims", "printed_summary", "printed_table", "quantities", "selection"}
    | {"shapley"},
    {"diagrams", "labels", "mechanisms", "plots", "printed_plots"}
    | {"attribution_plots", "issue_plots"},
]
MODULES = sorted((ROOT / "hsokv").glob("*.py"))
LONGEST = 300


def layer_of(name: str) -> int | None:
    return next((i for i, names in enumerate(LAYERS) if name in names), None)


def imported_modules(path: Path) -> set[str]:
    """Modules of hsokv that a module imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        if isinstance(node, ast.Import):
            names |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names |= {node.module} | {f"{node.module}.{a.name}" for a in node.names}
    known = {p.stem for p in MODULES}
    parts = [n.split(".") for n in names if n.startswith("hsokv.")]
    return {p[1] for p in parts if p[1] in known}


def test_every_module_has_a_layer():
    """A new module is put into the table above."""
    names = {p.stem for p in MODULES} - {"__init__", "__main__"}
    placed = set().union(*LAYERS)
    assert names - placed == set(), "add these to a layer"
    assert placed - names == set(), "these are gone: take them out"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
def test_module_imports_only_downwards(path):
    """No module reaches into a higher layer."""
    own = layer_of(path.stem)
    if own is None:
        return  # __init__ only re-exports
    upwards = {n for n in imported_modules(path) if (layer_of(n) or 0) > own}
    assert not upwards, f"{path.stem} (layer {own}) imports {upwards} from above"


def test_no_circles():
    """Imports, also those within a layer, form no circle."""
    graph = {p.stem: imported_modules(p) - {p.stem} for p in MODULES if p.stem != "__init__"}
    while graph:
        free = {n for n, needs in graph.items() if not needs & set(graph)}
        assert free, f"a circle among {sorted(graph)}"
        graph = {n: needs for n, needs in graph.items() if n not in free}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
def test_module_is_short_and_explained(path):
    """Modules stay within 300 lines and begin with what they are."""
    text = path.read_text("utf8")
    lines = text.count("\n")
    assert lines <= LONGEST, f"{path.name} has {lines} lines: split it"
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
def test_module_does_not_print(path):
    """The package returns values; only its command lines may write, with sys.stdout.write."""
    calls = [n for n in ast.walk(ast.parse(path.read_text("utf8"))) if isinstance(n, ast.Call)]
    assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.stem)
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


def test_package_does_not_import_the_tools():
    """papermill, sphinx and the tools stay out of what a user installs."""
    for path in MODULES:
        tree = ast.parse(path.read_text("utf8"))
        names = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        names |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        heads = {n.split(".")[0] for n in names}
        assert not heads & {"tools", "papermill", "sphinx", "jupyter_book", "myst_nb"}, path.name


def test_engine_knows_nothing_of_text():
    """The experiment engine serves images and search too."""
    text_modules = {"stories", "lexicon", "tokenizer", "rare_words", "flows", "flow", "learner"}
    assert not imported_modules(ROOT / "hsokv/engine.py") & text_modules


@pytest.mark.parametrize("path", sorted((ROOT / "tools").glob("*.py")), ids=lambda p: p.stem)
def test_tool_is_short_and_explained(path):
    """Tools are held to the same length."""
    text = path.read_text("utf8")
    assert text.count("\n") <= LONGEST
    assert ast.get_docstring(ast.parse(text))
