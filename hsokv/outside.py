"""What comes from outside: text that is shown and must not act, YAML that may be wrong.

A glossary, a note, a parameter or a claim may hold HTML, Markdown, escape sequences of a terminal,
marks that turn the direction of writing, a formula, or 10 MB in one line. Each function here is
for one place where such text ends up; what cannot be seen is written as `\\x1b` or `\\u202e`.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from pathlib import Path
from typing import Any

import yaml

LONGEST_TEXT = 5_000  # characters shown of one text
LONGEST_LABEL = 120  # in a chart
LONGEST_NAME = 60  # of a file, without its ending
LARGEST_YAML = 2_000_000  # bytes
MOST_VALUES = 100_000  # in one YAML file, with all that its anchors repeat

# What is not seen: controls, surrogates, marks of direction. The joiners of words stay.
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # of which a notebook's tracebacks are full
# What Markdown, MyST and their autolinks give a meaning, some of it at the start of a line only.
ACTIVE = re.compile(
    r"[\\`*{}\[\]<&|$~@]|_(?![^\W_])|(?<![^\W_])_|(?<=/)/|:(?=[:/])|\.(?=[^\W\d])"
    r"|^[-+=:#%(>]|^\d(?=\d{0,8}[.)](?:\s|$))"
)
CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
FORMULA = tuple("=+-@＝＋－＠")  # what a spreadsheet takes a cell for that begins with it
RESERVED = {"con", "prn", "aux", "nul"} | {f"{p}{n}" for p in ("com", "lpt") for n in range(10)}


def plain(text: object, longest: int = LONGEST_TEXT) -> str:
    """Return text on one line: what is hidden is shown, the middle of a long text left out."""
    return " ".join(_visible(_shorten(str(text), longest)).split())


def terminal_text(text: object, longest: int = LONGEST_TEXT) -> str:
    """Return text that a terminal or a log shows and does not obey; its lines stay."""
    lines = COLOUR.sub("", _shorten(str(text), longest)).splitlines()
    return "\n".join(_visible(line).replace("\t", "    ") for line in lines)


def markdown_text(text: object, longest: int = LONGEST_TEXT) -> str:
    """Return text that Markdown shows as it stands, in a line or a cell of a table."""
    return _inactive(plain(text, longest))


def markdown_prose(text: object, longest: int = LONGEST_TEXT) -> str:
    """Return text as `markdown_text` does, but what stands in backticks becomes code."""
    pieces, end, shown = [], 0, plain(text, longest)
    for code in CODE.finditer(shown):
        pieces += [_inactive(shown[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*pieces, _inactive(shown[end:])])


def markdown_code(text: object, longest: int = LONGEST_TEXT) -> str:
    """Return text as code in a line; in a cell of a table see `table_cell` too."""
    shown = plain(text, longest) or " "
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    gap = " " if "`" in (shown[0], shown[-1]) else ""
    return f"{fence}{gap}{shown}{gap}{fence}"


def table_cell(markdown: str) -> str:
    """Return Markdown for a cell of a table, which neither a pipe in code nor a line end closes."""
    return markdown.replace("|", "\\|").replace("\n", " ")


def chart_label(text: object, longest: int = LONGEST_LABEL) -> str:
    """Return text that matplotlib writes as it stands, without setting mathematics."""
    return plain(text, longest).replace("$", r"\$")


def csv_cell(text: object) -> str:
    """Return text for a cell of a CSV file, with a quote before what a spreadsheet would run."""
    shown = _visible(str(text)).replace("\t", " ")
    try:
        float(shown)
    except ValueError:
        return f"'{shown}" if shown.lstrip().startswith(FORMULA) else shown
    return shown


def file_name(text: object) -> str:
    """Return a name for a file or folder, without ending: small letters, digits, `-` and `_`.

    A text that is such a name stays as it is; any other gets a hash, so that two texts never share
    a name.
    """
    text = str(text)
    is_name = re.fullmatch(r"[a-z0-9_][a-z0-9_-]*", text) and len(text) <= LONGEST_NAME
    if is_name and text not in RESERVED and not re.search("-[0-9a-f]{12}$", text):
        return text
    digest = hashlib.sha256(text.encode("utf8", "surrogatepass")).hexdigest()[:12]
    letters = unicodedata.normalize("NFKD", text[: 4 * LONGEST_NAME]).casefold()
    slug = re.sub("[^a-z0-9_]+", "-", letters).strip("-")[: LONGEST_NAME - 13].rstrip("-")
    return f"{slug or 'name'}-{digest}"


def _inactive(text: str) -> str:
    return ACTIVE.sub(lambda match: f"&#{ord(match[0])};", text)


def _shorten(text: str, longest: int) -> str:
    """Return a text, without the middle of one that is too long."""
    if len(text) <= longest:
        return text
    head = longest // 2
    return f"{text[:head]} … {text[len(text) - longest + head :]}"


def _visible(text: str) -> str:
    """Return text with what is hidden in it written as an escape."""

    def escape(match: re.Match) -> str:
        code = ord(match[0])
        kind, digits = ("x", 2) if code < 0x100 else ("u", 4) if code < 0x10000 else ("U", 8)
        return f"\\{kind}{code:0{digits}x}"

    return HIDDEN.sub(escape, text.replace("\r\n", "\n"))


def read_yaml(path: str | os.PathLike) -> Any:
    """Return what a YAML file holds, plain values only; see `parse_yaml`.

    Raises:
        ValueError: it is not sound YAML; the message gives path, line and remedy.
        OSError: it cannot be read.
    """
    return parse_yaml(Path(path).read_bytes(), str(path))


def parse_yaml(content: bytes, name: str) -> Any:
    """Return the plain values of one YAML document, None for an empty one.

    Args:
        content: the bytes of a file.
        name: of the file, for messages.

    Raises:
        ValueError: it is too large, not UTF-8, no YAML, holds a key twice or an object of Python,
            or its anchors repeat too much; the message gives name, line and remedy.
    """
    if len(content) > LARGEST_YAML:
        raise ValueError(
            f"{name} has {len(content):,} bytes, at most {LARGEST_YAML:,} are read; split it"
        )
    try:
        loader = _Loader(content.decode("utf8"))
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            loader.check(node)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except UnicodeDecodeError as error:
        where, what = content.count(b"\n", 0, error.start), "a byte that is not UTF-8"
        remedy = "save the file as UTF-8"
    except yaml.reader.ReaderError as error:
        where = error.position and content.decode("utf8")[: error.position].count("\n")
        what, remedy = f"the character {chr(error.character)!a}", "remove it"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where, what = mark.line, error.problem or error.context
        remedy = error.note or "correct the line, and see that those before it are closed"
        if "'\\t'" in what:
            remedy = "indent with spaces"
    except RecursionError as error:
        raise ValueError(f"{name}: nested too deeply to be read; flatten it") from error
    raise ValueError(f"{name}, line {where + 1}: {plain(what, 300)}; {remedy}")


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, which also refuses double keys and anchors that repeat too much."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Make a value; what cannot be one (a 13th month) is a problem of its line."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            remedy = "correct it, or put it in quotes"
            raise _problem(node, f"{node.value!r} is not a {node.tag[18:]}", remedy) from error

    def check(self, root: yaml.Node) -> None:
        """Check the nodes of a document before values are made of them."""
        sizes: dict[int, int | None] = {}

        def measure(node: yaml.Node) -> int:
            size = sizes.get(id(node), 0)
            if size is None:
                raise _problem(node, "an anchor that holds itself", "write the value out")
            if size:
                return size
            sizes[id(node)] = None
            children = node.value if not isinstance(node, yaml.ScalarNode) else []
            if isinstance(node, yaml.MappingNode):
                _check_keys_once(node)
                children = [part for pair in node.value for part in pair]
            sizes[id(node)] = size = 1 + sum(map(measure, children))
            if size > MOST_VALUES:
                raise _problem(
                    node, f"more than {MOST_VALUES:,} values", "repeat no anchor so often"
                )
            return size

        measure(root)


def _check_keys_once(node: yaml.MappingNode) -> None:
    seen = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if (key.tag, key.value) in seen:
                raise _problem(key, f"the key {key.value!r} stands twice", "remove one")
            seen.add((key.tag, key.value))


def _problem(node: yaml.Node, what: str, remedy: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=what, problem_mark=node.start_mark, note=remedy)
