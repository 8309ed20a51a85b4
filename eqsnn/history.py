"""The log of a projection's structural changes, which every `StructureMonitor` of it reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .runtime.ragged import CHANGE, Ragged


class History:
    """Creations and removals since logging began, in chunks of equal origin, each with the times of its entries."""

    def __init__(self) -> None:
        self.chunks: list[npt.NDArray[Any]] = []
        self.times: list[npt.NDArray[np.float64]] = []

    def take(self, ragged: Ragged, tick: float) -> None:
        """Take over what the storage has logged in ticks of ``tick`` seconds."""
        log = ragged.take_log()
        if len(log):
            self._add(log, log["step"] * tick)

    def note_created(self, i: npt.NDArray[Any], j: npt.NDArray[Any], t: float) -> None:
        """Log synapses created at once, at ``t`` seconds."""
        log = np.zeros(len(i), CHANGE)
        log["i"], log["j"], log["sign"] = i, j, 1
        self._add(log, np.full(len(i), t))

    def _add(self, log: npt.NDArray[Any], times: npt.NDArray[np.float64]) -> None:
        self.chunks.append(log)
        self.times.append(times)
