"""`StructureMonitor`: values of the synapses that come and go, their identity, and counts."""

from __future__ import annotations

import numpy as np
import pytest

from eqsnn import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    StructuralPlasticity,
    StructureMonitor,
    Synapses,
    errors,
    exp,
    ms,
    mV,
    nS,
)

GROW = """
for each synapse: remove synapse if rand() < 0.1
for each pair in sample(15): create synapse(w=(1 + i + 100*j)*nS, k=i - j, on=i > j, delay=i*ms) if not connected
"""


def grown(variables, steps: int = 20, precision: str = "float64"):
    group = NeuronGroup(20, "v : volt", threshold="v > 1*volt", dt=1 * ms)
    model = "w : siemens\nk : integer\non : boolean"
    synapses = Synapses(group, group, model, on_pre="v_post += 0*mV", dt=1 * ms)
    synapses.connect(i=[0, 5], j=[7, 7])
    synapses.w, synapses.k, synapses.on = [7, 8] * nS, [-1, -2], True
    monitor = StructureMonitor(synapses, variables)
    StructuralPlasticity(synapses, GROW, dt=1 * ms)
    network = Network(group, synapses, monitor, precision=precision)
    network.run(steps * ms)
    return synapses, monitor, network


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_values_as_created_and_as_removed(precision: str) -> None:
    synapses, monitor, network = grown(["w", "k", "on", "delay"], 20, precision)
    synapses.w += 5 * nS
    synapses.k *= -1
    before = monitor.N
    network.run(30 * ms)
    created = monitor.change > 0
    assert created.sum() > 100
    assert (~created).sum() > 50
    # What was there at first, what was created before the change of all weights, and what was created after it.
    old = monitor.serial < 2
    i, j = monitor.i, monitor.j
    touched = np.isin(monitor.serial, monitor.serial[:before][created[:before]]) & (np.arange(monitor.N) >= before)
    sign, more = np.where(touched, -1, 1), np.where(touched, 5, 0)
    new = ~old
    assert np.allclose((monitor.w / nS)[new], (1 + i + 100 * j + more)[new], rtol=1e-6)
    assert monitor.k[new].tolist() == (sign * (i - j))[new].tolist()
    assert monitor.on[new].tolist() == (i > j)[new].tolist()
    assert np.allclose((monitor.delay / ms)[new], i[new], rtol=1e-6)
    assert monitor.w_.dtype == np.dtype(precision)
    assert (monitor.k.dtype, monitor.on.dtype) == (np.int32, np.bool_)
    for serial, pair in ((0, (0, 7)), (1, (5, 7))):
        mine = monitor.serial == serial
        assert set(zip(i[mine].tolist(), j[mine].tolist(), strict=True)) <= {pair}
        assert monitor.change[mine].tolist() in ([], [-1])


def test_identity_pairs_creation_with_removal() -> None:
    synapses, monitor, _ = grown(None, 50)
    came, went = (set(monitor.serial[monitor.change == sign].tolist()) for sign in (1, -1))
    assert len(came) == monitor.created
    assert len(went) == monitor.removed
    assert (came | {0, 1}) - went == set(synapses.ragged.serial.tolist())
    first = {s: (t, i, j) for s, t, i, j in zip(monitor.serial, monitor.t_, monitor.i, monitor.j, strict=True)}
    for s, t, i, j in zip(monitor.serial, monitor.t_, monitor.i, monitor.j, strict=True):
        assert first[s][0] >= t
        assert first[s][1:] == (i, j)


