"""Working memory of passes on a device: samples of pairs, orders of synapses, values that last for a pass."""

from __future__ import annotations

from ctypes import c_void_p, cast, sizeof

import numpy as np

from ...codegen.ir import Action, Matching, PairSample, Quantile, Rank, Run
from ..bind import Bound
from ..context import Buffer, Context
from .mirror import Mirror

WANTS_BUFFER = 16
"""The first of the kinds of room that are buffers, in the order of ``enum Room`` in ``cuda/rooms.h``."""

_SHARED = 5  # numbers that the whole grid shares
_LEAST = 1 << 12  # bytes
_ORDERED, _START = 16, 8  # bytes of a synapse to be sorted, and of where its neuron's begin


class DeviceRooms:
    """Buffers that grow where an action asks for it. What they hold does not outlast an action, or a pass if aside."""

    def __init__(self, mirror: Mirror, bound: Bound, context: Context, blocks: int) -> None:
        self._mirror, self._context = mirror, context
        actions, storages = bound.program.actions, tuple(bound.ragged.values())
        neurons = max((max(storage.fields.n_pre, storage.fields.n_post) for storage in storages), default=0) + 1
        synapses = max(map(len, storages)) if any(map(_sorts, actions)) else 0
        drawn = _START * neurons if synapses or any(map(_draws, actions)) else 0
        context.sums = mirror.room(8 * (_SHARED + blocks))
        for buffer in context.sample:
            self._give(buffer, _LEAST)
        for buffer, size in zip(context.wide, (drawn, drawn, _ORDERED * synapses, _ORDERED * synapses), strict=True):
            self._give(buffer, max(size, _LEAST))
        self._asides = [self._aside(bound, k) for k in range(len(bound.program.arrays))]
        self._table = mirror.table(self._asides)
        context.asides = cast(self._table, type(context.asides))
        self._arrays = cast(context.arrays, c_void_p).value or 0
        for k, buffer in enumerate(self._asides):
            if buffer.data:
                self._point(k)

    def make_room(self, kind: int, amount: int) -> None:
        """Make the buffer that an action wants ``amount`` bytes large, and larger yet; what it holds is lost.

        :raises MemoryError: there is no memory for it; all is as it was.
        """
        number, context = kind - WANTS_BUFFER, self._context
        fixed = (*context.sample, *context.wide)
        if number < len(fixed):
            self._give(fixed[number], amount + amount // 2)
        else:
            self._give(self._asides[number - len(fixed)], amount)
            self._point(number - len(fixed))

    def _give(self, buffer: Buffer, size: int) -> None:
        address = self._mirror.room(size)
        if buffer.data:
            self._mirror.free(buffer.data)
        buffer.data, buffer.room = address, size

    def _aside(self, bound: Bound, k: int) -> Buffer:
        """Memory of the k-th array of the program, if it lasts for a pass: for each slot a number."""
        array, buffer = bound.program.arrays[k], Buffer(None, 0, 0)
        if array.space == "aside":
            item = {"real": bound.real.itemsize, "double": 8, "int32_t": 4}[array.type.value]
            self._give(buffer, max(item * bound.ragged[array.projection or ""].fields.rows.room, 1))
        return buffer

    def _point(self, k: int) -> None:
        """Have the tables on the device know where the k-th array of the program is."""
        buffer = self._asides[k]
        self._mirror.write(self._table + k * sizeof(Buffer), buffer)
        self._mirror.upload(self._arrays + 8 * k, np.array([buffer.data], np.uint64).view(np.uint8))


def _draws(action: Action) -> bool:
    return isinstance(action, Run) and isinstance(action.kernel.domain, PairSample | Matching)


def _sorts(action: Action) -> bool:
    return isinstance(action, Rank | Quantile)
