"""Lists of recent events of a group of neurons, kept from run to run so that delayed spikes survive its end."""

from __future__ import annotations

from ctypes import POINTER, cast
from typing import Any

import numpy as np
import numpy.typing as npt

from . import core
from .context import Pathway, SpikeRing


class Ring:
    """Events of one kind of ``n`` neurons in the last steps."""

    def __init__(self, n: int) -> None:
        self._core = core.load()
        address = self._core.eqsnn_ring_new(n, 1)
        if not address:
            raise MemoryError(f"no memory for the events of {n} neurons")
        self.struct: Any = cast(address, POINTER(SpikeRing))

    def deepen(self, delay: int, now: int) -> None:
        """Keep events for ``delay`` steps, from step ``now`` on."""
        if not self._core.eqsnn_ring_deepen(self.struct, delay + 1, now):
            raise MemoryError(f"no memory for a delay of {delay} steps")

    @property
    def depth(self) -> int:
        """Number of steps whose events are kept."""
        return int(self.struct.contents.depth)

    def bind(self, flags: int | None, lastspike: int | None, not_refractory: int | None) -> None:
        """Say where the neurons' state is."""
        ring = self.struct.contents
        ring.flags, ring.lastspike, ring.not_refractory = flags, lastspike, not_refractory

    def now(self, step: int) -> npt.NDArray[np.int32]:
        """The neurons that had the event in a step that is still kept."""
        found = self.struct.contents.lists[step % self.depth]
        if not found.count:
            return np.empty(0, np.int32)
        return np.ctypeslib.as_array(cast(found.index, POINTER(np.ctypeslib.ctypes.c_int32)), (found.count,)).copy()

    def __del__(self) -> None:
        if getattr(self, "struct", None):
            self._core.eqsnn_ring_free(self.struct)


class Way:
    """A pathway's place in time: its delay, what it hears, and which synapses existed when a spike was fired."""

    def __init__(self) -> None:
        self.struct = Pathway()
        self._marks = np.zeros(1, np.int64)
        self._queue: int | None = None

    def bind(self, ring: Ring, start: int, stop: int, next_serial: int, delay: int) -> None:
        """Hear neurons [start, stop) of ``ring`` after ``delay`` steps."""
        if len(self._marks) != ring.depth:
            self._marks = np.full(ring.depth, next_serial, np.int64)
        self.struct.ring, self.struct.start, self.struct.stop = ring.struct, start, stop
        self.struct.delay, self.struct.marks = delay, self._marks.ctypes.data

    def bind_queue(self, longest: int, step: int) -> None:
        """Keep a queue for delays of up to ``longest`` steps."""
        library = core.load()
        if self._queue is None:
            self._queue = library.eqsnn_events_new(longest)
        elif library.eqsnn_events_lengthen(self._queue, longest, step):
            self._queue = None
        if not self._queue:
            raise MemoryError(f"no memory for spikes under way for {longest} steps")
        self.struct.queue = self._queue

    def __del__(self) -> None:
        if getattr(self, "_queue", None):
            core.load().eqsnn_events_free(self._queue)
