"""The log of a projection's structural changes, which `StructureMonitor` reads, and the past that it tells of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .clocks import Clock
from .grammar import errors
from .model.dimensions import SECOND
from .optional import require
from .runtime.ragged import CHANGE, Ragged
from .units import dimension_of, to_base

Array = npt.NDArray[Any]

_TOLERANCE = 1e-6  # of a tick: how far a time may be from that of a change and still be taken for it


@dataclass(frozen=True)
class Connectivity:
    """The synapses of a projection at one moment, in the order of their creation.

    ``i`` and ``j`` are the neurons that each connects, ``serial`` its identity, which is never given twice; ``t`` is
    the moment in seconds, ``n_pre`` and ``n_post`` are the numbers of neurons on both sides.
    """

    i: npt.NDArray[np.int32]
    j: npt.NDArray[np.int32]
    serial: npt.NDArray[np.int64]
    t: float
    n_pre: int
    n_post: int

    @property
    def N(self) -> int:
        """Number of synapses."""
        return len(self.i)

    def __len__(self) -> int:
        return len(self.i)

    @property
    def in_degree(self) -> npt.NDArray[np.int64]:
        """Number of synapses onto each target neuron, shape (n_post,)."""
        return np.bincount(self.j, minlength=self.n_post)

    @property
    def out_degree(self) -> npt.NDArray[np.int64]:
        """Number of synapses of each source neuron, shape (n_pre,)."""
        return np.bincount(self.i, minlength=self.n_pre)

    def matrix(self) -> npt.NDArray[np.int32]:
        """Number of synapses of each pair, shape (n_pre, n_post)."""
        found = np.zeros((self.n_pre, self.n_post), np.int32)
        np.add.at(found, (self.i, self.j), 1)
        return found

    def to_scipy(self) -> Any:
        """Number of synapses of each pair as a sparse matrix of shape (n_pre, n_post), a `scipy.sparse.csr_array`.

        :raises BuildError: E875, SciPy is not installed.
        """
        sparse = require("scipy.sparse", "to_scipy()")
        return sparse.coo_array((np.ones(self.N), (self.i, self.j)), shape=(self.n_pre, self.n_post)).tocsr()

    def __repr__(self) -> str:
        return f"<Connectivity at {self.t:g} s: {self.N} synapses, {self.n_pre} to {self.n_post} neurons>"


@dataclass(frozen=True)
class Lines:
    """A part of the log: changes as ``CHANGE``, and variables of the synapse of each at that moment.

    ``times`` tells when the step began in which each was made, ``done`` from when on it holds, both in seconds: a
    change is made at the end of its step, or at once where a script makes it between two of them.
    """

    log: Array
    times: npt.NDArray[np.float64]
    done: npt.NDArray[np.float64]
    values: dict[str, Array]

    def from_line(self, first: int) -> Lines:
        """The lines from a number on."""
        values = {name: v[first:] for name, v in self.values.items()}
        return Lines(self.log[first:], self.times[first:], self.done[first:], values)


_NOTHING = Lines(np.empty(0, CHANGE), np.empty(0), np.empty(0), {})


class History:
    """Creations and removals since logging began, with the time of each and with the variables that are asked for.

    Line numbers go up from 0, and lines are never lost.
    """

    def __init__(self) -> None:
        self.began: float | None = None
        self.kept: dict[str, None] = {}
        self.connected = 0  # synapses that `connect` has created, logged or not
        self._parts: list[Lines] = []

    def begin_run(self, t: float) -> None:
        """A run begins at ``t`` seconds, perhaps the first one of another network."""
        if self.began is not None:
            self.began = min(self.began, t)

    def keep(self, names: Iterable[str]) -> None:
        """Keep these variables of each synapse from here on."""
        self.kept.update(dict.fromkeys(names))

    def take(self, ragged: Ragged, tick: float, at_once: bool = False) -> None:
        """Take over what the storage has logged in ticks of ``tick`` seconds; ``at_once``: between two of them."""
        values = {name: ragged.logged(name) for name in self.kept} if ragged.fields.n_log else {}
        log = ragged.take_log()
        if len(log):
            self._parts.append(Lines(log, log["step"] * tick, (log["step"] + (not at_once)) * tick, values))

    def note_created(self, i: Array, j: Array, ragged: Ragged, t: float) -> None:
        """Log synapses that were the last to be created, all at once at ``t`` seconds."""
        log = np.zeros(len(i), CHANGE)
        log["i"], log["j"], log["sign"] = i, j, 1
        log["serial"] = np.arange(ragged.fields.next_serial - len(i), ragged.fields.next_serial)
        values = {name: np.full(len(i), ragged.default(name)) for name in self.kept}
        self._parts.append(Lines(log, np.full(len(i), t), np.full(len(i), t), values))

    def lines(self) -> Lines:
        """All of the log. A line from before a variable was first kept has zero for it."""
        if len(self._parts) > 1:
            self._parts = [_joined(self._parts, list(self.kept))]
        return self._parts[0] if self._parts else _NOTHING

    def __len__(self) -> int:
        return sum(len(part.log) for part in self._parts)


def _joined(parts: list[Lines], names: list[str]) -> Lines:
    values = {
        name: np.concatenate([part.values.get(name, np.zeros(len(part.log), np.bool_)) for part in parts])
        for name in names
    }
    log, times, done = (np.concatenate([getattr(part, name) for part in parts]) for name in ("log", "times", "done"))
    return Lines(log, times, done, values)


class Remembered:
    """What `Synapses` know of their past."""

    ragged: Ragged
    clock: Clock
    _history: History

    def log_changes(self: Any) -> History:
        """The log of creations and removals, complete to this moment; from the first call on they are logged."""
        history: History = self._history
        if history.began is None:
            self.ragged.logging, history.began = True, self.clock.t_
        history.take(self.ragged, self.tick)
        return history

    def note_connected(self, i: Array, j: Array) -> None:
        """Log synapses that `connect` has just created."""
        if self._history.began is not None:
            self.log_changes().note_created(i, j, self.ragged, self.clock.t_)
        self._history.connected += len(i)

    def changes_made(self) -> tuple[int, int]:
        """Number of synapses created and removed so far, by whatever it was."""
        fields = self.ragged.fields
        return int(fields.created) + self._history.connected, int(fields.removed)

    def log_values(self, names: Iterable[str]) -> None:
        """Keep these variables of each synapse in the log from here on."""
        self.log_changes().keep(names)
        self.ragged.logging_values = True

    def history_at(self: Any, t: Any) -> Connectivity:
        """The synapses that there were at ``t``, a time since a `StructureMonitor` of them was made.

        They are what ``S`` held when a run had come to ``t``: the changes of the step that begins at ``t`` are yet to
        come, those that a script made between two runs are done. Where time began anew, with another network, the times
        of the last one are meant. Takes time in proportion to the synapses that there are and to the changes logged.

        Example: ``matrix = S.history_at(1*second).matrix()``.

        :raises StructureError: E860, nothing was logged; E861, ``t`` is before the log began, or to come.
        :raises DimensionError: E220, ``t`` is not one time.
        """
        history: History = self._history
        now = self.clock.t_
        if history.began is None:
            message = "the past of these synapses is not known: nobody watched them."
            hint = "make a StructureMonitor of them before the changes that you want to go back to"
            raise errors.StructureError("E860", message, place=self.title, hint=hint)
        moment, tolerance = one_time(t, self.title), _TOLERANCE * self.tick
        if not history.began - tolerance <= moment <= now + tolerance:
            message = f"{moment:g} s is not in the time that was watched, from {history.began:g} s to {now:g} s."
            raise errors.StructureError("E861", message, place=self.title)
        lines = self.log_changes().lines()
        before = np.flatnonzero(lines.done <= moment + tolerance)
        later = lines.log[before[-1] + 1 if len(before) else 0 :]
        return _without(self.ragged, later, moment)


def _without(ragged: Ragged, later: Array, t: float) -> Connectivity:
    """The synapses before the changes ``later``: those that are there or went then, less those that came."""
    gone, came = later[later["sign"] < 0], later[later["sign"] > 0]
    serial = np.concatenate([gone["serial"], ragged.serial])
    there = np.flatnonzero(~np.isin(serial, came["serial"]))
    chosen = there[np.argsort(serial[there])]
    i, j = (np.concatenate([gone[side], getattr(ragged, side)])[chosen] for side in ("i", "j"))
    return Connectivity(i, j, serial[chosen], t, ragged.fields.n_pre, ragged.fields.n_post)


def one_time(t: Any, place: str) -> float:
    """Return a time in seconds.

    :raises DimensionError: E220, it is not one time.
    """
    if dimension_of(t) != SECOND and not (np.ndim(t) == 0 and t == 0):
        raise errors.DimensionError("E220", f"{t!r} is not a time.", place=place, hint="give it a unit: 100*ms")
    seconds = np.asarray(to_base(t))
    if seconds.size != 1:
        raise errors.DimensionError("E220", f"one time is needed, not {seconds.size} of them.", place=place)
    return float(seconds.reshape(()))
