"""YAML from outside: plain values, or an error that names file, line and remedy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from hsokv.boundary.text import plain

LARGEST_YAML = 2_000_000  # bytes
MOST_VALUES = 100_000  # in one YAML file, with all that its anchors repeat


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
