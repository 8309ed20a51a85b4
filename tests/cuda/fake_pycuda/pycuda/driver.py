"""`pycuda.driver`: what a test sets in ``machine`` decides what there is and what fails; ``machine.calls`` is what was called.

A cubin cannot be run without a GPU: `module_from_file` checks that there is one, and runs the source beside it (``network.cu``).
"""

from __future__ import annotations

import builtins
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from emulation.driver import EmulatedDevice, OutOfDeviceMemory, Properties
from emulation.driver import Module as EmulatedModule

from eqsnn.runtime import core


class Error(Exception):
    pass


class MemoryError(Error):  # noqa: A001
    pass


class LogicError(Error):
    pass


class LaunchError(Error):
    pass


class RuntimeError(Error):  # noqa: A001
    pass


@dataclass
class Machine:
    """One machine: its GPUs, and what goes wrong: ``init`` an error at the start, ``launches`` how many succeed."""

    gpus: int = 1
    capability: tuple[int, int] = (8, 0)
    driver_version: int = 13000
    memory: int = 1 << 30
    registers: int = 40
    init: Error | None = None
    taken: bool = False
    launches: int | None = None
    failure: str = "an illegal memory access was encountered"
    takes_modules: bool = True
    sticky: bool = True
    calls: list[str] = field(default_factory=list)
    lost: bool = False
    stack: dict[int, int] = field(default_factory=dict)  # depth by thread
    _emulated: EmulatedDevice | None = None

    @property
    def emulated(self) -> EmulatedDevice:
        if self._emulated is None:
            # Blocks of 256 threads: two, as by 40 registers a thread of 48 kilobytes of them for each of two parts.
            properties = Properties(multiprocessors=1, threads_per_multiprocessor=512, memory=self.memory)
            self._emulated = EmulatedDevice(properties)
        return self._emulated

    def call(self, name: str, *, context: bool = True) -> None:
        self.calls.append(name)
        if context and not self.stack.get(threading.get_ident()):
            raise LogicError(f"cu{name} failed: invalid device context")
        if context and self.lost:
            raise LogicError(f"cu{name} failed: {self.failure}")


    def run(self, module: EmulatedModule, name: str, grid: int, block: int, argument: int) -> None:
        """A kernel, unless this is the launch that fails."""
        if self.launches is not None:
            self.launches -= 1
            if self.launches < 0:
                self.lost = self.sticky
                raise LaunchError(f"cuLaunchKernel failed: {self.failure}")
        module.launch(name, grid, block, argument, cooperative=True)


machine = Machine()


class device_attribute:
    MULTIPROCESSOR_COUNT = "MULTIPROCESSOR_COUNT"
    MAX_THREADS_PER_MULTIPROCESSOR = "MAX_THREADS_PER_MULTIPROCESSOR"
    MAX_BLOCKS_PER_MULTIPROCESSOR = "MAX_BLOCKS_PER_MULTIPROCESSOR"
    MAX_REGISTERS_PER_MULTIPROCESSOR = "MAX_REGISTERS_PER_MULTIPROCESSOR"
    MAX_SHARED_MEMORY_PER_MULTIPROCESSOR = "MAX_SHARED_MEMORY_PER_MULTIPROCESSOR"  # as of CUDA 10: without what is reserved


ATTRIBUTES = {
    "MULTIPROCESSOR_COUNT": 1,
    "MAX_THREADS_PER_MULTIPROCESSOR": 512,
    "MAX_BLOCKS_PER_MULTIPROCESSOR": 16,
    "MAX_REGISTERS_PER_MULTIPROCESSOR": 65536,
    "MAX_SHARED_MEMORY_PER_MULTIPROCESSOR": 65536,
}


def init(flags: int = 0) -> None:
    machine.call("Init", context=False)
    if machine.init is not None:
        raise machine.init


def get_driver_version() -> int:
    return machine.driver_version


def mem_get_info() -> tuple[int, int]:
    machine.call("MemGetInfo")
    return machine.emulated.memory_info()


class Device:
    def __init__(self, ordinal: int) -> None:
        machine.call("DeviceGet", context=False)
        if ordinal >= machine.gpus:
            raise LogicError("cuDeviceGet failed: invalid device ordinal")

    @staticmethod
    def count() -> int:
        machine.call("DeviceGetCount", context=False)
        return machine.gpus

    def name(self) -> str:
        return "Fake GPU"

    def compute_capability(self) -> tuple[int, int]:
        return machine.capability

    def get_attribute(self, attribute: str) -> int:
        return ATTRIBUTES[attribute]

    def retain_primary_context(self) -> Context:
        machine.call("DevicePrimaryCtxRetain", context=False)
        if machine.taken:
            raise LogicError("cuDevicePrimaryCtxRetain failed: exclusive-thread device already in use by a different thread")
        return Context()


