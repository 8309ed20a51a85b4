"""Stochastic methods: strong order on equations with known solutions, driven by one and the same path."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from evaluate import advance
from ode_models import symbols

from eqsnn.symbolic.choose import integrate
from eqsnn.symbolic.functions import AsInteger
from eqsnn.symbolic.system import OdeSystem, T

x, y, a, b, tau, sigma, xi, xi_1, xi_2 = symbols("x y a b tau sigma xi xi_1 xi_2")
PATHS, FINEST = 2000, 256


def final(system: OdeSystem, method: str, start: dict[str, float], steps: int, normals: dict[str, np.ndarray]) -> dict:
    """State at T = 1 for all paths; the draws of ``steps`` steps are sums of those of the finest grid."""
    update = integrate(system, method)
    symbol = dict(update.noises)
    draws = {
        symbol[name].name: path.reshape(PATHS, steps, -1).sum(axis=2) / np.sqrt(FINEST / steps)
        for name, path in normals.items()
    }
    state = {name: np.full(PATHS, value) for name, value in start.items()}
    for step in range(steps):
        others = {name: values[:, step] for name, values in draws.items()}
        state = advance(update, state, others | {"a": 0.5, "b": 0.8, "t": step / steps, "dt": 1 / steps})
    return state


def paths(*names: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {name: rng.standard_normal((PATHS, FINEST)) for name in names}


def strong_order(system: OdeSystem, method: str, exact: np.ndarray, normals: dict[str, np.ndarray]) -> float:
    errors = [
        np.abs(final(system, method, {"x": 1.0}, steps, normals)["x"] - exact).mean() for steps in (16, 32, 64, 128)
    ]
    return float(-np.polyfit(np.log2([16, 32, 64, 128]), np.log2(errors), 1)[0])


@pytest.mark.parametrize("method", ["heun", "milstein"])
def test_geometric_brownian_motion_in_the_sense_of_stratonovich(method: str) -> None:
    """dx = a x dt + b x ∘ dW has the solution exp(a t + b W)."""
    normals = paths("xi")
    exact = np.exp(0.5 + 0.8 * normals["xi"].sum(axis=1) / np.sqrt(FINEST))
    order = strong_order(OdeSystem({"x": a * x + b * x * xi}, ("xi",)), method, exact, normals)
    assert order == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("method", ["euler", "heun", "milstein"])
def test_additive_noise_has_order_one(method: str) -> None:
    """dx = b x dt + a dW against the finest grid's own exact stochastic integral."""
    normals = paths("xi")
    times = np.arange(FINEST) / FINEST
    kernel = np.exp(0.8 * (1 - times)) * np.sqrt(1 / FINEST)
    exact = np.exp(0.8) + 0.5 * normals["xi"] @ kernel
    order = strong_order(OdeSystem({"x": b * x + a * xi}, ("xi",)), method, exact, normals)
    assert order == pytest.approx(1.0, abs=0.2)


def test_two_variables_share_a_noise() -> None:
    system = OdeSystem({"x": a * xi, "y": -2 * a * xi + b * xi_2}, ("xi", "xi_2"))
    update = integrate(system, "euler")
    assert [name for name, _ in update.noises] == ["xi", "xi_2"]
    new = advance(update, {"x": 0.0, "y": 0.0}, {"a": 1.0, "b": 3.0, "dt": 0.01, "_xi": 0.5, "_xi_2": 2.0})
    assert new["x"] == pytest.approx(0.05)
    assert new["y"] == pytest.approx(-0.1 + 0.6)


def test_heun_with_two_noises_in_one_equation() -> None:
    """Commuting noise: dx = x ∘ (b dW1 + a dW2) has the solution exp(b W1 + a W2)."""
    normals = paths("xi_1", "xi_2")
    exact = np.exp((0.8 * normals["xi_1"].sum(axis=1) + 0.5 * normals["xi_2"].sum(axis=1)) / np.sqrt(FINEST))
    system = OdeSystem({"x": x * (b * xi_1 + a * xi_2)}, ("xi_1", "xi_2"))
    assert strong_order(system, "heun", exact, normals) == pytest.approx(1.0, abs=0.2)


def test_variance_of_an_ornstein_uhlenbeck_process() -> None:
    """dx = -x/τ dt + σ sqrt(2/τ) dW settles at variance σ² / (1 - dt/2τ)."""
    system = OdeSystem({"x": -x / tau + sigma * sympy.sqrt(2 / tau) * xi}, ("xi",))
    update = integrate(system, "euler")
    rng = np.random.default_rng(4)
    state = {"x": np.zeros(20000)}
    for _ in range(200):
        state = advance(update, state, {"tau": 0.02, "sigma": 0.7, "dt": 1e-3, "_xi": rng.standard_normal(20000)})
    assert np.var(state["x"]) == pytest.approx(0.49 / (1 - 0.025), rel=0.04)


@pytest.mark.parametrize("method", ["euler", "heun", "milstein"])
def test_noise_does_not_move_a_frozen_variable(method: str) -> None:
    system = OdeSystem({"x": -x + a * xi, "y": x + y}, ("xi",), frozen=frozenset({"x"}))
    values = {"a": 1.0, "t": 0.0, "dt": 0.1, "_xi": 1.5, "not_refractory": False}
    new = advance(integrate(system, method), {"x": 2.0, "y": 1.0}, values)
    assert new == {"x": 2.0, "y": pytest.approx(1.3)}


def test_noise_may_depend_on_time_and_conditions() -> None:
    system = OdeSystem({"x": AsInteger(T > 1) * a * xi}, ("xi",))
    update = integrate(system, "euler")
    assert advance(update, {"x": 0.0}, {"a": 1.0, "t": 0.0, "dt": 0.01, "_xi": 1.0})["x"] == 0
    assert advance(update, {"x": 0.0}, {"a": 1.0, "t": 2.0, "dt": 0.01, "_xi": 1.0})["x"] == pytest.approx(0.1)
