"""The API reference: every public name of the package, read from its source and docstrings.

The source is parsed, not imported. Entries are Sphinx's own Python directives, so the search finds
them, with their text in Markdown; types stand beside the arguments, where they have room.
"""

import ast
import inspect
import re
from pathlib import Path

from tools.paths import ROOT

PACKAGE = ROOT / "hsokv"
MODULES = (
    "memory", "read", "write", "lifecycle", "model", "swarm", "stories", "lexicon", "tokenizer",
    "metrics", "stats", "validity", "results", "experiment", "engine", "provenance", "plots",
    "rare_words", "factorial", "attribution", "shapley", "printed_table", "predecessor", "issues",
    "claims", "forks", "mechanisms", "diagrams",
)  # fmt: skip
# On a narrow screen long names break, and tables scroll.
STYLE = """\
```{raw} html
<style>
article :is(code, code *, dt.sig, dt.sig *):not(td *) {
  overflow-wrap: anywhere; white-space: normal;
}
</style>
```
"""
INTRO = """\
# API reference

Generated from the docstrings. The names in the first section are imported from `hsokv` itself, the
others from the module that heads their section. Arrays and tensors are described by their shape;
the letters stand at the head of each module.
"""
SECTIONS = {"Args": "Arguments", "Returns": "Returns", "Yields": "Yields", "Raises": "Raises",
            "Attributes": "Attributes"}  # fmt: skip
MANY = 12  # more fields than this do not fit a signature
LONG = 60  # longest value of a constant that is shown, in characters


def render_api() -> str:
    """Return the page."""
    return "\n".join([INTRO, STYLE, _render_package(), *(_render_module(name) for name in MODULES)])


def _render_package() -> str:
    """Return the names that `hsokv/__init__.py` exports, from the modules that define them."""
    tree = _parse(PACKAGE / "__init__.py")
    origin = {
        alias.name: node.module.removeprefix("hsokv.")
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module.startswith("hsokv.")
        for alias in node.names
    }
    exported = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    )
    parts = ["## `hsokv`\n", prose(ast.get_docstring(tree)) + "\n"]
    for name in exported:
        entries = _entries(PACKAGE / f"{origin[name]}.py", "hsokv")
        parts.append(entries[name])
    return "\n".join(parts)


def _render_module(module: str) -> str:
    path = PACKAGE / f"{module}.py"
    docstring = prose(ast.get_docstring(_parse(path)))
    entries = _entries(path, f"hsokv.{module}").values()
    return "\n".join([f"## `hsokv.{module}`\n", docstring + "\n", *entries])


def _entries(path: Path, prefix: str) -> dict[str, str]:
    """Return the entry of every public name that a file defines: definitions, then constants."""
    tree, lines = _parse(path), path.read_text("utf8").splitlines()
    entries, constants = {}, {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            is_function = isinstance(node, ast.FunctionDef)
            entries[node.name] = (
                _function(node, prefix) if is_function else _class(node, prefix, lines)
            )
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for name in (n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)):
                if not name.startswith("_"):
                    shown = isinstance(targets[0], ast.Name)
                    constants[name] = _constant(name, node, prefix, lines, shown)
    return entries | constants


def _function(node: ast.FunctionDef, prefix: str, fence: int = 5) -> str:
    """Return the entry of a function, or of a method when `prefix` is empty."""
    kinds = {ast.unparse(decorator) for decorator in node.decorator_list}
    arguments = _arguments(node)
    if not prefix and "staticmethod" not in kinds:
        arguments = arguments[1:]
    body = _docstring(node, {a.arg: a.annotation for a in arguments}, node.returns)
    if "property" in kinds:
        return _directive("py:property", node.name, body.replace("**Returns**", "**Type**"), fence)
    options = [f":{kind}:" for kind in ("classmethod", "staticmethod") if kind in kinds]
    name = f"{prefix}.{node.name}" if prefix else node.name
    signature = name + _signature(node, drop_first=not prefix and "staticmethod" not in kinds)
    return _directive("py:function" if prefix else "py:method", signature, body, fence, options)


