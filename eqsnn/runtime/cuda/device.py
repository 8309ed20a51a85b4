"""What the runtime needs of a device: the one seam between it and PyCUDA, or an emulation of the execution model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy.typing as npt

from .resources import KernelUse


class DeviceFullError(MemoryError):
    """The device has no memory left; the message says how much was wanted, and how much there is."""


class DeviceLostError(Exception):
    """The device does not do what it is told; the message is the driver's."""


class Module(Protocol):
    """Compiled kernels on a device. Each takes one pointer."""

    def launch(self, name: str, grid: int, block: int, argument: int) -> None:
        """Run a kernel on ``grid`` blocks of ``block`` threads, and wait until it has ended.

        :raises DeviceLostError: the device has failed.
        """

    def launch_all(
        self, launches: Sequence[tuple[str, int]], block: int, argument: int, *, timed: bool = False
    ) -> list[float]:
        """Run kernels, each on so many blocks, one after the other, and wait until the last has ended.

        The seconds that each of them took, where they are ``timed``; else none are told.

        :raises DeviceLostError: the device has failed.
        """

    def resident_blocks(self, name: str, block: int) -> int:
        """The number of blocks of a kernel that the device holds at once."""

    def suitable_blocks(self, name: str, block: int, elements: int) -> int:
        """The number of blocks, of those, that are worth while for so many elements."""

    def used(self, blocks: Mapping[str, int], block: int) -> tuple[KernelUse, ...]:
        """What kernels take that run on so many blocks each, as far as it is known."""


class Device(Protocol):
    """Memory and kernels. Addresses are those of the device. Every call but `free` may raise DeviceLostError."""

    def allocate(self, size: int) -> int:
        """Memory of ``size`` bytes.

        :raises MemoryError: there is no more.
        """

    def free(self, address: int) -> None:
        """Give memory back."""

    def upload(self, address: int, values: npt.NDArray[Any]) -> None:
        """Copy an array to the device."""

    def download(self, address: int, values: npt.NDArray[Any]) -> None:
        """Copy from the device into an array."""

    def load(self, source: str) -> Module:
        """Compile a source, or find it in the cache, and load it.

        :raises BuildError: without a working compiler.
        """
