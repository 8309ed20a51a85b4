"""What a run keeps alive: nothing that the script has dropped."""

import gc
import weakref

import eqsnn
from eqsnn import (
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    PopulationRateMonitor,
    SpikeMonitor,
    StateMonitor,
    StructuralPlasticity,
    StructureMonitor,
    Synapses,
    ms,
    network_operation,
    run,
)  # fmt: skip


def build():
    """A model with an object of every kind, run by the magic `run`; weak references to all, and the network."""
    group = NeuronGroup(10, "dv/dt = (1.1 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact",
                        refractory=1 * ms)  # fmt: skip
    inputs = PoissonGroup(5, 10 * Hz)
    synapses = Synapses(inputs, group, "w : 1\ndx/dt = -x/(10*ms) : 1 (event-driven)", on_pre="v_post += w\nx += 1",
                        on_post="w += x", delay=1 * ms)  # fmt: skip
    synapses.connect(i=[0, 1], j=[2, 3])
    rule = StructuralPlasticity(synapses, "for each synapse: remove synapse if w > 10", dt=1 * ms)
    monitors = [SpikeMonitor(group), StateMonitor(group, "v", record=True), PopulationRateMonitor(group),
                StructureMonitor(synapses)]  # fmt: skip
    inputs_to_all = PoissonInput(group, "v", 10, 10 * Hz, 0.001)
    group.run_regularly("v += 0.01", dt=1 * ms)

    @network_operation(dt=1 * ms)
    def nothing():
        pass

    network = run(2 * ms)
    made = (group, inputs, synapses, rule, *monitors, inputs_to_all, nothing)
    assert sorted(network.objects, key=id) == sorted(
        (o for o in made if o is not rule and o is not inputs_to_all), key=id
    )
    return [weakref.ref(item) for item in made], network, [item.name for item in made]


def test_run_keeps_nothing_alive():
    gc.disable()  # no cycles: what is dropped is gone at once
    try:
        first, network, names = build()
        assert [ref() for ref in first] == [None] * len(first)
        assert network.objects == [] and network.t == 2 * ms
        second, again, names_again = build()
        assert [ref() for ref in second] == [None] * len(second)
    finally:
        gc.enable()
    assert names_again == names
    assert again.t == 2 * ms  # a new model starts at zero
    assert again.compiled.library == network.compiled.library


def test_run_goes_on_without_what_was_dropped():
    group = NeuronGroup(2, "v : 1", threshold="v > 0", reset="")
    monitor = SpikeMonitor(group)
    network = run(1 * ms)
    del monitor
    assert run(1 * ms) is network
    assert network.objects == [group]
    assert network.t == 2 * ms


def test_a_network_keeps_its_objects():
    network = Network(NeuronGroup(2, "v : 1", name="kept"))
    gc.collect()
    assert [item.name for item in network.objects] == ["kept"]
    assert eqsnn.collect() == network.objects
    assert "kept" not in network and network["kept"] in network
