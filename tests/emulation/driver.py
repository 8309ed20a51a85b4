"""A CUDA device that is not there: the calls of a driver, answered by the emulation on the CPU.

    device = EmulatedDevice(seed=1)
    module = device.load(source, include_dirs=[...])
    x = device.allocate(array.nbytes)
    device.upload(x, array)
    module.launch("kernel", grid=4, block=128, argument=x)
    device.download(x, array)

A kernel is ``extern "C" __global__ void name(T* argument)``: one pointer, to device memory. A launch returns when the kernel has
ended. Every launch takes its threads in another order, which `EmulatedDevice.seed` and the number of the launch decide.
"""

from __future__ import annotations

import ctypes
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .build import CompilationError, Variant, build_module, build_runtime
from .memory import Memory, MemoryFault, OutOfDeviceMemory

__all__ = [
    "CompilationError", "EmulatedDevice", "LaunchError", "MemoryFault", "Module", "NotDeterministic", "OutOfDeviceMemory",
    "Properties", "check_deterministic",
]  # fmt: skip

Extent = int | tuple[int, ...]

_MESSAGE = 4096


class LaunchError(Exception):
    """A kernel failed, or cannot be launched this way; the message names the kernel and what its threads did."""


class NotDeterministic(AssertionError):
    """A kernel leaves other memory where its threads run in another order."""


class _Launch(ctypes.Structure):
    _fields_ = (
        ("kernel", ctypes.c_void_p), ("name", ctypes.c_char_p), ("argument", ctypes.c_void_p),
        ("grid", ctypes.c_uint32 * 3), ("block", ctypes.c_uint32 * 3), ("shared_bytes", ctypes.c_uint64),
        ("cooperative", ctypes.c_uint32), ("resident_blocks", ctypes.c_uint32), ("seed", ctypes.c_uint64),
        ("atomic_period", ctypes.c_uint32), ("races", ctypes.c_uint32), ("stack_bytes", ctypes.c_uint64),
        ("spin_limit", ctypes.c_uint64), ("timeout", ctypes.c_double),
    )  # fmt: skip


class _Outcome(ctypes.Structure):
    _fields_ = (("switches", ctypes.c_uint64), ("message", ctypes.c_char * _MESSAGE))


@dataclass(frozen=True, slots=True)
class Properties:
    """What the device says of itself: by default a small one with the limits of compute capability 8.0."""

    name: str = "emulated device"
    compute_capability: tuple[int, int] = (8, 0)
    multiprocessors: int = 4
    warp_size: int = 32
    threads_per_block: int = 1024
    threads_per_multiprocessor: int = 2048
    blocks_per_multiprocessor: int = 32
    shared_per_block: int = 48 << 10
    shared_per_multiprocessor: int = 164 << 10
    memory: int = 1 << 30