def _class(node: ast.ClassDef, prefix: str, lines: list[str]) -> str:
    methods = [n for n in node.body if isinstance(n, ast.FunctionDef)]
    init = next((method for method in methods if method.name == "__init__"), None)
    fields = [n for n in node.body if isinstance(n, ast.AnnAssign) and n.target.id[0] != "_"]
    is_record = any("dataclass" in ast.unparse(d) for d in node.decorator_list)
    is_record |= any(ast.unparse(base) == "NamedTuple" for base in node.bases)
    types = {f.target.id: f.annotation for f in fields} if is_record else {}
    signature = ""
    if init:
        types = {a.arg: a.annotation for a in _arguments(init)[1:]}
        signature = _signature(init, drop_first=True)
    elif is_record:
        shown = ", ".join(map(_field, fields)) if len(fields) <= MANY else "**switches"
        signature = f"({shown})"
    comments = {f.target.id: _comment(lines[f.lineno - 1]) for f in fields}
    body = _docstring(node, types if len(types) <= MANY else {}, comments=comments)
    if len(fields) > MANY:
        body += "\n\nThe switches are listed under {ref}`switches`."
    parts = [body, *(
        _function(method, "", 4) for method in methods if not method.name.startswith("_")
    )]  # fmt: skip
    return _directive("py:class", f"{prefix}.{node.name}{signature}", "\n\n".join(parts), 5)


def _constant(name: str, node: ast.stmt, prefix: str, lines: list[str], shown: bool) -> str:
    """Return the entry of a constant, with the comment after or above it."""
    comment = ""
    for line in (lines[node.lineno - 1], lines[node.end_lineno - 1]):
        comment = comment or _comment(line)
    if not comment and lines[node.lineno - 2].startswith("#"):
        comment = lines[node.lineno - 2].lstrip("# ")
    value = ast.unparse(node.value) if node.value else ""
    options = [f":value: {_quoted(value)}"] if shown and 0 < len(value) <= LONG else []
    return _directive("py:data", f"{prefix}.{name}", prose(comment), 5, options)


def _comment(line: str) -> str:
    found = re.search(r"  # (?!fmt|noqa)(.*)$", line)
    return found[1] if found else ""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _arguments(node: ast.FunctionDef) -> list[ast.arg]:
    a = node.args
    every = [*a.posonlyargs, *a.args, a.vararg, *a.kwonlyargs, a.kwarg]
    return [arg for arg in every if arg is not None]


def _signature(node: ast.FunctionDef, drop_first: bool) -> str:
    """Return the arguments without their types, as Python."""
    bare = ast.parse(ast.unparse(node.args).join(["def f(", "): pass"])).body[0].args
    for arg in [*bare.posonlyargs, *bare.args, bare.vararg, *bare.kwonlyargs, bare.kwarg]:
        if arg is not None:
            arg.annotation = None
    if drop_first:
        (bare.posonlyargs or bare.args).pop(0)
    return f"({ast.unparse(bare)})"


def _field(node: ast.AnnAssign) -> str:
    """Return a field of a record as an argument."""
    if node.value is None:
        return node.target.id
    factory = re.fullmatch(r"field\(default_factory=(\w+)\)", ast.unparse(node.value))
    return f"{node.target.id}={factory[1] + '()' if factory else ast.unparse(node.value)}"


