"""Expressions whose value is known before anything runs."""

from __future__ import annotations

from ..grammar import ast
from .scope import Scope
from .symbols import Constant


def constant_value(expression: ast.Expression, scope: Scope) -> float | int | None:
    """Value of an expression of numbers and namespace constants, None where it depends on anything else."""
    match expression:
        case ast.Number(value, _):
            return value
        case ast.Name():
            found = scope.find(expression.id)
            return found.value if isinstance(found, Constant) and found.type.dimension.is_dimensionless else None
        case ast.Unary("-", operand, _):
            inner = constant_value(operand, scope)
            return None if inner is None else -inner
        case ast.Binary(operator, left, right, _):
            a, b = constant_value(left, scope), constant_value(right, scope)
            return None if a is None or b is None else _fold(operator, a, b)
        case _:
            return None


def _fold(operator: str, a: float, b: float) -> float | None:
    match operator:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/" if b:
            return a / b
        case _:
            return None