class EmulatedDevice:
    """Memory, modules and launches.

    ``seed`` decides the order of threads; to set it begins anew, so that the same launches take the same orders.
    ``atomic_period``: a thread is interrupted at one in so many atomic operations on average (0: never).
    ``concurrent_blocks``: how many blocks of a launch that is not cooperative run at once (by default as many as the device
    holds). ``include_dirs``: where every source finds its headers.
    ``stack_bytes``: of each thread. ``spin_limit``: so many spins without progress are a livelock. ``timeout``: seconds
    that a thread may run without giving way (0: for ever). ``asan``: with the address sanitizer, which Python must have
    been started with (``LD_PRELOAD``). ``races``: a launch fails at the first data race (see runtime/races.h); about ten
    times slower. ``portable``: fibres by ucontext, as on processors other than x86-64. ``flags``: more
    of g++'s.
    """

    def __init__(
        self,
        properties: Properties | None = None,
        *,
        seed: int = 0,
        atomic_period: int = 4,
        concurrent_blocks: int | None = None,
        include_dirs: Iterable[Path] = (),
        stack_bytes: int = 64 << 10,
        spin_limit: int = 20_000_000,
        timeout: float = 20.0,
        asan: bool = False,
        races: bool = False,
        portable: bool = False,
        flags: Sequence[str] = (),
    ):
        self.properties = properties or Properties()
        self.seed = seed
        self.atomic_period = atomic_period
        self.concurrent_blocks = concurrent_blocks
        self.include_dirs = tuple(include_dirs)
        self.stack_bytes = stack_bytes * 4 if asan else stack_bytes
        self.spin_limit = spin_limit
        self.timeout = timeout
        self.flags = tuple(flags)
        self.switches = 0  # from thread to thread in the last launch
        self.launches = 0
        if asan and races:
            raise ValueError("the address sanitizer and the search for races exclude each other")
        self.variant = Variant(asan, portable, races)
        runtime = ctypes.CDLL(str(build_runtime(self.variant)))
        self._run = runtime.emulated_cuda_launch
        runtime.emulated_cuda_forbid.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        self.memory = Memory(self.properties.memory, runtime.emulated_cuda_forbid if asan else None)

    @property
    def seed(self) -> int:
        """The seed of the order of threads."""
        return self._seed

    @seed.setter
    def seed(self, value: int) -> None:
        self._seed, self._launches_with_seed = value, 0

    def allocate(self, size: int) -> int:
        """Return the device address of ``size`` bytes, filled with 0xA5.

        :raises OutOfDeviceMemory: ``properties.memory`` would be passed.
        """
        return self.memory.allocate(size)

    def free(self, address: int) -> None:
        """Give a buffer back.

        :raises MemoryFault: it is none, or something was written around it.
        """
        self.memory.free(address)

    def memory_info(self) -> tuple[int, int]:
        """Return the free bytes and all bytes."""
        return self.memory.limit - self.memory.used, self.memory.limit

    def upload(self, address: int, values: np.ndarray) -> None:
        """Copy contiguous ``values`` to the device, to the start of a buffer or into it.

        :raises MemoryFault: it does not lie in one buffer.
        """
        _contiguous(values)
        if values.nbytes:
            self.memory.check(address, values.nbytes)
            ctypes.memmove(address, values.ctypes.data, values.nbytes)

    def download(self, address: int, values: np.ndarray) -> None:
        """Copy from the device into a contiguous array; errors as `upload`."""
        _contiguous(values)
        if values.nbytes:
            self.memory.check(address, values.nbytes)
            ctypes.memmove(values.ctypes.data, address, values.nbytes)

    def copy(self, target: int, source: int, size: int) -> None:
        """Copy ``size`` bytes on the device; the two may overlap."""
        self.memory.check(target, size)
        self.memory.check(source, size)
        ctypes.memmove(target, source, size)

    def fill(self, address: int, byte: int, size: int) -> None:
        """Set ``size`` bytes to ``byte``."""
        self.memory.check(address, size)
        ctypes.memset(address, byte, size)

    def load(self, source: str, include_dirs: Iterable[Path] = (), name: str = "kernel") -> Module:
        """Compile CUDA source, or find it compiled; errors name the lines of ``<name>.cu``.

        :raises CompilationError: with what g++ says.
        """
        path = build_module(
            source, (*self.include_dirs, *include_dirs), variant=self.variant, flags=self.flags, name=name
        )
        return Module(self, ctypes.CDLL(str(path)))

    def close(self) -> None:
        """Give all memory back."""
        self.memory.free_all()

    def _launch(self, launch: _Launch, path: Path) -> None:
        launch.seed = (self._seed << 20) + self._launches_with_seed
        launch.atomic_period = self.atomic_period
        launch.stack_bytes = self.stack_bytes
        launch.spin_limit = self.spin_limit
        launch.timeout = self.timeout
        launch.races = self.variant.races
        self._launches_with_seed += 1
        self.launches += 1
        outcome = _Outcome()
        failed = self._run(ctypes.byref(launch), ctypes.byref(outcome))
        self.switches = outcome.switches
        if failed:
            raise LaunchError(_with_lines(outcome.message.decode(errors="replace").rstrip(), path))
        if damages := self.memory.damages():
            raise MemoryFault(f"kernel `{launch.name.decode()}`: " + "; ".join(damages))


