"""Arithmetic written as text, evaluated without running any code.

Numbers, `+ - * / **`, brackets and a few named functions; anything else is refused.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable

from hsokv.boundary.checks import check_keys

FUNCTIONS: dict[str, Callable[..., float]] = {
    "exp": math.exp,
    "log": math.log,
    "max": max,
    "mean": lambda *values: math.fsum(values) / len(values),
    "min": min,
    "sqrt": math.sqrt,
}
_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_LONGEST = 200  # characters
_LARGEST = 1e6  # of a power's base and exponent, so that no expression takes long


def calculate(expression: str) -> float:
    """Return the value of an expression such as '0.4 * 0.75 + mean(1, 2)'.

    `log` is the natural logarithm.

    Raises:
        ValueError: not an expression of numbers, operators and known functions, or undefined.
    """
    if not isinstance(expression, (str, int, float)) or isinstance(expression, bool):
        raise ValueError(f"expression {expression!r}: expected text; put it in quotes")
    text = str(expression)
    try:
        if len(text) > _LONGEST:
            raise SyntaxError(f"longer than {_LONGEST} characters")
        return float(_value(ast.parse(text.strip(), mode="eval").body, text))
    except (SyntaxError, ArithmeticError, TypeError, RecursionError) as error:
        raise ValueError(
            f"expression {text!r} has no value ({error}): expected numbers, + - * / **, brackets "
            f"and {', '.join(FUNCTIONS)}; correct it"
        ) from error


def _value(node: ast.expr, text: str) -> float:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, text)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = _value(node.left, text), _value(node.right, text)
        if isinstance(node.op, ast.Pow) and max(abs(left), abs(right)) > _LARGEST:
            raise OverflowError(f"a power beyond {_LARGEST:g}")
        return _OPERATORS[type(node.op)](float(left), float(right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        check_keys([node.func.id], FUNCTIONS, "function")
        return FUNCTIONS[node.func.id](*(_value(argument, text) for argument in node.args))
    raise SyntaxError(f"{ast.unparse(node)!r} is not arithmetic")
