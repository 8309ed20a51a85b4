"""Order: what several elements accumulate into must not be read by them, or results depend on who is first."""

from __future__ import annotations

from typing import assert_never

from ..grammar import ast, errors
from .scope import Scope
from .symbols import Reference, SubexpressionReference, VariableReference
from .walk import names_in


def check_order(statements: tuple[ast.Statement, ...], scope: Scope) -> None:
    """Check event code of synapses.

    :raises ModelError: E519.
    """
    accumulated: dict[str, ast.Assign] = {}
    _collect(statements, scope, accumulated)
    if accumulated:
        _no_reads(statements, scope, accumulated)


def _key(found: Reference | None) -> str | None:
    """One name for a variable, however it is written: ``v_pre`` and ``v_post`` of one group are the same."""
    match found:
        case VariableReference(variable, _):
            return f"{variable.owner}.{variable.name}"
        case _:
            return None


def _is_common(found: Reference | None) -> bool:
    """Whether several synapses may have it in common."""
    return isinstance(found, VariableReference) and (found.variable.shared or found.side != "own")


def _collect(statements: tuple[ast.Statement, ...], scope: Scope, into: dict[str, ast.Assign]) -> None:
    for statement in statements:
        match statement:
            case ast.Assign(target, "+=" | "-=", _, _):
                found = scope.find(target.id)
                key = _key(found)
                if key is not None and _is_common(found):
                    into.setdefault(key, statement)
            case ast.If(_, body, orelse, _):
                _collect(body, scope, into)
                _collect(orelse, scope, into)
            case _:
                pass


def _expressions(statement: ast.Statement) -> tuple[ast.Expression, ...]:
    match statement:
        case ast.Assign(_, _, value, _):
            return (value,)
        case ast.If(condition, _, _, _):
            return (condition,)
        case ast.CreateSynapse(values, condition, _, _):
            return (*(v.value for v in values), *((condition,) if condition else ()))
        case ast.RemoveSynapse(condition, _, _):
            return (condition,) if condition else ()
        case _:
            assert_never(statement)


def _no_reads(statements: tuple[ast.Statement, ...], scope: Scope, accumulated: dict[str, ast.Assign]) -> None:
    for statement in statements:
        for expression in _expressions(statement):
            for name in names_in(expression):
                for key, written in _read(scope.find(name.id), name.id, scope):
                    if key in accumulated:
                        raise _read_too(name, written, accumulated[key])
        if isinstance(statement, ast.If):
            _no_reads(statement.body, scope, accumulated)
            _no_reads(statement.orelse, scope, accumulated)


def _read(found: Reference | None, written: str, scope: Scope) -> list[tuple[str, str]]:
    """What reading a name reads in the end, through subexpressions: (key, how it is called here)."""
    if isinstance(found, SubexpressionReference):
        inner = scope.fresh() if found.side == "own" else scope.at(found.side)
        suffix = "" if found.side == "own" else f"_{found.side}"
        names = (name.id for name in names_in(found.subexpression.expression))
        return [(key, part + suffix) for name in names for key, part in _read(inner.find(name), name, inner)]
    key = _key(found)
    return [] if key is None else [(key, written)]


def _read_too(name: ast.Name, variable: str, accumulation: ast.Assign) -> errors.ModelError:
    span, target = accumulation.span, accumulation.target.id
    line = span.source.position(span.start)[0]
    here = name.span.source.position(name.span.start)[0]
    subject = f"'{name.id}' is read" if variable == name.id else f"'{name.id}' reads '{variable}'"
    if variable != target:
        subject += f", which is '{target}' of another synapse"
    where = "this line" if line == here else f"line {line}"
    hint = "let the neuron's equations do what depends on its present value"
    message = f"{subject}, and {where} changes it: the result would depend on the order of synapses."
    return errors.ModelError("E519", message, name.span, hint)
