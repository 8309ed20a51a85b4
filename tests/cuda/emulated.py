"""The emulated device, as the runtime asks for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np
from emulation.driver import EmulatedDevice
from emulation.driver import Module as EmulatedModule

from eqsnn.runtime import core
from eqsnn.runtime.cuda.resources import KernelUse


class Kernels:
    """A module of the emulation, as the runtime asks for one."""

    def __init__(self, module: EmulatedModule, blocks: int) -> None:
        self._module, self._blocks = module, blocks

    def launch(self, name: str, grid: int, block: int, argument: int) -> None:
        self._module.launch(name, grid, block, argument, cooperative=True)

    def launch_all(self, launches: Sequence[tuple[str, int]], block: int, argument: int, *, timed: bool = False) -> list[float]:
        times = []
        for name, grid in launches:
            began = perf_counter()
            self.launch(name, grid, block, argument)
            times.append(perf_counter() - began)
        return times if timed else []

    def suitable_blocks(self, name: str, block: int, elements: int) -> int:
        assert elements > 0
        return self._blocks

    def used(self, blocks: Mapping[str, int], block: int) -> tuple[KernelUse, ...]:
        return ()

    def resident_blocks(self, name: str, block: int) -> int:
        return self._blocks


class Emulated:
    """An emulated device of ``blocks`` blocks; ``options`` are those of `EmulatedDevice`."""

    def __init__(self, seed: int = 0, blocks: int = 2, **options: Any) -> None:
        self.device, self._blocks = EmulatedDevice(seed=seed, **options), blocks
        self.source = ""  # that was loaded last

    def allocate(self, size: int) -> int:
        return self.device.allocate(size)

    def free(self, address: int) -> None:
        self.device.free(address)

    def upload(self, address: int, values: np.ndarray) -> None:
        self.device.upload(address, np.ascontiguousarray(values))

    def download(self, address: int, values: np.ndarray) -> None:
        self.device.download(address, values)

    def load(self, source: str) -> Kernels:
        self.source = source
        return Kernels(self.device.load(source, [core.INCLUDE], name="network"), self._blocks)
