"""What a method of integration is given (`OdeSystem`) and what it gives back (`StateUpdate`).

Every symbol is made here, so that all stages agree on its assumptions: SymPy holds two symbols of one name and
different assumptions to be different.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy


def real_symbol(name: str) -> sympy.Symbol:
    """The symbol of any variable, parameter, constant, noise or temporary of this name."""
    return sympy.Symbol(name, real=True)


T = real_symbol("t")
DT = real_symbol("dt")
NOT_REFRACTORY = sympy.Symbol("not_refractory")


@dataclass(frozen=True, slots=True)
class OdeSystem:
    """The differential equations of one group, subexpressions already put in.

    ``derivatives`` maps each variable to its right side; ``noise`` names the white-noise symbols in right sides
    (``'xi'``, ``'xi_a'``); ``frozen`` the variables flagged ``unless refractory``; ``constant`` all symbols that keep
    their value within a run.
    """

    derivatives: Mapping[str, sympy.Expr]
    noise: tuple[str, ...] = ()
    frozen: frozenset[str] = frozenset()
    constant: frozenset[str] = frozenset()

    @property
    def variables(self) -> tuple[sympy.Symbol, ...]:
        """The symbols of the variables, in the order of the equations."""
        return tuple(real_symbol(name) for name in self.derivatives)


@dataclass(frozen=True, slots=True)
class Define:
    """A temporary of the step; its name starts with ``_``."""

    symbol: sympy.Symbol
    value: sympy.Expr


@dataclass(frozen=True, slots=True)
class StateUpdate:
    """One step: first ``defines`` in order, from old values and earlier defines; then all ``updates`` at once.

    ``noises`` gives, for each white noise, the symbol that stands for one draw from N(0, 1) in this step.
    """

    defines: tuple[Define, ...]
    updates: tuple[tuple[str, sympy.Expr], ...]
    noises: tuple[tuple[str, sympy.Symbol], ...] = ()


class NotApplicable(Exception):  # noqa: N818 - an answer to a question, not a failure
    """A method cannot integrate a system: ``reason`` is a sentence for the user, ``variable`` the equation at fault."""

    def __init__(self, reason: str, variable: str | None = None) -> None:
        self.reason = reason
        self.variable = variable
        super().__init__(reason)
