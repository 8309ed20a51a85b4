"""Compiled exact integration against analytic solutions, to twelve digits after hundreds of steps."""

from __future__ import annotations

from collections.abc import Iterator

import mpmath
import numpy as np
import pytest

import eqsnn
from eqsnn import Hz, Network, NeuronGroup, TimedArray, ms, second

STEPS, DT = 400, 0.25e-3
T = STEPS * DT
TAUS = np.array([1e-4, 3e-3, 20e-3, 0.5, 1e4])
RATES = np.array([0.0, 1e-15, 1e-6, 3.0, 150.0, -2.0])
PULSES = np.array([0.0, 2.0, -1.0, 0.5, 3.0])  # of 20 ms

Model = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def ends() -> Iterator[dict[str, Model]]:
    """State at T of one network with a group for each kind of system."""
    eqsnn.start_scope()
    one = {"dt": DT * second, "method": "exact"}
    tau, dead = 20 * ms, 0 * Hz  # noqa: F841
    drive = TimedArray(PULSES, dt=20 * ms)  # noqa: F841
    single = NeuronGroup(5, "dv/dt = (a - v)/tau_n : 1\ntau_n : second (constant)\na : 1 (constant)", name="single", **one)
    single.v, single.tau_n, single.a = 1.5, TAUS * second, [0, 0, 2, -1, 3]
    alike = NeuronGroup(1, "dv/dt = (g - v)/tau : 1\ndg/dt = -g/tau : 1", name="alike", **one)
    alike.v, alike.g = 0.3, 1.7
    pair = NeuronGroup(5, "dv/dt = (g - v)/tau : 1\ndg/dt = -g/tau_n : 1\ntau_n : second (constant)", name="pair", **one)
    pair.v, pair.g = 0.3, 1.7
    pair.tau_n = np.array([20e-3, 20e-3 * (1 + 1e-13), 20e-3 * (1 - 1e-7), 1e-5, 100]) * second
    alpha = NeuronGroup(3, "dy/dt = (e*x/tau_n - y/tau_n) : 1\ndx/dt = -x/tau_n : 1\ntau_n : second (constant)",
                        namespace={"e": float(np.e)}, name="alpha", **one)  # fmt: skip
    alpha.x, alpha.tau_n = 1, [2, 15, 90] * ms
    cascade = NeuronGroup(4, "dx/dt = -a*x : 1\ndy/dt = b*(x - y) : 1\ndz/dt = c*(y - z) : 1\n"
                          "a : Hz (constant)\nb : Hz (constant)\nc : Hz (constant)", name="cascade", **one)  # fmt: skip
    cascade.x, cascade.y, cascade.z = 1, 0.5, 0.2
    cascade.a, cascade.b, cascade.c = [200, 40, 40, 7] * Hz, [50, 40, 40, 40] * Hz, [10, 40, 10, 7] * Hz
    spring = NeuronGroup(4, "dx/dt = y : 1\ndy/dt = -w**2*x - 2*k*y : Hz\nw : Hz (constant)\nk : Hz (constant)",
                         name="spring", **one)  # fmt: skip
    spring.x, spring.y, spring.w, spring.k = 1, 30 * Hz, 60 * Hz, [0, 8, 60, 90] * Hz
    rate = NeuronGroup(6, "dv/dt = c - r*v : 1\nr : Hz (constant)\nc : Hz (constant)", name="rate", **one)
    rate.v, rate.r, rate.c = 0.7, RATES * Hz, 4 * Hz
    zero = NeuronGroup(1, "dv/dt = -dead*v + u : 1\ndu/dt = -dead*u : Hz", name="zero", **one)
    zero.v, zero.u = 0.25, 3 * Hz
    timed = NeuronGroup(2, "dv/dt = (drive(t) - v)/tau_n : 1\ntau_n : second (constant)", name="timed", **one)
    timed.v, timed.tau_n = 1, [20, 3] * ms
    groups = [single, alike, pair, alpha, cascade, spring, rate, zero, timed]
    Network(groups).run(T * second)
    yield {g.name: {n: np.array(g.store[n][:]) for n in g.store} for g in groups}
    eqsnn.start_scope()


