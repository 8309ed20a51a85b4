"""Lists of recent events of a group of neurons, kept from run to run so that delayed spikes survive its end."""

from __future__ import annotations

from ctypes import POINTER, c_int32, cast
from typing import Any

import numpy as np
import numpy.typing as npt

from . import core
from .context import Pathway, SpikeRing
from .ragged import Ragged


class Ring:
    """Events of one kind of ``n`` neurons in the last steps."""

    def __init__(self, n: int, like: Ring | None = None) -> None:
        """Without events, or with those of another ring."""
        self._core = core.load()
        address = self._core.eqsnn_ring_new(n, 1) if like is None else self._core.eqsnn_ring_copy(like.struct)
        if not address:
            raise MemoryError(f"no memory for the events of {n} neurons")
        self.struct: Any = cast(address, POINTER(SpikeRing))

    def forget(self) -> None:
        """Keep no event of the past."""
        self._core.eqsnn_ring_clear(self.struct)

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
        return list_at(self.struct.contents, step)

    def __del__(self) -> None:
        if getattr(self, "struct", None):
            self._core.eqsnn_ring_free(self.struct)


def list_at(ring: Any, step: int) -> npt.NDArray[np.int32]:
    """The events of a step that a ring still keeps."""
    found = ring.lists[step % ring.depth]
    if not found.count:
        return np.empty(0, np.int32)
    return np.ctypeslib.as_array(cast(found.index, POINTER(c_int32)), (found.count,)).copy()


_NONE = np.empty((0, 3), np.int64)  # periods: first step, step after the last one, delay; the present one last
_FOREVER = 2**62


class Way:
    """A pathway's place in time: its delay, what it hears, and which synapses existed when a spike was fired.

    A spike keeps the delay with which it was fired: after a change, the delays of before are remembered until all
    spikes that have them have arrived.
    """

    def __init__(self) -> None:
        self.struct = Pathway()
        self._delays = _NONE
        self._marks = np.empty(0, np.int64)
        self._queue: int | None = None

    def twin(self) -> Way:
        """Another pathway with the same past, in the copy of a network."""
        found = Way()
        found._delays, found._marks = self._delays, self._marks.copy()
        if self._queue is not None:
            found._queue = core.load().eqsnn_events_copy(self._queue)
            if not found._queue:
                raise MemoryError("no memory for spikes under way")
        return found

    def forget(self) -> None:
        """Let no spike of the past arrive."""
        self._delays, self._marks = _NONE, np.empty(0, np.int64)
        self.clear_queue()

    def clear_queue(self) -> None:
        """Let no spike be under way that waits for its own synapse's delay."""
        if self._queue is not None:
            core.load().eqsnn_events_clear(self._queue)

    @property
    def delayed(self) -> bool:
        """Whether spikes may be under way that share a delay."""
        return bool(np.any(self._delays[:, 2] > 0))

    def bind(self, ring: Ring, start: int, stop: int, next_serial: int, delay: int, now: int) -> None:
        """Hear neurons [start, stop) of ``ring`` after ``delay`` steps, those that spike from step ``now`` on."""
        if len(self._delays) == 1 and self._delays[0, 2] == delay:
            longest = delay
        else:
            self._delays = self._periods(delay, now)
            longest = int(self._delays[:, 2].max())
        if longest >= ring.depth:
            ring.deepen(longest, now)
        self._remember_marks(longest + 1, next_serial, now)
        way = self.struct
        way.ring, way.start, way.stop = ring.struct, start, stop
        way.delays, way.n_delays = self._delays.ctypes.data, len(self._delays)
        way.marks, way.n_marks = self._marks.ctypes.data, len(self._marks)

    def _periods(self, delay: int, now: int) -> npt.NDArray[np.int64]:
        periods: list[tuple[int, int, int]] = [(a, b, c) for a, b, c in self._delays.tolist()]
        if not periods or periods[-1][2] != delay:
            periods = [(since, min(until, now), steps) for since, until, steps in periods]
            periods.append((now, _FOREVER, delay))
        waiting = [(since, until, k) for since, until, k in periods if since < until and until - 1 + k >= now]
        return np.array(waiting, np.int64)

    def _remember_marks(self, n: int, next_serial: int, now: int) -> None:
        old = self._marks
        if n <= len(old):
            return
        self._marks = np.full(n, next_serial, np.int64)
        for step in range(max(0, now - len(old)), now):
            self._marks[step % n] = old[step % len(old)]

    def bind_queue(self, longest: int, step: int) -> None:
        """Keep a queue for delays of up to ``longest`` steps."""
        library = core.load()
        if self._queue is None:
            self._queue = library.eqsnn_events_new(longest)
        if not self._queue or library.eqsnn_events_lengthen(self._queue, longest, step):
            raise MemoryError(f"no memory for spikes under way for {longest} steps")
        self.struct.queue = self._queue

    def send_on(self, ragged: Ragged, by_column: bool, now: int) -> None:
        """Put spikes that are under way with a common delay into the queue: from here on each synapse has its own."""
        ring = self.struct.ring.contents if self.delayed else None
        for since, until, steps in self._delays.tolist() if ring is not None else ():
            for fired in range(max(since, now - steps), min(until, now)):
                spikes = list_at(ring, fired)
                for neuron in spikes[(spikes >= self.struct.start) & (spikes < self.struct.stop)] - self.struct.start:
                    slots = ragged.column(neuron) if by_column else ragged.row(neuron)
                    self._send(ragged, slots, int(self._marks[fired % len(self._marks)]), fired + steps - now, now)
        self._delays = _NONE

    def _send(self, ragged: Ragged, slots: npt.NDArray[np.int32], mark: int, steps: int, now: int) -> None:
        for slot in slots[ragged.fixed("serial")[slots] < mark]:
            if core.load().eqsnn_events_push(self._queue, ragged.handle, int(slot), steps, now):
                raise MemoryError("no memory for spikes under way")

    def __del__(self) -> None:
        if getattr(self, "_queue", None):
            core.load().eqsnn_events_free(self._queue)
