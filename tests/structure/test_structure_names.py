"""Names of synaptic variables that the storage uses for arrays of its own."""

from __future__ import annotations

import numpy as np

from eqsnn import NeuronGroup, Synapses, start_scope


def test_variables_may_be_called_as_the_storage_calls_its_own():
    start_scope()
    group = NeuronGroup(20, "x : 1", threshold="x > 1")
    synapses = Synapses(group, group, "pre : 1\npost : 1\nserial : 1", on_pre="pre += 1")
    synapses.connect("i < j")
    synapses.pre, synapses.post, synapses.serial = 0.25, 0.5, 0.75
    assert set(np.asarray(synapses.i).tolist()) == set(range(19))
    assert set(np.asarray(synapses.j).tolist()) == set(range(1, 20))
    assert np.all(np.asarray(synapses.pre) == 0.25)
