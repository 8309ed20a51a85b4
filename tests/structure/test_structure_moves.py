"""A removal moves the last synapse of a row into the gap: whatever belongs to it comes along.

Where each array is moved by a line of its own, one may be forgotten: a weight then meets another synapse's delay.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import eqsnn
from eqsnn import NeuronGroup, StructuralPlasticity, Synapses, ms
from eqsnn.runtime.ragged import Ragged

STEP = 1 * ms
EVERYTHING = """
real : 1
voltage : volt
whole : integer
truth : boolean
dq/dt = -q/(7*ms) : 1 (event-driven)
dr/dt = -r/(9*ms) : 1 (event-driven)
dc/dt = 0*c/ms : 1 (clock-driven)
"""


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize(
    "gone", [[0], [1], [5], [6], [0, 6], [5, 6], [0, 1, 2], [0, 2, 4, 6], [1, 2, 3, 4, 5], [*range(7)]]
)
def test_every_variable_moves_with_its_synapse(
    precision: str, gone: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every type, event-driven variables with the time of their last event, delays of both pathways, the copy's number."""
    monkeypatch.setattr(eqsnn.prefs, "precision", precision)
    source = NeuronGroup(3, "v : 1\nrow : boolean", threshold="v > 5", dt=STEP, name="source")
    target = NeuronGroup(7, "v : 1\ngone : boolean", threshold="v > 5", dt=STEP, name="target")
    target.gone[gone] = True
    synapses = Synapses(source, target, EVERYTHING, on_pre="q += whole", on_post="r += whole", delay=1 * ms, dt=STEP,
                        multisynaptic_index="copy", name="synapses")  # fmt: skip
    synapses.connect()
    synapses.whole = "100*i + j"
    synapses.real, synapses.voltage, synapses.truth = "whole + 0.5", "whole*mV", "(i + j) % 2 == 0"
    synapses.q, synapses.r, synapses.c = "2*whole", "3*whole", "4*whole"
    synapses.delay = "whole*ms"
    synapses.post.delay = "(whole + 7)*ms"
    storage = synapses.ragged
    number = storage.get("whole")
    assert set(storage.columns) >= {"real", "voltage", "truth", "q", "r", "c", "lastupdate", "delay", "copy"}
    storage.set("lastupdate", -1 - number)
    before = {name: storage.get(name) for name in storage.columns}
    rule = StructuralPlasticity(synapses, "for each synapse: remove synapse if row_pre and gone_post", name="rule")
    for rows in ([1], [0], [0, 1, 2]):  # the middle row, then the first too, then all
        source.row[rows] = True
        rule.run()
        storage.check()
        left = ~(np.isin(number // 100, np.flatnonzero(source.row[:])) & np.isin(number % 100, gone))
        assert {name: storage.get(name).tolist() for name in storage.columns} == {
            name: values[left].tolist() for name, values in before.items()
        }
    assert len(synapses) == 3 * (7 - len(gone))


@pytest.mark.parametrize(
    "dtype", [np.float64, np.float32, np.int64, np.int32, np.int8, np.bool_, (np.float32, 5)], ids=str
)
def test_items_of_every_size_move(dtype: Any) -> None:
    """The same in storage alone, also for a variable that has a value for each network of a batch."""
    rng = np.random.default_rng(2)
    storage = Ragged(4, 60, [("number", np.int32), ("x", dtype)], indexed=True)
    pairs = rng.permutation(240)[:150]
    storage.append(pairs // 60, pairs % 60)
    kind = np.dtype(dtype)
    values = (rng.integers(0, 100, (150, *kind.shape)) % (2 if kind.base == np.bool_ else 101)).astype(kind.base)
    storage.set("number", np.arange(150))
    storage.set("x", values)
    while len(storage):
        chosen = rng.choice(storage.order(), min(len(storage), 7), replace=False)
        (storage.remove if rng.random() < 0.5 else lambda slots: (storage.stage_remove(slots), storage.apply()))(chosen)
        storage.check()
        assert np.array_equal(storage.get("x"), values[storage.get("number")])
