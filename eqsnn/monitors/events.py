"""`SpikeMonitor` and `EventMonitor`: who had an event, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..base import name_node
from ..grammar import errors
from ..model.declarations import EventRecorder
from ..model.dimensions import SECOND
from ..model.types import ValueType, real
from ..units import quantity
from .base import Array, Monitor, as_kind, listed, types_of

if TYPE_CHECKING:
    from ..runtime.recording import Recording

_TIME = real(SECOND)


class EventMonitor(Monitor):
    """Records which neurons of ``source`` had ``event``, and when; also the values of ``variables`` at that moment.

    ``record=False`` counts only. ``M.i`` and ``M.t`` give index and time of each event, in the order of time,
    ``M.count`` the number for each neuron; in a batch, ``M.copy`` tells which of its networks had it. By default an
    event is recorded right after it is found: before a reset.

    :raises NameError: E322, the source has no such event. :raises UnknownVariableError: E319.
    """

    _kind = "eventmonitor"

    def __init__(
        self,
        source: Any,
        event: str,
        variables: str | Iterable[str] | None = None,
        record: bool = True,
        when: str | None = None,
        order: int | None = None,
        name: str | None = None,
    ) -> None:
        group = getattr(source, "parent", source)
        place = f"{type(self).__name__} of {getattr(source, 'title', repr(source))}"
        if not hasattr(group, "event_schedule"):
            raise errors.TypeError("E428", "only groups of neurons have events.", place=place)
        if event not in group.events:
            known = ", ".join(repr(e) for e in group.events)
            hint = f"it has {known}" if known else "did you forget its threshold?"
            raise errors.NameError("E322", f"there is no event '{event}'.", place=place, hint=hint)
        at = group.event_schedule(event)
        order = at.order + 1 if order is None else order
        super().__init__(self._kind, name, otherwise=source.clock, when=when or at.slot, order=order)
        self.source, self.event, self.record = source, event, bool(record)
        self._types = types_of(source, listed(variables), self.title)

    def declare(self) -> tuple[EventRecorder, ...]:
        """What to record at each event."""
        group, start, stop = self.source.extent()
        names = tuple(name_node(name, f"{self.title}, variables") for name in self._types)
        return (
            EventRecorder(self.name, self.title, group, start, stop, self.event, names, self.record, self.schedule()),
        )

    def _new_recording(self) -> Recording:
        from ..runtime.recording import Recording

        return Recording(len(self._types), n=len(self.source), keep=self.record)

    # ---- results ----

    def _merged(self, read: Callable[[Recording], Array], empty: Array) -> Array:
        """What was recorded of all events, in the order of time; those of one time in that of the networks."""
        if not self.record:
            message = "events are only counted here."
            raise errors.StateError("E740", message, place=self.title, hint="make the monitor with record=True")
        parts = [read(recording) for recording in self.recordings] or [empty]
        if len(parts) == 1:
            return parts[0]
        times = np.concatenate([recording.times() for recording in self.recordings])
        return np.concatenate(parts)[np.argsort(times, kind="stable")]

    def times(self) -> Array:
        """Times of all events in seconds, ascending."""
        return self._merged(lambda recording: recording.times(), np.empty(0))

    @property
    def copy(self) -> npt.NDArray[np.int32]:
        """The network of a batch in which each event was: 0 where there is one network."""
        numbers = iter(range(len(self.recordings)))
        return self._merged(
            lambda recording: np.full(len(recording.ids()), next(numbers), np.int32), np.empty(0, np.int32)
        )

    @property
    def i(self) -> npt.NDArray[np.int32]:
        """The neuron of each event, counted from the source's first."""
        return self._merged(lambda recording: recording.ids(), np.empty(0, np.int32))

    @property
    def it(self) -> tuple[npt.NDArray[np.int32], Any]:
        """``(M.i, M.t)``."""
        return self.i, self.t

    @property
    def it_(self) -> tuple[npt.NDArray[np.int32], Array]:
        """``(M.i, M.t_)``."""
        return self.i, self.t_

    @property
    def count(self) -> npt.NDArray[np.int64]:
        """Number of events of each neuron so far, shape (N,), of a batch (copies, N)."""
        nothing = [np.zeros(len(self.source), np.int64)] * self._copies
        return self._stacked([recording.tally() for recording in self.recordings] or nothing)

    @property
    def num_events(self) -> int:
        """Number of events so far."""
        return sum(recording.events for recording in self.recordings)

    @property
    def N(self) -> int:
        """Number of events so far."""
        return self.num_events

    def _column(self, name: str) -> Array:
        column = list(self._types).index(name)
        return as_kind(self._merged(lambda recording: recording.values(column), np.empty(0)), self._types[name])

    def event_trains(self, copy: int | None = None) -> dict[int, Any]:
        """Times of the events of each neuron: ``{index: quantity}``, empty ones too; in a batch of one ``copy``.

        :raises StateError: E742, a batch without a copy, or one that there is not.
        """
        return self._by_neuron(self.times(), _TIME, copy)

    def values(self, var: str, copy: int | None = None) -> dict[int, Any]:
        """Values of a recorded variable (or ``'t'``) at the events of each neuron: ``{index: quantity}``.

        :raises UnknownVariableError: E323, it is not recorded. :raises StateError: E742, as `event_trains`.
        """
        if var == "t":
            return self.event_trains(copy)
        if var not in self._types:
            getattr(self, f"{var}")  # raises, with the nearest names
        return self._by_neuron(self._column(var), self._types[var], copy)

    def all_values(self, copy: int | None = None) -> dict[str, dict[int, Any]]:
        """`values` of every recorded variable, and of ``'t'``."""
        return {name: self.values(name, copy) for name in (*self._types, "t")}

    def _of_copy(self, copy: int | None) -> npt.NDArray[np.bool_]:
        """Which events are of one network."""
        if (copy is None and self._copies > 1) or (copy is not None and not 0 <= copy < self._copies):
            message = f"there is no copy {copy}." if copy is not None else "each network of the batch has its own."
            hint = f"choose one, copy=0 to copy={self._copies - 1}"
            raise errors.StateError("E742", message, place=self.title, hint=hint)
        return np.asarray(self.copy == (copy or 0))

    def _by_neuron(self, values: Array, type_: ValueType, copy: int | None) -> dict[int, Any]:
        own = self._of_copy(copy)
        ids, values = self.i[own], values[own]
        order = np.argsort(ids, kind="stable")  # so that events stay in the order of time
        ends = np.cumsum(np.bincount(ids, minlength=len(self.source)))
        parts = np.split(values[order], ends[:-1])
        return {neuron: quantity(part, type_.dimension) for neuron, part in enumerate(parts)}

    def __repr__(self) -> str:
        what = "" if self.event == "spike" else f" of '{self.event}'"
        return f"<{self.title}: {self.num_events} events{what} of {self.source.title}>"


class SpikeMonitor(EventMonitor):
    """Records the spikes of a group, as `EventMonitor` does for any event.

    Example: ``M = SpikeMonitor(G)``; after a run, ``plot(M.t/ms, M.i, '.')``, ``M.count``, ``M.spike_trains()[3]``.

    :raises NameError: E322, the source has no threshold. :raises UnknownVariableError: E319.
    """

    _kind = "spikemonitor"

    def __init__(
        self,
        source: Any,
        variables: str | Iterable[str] | None = None,
        record: bool = True,
        when: str | None = None,
        order: int | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(source, "spike", variables, record, when, order, name)

    @property
    def num_spikes(self) -> int:
        """Number of spikes so far."""
        return self.num_events

    def spike_trains(self, copy: int | None = None) -> dict[int, Any]:
        """Spike times of each neuron: ``{index: quantity}``, empty ones too; in a batch those of one ``copy``."""
        return self.event_trains(copy)
