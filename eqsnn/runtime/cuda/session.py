"""Runs a program on a device: state goes there, many steps run in each launch, and state comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from ...codegen.program import Program
from .. import core
from ..bind import Bound, State, Timing
from ..context import Context
from ..interrupts import Interrupts
from ..session import Outcome
from .device import Device, Module
from .mirror import Mirror
from .upload import Upload

BLOCK = 256
"""Threads of a block, as ``cuda/grid.h`` has it."""

_PATIENCE = 0.1  # seconds between two looks at the host
_NONE = 2**62


@dataclass(slots=True)
class CudaSession:
    """A program on a device, ready to run again and again on the state of one network."""

    program: Program
    device: Device
    real: np.dtype[Any]
    tick: int = 0
    seconds: float = 0.0
    _module: Module | None = None

    def run(
        self, state: State, timing: Timing, start: int, end: int, seed: int, threads: int,
        *, heartbeat: Callable[[int], bool] | None = None, position: Callable[[int], None] | None = None,
        stopped: Callable[[], bool] | None = None, profile: bool = False, origin: int = 0,
    ) -> Outcome:  # fmt: skip
        """Run ticks ``start`` to ``end``, as `eqsnn.runtime.session.Session.run`."""
        if self._module is None:
            core.load()
            self._module = self.device.load(self.program.source)
        ragged = {name: state.ragged(name) for name in self.program.projections}
        bound = Bound(self.program, self.real, state, timing, ragged)
        bound.context.end, bound.context.tick_dt, bound.context.origin = end, timing.tick, origin
        bound.context.tick, bound.context.seed = start, seed
        blocks = self._module.resident_blocks("eqsnn_run", BLOCK)
        mirror = Mirror(self.device)
        try:
            upload = Upload(mirror, bound, blocks)
            self._module.launch("eqsnn_setup", blocks, BLOCK, upload.context)
            began = perf_counter()
            with Interrupts() as interrupts:
                last = self._steps(upload, blocks, start, end, heartbeat, interrupts)
            self.seconds, self.tick = perf_counter() - began, last.tick
            upload.fetch()
        finally:
            mirror.close()
            bound.free()
        if interrupts.pressed:
            raise KeyboardInterrupt
        return Outcome(last.fault.code, last.fault.action, last.fault.index, last.tick, None, None)

    def _steps(
        self, upload: Upload, blocks: int, start: int, end: int,
        heartbeat: Callable[[int], bool] | None, interrupts: Interrupts,
    ) -> Context:  # fmt: skip
        """Launch until the end; between launches, what was recorded comes to the host, which may also ask to stop."""
        assert self._module is not None
        context, steps = upload.host, 16
        context.tick, context.fault.index = start, _NONE
        while True:
            context.end = min(end, context.tick + steps)
            upload.mirror.write(upload.context, context)
            began = perf_counter()
            self._module.launch("eqsnn_run", blocks, BLOCK, upload.context)
            steps = _steps_for(steps, perf_counter() - began)
            found = upload.mirror.read(upload.context, Context)
            context.tick = found.tick
            for recorder in upload.recorders:
                recorder.drain()
            if found.fault.code or found.tick >= end or interrupts.pressed:
                return found
            if heartbeat is not None and heartbeat(found.tick):
                return found


def _steps_for(steps: int, seconds: float) -> int:
    """Steps of the next launch: such that the host is asked now and then, and no more often."""
    if seconds < _PATIENCE / 2:
        return steps * 2
    return max(1, steps // 2) if seconds > 2 * _PATIENCE else steps
