"""Checks of what a caller hands in: option names, texts, labels and notebook parameters.

Every message states the value, what was expected and what to do about it. A misspelt name is
answered with the nearest valid one.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")


def unknown_key_message(key: str, valid: Iterable[str], what: str) -> str:
    """Return the message for an unknown name, with the nearest valid one.

    Args:
        key: the name that was given.
        valid: the names that exist.
        what: what the name stands for, e.g. `"flow"` or `"parameter"`.
    """
    names = [str(name) for name in valid]
    folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(str(key).casefold(), list(folded), n=1, cutoff=0.5)
    hint = f"did you mean {folded[near[0]]!r}? " if near else ""
    return f"unknown {what} {key!r}: {hint}Valid: {', '.join(names) or '(none)'}"


def check_keys(given: Iterable[str], valid: Iterable[str], what: str) -> None:
    """Check that every given name is a valid one.

    Raises:
        ValueError: a name is unknown; the message gives the nearest valid name.
    """
    valid = list(valid)
    for key in given:
        if key not in valid:
            raise ValueError(unknown_key_message(key, valid, what))


def check_at_least(name: str, value: int, least: int) -> None:
    """Check a number against its least value.

    Raises:
        ValueError: it is lower.
    """
    if value < least:
        raise ValueError(f"{name}={value}: expected at least {least}; raise {name}")


def _as_list(values: Any, name: str) -> list:
    """Return a list, tuple, array, tensor or column as a plain list."""
    remedy = f"pass a list, e.g. {name}=['...', '...']"
    if values is None:
        raise ValueError(f"{name}=None: need one entry per text; {remedy}")
    if isinstance(values, (str, bytes)):
        raise TypeError(f"{name}={values!r} is a single text: need a list of them; {remedy}")
    if isinstance(values, (Mapping, set, frozenset)):
        raise TypeError(f"{name} is a {type(values).__name__}, which has no order; {remedy}")
    items = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(items, Iterable):
        raise TypeError(f"{name}={values!r}: need a list; {remedy}")
    return list(items)


def check_texts(texts: Iterable[str]) -> list[str]:
    """Return the texts as a list, (n_texts,).

    Raises:
        TypeError: `texts` is a single string, or an item is not a string.
        ValueError: `texts` is empty or None.
    """
    items = _as_list(texts, "texts")
    if not items:
        raise ValueError("texts=[]: need at least one text; pass a non-empty list of strings")
    for index, item in enumerate(items):
        if not isinstance(item, str):
            raise TypeError(
                f"texts[{index}]={item!r} is a {type(item).__name__}: need strings; "
                "convert it with str() or leave it out"
            )
    return items


def check_texts_labels(texts: Iterable[str], labels: Iterable) -> tuple[list[str], list]:
    """Return texts and labels as two lists of one length, (n_texts,) each.

    Raises:
        TypeError: see `check_texts`; or a label is neither text nor a number, or both are mixed.
        ValueError: see `check_texts`; or labels are missing or of another length.
    """
    items, targets = check_texts(texts), _as_list(labels, "labels")
    if len(items) != len(targets):
        raise ValueError(
            f"{len(items)} texts but {len(targets)} labels: need one label per text; "
            "pass lists of the same length"
        )
    for index, label in enumerate(targets):
        if label is None or (isinstance(label, float) and math.isnan(label)):
            raise ValueError(
                f"labels[{index}]={label!r}: the label is missing; "
                "label this text or leave it out of both lists"
            )
        if not isinstance(label, (str, int, float, np.generic)):
            raise TypeError(
                f"labels[{index}]={label!r} is a {type(label).__name__}: need text or a number; "
                "pass one class per text"
            )
        if isinstance(label, str) != isinstance(targets[0], str):
            raise TypeError(
                f"labels[0]={targets[0]!r} and labels[{index}]={label!r}: text and numbers are "
                "mixed; use one kind for all labels"
            )
    return items, targets


def check_params(cls: type[T], params: Mapping[str, Any]) -> T:
    """Build a configuration dataclass from a notebook's or YAML file's parameters.

    Lists become tuples, whole numbers become floats where the field is a float, and nothing else
    is converted. Ranges are the business of the dataclass's `__post_init__`.

    Args:
        cls: a dataclass whose fields are int, float, str, bool, tuple or list, or unions of these.
        params: field name to value; fields with a default may be left out.

    Raises:
        ValueError: a key is unknown or a field without default is missing.
        TypeError: a value has the wrong type.
    """
    fields = {field.name: field for field in dataclasses.fields(cls) if field.init}
    check_keys(params, fields, f"parameter of {cls.__name__}")
    for name, field in fields.items():
        has_default = (field.default, field.default_factory) != (dataclasses.MISSING,) * 2
        if name not in params and not has_default:
            raise ValueError(f"parameter {name!r} of {cls.__name__} is missing; give it a value")
    hints = typing.get_type_hints(cls)
    return cls(**{key: _convert(key, value, hints[key]) for key, value in params.items()})


def _convert(name: str, value: Any, hint: Any) -> Any:
    """Return the value in the field's type, or raise TypeError."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        for arm in sorted(args, key=lambda arm: type(value) is not arm):
            try:
                return _convert(name, value, arm)
            except (TypeError, ValueError):
                continue
        raise TypeError(_type_message(name, value, hint))
    if origin is typing.Literal:
        if value not in args:
            raise ValueError(unknown_key_message(value, args, f"value of {name}:"))
        return value
    if (origin or hint) in (tuple, list):
        return _convert_sequence(name, value, hint, args)
    if hint is Any:
        return tuple(value) if isinstance(value, list) else value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    kind = type(None) if hint is None else hint
    is_wrong_bool = isinstance(value, bool) and kind is not bool
    if is_wrong_bool or not isinstance(value, origin or kind):
        raise TypeError(_type_message(name, value, hint))
    return value


def _convert_sequence(name: str, value: Any, hint: Any, args: tuple) -> tuple:
    """Return a list or tuple as a tuple whose items have the field's item types."""
    if not isinstance(value, (tuple, list)):
        raise TypeError(_type_message(name, value, hint))
    if not args:
        return tuple(value)
    is_fixed = typing.get_origin(hint) is tuple and args[-1] is not Ellipsis
    if is_fixed and len(value) != len(args):
        raise ValueError(f"{name}={value!r}: need exactly {len(args)} values")
    kinds = args if is_fixed else (args[0],) * len(value)
    return tuple(_convert(f"{name}[{i}]", v, k) for i, (v, k) in enumerate(zip(value, kinds)))


def _type_message(name: str, value: Any, hint: Any) -> str:
    expected = getattr(hint, "__name__", str(hint)) if not typing.get_args(hint) else str(hint)
    message = f"{name}={value!r} is a {type(value).__name__}: need {expected}"
    if isinstance(value, str) and hint in (int, float):
        try:
            float(value)
        except ValueError:
            return f"{message}; write a number without quotes"
        return f"{message}; remove the quotes, and in YAML write 1.0e-4, not 1e-4"
    if (typing.get_origin(hint) or hint) in (tuple, list):
        return f"{message}; write [{value!r}]"
    return f"{message}; change its value"
