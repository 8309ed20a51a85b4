"""The networks of a batch are what they would be by themselves, to the last bit."""

import numpy as np
import pytest
from batch_models import COPIES, Model, build, inputs, parts, plastic, refractory, shared_traces

from eqsnn import device, errors
from eqsnn.prefs import prefs

MODELS = [refractory, plastic, shared_traces, inputs, parts]


def check_copy(batch: Model, alone: Model, copy: int) -> None:
    """Everything that one network of a batch did is what the network by itself did."""
    for ours, theirs in zip(batch.spikes, alone.spikes, strict=True):
        own = ours.copy == copy
        assert np.array_equal(ours.i[own], theirs.i) and np.array_equal(ours.t_[own], theirs.t_)
        assert np.array_equal(ours.count[copy], theirs.count)
        assert theirs.num_events > 0
    for (ours, name), (theirs, _) in zip(batch.states, alone.states, strict=True):
        assert np.array_equal(getattr(ours, name)[copy], getattr(theirs, name))
    for ours, theirs in zip(batch.rates, alone.rates, strict=True):
        assert np.array_equal(ours.rate_[copy], theirs.rate_)
    for (ours, name), (theirs, _) in zip(batch.variables, alone.variables, strict=True):
        assert np.array_equal(np.asarray(getattr(ours, name))[copy], np.asarray(getattr(theirs, name))), name


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("model", MODELS)
def test_each_network_is_what_it_is_by_itself(model, precision):
    prefs.precision = precision
    batches = []
    for prefs.threads in (1, 2):
        batches.append(build(model, COPIES).run(40, 20))
    for copy in (0, 2, 3):
        alone = build(model, 1, copy).run(40, 20)
        for batch in batches:
            check_copy(batch, alone, copy)


def test_networks_of_a_batch_differ():
    batch = build(inputs, COPIES).run(30)
    counts = batch.spikes[1].count  # a PoissonGroup: nothing but the draws differs
    assert len({tuple(row) for row in counts}) == COPIES


def test_spikes_under_way_are_copied_when_a_batch_begins():
    """A network by itself becomes a batch: all go on from where it stands, with its spikes on their way."""
    single, batch = build(refractory, 1, 0).run(20.05), build(refractory, 1, 0).run(20.05)
    for monitor in batch.network.objects[3:]:
        monitor.reinit()
    batch.network.batch_size = COPIES
    batch.run(10)
    before = single.spikes[0].num_spikes
    single.run(10)
    own = batch.spikes[0].copy == 0
    assert np.array_equal(batch.spikes[0].i[own], single.spikes[0].i[before:])
    assert np.array_equal(batch.variables[0][0].v[:][0], single.variables[0][0].v[:])
    batch.network.batch_size = 1
    for monitor in batch.network.objects[3:]:
        monitor.reinit()
    batch.run(10)
    single.run(10)
    assert np.array_equal(batch.variables[0][0].v[:], single.variables[0][0].v[:])


def test_what_has_not_moved_stays_bound():
    batch = build(refractory, COPIES).run(5)
    lanes = batch.network.lanes
    bound = list(lanes.contexts)
    batch.run(5)
    assert batch.network.lanes is lanes and all(a is b for a, b in zip(lanes.contexts, bound, strict=True))
    batch.variables[0][0].store.add("other", "real", 3)  # memory has moved, for all that a binding can know
    batch.run(5)
    assert lanes.contexts[0] is not bound[0]
    alone = build(refractory, 1, 1).run(5, 5, 5)
    check_copy(batch, alone, 1)


def test_traces_that_neurons_share_are_parted_in_each_network():
    """New synapses have lived through other events: from then on each synapse has its own trace."""

    def grown(copies, copy=None):
        model = build(shared_traces, copies, copy).run(30)
        synapses = model.network.objects[1]
        assert synapses.traces.candidates() == {"x"}
        pairs = {(i, j) for i, j in zip(synapses.i[:].tolist(), synapses.j[:].tolist(), strict=True)}
        synapses.connect(i=0, j=[j for j in range(30) if (0, j) not in pairs])
        assert not synapses.traces.candidates()
        return model.run(30)

    batch = grown(COPIES)
    for copy in (0, 3):
        check_copy(batch, grown(1, copy), copy)


def test_a_batch_runs_on_the_processor(monkeypatch):
    batch = build(refractory, COPIES)
    monkeypatch.setattr(device, "_name", "cuda")
    with pytest.raises(errors.UnsupportedError, match="E006"):
        batch.run(1)
