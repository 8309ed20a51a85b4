"""The launches of a run, and what the host does between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import numpy.typing as npt

from ...codegen.ir import CallBack
from ...codegen.program import Program
from ..context import FAULT_MEMORY, FAULT_TOO_MANY, PAUSE_CALL, PAUSE_ROOM, Context
from ..interrupts import Interrupts
from .device import DeviceFullError, DeviceLostError
from .loops import NEVER, Loop
from .structure import TooManySlotsError
from .upload import Upload

_PATIENCE = 0.1  # seconds between two looks at the host
_FIRST, _MOST = 16, 1 << 40  # steps of a launch
_NONE = 2**62


@dataclass(frozen=True, slots=True)
class Host:
    """What a run calls on the host: see `eqsnn.runtime.session.Session.run`."""

    functions: dict[str, Callable[[], None]]
    heartbeat: Callable[[int], bool] | None
    position: Callable[[int], None] | None
    stopped: Callable[[], bool] | None
    interrupts: Interrupts


class Launches:
    """Launches one after the other, each of which goes on where the last one ended, be it in the middle of a step.

    ``fetched`` is the first tick whose step the host's state knows nothing of, or not all; ``seconds`` the time spent.
    """

    def __init__(self, program: Program, loop: Loop, upload: Upload, host: Host, start: int) -> None:
        self._program, self._loop, self._upload, self._host = program, loop, upload, host
        self.fetched, self.seconds = start, 0.0
        self._resume, self._steps = 0, _FIRST
        self._tick = start
        self._on_device = 0.0
        self._in_python = np.zeros(len(program.actions))
        self._calls = np.zeros(len(program.actions), np.int64)

    def run(self, end: int) -> Context:
        """Run until the tick ``end``, or to what comes before it; then the state is on the host.

        :raises BaseException: what the user's Python raises; MemoryError; DeviceLostError, after which `rescue` helps.
        """
        began = asked = perf_counter()
        try:
            while True:
                waiting = perf_counter() - asked > _PATIENCE or self._host.interrupts.pressed
                found = self._launch(self._end(end, waiting))
                if found.pause == PAUSE_ROOM and not found.fault.code:
                    self._make_room(found)
                if found.fault.code:
                    break
                if found.pause == PAUSE_ROOM:
                    continue
                if found.pause == PAUSE_CALL:
                    if self._call(found):
                        end = self._tick + 1
                elif found.tick >= end or self._host.interrupts.pressed:
                    break
                elif perf_counter() - asked > _PATIENCE:
                    asked = perf_counter()
                    if self._host.heartbeat is not None and self._host.heartbeat(found.tick):
                        break
            self._fetch()
            return found
        finally:
            self.seconds = perf_counter() - began

    def _end(self, end: int, waiting: bool) -> int:
        """Where the next launch is to end: after the step it begins in, where that is overdue."""
        overdue = self._resume and waiting
        return self._tick + 1 if overdue else min(end, self._tick + self._steps)

    def _launch(self, end: int) -> Context:
        """One launch; what was recorded comes to the host, and it is noted where to go on."""
        upload, context = self._upload, self._upload.host
        context.tick, context.end, context.resume = self._tick, end, self._resume
        context.pause, context.ends, context.fault.code, context.fault.index = 0, NEVER, 0, _NONE
        found, spent = self._loop.run(upload, context)
        self._on_device += spent
        for recorder in upload.recorders:
            recorder.drain()
        if not found.pause:
            self._steps = _steps_for(self._steps, spent)
        self._tick = found.tick
        self._resume = found.resume + (found.pause == PAUSE_CALL) if found.pause in (PAUSE_CALL, PAUSE_ROOM) else 0
        return found

    def _make_room(self, found: Context) -> None:
        """Make the room that an action wants, or note as its fault that the host has none.

        :raises DeviceFullError: the device has none.
        """
        try:
            self._upload.make_room(found.wanted)
        except DeviceFullError:
            raise
        except MemoryError:
            found.fault.code, found.fault.action = FAULT_MEMORY, found.resume
        except TooManySlotsError:
            found.fault.code, found.fault.action = FAULT_TOO_MANY, found.resume

    def _call(self, found: Context) -> bool:
        """Call the user's Python in the middle of a step; tell whether the run is to end after it."""
        began, host, upload = perf_counter(), self._host, self._upload
        action = self._program.actions[found.resume]
        assert isinstance(action, CallBack)
        self._fetch()
        if host.interrupts.pressed:
            raise KeyboardInterrupt
        known = upload.shape()
        if host.position is not None:
            host.position(found.tick)
        host.interrupts.in_python = True
        try:
            host.functions[action.name]()
        finally:
            host.interrupts.in_python = False
        if upload.shape() == known:
            upload.send()
        else:
            upload.renew()
        self._in_python[found.resume] += perf_counter() - began
        self._calls[found.resume] += 1
        return host.stopped is not None and host.stopped()

    def _fetch(self) -> None:
        self._upload.fetch()
        self.fetched = self._tick

    def rescue(self) -> str:
        """Fetch what a device that has failed still gives, and say what the host has."""
        step = self._upload.host.tick_dt * 1e3
        recorded = f"monitors hold what was recorded until t = {self._tick * step:g} ms"
        try:
            self._fetch()
        except (DeviceLostError, MemoryError):
            return f"Variables are as at t = {self.fetched * step:g} ms, when they last came from it; {recorded}."
        return f"Variables are as at t = {self._tick * step:g} ms; {recorded}."

    def profile(
        self, cycles: npt.NDArray[np.float64], calls: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Seconds and calls of each action, on the device (the last of ``cycles`` is for all launches) and here."""
        on_device = cycles[:-1] * (self._on_device / max(cycles[-1], 1.0)) + self._loop.seconds
        return on_device + self._in_python, calls[:-1] + self._loop.calls + self._calls


def _steps_for(steps: int, seconds: float) -> int:
    """Steps of the next launch: such that the host is asked now and then, and no more often."""
    if seconds < _PATIENCE / 2:
        return min(steps * 2, _MOST)
    return max(1, steps // 2) if seconds > 2 * _PATIENCE else steps
