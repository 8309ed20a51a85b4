"""Common subexpressions of a step become temporaries ``_c0``, ``_c1``, ….

First the factors that several products share are bracketed (`brackets`), then every part that occurs twice gets a
name. Conditions keep their form, their parts are shared. All choices follow the order of the expressions, never that
of a hash.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy

from .brackets import bracket, count_parts
from .constants import constant_temporaries
from .system import Define, StateUpdate, real_symbol


def share(update: StateUpdate, constant: frozenset[str] = frozenset()) -> StateUpdate:
    """The same step with no operation done twice; temporaries that depend on constants alone stay as they are."""
    fixed = constant_temporaries(update, constant)
    moving = [define for define in update.defines if define.symbol.name not in fixed]
    roots = bracket([define.value for define in moving] + [value for _, value in update.updates])
    sharer = _Sharer(_repeated(roots))
    values = iter(roots)
    for define in update.defines:
        if define.symbol.name in fixed:
            sharer.defines.append(define)
        else:
            sharer.keep(define.symbol, next(values))
    updates = tuple((name, sharer.rewrite(value)) for (name, _), value in zip(update.updates, values, strict=True))
    return StateUpdate(tuple(sharer.defines), updates, update.noises)


def _repeated(roots: Iterable[sympy.Basic]) -> frozenset[sympy.Basic]:
    return frozenset(node for node, count in count_parts(roots).items() if count > 1 and _worth_a_name(node))


def _worth_a_name(node: sympy.Basic) -> bool:
    """A negation costs nothing, a condition has no number."""
    negation = isinstance(node, sympy.Mul) and len(node.args) == 2 and node.args[0] is sympy.S.NegativeOne
    return isinstance(node, sympy.Expr) and bool(node.free_symbols) and not negation


class _Sharer:
    def __init__(self, repeated: frozenset[sympy.Basic]) -> None:
        self.repeated = repeated
        self.defines: list[Define] = []
        self.known: dict[sympy.Basic, sympy.Basic] = {}
        self.count = 0

    def keep(self, symbol: sympy.Symbol, value: sympy.Expr) -> None:
        """Take over a temporary; its value is known by its name from here on."""
        if value in self.known or value.is_Atom:
            self.defines.append(Define(symbol, self.known.get(value, value)))
            return
        self.defines.append(Define(symbol, self._inside(value)))
        self.known[value] = symbol

    def rewrite(self, node: sympy.Basic) -> sympy.Basic:
        """The expression with its repeated parts replaced by names."""
        if node.is_Atom:
            return node
        if node not in self.known:
            value = self._inside(node)
            if node in self.repeated:
                symbol = real_symbol(f"_c{self.count}")
                self.count += 1
                self.defines.append(Define(symbol, value))
                value = symbol
            self.known[node] = value
        return self.known[node]

    def _inside(self, node: sympy.Basic) -> sympy.Basic:
        return node.func(*map(self.rewrite, node.args))
