"""Exact integration against solutions by hand and by mpmath."""

from __future__ import annotations

import itertools

import mpmath
import numpy as np
import pytest
import sympy
from evaluate import advance, run
from ode_models import CUBA_VALUES, cuba, symbols

from eqsnn.symbolic import exact
from eqsnn.symbolic.functions import Exp, ExpmEntry, Where, timed
from eqsnn.symbolic.system import NOT_REFRACTORY, OdeSystem

DT = 1e-4
a, b, c, v, w, x, y, z = symbols("a b c v w x y z")
tau, tau_x, tau_y, tau_z, dt = symbols("tau tau_x tau_y tau_z dt")
TAUS = frozenset({"tau", "tau_x", "tau_y", "tau_z"})


def close(value: object, expected: object) -> None:
    np.testing.assert_allclose(value, float(expected), rtol=1e-12, atol=0)  # type: ignore[arg-type]


def test_decay_is_one_exponential() -> None:
    update = exact.update(OdeSystem({"x": -x / tau}, constant=TAUS))
    assert [(d.symbol.name, d.value) for d in update.defines] == [("_P_x_x", Exp(-dt / tau))]
    close(run(update, {"x": 2.0}, {"tau": 0.02}, DT, 100)["x"], 2 * np.exp(-0.5))


@pytest.mark.parametrize("tau_fast", [5e-3, 20e-3, 20e-3 * (1 + 1e-13), 20e-3 * (1 - 1e-8), 1e-8, 1e3])
def test_cascade_of_two(tau_fast: float) -> None:
    update = exact.update(OdeSystem({"v": (x - v) / tau, "x": -x / tau_x}, constant=TAUS))
    assert not any(define.value.has(ExpmEntry) for define in update.defines)
    new = advance(update, {"v": 0.3, "x": 1.7}, {"tau": 20e-3, "tau_x": tau_fast, "dt": DT})
    with mpmath.workdps(50):
        p, q, h = -1 / mpmath.mpf(20e-3), -1 / mpmath.mpf(tau_fast), mpmath.mpf(DT)
        phi = (mpmath.exp(p * h) - mpmath.exp(q * h)) / (p - q) if p != q else h * mpmath.exp(p * h)
        expected = mpmath.mpf(0.3) * mpmath.exp(p * h) - p * phi * mpmath.mpf(1.7)
    close(new["v"], expected)


@pytest.mark.parametrize("taus", [(5e-3, 10e-3, 20e-3), (7e-3, 7e-3, 7e-3), (5e-3, 5e-3, 9e-3), (5e-3, 9e-3, 5e-3)])
def test_cascade_of_three(taus: tuple[float, float, float]) -> None:
    system = OdeSystem({"x": -x / tau_x, "y": (x - y) / tau_y, "z": (y - z) / tau_z}, constant=TAUS)
    values = dict(zip(("tau_x", "tau_y", "tau_z"), taus, strict=True))
    new = advance(exact.update(system), {"x": 1.0, "y": 0.5, "z": -0.2}, values | {"dt": DT})
    with mpmath.workdps(50):
        p, q, r = (1 / mpmath.mpf(value) for value in taus)
        matrix = mpmath.matrix([[-p, 0, 0], [q, -q, 0], [0, r, -r]]) * mpmath.mpf(DT)
        expected = mpmath.expm(matrix) * mpmath.matrix([1, mpmath.mpf(0.5), mpmath.mpf(-0.2)])
    for value, wanted in zip(new.values(), expected, strict=True):
        close(value, wanted)


