"""Checks of what a caller hands in: names, numbers and notebook parameters.

Every message states the value, what was expected and what to do about it. A misspelt name is
answered with the nearest valid one. Texts and labels are checked in `hsokv.boundary.inputs`.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import numbers
import reprlib
import types
import typing
from collections.abc import Hashable, Iterable, Mapping
from typing import Annotated, Any, NamedTuple, TypeVar

import numpy as np

T = TypeVar("T")
LONGEST_SHOWN = 80  # characters of a value in a message
_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = LONGEST_SHOWN - 4


class Range(NamedTuple):
    """Numbers from `low` to `high`; an open end is no such number itself."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    def check(self, name: str, value: float) -> None:
        """Check that a number is finite and lies in the range.

        Raises:
            ValueError: it is or does not.
        """
        if not isinstance(value, int) and not math.isfinite(value):  # an int may exceed floats
            raise ValueError(f"{name}={value}: expected a finite number; set {name} to one")
        if value < self.low or (self.open_low and value == self.low):
            least = f"{'more than' if self.open_low else 'at least'} {self.low:g}"
            raise ValueError(f"{name}={shown(value)}: expected {least}; raise {name}")
        if value > self.high or (self.open_high and value == self.high):
            most = f"{'less than' if self.open_high else 'at most'} {self.high:g}"
            raise ValueError(f"{name}={shown(value)}: expected {most}; lower {name}")


ANY = Range()
SEEDS = Range(0)
JOBS = Range(-1024, 1024)  # joblib counts cores from the end below zero


def shown(value: Any) -> str:
    """Return a value as a message shows it: on one line, escaped, at most 80 characters."""
    try:
        text = " ".join(_REPR.repr(value).split())
    except Exception:  # whatever a foreign object's own repr does
        text = f"<{type(value).__name__}>"
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."


def unknown_key_message(key: Any, valid: Iterable[str], what: str) -> str:
    """Return the message for an unknown name, with the nearest valid one.

    Args:
        key: the name that was given.
        valid: the names that exist.
        what: what the name stands for, e.g. `"flow"` or `"parameter"`.
    """
    names = [str(name) for name in valid]
    folded = {name.casefold(): name for name in names}
    word = key[:LONGEST_SHOWN] if isinstance(key, str) else shown(key)
    near = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.5)
    hint = f"did you mean {folded[near[0]]!r}? " if near else ""
    return f"unknown {what} {shown(key)}: {hint}Valid: {', '.join(names) or '(none)'}"


def check_keys(given: Iterable, valid: Iterable[str], what: str) -> None:
    """Check that every given name is a valid one.

    Raises:
        ValueError: a name is unknown; the message gives the nearest valid name.
    """
    valid = list(valid)
    for key in given:
        if not isinstance(key, Hashable) or key not in valid:
            raise ValueError(unknown_key_message(key, valid, what))


def check_at_least(name: str, value: int, least: int) -> None:
    """Check a number against its least value.

    Raises:
        ValueError: it is lower.
    """
    Range(least).check(name, value)


def check_int(name: str, value: Any, allowed: Range = ANY) -> int:
    """Return a whole number of Python's or NumPy's as int; True and 2.0 are none.

    Raises:
        TypeError: it is no whole number.
        ValueError: it lies outside the range.
    """
    if type(value) is not int and (
        isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral)
    ):
        raise TypeError(_type_message(name, value, int))
    value = int(value)
    allowed.check(name, value)
    return value


def check_float(name: str, value: Any, allowed: Range = ANY) -> float:
    """Return a finite number of Python's or NumPy's as float; True is none.

    Raises:
        TypeError: it is no number.
        ValueError: it is not finite or lies outside the range.
    """
    if type(value) is not float and (
        isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real)
    ):
        raise TypeError(_type_message(name, value, float))
    allowed.check(name, value)
    return float(value)


def check_seed(seed: Any) -> int:
    """Return a seed, a whole number from 0 on, as int.

    Raises:
        TypeError: it is no whole number.
        ValueError: it is negative.
    """
    return check_int("seed", seed, SEEDS)


