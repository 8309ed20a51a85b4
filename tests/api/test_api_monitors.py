"""Monitors on recordings made by hand, and network operations."""

import numpy as np
import pytest
from api_fakes import Evaluated, FakeRecording

from eqsnn.attributes import UnknownVariableError
from eqsnn.grammar import errors
from eqsnn.monitors import EventMonitor, PopulationRateMonitor, SpikeMonitor, StateMonitor
from eqsnn.neurongroup import NeuronGroup
from eqsnn.operations import NetworkOperation, network_operation
from eqsnn.spikegenerator import SpikeGeneratorGroup
from eqsnn.units import Hz, have_same_dimensions, ms, mV, second, volt


@pytest.fixture
def group():
    return Evaluated(5, "v : volt\nk : integer\ns : 1 (shared)", threshold="v > 1*mV", events={"high": "v > 2*mV"})


# ---- events ----


@pytest.fixture
def monitor(group):
    found = SpikeMonitor(group, ["v", "k"])
    found.recordings = (FakeRecording([1, 1, 4, 5], [3, 0, 3, 1], ([0.3, 0.0, 0.33, 0.1], [3, 0, 33, 1]), [1, 1, 0, 2, 0]),)
    return found


def test_events(monitor):
    assert monitor.i.tolist() == [3, 0, 3, 1] and np.allclose(monitor.t / ms, [0.1, 0.1, 0.4, 0.5])
    assert (monitor.num_spikes, monitor.num_events, monitor.N) == (4, 4, 4)
    assert monitor.count.tolist() == [1, 1, 0, 2, 0]
    indices, times = monitor.it
    assert indices.tolist() == monitor.i.tolist() and np.array_equal(times, monitor.t)
    assert have_same_dimensions(monitor.v, volt) and monitor.v_.tolist() == [0.3, 0.0, 0.33, 0.1]
    assert monitor.k.dtype == np.int32 and monitor.t_.dtype == float


def test_events_by_neuron(monitor):
    trains = monitor.spike_trains()
    assert list(trains) == [0, 1, 2, 3, 4] and np.allclose(trains[3] / ms, [0.1, 0.4]) and len(trains[2]) == 0
    assert have_same_dimensions(trains[2], second)
    assert monitor.values("k")[3].tolist() == [3, 33] and (monitor.values("v")[3] / volt).tolist() == [0.3, 0.33]
    assert set(monitor.all_values()) == {"v", "k", "t"}
    with pytest.raises(UnknownVariableError, match="'w' is not recorded"):
        monitor.values("w")


def test_before_a_run_there_is_nothing(group):
    monitor = SpikeMonitor(group, "v")
    assert len(monitor.t) == len(monitor.i) == len(monitor.v) == monitor.num_spikes == 0
    assert monitor.count.tolist() == [0] * 5 and len(monitor.spike_trains()[4]) == 0


def test_events_that_are_only_counted(group):
    monitor = SpikeMonitor(group, record=False)
    monitor.recordings = (FakeRecording([], tally=[1, 2, 0, 0, 0]),)
    assert monitor.count.tolist() == [1, 2, 0, 0, 0]
    for use in (lambda: monitor.t, lambda: monitor.i, lambda: monitor.spike_trains()):
        with pytest.raises(errors.StateError, match="only counted"):
            use()


def test_what_event_monitors_declare(group):
    (found,) = SpikeMonitor(group[1:4], "v", name="m").declare()
    assert (found.name, found.group, found.start, found.stop, found.event, found.keep) == (
        "m", group.name, 1, 4, "spike", True)
    assert [n.id for n in found.variables] == ["v"] and (found.when.slot, found.when.order) == ("thresholds", 1)
    (found,) = EventMonitor(group, "high", order=7).declare()
    assert (found.event, found.when.slot, found.when.order) == ("high", "after_thresholds", 7)
    (found,) = SpikeMonitor(SpikeGeneratorGroup(1, [0], [1] * ms, when="start"), when="end", record=False).declare()
    assert (found.when.slot, found.when.order, found.keep) == ("end", 1, False)


# ---- state ----


def test_state_over_time(group):
    monitor = StateMonitor(group, ["v", "k"], record=[4, 1], dt=1 * ms)
    assert monitor.v.shape == (2, 0) and monitor.record.tolist() == [4, 1] and monitor.clock.dt_ == 0.001
    monitor.recordings = (FakeRecording([0, 1, 2], columns=([[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]])),)
    assert (monitor.v / volt).tolist() == [[1, 3, 5], [2, 4, 6]] and monitor.k.dtype == np.int32
    assert (monitor[1].v / volt).tolist() == [2, 4, 6] and monitor[[1, 4]].k.tolist() == [[8, 10, 12], [7, 9, 11]]
    assert monitor[4].v_.tolist() == [1, 3, 5] and len(monitor[4].t) == monitor.N == 3
    assert np.allclose(monitor.t / ms, [0, 0.1, 0.2]) and monitor.v_.shape == (2, 3)
    with pytest.raises(errors.StateError, match="element 2 is not recorded"):
        monitor[2]
    with pytest.raises(UnknownVariableError, match="it records 'v', 'k'"):
        _ = monitor.w


def test_values_of_removed_synapses_stay_nan(group):
    monitor = StateMonitor(group, "k", record=0)
    monitor.recordings = (FakeRecording([0, 1], columns=([[1], [np.nan]],)),)
    assert monitor.k[0, 0] == 1 and np.isnan(monitor.k[0, 1])


