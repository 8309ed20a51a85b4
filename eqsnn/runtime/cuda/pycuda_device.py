"""A GPU, through PyCUDA: what `device.py` asks for, in terms of the driver.

PyCUDA is imported here alone, and only when somebody asks for a GPU: without a driver even its import fails. It works
in the primary context of the first GPU (``CUDA_VISIBLE_DEVICES`` chooses another), shared with other libraries.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt

from ...grammar.errors import BuildError, RunError
from .device import DeviceFullError, DeviceLostError
from .nvcc import Capability, Nvcc, compile_cubin, find_nvcc
from .occupancy import Limits
from .pycuda_module import CPU, PyCudaModule

OLDEST: Capability = (7, 5)
"""Compute capability of the oldest GPU: CUDA 13 compiles for none before it (Turing)."""

_PYCUDA = "python -m pip install 'eqsnn[cuda]' (it is compiled then; README, 'On a GPU')"


class PyCudaDevice:
    """A GPU; `open_gpu` makes one."""

    def __init__(self, driver: Any, ordinal: int, nvcc: Nvcc, cache_dir: Callable[[], Path | None]) -> None:
        self.driver, self.nvcc = driver, nvcc
        self._cache_dir = cache_dir
        self._gpu = driver.Device(ordinal)
        self.name, self.capability = str(self._gpu.name()), _capability(self._gpu)
        self._allocations: dict[int, Any] = {}
        self._lost = False
        self._gone: list[Any] = []  # allocations of a context that has failed
        self._process = os.getpid()
        self._context = self._gpu.retain_primary_context()
        self._context.push()
        atexit.register(self._leave)

    def _leave(self) -> None:
        # PyCUDA aborts a process that leaves its context in place; and its destructor does not release a primary one.
        if os.getpid() == self._process:
            with contextlib.suppress(self.driver.Error):
                self._context.detach()

    def __repr__(self) -> str:
        return f"{self.name} (compute capability {self.capability[0]}.{self.capability[1]})"

    # ---- memory ----

    def allocate(self, size: int) -> int:
        """Memory of ``size`` bytes.

        :raises DeviceFullError: there is no more. :raises DeviceLostError: the GPU has failed.
        """
        with self.calls(size):
            allocation = self.driver.mem_alloc(size)
        address = int(allocation)
        self._allocations[address] = allocation
        return address

    def free(self, address: int) -> None:
        """Give memory back."""
        allocation = self._allocations.pop(address)
        if self._lost:  # the memory went with the context: to free it would print a complaint for each piece
            self._gone.append(allocation)
        else:
            allocation.free()

    def upload(self, address: int, values: npt.NDArray[Any]) -> None:
        """Copy an array to the device.

        :raises DeviceLostError: the GPU has failed.
        """
        if values.nbytes:
            with self.calls():
                self.driver.memcpy_htod(address, values)

    def download(self, address: int, values: npt.NDArray[Any]) -> None:
        """Copy from the device into an array; errors as `upload`."""
        if values.nbytes:
            with self.calls():
                self.driver.memcpy_dtoh(values, address)

    # ---- kernels ----

    def load(self, source: str) -> PyCudaModule:
        """Compile a source, or find it in the cache, and load it.

        :raises BuildError: as `compile_cubin`; E817, the driver is older than nvcc.
        :raises RunError: E819, the GPU has failed before.
        """
        self._check_place()
        if self._lost:
            raise RunError("E819", "the GPU has failed earlier in this process.", hint="begin again in a new Python")
        cubin = compile_cubin(source, self.nvcc, self.capability, cache_dir=self._cache_dir())
        try:
            return PyCudaModule(self, self.driver.module_from_file(str(cubin)), cubin)
        except self.driver.Error as error:
            known, made = self.driver.get_driver_version(), ".".join(map(str, self.nvcc.release))
            raise BuildError(
                "E817",
                f"the GPU's driver, of CUDA {known // 1000}.{known % 1000 // 10}, does not take what nvcc {made} makes"
                f": {_words(error)}.",
                hint="update the driver, or install an nvcc of the driver's version or an older one",
            ) from None

    @property
    def multiprocessors(self) -> int:
        """How many there are."""
        return self._attribute("MULTIPROCESSOR_COUNT")

    @property
    def limits(self) -> Limits:
        """What one multiprocessor has."""
        return Limits(
            self._attribute("MAX_THREADS_PER_MULTIPROCESSOR"),
            self._attribute("MAX_BLOCKS_PER_MULTIPROCESSOR", 16),  # a PyCUDA built for CUDA 10 does not know it
            self._attribute("MAX_REGISTERS_PER_MULTIPROCESSOR"),
            self._attribute("MAX_SHARED_MEMORY_PER_MULTIPROCESSOR"),
            self._attribute("RESERVED_SHARED_MEMORY_PER_BLOCK", 1024),  # nor this
        )

    def _attribute(self, name: str, otherwise: int | None = None) -> int:
        number = getattr(self.driver.device_attribute, name, None)
        if number is None and otherwise is not None:
            return otherwise
        return int(self._gpu.get_attribute(number))

    # ---- what goes wrong ----

    @contextlib.contextmanager
    def calls(self, size: int = 0) -> Iterator[None]:
        """Call the driver, and say in our terms what goes wrong; ``size``: bytes that are asked for."""
        self._check_place()
        try:
            yield
        except self.driver.MemoryError:
            free, total = self.driver.mem_get_info()
            wanted = f"{_bytes(size)} more were wanted" if size else "a program needs more to run"
            raise DeviceFullError(f"{wanted}, {_bytes(free)} of {_bytes(total)} are free") from None
        except self.driver.Error as error:
            with contextlib.suppress(self.driver.Error):
                self.driver.Context.synchronize()
                raise DeviceLostError(_words(error)) from None  # this call failed, and others may work
            self._lost = True
            raise DeviceLostError(_words(error)) from None

    def _check_place(self) -> None:
        """A context belongs to the thread that made it, and does not outlive a fork."""
        if self._process != os.getpid():
            message = "device('cuda') was chosen in another process, from which this one was forked."
            hint = "start processes with multiprocessing's 'spawn', and choose the device in each"
            raise RunError("E819", message, hint=hint)
        _check_thread()


def open_gpu(cache_dir: Callable[[], Path | None] = lambda: None) -> PyCudaDevice:
    """The first GPU of this machine; ``cache_dir`` tells where compiled code is kept now.

    :raises BuildError: E811 no PyCUDA, E812 no driver, E813 no GPU, E814 the GPU is too old, E815 no nvcc, E817 nvcc
        does not know the GPU.
    :raises RunError: E818 the GPU has no memory left, E819 not in the main thread.
    """
    _check_thread()
    driver = _import()
    try:
        driver.init()
        count = driver.Device.count()
    except driver.Error as error:
        words = _words(error)
        if "no CUDA-capable device" not in words:
            raise _no_driver(words) from None
        count = 0
    if not count:
        raise BuildError(
            "E813",
            "the NVIDIA driver finds no GPU in this machine.",
            hint=f"look at what nvidia-smi lists, and at the environment variable CUDA_VISIBLE_DEVICES; {CPU}",
        )
    gpu = driver.Device(0)
    capability = _capability(gpu)
    if capability < OLDEST:
        raise BuildError(
            "E814",
            f"the GPU '{gpu.name()}' is too old: its compute capability is {capability[0]}.{capability[1]}, and CUDA "
            f"13 begins at {OLDEST[0]}.{OLDEST[1]} (2018).",
            hint=f"CUDA_VISIBLE_DEVICES chooses another GPU of this machine; {CPU}",
        )
    nvcc = find_nvcc()
    nvcc.architecture(capability)
    try:
        return PyCudaDevice(driver, 0, nvcc, cache_dir)
    except driver.MemoryError:
        raise RunError(
            "E818", "the GPU has no memory left, not even to begin.", hint="nvidia-smi tells which programs use it"
        ) from None
    except driver.Error as error:  # another program may have it for itself
        message = f"the GPU '{gpu.name()}' cannot be used: {_words(error)}."
        hint = f"nvidia-smi tells its state and which programs use it; {CPU}"
        raise BuildError("E813", message, hint=hint) from None


def _check_thread() -> None:
    # PyCUDA keeps a stack of contexts for each thread, and aborts when a thread ends that has one.
    if threading.current_thread() is not threading.main_thread():
        message = "a GPU can be used in Python's main thread alone."
        raise RunError("E819", message, hint="call device('cuda') and run(...) there")


def _import() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what PyCUDA warns of is told below
            return importlib.import_module("pycuda.driver")
    except ModuleNotFoundError as error:
        message = f"device('cuda') needs PyCUDA, and there is no module '{error.name}'."
        raise BuildError("E811", message, hint=f"install it with: {_PYCUDA}") from None
    except ImportError as error:
        if "libcuda" in str(error):
            raise _no_driver("libcuda.so.1 is not there") from None
        if "undefined symbol: cu" in str(error):
            raise _no_driver("it is older than the CUDA that PyCUDA was built with") from None
        message = f"PyCUDA cannot be loaded: {error}."
        hint = f"build it again, without pip's cache: {_PYCUDA.replace('install', 'install --no-cache-dir -I')}"
        raise BuildError("E811", message, hint=hint) from None


def _no_driver(reason: str) -> BuildError:
    return BuildError(
        "E812",
        f"the NVIDIA driver of this machine does not work: {reason}.",
        hint=f"install or update it (nvidia-smi shows whether it works); without a GPU of NVIDIA, {CPU}",
    )


def _capability(gpu: Any) -> Capability:
    major, minor = gpu.compute_capability()
    return int(major), int(minor)


def _words(error: Exception) -> str:
    """What the driver says, without the name of the function that said it."""
    return str(error).split(" failed: ", 1)[-1].split(" - ")[0].strip() or type(error).__name__


def _bytes(size: int) -> str:
    """A size for people to read."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} bytes"
