"""The user's Python in the middle of steps on the device, what ends a run there, and where its time went."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from compare import assert_same, on
from emulated import Emulated, Kernels
from emulation.driver import LaunchError, Properties

from eqsnn import *
from eqsnn import errors
from eqsnn.operations import NetworkOperation


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    prefs.reset()


def network(n: int = 12) -> tuple[NeuronGroup, Synapses, SpikeMonitor, StateMonitor]:
    """Neurons that fire at different rates, with delays in both kinds of pathway."""
    G = NeuronGroup(n, "dv/dt = (I - v)/(3*ms) : 1\nI : 1", threshold="v > 1", reset="v = 0.1*rand()", method="euler")
    G.I = "1.3 + i/N"
    S = Synapses(G, G, "w : 1", on_pre="v_post += w", on_post="w += 0.01")
    S.connect(p=0.4)
    S.w, S.pre.delay, S.post.delay = "0.05*rand()", "rand()*ms", 0.5 * ms
    return G, S, SpikeMonitor(G), StateMonitor(G, "v", record=[0, 3])


# ---- network operations ----------------------------------------------------------------------------------------------


def looking() -> Mapping[str, Any]:
    """Python sees every kind of state as it is in the middle of a step."""
    G, S, M, V = network()
    seen: list[Any] = []
    counts: list[Any] = []

    def look(t: Any) -> None:
        seen.append([t / ms, net.t / ms, *G.v[:], *S.w[:], *V.v[:, -2:].reshape(-1)[:2]])
        counts.append([M.num_spikes, len(V.t), int((G.lastspike / ms > 0).sum()), *M.count[:]])

    slots = ("start", "groups", "thresholds", "synapses", "resets", "end")
    operations = [NetworkOperation(look, dt=0.3 * ms, when=slot, order=k % 2 - 1) for k, slot in enumerate(slots)]
    net = Network(G, S, M, V, operations)
    net.run(0.3 * ms)
    net.run(4 * ms)
    return {"seen": seen[12:], "counts": counts, "v": G.v[:], "i": M.i[:], "V": V.v[:]}


def changing() -> Mapping[str, Any]:
    """Python changes variables and weights, also by statements, and synapses that spikes are on their way to."""
    G, S, M, V = network()

    @network_operation(dt=0.5 * ms, when="resets", order=-1)
    def change(t: Any) -> None:
        G.v[::4] = 0.5
        S.w["i < 3"] = "0.1*rand()"
        G.I += 0.05
        if t == 2 * ms:
            absent = np.setdiff1d(np.arange(144), np.asarray(S.i) * 12 + np.asarray(S.j))[:20]
            S.connect(i=absent // 12, j=absent % 12)
        if t == 3.5 * ms:
            S.w = 0.02

    Network(G, S, M, V, change).run(6 * ms)
    return {"v": G.v[:], "I": G.I[:], "w": S.w[:], "pre": S.i[:], "post": S.j[:], "V": V.v[:], "spikes": M.i[:]}


def changing_what_a_rule_changes() -> Mapping[str, Any]:
    """A rule removes synapses on the device, between which Python reads them, and makes new ones."""
    G = NeuronGroup(12, "dv/dt = (1.5 - v)/(3*ms) : 1", threshold="v > 1", reset="v = 0.1*rand()", method="euler")
    S = Synapses(G, G, "w : 1", on_pre="v_post += w", delay=0.5 * ms)
    S.connect(p=0.6)
    S.w = "0.02*rand()"
    StructuralPlasticity(S, "for each synapse: remove synapse if rand() < 0.05*(1 + w)", dt=0.3 * ms)
    seen = []

    @network_operation(dt=0.5 * ms, when="end")
    def change(t: Any) -> None:
        seen.append([S.N, np.asarray(S.i).sum(), np.asarray(S.j).sum()])
        S.w = "w + 0.001"
        if len(seen) % 5 == 0:
            absent = np.setdiff1d(np.arange(144), np.asarray(S.i) * 12 + np.asarray(S.j))[::3]
            S.connect(i=absent // 12, j=absent % 12)

    net = Network(G, S, change)
    net.run(3 * ms)
    net.run(5 * ms)
    assert len({tuple(counts) for counts in seen}) > 10
    return {"seen": seen, "i": S.i[:], "j": S.j[:], "w": S.w[:], "v": G.v[:]}


def stopping() -> Mapping[str, Any]:
    """The step in which Python asks for the end is carried out whole."""
    G, S, M, V = network()

    @network_operation(when="groups")
    def look() -> None:
        if M.num_spikes > 10:
            net.stop()

    net = Network(G, S, M, V, look)
    net.run(20 * ms)
    first = round(net.t / (0.1 * ms))
    net.run(20 * ms)  # stops again after its first step
    net.remove(look)
    net.run(1 * ms)
    return {"stopped": first, "end": round(net.t / (0.1 * ms)), "v": G.v[:], "V": V.v[:], "spikes": M.i[:]}


def stopping_whatever_runs() -> Mapping[str, Any]:
    times: list[int] = []

    @network_operation(dt=1 * ms)
    def look(t: Any) -> None:
        times.append(round(t / ms))
        if len(times) == 3:
            stop()

    G = NeuronGroup(1, "v : 1")
    run(10 * ms)
    return {"times": times, "t": round(G.t / (0.1 * ms))}


@pytest.mark.parametrize("study", [looking, changing, changing_what_a_rule_changes, stopping, stopping_whatever_runs])
def test_python_sees_and_changes_the_same_as_on_the_cpu(study: Any, emulated: Emulated) -> None:
    assert_same(on(emulated, study), on(None, study))


@pytest.mark.parametrize(("blocks", "races"), [(1, False), (5, False), (2, True)])
def test_whatever_the_number_of_blocks_and_without_data_races(blocks: int, races: bool) -> None:
    try:
        for study in (looking, changing, changing_what_a_rule_changes):
            found = on(Emulated(seed=blocks, blocks=blocks, races=races), study)
            assert_same(found, on(None, study))
    finally:
        device.use(None)


class OwnError(Exception):
    pass


@pytest.mark.parametrize("when", ["start", "end"])
def test_an_exception_comes_out_unchanged_and_the_run_can_go_on(when: str, emulated: Emulated) -> None:
    G = NeuronGroup(2, "dv/dt = 1/ms : 1", method="euler")
    raised: list[OwnError] = []

    @network_operation(dt=1 * ms, when=when)
    def operation(t: Any) -> None:
        if t == 3 * ms and not raised:
            raised.append(OwnError("mine"))
            raise raised[0]

    net = Network(G, operation)
    with pytest.raises(OwnError) as caught:
        net.run(10 * ms)
    assert caught.value is raised[0]
    assert emulated.device.memory.used == 0
    assert net.t == 3 * ms
    assert np.allclose(G.v, 3 if when == "start" else 3.1)  # at the end of a step, its neurons have moved on
    net.run(1 * ms)
    assert net.t == 4 * ms and np.allclose(G.v, 4 if when == "start" else 4.1)


def test_an_interrupt_inside_a_network_operation_ends_the_run(emulated: Emulated) -> None:
    G = NeuronGroup(2, "v : 1")

    @network_operation(dt=1 * ms)
    def operation() -> None:
        raise KeyboardInterrupt

    net = Network(G, operation)
    with pytest.raises(KeyboardInterrupt):
        net.run(10 * ms)
    assert float(net.t / ms) <= 0.2


@pytest.mark.parametrize("calls", [False, True])
def test_a_keyboard_interrupt_ends_a_run_between_steps_or_at_a_call(calls: bool, emulated: Emulated) -> None:
    G = NeuronGroup(50, "dv/dt = 1/second : 1", threshold="rand() < 0.5", method="euler")
    net = Network(G)
    if calls:
        net.add(NetworkOperation(lambda: None))
    net.run(0 * ms)
    timer = threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        net.run(100_000 * second)
    timer.join()
    reached = float(net.t / second)
    assert 0 < reached < 100_000
    assert np.allclose(G.v, reached)
    net.run(1 * ms)
    assert np.allclose(G.v, reached + 1e-3) and float(net.t / second) == pytest.approx(reached + 1e-3)


def test_a_report_hears_of_a_run_that_calls_python_in_every_step(emulated: Emulated) -> None:
    G, heard = NeuronGroup(10, "dv/dt = -v/ms : 1", method="exact"), []
    slow = NetworkOperation(lambda: threading.Event().wait(0.02))
    Network(G, slow).run(3 * ms, report=lambda elapsed, completed, start, duration: heard.append(completed))
    assert len(heard) > 3 and heard == sorted(heard) and heard[-1] == 1


# ---- what ends a run -------------------------------------------------------------------------------------------------


def neuron_becomes_nan() -> Network:
    G = NeuronGroup(5, "dv/dt = sqrt(1 - a*t/ms)/ms : 1\na : 1 (constant)", method="euler", name="neurons")
    G.a = [0, 0, 0, 2, 3]
    return Network(G)


def synapse_becomes_infinite() -> Network:
    G, H = SpikeGeneratorGroup(4, [2, 1], [0.5, 0.5] * ms), NeuronGroup(4, "g : 1")
    S = Synapses(G, H, "w : 1\nx : 1", on_pre="w = 1/x", name="synapses")
    S.connect()
    S.x, S.x[2, 1] = 1, 0
    return Network(G, H, S)


def parameter_becomes_infinite() -> Network:
    G = NeuronGroup(3, "a : volt\nb : volt", name="neurons")
    G.run_regularly("a = 1*mV/(t_in_timesteps - 3)\nb = a", dt=0.1 * ms)
    return Network(G, NetworkOperation(lambda: None))


@pytest.mark.parametrize("build", [neuron_becomes_nan, synapse_becomes_infinite, parameter_becomes_infinite])
@pytest.mark.parametrize("blocks", [1, 3])
def test_what_is_not_finite_is_named_as_on_the_cpu(build: Any, blocks: int) -> None:
    messages = []
    for hardware in (Emulated(seed=blocks, blocks=blocks), None):
        device.use(hardware)
        prefs.check_finite = True
        start_scope()
        try:
            net = build()
            with pytest.raises(errors.RunError) as caught:
                net.run(2 * ms)
        finally:
            device.use(None)
        messages.append((str(caught.value).split(" (E")[0], net.t / ms))
        assert hardware is None or hardware.device.memory.used == 0
    assert "E914" in str(caught.value) and messages[0] == messages[1]


def test_without_memory_on_the_device_nothing_runs_and_nothing_is_kept() -> None:
    hardware = Emulated(properties=Properties(memory=1 << 16))
    device.use(hardware)
    try:
        G = NeuronGroup(20_000, "dv/dt = -v/ms : 1", method="exact")
        G.v = 1
        net = Network(G)
        with pytest.raises((MemoryError, errors.RunError)):
            net.run(1 * ms)
    finally:
        device.use(None)
    assert hardware.device.memory.used == 0
    assert net.t == 0 * ms and (G.v == 1).all()
    net.run(0.1 * ms)  # on this machine
    assert np.allclose(G.v, np.exp(-0.1))


def test_memory_is_given_back_where_a_kernel_fails(emulated: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    G = NeuronGroup(5, "dv/dt = 1/ms : 1", method="euler")
    net, launches = Network(G, NetworkOperation(lambda: None, dt=0.3 * ms)), []
    launch = Kernels.launch

    def fail(self: Kernels, *arguments: Any) -> None:
        launches.append(arguments)
        if len(launches) == 4:
            raise LaunchError("out of order")
        launch(self, *arguments)

    monkeypatch.setattr(Kernels, "launch", fail)
    with pytest.raises(LaunchError, match="out of order"):
        net.run(1 * ms)
    assert emulated.device.memory.used == 0
    assert net.t == 0.3 * ms and np.allclose(G.v, 0.3)  # as they were when Python was called last


# ---- where the time went ---------------------------------------------------------------------------------------------


def test_a_profile_counts_calls_and_shares_out_the_time(emulated: Emulated) -> None:
    G, S, M, V = network()
    slow = NetworkOperation(lambda: threading.Event().wait(0.01), dt=1 * ms, name="slow")
    heavy = NeuronGroup(300_000, "dx/dt = sin(x)**3/ms : 1", method="rk4", name="heavy")
    net = Network(G, S, M, V, slow, heavy)
    net.run(3 * ms, profile=True)
    calls = {entry.name: entry.calls for entry in net.profile}
    assert calls["slow"] == 3 and calls["heavy_update"] == 30 and calls[M.name] == 30
    device.use(None)
    net.run(3 * ms, profile=True)
    assert {entry.name: entry.calls for entry in net.profile} == calls
    device.use(emulated)
    net.run(3 * ms, profile=True)
    profile = net.profile
    assert 0.03 < profile["slow"] < 0.3
    # The emulation's blocks take turns: one may have done its part of an action before the first has left the last one.
    updates = ("heavy_update", f"{G.name}_update")
    assert all(profile["heavy_update"] > 2 * e.seconds for e in profile if e.name not in ("slow", *updates))
    assert 0.5 * net.loop_seconds < profile.total < net.loop_seconds
    net.run(1 * ms)
    with pytest.raises(errors.RunError, match="E907"):
        print(net.profile)
