"""Event-driven variables of synapses that are created, read and set by rules."""

from __future__ import annotations

import numpy as np
import pytest

from eqsnn import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    StateMonitor,
    StructuralPlasticity,
    Synapses,
    ms,
)

pytestmark = pytest.mark.optimised

STEP = 1 * ms


def model(
    rule: str, equations: str, on_pre: str, at: tuple[float, ...] = (), **options: object
) -> tuple[Network, Synapses, NeuronGroup]:
    source = SpikeGeneratorGroup(2, [0] * len(at), list(at) * ms, dt=STEP)
    target = NeuronGroup(2, "x : 1\ny : 1", dt=STEP)
    synapses = Synapses(source, target, equations, on_pre=on_pre, dt=STEP, **options)  # type: ignore[arg-type]
    synapses.connect(False)
    StructuralPlasticity(synapses, rule, dt=STEP, name="rule")
    return Network(source, target, synapses), synapses, target


CREATE = "for each pair in all:\n    create synapse(w=1) if t_in_timesteps == 10 and i == 0 and j == 0\n"


@pytest.mark.parametrize("delayed", [False, True])
def test_a_created_synapse_begins_at_its_creation(delayed: bool) -> None:
    """A constant drive is integrated from the creation on, not from the beginning of time."""
    network, synapses, target = model(
        CREATE,
        "w : 1\ndq/dt = 1/second : 1 (event-driven)",
        "x_post += q",
        (30, 35),
        delay=(2 * ms if delayed else 0 * ms),
    )
    network.run(33 * ms)
    late = 0.002 if delayed else 0
    assert target.x[0] == pytest.approx(0.020 + late)
    network.run(33 * ms)
    assert target.x[0] == pytest.approx(0.045 + 2 * late)
    assert len(synapses) == 1


def test_given_a_value_it_decays_from_the_creation_on() -> None:
    create = CREATE.replace("w=1", "w=1, q=8")
    network, _, target = model(create, "w : 1\ndq/dt = -q/(5*ms) : 1 (event-driven)", "x_post += q\nq += 1", (30, 40))
    network.run(50 * ms)
    first = 8 * np.exp(-20 / 5)
    assert target.x[0] == pytest.approx(first + (first + 1) * np.exp(-2))


def test_connected_between_runs() -> None:
    network, synapses, target = model(
        "for each synapse: w += 0", "w : 1\ndq/dt = 1/second : 1 (event-driven)", "x_post += q", (30,)
    )
    network.run(20 * ms)
    synapses.connect(i=0, j=1)
    network.run(20 * ms)
    assert target.x[1] == pytest.approx(0.010)


COUPLED = "w : 1\ndp/dt = -p/(10*ms) : 1 (event-driven)\ndq/dt = (p - q)/(4*ms) : 1 (event-driven)"


def solution(p: float, q: float, t: float) -> tuple[float, float]:
    """p and q of `COUPLED` after t ms."""
    a, b = 1 / 10, 1 / 4
    return p * np.exp(-a * t), q * np.exp(-b * t) + p * b / (b - a) * (np.exp(-a * t) - np.exp(-b * t))


READ = """
for each synapse:
    if t_in_timesteps >= 20:
        x_post += p
        y_post += q
"""
SET = """
for each synapse:
    if t_in_timesteps == 15:
        q = q + 2
        p = 3*p
"""
PAIRS = """
for each pair in all:
    if connected:
        x_post += p
        y_post += q
"""


def test_read_in_a_rule() -> None:
    """Values of now; reading changes nothing, in whatever order."""
    for order in (1, -1):
        read = (
            READ if order == 1 else READ.replace("x_post += p\n        y_post += q", "y_post += q\n        x_post += p")
        )
        network, synapses, target = model(read, COUPLED, "p += 1\nq += 0.5", (2, 9))
        synapses.connect(i=0, j=0)
        network.run(24 * ms)
        p, q = solution(1, 0.5, 7)
        later = [solution(p + 1, q + 0.5, t - 9) for t in range(20, 24)]
        assert target.x[0] == pytest.approx(sum(p for p, _ in later), rel=1e-12)
        assert target.y[0] == pytest.approx(sum(q for _, q in later), rel=1e-12)


