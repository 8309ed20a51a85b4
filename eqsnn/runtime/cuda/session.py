"""Runs a program on a device: state goes there, many steps run in each launch, and state comes back."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ...codegen.program import Program
from .. import core
from ..bind import Bound, State, Timing
from ..interrupts import Interrupts
from ..session import Outcome
from .demand import elements
from .device import Device, Module
from .failures import explained, nothing_ran
from .launches import Host, Launches
from .loops import BLOCK, SETUP, loop_of
from .mirror import Mirror
from .upload import Upload


@dataclass(slots=True)
class CudaSession:
    """A program on a device, ready to run again and again on the state of one network."""

    program: Program
    device: Device
    real: np.dtype[Any]
    loop: Literal["device", "host"] = "device"
    tick: int = 0
    seconds: float = 0.0
    _module: Module | None = None

    def run(
        self, state: State, timing: Timing, start: int, end: int, seed: int, threads: int,
        *, heartbeat: Callable[[int], bool] | None = None, position: Callable[[int], None] | None = None,
        stopped: Callable[[], bool] | None = None, profile: bool = False, origin: int = 0,
    ) -> Outcome:  # fmt: skip
        """Run ticks ``start`` to ``end``, as `eqsnn.runtime.session.Session.run`.

        The user's Python sees the network as it is at that moment, and may change it in any way: state comes to the
        host before each call, and goes back after it.

        :raises RunError: E818 the device has no memory left, E819 it has failed; what still came from it can be read.
        """
        if self._module is None:
            core.load()
            self._module = self.device.load(self.program.source)
        ragged = {name: state.ragged(name) for name in self.program.projections}
        bound = Bound(self.program, self.real, state, timing, ragged)
        context = bound.context
        context.origin, context.seed, context.profile = origin, seed, profile
        n_actions = len(self.program.actions)
        cycles, calls = np.zeros(n_actions + 1), np.zeros(n_actions + 1, np.int64)
        context.seconds = cycles.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
        context.calls = calls.ctypes.data_as(ctypes.POINTER(ctypes.c_int64))
        self.tick, self.seconds = start, 0.0
        mirror, broken = Mirror(self.device), True
        functions = {name: state.callback(name) for name in self.program.callbacks}
        try:
            with explained(nothing_ran):
                loop = loop_of(self.loop, self.program, self._module, elements(bound))
                upload = Upload(mirror, bound, self._module, max(loop.blocks.values()))
                self._module.launch(SETUP, loop.blocks[SETUP], BLOCK, upload.context)
            with Interrupts() as interrupts:
                host = Host(functions, heartbeat, position, stopped, interrupts)
                launches = Launches(self.program, loop, upload, host, start)
                try:
                    with explained(launches.rescue):
                        last = launches.run(end)
                finally:
                    self.tick, self.seconds = launches.fetched, launches.seconds
            if interrupts.pressed and not last.fault.code:
                raise KeyboardInterrupt
            broken = last.fault.code != 0
        finally:
            if broken:
                for storage in ragged.values():
                    storage.forget_staged()
            mirror.close()
            bound.free()
        fault = last.fault
        seconds, counts = launches.profile(cycles, calls) if profile else (None, None)
        kernels = self._module.used(loop.blocks, BLOCK) if profile else ()
        return Outcome(fault.code, fault.action, fault.index, last.tick, seconds, counts, kernels=kernels)
