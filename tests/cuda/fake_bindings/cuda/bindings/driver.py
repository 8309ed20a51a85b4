"""`cuda.bindings.driver`, as far as cooperative launches go, on the machine of the fake PyCUDA."""

from __future__ import annotations

import ctypes
from typing import Any

from emulation.driver import Module
from pycuda import driver as pycuda

SUCCESS, UNKNOWN, TOO_LARGE = 0, 999, 720


def cuModuleLoad(fname: bytes) -> tuple[int, Any]:
    pycuda.machine.call("ModuleLoad of cuda-bindings")
    return SUCCESS, pycuda.loaded(fname.decode())


def cuModuleGetFunction(hmod: Module, name: bytes) -> tuple[int, Any]:
    assert isinstance(name, bytes)
    return (SUCCESS, (hmod, name.decode())) if hasattr(hmod.library, name.decode()) else (UNKNOWN, None)


def cuOccupancyMaxActiveBlocksPerMultiprocessor(func: Any, blockSize: int, dynamicSMemSize: int) -> tuple[int, int]:
    module, name = func
    return SUCCESS, module.resident_blocks(name, blockSize, dynamicSMemSize)


def cuLaunchCooperativeKernel(
    f: Any, gridX: int, gridY: int, gridZ: int, blockX: int, blockY: int, blockZ: int, shared: int, stream: int, parameters: Any
) -> tuple[int]:
    module, name = f
    (argument,), (kind,) = parameters
    assert kind is ctypes.c_void_p and stream == pycuda.Stream.handle and (gridY, gridZ, blockY, blockZ, shared) == (1, 1, 1, 1, 0)
    pycuda.machine.call(f"LaunchCooperativeKernel {name}")
    if gridX > module.resident_blocks(name, blockX):
        return (TOO_LARGE,)
    pycuda.machine.run(module, name, gridX, blockX, argument)
    return (SUCCESS,)


def cuGetErrorString(error: int) -> tuple[int, bytes | None]:
    return (SUCCESS, b"too many blocks in cooperative launch") if error == TOO_LARGE else (UNKNOWN, None)
