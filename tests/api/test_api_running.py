"""Stopping a run, statements in loops, generators: what needs the compiler."""

import eqsnn.compiler
from eqsnn import Network, NeuronGroup, Synapses, ms, network_operation, run, stop


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
