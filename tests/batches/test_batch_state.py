"""State of a batch as a script sees it: variables, texts that run at once, monitors."""

import numpy as np
import pytest

from eqsnn import (
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    SpikeMonitor,
    StateMonitor,
    StructureMonitor,
    Synapses,
    TimedArray,
    errors,
    linked_var,
    ms,
    mV,
)

COPIES = 3


@pytest.fixture
def net():
    G = NeuronGroup(4, "dv/dt = -v/(10*ms) : volt\nb : boolean\ns : 1 (shared)\nu = 2*v : volt", method="exact", name="G")
    S = Synapses(G, G, "w : 1\ng : 1 (batch)\np : 1 (shared)\nd = g + w : 1", name="S")
    S.connect(i=[0, 1, 2], j=[1, 2, 3])
    return Network(G, S, batch_size=COPIES)


def test_variables_have_a_first_axis_for_networks(net):
    G, S = net["G"], net["S"]
    assert G.v[:].shape == (3, 4) and S.g[:].shape == (3, 3) and S.w[:].shape == (3,) and G.s.shape == (3,)
    values = np.arange(12).reshape(3, 4)
    G.v = values * mV
    assert np.allclose(G.v / mV, values) and np.allclose(G.v_, values / 1000)
    G.v = [4, 3, 2, 1] * mV
    assert np.allclose(G.v / mV, [[4, 3, 2, 1]] * 3)
    G.v = 5 * mV
    assert (G.v == 5 * mV).all()
    S.g = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert S.g[:].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    S.g *= 2
    assert S.g[:].tolist() == [[2, 4, 6], [8, 10, 12], [14, 16, 18]]
    S.w = [1, 2, 3]
    assert S.d[:].tolist() == [[3, 6, 9], [9, 12, 15], [15, 18, 21]]
    G.s, S.p = [1, 2, 3], 4
    assert G.s.tolist() == [1, 2, 3] and S.p.tolist() == [4, 4, 4]


def test_elements_are_chosen_in_all_networks(net):
    G, S = net["G"], net["S"]
    G.v = np.arange(12).reshape(3, 4) * mV
    assert np.allclose(G.v[1] / mV, [1, 5, 9]) and np.allclose(G.v[1:3] / mV, [[1, 2], [5, 6], [9, 10]])
    G.v[1] = 7 * mV
    assert np.allclose(G.v[1] / mV, [7, 7, 7])
    G.v[1] = [1, 2, 3] * mV
    assert np.allclose(G.v[1] / mV, [1, 2, 3])
    G.v[2:] = [[1, 2], [3, 4], [5, 6]] * mV
    assert np.allclose(G.v[2:] / mV, [[1, 2], [3, 4], [5, 6]])
    G.v["i > 2"] = 9 * mV
    assert np.allclose(G.v[3] / mV, 9) and np.allclose(G[2:].v[0] / mV, [1, 3, 5])
    S.g[[0, 2]] = [[1, 2], [3, 4], [5, 6]]
    assert S.g[:].tolist() == [[1, 0, 2], [3, 0, 4], [5, 0, 6]] and S.g[1, 2].shape == (3, 1)
    assert np.allclose(S.v_post[:] / mV, G.v[1:4] / mV)


def test_texts_run_in_each_network_with_the_same_random_numbers(net):
    G, S = net["G"], net["S"]
    G.v = "rand()*mV"
    assert len(np.unique(G.v)) == 4 and (G.v == G.v[:][0]).all()
    G.v = np.arange(12).reshape(3, 4) * mV
    G.v += "1*mV"
    assert np.allclose(G.v / mV, np.arange(12).reshape(3, 4) + 1)
    G.v = "2*v"
    assert np.allclose(G.u / mV, 4 * (np.arange(12).reshape(3, 4) + 1))
    S.g = "v_post/mV"
    assert np.allclose(S.g[:], G.v[1:4] / mV)
    S.w = "2*i"
    assert S.w[:].tolist() == [0, 2, 4]
    S.w += "1"
    assert S.w[:].tolist() == [1, 3, 5]
    S.w = "batch_sum(g)"
    assert np.allclose(S.w[:], S.g[:].sum(0))


def test_conditions_must_mean_the_same_elements(net):
    G, S = net["G"], net["S"]
    G.v = np.arange(12).reshape(3, 4) * mV
    with pytest.raises(errors.StateError, match="E709"):
        G.v["v > 3*mV"] = 0 * mV
    G.v["v > -1*mV"] = 1 * mV
    assert np.allclose(G.v / mV, 1)
    S.g = [[1, 2, 3], [1, 2, 3], [1, 2, 9]]
    assert S.w["g > 1"].shape == (2,)
    with pytest.raises(errors.StateError, match="E709"):
        S.w["g > 5"]


@pytest.mark.parametrize("value", [np.zeros(3), np.zeros((4, 3)), np.zeros((3, 5)), np.zeros((2, 4)), np.zeros((1, 3, 4))])
def test_values_that_do_not_fit(net, value):
    with pytest.raises(errors.StateError, match="E702"):
        net["G"].v = value * mV


def test_texts_that_run_once_read_what_networks_have_in_common(net):
    S = net["S"]
    for text in ("v_post/mV", "g", "d", "p", "u_post/mV"):
        with pytest.raises(errors.ModelError, match="E574"):
            S.w = text
    with pytest.raises(errors.ModelError, match="E574"):
        S.connect("v_pre > 1*mV and i != j")
    with pytest.raises(errors.ModelError, match="E574"):
        S.connect(j="k for k in range(N_post) if v_post > 0*mV and i == 3")
    S.connect("i == 3")
    assert len(S) == 7 and S.g[:].shape == (3, 7)