def check_jobs(n_jobs: Any) -> int:
    """Return a number of jobs as int: 1 to 1024, or below zero counted from all cores.

    Raises:
        TypeError: it is no whole number.
        ValueError: it is 0 or out of range.
    """
    if check_int("n_jobs", n_jobs, JOBS) == 0:
        raise ValueError("n_jobs=0: expected at least one job; set n_jobs=1, or -1 for all cores")
    return int(n_jobs)


def check_generator(rng: Any) -> np.random.Generator:
    """Return a NumPy generator.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng={shown(rng)}: expected a NumPy generator; pass numpy.random.default_rng(0)"
        )
    return rng


def check_array(
    name: str, values: Any, *, ndim: int | None = None, kind: type = float, finite: bool = False
) -> np.ndarray:
    """Return values as an array of floats or bools.

    Args:
        name: of the argument.
        values: a number, a list, lists of one length, an array, a tensor or a column.
        ndim: number of axes; `None` takes any.
        kind: float or bool; a bool is True or False, or 1 or 0.
        finite: whether NaN and infinity are refused.

    Raises:
        TypeError: something in it is no such value.
        ValueError: lists of several lengths, another number of axes, or a value that is not finite.
    """
    what = "numbers" if kind is float else "True or False"
    try:
        array = np.asarray(values)
        if array.dtype.kind == "O" and all(isinstance(x, numbers.Real) for x in array.flat):
            array = array.astype(float)
        is_known = array.dtype.kind in "biuf" or not array.size
        if not is_known or (kind is bool and not np.isin(array, (0, 1)).all()):
            raise TypeError
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(
            f"{name}={shown(values)}: expected {what}, in lists of one length; leave out or "
            "convert what is none"
        ) from None
    if ndim is not None and array.ndim != ndim:
        axes = {1: "a list", 2: "a table"}[ndim]
        raise ValueError(
            f"{name} has shape {array.shape}: expected {axes} of {what} ({ndim} axes); reshape it"
        )
    array = array.astype(kind)
    if finite and not np.isfinite(array).all():
        raise ValueError(
            f"{name} holds {int((~np.isfinite(array)).sum())} values that are not finite, of "
            f"{array.size}: expected numbers; drop missing ones first"
        )
    return array


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
    return cls(**{key: convert(key, value, hints[key]) for key, value in params.items()})


def convert(name: str, value: Any, hint: Any) -> Any:
    """Return a value in the type that a field's annotation names.

    Args:
        name: of the field.
        value: what was given.
        hint: the annotation; `Annotated[int, Range(1)]` names a range as well.

    Raises:
        TypeError: the value has another type.
        ValueError: it is not among those the annotation names.
    """
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return (check_int if args[0] is int else check_float)(name, value, args[1])
    if origin in (typing.Union, types.UnionType):
        for arm in sorted(args, key=lambda arm: type(value) is not arm):
            try:
                return convert(name, value, arm)
            except (TypeError, ValueError):
                continue
        raise TypeError(_type_message(name, value, hint))
    if origin is typing.Literal:
        check_keys([value], args, f"value of {name}:")
        return value
    if (origin or hint) in (tuple, list):
        return _convert_sequence(name, value, hint, args)
    if hint is Any:
        return tuple(value) if isinstance(value, list) else value
    if hint in (int, float):
        return (check_int if hint is int else check_float)(name, value)
    if hint is bool and isinstance(value, np.bool_):
        return bool(value)
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
        raise ValueError(f"{name}={shown(value)}: need exactly {len(args)} values")
    kinds = args if is_fixed else (args[0],) * len(value)
    return tuple(convert(f"{name}[{i}]", v, k) for i, (v, k) in enumerate(zip(value, kinds)))


def _type_message(name: str, value: Any, hint: Any) -> str:
    expected = getattr(hint, "__name__", str(hint)) if not typing.get_args(hint) else str(hint)
    message = f"{name}={shown(value)} is a {type(value).__name__}: need {expected}"
    if isinstance(value, str) and hint in (int, float):
        try:
            float(value)
        except ValueError:
            return f"{message}; write a number without quotes"
        in_yaml = ", and in YAML write 1.0e-4, not 1e-4" if hint is float else ""
        return f"{message}; remove the quotes{in_yaml}"
    if (typing.get_origin(hint) or hint) in (tuple, list):
        return f"{message}; write [{shown(value)}]"
    return f"{message}; change its value"
