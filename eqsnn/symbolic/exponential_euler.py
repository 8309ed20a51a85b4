"""Exponential Euler, for conditionally linear equations (Hodgkin–Huxley and the like).

Each right side is linear in its own variable, dx/dt = a x + b, where a and b may depend on the others; with those held
over the step,

    x(t + dt) = x + (a x + b) dt exprel(a dt).

The form of hand-written code, x_inf + (x - x_inf) exp(a dt) with x_inf = -b/a, has the same cost, one exponential and
one division, but is 0/0 at a = 0 and loses digits near it. `exprel` carries its own guard; on the neuron loop of the
COBAHH benchmark this costs 5 % (measured, vectorised and not). Three cases are cheaper: a constant makes both factors
constants of the run, b = 0 needs the exponential alone, and a = 0 is Euler's step. Order 1; t is that of the start.
"""

from __future__ import annotations

import sympy

from .functions import Exp, Exprel
from .linear import Linear, NotLinear, is_constant, split_linear
from .noise import require_no_noise
from .stages import hold
from .system import DT, Define, NotApplicable, OdeSystem, StateUpdate, real_symbol


def update(system: OdeSystem) -> StateUpdate:
    """One step of exponential Euler; `NotApplicable` where an equation is not conditionally linear, or has noise."""
    require_no_noise(system)
    defines: list[Define] = []
    updates = []
    for name, right_side in system.derivatives.items():
        variable = real_symbol(name)
        found = split_linear(right_side, (variable,))
        if isinstance(found, NotLinear):
            raise NotApplicable(f"d{name}/dt is not linear in '{name}', the other variables held", name)
        new = _solution(variable, found, system.constant, defines)
        updates.append((name, hold(system, name, new)))
    return StateUpdate(tuple(defines), tuple(updates))


def _solution(variable: sympy.Symbol, found: Linear, constant: frozenset[str], defines: list[Define]) -> sympy.Expr:
    a, b = found.coefficient(variable), found.rest
    if a == 0:
        return variable + DT * b
    if is_constant(a, constant):
        return _constant_rate(variable, a, b, constant, defines)
    if b == 0:
        return variable * Exp(a * DT)
    rate = _define(f"_a_{variable.name}", a, defines)
    return variable + (rate * variable + b) * DT * Exprel(rate * DT)


def _constant_rate(
    variable: sympy.Symbol, a: sympy.Expr, b: sympy.Expr, constant: frozenset[str], defines: list[Define]
) -> sympy.Expr:
    """The same with everything that is constant given a name of its own, as `exact` would."""
    name = variable.name
    decay = _define(f"_P_{name}_{name}", Exp(a * DT), defines)
    if b == 0:
        return decay * variable
    gain = DT * Exprel(a * DT)
    if is_constant(b, constant):
        return decay * variable + _define(f"_P_{name}_1", gain * b, defines)
    return decay * variable + _define(f"_P_{name}_u", gain, defines) * b


def _define(name: str, value: sympy.Expr, defines: list[Define]) -> sympy.Expr:
    if value.is_Number or isinstance(value, sympy.Symbol):
        return value
    symbol = real_symbol(name)
    defines.append(Define(symbol, value))
    return symbol
