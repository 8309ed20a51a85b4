"""State of neurons: one padded, aligned array a variable, in the precision of the network."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Kind = Literal["real", "double", "integer", "boolean", "long"]
_ALIGNMENT = 64  # bytes: a cache line, and the widest vector register
_BLOCK = 64  # elements: vector loops run in whole blocks, whoever shares them out


def padded(n: int) -> int:
    """The number of elements that a buffer of ``n`` has behind the scenes."""
    return -(-max(n, 1) // _BLOCK) * _BLOCK


def aligned_zeros(n: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """``padded(n)`` zeros, starting at a multiple of 64 bytes."""
    kind = np.dtype(dtype)
    size = padded(n) * kind.itemsize
    raw = np.zeros(size + _ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % _ALIGNMENT
    return raw[start : start + size].view(kind)


class Store:
    """Arrays of a group, by the name of the variable.

    ``store[name]`` is a view without the padding; ``store.buffer(name)`` the whole of it, as kernels see it. Views
    stay valid until `set_precision`.
    """

    def __init__(self, real: npt.DTypeLike = np.float64) -> None:
        self.real = np.dtype(real)
        self._buffers: dict[str, npt.NDArray[Any]] = {}
        self._sizes: dict[str, int] = {}
        self._kinds: dict[str, Kind] = {}

    def add(self, name: str, kind: Kind, n: int, initial: float = 0) -> None:
        """Add a variable of ``n`` elements (1 where it is shared)."""
        buffer = aligned_zeros(n, self.dtype(kind))
        buffer[:] = initial
        self._buffers[name], self._sizes[name], self._kinds[name] = buffer, n, kind

    def dtype(self, kind: Kind) -> np.dtype[Any]:
        """NumPy type of a kind of variable in this precision."""
        sizes = {"real": self.real, "double": np.float64, "integer": np.int32, "boolean": np.bool_, "long": np.int64}
        return np.dtype(sizes[kind])

    def buffer(self, name: str) -> npt.NDArray[Any]:
        """The padded array of a variable."""
        return self._buffers[name]

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self._buffers[name][: self._sizes[name]]

    def __contains__(self, name: object) -> bool:
        return name in self._buffers

    def __iter__(self) -> Any:
        return iter(self._buffers)

    def set_precision(self, real: npt.DTypeLike) -> None:
        """Convert every real variable to another precision."""
        if np.dtype(real) == self.real:
            return
        self.real = np.dtype(real)
        for name, kind in self._kinds.items():
            if kind == "real":
                old = self._buffers[name]
                self.add(name, kind, self._sizes[name])
                self._buffers[name][:] = old
