"""Copies on a device of what a run works on: arrays, and structs whose pointers lead to further copies."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from .device import Device

Bytes = npt.NDArray[np.uint8]
Struct = TypeVar("Struct", bound=ctypes.Structure)


def memory(address: int, size: int) -> Bytes:
    """The host's memory at an address, as bytes."""
    block: Any = (ctypes.c_char * size).from_address(address)
    return np.frombuffer(block, np.uint8)


class Mirror:
    """Memory of the host that is copied to a device, where it is known by the same addresses once each.

    `fetch` brings back what may have changed.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._copies: dict[int, tuple[int, Bytes]] = {}
        self._changing: list[int] = []
        self._owned: list[int] = []

    def room(self, size: int) -> int:
        """New memory on the device alone."""
        address = self._device.allocate(max(size, 1))
        self._owned.append(address)
        return address

    def free(self, address: int) -> None:
        """Give memory back that `room` has given."""
        self._owned.remove(address)
        self._device.free(address)

    def zeros(self, size: int) -> int:
        """New memory on the device alone, all zero."""
        address = self.room(size)
        self.upload(address, np.zeros(size, np.uint8))
        return address

    def upload(self, address: int, values: Bytes) -> None:
        """Copy to the device."""
        self._device.upload(address, values)

    def download(self, address: int, values: Bytes) -> None:
        """Copy from the device."""
        self._device.download(address, values)

    def array(self, address: int | None, size: int, *, changing: bool = True) -> int | None:
        """The copy of ``size`` bytes of the host's memory; None for none. ``changing``: what `fetch` brings back."""
        if not address:
            return None
        if address not in self._copies:
            self._copies[address] = (self.room(size), memory(address, size))
            self._device.upload(*self._copies[address])
        copy, known = self._copies[address]
        assert size <= len(known), "seen before as a smaller array"
        if changing and address not in self._changing:
            self._changing.append(address)
        return copy

    def struct(self, value: ctypes.Structure) -> int:
        """A copy of a struct, whose pointers are those of the device already."""
        return self.table([value])

    def table(self, values: Iterable[Any]) -> int:
        """Structs, or pointers (None: null), one after the other."""
        data = b"".join(
            bytes(value) if isinstance(value, ctypes.Structure) else int(value or 0).to_bytes(8, "little")
            for value in values
        )
        address = self.room(len(data))
        if data:
            self._device.upload(address, np.frombuffer(data, np.uint8))
        return address

    def read(self, address: int, kind: type[Struct]) -> Struct:
        """A struct as it is on the device now."""
        data = np.zeros(ctypes.sizeof(kind), np.uint8)
        self._device.download(address, data)
        return kind.from_buffer_copy(data.tobytes())

    def write(self, address: int, value: ctypes.Structure) -> None:
        """Change a struct on the device."""
        self._device.upload(address, np.frombuffer(bytes(value), np.uint8))

    def fetch(self) -> None:
        """Bring back every array that may have changed."""
        for address in self._changing:
            self._device.download(*self._copies[address])

    def send(self) -> None:
        """Copy every array that may change to the device again."""
        for address in self._changing:
            self._device.upload(*self._copies[address])

    def close(self) -> None:
        """Give all memory of the device back, and forget what was copied."""
        while self._owned:
            self._device.free(self._owned.pop())
        self._copies.clear()
        self._changing.clear()
