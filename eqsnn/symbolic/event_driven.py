"""Synaptic variables that are brought up to date at events only (``event-driven``).

Between two events of a synapse its equations run undisturbed, so at an event each variable is the exact solution
(`exact`) after the time ``_elapsed`` since the synapse's last update. Nothing that enters may change in between.
"""

from __future__ import annotations

import sympy

from .exact import linear_system, propagate
from .functions import Timed
from .linear import VARYING
from .system import NotApplicable, OdeSystem, StateUpdate, T, real_symbol

ELAPSED = real_symbol("_elapsed")
"""Seconds since the synapse was last brought up to date."""


def solve_between_events(system: OdeSystem) -> StateUpdate:
    """New values after `ELAPSED`, without temporaries; `NotApplicable` where there is no such solution."""
    for name, right_side in system.derivatives.items():
        _require_undisturbed(name, right_side, system)
    solution = propagate(linear_system(system), frozenset(), ELAPSED)
    values = {define.symbol: define.value for define in solution.defines}
    return StateUpdate((), tuple((name, new.xreplace(values)) for name, new in solution.updates))


def _require_undisturbed(name: str, right_side: sympy.Expr, system: OdeSystem) -> None:
    """Refuse what changes between events: time, tables, random numbers, the neurons' own variables."""
    if name in system.frozen:
        raise NotApplicable(f"'{name}' is event-driven and cannot be 'unless refractory'", name)
    if T in right_side.free_symbols or right_side.has(Timed):
        raise NotApplicable(f"d{name}/dt is event-driven and cannot depend on time", name)
    if right_side.has(*VARYING):
        raise NotApplicable(f"d{name}/dt is event-driven and cannot draw random numbers", name)
    for other in sorted(symbol.name for symbol in right_side.free_symbols):
        if other.endswith(("_pre", "_post")) and other not in system.constant | set(system.derivatives):
            raise NotApplicable(f"d{name}/dt is event-driven, but '{other}' changes between events", name)
