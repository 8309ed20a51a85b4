"""Heun's stochastic method, for multiplicative noise in the sense of Stratonovich:

    y       = x + Σ_k g_k(x, t) dW_k
    x(t+dt) = x + f(x, t) dt + ½ Σ_k (g_k(x, t) + g_k(y, t + dt)) dW_k,    dW_k = √dt N_k.

Strong order 1 where the noise commutes (one noise for each variable, or one in all), 1/2 otherwise; order 1 without
noise, where it is Euler's method. As Brian2's ``heun``. (Rümelin 1982, SIAM J. Numer. Anal. 19, 604.)
"""

from __future__ import annotations

import sympy

from .noise import draw, increment, split_noise
from .stages import Stages, at, hold
from .system import DT, OdeSystem, StateUpdate, real_symbol


def update(system: OdeSystem) -> StateUpdate:
    """One step of Heun's method; `NotApplicable` only where a right side is not linear in a noise."""
    parts = split_noise(system)
    stages = Stages(system)
    noisy = [name for name, factors in parts.diffusion.items() if factors]
    support = stages.support("y", {name: real_symbol(name) + increment(parts.diffusion[name]) for name in noisy})
    updates = []
    for name, drift in parts.drift.items():
        before = parts.diffusion[name]
        after = at(before, support, DT)
        mean = ((g + after[source]) / 2 * sympy.sqrt(DT) * draw(source) for source, g in before.items())
        updates.append((name, hold(system, name, sympy.Add(real_symbol(name), drift * DT, *mean))))
    return StateUpdate(tuple(stages.defines), tuple(updates), parts.draws())
