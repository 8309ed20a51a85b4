"""Stopping a run, statements in loops, generators: what needs the compiler."""

import pickle

import numpy as np
import pytest

import eqsnn.compiler
from eqsnn import Network, NeuronGroup, Synapses, errors, ms, mV, network_operation, prefs, run, stop


def test_stop_ends_the_run_after_the_step():
    group = NeuronGroup(1, "dx/dt = 1/ms : 1", method="euler")

    @network_operation(when="end")
    def look():
        if group.x[0] > 0.95:
            net.stop()

    net = Network(group, look)
    net.run(10 * ms)
    assert abs(group.x[0] - 1) < 1e-9
    assert abs(net.t / ms - 1) < 1e-9
    net.run(0.3 * ms)  # stops again after its first step
    assert abs(net.t / ms - 1.1) < 1e-9


def test_stop_ends_whatever_runs():
    times = []

    @network_operation(dt=1 * ms)
    def look(t):
        times.append(round(t / ms))
        if len(times) == 3:
            stop()

    run(10 * ms)
    assert times == [0, 1, 2]


def test_statements_are_translated_once(monkeypatch):
    calls = []
    compile_network = eqsnn.compiler.compile_network
    monkeypatch.setattr(eqsnn.compiler, "compile_network", lambda *a, **k: calls.append(1) or compile_network(*a, **k))
    group = NeuronGroup(5, "v : 1")
    for a in range(4):
        group.v = "a*2.25 + i"
        assert list(group.v["v > a*2.25"]) == [a * 2.25 + k for k in range(1, 5)]
    assert len(calls) == 2
    a = 0.5  # another kind of name: a real number
    group.v = "a*2.25 + i"
    assert group.v[0] == 1.125
    assert len(calls) == 3


def test_a_condition_of_a_generator_keeps_to_neurons_that_exist():
    group = NeuronGroup(4, "v : 1")
    synapses = Synapses(group, group)
    synapses.connect(j="k for k in range(i - 1, 7, 3) if k >= 0 and k < N_post")
    pairs = {(i, k) for i in range(4) for k in range(i - 1, 7, 3) if 0 <= k < 4}
    assert set(zip(synapses.i.tolist(), synapses.j.tolist(), strict=True)) == pairs


def test_delays_of_some_synapses():
    group = NeuronGroup(3, "v : 1", threshold="v > 1")
    synapses = Synapses(group, group, on_pre="v_post += 1", delay=1 * ms)
    synapses.connect(i=[0, 1, 2], j=[1, 2, 0])
    assert synapses.delay == 1 * ms
    assert list(synapses.delay["i > 0"] / ms) == [1, 1]
    assert pickle.loads(pickle.dumps(synapses.delay)) == 1 * ms
    synapses.delay["i == 1"] = "j*1.5*ms"
    assert np.allclose(synapses.delay / ms, [1, 3, 1])
    with pytest.raises(errors.StructureError, match="E610"):
        synapses.delay[0] = -1 * ms
    assert np.allclose(synapses.delay / ms, [1, 3, 1])


def test_states_are_got_and_set():
    group = NeuronGroup(3, "v : volt\nn : integer\nw = 2*v : volt\ng : 1 (shared)")
    group.v, group.n, group.g = [1, 2, 3] * mV, [4, 5, 6], 7
    states = group.get_states()
    assert set(states) == {"v", "n", "g"}
    group.v, group.n, group.g = 0 * mV, 0, 0
    group.set_states(states)
    assert list(group.v / mV) == [1, 2, 3] and list(group.n) == [4, 5, 6] and group.g == 7
    assert list(group.get_states(["w"])["w"] / mV) == [2, 4, 6]


def test_a_constant_called_as_a_property_of_clocks():
    G = NeuronGroup(2, "x : 1", threshold="x > 100")
    S = Synapses(G, G, "w : 1", on_pre="w += step")
    S.connect()
    step = 2.5
    G.run_regularly("x += step", dt=1 * ms)
    Network(G, S).run(2 * ms)
    assert (G.x == 2 * step).all()


def test_optimise_holds_for_the_runs_that_follow():
    group = NeuronGroup(3, "dx/dt = (i + 1)/ms : 1", method="euler")
    net = Network(group)

    def library():
        net.run(1 * ms)
        return net.compiled.library

    prefs.optimise = True
    optimised = library()
    prefs.optimise = False
    plain = library()
    prefs.optimise = True
    assert plain != optimised == library()
    assert np.allclose(group.x, [3, 6, 9])