def test_links_between_groups(net):
    G = net["G"]
    H = NeuronGroup(4, "x : volt (linked)\ny = x/mV : 1")
    H.x = linked_var(G, "v")
    H.set_batch(COPIES)
    G.v = np.arange(12).reshape(3, 4) * mV
    assert np.allclose(H.x / mV, np.arange(12).reshape(3, 4)) and np.allclose(H.y, np.arange(12).reshape(3, 4))


def test_states_are_got_and_set(net):
    G, S = net["G"], net["S"]
    G.v, S.g = np.arange(12).reshape(3, 4) * mV, np.arange(9).reshape(3, 3)
    states, synapses = G.get_states(), S.get_states()
    G.v, S.g = 0 * mV, 0
    G.set_states(states), S.set_states(synapses)
    assert np.allclose(G.v / mV, np.arange(12).reshape(3, 4)) and S.g[:].tolist() == np.arange(9).reshape(3, 3).tolist()


def test_an_array_smaller_than_before():
    """A group that leaves a batch keeps what the first network had."""
    G = NeuronGroup(2, "v : 1")
    S = Synapses(G, G, "g : 1 (batch)")
    S.connect(i=0, j=1)
    Network(G, S, batch_size=2)
    G.v, S.g = [[1, 2], [3, 4]], [[5], [6]]
    Network(G, S).run(0 * ms)
    assert G.v[:].tolist() == [1, 2] and S.g[:].tolist() == [5]
    Network(G, S, batch_size=3)
    assert G.v[:].tolist() == [[1, 2]] * 3 and S.g[:].tolist() == [[5]] * 3


def test_precision_changes_for_all_networks():
    G = NeuronGroup(2, "v : 1")
    S = Synapses(G, G, "g : 1 (batch)")
    S.connect(i=0, j=1)
    net = Network(G, S, batch_size=2, precision="float32")
    G.v, S.g = [[1, 2], [3, 4]], [[5], [6]]
    net.run(0 * ms)
    assert G.v[:].dtype == np.float32 and G.v[:].tolist() == [[1, 2], [3, 4]] and S.g[:].tolist() == [[5], [6]]


# ---- monitors ----


def test_monitors_record_each_network():
    rates = TimedArray([0.0, 1.0], dt=1 * ms)
    G = NeuronGroup(3, "x : 1\nc : integer", threshold="rates(t) > 0 and x > i", reset="c += 1")
    states, spikes, pop = StateMonitor(G, ["x", "c"], record=[0, 2]), SpikeMonitor(G, "x"), PopulationRateMonitor(G)
    net = Network(G, states, spikes, pop, batch_size=2)
    G.x = [[0.5] * 3, [1.5] * 3]
    net.run(1.2 * ms, namespace={"rates": rates})
    assert states.c.shape == (2, 2, 12) and states.t.shape == (12,) and states.c.dtype == np.int32
    assert states[2].x.shape == (2, 12) and states[[2, 0]].x.shape == (2, 2, 12) and (states[0].x[1] == 1.5).all()
    assert spikes.copy.tolist() == [0, 1, 1] * 2 and spikes.i.tolist() == [0, 0, 1] * 2
    assert np.allclose(spikes.t / ms, [1, 1, 1, 1.1, 1.1, 1.1]) and spikes.x.tolist() == [0.5, 1.5, 1.5] * 2
    assert spikes.count.tolist() == [[2, 0, 0], [2, 2, 0]] and spikes.num_spikes == 6
    assert np.allclose(spikes.spike_trains(copy=1)[1] / ms, [1, 1.1]) and not len(spikes.spike_trains(copy=0)[1])
    assert spikes.all_values(1)["x"][1].tolist() == [1.5, 1.5]
    for copy in (None, 2, -1):
        with pytest.raises(errors.StateError, match="E742"):
            spikes.spike_trains(copy)
    assert pop.rate.shape == (2, 12) and np.allclose(pop.rate[:, 11] * 3 * G.dt, [1, 2])
    assert pop.smooth_rate("flat", 0.3 * ms).shape == (2, 12)
    assert "12 steps" in repr(states) and "6 events" in repr(spikes) and "12 steps" in repr(pop)


def test_a_monitor_records_batches_of_one_size():
    G = NeuronGroup(2, "x : 1", threshold="x >= 0")
    spikes, states = SpikeMonitor(G), StateMonitor(G, "x", record=True)
    net = Network(G, spikes, states, batch_size=2)
    assert spikes.count.shape == (2, 2) and states.x.shape == (2, 2, 0) and spikes.i.size == 0
    net.run(0.1 * ms)
    for monitor in (spikes, states):
        with pytest.raises(errors.RunError, match="E917"):
            Network(G, monitor, batch_size=3)
        monitor.reinit()
    Network(G, spikes, states, batch_size=3).run(0.2 * ms)
    assert spikes.count.tolist() == [[2, 2]] * 3 and states.x.shape == (3, 2, 2)


def test_changes_are_logged_with_what_all_networks_share():
    G = NeuronGroup(2, "v : 1")
    S = Synapses(G, G, "w : 1\ng : 1 (batch)")
    S.connect(i=0, j=1)
    assert StructureMonitor(S, "w") and Network(G, S, StructureMonitor(S, "w"), batch_size=2)
    with pytest.raises(errors.ModelError, match="E863"):
        Network(G, S, StructureMonitor(S, "g"), batch_size=2)


def test_time_of_a_batch(net):
    net.run(0.5 * ms)
    assert net.t == 0.5 * ms and net["G"].t == 0.5 * ms and 0 < net.loop_seconds < 10
