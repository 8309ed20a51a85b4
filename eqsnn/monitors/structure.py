"""`StructureMonitor`: which synapses came and went, when, and with what values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base import described
from ..grammar import errors
from ..history import Lines
from ..model.declarations import Declaration
from ..model.dimensions import SECOND
from ..model.symbols import Subexpression
from ..synapses import Synapses
from ..units import dimension_of, quantity, to_base
from .base import Array, Monitor, listed, types_of


class StructureMonitor(Monitor):
    """Logs every creation and removal of a synapse: ``t``, ``i``, ``j`` and ``change`` (+1 or -1), one entry for each.

    It sees what rules, event code and ``connect`` change from its making on, in runs and between them. Entries are in
    the order of time; within a pass removals come first, and both are in the order of (i, j). ``serial`` is the
    identity of the synapse of each entry: no other of these synapses has it, ever.

    ``variables`` of each synapse are logged as well, as it is created and as it goes: ``M.w``, with its unit. What
    ``connect`` creates starts with the initial values; ``S.w = ...`` comes later. An event-driven variable is as the
    last event of its synapse left it. `S.history_at` tells which synapses there were at a time.

    An entry takes 48 bytes, with ``variables`` also what these take; while a run goes on, 32 bytes and all variables of
    a synapse. ``record=False`` logs nothing, and counts only: ``M.created``, ``M.removed``.

    Example::

        M = StructureMonitor(S, 'w')
        run(1*second)
        hist(M.w[M.change < 0]/nS)          # weights of the synapses that were lost

    :raises StructureError: E620, there are no synapses to watch. :raises UnknownVariableError: E319.
    :raises ModelError: E862, a variable that synapses do not store; E863, variables where nothing is logged.
    """

    def __init__(
        self,
        synapses: Synapses,
        variables: str | Iterable[str] | None = None,
        record: bool = True,
        *,
        name: str | None = None,
    ) -> None:
        if not isinstance(synapses, Synapses):
            raise errors.StructureError("E620", f"a StructureMonitor watches Synapses, not {described(synapses)}.")
        super().__init__("structuremonitor", name, otherwise=synapses.clock, when="end")
        self.synapses = self.source = synapses
        self.record = bool(record)
        names = listed(variables)
        if names and not record:
            message = f"'{names[0]}' cannot be logged, since nothing is."
            raise errors.ModelError("E863", message, place=self.title, hint="leave out record=False")
        self._types = {}
        if names:
            self._log_values(names)
        self._first = len(synapses.log_changes()) if record else 0
        self._before = synapses.changes_made()
        self._began, self._start = len(synapses), synapses.clock.t_

    def _log_values(self, names: list[str]) -> None:
        for name in names:
            if isinstance(name, str):
                self.synapses.separate_delays(name)
        self._types = types_of(self.synapses, names, self.title)
        for name in names:
            member = self.synapses.model.variables.get(name)
            if member is None or isinstance(member, Subexpression) or member.shared:
                message = f"'{name}' is not stored with each synapse, so it cannot be logged with it."
                hint = "work it out from M.i and M.j, or make it a variable of the synapse that the rule sets"
                raise errors.ModelError("E862", message, place=self.title, hint=hint)
            self.synapses.traces.part(name)
        self.synapses.log_values(names)

    # ---- what a network asks ----

    def set_batch(self, copies: int) -> None:
        """Log what all networks of a batch have in common.

        :raises ModelError: E863, a variable that each has for itself.
        """
        for name in self._types if copies > 1 else ():
            if name in self.synapses.model.per_copy():
                message = f"'{name}' has a value in each network of the batch, and a change is logged once for all."
                hint = "keep what you look for in a variable without (batch), set by the rule"
                raise errors.ModelError("E863", message, place=self.title, hint=hint)

    def declare(self) -> tuple[Declaration, ...]:
        """Nothing to compile: the storage keeps the log."""
        return ()

    def before_run(self, network: Any) -> None:
        """Nothing to prepare."""

    # ---- results ----

    def _lines(self) -> Lines:
        if not self.record:
            message = "changes are only counted here."
            raise errors.StateError("E740", message, place=self.title, hint="make the monitor with record=True")
        return self.synapses.log_changes().lines().from_line(self._first)

    def times(self) -> Array:
        """Times of all changes in seconds: when the step began in which each was made."""
        return self._lines().times

    @property
    def done(self) -> Any:
        """From when on each change holds, a quantity in seconds: the end of its step; between runs, its time."""
        return quantity(self._lines().done, SECOND)

    @property
    def i(self) -> npt.NDArray[np.int32]:
        """Presynaptic neuron of each change."""
        return self._field("i")

    @property
    def j(self) -> npt.NDArray[np.int32]:
        """Postsynaptic neuron of each change."""
        return self._field("j")

    @property
    def change(self) -> npt.NDArray[np.int32]:
        """+1 for a creation, -1 for a removal."""
        return self._field("sign")

    @property
    def serial(self) -> npt.NDArray[np.int64]:
        """Identity of the synapse of each change."""
        return self._field("serial")

    def _field(self, name: str) -> Array:
        return np.ascontiguousarray(self._lines().log[name])

    def _column(self, name: str) -> Array:
        lines = self._lines()
        return lines.values[name] if name in lines.values else np.empty(0)

    @property
    def start(self) -> Any:
        """When the monitor was made, a quantity in seconds; synapses of that time are not among its changes."""
        return quantity(self._start, SECOND)

    @property
    def stop(self) -> Any:
        """Until when it has watched: now, a quantity in seconds."""
        return self.synapses.clock.t

    @property
    def created(self) -> int:
        """Number of synapses created since the monitor was made."""
        return self.synapses.changes_made()[0] - self._before[0]

    @property
    def removed(self) -> int:
        """Number of synapses removed since the monitor was made."""
        return self.synapses.changes_made()[1] - self._before[1]

    @property
    def N(self) -> int:
        """Number of changes so far."""
        return self.created + self.removed

    def count(self, t: Any) -> Any:
        """Number of synapses at a time, or at each of several: how many there were when a run had come to it.

        :raises DimensionError: E220, these are no times. :raises StateError: E861, one is not in the time that was
            watched; E864, time began anew.
        """
        last = self.changes_until(t)
        counts = self._began + np.concatenate([[0], np.cumsum(self._field("sign"), dtype=np.int64)])
        return int(counts[last]) if np.ndim(last) == 0 else counts[last]

    def changes_until(self, t: Any) -> Any:
        """Number of changes that were made up to a time, without those of the step that began then; or to several.

        :raises EqsnnError: as `count`.
        """
        if dimension_of(t) != SECOND:
            raise errors.DimensionError("E220", f"{t!r} is no time.", place=self.title, hint="give it a unit: 100*ms")
        moments, done, now = np.asarray(to_base(t)), self._lines().done, self.synapses.clock.t_
        if now < self._start or (np.diff(done) < 0).any():
            hint = "make a monitor for each network, after its first run or before"
            raise errors.StateError("E864", "time began anew while it watched.", place=self.title, hint=hint)
        tolerance = 1e-6 * self.synapses.tick
        if ((moments < self._start - tolerance) | (moments > now + tolerance)).any():
            message = f"the time that was watched goes from {self._start:g} s to {now:g} s."
            raise errors.StateError("E861", message, place=self.title)
        return np.searchsorted(done, moments + tolerance, side="right")

    def __repr__(self) -> str:
        return f"<{self.title}: {self.created} created, {self.removed} removed of {self.synapses.title}>"
