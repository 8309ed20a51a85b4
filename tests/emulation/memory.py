"""Device memory of the emulation: buffers between red zones and pages that nobody may touch."""

from __future__ import annotations

import bisect
import ctypes
import mmap
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

PAGE = mmap.PAGESIZE
ALIGNMENT = 256  # what cuMemAlloc promises
RED_ZONE = 512  # before a buffer; behind it lies what is left of the page
POISON = 0xA5  # fresh memory: read as a number it is large, negative and the same everywhere
GUARD = 0xFD  # red zones

KEPT = 256  # freed buffers whose addresses are not given to anything else yet

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_libc.madvise.argtypes = _libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


class MemoryFault(Exception):
    """Device memory was used wrongly: outside a buffer, after it was freed, or with a pointer of the host."""


class OutOfDeviceMemory(MemoryError):
    """No room for a buffer within the memory limit of the device."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """One allocation: its pages lie in ``[mapped, mapped + extent)``, the first and last of them forbidden."""

    address: int
    size: int
    mapped: int
    extent: int

    @property
    def zones(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The red zones, as (address, bytes)."""
        end, last = self.address + self.size, self.mapped + self.extent - PAGE
        return (self.mapped + PAGE, self.address - self.mapped - PAGE), (end, last - end)


class Memory:
    """The buffers of a device with ``limit`` bytes.

    A buffer ends within 256 bytes of a page that cannot be touched: a kernel that runs further over its end fails at
    once, one that writes less far, or before the start, is found out when its launch ends. Under the address sanitizer
    every access there is: ``forbid(address, bytes, on)`` marks the memory.
    """

    def __init__(self, limit: int, forbid: Callable[[int, int, int], object] | None = None):
        self.limit = limit
        self._forbid = forbid
        self.used = 0
        self._buffers: dict[int, Buffer] = {}
        self._addresses: list[int] = []
        self._freed: deque[Buffer] = deque()  # still forbidden, so that nothing else is found at their addresses

    def allocate(self, size: int) -> int:
        """Return the address of ``size`` fresh bytes, all of them `POISON`.

        :raises OutOfDeviceMemory: the limit would be passed.
        """
        if size <= 0:
            raise ValueError(f"cannot allocate {size} bytes")
        if self.used + size > self.limit:
            raise OutOfDeviceMemory(f"no room for {size} bytes: {self.used} of {self.limit} are taken")
        room = -(-size // ALIGNMENT) * ALIGNMENT
        extent = -(-(room + RED_ZONE) // PAGE) * PAGE + 2 * PAGE
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        mapped = _libc.mmap(None, extent, mmap.PROT_READ | mmap.PROT_WRITE, flags, -1, 0)
        if mapped in (None, ctypes.c_void_p(-1).value):
            raise OutOfDeviceMemory(f"the host has no room for {size} bytes")
        buffer = Buffer(mapped + extent - PAGE - room, size, mapped, extent)
        for start, length in buffer.zones:
            ctypes.memset(start, GUARD, length)
            if self._forbid:
                self._forbid(start, length, 1)
        ctypes.memset(buffer.address, POISON, size)
        _libc.mprotect(mapped, PAGE, 0)
        _libc.mprotect(mapped + extent - PAGE, PAGE, 0)
        self._buffers[buffer.address] = buffer
        bisect.insort(self._addresses, buffer.address)
        self.used += size
        return buffer.address

    def free(self, address: int) -> None:
        """Give a buffer back; to touch it soon afterwards is a fault.

        :raises MemoryFault: there is no such buffer, or something was written around it.
        """
        buffer = self._buffers.get(address)
        if buffer is None:
            raise MemoryFault(f"{address:#x} is not the address of a buffer (freed twice, or not from the device?)")
        fault = self._damage(buffer)
        del self._buffers[address]
        self._addresses.remove(address)
        self.used -= buffer.size
        _libc.mprotect(buffer.mapped, buffer.extent, 0)
        _libc.madvise(buffer.mapped, buffer.extent, mmap.MADV_DONTNEED)
        self._freed.append(buffer)
        if len(self._freed) > KEPT:
            self._unmap(self._freed.popleft())
        if fault:
            raise MemoryFault(fault)

    def check(self, address: int, size: int) -> None:
        """See that ``size`` bytes from ``address`` on lie in one buffer.

        :raises MemoryFault: they do not.
        """
        place = bisect.bisect_right(self._addresses, address) - 1
        buffer = self._buffers[self._addresses[place]] if place >= 0 else None
        if buffer is None or address + size > buffer.address + buffer.size:
            raise MemoryFault(f"{size} bytes at {address:#x} do not lie in a buffer of the device")

    def damages(self) -> list[str]:
        """Say which buffers have been written around, and mend their red zones."""
        found = [text for buffer in self._buffers.values() if (text := self._damage(buffer))]
        if found:
            for buffer in self._buffers.values():
                for start, length in buffer.zones:
                    ctypes.memset(start, GUARD, length)
        return found

    def free_all(self) -> None:
        """Give all buffers back without a look at them."""
        for buffer in (*self._buffers.values(), *self._freed):
            self._unmap(buffer)
        self._buffers.clear()
        self._freed.clear()
        self._addresses.clear()
        self.used = 0

    def _unmap(self, buffer: Buffer) -> None:
        if self._forbid:
            self._forbid(buffer.mapped, buffer.extent, 0)
        _libc.munmap(buffer.mapped, buffer.extent)

    def _damage(self, buffer: Buffer) -> str:
        if self._forbid:
            return ""
        for start, length in buffer.zones:
            zone = ctypes.string_at(start, length)
            if zone.count(GUARD) != length:
                first = start + next(k for k, byte in enumerate(zone) if byte != GUARD) - buffer.address
                side = f"{-first} bytes before the start" if first < 0 else f"{first - buffer.size} bytes past the end"
                return f"the buffer of {buffer.size} bytes at {buffer.address:#x} was overrun: written {side}"
        return ""
