"""How steps are carried out in a launch: by one kernel that counts them itself, or by a kernel for each action.

Both leave the same state, and tell alike where they have ended: with ``tick`` and ``resume`` of the context.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from ...codegen.ir import CallBack, Reserve, clock_of
from ...codegen.program import Program
from ..context import PAUSE_CALL, Context
from .device import Module
from .upload import Upload

BLOCK = 256
"""Threads of a block, as ``cuda/grid.h`` has it."""

SETUP, _RUN = "eqsnn_setup", "eqsnn_run"
NEVER = 2**64 - 1
"""The moment of an end that has not been."""

_STEPS = 64  # that the host submits at once: what comes after the end of a launch costs, though it does nothing


class Loop(Protocol):
    """Runs steps; ``blocks`` of each kernel, ``seconds`` and ``calls`` of each action as it has measured itself."""

    blocks: dict[str, int]
    seconds: npt.NDArray[np.float64]
    calls: npt.NDArray[np.int64]

    def run(self, upload: Upload, context: Context) -> tuple[Context, float]:
        """Run from the step and the action that the context tells; return it as it is then, and the seconds it took.

        :raises DeviceLostError: the device has failed.
        """


class DeviceLoop:
    """One kernel that runs many steps, with barriers between actions."""

    def __init__(self, program: Program, module: Module, blocks: int) -> None:
        self._module, self.blocks = module, dict.fromkeys((SETUP, _RUN), blocks)
        self.seconds, self.calls = np.zeros(len(program.actions)), np.zeros(len(program.actions), np.int64)

    def run(self, upload: Upload, context: Context) -> tuple[Context, float]:
        """See `Loop.run`; where the time went is measured on the device."""
        upload.write(context)
        began = perf_counter()
        self._module.launch(_RUN, self.blocks[_RUN], BLOCK, upload.context)
        return upload.read(), perf_counter() - began


@dataclass(frozen=True, slots=True)
class _Submitted:
    """One launch: ``moment`` counts actions over all steps, as ``cuda/steps.h`` does."""

    kernel: str
    moment: int
    place: int | None = None  # of the action; None: the step ends


class HostLoop:
    """A kernel for each action, submitted for several steps at once."""

    def __init__(self, program: Program, module: Module, blocks: dict[str, int]) -> None:
        self._program, self._module, self.blocks = program, module, blocks
        self.seconds, self.calls = np.zeros(len(program.actions)), np.zeros(len(program.actions), np.int64)
        self._clocks = [program.clocks.index(clock_of(action)) for action in program.actions]
        self._periods: list[int] = []  # of the actions, in ticks

    @staticmethod
    def kernels_of(program: Program) -> tuple[str, ...]:
        """The kernels of a program that is compiled for this loop."""
        actions = [f"eqsnn_action_{k}" for k, action in enumerate(program.actions) if _is_launched(action)]
        return (SETUP, *actions, "eqsnn_step")

    def run(self, upload: Upload, context: Context) -> tuple[Context, float]:
        """See `Loop.run`; where there is a profile, events of the device tell how long each kernel took."""
        clocks = upload.bound.context.clocks
        self._periods = [int(clocks[k].period) for k in self._clocks]
        context.end = min(context.end, context.tick + _STEPS)
        upload.write(context)
        called = self._call_before(context)
        submitted = list(self._steps(context, called))
        began = perf_counter()
        launches = [(each.kernel, self.blocks[each.kernel]) for each in submitted]
        times = self._module.launch_all(launches, BLOCK, upload.context, timed=bool(context.profile))
        spent = perf_counter() - began
        found = upload.read()
        self._note_end(found, context.end, called)
        if context.profile:
            self._note_times(submitted, times, found)
        return found, spent

    def _call_before(self, context: Context) -> tuple[int, int] | None:
        """Step and place of the first action before the end that is Python's."""
        for tick in range(context.tick, context.end):
            for place, action in enumerate(self._program.actions):
                done = tick == context.tick and place < context.resume
                if isinstance(action, CallBack) and not done and tick % self._periods[place] == 0:
                    return tick, place
        return None

    def _steps(self, context: Context, called: tuple[int, int] | None) -> Iterator[_Submitted]:
        for tick in range(context.tick, context.end):
            for place, action in enumerate(self._program.actions):
                if (tick, place) == called:
                    return
                done = tick == context.tick and place < context.resume
                if not done and _is_launched(action) and tick % self._periods[place] == 0:
                    yield _Submitted(f"eqsnn_action_{place}", _moment(tick, place), place)
            yield _Submitted("eqsnn_step", _moment(tick + 1, -1))

    def _note_end(self, found: Context, end: int, called: tuple[int, int] | None) -> None:
        """Where the launch has ended, as ``leave`` in ``cuda/steps.h`` tells it."""
        moment = found.ends
        if moment == NEVER:
            moment = _moment(end, -1) if called is None else _moment(*called)
            found.pause = 0 if called is None else PAUSE_CALL
        found.tick = moment >> 16
        found.resume = found.fault.action = moment - _moment(found.tick, 0)

    def _note_times(self, submitted: list[_Submitted], times: list[float], found: Context) -> None:
        for each, seconds in zip(submitted, times, strict=True):
            if each.place is not None and each.moment < found.ends:
                self.seconds[each.place] += seconds
                self.calls[each.place] += 1


def loop_of(kind: Literal["device", "host"], program: Program, module: Module, elements: int) -> Loop:
    """The loop of a program that is compiled for it, and has so many elements to share out."""
    if kind == "device":
        # Both kernels have barriers, and the one that takes more registers may have fewer blocks.
        return DeviceLoop(program, module, min(module.suitable_blocks(name, BLOCK, elements) for name in (SETUP, _RUN)))
    grids = {name: module.suitable_blocks(name, BLOCK, elements) for name in HostLoop.kernels_of(program)}
    return HostLoop(program, module, grids)


def _moment(tick: int, place: int) -> int:
    """Actions counted over all steps, as in ``cuda/steps.h``; -1: before the first."""
    return (tick << 16) + 1 + place


def _is_launched(action: object) -> bool:
    """Whether an action is a kernel: Python's calls and what is always there are none."""
    return not isinstance(action, CallBack | Reserve)
