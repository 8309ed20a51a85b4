"""What a monitor has recorded: written by the compiled loop, read by Python."""

from __future__ import annotations

from ctypes import byref, c_char
from typing import Any

import numpy as np
import numpy.typing as npt

from . import core
from .context import Buffer, Recorder

Array = npt.NDArray[Any]


class Recording:
    """Memory of one monitor, kept from run to run.

    ``columns`` values are recorded for each chosen element (``index``; of synapses their rows, with ``serial`` for
    which and ``slot`` for where they are now), or for each event of ``n`` neurons. With ``keep`` False events are
    only counted. Times are steps of the dt that held when they were recorded.
    """

    def __init__(
        self,
        columns: int,
        *,
        index: npt.ArrayLike | None = None,
        serial: npt.ArrayLike | None = None,
        slot: npt.ArrayLike | None = None,
        n: int = 0,
        keep: bool = True,
        real: npt.DTypeLike = np.float64,
    ) -> None:
        self.columns, self.real = columns, np.dtype(real)
        self._index = np.ascontiguousarray(index if index is not None else [], np.int32)
        self._serial = np.ascontiguousarray(serial if serial is not None else [], np.int64)
        self._slot = np.full(len(self._serial), -1, np.int32)
        if slot is not None:
            self._slot[:] = slot
        self._tally = np.zeros(n, np.int64)
        self.struct = Recorder()
        self.struct.count = len(self._index) if index is not None else int(keep)
        self.struct.index, self.struct.serial = self._index.ctypes.data, self._serial.ctypes.data
        self.struct.slot = self._slot.ctypes.data
        self.struct.tally = self._tally.ctypes.data if n else None
        self._chunks: list[tuple[int, float]] = []

    def begin(self, dt: float) -> None:
        """Note that what follows is recorded at steps of ``dt`` seconds."""
        if not self._chunks or self._chunks[-1][1] != dt:
            self._chunks.append((self.struct.step.bytes // 8, dt))

    def set_real(self, real: npt.DTypeLike) -> None:
        """Record in another precision; only before anything is recorded."""
        if self.struct.value.bytes == 0:
            self.real = np.dtype(real)

    @property
    def count(self) -> int:
        """Number of chosen elements."""
        return int(self.struct.count)

    @property
    def events(self) -> int:
        """Number of events so far."""
        return int(self.struct.events)

    def tally(self) -> npt.NDArray[np.int64]:
        """Events of each neuron so far, shape (n,)."""
        return self._tally.copy()

    def steps(self) -> npt.NDArray[np.int64]:
        """Step of each record or event."""
        return _copy(self.struct.step, np.int64)

    def times(self) -> npt.NDArray[np.float64]:
        """Time in seconds of each record or event."""
        steps = self.steps()
        dts = np.empty(len(steps))
        for start, dt in self._chunks:
            dts[start:] = dt
        return np.asarray(steps * dts)

    def ids(self) -> npt.NDArray[np.int32]:
        """Neuron of each event; for rates the number of spikes of each step."""
        return _copy(self.struct.id, np.int32)

    def values(self, column: int) -> Array:
        """Values of a column: shape (records, elements), or (events,)."""
        flat = _copy(self.struct.value, self.real)
        if self._index.size or self.struct.tally is None:
            return flat.reshape(-1, self.columns, max(self.count, 1))[:, column, : self.count].astype(np.float64)
        return flat.reshape(-1, max(self.columns, 1))[:, column].astype(np.float64)

    def clear(self) -> None:
        """Forget everything recorded."""
        for buffer in (self.struct.step, self.struct.id, self.struct.value):
            buffer.bytes = 0
        self._tally[:] = 0
        self.struct.events = 0
        self._chunks.clear()

    def __del__(self) -> None:
        struct = getattr(self, "struct", None)
        if struct is not None and struct.step.data is not None:
            for buffer in (struct.step, struct.id, struct.value):
                core.load().eqsnn_buffer_free(byref(buffer))


def _copy(buffer: Buffer, dtype: npt.DTypeLike) -> Array:
    kind = np.dtype(dtype)
    if not buffer.bytes:
        return np.empty(0, kind)
    memory = (c_char * buffer.bytes).from_address(buffer.data)
    return np.frombuffer(memory, kind).copy()