def test_cascade_of_three_with_input_of_another_scale() -> None:
    """1/C is 1e10 where time constants are 1e2: the solution by variation of constants, to the last digits."""
    system = OdeSystem({"v": -v / tau + x / c, "x": (y - x) / tau_x, "y": -y / tau_y}, constant=TAUS | {"c"})
    values = {"tau": 20e-3, "tau_x": 2e-3, "tau_y": 5e-3, "c": 1e-10, "dt": DT}
    new = advance(exact.update(system), {"v": 0.0, "x": 0.0, "y": 1e-9}, values)
    with mpmath.workdps(40):
        p, q, r, h = (mpmath.mpf(k) for k in (1 / 20e-3, 1 / 2e-3, 1 / 5e-3, DT))
        inner = mpmath.quad(
            lambda s: mpmath.exp(-p * (h - s)) * q * (mpmath.exp(-q * s) - mpmath.exp(-r * s)) / (r - q), [0, h]
        )
    close(new["v"], inner * mpmath.mpf(1e-9) / mpmath.mpf(1e-10))


def test_oscillator() -> None:
    update = exact.update(OdeSystem({"x": a * y, "y": -a * x}, constant=frozenset({"a"})))
    new = run(update, {"x": 1.0, "y": 0.0}, {"a": 300.0}, 1e-3, 7)
    close(new["x"], np.cos(2.1))
    close(new["y"], -np.sin(2.1))


@pytest.mark.parametrize("rate", [0.0, -1e-12, -50.0, 50.0])
def test_constant_term_and_zero_rate(rate: float) -> None:
    update = exact.update(OdeSystem({"x": a * x + b}, constant=frozenset({"a", "b"})))
    new = advance(update, {"x": 0.25}, {"a": rate, "b": 3.0, "dt": 1e-2})
    with mpmath.workdps(50):
        p, h = mpmath.mpf(rate), mpmath.mpf(1e-2)
        expected = mpmath.exp(p * h) / 4 + 3 * (mpmath.expm1(p * h) / p if rate else h)
    close(new["x"], expected)


def test_pure_integrators() -> None:
    new = advance(
        exact.update(OdeSystem({"x": y, "y": a}, constant=frozenset("a"))), {"x": 1.0, "y": 2.0}, {"a": 3.0, "dt": 0.5}
    )
    close(new["x"], 1 + 2 * 0.5 + 3 * 0.125)
    close(new["y"], 3.5)


def test_rates_far_apart_neither_overflow_nor_vanish() -> None:
    system = OdeSystem({"v": (x - v) / tau, "x": -x / tau_x}, constant=TAUS)
    new = advance(exact.update(system), {"v": 0.0, "x": 1.0}, {"tau": 1.0, "tau_x": 1e-7, "dt": 1e-3})
    close(new["v"], (np.exp(-1e-3) - 0.0) / (1e7 - 1))


def test_inputs_that_change_from_step_to_step_have_constant_weights() -> None:
    current = timed("I", sympy.Symbol("t", real=True))
    system = OdeSystem({"v": (b - v + a * current + x) / tau}, constant=TAUS | {"a", "b"})
    update = exact.update(system)
    assert {d.symbol.name for d in update.defines} == {"_P_v_v", "_P_v_1", "_P_v_u1", "_P_v_u2"}
    assert all(d.value.free_symbols <= {a, b, tau, dt} for d in update.defines)
    values = {"tau": 0.01, "a": 2.0, "b": 1.0, "x": 0.5, "t": 3.0, "dt": 1e-3}
    new = advance(update, {"v": 0.0}, values, {"I": lambda t: 10 * t})
    close(new["v"], -np.expm1(-0.1) * (1 + 2 * 30 + 0.5))


def test_names_of_entries_are_distinct() -> None:
    x_y, y_z = symbols("x_y y_z")
    system = OdeSystem(
        {"x_y": -x_y / tau + z / tau_z, "x": -x / tau_x + y_z / tau_y, "y_z": -y_z / tau, "z": -z / tau_x}
    )
    names = [define.symbol.name for define in exact.update(system).defines]
    assert len(names) == len(set(names))


