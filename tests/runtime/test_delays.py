"""Delayed spikes against a plain list, while synapses come, go and move."""

import ctypes
from ctypes import c_int64, c_void_p

import numpy as np
import pytest

from eqsnn.runtime import core, library, toolchain
from eqsnn.runtime.ragged import Ragged

PROBE = """
#include "eqsnn/delays.h"
using namespace eqsnn;

// Serials of the synapses that deliver at `step`; then the list is done.
EQSNN_API int64_t deliver(EventQueue* q, const Ragged* r, int64_t step, int64_t* serials) {
    EventList& list = events_at(q, step);
    int64_t n = 0;
    for (int64_t k = 0; k < list.n; ++k)
        if (const int32_t slot = locate(r, list.items[k]); slot >= 0) serials[n++] = r->serial[slot];
    eqsnn_events_done(q, step);
    return n;
}
"""


class Queue:
    def __init__(self, storage, longest):
        self.core, self.storage = core.load(), storage
        path = toolchain.build({"delays.cpp": PROBE}, include=core.INCLUDE, optimise="once", name="probe_delays")
        self._deliver = library.load(path).deliver
        self._deliver.argtypes = (c_void_p, c_void_p, c_int64, c_void_p)
        self._deliver.restype = ctypes.c_int64
        self.handle = self.core.eqsnn_events_new(longest)

    def push(self, kind, neuron, step):
        push = getattr(self.core, f"eqsnn_events_push_{kind}")
        return push(self.handle, self.storage.handle, neuron, self.storage.view("delay").ctypes.data, step)

    def deliver(self, step):
        out = np.empty(100_000, np.int64)
        return out[: self._deliver(self.handle, self.storage.handle, step, out.ctypes.data)]

    def lengthen(self, longest, step):
        self.core.eqsnn_events_lengthen(self.handle, longest, step)

    def close(self):
        self.core.eqsnn_events_free(self.handle)


@pytest.fixture
def storage():
    made = Ragged(20, 30, [("delay", np.int32)], indexed=True)
    i, j = np.divmod(np.random.default_rng(0).permutation(600)[:200], 30)
    made.append(i, j)
    made.set("delay", np.arange(200) % 8)
    return made


@pytest.mark.parametrize("kind", ["row", "col"])
def test_spikes_arrive_through_the_synapses_that_still_exist(storage, kind):
    rng, queue = np.random.default_rng(1), Queue(storage, 7)
    due: dict[int, list[int]] = {}
    for step in range(300):
        if step == 150:
            queue.lengthen(12, step)
        longest = 12 if step >= 150 else 7
        serial, delay = storage.serial, storage.get("delay")
        side = storage.i if kind == "row" else storage.j
        for neuron in rng.permutation(20)[:3]:
            assert queue.push(kind, int(neuron), step) == 0
            for s, d in zip(serial[side == neuron], delay[side == neuron], strict=True):
                due.setdefault(step + int(d), []).append(int(s))
        alive = set(serial.tolist())
        expected = [s for s in due.pop(step, []) if s in alive]
        assert sorted(queue.deliver(step).tolist()) == sorted(expected)
        pairs = rng.integers(0, 600, 20)  # often the very pairs that are removed
        storage.stage_remove(rng.choice(storage.order(), 15))
        storage.stage_create(pairs // 30, pairs % 30, delay=rng.integers(0, longest + 1, 20))
        storage.apply(step)
        if step % 7 == 0:
            storage.compact()
    queue.close()


def test_a_new_synapse_does_not_inherit_the_spikes_of_an_old_one(storage):
    queue, i, j = Queue(storage, 7), int(storage.i[3]), int(storage.j[3])
    queue.push("row", i, 0)
    storage.stage_remove([storage.find(i, j)])
    storage.stage_create([i], [j], delay=3)
    storage.apply()
    assert 3 not in queue.deliver(3)
    assert storage.serial.max() not in queue.deliver(3)
    queue.close()


def test_delays_are_cut_to_the_ring(storage):
    queue = Queue(storage, 2)
    storage.set("delay", 100)
    queue.push("row", 0, 5)
    assert len(queue.deliver(7)) == np.sum(storage.i == 0)
    queue.close()


def test_without_memory_the_push_reports_it(storage):
    queue = Queue(storage, 7)
    core.load().eqsnn_fail_allocation(1)
    assert queue.push("row", 0, 0) == -1
    core.load().eqsnn_fail_allocation(0)
    queue.close()
