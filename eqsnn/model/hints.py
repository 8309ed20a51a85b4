"""What to write instead: the second line of messages about units and time constants."""

from __future__ import annotations

from collections.abc import Iterator

from ..grammar import ast
from .dimensions import AMPERE, FARAD, HERTZ, METRE, OHM, SECOND, SIEMENS, VOLT, Dimension
from .scope import Scope

_EVERYDAY = {
    VOLT: "mV", SECOND: "ms", AMPERE: "nA", SIEMENS: "nS", HERTZ: "Hz", FARAD: "pF", METRE: "um", OHM: "Mohm"
}  # fmt: skip


def example_unit(dimension: Dimension) -> str:
    """A unit of these dimensions that is usual in neuroscience: ``mV``; or ``(volt/second)``."""
    if dimension in _EVERYDAY:
        return _EVERYDAY[dimension]
    name = str(dimension)
    return name if name.isidentifier() else f"({name})"


def in_units(dimension: Dimension) -> str:
    """``in volt``, or ``a plain number``."""
    return "a plain number" if dimension.is_dimensionless else f"in {dimension}"


def give_unit(expression: ast.Expression, given: Dimension, wanted: Dimension) -> str | None:
    """How a plain number gets the unit that is wanted; None where it has another one."""
    if not given.is_dimensionless or wanted.is_dimensionless:
        return None
    text = f"{factor(expression)}*{example_unit(wanted)}"
    if is_number(expression):
        return f"give it a unit: '{text}'"
    return f"give it a unit, for example '{text}'"


def remove_unit(expression: ast.Expression, given: Dimension) -> str:
    """How a quantity becomes a plain number."""
    unit = example_unit(given)
    return f"divide it by a quantity in {given}, for example '{factor(expression)}/{unit}'"


def factor(expression: ast.Expression) -> str:
    """The text of an expression, in brackets where it would come apart in a product."""
    text = expression.span.text
    match expression:
        case ast.Binary("+" | "-" | "%" | "//", _, _, _) | ast.Compare() | ast.Logical():
            return f"({text})"
        case ast.Unary(_, operand, _) if not isinstance(operand, ast.Number | ast.Name | ast.Call):
            return f"({text})"
        case _:
            return text


def is_number(expression: ast.Expression) -> bool:
    """Whether it is a number as written, perhaps with a sign."""
    if isinstance(expression, ast.Unary):
        return is_number(expression.operand)
    return isinstance(expression, ast.Number)


def terms(expression: ast.Expression) -> Iterator[tuple[str, ast.Expression]]:
    """The terms of a sum, each with the sign before it."""
    match expression:
        case ast.Binary("+" | "-" as sign, left, right, _):
            yield from terms(left)
            yield ("-" if sign == "-" else ""), right
        case _:
            yield "", expression


def sums(expression: ast.Expression) -> Iterator[ast.Expression]:
    """A sum, and the sums it begins with: those whose fault is that of the whole."""
    while isinstance(expression, ast.Binary) and expression.operator in ("+", "-"):
        yield expression
        expression = expression.left


def time_constant(variable: str, scope: Scope) -> str | None:
    """A name for a time that may be meant to be the time constant of ``variable``: ``tau_e`` for ``ge``."""
    names = [name for name in scope.names() if "tau" in name.lower() and _is_time(name, scope)]
    scores = {name: _common_end(name, variable) for name in names}
    best = [name for name in names if scores[name] == max(scores.values())]
    if len(best) == 1:
        return best[0]
    return "tau" if "tau" in best else None


def _is_time(name: str, scope: Scope) -> bool:
    found = scope.find(name)
    return found is not None and found.type.dimension == SECOND


def _common_end(a: str, b: str) -> int:
    count = 0
    while count < min(len(a), len(b)) and a[-1 - count] == b[-1 - count]:
        count += 1
    return count