def close(values: object, expected: object) -> None:
    wanted = np.array([float(x) for x in np.ravel(np.array(expected, dtype=object))])
    np.testing.assert_allclose(values, wanted, rtol=1e-12, atol=0)  # type: ignore[arg-type]


def solution(matrix: list[list[float]], start: list[float]) -> list[mpmath.mpf]:
    """Solve x' = A x with 50 digits."""
    with mpmath.workdps(50):
        return list(mpmath.expm(mpmath.matrix(matrix) * mpmath.mpf(T)) * mpmath.matrix(start))


def test_single_exponential(ends: dict[str, Model]) -> None:
    """From 1e-4 s, where nothing of the start is left, to 1e4 s."""
    a = np.array([0, 0, 2, -1, 3.0])
    expected = a - (a - 1.5) * np.exp(-T / TAUS)
    small = expected < 1e-300  # below it numbers have fewer digits, and count as zero
    close(ends["single"]["v"][~small], expected[~small])
    assert np.all(np.abs(ends["single"]["v"][small]) < 1e-300)


def test_two_with_equal_time_constants(ends: dict[str, Model]) -> None:
    decay, turns = np.exp(-T / 20e-3), T / 20e-3
    close(ends["alike"]["v"], (0.3 + 1.7 * turns) * decay)
    close(ends["alike"]["g"], 1.7 * decay)


def test_two_with_time_constants_of_their_own(ends: dict[str, Model]) -> None:
    """Equal, nearly equal, and far apart in the same loop."""
    taus = [20e-3, 20e-3 * (1 + 1e-13), 20e-3 * (1 - 1e-7), 1e-5, 100]
    expected = [solution([[-1 / mpmath.mpf(20e-3), 1 / mpmath.mpf(20e-3)], [0, -1 / mpmath.mpf(x)]], [0.3, 1.7]) for x in taus]
    close(ends["pair"]["v"], [v for v, _ in expected])


def test_alpha_function(ends: dict[str, Model]) -> None:
    turns = T / np.array([2e-3, 15e-3, 90e-3])
    close(ends["alpha"]["y"], turns * np.exp(1 - turns))


def test_cascade_of_three(ends: dict[str, Model]) -> None:
    rates = [(200, 50, 10), (40, 40, 40), (40, 40, 10), (7, 40, 7)]
    expected = [solution([[-a, 0, 0], [b, -b, 0], [0, c, -c]], [1, 0.5, 0.2]) for a, b, c in rates]
    for k, name in enumerate("xyz"):
        close(ends["cascade"][name], [x[k] for x in expected])


def test_damped_oscillator(ends: dict[str, Model]) -> None:
    """Not, weakly, critically and strongly damped."""
    expected = [solution([[0, 1], [-3600, -2 * k]], [1, 30]) for k in (0, 8, 60, 90)]
    close(ends["spring"]["x"], [x for x, _ in expected])
    close(ends["spring"]["y"], [y for _, y in expected])


def test_constant_input_at_any_rate_and_at_none(ends: dict[str, Model]) -> None:
    with mpmath.workdps(50):
        r = [mpmath.mpf(x) for x in RATES]
        expected = [0.7 + 4 * mpmath.mpf(T) if x == 0 else 4 / x + (mpmath.mpf(0.7) - 4 / x) * mpmath.exp(-x * T) for x in r]
    close(ends["rate"]["v"], expected)
    close(ends["zero"]["v"], 0.25 + 3 * T)
    assert ends["zero"]["u"] == 3


def test_input_from_a_timed_array(ends: dict[str, Model]) -> None:
    for k, tau in enumerate((20e-3, 3e-3)):
        v = 1.0
        for pulse in PULSES:
            v = pulse + (v - pulse) * np.exp(-20e-3 / tau)
        close(ends["timed"]["v"][k], v)
