"""What a reset does to a neuron's state: values after it, as expressions of those that it finds."""

from __future__ import annotations

from collections.abc import Iterable

import sympy

from ...grammar.errors import ModelError
from ...model.scope import canonical
from ..blocks import Branch, Set, Symbolic
from ..convert import symbol
from ..functions import Where

Values = dict[sympy.Symbol, sympy.Expr]


def values_after(body: Iterable[Symbolic], title: str) -> dict[str, sympy.Expr]:
    """The variables that a text sets, each with its value when all of it has run.

    :raises ModelError: E580, the text does more than give a neuron's own variables values.
    """
    known: Values = {}
    _run(body, known, title)
    return {name.name: value for name, value in known.items()}


def _run(body: Iterable[Symbolic], known: Values, title: str) -> None:
    for statement in body:
        match statement:
            case Set(reference, value):
                known[symbol(canonical(reference), reference.type.dtype)] = value.xreplace(known)
            case Branch(condition, then, orelse):
                _join(condition.xreplace(known), _branch(then, known, title), _branch(orelse, known, title), known)
            case _:
                message = "e-prop can follow a reset that gives the neuron's own variables values, and nothing else."
                raise ModelError("E580", message, place=title)


def _branch(body: Iterable[Symbolic], known: Values, title: str) -> Values:
    inner = dict(known)
    _run(body, inner, title)
    return inner


def _join(condition: sympy.Basic, then: Values, orelse: Values, known: Values) -> None:
    """Both ways of a branch become one value each; a variable that one way leaves alone keeps its value there."""
    for name in {**then, **orelse}:
        known[name] = Where(condition, then.get(name, name), orelse.get(name, name))