def test_read_for_pairs() -> None:
    network, synapses, target = model(PAIRS, COUPLED, "p += 1\nq += 0.5", (2,))
    synapses.connect(i=0, j=0)
    network.run(10 * ms)
    values = [solution(1, 0.5, t) for t in range(8)]
    assert target.x[0] == pytest.approx(sum(p for p, _ in values), rel=1e-12)
    assert target.y[0] == pytest.approx(sum(q for _, q in values), rel=1e-12)
    assert (target.x[1], target.y[1]) == (0, 0)


def test_set_in_a_rule() -> None:
    network, synapses, target = model(SET, COUPLED, "x_post += p\ny_post += q\np += 1\nq += 1", (3, 22))
    synapses.connect(i=0, j=0)
    network.run(30 * ms)
    p, q = solution(1, 1, 12)
    p, q = solution(3 * p, q + 2, 7)
    assert (target.x[0], target.y[0]) == pytest.approx((p, q), rel=1e-12)


def test_by_hand_and_with_another_tick() -> None:
    """Ticks become shorter when a faster clock joins the network: the time since the last event is the same."""
    network, synapses, target = model(
        "for each synapse: x_post += q", "w : 1\ndq/dt = 1/second : 1 (event-driven)", "y_post += q\nq = 0", (3, 22)
    )
    synapses.connect(i=0, j=0)
    rule = synapses.contained[0]
    rule.active = False
    network.run(10 * ms)
    rule.run()
    assert target.x[0] == pytest.approx(0.007)
    fast = NeuronGroup(1, "v : 1", dt=0.25 * ms)
    network.add(fast, StateMonitor(fast, "v", record=True, dt=0.25 * ms))
    network.run(10 * ms)
    rule.run()
    assert target.x[0] == pytest.approx(0.007 + 0.017)
    network.run(10 * ms)
    assert target.y[0] == pytest.approx(0.003 + 0.019)


def test_stdp_with_rewiring_is_that_of_each_synapse() -> None:
    """Pair-based STDP under creation and removal: every synapse's own spikes since its creation, and nothing else."""
    rng = np.random.default_rng(4)
    n, steps = 6, 60
    fired = {side: rng.random((steps, n)) < 0.2 for side in ("pre", "post")}
    groups = []
    for side in ("pre", "post"):
        t, i = np.nonzero(fired[side])
        groups.append(SpikeGeneratorGroup(n, i, t * ms, dt=STEP))
    synapses = Synapses(
        *groups,
        "w : 1\ndapre/dt = -apre/(8*ms) : 1 (event-driven)\ndapost/dt = -apost/(6*ms) : 1 (event-driven)",
        on_pre="w -= apost\napre += 1", on_post="w += apre\napost += 1", dt=STEP,
    )  # fmt: skip
    synapses.connect(i=range(n), j=range(n))
    change = "for each pair in all:\n    if (t_in_timesteps*7 + i*3 + j*5) % 23 == 0:\n        if connected: remove synapse\n        else: create synapse"
    StructuralPlasticity(synapses, change, dt=STEP)
    network = Network(*groups, synapses)
    known = {(i, i): [0.0, 0.0, 0.0] for i in range(n)}
    for step in range(steps):
        for values in known.values():
            values[1:] = [values[1] * np.exp(-1 / 8), values[2] * np.exp(-1 / 6)]
        for side in ("pre", "post"):
            for (i, j), values in known.items():
                if fired[side][step, i if side == "pre" else j]:
                    values[0] += values[1] if side == "post" else -values[2]
                    values[1 if side == "pre" else 2] += 1
        for i in range(n):
            for j in range(n):
                if (step * 7 + i * 3 + j * 5) % 23 == 0 and known.pop((i, j), None) is None:
                    known[i, j] = [0.0, 0.0, 0.0]
    for part in (25, 1, 34):
        network.run(part * ms)
    found = {(i, j): w for i, j, w in zip(synapses.i, synapses.j, synapses.w, strict=True)}
    assert found == pytest.approx({pair: values[0] for pair, values in known.items()}, rel=1e-9, abs=1e-12)
