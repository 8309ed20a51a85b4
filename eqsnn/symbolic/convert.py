"""Checked syntax trees to SymPy: names become symbols, subexpressions and user functions are put in place.

Every number is a real symbol under its canonical name (``v``, ``v_post``, ``t``), every truth value a plain one;
`Converter.references` remembers what each symbol stands for. SymPy evaluates nothing but exact arithmetic on the way.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import assert_never

import sympy

from ..grammar import ast, errors
from ..grammar.source import Span
from ..model.aggregates import side_of
from ..model.batches import reduced
from ..model.functions import AGGREGATES, BATCH_REDUCTIONS
from ..model.infer import infer
from ..model.scope import Scope, canonical
from ..model.symbols import (
    Aggregate,
    Builtin,
    Constant,
    Reference,
    Side,
    SubexpressionReference,
    TimedArraySpec,
    UserFunction,
    VariableReference,
)
from ..model.types import Dtype
from . import functions as f
from .reductions import Reduction
from .system import real_symbol

_LARGEST = sympy.Float(sys.float_info.max)
_BITS = 5000
_COMPARE = {"<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt, ">=": sympy.Ge, "==": sympy.Eq, "!=": sympy.Ne}


def symbol(name: str, dtype: Dtype) -> sympy.Symbol:
    """The symbol of a number or truth value."""
    return sympy.Symbol(name) if dtype is Dtype.BOOLEAN else real_symbol(name)


@dataclass(slots=True)
class Converter:
    """Converts the texts of one object; random calls are numbered through all of them.

    ``reductions`` holds what they ask of all synapses: what one is made of comes before it. ``batch`` tells that
    several networks run side by side.
    """

    batch: bool = False

    references: dict[str, Reference] = field(default_factory=dict)
    arrays: dict[str, TimedArraySpec] = field(default_factory=dict)
    sites: count[int] = field(default_factory=count)
    reductions: list[Reduction] = field(default_factory=list)
    numbers: count[int] = field(default_factory=count)

    def expression(
        self, node: ast.Expression, scope: Scope, side: Side = "own", bound: Mapping[str, sympy.Expr] | None = None
    ) -> sympy.Expr:
        """SymPy form of an expression read in ``scope``; its group's own variables are seen from ``side``."""

        def recur(inner: ast.Expression) -> sympy.Expr:
            return self.expression(inner, scope, side, bound)

        match node:
            case ast.Number(value, _):
                return sympy.Integer(value) if isinstance(value, int) else sympy.Float(value)
            case ast.Boolean(value, _):
                return sympy.true if value else sympy.false
            case ast.Name(name, _):
                return bound[name] if bound and name in bound else self._name(node, scope, side)
            case ast.Unary(operator, operand, _):
                inner = recur(operand)
                return sympy.Not(inner) if operator == "not" else (-inner if operator == "-" else inner)
            case ast.Binary(operator, left, right, _):
                return known(_binary(operator, recur(left), recur(right), node.span), node.span)
            case ast.Compare(operator, left, right, _):
                return _compare(operator, recur(left), recur(right), node.span)
            case ast.Logical(operator, left, right, _):
                return (sympy.And if operator == "and" else sympy.Or)(recur(left), recur(right))
            case ast.Call(function, _, _, _) if function.id in AGGREGATES and scope.function(function.id) is None:
                return self._aggregate(node, scope)
            case ast.Call(function, _, _, _) if function.id in BATCH_REDUCTIONS and scope.function(function.id) is None:
                return self._batch_reduction(node, scope)
            case ast.Call(function, arguments, _, _):
                return known(self._call(function.id, [recur(a) for a in arguments], scope), node.span)
            case _:
                assert_never(node)

    def _name(self, node: ast.Name, scope: Scope, side: Side) -> sympy.Expr:
        found = _seen_from(scope.resolve(node), side)
        if isinstance(found, SubexpressionReference) and found.subexpression.constant_over_dt:
            found = VariableReference(found.subexpression.held(), found.side)
        if isinstance(found, SubexpressionReference):
            inner = scope if side != "own" else scope.at(found.side)
            return self.expression(found.subexpression.expression, inner, found.side)
        if isinstance(found, Constant) and found.literal:
            return sympy.Float(found.value)
        name = canonical(found)
        self.references[name] = found
        return symbol(name, found.type.dtype)

    def _call(self, name: str, arguments: list[sympy.Expr], scope: Scope) -> sympy.Expr:
        special = scope.function(name)
        if isinstance(special, TimedArraySpec):
            self.arrays[special.name] = special
            return f.timed(special.name, *arguments)
        if isinstance(special, UserFunction):
            return self.expression(
                special.expression, scope, bound=dict(zip(special.parameters, arguments, strict=True))
            )
        if name in f.RANDOM:
            return f.RANDOM[name](sympy.Integer(next(self.sites)), *arguments)
        return f.FUNCTIONS[name](*arguments)

    def _batch_reduction(self, call: ast.Call, scope: Scope) -> sympy.Expr:
        """What the networks of a batch make of a variable; of a single one it is the variable itself."""
        found = VariableReference(reduced(call, scope), "own")
        if not self.batch:
            return self.expression(call.arguments[0], scope)
        self.references[found.variable.name] = found
        return symbol(found.variable.name, found.type.dtype)

    def _aggregate(self, call: ast.Call, scope: Scope) -> sympy.Symbol:
        """The symbol of a reduction; what was asked before is not asked again."""
        inner = scope.of_synapse()
        value, order = [*(self.expression(a, inner) for a in call.arguments), None, None][:2]
        name, per = call.function.id, side_of(call)
        result = Aggregate(
            f"_{name}{next(self.numbers)}", "synapse" if name == "rank" else per, infer(call, scope)
        )
        reduction = Reduction(result, name, per, value, order)  # type: ignore[arg-type]
        for known_ in self.reductions:
            if replace(reduction, result=known_.result) == known_:
                result = known_.result
                break
        else:
            self.reductions.append(reduction)
        self.references[result.name] = result
        return symbol(result.name, result.type.dtype)


