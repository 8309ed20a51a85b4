"""Order of convergence of the compiled methods without noise, in float64: by what the error falls when dt halves."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import eqsnn
from eqsnn import Network, NeuronGroup, second

ORDERS = {"euler": 1, "heun": 1, "milstein": 1, "exponential_euler": 1, "rk2": 2, "rk4": 4}
# Conditionally linear (x appears linearly in dx/dt, y in dy/dt), coupled, driven by a sine.
MODEL = """
dx/dt = (x*(1 - y) + sin(3*t/second))/second : 1
dy/dt = (y*(x - 1) + a*(t/second)**2)/second : 1
a : 1 (constant)
"""
A = np.array([0.5, -0.2, 1.0])
START = (0.8, 0.6)


@cache
def reference() -> np.ndarray:
    """x and y at 1 s for each a, to 13 digits."""
    ends = [
        solve_ivp(lambda t, s, a=a: [s[0] * (1 - s[1]) + np.sin(3 * t), s[1] * (s[0] - 1) + a * t * t],
                  (0, 1), START, method="DOP853", rtol=1e-13, atol=1e-14).y[:, -1]
        for a in A
    ]  # fmt: skip
    return np.array(ends).T


@cache
def errors(steps: int) -> dict[str, np.ndarray]:
    """Of each method's group in one network, with as many steps in a second."""
    eqsnn.start_scope()
    groups = []
    for method in ORDERS:
        group = NeuronGroup(len(A), MODEL, method=method, dt=1 / steps * second, name=f"by_{method}")
        group.x, group.y = START
        group.a = A
        groups.append(group)
    Network(groups).run(1 * second)
    ends = {m: np.array([g.x[:], g.y[:]]) for m, g in zip(ORDERS, groups, strict=True)}
    return {m: np.linalg.norm(end - reference(), axis=0) for m, end in ends.items()}


@pytest.mark.parametrize("method", ORDERS)
def test_order_of_convergence(method: str) -> None:
    """Of every neuron, over two halvings; the error itself is what such a method makes, not merely proportional to it."""
    found = np.log2([errors(n)[method] / errors(2 * n)[method] for n in (64, 128)])
    assert found == pytest.approx(ORDERS[method], abs=0.1)
    assert np.all(errors(256)[method] < 3 * 256.0 ** -ORDERS[method])
