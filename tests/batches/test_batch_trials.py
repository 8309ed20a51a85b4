"""`Network.restart` and `SpikeInput`: one trial after the other."""

import numpy as np
import pytest
from batch_models import COPIES, build, plastic, refractory

from eqsnn import Hz, Network, NeuronGroup, PoissonGroup, SpikeInput, SpikeMonitor, Synapses, defaultclock, errors, ms


def test_a_trial_begins_as_the_first_one_did():
    """Without noise a second trial is the first one again; weights stay as they were learned."""
    model = build(plastic, COPIES)
    model.run(30)
    (group, synapses), (spikes,) = (model.network.objects[0], model.network.objects[1]), model.spikes
    first = spikes.i, spikes.t_, np.asarray(group.v), np.asarray(synapses.g), np.asarray(synapses.h)
    model.run(13)
    model.network.restart()
    assert model.network.t == 0 * ms and group.t == 0 * ms and spikes.num_spikes == 0
    assert (np.asarray(synapses.pre) == 0).all() and (np.asarray(group.v) == 0).all()
    model.run(30)
    again = spikes.i, spikes.t_, np.asarray(group.v), np.asarray(synapses.g), np.asarray(synapses.h)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    synapses.w = 0.5
    model.network.restart()
    assert (np.asarray(synapses.w) == 0.5).all()


def test_what_was_set_at_time_zero_is_what_a_trial_begins_with():
    group = NeuronGroup(3, "dv/dt = -v/(5*ms) : 1\nbias : 1 (constant)\ninput : 1", method="exact")
    network = Network(group, batch_size=2)
    group.v = [[1, 2, 3], [4, 5, 6]]
    network.run(5 * ms)
    group.bias, group.input = 7, 8
    network.restart()
    assert group.v[:].tolist() == [[1, 2, 3], [4, 5, 6]] and (group.bias[:] == 7).all() and (group.input[:] == 0).all()
    group.v = [9, 9, 9]
    network.run(5 * ms)
    network.restart()
    assert (group.v[:] == 9).all()


def test_delayed_spikes_do_not_reach_the_next_trial():
    model = build(refractory, 2)
    model.run(20)
    model.network.restart()
    group = model.network.objects[0]
    group.I, group.v = 0, 0
    assert group.ring("spike", 1).now(199).size == 0
    silent = NeuronGroup(1, "x : 1", threshold="x > 1")
    given = SpikeInput(1)
    late, each = (Synapses(given, silent, on_pre="x_post += 0.25") for _ in range(2))
    late.connect(), each.connect()
    late.delay, each.delay["True"] = 3 * ms, 2 * ms
    network = Network(silent, given, late, each)
    given.set_spikes([0], [4] * ms)
    network.run(5 * ms)
    network.restart()
    given.set_spikes([], [] * ms)
    network.run(5 * ms)
    assert silent.x[0] == 0


def test_trials_draw_new_numbers():
    group = PoissonGroup(50, 100 * Hz)
    spikes = SpikeMonitor(group)
    network = Network(group, spikes, batch_size=2)
    counts = []
    for _ in range(2):
        network.run(20 * ms)
        counts += [tuple(row) for row in spikes.count]
        network.restart()
    assert len(set(counts)) == 4
    network.trial = 0
    network.run(20 * ms)
    assert [tuple(row) for row in spikes.count] == counts[:2]


def test_created_synapses_begin_a_trial_with_initial_values():
    group = NeuronGroup(4, "v : 1", threshold="v > 1", reset="v = 0")
    synapses = Synapses(group, group, "w : 1\ng : 1 (batch)\ndx/dt = -x/ms : 1 (event-driven, batch)", on_pre="x += 1")
    synapses.connect(i=[0, 1, 2], j=[1, 2, 3])
    synapses.g = [[1, 2, 3], [4, 5, 6]] if synapses.g[:].ndim == 2 else [1, 2, 3]
    network = Network(group, synapses, batch_size=2)
    synapses.g = [[1, 2, 3], [4, 5, 6]]
    network.run(1 * ms)
    synapses.ragged.remove([int(synapses.ragged.order()[1])])
    synapses.connect(i=3, j=0)
    synapses.g, synapses.x = 9, 9
    network.restart()
    assert synapses.g[:].tolist() == [[1, 3, 0], [4, 6, 0]] and (synapses.x[:] == 0).all()


