"""Gathers what is constant within a run, so that a later pass can compute it once.

SymPy's sums and products have any number of terms in an order of its own: in ``dt·v/τ`` no node holds ``dt/τ``. Here
the constant terms of each sum and the constant factors of each product become one temporary ``_h0``, ``_h1``, …, as
does every other largest constant part that takes an operation. A sign stays outside, so that ``x - c·y`` remains a
subtraction, and a number alone stays where it is.
"""

from __future__ import annotations

import sympy

from ..model.symbols import Builtin, Constant, Named, VariableReference
from .linear import is_constant
from .system import Define, StateUpdate, real_symbol


def gather_constants(update: StateUpdate, constant: frozenset[str]) -> StateUpdate:
    """The same step with temporaries that depend on constants and ``dt`` alone for all such parts."""
    gatherer = _Gatherer(constant)
    for define in update.defines:
        if gatherer.is_constant(define.value):
            gatherer.keep(define)
        else:
            gatherer.defines.append(Define(define.symbol, gatherer.rewrite(define.value)))
    updates = tuple((name, gatherer.rewrite(value)) for name, value in update.updates)
    return StateUpdate(tuple(gatherer.defines), updates, update.noises)


def constant_temporaries(update: StateUpdate, constant: frozenset[str]) -> frozenset[str]:
    """Names of the temporaries of a step that keep their value within a run."""
    names = set(constant)
    for define in update.defines:
        if is_constant(define.value, names):
            names.add(define.symbol.name)
    return frozenset(names - constant)


class _Gatherer:
    def __init__(self, constant: frozenset[str]) -> None:
        self.constant = set(constant)
        self.defines: list[Define] = []
        self.known: dict[sympy.Expr, sympy.Symbol] = {}
        self.rewritten: dict[sympy.Basic, sympy.Basic] = {}
        self.count = 0

    def is_constant(self, value: sympy.Basic) -> bool:
        return is_constant(value, self.constant)

    def keep(self, define: Define) -> None:
        """Take over a temporary that is constant already."""
        self.defines.append(define)
        self.known.setdefault(define.value, define.symbol)
        self.constant.add(define.symbol.name)

    def name(self, value: sympy.Expr) -> sympy.Expr:
        """The temporary of a constant value; the value itself where it is a number or a name."""
        if value.is_Atom or not value.free_symbols:
            return value
        if value.could_extract_minus_sign():
            return -self.name(-value)
        if value not in self.known:
            self.keep(Define(real_symbol(f"_h{self.count}"), value))
            self.count += 1
        return self.known[value]

    def rewrite(self, expression: sympy.Basic) -> sympy.Basic:
        """The expression with its constant parts named."""
        if expression.is_Atom:
            return expression
        if expression not in self.rewritten:
            self.rewritten[expression] = self._rewrite(expression)
        return self.rewritten[expression]

    def _rewrite(self, expression: sympy.Basic) -> sympy.Basic:
        if isinstance(expression, sympy.Expr) and self.is_constant(expression):
            return self.name(expression)
        if not isinstance(expression, sympy.Add | sympy.Mul):
            return expression.func(*map(self.rewrite, expression.args))
        fixed = [part for part in expression.args if self.is_constant(part)]
        varying = [part for part in expression.args if not self.is_constant(part)]
        group = [self.name(expression.func(*fixed))] if fixed else []
        return expression.func(*group, *map(self.rewrite, varying))


def keeps_its_value(reference: Named) -> bool:
    """Whether what a name stands for is the same throughout a run."""
    match reference:
        case Constant():
            return True
        case VariableReference(variable, _):
            return variable.constant
        case Builtin(name, _, _):
            return name in ("N", "N_pre", "N_post", "i", "j", "dt")
        case _:
            return False
