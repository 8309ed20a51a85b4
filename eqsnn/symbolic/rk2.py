"""The midpoint method, a Runge–Kutta method of order 2:

k       = f(x, t)
x(t+dt) = x + dt f(x + k dt/2, t + dt/2).
"""

from __future__ import annotations

from .noise import require_no_noise
from .stages import Stages, at, hold
from .system import DT, OdeSystem, StateUpdate, real_symbol


def update(system: OdeSystem) -> StateUpdate:
    """One step of the midpoint method; `NotApplicable` where there is noise."""
    require_no_noise(system)
    stages = Stages(system)
    middle = {name: real_symbol(name) + DT / 2 * f for name, f in system.derivatives.items()}
    slopes = at(system.derivatives, stages.support("mid", middle), DT / 2)
    updates = tuple((name, hold(system, name, real_symbol(name) + DT * f)) for name, f in slopes.items())
    return StateUpdate(tuple(stages.defines), updates)
