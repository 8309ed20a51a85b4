"""Which names and which aggregates an expression is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from ..grammar import ast
from .functions import AGGREGATES, FUNCTIONS


def names_in(expression: ast.Expression) -> list[ast.Name]:
    """Every name used in an expression, functions left out, in the order of the text."""
    found: list[ast.Name] = []
    for part in parts(expression):
        if isinstance(part, ast.Name):
            found.append(part)
        else:
            found += (name for argument in part.arguments for name in names_in(argument))
    return found


def parts(expression: ast.Expression) -> Iterator[ast.Name | ast.Call]:
    """Names and aggregates (``mean(w, per=post)``) in the order of the text; not what stands inside the aggregates."""
    match expression:
        case ast.Name():
            yield expression
        case ast.Number() | ast.Boolean():
            return
        case ast.Unary(_, operand, _):
            yield from parts(operand)
        case ast.Binary(_, left, right, _) | ast.Compare(_, left, right, _) | ast.Logical(_, left, right, _):
            yield from parts(left)
            yield from parts(right)
        case ast.Call(function, arguments, keywords, _):
            if function.id in AGGREGATES:
                yield expression
                return
            for value in (*arguments, *(k.value for k in keywords)):
                yield from parts(value)
        case _:
            assert_never(expression)


def draws(expression: ast.Expression) -> bool:
    """Whether an expression has random numbers of its own."""
    match expression:
        case ast.Unary(_, operand, _):
            return draws(operand)
        case ast.Binary(_, left, right, _) | ast.Compare(_, left, right, _) | ast.Logical(_, left, right, _):
            return draws(left) or draws(right)
        case ast.Call(function, arguments, _, _):
            rule = FUNCTIONS.get(function.id)
            return (rule is not None and rule.random) or any(map(draws, arguments))
        case _:
            return False


def conjuncts(condition: ast.Expression) -> tuple[ast.Expression, ...]:
    """The parts of a condition that are asked one after the other: those after 'connected and' have a synapse."""
    match condition:
        case ast.Logical("and", left, right, _) if any(name.id == "connected" for name in names_in(left)):
            return (*conjuncts(left), right)
        case _:
            return (condition,)
