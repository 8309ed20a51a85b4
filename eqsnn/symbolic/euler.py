"""Euler's method, and that of Euler and Maruyama where there is noise:

    x(t + dt) = x + f(x, t) dt + Σ_k g_k(t) √dt N_k.

Order 1. Noise must be additive: with multiplicative noise this would solve the equations in the sense of Itô.
"""

from __future__ import annotations

from .noise import increment, require_additive, split_noise
from .stages import hold
from .system import DT, OdeSystem, StateUpdate, real_symbol


def update(system: OdeSystem) -> StateUpdate:
    """One Euler step; `NotApplicable` where noise is multiplicative."""
    parts = split_noise(system)
    require_additive(system, parts)
    updates = []
    for name, drift in parts.drift.items():
        new = real_symbol(name) + drift * DT + increment(parts.diffusion[name])
        updates.append((name, hold(system, name, new)))
    return StateUpdate((), tuple(updates), parts.draws())