@pytest.mark.parametrize(("record", "found"), [(True, [0, 1, 2, 3, 4]), (3, [3]), ([0, -1], [0, 4]), (range(2), [0, 1]),
                                               (np.array([2]), [2]), (slice(3, None), [3, 4]), ("i > 2", [3, 4])])
def test_ways_to_choose(group, record, found):
    assert StateMonitor(group, "v", record=record).record.tolist() == found


def test_subgroups_are_recorded_by_their_own_indices(group):
    monitor = StateMonitor(group[2:], "v", record=[0, 2])
    (found,) = monitor.declare()
    assert (found.group, found.start) == (group.name, 2) and monitor.record.tolist() == [0, 2]
    assert [n.id for n in found.variables] == ["v"] and found.when.slot == "start"


def test_shared_variables_need_no_element(group):
    monitor = StateMonitor(group, "s", record=False)
    assert monitor.n_indices == 1
    assert [n.id for n in StateMonitor(group, True, record=True).declare()[0].variables] == ["v", "k", "s"]


MISTAKES = {
    "variable": (lambda g: StateMonitor(g, "u", record=True), "E319"),
    "no element": (lambda g: StateMonitor(g, "v"), "E565"),
    "no variable": (lambda g: StateMonitor(g, [], record=True), "E565"),
    "out of range": (lambda g: StateMonitor(g, "v", record=[5]), "E701"),
    "no group": (lambda g: StateMonitor(3, "v"), "E428"),
    "no name": (lambda g: StateMonitor(g, [3], record=True), "E428"),
    "no event": (lambda g: EventMonitor(g, "low"), "E322"),
    "no threshold": (lambda g: SpikeMonitor(NeuronGroup(1)), "E322"),
    "no spikes": (lambda g: PopulationRateMonitor(NeuronGroup(1)), "E322"),
    "no neurons": (lambda g: SpikeMonitor(3), "E428"),
    "event variable": (lambda g: SpikeMonitor(g, "u"), "E319"),
    "slot": (lambda g: SpikeMonitor(g, when="ends"), "E315"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name, group):
    make, code = MISTAKES[name]
    with pytest.raises(errors.EqsnnError) as caught:
        make(group)
    assert caught.value.code == code


# ---- rates ----


@pytest.fixture
def rates(group):
    monitor = PopulationRateMonitor(group)
    monitor.recordings = (FakeRecording([], []),)
    monitor.before_run(None)
    monitor.recordings = (FakeRecording(np.arange(40), [0, 5, 0, 0] * 10),)
    return monitor


def test_rates(rates):
    assert np.allclose(rates.rate[:4] / Hz, [0, 10000, 0, 0]) and rates.N == 40 and rates.rate_.shape == (40,)


def test_rates_when_dt_changes(rates):
    rates.clock.dt = 0.2 * ms
    rates.before_run(None)
    rates.recordings = (FakeRecording(np.arange(42), [0, 5, 0, 0] * 10 + [5, 5]),)
    assert np.allclose(rates.rate[[1, 40, 41]] / Hz, [10000, 5000, 5000])


def test_smooth_rates(rates):
    flat = rates.smooth_rate("flat", 0.4 * ms)
    assert np.allclose(flat[2:-2] / Hz, np.convolve(rates.rate_, np.ones(5) / 5, "same")[2:-2])
    gauss = rates.smooth_rate("gaussian", 0.5 * ms)
    weights = np.exp(-(np.arange(-10, 11) ** 2) / 50)
    assert np.allclose(gauss / Hz, np.convolve(rates.rate_, weights / weights.sum(), "same"))
    assert np.allclose(rates.smooth_rate([0, 2, 0]) / rates.rate[1], rates.rate / rates.rate[1])
    for window, width in (("gaussian", None), ("hann", 1 * ms), ([1, 2], None), ([1, 2, 3], 1 * ms)):
        with pytest.raises(errors.ModelError) as caught:
            rates.smooth_rate(window, width)
        assert caught.value.code == "E564"


# ---- network operations ----


def test_operations_are_called_with_the_time():
    seen = []

    @network_operation
    def plain():
        seen.append("plain")

    @network_operation(dt=2 * ms, when="end", order=3)
    def timed(t):
        seen.append(float(t / ms))

    plain.call()
    timed.clock.step = 2
    timed.call()
    assert seen == ["plain", 4.0]
    (found,) = timed.declare()
    assert (found.name, found.when.slot, found.when.order) == ("timed", "end", 3) and timed.clock.dt_ == 0.002
    timed(8 * ms)
    assert seen[-1] == 8.0 and isinstance(plain, NetworkOperation)


def test_methods_can_be_operations():
    class Model:
        def __init__(self):
            self.calls = 0
            self.operation = NetworkOperation(self.step)

        def step(self):
            self.calls += 1

    model = Model()
    model.operation.call()
    assert model.calls == 1


@pytest.mark.parametrize("function", [lambda a, b: None, 3, lambda *, k: None])
def test_what_cannot_be_an_operation(function):
    with pytest.raises(errors.TypeError) as caught:
        NetworkOperation(function)
    assert caught.value.code == "E427"


def test_units_of_empty_results(group):
    assert have_same_dimensions(StateMonitor(group, "v", record=True).v, mV)