def test_removals_of_one_pass_keep_their_values() -> None:
    """Sorted by pair as the entries are, also where rows are emptied from several places."""
    group = NeuronGroup(30, "", dt=1 * ms)
    synapses = Synapses(group, group, "w : 1\nu : 1", dt=1 * ms)
    order = np.random.default_rng(1).permutation(900)
    synapses.connect(i=order // 30, j=order % 30)
    synapses.w, synapses.u = "i + 1000*j", "-w"
    monitor = StructureMonitor(synapses, "w")
    StructuralPlasticity(synapses, "for each synapse: remove synapse if rand() < 0.5", dt=1 * ms)
    Network(group, synapses).run(4 * ms)
    assert monitor.removed > 700
    assert monitor.w.tolist() == (monitor.i + 1000.0 * monitor.j).tolist()
    for moment in np.unique(monitor.t_):
        now = monitor.t_ == moment
        keys = monitor.i[now] * 30 + monitor.j[now]
        assert (np.diff(keys) > 0).all()
    with pytest.raises(errors.UnknownVariableError, match="'u' is not recorded"):
        _ = monitor.u


def test_event_code_and_connect() -> None:
    """Weights as event code left them, and initial values of what `connect` creates."""
    source = SpikeGeneratorGroup(2, [0, 1, 0], [1, 2, 3] * ms, dt=1 * ms)
    target = NeuronGroup(2, "", dt=1 * ms)
    synapses = Synapses(source, target, "w : 1", on_pre="w += 1\nremove synapse if w > 5", dt=1 * ms)
    monitor = StructureMonitor(synapses, "w")
    synapses.connect(i=[0, 0, 1], j=[0, 1, 0])
    synapses.w = [3, 4, 5]
    network = Network(source, target, synapses)
    network.run(3 * ms)
    synapses.connect(i=1, j=1)
    network.run(3 * ms)
    assert monitor.change.tolist() == [1, 1, 1, -1, 1, -1]
    assert list(zip(monitor.i.tolist(), monitor.j.tolist(), strict=True)) == [
        (0, 0), (0, 1), (1, 0), (1, 0), (1, 1), (0, 1),
    ]  # fmt: skip
    assert monitor.w.tolist() == [0, 0, 0, 6, 0, 6]
    assert (monitor.t / ms).round(9).tolist() == [0, 0, 0, 2, 3, 3]
    assert (monitor.created, monitor.removed, len(synapses)) == (4, 2, 2)


def test_event_driven_variables_are_as_of_the_last_event() -> None:
    """Also where neurons would share them otherwise."""
    tau = 10 * ms  # noqa: F841 - named in the model
    source = SpikeGeneratorGroup(1, [0, 0], [1, 4] * ms, dt=1 * ms)
    target = NeuronGroup(1, "", dt=1 * ms)
    synapses = Synapses(source, target, "dx/dt = -x/tau : 1 (event-driven)", on_pre="x += 1", dt=1 * ms)
    synapses.connect()
    monitor = StructureMonitor(synapses, "x")
    StructuralPlasticity(synapses, "for each synapse: remove synapse if t >= 7*ms", dt=1 * ms)
    Network(source, target, synapses).run(9 * ms)
    assert monitor.change.tolist() == [-1]
    assert monitor.x[0] == pytest.approx(1 + exp(-3 / 10))

    again = Synapses(source, target, "dx/dt = -x/tau : 1 (event-driven)", on_pre="x += 1\nremove synapse if x > 1.5")
    again.connect()
    watched = StructureMonitor(again, "x")
    network = Network(source, target, again)
    network.run(9 * ms)
    assert watched.x[0] == pytest.approx(1 + exp(-3 / 10))


def test_monitors_made_at_different_times_log_what_they_ask_for() -> None:
    synapses, first, network = grown(None, 5)
    later = StructureMonitor(synapses, ["w"])
    network.run(5 * ms)
    last = StructureMonitor(synapses, ["k", "w"])
    network.run(5 * ms)
    assert first.N > later.N > last.N > 0
    tail = first.N - later.N
    assert np.array_equal(first.serial[tail:], later.serial)
    created = later.change > 0
    assert np.allclose((later.w / nS)[created], (1 + later.i + 100 * later.j)[created])
    assert np.array_equal(last.w, later.w[later.N - last.N :])
    assert np.array_equal(last.k[last.change > 0], (last.i - last.j)[last.change > 0])


def test_delays_that_become_several_between_runs() -> None:
    """A variable more than when the log was begun."""
    source = SpikeGeneratorGroup(3, [0], [1] * ms, dt=1 * ms)
    target = NeuronGroup(3, "x : 1", dt=1 * ms)
    synapses = Synapses(source, target, "w : 1", on_pre="x_post += w", dt=1 * ms)
    synapses.connect()
    synapses.w = "i"
    monitor = StructureMonitor(synapses, "w")
    StructuralPlasticity(synapses, "for each synapse: remove synapse if j == 0 and t_in_timesteps == i", dt=1 * ms)
    network = Network(source, target, synapses)
    network.run(2 * ms)
    synapses.delay = "i*ms"
    network.run(2 * ms)
    assert monitor.w.tolist() == [0, 1, 2]


def test_counting_only() -> None:
    synapses, logging, network = grown(None, 0)
    counting = StructureMonitor(synapses, record=False)
    network.run(30 * ms)
    assert (counting.created, counting.removed, counting.N) == (logging.created, logging.removed, logging.N)
    assert counting.created == (logging.change > 0).sum() > 0
    assert counting.removed == (logging.change < 0).sum() > 0
    with pytest.raises(errors.StateError, match="only counted") as error:
        _ = counting.t
    assert error.value.code == "E740"
    assert repr(counting).endswith(f"{counting.created} created, {counting.removed} removed of Synapses 'synapses'>")


def test_counting_does_not_log() -> None:
    group = NeuronGroup(5, "", dt=1 * ms)
    synapses = Synapses(group, group, "", dt=1 * ms)
    counting = StructureMonitor(synapses, record=False)
    synapses.connect()
    StructuralPlasticity(synapses, "for each synapse: remove synapse if i == j", dt=1 * ms)
    Network(group, synapses).run(1 * ms)
    assert (counting.created, counting.removed) == (25, 5)
    assert not synapses.ragged.logging


def test_number_of_synapses_at_times() -> None:
    synapses, monitor, _ = grown(None, 10)
    counts = [synapses.history_at(t * ms).N for t in range(11)]
    assert monitor.count(np.arange(11) * ms).tolist() == counts
    assert monitor.count(4 * ms) == counts[4]
    assert isinstance(monitor.count(4 * ms), int)
    assert monitor.count(10 * ms) == len(synapses)
    with pytest.raises(errors.DimensionError):
        monitor.count(3 * mV)


def test_unsuitable_variables() -> None:
    group = NeuronGroup(3, "x : 1", dt=1 * ms)
    synapses = Synapses(group, group, "w : 1\nd = x_pre - x_post : 1\ng : 1 (shared)", dt=1 * ms)
    for name in ("d", "g", "x_pre", "i"):
        with pytest.raises(errors.ModelError, match="not stored with each synapse") as error:
            StructureMonitor(synapses, name)
        assert error.value.code == "E862"
    with pytest.raises(errors.UnknownVariableError, match="did you mean 'w'"):
        StructureMonitor(synapses, "ww")
    with pytest.raises(errors.ModelError, match="nothing is") as error:
        StructureMonitor(synapses, "w", record=False)
    assert error.value.code == "E863"
    assert not synapses.ragged.logging
    with pytest.raises(errors.StructureError, match="watches Synapses"):
        StructureMonitor(group)
