"""Cooperative launches, which PyCUDA does not have, through cuda-bindings where it is installed, in PyCUDA's context.

The driver then makes sure that all blocks of a grid are resident, or refuses the launch; and it knows how many can be.
Without cuda-bindings, `occupancy.py` counts them, and other programs' kernels on the same GPU may hold blocks up.
"""

from __future__ import annotations

import ctypes
import importlib
from pathlib import Path
from typing import Any

from .device import DeviceLostError


class CooperativeModule:
    """The kernels of a cubin; `load_cooperative` makes one."""

    def __init__(self, driver: Any, module: Any) -> None:
        self._driver, self._module = driver, module
        self._functions: dict[str, Any] = {}

    def launch(self, name: str, grid: int, block: int, argument: int, stream: int) -> None:
        """Submit a kernel to a stream of PyCUDA.

        :raises DeviceLostError: the driver refuses it.
        """
        parameters = ((argument,), (ctypes.c_void_p,))
        function = self._function(name)
        self._call("cuLaunchCooperativeKernel", function, grid, 1, 1, block, 1, 1, 0, stream, parameters)

    def blocks_of_multiprocessor(self, name: str, block: int) -> int:
        """How many blocks of a kernel one multiprocessor holds at once.

        :raises DeviceLostError: the driver does not tell.
        """
        return int(self._call("cuOccupancyMaxActiveBlocksPerMultiprocessor", self._function(name), block, 0))

    def _function(self, name: str) -> Any:
        if name not in self._functions:
            self._functions[name] = self._call("cuModuleGetFunction", self._module, name.encode())
        return self._functions[name]

    def _call(self, name: str, *arguments: Any) -> Any:
        status, *result = getattr(self._driver, name)(*arguments)
        if int(status):
            raise DeviceLostError(f"{name}: {_words(self._driver, status)}")
        return result[0] if result else None


def load_cooperative(cubin: Path) -> CooperativeModule | None:
    """The kernels of a cubin for cooperative launches in the present context; None where there can be none."""
    try:
        driver = importlib.import_module("cuda.bindings.driver")
        status, module = driver.cuModuleLoad(str(cubin).encode())
    except (ImportError, RuntimeError):  # not installed; of a release that does not find its way about this driver
        return None
    return None if int(status) else CooperativeModule(driver, module)


def _words(driver: Any, status: Any) -> str:
    failed, text = driver.cuGetErrorString(status)
    return str(status) if int(failed) else text.decode()
