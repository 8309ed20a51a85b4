"""Constant folding and the identities that hold for every number, infinities and NaN included.

Precondition: none. Real results are folded where Python's doubles give what the machine would; ``x * 0`` stays, and
``x + 0`` becomes ``x`` (which differs at most in the sign of a zero).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import replace

from ..ir import (
    BOOL,
    COMPARISONS,
    DOUBLE,
    INT,
    LONG,
    REAL,
    Binary,
    BinaryOperator,
    Cast,
    Expression,
    If,
    Kernel,
    Literal,
    Select,
    Statement,
    Type,
    Unary,
)
from .traverse import bottom_up, map_kernel

_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
}  # fmt: skip
_COMPARISON: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_OPPOSITE: dict[str, BinaryOperator] = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_LIMIT = {INT: 2**31, LONG: 2**63}
TRUE, FALSE = Literal(True, BOOL), Literal(False, BOOL)


def fold(kernel: Kernel) -> Kernel:
    """Fold all expressions of a kernel, and take the branches of an If that is decided."""
    folded = map_kernel(fold_expression, kernel)
    return replace(folded, body=_decided(folded.body))


def _decided(body: Iterable[Statement]) -> tuple[Statement, ...]:
    result: list[Statement] = []
    for node in body:
        match node:
            case If(Literal(value, _), then, orelse):
                result += _decided(then if value else orelse)
            case If(condition, then, orelse):
                result.append(If(condition, _decided(then), _decided(orelse)))
            case _:
                result.append(node)
    return tuple(result)


def number(value: float, type_: Type) -> Literal | None:
    """A literal, unless its value does not fit its type."""
    if type_ in _LIMIT:
        return Literal(int(value), type_) if -_LIMIT[type_] <= value < _LIMIT[type_] else None
    return Literal(float(value), type_) if math.isfinite(value) else None


def _fold_one(x: Expression) -> Expression:
    """Fold an operation whose operands are folded."""
    match x:
        case Unary("-", operand):
            return _negated(operand)
        case Unary("not", operand):
            return _inverted(operand)
        case Binary("and" | "or", left, right):
            return _logic(x, left, right)
        case Binary(sign, Literal(a, _), Literal(b, _)) if sign in COMPARISONS:
            return Literal(_COMPARISON[sign](a, b), BOOL)
        case Binary(sign, Literal(a, type_), Literal(b, _)) if sign in _ARITHMETIC and not (sign == "/" and b == 0):
            return number(_ARITHMETIC[sign](a, b), type_) or x
        case Binary("+" | "-" | "*" | "/", _, _):
            return _identity(x)
        case Cast(operand, type_):
            return _cast(operand, type_)
        case Select(condition, then, orelse):
            return _selected(condition, then, orelse)
        case _:
            return x


fold_expression = bottom_up(_fold_one)
"""An expression with everything folded that can be."""


def _negated(x: Expression) -> Expression:
    match x:
        case Literal(value, type_):
            return number(-value, type_) or Unary("-", x)
        case Unary("-", operand):
            return operand
        case _:
            return Unary("-", x)


def _inverted(x: Expression) -> Expression:
    match x:
        case Literal(value, _):
            return Literal(not value, BOOL)
        case Unary("not", operand):
            return operand
        case Binary(sign, left, right) if sign in ("==", "!=") or (sign in COMPARISONS and left.type in _LIMIT):
            return Binary(_OPPOSITE[sign], left, right)
        case _:
            return Unary("not", x)


def _logic(x: Binary, left: Expression, right: Expression) -> Expression:
    absorbing, neutral = (FALSE, TRUE) if x.operator == "and" else (TRUE, FALSE)
    if left in (right, absorbing) or right == neutral:
        return left
    if left == neutral or right == absorbing:
        return right
    return x


def _identity(x: Binary) -> Expression:
    match x:
        case Binary("*" | "+", Literal() as known, y) | Binary("*" | "+" | "-" | "/", y, Literal() as known) if (
            simpler := _with_number(x.operator, y, known)
        ) is not None:
            return simpler
        case Binary("*" | "/" as sign, Unary("-", y), Unary("-", z)):
            return Binary(sign, y, z)
        case Binary("+", y, Unary("-", z)):
            return Binary("-", y, z)
        case Binary("+", Unary("-", z), y):
            return Binary("-", y, z)
        case Binary("-", y, Unary("-", z)):
            return Binary("+", y, z)
        case _:
            return x


def _with_number(operator: str, y: Expression, known: Literal) -> Expression | None:
    """An operation on ``y`` and a literal (in either order where that does not matter), if it is none."""
    match operator, known.value:
        case ("*" | "/", 1) | ("+" | "-", 0):
            return y
        case "*", -1:
            return _negated(y)
        case "*", 0 if y.type in _LIMIT:
            return known
        case _:
            return None


def _cast(x: Expression, wanted: Type) -> Expression:
    """A conversion; through the other real type and back it is none."""
    if x.type is wanted:
        return x
    match x:
        case Literal(value, _) if wanted is BOOL:
            return Literal(bool(value), BOOL)
        case Literal(value, _):
            return number(math.trunc(value) if wanted in _LIMIT else value, wanted) or Cast(x, wanted)
        case Cast(inner, type_) if {type_, wanted} == {REAL, DOUBLE} and inner.type in (wanted, INT, BOOL):
            return _cast(inner, wanted)
        case _:
            return Cast(x, wanted)


def _selected(condition: Expression, then: Expression, orelse: Expression) -> Expression:
    match condition, then, orelse:
        case Literal(value, _), _, _:
            return then if value else orelse
        case Unary("not", opposite), _, _:
            return _selected(opposite, orelse, then)
        case _, Literal(True, type_), Literal(False, _) if type_ is BOOL:
            return condition
        case _, Literal(False, type_), Literal(True, _) if type_ is BOOL:
            return _inverted(condition)
        case _:
            return then if then == orelse else Select(condition, then, orelse)


def as_type(x: Expression, wanted: Type) -> Expression:
    """``x`` as a value of type ``wanted``; the conversion is that of a leaf where ``x`` is one with a sign."""
    if isinstance(x, Unary) and x.operator == "-":
        return _negated(as_type(x.operand, wanted))
    return _cast(x, wanted)
