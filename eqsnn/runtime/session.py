"""Binds a compiled program to state, and runs its loop."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..codegen.ir import Array
from ..codegen.program import Program
from . import core, library
from .context import (
    CALLBACK,
    FAULT_PYTHON,
    Buffer,
    Clock,
    Context,
    Generator,
    Pathway,
    Recorder,
    SpikeRing,
)
from .interrupts import Interrupts
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: ``fault`` is 0, or a code of `eqsnn.runtime.context` with the action and index it speaks of."""

    fault: int
    action: int
    index: int
    tick: int
    seconds: npt.NDArray[np.float64] | None
    calls: npt.NDArray[np.int64] | None


def _table(kind: Any, values: list[Any]) -> Any:
    return (kind * max(len(values), 1))(*values)


@dataclass(slots=True)
class Session:
    """A program in memory, ready to run again and again on the state of one network."""

    program: Program
    path: Path
    real: np.dtype[Any]
    _module: Any = None
    _alive: list[Any] = field(default_factory=list)
    _error: BaseException | None = None
    tick: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        core.load()
        self._module = library.load(self.path)

    def run(
        self, state: State, timing: Timing, start: int, end: int, seed: int, threads: int,
        *, heartbeat: Callable[[int], bool] | None = None, position: Callable[[int], None] | None = None,
        stopped: Callable[[], bool] | None = None, profile: bool = False, origin: int = 0,
    ) -> Outcome:  # fmt: skip
        """Run ticks ``start`` to ``end``.

        ``heartbeat`` is called now and then with the present tick, and tells whether to stop; ``position`` before each
        call of the user's Python, and ``stopped`` after it: whether this tick is the last. Afterwards ``tick`` is the
        first not run, ``seconds`` the time the loop took.

        Random numbers are counted from the tick ``origin``.

        An exception of a callback, or a KeyboardInterrupt, ends the run after the step and is raised here.
        """
        self._alive = []
        self._error = None
        ragged = {name: state.ragged(name) for name in self.program.projections}
        context = self._bind(state, timing, ragged)
        context.tick, context.end, context.tick_dt = start, end, timing.tick
        context.origin = origin
        context.seed, context.threads, context.profile = seed, threads, profile
        n_actions = len(self.program.actions)
        seconds, calls = np.zeros(n_actions), np.zeros(n_actions, np.int64)
        context.seconds = seconds.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
        context.calls = calls.ctypes.data_as(ctypes.POINTER(ctypes.c_int64))
        with Interrupts() as interrupts:
            context.callback = self._callback(state, context, heartbeat, position, stopped, interrupts)
            self._module.eqsnn_module_setup(ctypes.byref(context))
            began = perf_counter()
            self._module.eqsnn_module_run(ctypes.byref(context))
        context.callback = CALLBACK()  # the function knows the context: neither would be gone, nor the user's objects
        if interrupts.pressed and self._error is None:
            self._error = KeyboardInterrupt()
        self.seconds, self.tick = perf_counter() - began, context.tick
        asides = (context.asides[k] for k in range(len(self.program.arrays)))
        for buffer in (*context.sample, *context.wide, *asides):
            core.load().eqsnn_buffer_free(ctypes.byref(buffer))
        if context.fault.code:
            for storage in ragged.values():
                storage.forget_staged()
        self._alive = []
        if self._error is not None and context.fault.code in (0, FAULT_PYTHON):
            raise self._error
        fault = context.fault
        return Outcome(
            fault.code,
            fault.action,
            fault.index,
            context.tick,
            seconds if profile else None,
            calls if profile else None,
        )

    # ---- binding ----

    def _bind(self, state: State, timing: Timing, ragged: dict[str, Ragged]) -> Context:
        program, context = self.program, Context()
        flat = [None if a.space in ("slot", "aside") else state.buffer(a) for a in program.arrays]
        self._alive += [ragged, flat]
        context.arrays = self._keep(_table(ctypes.c_void_p, [None if b is None else b.ctypes.data for b in flat]))
        context.sizes = self._keep(_table(ctypes.c_int64, [0 if b is None else len(b) for b in flat]))
        columns = [self._column(a, ragged) for a in program.arrays]
        context.columns = self._keep(_table(ctypes.c_int32, columns))
        numbers = [float(state.number(a.name)) for a in program.arguments]
        context.arguments = self._keep(_table(ctypes.c_double, numbers))
        context.computed = self._keep((ctypes.c_double * max(program.n_computed, 1))())
        context.projections = self._keep(_table(ctypes.c_void_p, [r.handle for r in ragged.values()]))
        self._bind_objects(context, state)
        self._bind_room(context, state, ragged)
        clocks = [Clock(timing.periods[name], 0, timing.dts[name], 0.0, 0) for name in program.clocks]
        context.clocks, context.n_clocks = self._keep(_table(Clock, clocks)), len(clocks)
        context.keys = self._keep((ctypes.c_uint64 * max(len(program.draws), 1))())
        context.n_keys = len(program.draws)
        return context

    def _keep(self, thing: Any) -> Any:
        """Keep memory alive while the run uses it."""
        self._alive.append(thing)
        return thing

    def _column(self, array: Array, ragged: dict[str, Ragged]) -> int:
        if array.space != "slot" or array.projection not in ragged:
            return -1
        return list(ragged[array.projection].columns).index(array.name.removeprefix(f"{array.projection}."))

    def _bind_objects(self, context: Context, state: State) -> None:
        program = self.program
        rings = [self._keep(state.ring(*key)).struct for key in program.rings]
        context.rings = self._keep(_table(ctypes.POINTER(SpikeRing), rings))
        ways = [ctypes.pointer(self._keep(state.way(*key)).struct) for key in program.pathways]
        context.pathways = self._keep(_table(ctypes.POINTER(Pathway), ways))
        recorders = [ctypes.pointer(self._keep(state.recording(name)).struct) for name in program.recorders]
        context.recorders = self._keep(_table(ctypes.POINTER(Recorder), recorders))
        generators = [ctypes.pointer(self._keep(state.generator(name))) for name in program.generators]
        context.generators = self._keep(_table(ctypes.POINTER(Generator), generators))

    def _bind_room(self, context: Context, state: State, ragged: dict[str, Ragged]) -> None:
        """Working memory: draws for the largest group, scratch for the widest row or column."""
        sizes = [len(state.buffer(a)) for a in self.program.arrays if a.space == "flat"]
        sides = [n for r in ragged.values() for n in (r.fields.n_pre, r.fields.n_post)]
        widest = padded(max([1, *sides, *(len(r) for r in ragged.values() if r.fields.multi)]))
        largest = padded(max([1, *sizes, *sides]))
        draws = [
            self._keep(aligned_zeros(largest, self.real)).ctypes.data if used else None for used in self.program.draws
        ]
        context.draws = self._keep(_table(ctypes.c_void_p, draws))
        for k in range(3):
            room = self._keep(aligned_zeros(widest, np.int32))
            room[:] = -1
            context.scratch[k] = room.ctypes.data
        context.sums = self._keep(aligned_zeros(widest * 16, self.real)).ctypes.data
        context.widest = widest
        for k in range(3):
            context.sample[k] = Buffer(None, 0, 0)
        context.asides = self._keep(_table(Buffer, [Buffer(None, 0, 0) for _ in self.program.arrays]))

    def _callback(
        self,
        state: State,
        context: Context,
        heartbeat: Callable[[int], bool] | None,
        position: Callable[[int], None] | None,
        stopped: Callable[[], bool] | None,
        interrupts: Interrupts,
    ) -> Any:
        functions = [state.callback(name) for name in self.program.callbacks]

        def call(number: int) -> int:
            try:
                if interrupts.pressed:
                    return 1
                if number < 0:
                    return int(heartbeat is not None and heartbeat(context.tick))
                if position is not None:
                    position(context.tick)
                interrupts.in_python = True
                functions[number]()
                interrupts.in_python = False
                if stopped is not None and stopped():
                    context.end = context.tick + 1
            except BaseException as error:
                interrupts.in_python = False
                self._error = error
                return 1
            return 0

        return self._keep(CALLBACK(call))
