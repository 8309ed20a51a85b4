"""`StateMonitor`: values of variables over time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..base import described, name_node
from ..clocks import Clock
from ..grammar import errors
from ..model.declarations import StateRecorder
from ..namespaces import Namespace, caller
from ..state import common
from .base import Array, Monitor, as_kind, listed, types_of

if TYPE_CHECKING:
    from ..network import Network
    from ..runtime.recording import Recording


class StateMonitor(Monitor):
    """Records ``variables`` of chosen neurons or synapses at every step.

    ``variables`` is a name, several, or True for all of the model. ``record`` is True for all elements, an index, a
    list of them, truth values, a condition in a string, for synapses also a pair ``(i, j)``; False for shared
    variables alone. Synapses are known by their number when the first run begins; one that is removed gives NaN.

    After a run, ``M.v`` has the shape (elements, steps) and a unit, ``M.t`` the shape (steps,); ``M[5].v`` gives what
    was recorded of neuron 5. In a batch, values have a first axis for its networks: (copies, elements, steps). They
    are taken at the start of a step unless ``when`` says otherwise.

    :raises UnknownVariableError: E319. :raises StateError: E701, an index out of range.
    """

    def __init__(
        self,
        source: Any,
        variables: str | Iterable[str] | bool,
        record: Any = False,
        dt: Any = None,
        clock: Clock | None = None,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
    ) -> None:
        if not hasattr(source, "state_variables"):
            raise errors.TypeError("E428", f"StateMonitor records groups or synapses, not {described(source)}.")
        super().__init__("statemonitor", name, dt=dt, clock=clock, otherwise=source.clock, when=when, order=order)
        self.source = source
        names = list(source.model.variables) if variables is True else listed(variables)
        if not names:
            raise errors.ModelError("E565", "there is no variable to record.", place=self.title)
        self._types = types_of(source, names, self.title)
        self._wanted = record
        self._indices: npt.NDArray[np.int64] | None = None
        self._serials: npt.NDArray[np.int64] | None = None
        if not self._of_synapses or (record is not True and not isinstance(record, str) and len(source)):
            self._indices = self._choose()

    @property
    def _of_synapses(self) -> bool:
        return hasattr(self.source, "ragged")

    def _choose(self) -> npt.NDArray[np.int64]:
        """The elements to record, as positions in the source."""
        source, wanted = self.source, self._wanted
        if wanted is True:
            return np.arange(len(source))
        if wanted is False or wanted is None:
            own = [n for n in self._types if n in source.state_variables() and not source.state_variables()[n].shared]
            if own:
                hint = "write record=True for all elements, or a list of indices"
                message = f"'{own[0]}' has a value for each element, but no element is to be recorded."
                raise errors.ModelError("E565", message, place=self.title, hint=hint)
            return np.zeros(1, np.int64)  # shared variables have one value, whoever is asked
        if isinstance(wanted, str):
            source.require_condition(wanted, f"{self.title}, record")
            title = f"{self.title}, record"
            chosen = common(source.evaluate_text(wanted, None, title), title)
            return np.flatnonzero(np.broadcast_to(chosen, (len(source),)))
        if isinstance(wanted, range):
            wanted = list(wanted)
        return np.atleast_1d(np.asarray(source.select_elements(wanted), np.int64))

    @property
    def record(self) -> npt.NDArray[np.int64]:
        """Positions of the recorded elements in the source, in the order of the rows of ``M.v``."""
        return self._choose() if self._indices is None else self._indices

    @property
    def n_indices(self) -> int:
        """Number of recorded elements."""
        return len(self.record)

    def declare(self) -> tuple[StateRecorder, ...]:
        """What to record at each step."""
        group, start, _ = self.source.extent() if hasattr(self.source, "extent") else (self.source.name, 0, 0)
        names = tuple(name_node(name, f"{self.title}, variables") for name in self._types)
        resolver = Namespace(group, self.source.namespace, caller())
        return (StateRecorder(self.name, self.title, group, names, self.schedule(), resolver, start),)

    def before_run(self, network: Network) -> None:
        """Settle which elements are recorded, and make room."""
        if self._indices is None:
            self._indices = self._choose()
        super().before_run(network)

    def _new_recording(self) -> Recording:
        from ..runtime.recording import Recording

        indices = self.record
        if self._of_synapses:
            ragged = self.source.ragged
            return Recording(len(self._types), index=ragged.i[indices], serial=ragged.serial[indices])
        _, start, _ = self.source.extent()
        return Recording(len(self._types), index=indices + start)

    # ---- results ----

    def _column(self, name: str) -> Array:
        if not self.recordings:
            return self._stacked([as_kind(np.empty((len(self.record), 0)), self._types[name])] * self._copies)
        column = list(self._types).index(name)
        return as_kind(self._stacked([part.values(column).T for part in self.recordings]), self._types[name])

    @property
    def N(self) -> int:
        """Number of steps recorded so far."""
        return len(self.times())

    def __getitem__(self, item: Any) -> StateMonitorView:
        """What was recorded of an element, or of several, by their index in the source: ``M[5].v``, ``M[[5, 7]].v``.

        :raises StateError: E741, an element was not recorded.
        """
        chosen = np.asarray(self.source.select_elements(item))
        rows = []
        for index in chosen.reshape(-1):
            found = np.flatnonzero(self.record == index)
            if not len(found):
                raise errors.StateError("E741", f"element {index} is not recorded.", place=self.title)
            rows.append(int(found[0]))
        return StateMonitorView(self, rows[0] if chosen.ndim == 0 else rows)

    def __repr__(self) -> str:
        names = ", ".join(self._types)
        return f"<{self.title}: {names} of {self.source.title}, {self.N} steps>"


class StateMonitorView:
    """What a `StateMonitor` recorded of some elements: ``.v`` of shape (steps,) for one, else (elements, steps)."""

    def __init__(self, monitor: StateMonitor, rows: int | list[int]) -> None:
        self._monitor, self._rows = monitor, rows

    @property
    def t(self) -> Any:
        """Times of all records, a quantity in seconds."""
        return self._monitor.t

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._monitor, name)[..., self._rows, :]
