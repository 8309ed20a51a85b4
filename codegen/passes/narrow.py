"""Arithmetic on values of REAL type is done in REAL.

Constants of a model are DOUBLE arguments, so an expression that mixes them with state is DOUBLE as it is lowered. Where
the result is wanted as REAL, or compared, its operations become REAL and the constants are converted instead; the
passes that move constants out of kernels compute those in DOUBLE again. Arguments of functions that are defined on
DOUBLE (`timed_row`, `expm_entry`, parameters of distributions) stay as they are.

Precondition: locals of DOUBLE type are bound by Let, and not assigned.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..ir import (
    COMPARISONS,
    DOUBLE,
    REAL,
    Binary,
    Call,
    Cast,
    Expression,
    If,
    Kernel,
    Let,
    Literal,
    Local,
    Select,
    Statement,
    Unary,
)
from .traverse import map_children, map_operands, walk

_ON_DOUBLE = ("timed_row", "expm_entry")


def narrow(kernel: Kernel) -> Kernel:
    """Do the arithmetic of the body in REAL where it is on values of that type."""
    narrowed: set[str] = set()
    return replace(kernel, body=_block(kernel.body, narrowed))


def _block(body: Iterable[Statement], narrowed: set[str]) -> tuple[Statement, ...]:
    result: list[Statement] = []
    for node in body:
        new = map_operands(lambda x: _narrow_within(_renewed(x, narrowed)), node)
        match new:
            case Let(Local(name, type_), value) if type_ is DOUBLE and _mixes(value):
                narrowed.add(name)
                new = Let(Local(name, REAL), _as_real(value))
            case If(condition, then, orelse):
                new = If(condition, _block(then, narrowed), _block(orelse, narrowed))
            case _:
                pass
        result.append(new)
    return tuple(result)


def _renewed(x: Expression, narrowed: set[str]) -> Expression:
    """The expression with the new types of locals."""
    if isinstance(x, Local) and x.type is DOUBLE and x.name in narrowed:
        return Cast(Local(x.name, REAL), DOUBLE)
    return map_children(lambda child: _renewed(child, narrowed), x)


def _mixes(x: Expression) -> bool:
    """Whether a DOUBLE value is computed from one of REAL type."""
    return any(isinstance(y, Cast) and y.type is DOUBLE and y.operand.type is REAL for y in walk(x))


def _narrow_within(x: Expression) -> Expression:
    """Narrow the parts of an expression whose results are wanted as REAL, or compared."""
    match x:
        case Cast(operand, type_) if type_ is REAL and operand.type is DOUBLE:
            return _as_real(operand)
        case Binary(operator, left, right) if operator in COMPARISONS and left.type is DOUBLE and _mixes(x):
            return Binary(operator, _as_real(left), _as_real(right))
        case _:
            return map_children(_narrow_within, x)


def _as_real(x: Expression) -> Expression:
    """A DOUBLE value as REAL, computed in REAL."""
    match x:
        case Literal(value, _):
            return Literal(float(value), REAL)
        case Cast(operand, _):
            inner = _narrow_within(operand)
            return inner if inner.type is REAL else Cast(inner, REAL)
        case Unary(operator, operand):
            return Unary(operator, _as_real(operand))
        case Binary(operator_, left, right):
            return Binary(operator_, _as_real(left), _as_real(right))
        case Select(condition, then, orelse):
            return Select(_narrow_within(condition), _as_real(then), _as_real(orelse))
        case Call(function, arguments, _) if function not in _ON_DOUBLE:
            return Call(function, tuple(_as_real(a) for a in arguments), REAL)
        case _:
            return Cast(map_children(_narrow_within, x), REAL)
