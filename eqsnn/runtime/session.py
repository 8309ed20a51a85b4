"""Runs the step loop of a compiled program."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..codegen.program import Program
from . import core, library
from .bind import Bound, State, Timing
from .context import CALLBACK, FAULT_PYTHON, Context
from .interrupts import Interrupts

if TYPE_CHECKING:
    from .cuda.resources import KernelUse


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: ``fault`` is 0, or a code of `eqsnn.runtime.context` with the action and index it speaks of.

    In a batch, ``copy`` is the network that met it. Of a profiled run: ``seconds`` and ``calls`` of each action, and on
    a device what its ``kernels`` take of it.
    """

    fault: int
    action: int
    index: int
    tick: int
    seconds: npt.NDArray[np.float64] | None
    calls: npt.NDArray[np.int64] | None
    copy: int = 0
    kernels: tuple[KernelUse, ...] = ()


@dataclass(slots=True)
class Session:
    """A program in memory, ready to run again and again on the state of one network."""

    program: Program
    path: Path
    real: np.dtype[Any]
    _module: Any = None
    _error: BaseException | None = None
    tick: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        core.load()
        self._module = library.load(self.path)

    @property
    def module(self) -> Any:
        """The shared library."""
        return self._module

    def run(
        self, state: State, timing: Timing, start: int, end: int, seed: int, threads: int,
        *, heartbeat: Callable[[int], bool] | None = None, position: Callable[[int], None] | None = None,
        stopped: Callable[[], bool] | None = None, profile: bool = False, origin: int = 0, copy: int = 0,
    ) -> Outcome:  # fmt: skip
        """Run ticks ``start`` to ``end``.

        ``heartbeat`` is called now and then with the present tick, and tells whether to stop; ``position`` before each
        call of the user's Python, and ``stopped`` after it: whether this tick is the last. Afterwards ``tick`` is the
        first not run, ``seconds`` the time the loop took.

        Random numbers are counted from the tick ``origin``; in a batch, ``state`` is that of network ``copy``.

        An exception of a callback, or a KeyboardInterrupt, ends the run after the step and is raised here.
        """
        self._error = None
        ragged = {name: state.ragged(name) for name in self.program.projections}
        bound = Bound(self.program, self.real, state, timing, ragged, copy=copy)
        context = bound.context
        context.tick, context.end = start, end
        context.origin = origin
        context.seed, context.threads, context.profile = seed, threads, profile
        n_actions = len(self.program.actions)
        seconds, calls = np.zeros(n_actions), np.zeros(n_actions, np.int64)
        context.seconds = seconds.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
        context.calls = calls.ctypes.data_as(ctypes.POINTER(ctypes.c_int64))
        with Interrupts() as interrupts:
            context.callback = bound.keep(self._callback(state, context, heartbeat, position, stopped, interrupts))
            self._module.eqsnn_module_setup(ctypes.byref(context))
            began = perf_counter()
            self._module.eqsnn_module_run(ctypes.byref(context))
        context.callback = CALLBACK()  # the function knows the context: neither would be gone, nor the user's objects
        if interrupts.pressed and self._error is None:
            self._error = KeyboardInterrupt()
        self.seconds, self.tick = perf_counter() - began, context.tick
        bound.free()
        if context.fault.code:
            for storage in ragged.values():
                storage.forget_staged()
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

        return CALLBACK(call)