def test_piecewise_coefficients() -> None:
    system = OdeSystem({"x": Where(a > 0, -x / tau, b - x / tau_x)}, constant=TAUS | {"a", "b"})
    values = {"tau": 0.01, "tau_x": 0.02, "b": 7.0, "dt": 1e-3}
    close(advance(exact.update(system), {"x": 1.0}, values | {"a": 1})["x"], np.exp(-0.1))
    decayed = np.exp(-0.05)
    close(advance(exact.update(system), {"x": 1.0}, values | {"a": -1})["x"], decayed + 7 * 0.02 * (1 - decayed))


@pytest.mark.parametrize("active", [True, False])
def test_cuba_with_refractoriness(active: bool) -> None:
    new = advance(
        exact.update(cuba()), {"v": -55e-3, "ge": 4e-3, "gi": -9e-3}, CUBA_VALUES | {"dt": DT, "not_refractory": active}
    )
    close(new["ge"], 4e-3 * np.exp(-0.02))
    close(new["gi"], -9e-3 * np.exp(-0.01))
    if not active:
        assert new["v"] == -55e-3


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("frozen", [{"v"}, {"w"}, {"v", "w"}, {"x"}])
def test_variables_that_depend_on_a_frozen_one_see_it_constant(active: bool, frozen: set[str]) -> None:
    """v and w form a cycle that x follows; the solution with the frozen rows at zero, by mpmath."""
    right = {"v": -v / tau - w / tau_x + b, "w": (v - w) / tau_y, "x": (w - x) / tau_z + v / tau}
    system = OdeSystem(right, (), frozenset(frozen), TAUS | {"b"})
    values = {"tau": 0.02, "tau_x": 0.03, "tau_y": 0.1, "tau_z": 0.005, "b": 40.0}
    start = {"v": 1.0, "w": -0.5, "x": 0.25}
    new = advance(exact.update(system), start, values | {"dt": 1e-3, "not_refractory": active})
    p, q, r, s = (1 / mpmath.mpf(values[name]) for name in ("tau", "tau_x", "tau_y", "tau_z"))
    rows = [[-p, -q, 0, 40], [r, -r, 0, 0], [p, s, -s, 0], [0, 0, 0, 0]]
    if not active:
        rows = [[0] * 4 if name in frozen else row for name, row in zip((*start, "1"), rows, strict=True)]
    with mpmath.workdps(40):
        expected = mpmath.expm(mpmath.matrix(rows) * mpmath.mpf(1e-3)) * mpmath.matrix([1, -0.5, 0.25, 1])
    for name, wanted in zip(start, expected, strict=False):
        close(new[name], wanted)


def test_frozen_variable_that_nothing_depends_on_is_selected_once() -> None:
    update = exact.update(cuba())
    selections = [value for _, value in update.updates if value.has(Where)]
    assert len(selections) == 1
    assert selections[0].args[0] == NOT_REFRACTORY


def test_every_sparsity_pattern_of_three_variables() -> None:
    """All 64 patterns of coupling, numerically equal rates among them, against the full exponential."""
    names = ("x", "y", "z")
    rng = np.random.default_rng(1)
    for present in itertools.product((False, True), repeat=6):
        matrix = np.diag([-50.0, -50.0, 0.0])
        places = [(r, c) for r in range(3) for c in range(3) if r != c]
        for (r, c), keep in zip(places, present, strict=True):
            matrix[r, c] = rng.uniform(-100, 100) if keep else 0.0
        entry = {(r, c): symbols(f"a{r}{c}")[0] for r in range(3) for c in range(3) if matrix[r, c] or r == c}
        values = {symbol.name: matrix[place] for place, symbol in entry.items()}
        right = {
            names[r]: sympy.Add(*(symbol * symbols(names[c])[0] for (row, c), symbol in entry.items() if row == r))
            for r in range(3)
        }
        new = advance(exact.update(OdeSystem(right)), {"x": 1.0, "y": 2.0, "z": 3.0}, values | {"dt": 1e-3})
        expected = mpmath.expm(mpmath.matrix((matrix * 1e-3).tolist())) * mpmath.matrix([1, 2, 3])
        np.testing.assert_allclose([new[name] for name in names], [float(e) for e in expected], rtol=1e-12)
