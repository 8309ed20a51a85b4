"""Spikes under way through synapses with a delay each: their lists on the device."""

from __future__ import annotations

from ctypes import POINTER, Structure, c_int64, c_void_p, cast, sizeof

import numpy as np

from .. import core
from .mirror import Bytes, Mirror, memory

_MOST = 1 << 14  # events that each list has room for before any are asked for
_EVENT = 16  # bytes: struct Event of ``eqsnn/delays.h``


class EventList(Structure):
    """The events that arrive in one step."""

    _fields_ = (("items", c_void_p), ("n", c_int64), ("room", c_int64))


class EventQueue(Structure):
    """Lists for the steps to come, in a ring."""

    _fields_ = (("lists", POINTER(EventList)), ("n_lists", c_int64), ("lost", c_int64))


class DeviceQueue:
    """A pathway's queue; each list has room for ``coming`` more events than it has, or for fewer if those are many.

    A step that may send more than a list has room for asks for it.
    """

    def __init__(self, mirror: Mirror, host: int, coming: int) -> None:
        self._mirror, self._host = mirror, host
        queue, coming = EventQueue.from_address(host), min(coming, _MOST)
        self._n = int(queue.n_lists)
        lists = []
        for k in range(self._n):
            known = queue.lists[k]
            items = mirror.room(_EVENT * (known.n + coming))
            if known.n:
                mirror.upload(items, memory(known.items, _EVENT * known.n))
            lists.append(EventList(items, known.n, known.n + coming))
        self._table = mirror.table(lists)
        self.address = mirror.struct(EventQueue(cast(self._table, POINTER(EventList)), self._n, 0))

    def lengthen(self, coming: int) -> None:
        """Give every list room for so many more events.

        :raises MemoryError: there is no memory for them; all is as it was.
        """
        lists, longer = self._lists(), {}
        try:
            for k, found in enumerate(lists):
                if found.n + coming > found.room:
                    room = (found.n + coming) * 5 // 4 + 64
                    longer[k] = (self._mirror.room(_EVENT * room), room)
        except MemoryError:
            for address, _ in longer.values():
                self._mirror.free(address)
            raise
        for k, (address, room) in longer.items():
            self._mirror.upload(address, self._events(lists[k]))
            if lists[k].items:
                self._mirror.free(lists[k].items)
            self._mirror.write(self._table + k * sizeof(EventList), EventList(address, lists[k].n, room))

    def add_lists(self, step: int) -> None:
        """Take longer delays from ``step`` on: as many steps as the queue has noted.

        :raises MemoryError: there is no memory for them; all is as it was.
        """
        queue = self._mirror.read(self.address, EventQueue)
        n = int(queue.lost) + 1
        known, lists = self._lists(), [EventList() for _ in range(n)]
        for t in range(step, step + self._n):
            lists[t % n] = known[t % self._n]
        table = self._mirror.table(lists)
        if core.load().eqsnn_events_lengthen(self._host, n - 1, step):
            self._mirror.free(table)
            raise MemoryError("no memory for spikes under way")
        self._mirror.write(self.address, EventQueue(cast(table, POINTER(EventList)), n, 0))
        self._mirror.free(self._table)
        self._table, self._n = table, n

    def _lists(self) -> list[EventList]:
        data = np.zeros(self._n * sizeof(EventList), np.uint8)
        self._mirror.download(self._table, data)
        return [EventList.from_buffer_copy(data.tobytes(), k * sizeof(EventList)) for k in range(self._n)]

    def _events(self, found: EventList) -> Bytes:
        events = np.zeros(_EVENT * found.n, np.uint8)
        if found.n:
            self._mirror.download(found.items, events)
        return events

    def fetch(self) -> None:
        """Bring the events back that are under way, each list in the order of their synapses, whoever came first.

        :raises MemoryError: there is no memory for them.
        """
        for k, found in enumerate(self._lists()):
            events = _in_order(self._events(found))
            if core.load().eqsnn_events_put(self._host, k, events.ctypes.data, found.n):
                raise MemoryError("no memory for spikes under way")


def _in_order(events: Bytes) -> Bytes:
    """Events by serial number, which they begin with."""
    rows = events.reshape(-1, _EVENT)
    order = np.argsort(rows[:, :8].copy().view(np.int64).ravel(), kind="stable")
    return np.ascontiguousarray(rows[order]).reshape(-1)
