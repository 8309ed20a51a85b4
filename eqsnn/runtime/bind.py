"""Binds a compiled program to state: the context of a run, with every table of the program filled."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..codegen.ir import Array
from ..codegen.program import Program
from . import core
from .context import Buffer, Clock, Context, Generator, Pathway, Recorder, SpikeRing
from .ragged import Ragged
from .recording import Recording
from .rings import Ring, Way
from .store import aligned_zeros, of_copy, padded


class State(Protocol):
    """What a program's tables refer to, found by name."""

    def buffer(self, array: Array) -> npt.NDArray[Any]:
        """Padded memory of a flat array."""

    def number(self, name: str) -> float:
        """Value of an argument, in SI base units."""

    def ragged(self, projection: str) -> Ragged:
        """Storage of a projection."""

    def ring(self, neurons: str, event: str) -> Ring:
        """Event lists, bound to the neurons' arrays."""

    def way(self, projection: str, pathway: str) -> Way:
        """A pathway, bound to the ring it hears."""

    def recording(self, name: str) -> Recording:
        """Memory of a monitor."""

    def generator(self, neurons: str) -> Generator:
        """Events given beforehand."""

    def callback(self, name: str) -> Callable[[], None]:
        """A function of the user's."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The ticks of a run: ``periods`` gives each clock's step in ticks of ``tick`` seconds."""

    tick: float
    periods: dict[str, int]
    dts: dict[str, float]


def _table(kind: Any, values: list[Any]) -> Any:
    return (kind * max(len(values), 1))(*values)


class Room:
    """Working memory of one thread: draws for the largest group, scratch for the widest row or column.

    Nothing in it lasts longer than a kernel, so networks that run one after the other can have the same.
    """

    def __init__(self, program: Program, real: npt.DTypeLike, largest: int, widest: int) -> None:
        self.largest, self.widest = largest, widest
        self._draws = [aligned_zeros(largest, real) if used else None for used in program.draws]
        self._table = _table(ctypes.c_void_p, [None if d is None else d.ctypes.data for d in self._draws])
        self._scratch = [aligned_zeros(widest, np.int32) for _ in range(3)]
        for room in self._scratch:
            room[:] = -1
        self._sums = aligned_zeros(widest * 16, real)

    @classmethod
    def of(cls, program: Program, real: npt.DTypeLike, state: State, ragged: dict[str, Ragged]) -> Room:
        """Enough for a program and its state."""
        sizes = [len(state.buffer(a)) for a in program.arrays if a.space == "flat"]
        sides = [n for r in ragged.values() for n in (r.fields.n_pre, r.fields.n_post)]
        widest = padded(max([1, *sides, *(len(r) for r in ragged.values() if r.fields.multi)]))
        return cls(program, real, padded(max([1, *sizes, *sides])), widest)

    def lend(self, context: Context) -> None:
        """Point a context to this memory."""
        context.draws = self._table
        for k, room in enumerate(self._scratch):
            context.scratch[k] = room.ctypes.data
        context.sums, context.widest = self._sums.ctypes.data, self.widest


class Bound:
    """A program bound to the state of one network for one run: ``context``, and all that its pointers lead to.

    Of the networks of a batch it is number ``copy``. ``room`` and ``numbers`` (the arguments) may be shared by several.
    """

    def __init__(
        self, program: Program, real: npt.DTypeLike, state: State, timing: Timing, ragged: dict[str, Ragged],
        *, copy: int = 0, room: Room | None = None, numbers: Any = None,
    ) -> None:  # fmt: skip
        self.program, self.real, self.ragged, self.copy = program, np.dtype(real), ragged, copy
        self._alive: list[Any] = [ragged]
        self.context = Context()
        self._bind_state(state, ragged, arguments_of(program, state) if numbers is None else numbers)
        self._bind_objects(state)
        self.keep(room or Room.of(program, real, state, ragged)).lend(self.context)
        self._bind_time(timing)

    def keep(self, thing: Any) -> Any:
        """Keep memory alive while the run uses it."""
        self._alive.append(thing)
        return thing

    def free(self) -> None:
        """Give back the memory that grew while the run went on."""
        asides = (self.context.asides[k] for k in range(len(self.program.arrays)))
        for buffer in (*self.context.sample, *self.context.wide, *asides):
            core.load().eqsnn_buffer_free(ctypes.byref(buffer))

    def _bind_state(self, state: State, ragged: dict[str, Ragged], numbers: Any) -> None:
        program, context = self.program, self.context
        flat = [None if a.space in ("slot", "aside") else state.buffer(a) for a in program.arrays]
        self._alive.append(flat)
        context.arrays = self.keep(_table(ctypes.c_void_p, [None if b is None else b.ctypes.data for b in flat]))
        context.sizes = self.keep(_table(ctypes.c_int64, [0 if b is None else len(b) for b in flat]))
        columns = [self._column(a, ragged) for a in program.arrays]
        context.columns = self.keep(_table(ctypes.c_int32, columns))
        context.arguments = self.keep(numbers)
        context.computed = self.keep((ctypes.c_double * max(program.n_computed, 1))())
        context.projections = self.keep(_table(ctypes.c_void_p, [r.handle for r in ragged.values()]))
        for k in range(3):
            context.sample[k] = Buffer(None, 0, 0)
        context.asides = self.keep(_table(Buffer, [Buffer(None, 0, 0) for _ in program.arrays]))

    def _column(self, array: Array, ragged: dict[str, Ragged]) -> int:
        if array.space != "slot" or array.projection not in ragged:
            return -1
        columns = list(ragged[array.projection].columns)
        name = array.name.removeprefix(f"{array.projection}.")
        own = of_copy(name, self.copy)
        return columns.index(own if own in columns else name)

    def _bind_objects(self, state: State) -> None:
        program, context = self.program, self.context
        rings = [self.keep(state.ring(*key)).struct for key in program.rings]
        context.rings = self.keep(_table(ctypes.POINTER(SpikeRing), rings))
        ways = [ctypes.pointer(self.keep(state.way(*key)).struct) for key in program.pathways]
        context.pathways = self.keep(_table(ctypes.POINTER(Pathway), ways))
        recorders = [ctypes.pointer(self.keep(state.recording(name)).struct) for name in program.recorders]
        context.recorders, context.n_recorders = self.keep(_table(ctypes.POINTER(Recorder), recorders)), len(recorders)
        generators = [ctypes.pointer(self.keep(state.generator(name))) for name in program.generators]
        context.generators = self.keep(_table(ctypes.POINTER(Generator), generators))

    def _bind_time(self, timing: Timing) -> None:
        program, context = self.program, self.context
        clocks = [Clock(timing.periods[name], 0, timing.dts[name], 0.0, 0) for name in program.clocks]
        context.clocks, context.n_clocks = self.keep(_table(Clock, clocks)), len(clocks)
        context.tick_dt = timing.tick
        context.keys = self.keep((ctypes.c_uint64 * max(len(program.draws), 1))())
        context.n_keys = len(program.draws)


def arguments_of(program: Program, state: State) -> Any:
    """The numbers that a program is given, as its code reads them."""
    return _table(ctypes.c_double, [float(state.number(a.name)) for a in program.arguments])
