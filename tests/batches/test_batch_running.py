"""How a batch runs: progress, interrupts, faults, profiles; what a lane leaves to be read."""

import os
import signal
import threading

import numpy as np
import pytest
from batch_models import COPIES, build, refractory

from eqsnn import Network, NeuronGroup, PoissonGroup, SpikeMonitor, Synapses, errors, ms, prefs, second
from eqsnn.seeds import run_key


def long_batch(copies=3):
    group = NeuronGroup(200, "dv/dt = 1/second : 1", threshold="rand() < 0.5", method="euler")
    return group, Network(group, batch_size=copies)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_keyboard_interrupt_stops_all_networks_at_one_tick(threads):
    prefs.threads = threads
    group, net = long_batch()
    net.run(0 * ms)
    timer = threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        net.run(100_000 * second)
    timer.join()
    reached = float(net.t / second)
    assert 0 < reached < 100_000 and np.allclose(group.v, reached)
    net.run(1 * ms)
    assert np.allclose(group.v, reached + 1e-3)


def test_progress_is_reported_and_can_stop_the_run():
    group, net = long_batch()
    seen = []

    def report(elapsed, completed, start, duration):
        seen.append(completed)
        if len(seen) == 3:
            net.stop()

    net.run(100_000 * second, report=report)
    assert seen == sorted(seen) and np.allclose(group.v, float(net.t / second)) and net.t < 100_000 * second


def test_an_exception_of_a_report_ends_the_run():
    group, net = long_batch()

    def report(elapsed, completed, start, duration):
        if completed > 0:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        net.run(100_000 * second, report=report)
    assert np.allclose(group.v, float(net.t / second))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("delays, first", [([40, 7, 7, 90], 1), ([9, 9, 3, 3], 2), ([90, 90, 90, 30], 3)])
def test_the_earliest_fault_is_told_of_several_the_first(threads, delays, first):
    prefs.threads, prefs.check_finite = threads, True
    group = NeuronGroup(2, "dx/dt = 1/ms : 1\ny = x : 1\nlate : 1\nz : 1", method="euler")
    group.run_regularly("z = 1/int(x < late - 0.05)", when="end")
    net = Network(group, batch_size=4)
    group.late = np.array(delays)[:, None] * 0.1 * np.ones(2)
    with pytest.raises(errors.RunError, match=rf"in copy {first} of the batch 'z\[0\]' became inf") as caught:
        net.run(10 * ms)
    assert f"at t = {(min(delays) - 1) * 0.1:g} ms" in str(caught.value)
    with pytest.raises(errors.RunError, match="E919"):
        net.run(1 * ms)
    net.restart()
    net.run(0.1 * ms)
    assert np.allclose(group.x, 0.1)


def test_a_batch_is_profiled():
    model = build(refractory, COPIES)
    model.network.run(5 * ms, profile=True)
    entries = {entry.name: entry for entry in model.network.profile}
    assert all(entry.calls == 50 * COPIES for entry in entries.values()) and len(entries) > 4


def test_the_batch_size_may_change_and_is_checked():
    group = NeuronGroup(2, "dv/dt = -v/ms : 1", method="exact")
    net = Network(group, batch_size=2)
    group.v = [[1, 2], [3, 4]]
    net.batch_size = 3
    net.run(0 * ms)
    assert group.v[:].tolist() == [[1, 2], [3, 4], [1, 2]]
    net.batch_size = 0
    with pytest.raises(errors.ModelError, match="E572"):
        net.run(1 * ms)


# ---- lanes by themselves ----


def test_some_of_the_lanes_run_with_seeds_of_their_own():
    group = PoissonGroup(40, rates=np.full(40, 200.0) / second)
    group.rates[0] = 100 / second
    net = Network(group, batch_size=3)
    net.run(0 * ms)
    lanes = net.lanes
    keys = [run_key(5), run_key(5)]
    outcome = lanes.run(0, 50, keys, threads=2)
    last = group.store["lastspike"].copy()
    assert outcome.tick == lanes.tick == 50 and outcome.fault == 0 and len(lanes) == 3
    assert np.array_equal(last[0], last[1]) and (last[2] < 0).all() and (last[0] > 0).any()


def test_all_spikes_of_a_trial_can_be_kept():
    model = build(refractory, 2)
    model.run(0)
    group = model.network.objects[0]
    for copy in range(2):
        group.ring("spike", copy).deepen(300, 0)
    model.run(30)
    monitor = model.spikes[0]
    for copy in range(2):
        ring = group.ring("spike", copy)
        found = [(step, i) for step in range(300) for i in ring.now(step).tolist()]
        own = monitor.copy == copy
        steps = np.rint(monitor.t_[own] / 1e-4).astype(int).tolist()
        assert found == list(zip(steps, monitor.i[own].tolist(), strict=True)) and found


def test_many_synapses_of_a_pair_in_a_batch():
    """The widest row is that of all synapses of a pair: working memory grows with them between runs."""
    source = NeuronGroup(1, "x : 1", threshold="x > 0")
    target = NeuronGroup(1, "v : 1\nI : 1")
    S = Synapses(source, target, "w : 1", on_pre="v_post += w", multisynaptic_index="k", delay=0.1 * ms)
    S.connect(n=2)
    S.w = 1
    spikes = SpikeMonitor(source)
    net = Network(source, target, S, spikes, batch_size=2)
    source.x = [[0], [1]]
    net.run(0.3 * ms)
    assert target.v[:].tolist() == [[0], [4]]
    S.connect(n=300)
    S.w = 1
    net.run(0.2 * ms)
    assert target.v[:].tolist() == [[0], [4 + 2 + 302]]