def _seen_from(reference: Reference, side: Side) -> Reference:
    """A neuron's reference to its own, seen from a synapse of ``side``."""
    if side == "own":
        return reference
    match reference:
        case VariableReference(_, "own") | SubexpressionReference(_, "own"):
            return replace(reference, side=side)
        case Builtin(name, "own", _) if name not in ("t", "dt", "t_in_timesteps"):
            return replace(reference, side=side)
        case _:
            return reference


def known(value: sympy.Expr, span: Span) -> sympy.Expr:
    """An expression whose numbers, as far as SymPy has worked them out, are real numbers of the machine.

    :raises ModelError: E524.
    """
    if value.is_Boolean:
        return value
    if value.has(sympy.zoo, sympy.I):  # also the root of what is never positive, such as -exp(x)
        raise errors.ModelError("E524", f"'{span.text}' is not a number.", span, "look at its argument")
    if value.is_Number and value.is_finite and abs(value) > _LARGEST:
        raise errors.ModelError("E524", f"'{span.text}' is too large: the largest number is about 1.8e308.", span)
    return value


def _binary(operator: str, a: sympy.Expr, b: sympy.Expr, span: Span) -> sympy.Expr:
    if operator in ("/", "//", "%") and b == 0:
        raise errors.ModelError("E523", f"'{span.text}' divides by zero.", span)
    if operator == "**" and a == 0 and not b.is_nonnegative and (b.is_number or b.could_extract_minus_sign()):
        raise errors.ModelError("E523", f"'{span.text}' divides by zero: a power below zero of zero.", span)
    if operator == "**" and _has_many_digits(a, b):
        raise errors.ModelError("E524", f"'{span.text}' is too large: the largest number is about 1.8e308.", span)
    match operator:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return a / b
        case "**":
            return a**b
        case "//":
            return f.FloorDivide(a, b)
        case _:
            return f.Modulo(a, b)


def _has_many_digits(base: sympy.Expr, exponent: sympy.Expr) -> bool:
    """Whether a power is an integer whose digits SymPy would take long to work out."""
    if not (base.is_Integer and exponent.is_Integer and abs(base) > 1):
        return False
    return bool(int(base).bit_length() * abs(int(exponent)) > _BITS)


def _compare(operator: str, a: sympy.Basic, b: sympy.Basic, span: Span) -> sympy.Basic:
    if a.is_Boolean or b.is_Boolean:  # truth values: equal or not
        same = sympy.Equivalent(a, b)
        return same if operator == "==" else sympy.Not(same)
    try:
        return _COMPARE[operator](a, b)
    except TypeError:  # SymPy knows that a side is complex, such as the logarithm of what is never positive
        message = f"'{span.text}' compares what is not a real number."
        raise errors.ModelError("E524", message, span, "look at the logarithms, roots and powers in it") from None
