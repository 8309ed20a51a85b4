"""Runs several networks of one program side by side: the copies of a batch."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..codegen.ir import Array
from . import core
from .bind import Bound, Room, State, Timing, arguments_of
from .context import CALLBACK, Context, LaneTable
from .interrupts import Interrupts
from .session import Outcome, Session


class LaneState(State, Protocol):
    """A `State` that tells where it is, so that a lane need not be bound again where nothing has moved."""

    def shape(self) -> object:
        """A value that stays equal while every buffer, ring, recording and column is where it was."""

    def buffer(self, array: Array) -> npt.NDArray[Any]:
        """Padded memory of a flat array, of this lane's copy."""


class Lanes:
    """Networks of one compiled program, each with a state of its own: ``states[k]`` is that of lane ``k``.

    All have the same weights and wiring (`Ragged`), which a run only reads, except for variables that have a column
    for each copy (`of_copy`). A lane runs on one thread, alone: what it computes is what a network of its own would
    with the same seed, to the last bit, whatever the number of threads and lanes.

    A lane's memory belongs to its objects and can be changed between runs in place: state variables
    (``group.store.buffer(name, k)``), events to come (`SpikeInput.set_spikes`), what a monitor has recorded
    (``monitor.recordings[k]``), and the events of the last steps (``group.ring('spike', k)``: all of a trial of T
    steps after ``.deepen(T, 0)`` before it). Call `renew` before each run: it binds anew only what has moved, which
    structural changes do not do. `Network.restart` sets all lanes back to the beginning.

    Example::

        lanes = Lanes(session, states, timing)
        for batch in data:
            lanes.renew(states, timing)
            outcome = lanes.run(0, T, seeds=[run_key(k) for k in range(len(states))], threads=2)
    """

    def __init__(self, session: Session, states: Sequence[LaneState], timing: Timing) -> None:
        self.session = session
        self.tick, self.seconds = 0, 0.0
        self._bounds: list[Bound] = []
        self._rooms: list[Room] = []
        self._shape: object = None
        self._bind(states, timing)

    def __len__(self) -> int:
        return len(self._bounds)

    @property
    def contexts(self) -> list[Context]:
        """What each lane runs on: pointers to all of its state, for C++ code that reads a run afterwards."""
        return [bound.context for bound in self._bounds]

    def renew(self, states: Sequence[LaneState], timing: Timing) -> None:
        """Take up what may have changed since the last run: arguments, delays, events to come; bind what has moved."""
        shape = (timing, *(state.shape() for state in states[:1]), len(states))
        if shape != self._shape:
            self._bind(states, timing)
            return
        program = self.session.program
        self._arguments[:] = arguments_of(program, states[0])[:]
        for state in states:
            for key in program.pathways:
                state.way(*key)
            for name in program.generators:
                state.generator(name)

    def _bind(self, states: Sequence[LaneState], timing: Timing) -> None:
        """Bind every lane to its state."""
        self.close()
        program, real = self.session.program, self.session.real
        ragged = {name: states[0].ragged(name) for name in program.projections}
        self._arguments = arguments_of(program, states[0])
        self._rooms = [Room.of(program, real, states[0], ragged)]
        for copy, state in enumerate(states):
            self._bounds.append(
                Bound(program, real, state, timing, ragged, copy=copy, room=self._rooms[0], numbers=self._arguments)
            )
        self._table = _pointers([bound.context for bound in self._bounds])
        self._shape = (timing, *(state.shape() for state in states[:1]), len(states))

    def run(
        self, start: int, end: int, seeds: Sequence[int], threads: int,
        *, heartbeat: Callable[[int], bool] | None = None, profile: bool = False,
    ) -> Outcome:  # fmt: skip
        """Run ticks ``start`` to ``end`` of the first ``len(seeds)`` lanes, shared out among ``threads``.

        A program that runs backward (`ProgramIR.backward`) begins with the tick before ``start``, and ends with
        ``end``.

        Lane k draws the random numbers of ``seeds[k]``. ``heartbeat`` is called now and then with the present tick, at
        which all lanes stand, and tells whether to stop. Afterwards ``tick`` is the first not run, ``seconds`` the time
        it took. A fault ends the run: the outcome is that of the lane where it was met at the earliest tick, of several
        the first, and the others stand at a later tick.

        :raises KeyboardInterrupt: also an exception of ``heartbeat``, when all lanes have come to the same tick.
        """
        self._make_rooms(threads)
        n = len(seeds)
        seconds, calls = self._begin(seeds, profile)
        table = LaneTable(self._table, _pointers(self._lent), n, start, end, -1, threads=threads)
        module = self.session.module
        table.setup, table.run = (_address(module[f"eqsnn_module_{name}"]) for name in ("setup", "run"))
        with Interrupts() as interrupts:
            raised: list[BaseException] = []
            table.callback = _callback(table, heartbeat, interrupts, raised)
            began = perf_counter()
            core.load().eqsnn_lanes_run(ctypes.byref(table))
        table.callback = CALLBACK()  # the function knows the table: neither would be gone
        self.seconds, self.tick = perf_counter() - began, table.tick
        if raised or interrupts.pressed:
            raise raised[0] if raised else KeyboardInterrupt()
        if table.failed < 0:
            fault, copy = None, 0
        else:
            context, copy = self._bounds[table.failed].context, table.failed
            fault, self.tick = context.fault, context.tick
        code, action, index = (0, 0, 0) if fault is None else (fault.code, fault.action, fault.index)
        if not profile:
            return Outcome(code, action, index, self.tick, None, None, copy)
        return Outcome(code, action, index, self.tick, seconds.sum(0), calls.sum(0), copy)

    def _begin(self, seeds: Sequence[int], profile: bool) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Give the lanes their seeds, and room for the times of actions."""
        n_actions = len(self.session.program.actions)
        rows = len(seeds) if profile else 0
        seconds, calls = np.zeros((rows, n_actions)), np.zeros((rows, n_actions), np.int64)
        for k, (bound, seed) in enumerate(zip(self._bounds, seeds, strict=False)):
            context = bound.context
            context.seed, context.profile = seed, profile
            if profile:
                context.seconds = seconds[k].ctypes.data_as(ctypes.POINTER(ctypes.c_double))
                context.calls = calls[k].ctypes.data_as(ctypes.POINTER(ctypes.c_int64))
        return seconds, calls

    def _make_rooms(self, threads: int) -> None:
        """Working memory for each thread, as much as the largest object needs now."""
        bound = self._bounds[0]
        widest = max([1, *(len(r) for r in bound.ragged.values() if r.fields.multi)])
        first = self._rooms[0]
        if widest > first.widest:
            self._rooms = [Room(self.session.program, bound.real, first.largest, -(-widest // 64) * 64)]
        while len(self._rooms) < threads:
            self._rooms.append(
                Room(self.session.program, bound.real, self._rooms[0].largest, self._rooms[0].widest)
            )
        self._lent = []
        for room in self._rooms:
            context = Context()
            room.lend(context)
            self._lent.append(context)

    def close(self) -> None:
        """Give back the memory that is not Python's; nothing can be run before `renew`."""
        for bound in self._bounds:
            bound.free()
        self._bounds, self._shape = [], None

    def __del__(self) -> None:
        if getattr(self, "_bounds", None):
            self.close()


def _pointers(contexts: Sequence[Context]) -> Any:
    return (ctypes.POINTER(Context) * len(contexts))(*map(ctypes.pointer, contexts))


def _address(function: Any) -> int | None:
    return ctypes.cast(function, ctypes.c_void_p).value


def _callback(
    table: LaneTable, heartbeat: Callable[[int], bool] | None, interrupts: Interrupts, raised: list[BaseException]
) -> Any:
    def call(number: int) -> int:
        try:
            return int(interrupts.pressed or (heartbeat is not None and heartbeat(table.tick)))
        except BaseException as error:
            raised.append(error)
            return 1

    return CALLBACK(call)
