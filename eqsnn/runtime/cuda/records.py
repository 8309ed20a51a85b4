"""Memory of monitors on a device: filled there for many steps, then emptied into that of the host."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

from ...codegen.ir import Action, Chosen, Events, Record, Run, Tally
from .. import core
from ..context import Buffer, Recorder
from .mirror import Mirror, memory

_STEPS = 1000  # whose records may wait on the device
_MOST = 1 << 28  # bytes of one monitor there, unless a single step needs more


@dataclass(frozen=True, slots=True)
class Shape:
    """What a step may bring a recorder at the most, in bytes; ``neurons`` are those whose events it counts."""

    step: int
    id: int
    value: int
    neurons: int = 0


def shape_of(name: str, actions: tuple[Action, ...], real: int) -> tuple[Shape, bool]:
    """The shape of a recorder, and whether the values of a step are multiplied by the number of its elements."""
    for action in actions:
        match action:
            case Tally(recorder) if recorder == name:
                return Shape(8, 4, 0), False
            case Run(kernel) if isinstance(kernel.domain, Events | Chosen) and kernel.domain.recorder == name:
                columns = sum(isinstance(node, Record) for node in kernel.body)
                if isinstance(kernel.domain, Chosen):
                    return Shape(8, 0, columns * real), True
                n = kernel.domain.stop - kernel.domain.start
                return Shape(8 * n, 4 * n, columns * real * n, n), False
            case _:
                pass
    raise KeyError(name)


class DeviceRecorder:
    """One monitor's memory; `drain` brings what it holds to the host."""

    def __init__(self, mirror: Mirror, host: Recorder, shape: tuple[Shape, bool]) -> None:
        self._mirror, self._host = mirror, host
        sizes, per_element = shape
        count = int(host.count)
        most = {"step": sizes.step, "id": sizes.id, "value": sizes.value * (count if per_element else 1)}
        steps = max(1, min(_STEPS, _MOST // max(1, sum(most.values()))))
        recorder = Recorder.from_buffer_copy(host)
        chosen = count if per_element else 0
        recorder.index = mirror.array(host.index if chosen else None, 4 * chosen, changing=False)
        by_serial = chosen and bool(host.serial)
        recorder.serial = mirror.array(host.serial if by_serial else None, 8 * chosen, changing=False)
        recorder.slot = mirror.array(host.slot if by_serial else None, 4 * chosen)
        recorder.tally = mirror.array(host.tally if sizes.neurons else None, 8 * sizes.neurons)
        for name, size in most.items():
            # A step may begin while there is room for all that it may bring.
            setattr(recorder, name, Buffer(mirror.room(size * (steps + 1)), 0, size * steps))
        self.address = mirror.struct(recorder)

    def drain(self) -> None:
        """Append what was recorded to the host's memory.

        :raises MemoryError: there is none left for it.
        """
        found = self._mirror.read(self.address, Recorder)
        self._host.events = found.events
        for name in ("step", "id", "value"):
            buffer, kept = getattr(found, name), getattr(self._host, name)
            if not buffer.bytes:
                continue
            if kept.bytes + buffer.bytes > kept.room and not core.load().eqsnn_buffer_grow(
                ctypes.byref(kept), buffer.bytes
            ):
                raise MemoryError("no memory for what a monitor has recorded")
            self._mirror.download(buffer.data, memory(kept.data + kept.bytes, buffer.bytes))
            kept.bytes += buffer.bytes
            buffer.bytes = 0
        self._mirror.write(self.address, found)
