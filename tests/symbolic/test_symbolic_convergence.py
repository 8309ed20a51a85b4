"""Order of convergence of the methods without noise, and what they make of time and of refractoriness."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from evaluate import advance, run
from ode_models import COBAHH_START, COBAHH_VALUES, cobahh, symbols
from scipy.integrate import solve_ivp

from eqsnn.symbolic.choose import integrate
from eqsnn.symbolic.functions import AsInteger, Exp
from eqsnn.symbolic.system import NOT_REFRACTORY, OdeSystem, T

v, w, x, y = symbols("v w x y")
ORDERS = {"euler": 1, "heun": 1, "milstein": 1, "exponential_euler": 1, "rk2": 2, "rk4": 4}


def order(system: OdeSystem, method: str, start: dict[str, float], expected: list[float]) -> float:
    """From the errors at T = 1 with 40 and 80 steps."""
    update = integrate(system, method)
    errors = []
    for steps in (40, 80):
        end = run(update, start, {"not_refractory": True}, 1 / steps, steps)
        errors.append(np.linalg.norm([end[name] - value for name, value in zip(start, expected, strict=True)]))
    return float(np.log2(errors[0] / errors[1]))


@pytest.mark.parametrize("method", ORDERS)
def test_order_on_a_nonlinear_system_with_time(method: str) -> None:
    """Conditionally linear (x appears linearly in dx/dt, y in dy/dt), driven by a sine."""
    system = OdeSystem({"x": x * (1 - y) + sympy.sin(3 * T), "y": y * (x - 1) + T**2 / 2})
    start = {"x": 0.8, "y": 0.6}
    reference = solve_ivp(
        lambda t, s: [s[0] * (1 - s[1]) + np.sin(3 * t), s[1] * (s[0] - 1) + t**2 / 2],
        (0, 1), list(start.values()), method="DOP853", rtol=1e-13, atol=1e-14,
    )  # fmt: skip
    assert order(system, method, start, list(reference.y[:, -1])) == pytest.approx(ORDERS[method], abs=0.15)


@pytest.mark.parametrize("method", ["euler", "rk2", "rk4", "heun", "milstein"])
def test_frozen_variables_stand_still_and_others_see_it(method: str) -> None:
    right = {"v": -v * v + Exp(w), "w": v - w * w + T}
    update = integrate(OdeSystem(right, frozen=frozenset({"v"})), method)
    values = {"t": 0.3, "dt": 0.05, "not_refractory": False}
    refractory = advance(update, {"v": 1.2, "w": 0.4}, values)
    assert refractory["v"] == 1.2
    expected = advance(integrate(OdeSystem(right | {"v": sympy.S.Zero}), method), {"v": 1.2, "w": 0.4}, values)
    assert refractory["w"] == expected["w"]
    free = advance(integrate(OdeSystem(right), method), {"v": 1.2, "w": 0.4}, values)
    assert advance(update, {"v": 1.2, "w": 0.4}, values | {"not_refractory": True}) == free


def test_exponential_euler_keeps_a_frozen_variable() -> None:
    update = integrate(OdeSystem({"v": -v * w, "w": v - w}, frozen=frozenset({"v"})), "exponential_euler")
    new = advance(update, {"v": 1.2, "w": 0.4}, {"dt": 0.05, "not_refractory": False})
    assert new["v"] == 1.2
    assert new["w"] == pytest.approx(1.2 + (0.4 - 1.2) * np.exp(-0.05), rel=1e-14)


@pytest.mark.parametrize("rate", [0.0, 1e-300, -1e-12, -2.0, 3.0])
def test_exponential_euler_is_safe_at_rate_zero(rate: float) -> None:
    """The rate is the other variable, so that it can be anything."""
    update = integrate(OdeSystem({"x": x * y + 2, "y": sympy.S.Zero}), "exponential_euler")
    new = advance(update, {"x": 0.5, "y": rate}, {"dt": 0.1})
    exact = 0.5 * np.exp(rate * 0.1) + (2 * np.expm1(rate * 0.1) / rate if abs(rate) > 1e-200 else 0.2)
    assert new["x"] == pytest.approx(exact, rel=1e-13)


def test_exponential_euler_of_constant_rates_needs_no_exponential_in_the_step() -> None:
    tau, b, current = symbols("tau b current")
    system = OdeSystem({"x": -x / tau, "y": (b - y) / tau, "v": (current - v) / tau}, constant=frozenset({"tau", "b"}))
    update = integrate(system, "exponential_euler")
    assert not any(value.has(Exp) for _, value in update.updates)
    new = advance(update, {"x": 1.0, "y": 1.0, "v": 1.0}, {"tau": 0.02, "b": 3.0, "current": -2.0, "dt": 0.01})
    decay = np.exp(-0.5)
    assert [new["x"], new["y"], new["v"]] == pytest.approx([decay, 3 - 2 * decay, -2 + 3 * decay], rel=1e-13)


def test_exponential_euler_on_hodgkin_huxley_is_the_form_written_by_hand() -> None:
    new = advance(integrate(cobahh(), "exponential_euler"), COBAHH_START, COBAHH_VALUES | {"dt": 1e-4})
    u, (m, n, h) = 3.0, (COBAHH_START[name] for name in "mnh")
    rates = {
        "m": (1.28 * ((13 - u) / 4) / np.expm1((13 - u) / 4), 1.4 * ((u - 40) / 5) / np.expm1((u - 40) / 5)),
        "n": (0.16 * ((15 - u) / 5) / np.expm1((15 - u) / 5), 0.5 * np.exp((10 - u) / 40)),
        "h": (0.128 * np.exp((17 - u) / 18), 4 / (1 + np.exp((40 - u) / 5))),
    }
    for name, (alpha, beta) in rates.items():
        limit = alpha / (alpha + beta)
        expected = limit + (COBAHH_START[name] - limit) * np.exp(-0.1 * (alpha + beta))
        assert new[name] == pytest.approx(expected, rel=1e-12)
    conductances = np.array([10e-9, 30e-9, 100e-9, 20e-6 * m**3 * h, 6e-6 * n**4])
    limit = conductances @ np.array([-65e-3, 0, -80e-3, 50e-3, -90e-3]) / conductances.sum()
    expected = limit + (-60e-3 - limit) * np.exp(-1e-4 * conductances.sum() / 200e-12)
    assert new["v"] == pytest.approx(expected, rel=1e-12)


def test_condition_in_a_right_side() -> None:
    system = OdeSystem({"v": AsInteger(NOT_REFRACTORY) * (1 - v * v)})
    assert advance(integrate(system, "rk4"), {"v": 0.5}, {"t": 0.0, "dt": 0.1, "not_refractory": False})["v"] == 0.5
