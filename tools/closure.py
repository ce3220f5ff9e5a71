"""The files of the package that a notebook's code can reach, found without running it.

Imports are followed from the code cells through the modules, also those inside functions. A module
brings the `__init__.py` of every package on the way to it, and all that these import. The files
that are not Python (tables, texts) in the folder of a module that is reached count as read by it,
and those of the package's `data` folder by everyone.

What is imported by a name computed at run time cannot be seen: where a reached module uses
`importlib`, `pkgutil`, `runpy`, `__import__` or `import *`, or does not parse, the closure is the
whole package.
"""

import ast
import json
import re
from functools import cache
from pathlib import Path

SKIPPED = {"__pycache__", ".ipynb_checkpoints"}
STATIC = ("importlib.metadata", "importlib.resources")  # import no module by a computed name
ANYTHING = "*"  # stands for an import that cannot be seen


def list_files(folder: Path) -> list[Path]:
    """Return all files below a folder, without caches."""
    return [p for p in folder.rglob("*") if p.is_file() and not SKIPPED & set(p.parts)]


def read_cells(notebook: Path) -> list[dict]:
    """Return the cells of a notebook source, each source as one text.

    Raises:
        ValueError: the file is no notebook.
    """
    try:
        cells = json.loads(notebook.read_bytes())["cells"]
        return [
            {"cell_type": c["cell_type"], "metadata": c["metadata"], "source": "".join(c["source"])}
            for c in cells
        ]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{notebook} is no notebook ({type(error).__name__}: {error}); take it from a commit"
        ) from error


def import_closure(notebook: Path, package: Path) -> set[Path]:
    """Return the files that the code cells of a notebook reach.

    Args:
        notebook: a notebook source.
        package: the folder of the package; imports of its name are followed, others are not.
    """
    code = [c["source"] for c in read_cells(notebook) if c["cell_type"] == "code"]
    waiting = [name for cell in code for name in _imports_of_cell(cell)]
    modules: set[Path] = set()
    while waiting:
        name = waiting.pop()
        if name == ANYTHING:
            return set(list_files(package))
        for module in _resolve(name, package) - modules:
            modules.add(module)
            waiting += _imports_of_module(module, package)
    data = {p for m in modules for p in m.parent.iterdir() if p.is_file() and p.suffix != ".py"}
    return modules | data | set(list_files(package / "data"))


def _resolve(name: str, package: Path) -> set[Path]:
    """Return the files that are executed when a dotted name is imported, outermost first."""
    top, *rest = name.split(".")
    if top != package.name:
        return set()
    files, folder = {package / "__init__.py"}, package
    for part in rest:
        files |= {folder / f"{part}.py", folder / part / "__init__.py"}
        folder = folder / part
    return {path for path in files if path.is_file()}


def _imports_of_module(path: Path, package: Path) -> list[str]:
    """Return the dotted names that a module imports, relative ones made absolute."""
    folder = path.parent.relative_to(package.parent).parts
    names = []
    for level, name in _list_imports(path.read_text("utf8")):
        base = folder[: len(folder) - level + 1] if level else ()
        names.append(".".join([*base, name]) if name != ANYTHING else name)
    return names


def _imports_of_cell(source: str) -> list[str]:
    """Return the dotted names that a cell imports; lines with magics are left out."""
    try:
        ast.parse(source)
    except SyntaxError:
        source = re.sub(r"^%%.*", "", source)
        source = re.sub(r"^([ \t]*)[%!].*$", r"\1pass", source, flags=re.MULTILINE)
    return [name for _, name in _list_imports(source)]


@cache
def _list_imports(source: str) -> tuple[tuple[int, str], ...]:
    """Return (level of a relative import, dotted name) of every import in Python source.

    `from a import b` gives `a.b`, whether `b` is a module or a name in `a`.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ((0, ANYTHING),)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            head = f"{node.module}." if node.module else ""
            found += [(node.level, head + alias.name) for alias in node.names]
        elif isinstance(node, ast.Name) and node.id == "__import__":
            found.append((0, ANYTHING))
    return tuple((0, ANYTHING) if _is_dynamic(name) else (level, name) for level, name in found)


def _is_dynamic(name: str) -> bool:
    """Return whether an import may bring in modules whose names do not stand in the source."""
    top = name.split(".")[0]
    if top in ("importlib", "pkgutil", "runpy"):
        return not name.startswith(STATIC)
    return name.endswith("*")
