"""Solutions between events."""

from __future__ import annotations

import numpy as np
import pytest
from evaluate import evaluate
from ode_models import symbols

from eqsnn.symbolic.event_driven import ELAPSED, solve_between_events
from eqsnn.symbolic.functions import Exp
from eqsnn.symbolic.system import OdeSystem

x, y, z, tau, tau_y, b = symbols("x y z tau tau_y b")


def test_decay() -> None:
    update = solve_between_events(OdeSystem({"x": -x / tau}))
    assert update.defines == ()
    assert update.updates == (("x", x * Exp(-ELAPSED / tau)),)


@pytest.mark.parametrize("elapsed", [0.0, 1e-4, 0.03, 1e3])
def test_plasticity_traces(elapsed: float) -> None:
    """Two decaying traces, one that follows the first, and a constant drive; after any time, also a very long one."""
    system = OdeSystem({"x": -x / tau, "y": (x - y) / tau_y, "z": (b - z) / tau})
    values = {"x": 1.0, "y": 0.5, "z": 0.0, "tau": 0.02, "tau_y": 0.05, "b": 2.0, "_elapsed": elapsed}
    new = {name: evaluate(value, values) for name, value in solve_between_events(system).updates}
    fast, slow = np.exp(-elapsed / 0.02), np.exp(-elapsed / 0.05)
    assert new["x"] == pytest.approx(fast, rel=1e-13)
    assert new["y"] == pytest.approx(0.5 * slow + (slow - fast) * 20 / (50 - 20), rel=1e-12)
    assert new["z"] == pytest.approx(2 - 2 * fast, rel=1e-12)


def test_nothing_changes() -> None:
    assert solve_between_events(OdeSystem({"x": x - x})).updates == (("x", x),)