# ---- SpikeInput ----


def received(inputs, copies=1, dt=None, duration=10):
    """Spikes that an input gives in a run, as (copy, neuron, step)."""
    spikes = SpikeMonitor(inputs)
    network = Network(inputs, spikes, batch_size=copies)
    for _ in range(2):
        network.run(duration * ms)
        found = list(zip(spikes.copy.tolist(), spikes.i.tolist(), np.rint(spikes.t / (0.1 * ms)).astype(int), strict=True))
        yield found
        spikes.reinit()


def test_each_network_gets_its_spikes_in_every_run():
    inputs = SpikeInput(5)
    inputs.set_spikes([[4, 0, 4], [], [2]], [[3, 1, 0.5] * ms, [] * ms, [0] * ms])
    first, second = received(inputs, 3)
    assert first == [(2, 2, 0), (0, 4, 5), (0, 0, 10), (0, 4, 30)]
    assert second == [(copy, i, step + 100) for copy, i, step in first]  # time goes on, and the trial is played again


def test_one_list_is_for_all_networks():
    inputs = SpikeInput(5)
    inputs.set_spikes([1, 3], [1, 2] * ms)
    first, _ = received(inputs, 2)
    assert first == [(0, 1, 10), (1, 1, 10), (0, 3, 20), (1, 3, 20)]


def test_spikes_in_one_step_are_one():
    inputs = SpikeInput(5)
    inputs.set_spikes([1, 1, 0, 1, 0], [1.01, 1.02, 1.05, 0.2, 1.0] * ms)
    first, _ = received(inputs)
    assert first == [(0, 1, 2), (0, 0, 10), (0, 1, 10)]


def test_random_spikes_are_those_given():
    random = np.random.default_rng(1)
    inputs = SpikeInput(30)
    ids = [random.integers(0, 30, n) for n in (0, 1, 500)]
    steps = [random.integers(0, 100, len(i)) for i in ids]
    inputs.set_spikes(ids, [s * 0.1 * ms for s in steps])
    first, _ = received(inputs, 3)
    expected = {(c, i, s) for c in range(3) for i, s in zip(ids[c].tolist(), steps[c].tolist(), strict=True)}
    assert len(first) == len(expected) and set(first) == expected


@pytest.mark.parametrize(
    "indices, times, code",
    [
        ([[0, 1], [2]], [[1, 2] * ms, [3, 4] * ms], "E730"),
        ([[0, 1], [2]], [[1, 2] * ms], "E730"),
        ([[0, 1], [2]], 1 * ms, "E730"),
        ([0, 1], [1] * ms, "E730"),
        ([[0], [5]], [[1] * ms, [2] * ms], "E731"),
        ([[0], [-1]], [[1] * ms, [2] * ms], "E731"),
        ([[0], [1]], [[1] * ms, [-2] * ms], "E732"),
        ([[0], [1]], [[1], [2]], "E223"),
        ([[0.5], [1]], [[1] * ms, [2] * ms], "E425"),
    ],
)
def test_spikes_that_cannot_be(indices, times, code):
    inputs = SpikeInput(5)
    inputs.set_spikes([1], [1] * ms)
    with pytest.raises(errors.EqsnnError, match=code) as caught:
        inputs.set_spikes(indices, times)
    assert "spikeinput" in str(caught.value)
    assert next(received(inputs)) == [(0, 1, 10)]  # those of before are still there


def test_spikes_that_do_not_fit_the_run():
    inputs = SpikeInput(5)
    network = Network(inputs, batch_size=2)
    inputs.set_spikes([[0], [1], [2]], [[1] * ms, [2] * ms, [3] * ms])
    with pytest.raises(errors.StateError, match="3 networks, but the batch has 2") as caught:
        network.run(5 * ms)
    assert "E733" in str(caught.value)
    inputs.set_spikes([[0], [1]], [[1] * ms, [5] * ms])
    with pytest.raises(errors.RunError, match=r"a spike at 5 ms, but the run lasts 5 ms\.") as caught:
        network.run(5 * ms)
    assert "E918" in str(caught.value)
    network.run(5 * ms + defaultclock.dt)