class Context:
    def push(self) -> None:
        machine.call("CtxPushCurrent", context=False)
        thread = threading.get_ident()
        machine.stack[thread] = machine.stack.get(thread, 0) + 1

    def detach(self) -> None:
        machine.call("CtxDetach", context=False)
        machine.stack[threading.get_ident()] -= 1

    @staticmethod
    def synchronize() -> None:
        machine.call("CtxSynchronize")


class DeviceAllocation:
    def __init__(self, address: int) -> None:
        self._address: int | None = address

    def __int__(self) -> int:
        assert self._address is not None
        return self._address

    def free(self) -> None:
        if self._address is None:
            raise LogicError("device_allocation::free failed: invalid resource handle")
        machine.call("MemFree")
        machine.emulated.free(self._address)
        self._address = None


def mem_alloc(size: int) -> DeviceAllocation:
    machine.call("MemAlloc")
    if not size:
        raise LogicError("cuMemAlloc failed: invalid argument")
    try:
        return DeviceAllocation(machine.emulated.allocate(size))
    except OutOfDeviceMemory:
        raise MemoryError("cuMemAlloc failed: out of memory") from None


def memcpy_htod(dest: int, src: object) -> None:
    machine.call("MemcpyHtoD")
    assert type(dest) in (int, DeviceAllocation)
    machine.emulated.upload(int(dest), np.frombuffer(_bytes(src), np.uint8))


def memcpy_dtoh(dest: object, src: int) -> None:
    machine.call("MemcpyDtoH")
    assert type(src) in (int, DeviceAllocation)
    view = _bytes(dest)
    if view.readonly:
        raise BufferError("the destination cannot be written")
    machine.emulated.download(int(src), np.frombuffer(view, np.uint8))


def _bytes(array: object) -> memoryview:
    view = memoryview(array)  # type: ignore[arg-type]
    if not view.contiguous:
        raise BufferError("not contiguous")
    return view.cast("B")


class Stream:
    handle = 4711

    def __init__(self, flags: int = 0) -> None:
        machine.call("StreamCreate")

    def synchronize(self) -> None:
        machine.call("StreamSynchronize")


class Event:
    def record(self, stream: Stream) -> Event:
        assert isinstance(stream, Stream)
        machine.call("EventRecord")
        self._time = time.perf_counter()
        return self

    def time_till(self, other: Event) -> float:
        machine.call("EventElapsedTime")
        return (other._time - self._time) * 1e3


class Function:
    def __init__(self, module: EmulatedModule, name: str) -> None:
        self._module, self._name = module, name
        self.arg_format: str | None = None

    @property
    def num_regs(self) -> int:
        machine.call("FuncGetAttribute")
        return machine.registers

    @property
    def shared_size_bytes(self) -> int:
        return 32

    def prepare(self, arg_types: str) -> Function:
        self.arg_format = arg_types
        return self

    def prepared_async_call(
        self, grid: tuple[int, int], block: tuple[int, int, int], stream: Stream, argument: int
    ) -> None:
        machine.call(f"LaunchKernel {self._name}")
        assert self.arg_format == "P" and type(argument) is int and isinstance(stream, Stream)
        assert isinstance(grid, tuple) and isinstance(block, tuple) and len(block) == 3
        machine.run(self._module, self._name, grid[0], block[0], argument)


class Module:
    def __init__(self, module: EmulatedModule) -> None:
        self._module = module

    def get_function(self, name: str) -> Function:
        machine.call("ModuleGetFunction")
        if not hasattr(self._module.library, name):
            raise LogicError("cuModuleGetFunction failed: named symbol not found")
        return Function(self._module, name)


def module_from_file(filename: str) -> Module:
    machine.call("ModuleLoad")
    return Module(loaded(filename))


def loaded(filename: str) -> EmulatedModule:
    if not isinstance(filename, str):
        raise builtins.TypeError("a file name is a str")
    if not machine.takes_modules:
        raise LogicError("cuModuleLoad failed: device kernel image is invalid")
    path = Path(filename)
    if path.read_bytes()[:4] != b"\x7fELF":
        raise LogicError("cuModuleLoad failed: device kernel image is invalid")
    source = path.with_suffix(".cu").read_text()
    return machine.emulated.load(source, [core.INCLUDE], name="network")
