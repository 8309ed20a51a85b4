"""Subexpressions that are ``constant over dt``: worked out as a step begins, for neurons, synapses, and once for all."""

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
    defaultclock,
    ms,
)

DT = 0.1


@pytest.fixture(autouse=True)
def long_steps():
    defaultclock.dt = DT * ms


def test_one_that_is_shared_has_one_value():
    """Far more neurons than there is room for in the memory of one value."""
    n = 200_000
    group = NeuronGroup(n, """v : 1
        a : 1 (shared)
        b = 2*a + t/ms : 1 (shared, constant over dt)
        c = v + b + i : 1 (constant over dt)""")  # fmt: skip
    group.a = 3
    group.run_regularly("v = b; a = a", when="end")
    network = Network(group)
    network.run(3 * DT * ms)
    assert group.b == pytest.approx(6 + 2 * DT)
    np.testing.assert_allclose(group.v, 6 + 2 * DT)
    np.testing.assert_allclose(group.c, 6 + DT + 6 + 2 * DT + np.arange(n))


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_of_synapses(precision):
    """What events do within a step does not show; a synapse that comes gets its value as the next step begins."""
    source = SpikeGeneratorGroup(4, [0, 1, 1, 3], np.array([1, 1, 2, 2]) * DT * ms)
    target = NeuronGroup(3, "v : 1\nm : 1")
    s = Synapses(source, target, """w : 1
        k : integer
        total : 1 (shared)
        twice = 2*w + k : 1 (constant over dt)
        big = w > 1.5 : boolean (constant over dt)
        all = total + 1 : 1 (shared, constant over dt)""", on_pre="""w += 1
        v_post += twice + int(big) + 100*all""")  # fmt: skip
    s.connect(i=[0, 0, 1, 3], j=[0, 1, 1, 2])
    s.w, s.k, s.total = [0.5, 1, 2, 3], [1, 2, 3, 4], 5
    rule = StructuralPlasticity(s, """
        for each pair in all: create synapse(w=9) if i == 2 and j == 2
        for each post: m_post = sum(twice, per=post)
        """, dt=DT * ms)  # fmt: skip
    rule.active = False
    network = Network(source, target, s, precision=precision)
    network.run(3 * DT * ms)
    # Values of the steps' beginnings: the spike of step 1 finds w as it was, and changes it.
    np.testing.assert_allclose(s.w, [1.5, 2, 4, 4])
    v = [2 * 0.5 + 1 + 600, (2 * 1 + 2 + 600) + (2 * 2 + 3 + 1 + 600) + (2 * 3 + 3 + 1 + 600), 2 * 3 + 4 + 1 + 600]
    np.testing.assert_allclose(target.v, v)
    np.testing.assert_allclose(s.twice, [4, 6, 9, 10])  # as step 2 began, before its spikes
    assert s.big[:].tolist() == [False, True, True, True]
    assert s.all == 6
    rule.run()
    np.testing.assert_allclose(target.m, [4, 15, 10])
    assert s.twice[4] == 0
    network.run(DT * ms)
    assert s.twice[4] == 18


def test_of_event_driven_variables():
    """They are as of the step's beginning."""
    source, target = SpikeGeneratorGroup(1, [0, 0], [0, 1] * ms), NeuronGroup(1, "")
    s = Synapses(source, target, """dx/dt = -x/(5*ms) : 1 (event-driven)
        held = 2*x : 1 (constant over dt)""", on_pre="x += 1")  # fmt: skip
    s.connect()
    seen = StateMonitor(s, "held", record=True, when="end")
    Network(source, target, s, seen).run(2 * ms)
    t = np.arange(20) * DT
    x = np.where(t > 0, np.exp(-t / 5), 0) + np.where(t > 1 + DT / 2, np.exp(-(t - 1) / 5), 0)
    np.testing.assert_allclose(seen.held[0], 2 * x, rtol=1e-12)


def test_draws_are_one_for_each_step():
    source, target = (
        SpikeGeneratorGroup(1, [], [] * ms),
        NeuronGroup(50, "a = rand() : 1 (constant over dt)\nb : 1\nc : 1"),
    )
    s = Synapses(source, target, "p = rand() : 1 (constant over dt)\nq : 1\nr : 1")
    s.connect()
    for group, code in ((target, ("b = a", "c = a")), (s, ("q = p", "r = p"))):
        group.run_regularly(code[0], when="start")
        group.run_regularly(code[1], when="end")
    network, found = Network(source, target, s), []
    for _ in range(3):
        network.run(DT * ms)
        assert (target.b == target.c).all()
        assert (s.q == s.r).all()
        found += target.b[:].tolist() + s.q[:].tolist()
    assert len(set(found)) == 300