def _docstring(
    node: ast.FunctionDef | ast.ClassDef,
    types: dict[str, ast.expr | None],
    returns: ast.expr | None = None,
    comments: dict[str, str] | None = None,
) -> str:
    """Return a docstring as Markdown, with the types of arguments beside their names.

    An argument that it leaves out is explained by its comment, if it has one.
    """
    types = {name: ast.unparse(kind) for name, kind in types.items() if kind is not None}
    text, sections = split_docstring(ast.get_docstring(node) or "")
    result = "" if returns is None else ast.unparse(returns)
    parts, told = [prose(text)], set()
    head = "Attributes" if isinstance(node, ast.ClassDef) and "Args" not in sections else "Args"
    if types and head not in sections:
        sections = {head: ""} | sections
    if result not in ("", "None") and "Returns" not in sections:
        raises = {name: sections.pop(name) for name in ("Raises",) if name in sections}
        sections |= {"Returns": ""} | raises
    for title, content in sections.items():
        if title in ("Returns", "Yields"):
            kind = f"`{result}`" if result else ""
            parts.append(
                f"**{SECTIONS[title]}** " + ": ".join(filter(None, [kind, prose(content)]))
            )
            continue
        lines = []
        for names, words in split_items(content):
            told.update(names)
            kinds = {types.get(name, "") for name in names}
            kind = f" (`{kinds.pop()}`)" if len(kinds) == 1 and "" not in kinds else ""
            shown = ", ".join(f"`{name}`" for name in names)
            lines.append(f"- {shown}{kind}: {prose(words)}")
        if title == head:
            rest = {
                name: f"`{name}` (`{kind}`)" for name, kind in types.items() if name not in told
            }
            explained = [name for name in rest if (comments or {}).get(name)]
            lines += [f"- {rest.pop(name)}: {prose(comments[name])}" for name in explained]
            lines += ["- " + ", ".join(rest.values())] if rest else []
        if lines:
            parts.append(f"**{SECTIONS[title]}**\n\n" + "\n".join(lines))
    return "\n\n".join(filter(None, parts))


def split_docstring(docstring: str) -> tuple[str, dict[str, str]]:
    """Return the text of a Google-style docstring and its sections by name."""
    text, sections, current = [], {}, None
    for line in inspect.cleandoc(docstring).splitlines():
        if line.rstrip().removesuffix(":") in SECTIONS and line.rstrip().endswith(":"):
            current = sections.setdefault(line.strip().removesuffix(":"), [])
        elif line and not line.startswith(" "):
            current = None
            text.append(line)
        else:
            (text if current is None else current).append(line)
    return "\n".join(text), {name: inspect.cleandoc("\n".join(s)) for name, s in sections.items()}


def split_items(section: str) -> list[tuple[list[str], str]]:
    """Return (names, words) of every `name, name: words` of a section."""
    items: list[tuple[list[str], str]] = []
    for line in section.splitlines():
        found = re.match(r"([\w.*]+(?:, [\w.*]+)*): ?(.*)", line)
        if found:
            items.append(([name.lstrip("*") for name in found[1].split(", ")], found[2]))
        elif items and line.strip():
            names, words = items.pop()
            items.append((names, f"{words} {line.strip()}"))
    return items


def prose(text: str) -> str:
    """Return docstring prose as Markdown: one line per paragraph, `<` and `$` as themselves."""
    paragraphs = [" ".join(p.split()) for p in re.split(r"\n\s*\n", text.strip())]
    escaped = []
    for paragraph in paragraphs:
        pieces = re.split(r"(`+[^`]*`+)", paragraph)
        pieces[::2] = [_escape(piece) for piece in pieces[::2]]
        escaped.append("".join(pieces))
    return "\n\n".join(escaped)


def _escape(text: str) -> str:
    """Return text without code as Markdown; a quoted 'value' becomes code."""
    text = text.replace("<", "&lt;").replace("$", "\\$")
    return re.sub(r"(?<!\w)'(\w+)'(?!\w)", r"`'\1'`", text)


def _directive(kind: str, head: str, body: str, fence: int, options: list[str] = ()) -> str:
    ticks = "`" * fence
    return "\n".join([f"{ticks}{{{kind}}} {head}", *options, "", body, ticks, ""])


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf8"))
