"""What methods of several stages share: naming a stage's values, and evaluating right sides there.

A variable that is ``unless refractory`` keeps its old value at every stage while the neuron is refractory, which is
what a right side of zero would give.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy

from .functions import Where
from .system import NOT_REFRACTORY, Define, OdeSystem, T, real_symbol


class Stages:
    """The temporaries of a step of several stages, in order."""

    def __init__(self, system: OdeSystem) -> None:
        self.system = system
        self.defines: list[Define] = []

    def define(self, prefix: str, values: Mapping[str, sympy.Expr]) -> dict[str, sympy.Symbol]:
        """Give each variable's value the name ``_<prefix>_<variable>``."""
        symbols = {name: real_symbol(f"_{prefix}_{name}") for name in values}
        self.defines.extend(Define(symbols[name], value) for name, value in values.items())
        return symbols

    def support(self, prefix: str, values: Mapping[str, sympy.Expr]) -> dict[str, sympy.Symbol]:
        """Name the values that variables have at a stage; frozen ones are held."""
        return self.define(prefix, {name: hold(self.system, name, value) for name, value in values.items()})


def hold(system: OdeSystem, name: str, new: sympy.Expr) -> sympy.Expr:
    """``new``, or the old value of a frozen variable while the neuron is refractory."""
    return Where(NOT_REFRACTORY, new, real_symbol(name)) if name in system.frozen else new


def at(
    expressions: Mapping[str, sympy.Expr], values: Mapping[str, sympy.Expr], later: sympy.Expr = sympy.S.Zero
) -> dict[str, sympy.Expr]:
    """Expressions with the variables replaced by ``values``, a time ``later`` than the start of the step."""
    replacements = {real_symbol(name): value for name, value in values.items()} | {T: T + later}
    return {name: expression.xreplace(replacements) for name, expression in expressions.items()}
