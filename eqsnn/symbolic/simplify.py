"""Simplifies a step without changing what it computes, beyond rounding.

Four passes, each linear or nearly so in the size of the step; nothing here searches for a shorter form as
`sympy.simplify` would, and powers stay powers.
"""

from __future__ import annotations

import sympy

from .common import share
from .constants import gather_constants
from .system import Define, StateUpdate


def simplify(update: StateUpdate, constant: frozenset[str] = frozenset()) -> StateUpdate:
    """Constants gathered, common parts computed once, temporaries dropped that are trivial or not used.

    ``constant`` names the symbols that do not change within a run (`OdeSystem.constant`).
    """
    return drop_unused(share(gather_constants(inline_trivial(update), constant), constant))


def inline_trivial(update: StateUpdate) -> StateUpdate:
    """Put temporaries that are a number or another symbol in where they are used."""
    values: dict[sympy.Symbol, sympy.Expr] = {}
    defines = []
    for define in update.defines:
        value = define.value.xreplace(values)
        if value.is_Number or isinstance(value, sympy.Symbol):
            values[define.symbol] = value
        else:
            defines.append(Define(define.symbol, value))
    updates = tuple((name, value.xreplace(values)) for name, value in update.updates)
    return StateUpdate(tuple(defines), updates, update.noises)


def drop_unused(update: StateUpdate) -> StateUpdate:
    """Leave out temporaries that nothing uses."""
    used: set[sympy.Symbol] = set()
    for _, value in update.updates:
        used |= value.free_symbols
    kept = []
    for define in reversed(update.defines):
        if define.symbol in used:
            used |= define.value.free_symbols
            kept.append(define)
    return StateUpdate(tuple(reversed(kept)), update.updates, update.noises)
