"""Event code and bodies of rules in symbolic form.

    statement = Set(reference, x) | Add(reference, x) | Branch(condition, then, orelse)
              | Created(values, limit) | Removed(limit)

A symbol stands for the variable's value where the statement is reached: statements run in order. ``Set`` writes a
variable of the element itself, or a local; ``Add`` accumulates into one that several elements share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

import sympy

from ..grammar import ast, errors
from ..model.infer import infer
from ..model.scope import Scope, canonical
from ..model.statements import CheckedBlock
from ..model.symbols import (
    Counter,
    LocalReference,
    Reference,
    Side,
    Variable,
    VariableReference,
)
from ..model.walk import conjuncts
from .convert import Converter, symbol


@dataclass(frozen=True, slots=True)
class Set:
    """``reference = value``."""

    reference: LocalReference | VariableReference
    value: sympy.Expr


@dataclass(frozen=True, slots=True)
class Add:
    """``reference += value``."""

    reference: VariableReference | Counter
    value: sympy.Expr


@dataclass(frozen=True, slots=True)
class Branch:
    """``if condition: then else: orelse``."""

    condition: sympy.Basic
    then: tuple[Symbolic, ...]
    orelse: tuple[Symbolic, ...] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """``limit count [per side]``; ``site`` numbers the draw that puts those who compete in order."""

    count: sympy.Expr
    per: Literal["pre", "post"] | None
    site: int


@dataclass(frozen=True, slots=True)
class Created:
    """``create synapse(variable=value, ...) [limit ...]``."""

    values: tuple[tuple[Variable, sympy.Expr], ...]
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """``remove synapse [limit ...]``."""

    limit: Limit | None = None


Symbolic: TypeAlias = Set | Add | Branch | Created | Removed


def removes(statements: tuple[Symbolic, ...]) -> bool:
    """Whether a text removes synapses."""
    return any(
        isinstance(node, Removed) or (isinstance(node, Branch) and removes(node.then + node.orelse))
        for node in statements
    )


def convert_block(
    block: CheckedBlock, scope: Scope, converter: Converter, element: Side = "own"
) -> tuple[Symbolic, ...]:
    """Symbolic form of checked statements.

    ``element`` says which side's variables belong to the element itself: ``'pre'`` under ``for each pre``.
    """
    scope.locals.clear()
    return tuple(s for node in block.statements for s in _statement(node, scope, converter, element))


def _statement(node: ast.Statement, scope: Scope, converter: Converter, element: Side) -> tuple[Symbolic, ...]:
    match node:
        case ast.Assign():
            return (_assign(node, scope, converter, element),)
        case ast.If(condition, body, orelse, _):
            tests = _tests(condition, scope, converter)
            then, other = _body(body, scope, converter, element), _body(orelse, scope, converter, element)
            return (_branch(tests, then, other),)
        case ast.CreateSynapse(values, condition, limit, _):
            given = tuple(_created(v, scope, converter) for v in values)
            return _guarded(Created(given, _limit(limit, scope, converter)), condition, scope, converter)
        case ast.RemoveSynapse(condition, limit, _):
            return _guarded(Removed(_limit(limit, scope, converter)), condition, scope, converter)
        case _:
            assert_never(node)


def _body(nodes: tuple[ast.Statement, ...], scope: Scope, converter: Converter, element: Side) -> tuple[Symbolic, ...]:
    before = dict(scope.locals)
    result = tuple(s for node in nodes for s in _statement(node, scope, converter, element))
    scope.locals = before
    return result


def _created(value: ast.Keyword, scope: Scope, converter: Converter) -> tuple[Variable, sympy.Expr]:
    variable = scope.own.variables[value.name.id]
    assert isinstance(variable, Variable)
    return variable, converter.expression(value.value, scope)


def _limit(limit: ast.Limit | None, scope: Scope, converter: Converter) -> Limit | None:
    if limit is None:
        return None
    return Limit(converter.expression(limit.count, scope.of_synapse()), limit.per, next(converter.sites))


def _guarded(
    statement: Created | Removed, condition: ast.Expression | None, scope: Scope, converter: Converter
) -> tuple[Symbolic, ...]:
    if condition is None:
        return (statement,)
    return (_branch(_tests(condition, scope, converter), (statement,)),)


def _tests(condition: ast.Expression, scope: Scope, converter: Converter) -> tuple[sympy.Basic, ...]:
    return tuple(converter.expression(part, scope) for part in conjuncts(condition))


def _branch(
    tests: tuple[sympy.Basic, ...], then: tuple[Symbolic, ...], orelse: tuple[Symbolic, ...] = ()
) -> Branch:
    """A branch; where it asks one thing after the other, one within the other."""
    first, *further = tests
    return Branch(first, (_branch(tuple(further), then, orelse),) if further else then, orelse)


def _assign(node: ast.Assign, scope: Scope, converter: Converter, element: Side) -> Symbolic:
    value = converter.expression(node.value, scope)
    if node.operator == "/=" and value == 0:
        raise errors.ModelError("E523", f"'{node.span.text}' divides by zero.", node.span)
    found = scope.find(node.target.id)
    if not isinstance(found, LocalReference | VariableReference | Counter):
        found = LocalReference(node.target.id, infer(node.value, scope))
        scope.locals[found.name] = found.type
    if _is_shared(found, scope, element):
        assert isinstance(found, VariableReference | Counter)
        return Add(found, -value if node.operator == "-=" else value)
    assert isinstance(found, LocalReference | VariableReference)
    return Set(found, _new_value(node.operator, found, value, converter))


def _is_shared(found: Reference, scope: Scope, element: Side) -> bool:
    match found:
        case Counter():
            return True
        case VariableReference(variable, side):
            return side != element or (variable.shared and scope.own.kind == "synapses")
        case _:
            return False


def _new_value(operator: str, found: Reference, value: sympy.Expr, converter: Converter) -> sympy.Expr:
    if operator == "=":
        return value
    name = canonical(found)
    converter.references[name] = found
    old = symbol(name, found.type.dtype)
    match operator:
        case "+=":
            return old + value
        case "-=":
            return old - value
        case "*=":
            return old * value
        case _:
            return old / value
