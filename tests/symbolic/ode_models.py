"""Systems that several tests use."""

from __future__ import annotations

import sympy

from eqsnn.symbolic.functions import Exp, Exprel
from eqsnn.symbolic.system import OdeSystem, real_symbol


def symbols(names: str) -> list[sympy.Symbol]:
    return [real_symbol(name) for name in names.split()]


def cuba() -> OdeSystem:
    """Current-based synapses (Brian2's CUBA example)."""
    v, ge, gi, El, taum, taue, taui = symbols("v ge gi El taum taue taui")
    derivatives = {"v": (ge + gi - (v - El)) / taum, "ge": -ge / taue, "gi": -gi / taui}
    return OdeSystem(derivatives, (), frozenset({"v"}), frozenset({"El", "taum", "taue", "taui"}))


CUBA_VALUES = {"El": -49e-3, "taum": 20e-3, "taue": 5e-3, "taui": 10e-3}

COBAHH_VALUES = {
    "Cm": 200e-12, "gl": 10e-9, "El": -65e-3, "EK": -90e-3, "ENa": 50e-3, "g_na": 20e-6, "g_kd": 6e-6, "VT": -63e-3,
    "Ee": 0.0, "Ei": -80e-3, "taue": 5e-3, "taui": 10e-3,
}  # fmt: skip
COBAHH_START = {"v": -60e-3, "m": 0.1, "n": 0.4, "h": 0.5, "ge": 30e-9, "gi": 100e-9}


def cobahh() -> OdeSystem:
    """Hodgkin–Huxley neurons with conductances (Brian2's COBAHH example)."""
    v, m, n, h, ge, gi = symbols("v m n h ge gi")
    Cm, gl, El, EK, ENa, g_na, g_kd, VT, Ee, Ei, taue, taui = symbols("Cm gl El EK ENa g_na g_kd VT Ee Ei taue taui")
    mV = ms = sympy.Float(1e-3)
    alpha_m = sympy.Float(0.32) / mV * 4 * mV / Exprel((13 * mV - v + VT) / (4 * mV)) / ms
    beta_m = sympy.Float(0.28) / mV * 5 * mV / Exprel((v - VT - 40 * mV) / (5 * mV)) / ms
    alpha_h = sympy.Float(0.128) * Exp((17 * mV - v + VT) / (18 * mV)) / ms
    beta_h = 4 / (1 + Exp((40 * mV - v + VT) / (5 * mV))) / ms
    alpha_n = sympy.Float(0.032) / mV * 5 * mV / Exprel((15 * mV - v + VT) / (5 * mV)) / ms
    beta_n = sympy.Float(0.5) * Exp((10 * mV - v + VT) / (40 * mV)) / ms
    leak = gl * (El - v) + ge * (Ee - v) + gi * (Ei - v)
    derivatives = {
        "v": (leak - g_na * (m * m * m) * h * (v - ENa) - g_kd * (n * n * n * n) * (v - EK)) / Cm,
        "m": alpha_m * (1 - m) - beta_m * m,
        "n": alpha_n * (1 - n) - beta_n * n,
        "h": alpha_h * (1 - h) - beta_h * h,
        "ge": -ge / taue,
        "gi": -gi / taui,
    }
    return OdeSystem(derivatives, (), frozenset(), frozenset(COBAHH_VALUES))
