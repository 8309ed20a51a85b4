"""Studies on the emulated device and on this machine: the same events and connectivity, the same state to rounding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from compare import assert_same, on
from emulated import Emulated

from eqsnn import *
from eqsnn.runtime.cuda import records

STUDIES: dict[str, Callable[[], Mapping[str, Any]]] = {}


def study(function: Callable[[], Mapping[str, Any]]) -> Callable[[], Mapping[str, Any]]:
    STUDIES[function.__name__] = function
    return function


def neurons(n: int = 40, **options: Any) -> NeuronGroup:
    """Neurons that fire often, at different rates."""
    group = NeuronGroup(
        n, "dv/dt = (I - v)/(5*ms) : 1\nI : 1", threshold="v > 1", reset="v = 0", method="exact", **options
    )
    group.I = "1.2 + 0.8*i/N"
    return group


def spikes(monitor: SpikeMonitor) -> dict[str, Any]:
    return {"steps": np.rint(monitor.t / (0.1 * ms)).astype(int), "i": monitor.i[:]}


# ---- runs one after the other ----------------------------------------------------------------------------------------


@study
def several_runs() -> Mapping[str, Any]:
    """Spikes that are under way at the end of a run arrive in the next."""
    G, found = neurons(refractory=1 * ms), {}
    S = Synapses(G, G, "w : 1", on_pre="v_post += w", delay=1.5 * ms)
    S.connect(p=0.2)
    S.w = "0.02*rand()"
    T = Synapses(G, G, "u : 1", on_pre="u += v_post", on_post="u -= 0.1")
    T.connect(p=0.1)
    T.pre.delay = "2*ms*rand()"
    M = SpikeMonitor(G)
    net = Network(G, S, T, M)
    for k, duration in enumerate((2 * ms, 0.1 * ms, 0 * ms, 3.7 * ms, 4 * ms)):
        net.run(duration)
        found |= {f"v{k}": G.v[:], f"u{k}": T.u[:], f"lastspike{k}": G.lastspike[:]}
    return found | spikes(M)


@study
def changed_parameters() -> Mapping[str, Any]:
    """Constants of the script, variables and weights that change between runs; nothing is compiled again."""
    G = NeuronGroup(20, "dx/dt = (a - x)/tau : 1", threshold="x > 1", reset="x = b*rand()", method="euler")
    S = Synapses(G, G, "w : 1", on_pre="x_post += w*c")
    S.connect(condition="i != j")
    M, found, compiled = SpikeMonitor(G), {}, None
    net = Network(G, S, M)
    for a, b, c, tau in ((2.0, 0.1, 0.01, 3 * ms), (3.0, 0.5, -0.02, 2 * ms), (1.5, 0.0, 0.005, 1 * ms)):  # noqa: B007
        S.w = "rand() + a"
        G.x[::3] = 0.5
        net.run(3 * ms)
        assert compiled is None or net.compiled is compiled
        compiled = net.compiled
        found[f"x{a}"] = G.x[:]
    return found | spikes(M)


@study
def changed_delays() -> Mapping[str, Any]:
    """Each spike keeps the delay that it was fired with, also where delays become those of each synapse."""
    G, H = neurons(10), NeuronGroup(10, "x : 1")
    S = Synapses(G, H, "w : 1", on_pre="x_post += w*(t/ms)")
    S.connect(p=0.6)
    S.w = "1 + i + 10*j"
    net, found = Network(G, H, S), {}
    for k, delay in enumerate((2 * ms, 0.3 * ms, 1 * ms, None, None)):
        if delay is not None:
            S.delay = delay
        elif k == 3:
            S.delay = "rand()*2*ms"
        net.run(2.5 * ms)
        found[f"x{k}"] = H.x[:]
    return found


@study
def a_step_of_another_length() -> Mapping[str, Any]:
    defaultclock.dt = 0.1 * ms
    G = neurons()
    M = StateMonitor(G, "v", record=[1, 5])
    net = Network(G, M)
    net.run(2 * ms)
    defaultclock.dt = 0.05 * ms
    net.run(2 * ms)
    defaultclock.dt = 0.1 * ms
    return {"v": M.v[:], "t": M.t[:], "end": G.v[:]}


# ---- inputs ----------------------------------------------------------------------------------------------------------


@study
def timed_arrays() -> Mapping[str, Any]:
    current = TimedArray([0, 2, 1.5, 3], dt=1 * ms)  # noqa: F841
    image = TimedArray(np.arange(24).reshape(4, 6) / 10, dt=0.7 * ms)  # noqa: F841
    G = NeuronGroup(6, "dv/dt = (current(t) + image(t, i) - v)/(2*ms) : 1", threshold="v > 1", reset="v = 0",
                    method="euler")  # fmt: skip
    M = SpikeMonitor(G)
    Network(G, M).run(5 * ms)
    return {"v": G.v[:], **spikes(M)}


@study
def poisson_inputs() -> Mapping[str, Any]:
    P = PoissonGroup(100, rates="50*Hz*(1 + i % 3)")
    Q = PoissonGroup(5000, rates=30 * Hz)  # one rate: by the gaps between neurons
    G = NeuronGroup(50, "dv/dt = -v/(5*ms) : 1", threshold="v > 0.9", reset="v = 0", method="exact")
    S = Synapses(P, G, on_pre="v_post += 0.1")
    S.connect(p=0.1)
    inputs = PoissonInput(G, "v", N=20, rate=100 * Hz, weight=0.05)
    monitors = [SpikeMonitor(item) for item in (P, Q, G)]
    net = Network(P, Q, G, S, inputs, monitors)
    net.run(10 * ms)
    net.run(5 * ms)
    found = {f"{key}{k}": value for k, M in enumerate(monitors) for key, value in spikes(M).items()}
    assert min(len(M.i) for M in monitors) > 20
    return found | {"v": G.v[:]}


@study
def given_spikes_with_a_period() -> Mapping[str, Any]:
    G = SpikeGeneratorGroup(5, [0, 3, 1, 1, 4], [0, 0.3, 0.3, 0.9, 1.1] * ms, period=1.3 * ms)
    H = NeuronGroup(5, "x : 1")
    S = Synapses(G, H, on_pre="x_post += t/ms", delay=0.2 * ms)
    S.connect(j="i")
    M = SpikeMonitor(G)
    net = Network(G, H, S, M)
    net.run(3 * ms)
    net.run(2.2 * ms)
    return {"x": H.x[:], **spikes(M)}


# ---- synapses --------------------------------------------------------------------------------------------------------


@study
def summed_variables() -> Mapping[str, Any]:
    G = NeuronGroup(20, "dv/dt = (1 + total - v)/(5*ms) : 1\ntotal : 1", method="euler")
    G.v = "rand()"
    S = Synapses(G, G, "total_post = w*(v_pre - v_post) : 1 (summed)\nw : 1")
    S.connect(p=0.3)
    S.w = "rand()"
    Network(G, S).run(3 * ms)
    return {"v": G.v[:], "total": G.total[:]}


@study
def synapses_that_run_regularly() -> Mapping[str, Any]:
    G = neurons(15)
    S = Synapses(G, G, "w : 1\nn : integer", on_pre="v_post += 0.01*w")
    S.connect(p=0.5)
    S.run_regularly("w = clip(w + 0.1*randn(), 0, 1)\nn += 1", dt=0.5 * ms)
    G.run_regularly("I += 0.01*rand()", dt=0.3 * ms)
    Network(G, S).run(4 * ms)
    return {"w": S.w[:], "n": S.n[:], "v": G.v[:]}


@study
def several_synapses_of_a_pair() -> Mapping[str, Any]:
    G = neurons(8)
    S = Synapses(G, G, "w : 1\ndx/dt = -x/(3*ms) : 1 (event-driven)", on_pre="x += 1\nw = rand()", on_post="w += x",
                 multisynaptic_index="k")  # fmt: skip
    S.connect(p=0.6, n=2)
    S.delay = "k*0.4*ms"
    Network(G, S).run(6 * ms)
    return {"w": S.w[:], "x": S.x[:]}


@study
def subgroups() -> Mapping[str, Any]:
    G = neurons(50)
    first, second = G[5:23], G[23:50]
    S = Synapses(first, second, "w : 1", on_pre="v_post += w", on_post="w += 0.001", delay=0.4 * ms)
    S.connect(p=0.3)
    S.w = "0.001*j"
    M, R = SpikeMonitor(second), PopulationRateMonitor(first)
    V = StateMonitor(second, "v", record=[0, 3, 26])
    Network(G, S, M, R, V).run(8 * ms)
    return {"w": S.w[:], "rate": R.rate / Hz, "v": V.v[:], **spikes(M)}


# ---- monitors --------------------------------------------------------------------------------------------------------


@study
def monitors_of_every_kind() -> Mapping[str, Any]:
    G = neurons(30, refractory=0.5 * ms)
    G.run_regularly("I += 0.001", dt=0.2 * ms)
    S = Synapses(G, G, "w : 1", on_pre="w += 1\nv_post += 0.001")
    S.connect(p=0.2)
    with_values = SpikeMonitor(G, variables=["v", "I"])
    rows = SpikeMonitor(G[3:9], record=False)
    rate, slow = PopulationRateMonitor(G), StateMonitor(G, ["v", "I"], record=[0, 7], dt=0.5 * ms)
    fast, weights = StateMonitor(G, "v", record=True), StateMonitor(S, "w", record=range(4))
    net = Network(G, S, with_values, rows, rate, slow, fast, weights)
    net.run(4 * ms)
    net.run(5 * ms)
    return {
        "v at spikes": with_values.v[:], "I at spikes": with_values.I[:], "counts": rows.count[:], "n": rows.num_spikes,
        "rate": rate.rate / Hz, "slow v": slow.v[:], "slow I": slow.I[:], "slow t": slow.t / ms, "fast v": fast.v[:],
        "w": weights.w[:], **spikes(with_values),
    }  # fmt: skip


@study
def monitors_before_all_else() -> Mapping[str, Any]:
    """A rate is noted at the very beginning of a step, where nothing has come before it."""
    G = neurons()
    R, M = PopulationRateMonitor(G, when="start"), SpikeMonitor(G, when="start")
    net = Network(R, G, M)
    net.schedule = ["end", "start", "groups", "thresholds", "synapses", "resets"]
    net.run(4 * ms)
    return {"rate": R.rate / Hz, **spikes(M)}


# ---- on the device as on this machine --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STUDIES)
def test_the_same_as_on_the_cpu(name: str, emulated: Emulated) -> None:
    assert_same(on(emulated, STUDIES[name]), on(None, STUDIES[name]))


@pytest.mark.parametrize("name", ["monitors_of_every_kind", "monitors_before_all_else"])
def test_recorders_that_are_emptied_several_times_in_a_run(
    name: str, emulated: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "_STEPS", 3)
    before = emulated.device.launches
    found = on(emulated, STUDIES[name])
    assert emulated.device.launches - before > 10  # 40 or 90 steps, no more than four of them in a launch
    assert_same(found, on(None, STUDIES[name]))


@pytest.mark.parametrize("name", ["several_runs", "timed_arrays", "summed_variables", "synapses_that_run_regularly"])
def test_single_precision(name: str, emulated: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefs, "precision", "float32")
    found = on(emulated, STUDIES[name])
    assert "float" in emulated.source and "using real = float;" in emulated.source
    assert_same(found, on(None, STUDIES[name]), rounding=2e-5)


@pytest.mark.parametrize("name", ["several_runs", "poisson_inputs", "several_synapses_of_a_pair"])
def test_whatever_the_number_of_blocks_and_the_order_of_threads(name: str) -> None:
    expected = on(None, STUDIES[name])
    for blocks, order in ((1, 5), (2, 6), (5, 7)):
        hardware = Emulated(seed=order, blocks=blocks)
        try:
            assert_same(on(hardware, STUDIES[name]), expected)
        finally:
            device.use(None)
        assert hardware.device.memory.used == 0


@pytest.mark.parametrize(
    "name", ["several_runs", "changed_delays", "poisson_inputs", "monitors_of_every_kind", "monitors_before_all_else"]
)
def test_no_data_races(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_STEPS", 7)
    try:
        on(Emulated(races=True), STUDIES[name])
    finally:
        device.use(None)
