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
from .store import aligned_zeros, padded


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


class Bound:
    """A program bound to the state of one network for one run: ``context``, and all that its pointers lead to."""

    def __init__(
        self, program: Program, real: npt.DTypeLike, state: State, timing: Timing, ragged: dict[str, Ragged]
    ) -> None:
        self.program, self.real, self.ragged = program, np.dtype(real), ragged
        self._alive: list[Any] = [ragged]
        self.context = self._bind(state, timing, ragged)

    def keep(self, thing: Any) -> Any:
        """Keep memory alive while the run uses it."""
        self._alive.append(thing)
        return thing

    def free(self) -> None:
        """Give back the memory that grew while the run went on."""
        asides = (self.context.asides[k] for k in range(len(self.program.arrays)))
        for buffer in (*self.context.sample, *self.context.wide, *asides):
            core.load().eqsnn_buffer_free(ctypes.byref(buffer))

    def _bind(self, state: State, timing: Timing, ragged: dict[str, Ragged]) -> Context:
        program, context = self.program, Context()
        flat = [None if a.space in ("slot", "aside") else state.buffer(a) for a in program.arrays]
        self._alive.append(flat)
        context.arrays = self.keep(_table(ctypes.c_void_p, [None if b is None else b.ctypes.data for b in flat]))
        context.sizes = self.keep(_table(ctypes.c_int64, [0 if b is None else len(b) for b in flat]))
        columns = [self._column(a, ragged) for a in program.arrays]
        context.columns = self.keep(_table(ctypes.c_int32, columns))
        numbers = [float(state.number(a.name)) for a in program.arguments]
        context.arguments = self.keep(_table(ctypes.c_double, numbers))
        context.computed = self.keep((ctypes.c_double * max(program.n_computed, 1))())
        context.projections = self.keep(_table(ctypes.c_void_p, [r.handle for r in ragged.values()]))
        self._bind_objects(context, state)
        self._bind_room(context, state, ragged)
        clocks = [Clock(timing.periods[name], 0, timing.dts[name], 0.0, 0) for name in program.clocks]
        context.clocks, context.n_clocks = self.keep(_table(Clock, clocks)), len(clocks)
        context.keys = self.keep((ctypes.c_uint64 * max(len(program.draws), 1))())
        context.n_keys = len(program.draws)
        return context

    def _column(self, array: Array, ragged: dict[str, Ragged]) -> int:
        if array.space != "slot" or array.projection not in ragged:
            return -1
        return list(ragged[array.projection].columns).index(array.name.removeprefix(f"{array.projection}."))

    def _bind_objects(self, context: Context, state: State) -> None:
        program = self.program
        rings = [self.keep(state.ring(*key)).struct for key in program.rings]
        context.rings = self.keep(_table(ctypes.POINTER(SpikeRing), rings))
        ways = [ctypes.pointer(self.keep(state.way(*key)).struct) for key in program.pathways]
        context.pathways = self.keep(_table(ctypes.POINTER(Pathway), ways))
        recorders = [ctypes.pointer(self.keep(state.recording(name)).struct) for name in program.recorders]
        context.recorders, context.n_recorders = self.keep(_table(ctypes.POINTER(Recorder), recorders)), len(recorders)
        generators = [ctypes.pointer(self.keep(state.generator(name))) for name in program.generators]
        context.generators = self.keep(_table(ctypes.POINTER(Generator), generators))

    def _bind_room(self, context: Context, state: State, ragged: dict[str, Ragged]) -> None:
        """Working memory: draws for the largest group, scratch for the widest row or column."""
        sizes = [len(state.buffer(a)) for a in self.program.arrays if a.space == "flat"]
        sides = [n for r in ragged.values() for n in (r.fields.n_pre, r.fields.n_post)]
        widest = padded(max([1, *sides, *(len(r) for r in ragged.values() if r.fields.multi)]))
        largest = padded(max([1, *sizes, *sides]))
        draws = [
            self.keep(aligned_zeros(largest, self.real)).ctypes.data if used else None for used in self.program.draws
        ]
        context.draws = self.keep(_table(ctypes.c_void_p, draws))
        for k in range(3):
            room = self.keep(aligned_zeros(widest, np.int32))
            room[:] = -1
            context.scratch[k] = room.ctypes.data
        context.sums = self.keep(aligned_zeros(widest * 16, self.real)).ctypes.data
        context.widest = widest
        for k in range(3):
            context.sample[k] = Buffer(None, 0, 0)
        context.asides = self.keep(_table(Buffer, [Buffer(None, 0, 0) for _ in self.program.arrays]))
