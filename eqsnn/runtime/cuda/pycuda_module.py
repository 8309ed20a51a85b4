"""Kernels on a GPU: how they are launched through PyCUDA, and what they take of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...grammar.errors import BuildError
from .cooperative import load_cooperative
from .nvcc import log_of
from .occupancy import Usage, resident_blocks
from .resources import KernelUse, Resources, occupancy, resources_in

if TYPE_CHECKING:
    from .pycuda_device import PyCudaDevice

CPU = "device('cpp') runs the model on this machine's processor"
"""What to do without a GPU."""

_SMALL = 1024  # elements that one block is through with before blocks have waited for each other


class PyCudaModule:
    """The kernels of a cubin, which are launched in a stream of their own."""

    def __init__(self, device: PyCudaDevice, module: Any, cubin: Path) -> None:
        self._device, self._module = device, module
        self._stream = device.driver.Stream()
        self._cooperative = load_cooperative(cubin)
        self._resources = resources_in(log_of(cubin))
        self._functions: dict[str, Any] = {}

    def launch(self, name: str, grid: int, block: int, argument: int) -> None:
        """Run a kernel on ``grid`` blocks of ``block`` threads, and wait until it has ended.

        :raises DeviceFullError: the kernel's own memory finds no room. :raises DeviceLostError: the GPU has failed.
        """
        self.launch_all([(name, grid)], block, argument)

    def launch_all(
        self, launches: Sequence[tuple[str, int]], block: int, argument: int, *, timed: bool = False
    ) -> list[float]:
        """Run kernels one after the other; where ``timed``, tell the seconds of each. Errors: as `launch`."""
        with self._device.calls():
            marks = [self._device.driver.Event().record(self._stream)] if timed else []
            for name, grid in launches:
                self._submit(name, grid, block, argument)
                if timed:
                    marks.append(self._device.driver.Event().record(self._stream))
            self._stream.synchronize()
            return [before.time_till(after) * 1e-3 for before, after in pairwise(marks)]

    def _submit(self, name: str, grid: int, block: int, argument: int) -> None:
        if self._cooperative is not None:
            self._cooperative.launch(name, grid, block, argument, self._stream.handle)
        else:
            self._function(name).prepared_async_call((grid, 1), (block, 1, 1), self._stream, argument)

    def resident_blocks(self, name: str, block: int) -> int:
        """The number of blocks of a kernel that the device holds at once.

        :raises BuildError: E816, not even one.
        """
        blocks = self._of_multiprocessor(name, block) * self._device.multiprocessors
        if not blocks:
            raise BuildError(
                "E816",
                f"a thread takes {self.usage(name).registers} registers, and the GPU has not enough for one block of "
                f"{block}; this is a bug in eqsnn, not in your model.",
                hint=f"please report it with the model; {CPU}",
            )
        return blocks

    def suitable_blocks(self, name: str, block: int, elements: int) -> int:
        """The number of blocks that are worth while for so many elements.

        One block waits for its own threads alone, in a fraction of the time that blocks take to wait for each other.
        """
        return 1 if elements <= _SMALL else min(-(-elements // block), self.resident_blocks(name, block))

    def _of_multiprocessor(self, name: str, block: int) -> int:
        if self._cooperative is not None:
            return self._cooperative.blocks_of_multiprocessor(name, block)
        return resident_blocks(self._device.limits, self.usage(name), block)

    def usage(self, name: str) -> Usage:
        """What a kernel takes of a multiprocessor."""
        with self._device.calls():
            function = self._function(name)
            return Usage(int(function.num_regs), int(function.shared_size_bytes))

    def used(self, blocks: Mapping[str, int], block: int) -> tuple[KernelUse, ...]:
        """What kernels take that run on so many blocks each."""
        threads = self._device.limits.threads
        return tuple(
            KernelUse(name, self._resources.get(name, Resources()), n,
                      occupancy(self._of_multiprocessor(name, block), block, threads))
            for name, n in blocks.items()
        )  # fmt: skip

    def _function(self, name: str) -> Any:
        if name not in self._functions:
            self._functions[name] = self._module.get_function(name).prepare("P")
        return self._functions[name]
