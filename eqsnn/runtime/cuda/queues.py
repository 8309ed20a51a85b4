"""Spikes under way through synapses with a delay each: their lists on the device."""

from __future__ import annotations

from ctypes import POINTER, Structure, c_int64, c_void_p, cast, sizeof

import numpy as np

from .. import core
from .mirror import Mirror, memory

_EVENT = 16  # bytes: struct Event of ``eqsnn/delays.h``


class EventList(Structure):
    """The events that arrive in one step."""

    _fields_ = (("items", c_void_p), ("n", c_int64), ("room", c_int64))


class EventQueue(Structure):
    """Lists for the steps to come, in a ring."""

    _fields_ = (("lists", POINTER(EventList)), ("n_lists", c_int64), ("lost", c_int64))


class DeviceQueue:
    """A pathway's queue; each list has room for ``synapses`` events, of which no two arrive at one synapse at once."""

    def __init__(self, mirror: Mirror, host: int, synapses: int) -> None:
        self._mirror, self._host = mirror, host
        queue = EventQueue.from_address(host)
        self._n, self._room = int(queue.n_lists), synapses
        lists = []
        for k in range(self._n):
            known = queue.lists[k]
            items = mirror.room(_EVENT * synapses)
            if known.n:
                mirror.upload(items, memory(known.items, _EVENT * known.n))
            lists.append(EventList(items, known.n, synapses))
        self._table = mirror.table(lists)
        self.address = mirror.struct(EventQueue(cast(self._table, POINTER(EventList)), self._n, 0))

    def fetch(self) -> None:
        """Bring the events back that are under way.

        :raises MemoryError: there is no memory for them.
        """
        data = np.zeros(self._n * sizeof(EventList), np.uint8)
        self._mirror.download(self._table, data)
        for k in range(self._n):
            found = EventList.from_buffer_copy(data.tobytes(), k * sizeof(EventList))
            events = np.zeros(_EVENT * found.n, np.uint8)
            if found.n:
                self._mirror.download(found.items, events)
            if core.load().eqsnn_events_put(self._host, k, events.ctypes.data, found.n):
                raise MemoryError("no memory for spikes under way")
