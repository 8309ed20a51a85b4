"""What can only be found while a network runs: values that are not finite, exceptions of the user's, memory, a stop."""

import os
import signal
import threading

import numpy as np
import pytest

from eqsnn import *
from eqsnn import errors
from eqsnn.runtime import core

# ---- prefs.check_finite ---------------------------------------------------------------------------------------------


def test_a_neuron_that_becomes_nan_is_named_with_its_time():
    prefs.check_finite = True
    G = NeuronGroup(5, "dv/dt = sqrt(1 - a*t/ms)/ms : 1\na : 1 (constant)", method="euler", name="neurons")
    G.a = [0, 0, 0, 2.1, 0]
    with pytest.raises(errors.RunError) as caught:
        run(2 * ms)
    assert str(caught.value) == (
        "NeuronGroup 'neurons'\n"
        "  at t = 0.5 ms 'v[3]' became nan. (E914)\n"
        "  look for a division by zero, or a step dt too long for the equations"
    )
    assert np.isnan(G.v[3]) and np.isfinite(np.delete(np.asarray(G.v), 3)).all()


def test_a_synapse_that_becomes_infinite_is_named_by_its_neurons():
    prefs.check_finite = True
    G = SpikeGeneratorGroup(4, [2], [0.5] * ms)
    H = NeuronGroup(4, "g : 1")
    S = Synapses(G, H, "w : 1\nx : 1", on_pre="w = 1/x", name="synapses")
    S.connect()
    S.x = 1
    S.x[2, 1] = 0
    with pytest.raises(errors.RunError, match=r"at t = 0.5 ms 'w\[2, 1\]' became inf. \(E914\)"):
        run(2 * ms)


def test_a_parameter_that_code_makes_infinite_is_named():
    prefs.check_finite = True
    G = NeuronGroup(3, "a : volt\nshared_one : 1 (shared)")
    G.run_regularly("a = 1*mV/(t_in_timesteps - 3)", dt=0.1 * ms)
    with pytest.raises(errors.RunError, match=r"at t = 0.3 ms 'a\[0\]' became inf"):
        run(1 * ms)


def test_finite_runs_are_left_alone_and_the_check_costs_nothing_when_off():
    G = NeuronGroup(3, "v : 1", threshold="v > 1e300", reset="v = 0")
    G.run_regularly("v = v*1e10 + 1", dt=0.1 * ms)
    run(10 * ms)  # grows, and is reset: never infinite
    prefs.check_finite = True
    run(10 * ms)
    prefs.check_finite = False
    G.v = inf
    run(0.1 * ms)
    assert np.isinf(G.v[0]) or G.v[0] == 0


# ---- the user's own Python ------------------------------------------------------------------------------------------


class OwnError(Exception):
    pass


def test_an_exception_of_a_network_operation_comes_out_unchanged():
    G = NeuronGroup(2, "dv/dt = 1/ms : 1", method="euler")
    thrown = OwnError("mine")
    at = []

    @network_operation(dt=1 * ms)
    def operation(t):
        at.append(float(t / ms))
        if t >= 3 * ms and thrown not in raised:
            raised.append(thrown)
            raise thrown

    raised = []
    net = Network(G, operation)
    with pytest.raises(OwnError) as caught:
        net.run(10 * ms)
    assert caught.value is thrown
    reached = float(net.t / ms)
    assert 3 <= reached <= 3.2
    assert np.allclose(G.v, reached)  # every step that began was finished, and none is lost
    net.run((10 - reached) * ms)
    assert np.allclose(G.v, 10) and float(net.t / ms) == pytest.approx(10)


def test_a_keyboard_interrupt_stops_a_run_cleanly():
    G = NeuronGroup(200, "dv/dt = 1/second : 1", threshold="rand() < 0.5", method="euler")
    net = Network(G)
    net.run(0 * ms)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        net.run(100_000 * second)
    timer.join()
    assert 0 < float(net.t / second) < 100_000
    assert np.allclose(G.v, float(net.t / second))
    before = float(net.t / second)
    net.run(1 * ms)
    assert float(net.t / second) == pytest.approx(before + 1e-3)


def test_an_interrupt_inside_a_network_operation_stops_too():
    G = NeuronGroup(2, "v : 1")

    @network_operation(dt=1 * ms)
    def operation():
        raise KeyboardInterrupt

    net = Network(G, operation)
    with pytest.raises(KeyboardInterrupt):
        net.run(10 * ms)
    assert float(net.t / ms) <= 0.2


# ---- memory ---------------------------------------------------------------------------------------------------------


def test_a_rule_that_runs_out_of_memory_leaves_all_synapses():
    G = NeuronGroup(300, "v : 1")
    S = Synapses(G, G, "w : 1")
    S.connect("i == j")
    S.w = "i"
    StructuralPlasticity(S, "for each pair in all: create synapse(w=7) if i != j", dt=1 * ms)
    net = Network(G, S)
    net.run(0 * ms)
    core.load().eqsnn_fail_allocation(1)
    try:
        with pytest.raises(errors.RunError) as caught:
            net.run(1 * ms)
    finally:
        core.load().eqsnn_fail_allocation(-1)
    assert caught.value.code == "E903"
    old = np.asarray(S.i) == np.asarray(S.j)
    assert old.sum() == 300
    assert np.array_equal(np.asarray(S.w)[old], np.asarray(S.i)[old])
    net.run(2 * ms)
    assert len(S) == 300 * 300


# ---- the machine ----------------------------------------------------------------------------------------------------


@pytest.fixture
def no_compiler(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    prefs.cache_dir = tmp_path / "cache"
    return monkeypatch


def message(script):
    with pytest.raises(errors.BuildError) as caught:
        script()
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_without_a_compiler(no_compiler):
    G = NeuronGroup(2, "dv/dt = -v/(12.5*ms) : 1")
    text = message(lambda: run(1 * ms))
    assert "(E801)" in text and "g++" in text
    assert G.t == 0 * ms


def test_with_cxx_that_points_nowhere(no_compiler):
    no_compiler.setenv("CXX", "/nowhere/g++")
    G = NeuronGroup(2, "dv/dt = -v/(12.5*ms) : 1")
    assert "/nowhere/g++" in message(lambda: run(1 * ms))
    assert len(G) == 2


def test_with_a_compiler_of_the_preferences_that_is_none(no_compiler):
    prefs.compiler = "no-such-compiler -O2"
    G = NeuronGroup(2, "v : 1")
    assert "no-such-compiler" in message(lambda: setattr(G, "v", "rand()"))
    assert (np.asarray(G.v) == 0).all()
