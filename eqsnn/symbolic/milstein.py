"""Milstein's method, for diagonal multiplicative noise in the sense of Stratonovich:

    x_i(t+dt) = x_i + f_i dt + g_i dW_i + ½ g_i ∂g_i/∂x_i dW_i²,    dW_i = √dt N_i.

Strong order 1. Diagonal means: each noise enters one equation, each equation has at most one noise, and g_i depends on
no other variable that has noise itself. Brian2's ``milstein`` replaces the derivative by a difference quotient; here
it is taken symbolically. (Kloeden & Platen 1992, §10.3.)
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy

from .derivatives import partial
from .noise import Stochastic, draw, split_noise
from .stages import hold
from .system import DT, NotApplicable, OdeSystem, StateUpdate, real_symbol


def update(system: OdeSystem) -> StateUpdate:
    """One step of Milstein's method; `NotApplicable` where noise is not diagonal."""
    parts = split_noise(system)
    _require_diagonal(parts)
    updates = []
    for name, drift in parts.drift.items():
        variable = real_symbol(name)
        new = variable + drift * DT + _noise_terms(variable, parts.diffusion[name])
        updates.append((name, hold(system, name, new)))
    return StateUpdate((), tuple(updates), parts.draws())


def _noise_terms(variable: sympy.Symbol, factors: Mapping[str, sympy.Expr]) -> sympy.Expr:
    terms = []
    for source, g in factors.items():
        normal = draw(source)
        terms += [g * sympy.sqrt(DT) * normal, g * partial(g, variable) * DT * normal**2 / 2]
    return sympy.Add(*terms)


def _require_diagonal(parts: Stochastic) -> None:
    owner: dict[str, str] = {}
    noisy = {name for name, factors in parts.diffusion.items() if factors}
    for name, factors in parts.diffusion.items():
        if len(factors) > 1:
            both = " and ".join(f"'{source}'" for source in list(factors)[:2])
            raise NotApplicable(f"the noise is not diagonal: d{name}/dt has both {both}", name)
        for source, factor in factors.items():
            if source in owner:
                reason = f"the noise is not diagonal: '{source}' is in both d{owner[source]}/dt and d{name}/dt"
                raise NotApplicable(reason, name)
            owner[source] = name
            others = sorted({symbol.name for symbol in factor.free_symbols} & (noisy - {name}))
            if others:
                reason = f"the noise is not diagonal: the factor of '{source}' in d{name}/dt depends on '{others[0]}'"
                raise NotApplicable(f"{reason}, which has noise itself", name)
