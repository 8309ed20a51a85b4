"""The classical Runge–Kutta method, order 4:

k1 = f(x, t)                       k2 = f(x + k1 dt/2, t + dt/2)
k3 = f(x + k2 dt/2, t + dt/2)      k4 = f(x + k3 dt, t + dt)
x(t+dt) = x + dt (k1 + 2 k2 + 2 k3 + k4) / 6.
"""

from __future__ import annotations

import sympy

from .noise import require_no_noise
from .stages import Stages, at, hold
from .system import DT, OdeSystem, StateUpdate, real_symbol


def update(system: OdeSystem) -> StateUpdate:
    """One step of the classical Runge–Kutta method; `NotApplicable` where there is noise."""
    require_no_noise(system)
    stages = Stages(system)
    slopes = [stages.define("k1", system.derivatives)]
    for number, later in enumerate((DT / 2, DT / 2, DT), start=2):
        moved = {name: real_symbol(name) + later * k for name, k in slopes[-1].items()}
        support = stages.support(f"x{number}", moved)
        slopes.append(stages.define(f"k{number}", at(system.derivatives, support, later)))
    k1, k2, k3, k4 = slopes
    updates = []
    for name in system.derivatives:
        total = sympy.Add(k1[name], 2 * k2[name], 2 * k3[name], k4[name])
        updates.append((name, hold(system, name, real_symbol(name) + DT / 6 * total)))
    return StateUpdate(tuple(stages.defines), tuple(updates))