@dataclass(frozen=True, slots=True)
class Module:
    """Compiled kernels on a device."""

    device: EmulatedDevice
    library: ctypes.CDLL

    def launch(
        self, name: str, grid: Extent, block: Extent, argument: int, shared: int = 0, cooperative: bool = False
    ) -> None:
        """Run a kernel to its end; ``shared`` is the dynamic shared memory of a block in bytes.

        :raises LaunchError: the kernel is not there, the launch is not one that a device takes, or it failed.
        :raises MemoryFault: the argument is not on the device, or the kernel wrote beside a buffer.
        """
        grid3, block3 = _extent(grid, name), _extent(block, name)
        self._check(name, grid3, block3, shared, cooperative)
        if argument:
            self.device.memory.check(argument, 1)
        self.device._launch(
            _Launch(
                kernel=self._address(name),
                name=name.encode(),
                argument=argument,
                grid=grid3,
                block=block3,
                shared_bytes=shared,
                cooperative=cooperative,
                resident_blocks=self.device.concurrent_blocks or self.resident_blocks(name, block3, shared),
            ),
            Path(self.library._name),
        )

    def resident_blocks(self, name: str, block: Extent, shared: int = 0) -> int:
        """Return how many blocks of a kernel the whole device holds at once: the largest cooperative grid.

        Registers and static shared memory, which only nvcc knows, are not counted.
        """
        self._address(name)
        limits = self.device.properties
        threads = -(-_volume(_extent(block, name)) // limits.warp_size) * limits.warp_size
        each = min(limits.threads_per_multiprocessor // threads, limits.blocks_per_multiprocessor)
        if shared:
            each = min(each, limits.shared_per_multiprocessor // shared)
        return each * limits.multiprocessors

    def _address(self, name: str) -> int:
        try:
            address = ctypes.cast(getattr(self.library, name), ctypes.c_void_p).value
        except AttributeError:
            raise LaunchError(f'the module has no kernel `{name}` (is it extern "C" and __global__?)') from None
        assert address is not None
        return address

    def _check(self, name: str, grid: tuple[int, ...], block: tuple[int, ...], shared: int, cooperative: bool) -> None:
        limits = self.device.properties
        if _volume(block) > limits.threads_per_block:
            raise LaunchError(
                f"kernel `{name}`: {_volume(block)} threads a block, of {limits.threads_per_block} allowed"
            )
        if grid[0] >= 1 << 31 or max(grid[1:]) >= 1 << 16 or _volume(grid) >= 1 << 32:
            raise LaunchError(f"kernel `{name}`: a grid of {grid} is too large")
        if shared > limits.shared_per_block:
            raise LaunchError(f"kernel `{name}`: {shared} bytes of shared memory, of {limits.shared_per_block} allowed")
        if cooperative and _volume(grid) > self.resident_blocks(name, block, shared):
            raise LaunchError(
                f"kernel `{name}`: a cooperative grid of {_volume(grid)} blocks, of which the device holds "
                f"{self.resident_blocks(name, block, shared)} at once"
            )


def check_deterministic(
    device: EmulatedDevice,
    kernel: Callable[[], None],
    memory: Mapping[str, tuple[int, int]],
    seeds: Iterable[int] = range(8),
) -> None:
    """Run ``kernel`` (a function that launches) from the same memory in several orders, and compare what it leaves.

    ``memory`` names what is compared, each as (pointer, bytes). Afterwards it is as the last run left it.

    :raises NotDeterministic: two orders differ; names the memory, its first byte that differs and the seeds.
    """

    def read() -> dict[str, np.ndarray]:
        contents = {name: np.empty(size, np.uint8) for name, (_, size) in memory.items()}
        for name, (pointer, _) in memory.items():
            device.download(pointer, contents[name])
        return contents

    before, first, first_seed = read(), None, None
    for seed in seeds:
        for name, (pointer, _) in memory.items():
            device.upload(pointer, before[name])
        device.seed = seed
        kernel()
        after = read()
        if first is None:
            first, first_seed = after, seed
        for name, content in after.items():
            if (different := np.flatnonzero(content != first[name])).size:
                raise NotDeterministic(
                    f"`{name}` differs in {different.size} of {content.size} bytes between the thread orders of seeds "
                    f"{first_seed} and {seed}, first at byte {different[0]}"
                )


def _with_lines(message: str, module: Path) -> str:
    """Put lines of the source for places in the code of a module, which are written ``@0x12ab``."""

    def line(place: re.Match[str]) -> str:
        command = ["addr2line", "-e", str(module), place[1]]
        found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
        return Path(found[0]).name if found else place[0]

    return re.sub(r"@(0x[0-9a-f]+)", line, message)


def _contiguous(array: np.ndarray) -> None:
    if not array.flags.c_contiguous:
        raise ValueError("only a contiguous array can be copied to or from the device")


def _extent(extent: Extent, name: str) -> tuple[int, int, int]:
    parts = (extent,) if isinstance(extent, int) else tuple(extent)
    if not 1 <= len(parts) <= 3 or min(parts) < 1:
        raise LaunchError(f"kernel `{name}`: an extent of {extent} is not one to three positive numbers")
    return (*parts, 1, 1)[:3]


def _volume(extent: tuple[int, ...]) -> int:
    return int(np.prod(extent, dtype=object))
