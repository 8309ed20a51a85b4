"""State of neurons: one padded, aligned array a variable, in the precision of the network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Kind = Literal["real", "double", "integer", "boolean", "long"]
_ALIGNMENT = 64  # bytes: a cache line, and the widest vector register
_BLOCK = 64  # elements: vector loops run in whole blocks, whoever shares them out


def of_copy(name: str, copy: int) -> str:
    """The synapses' column that holds a variable of one network of a batch; the first has it under its own name."""
    return f"{name}@{copy}" if copy else name


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
    """Arrays of a group, by the name of the variable; each for one network, or for the ``copies`` of a batch.

    ``store[name]`` is a view without the padding, of shape (n,), or (copies, n) where there are several;
    ``store.buffer(name, copy)`` the whole memory of one copy, as kernels see it. Views stay valid while `version` is
    what it was.
    """

    def __init__(self, real: npt.DTypeLike = np.float64) -> None:
        self.real = np.dtype(real)
        self.copies = 1
        self.version = 0
        self._buffers: dict[str, npt.NDArray[Any]] = {}
        self._sizes: dict[str, int] = {}
        self._kinds: dict[str, Kind] = {}
        self._kept: dict[str, npt.NDArray[Any]] = {}

    def add(self, name: str, kind: Kind, n: int, initial: float = 0) -> None:
        """Add a variable of ``n`` elements (1 where it is shared)."""
        buffer = self._room(kind, n)
        buffer[:] = initial
        self._buffers[name], self._sizes[name], self._kinds[name] = buffer, n, kind
        self.version += 1

    def _room(self, kind: Kind, n: int) -> npt.NDArray[Any]:
        """Zeros of shape (copies, padded(n)): every copy begins at a cache line of its own."""
        return aligned_zeros(self.copies * padded(n), self.dtype(kind)).reshape(self.copies, padded(n))

    def dtype(self, kind: Kind) -> np.dtype[Any]:
        """NumPy type of a kind of variable in this precision."""
        sizes = {"real": self.real, "double": np.float64, "integer": np.int32, "boolean": np.bool_, "long": np.int64}
        return np.dtype(sizes[kind])

    def buffer(self, name: str, copy: int = 0) -> npt.NDArray[Any]:
        """The padded array of a variable in one of the copies."""
        return np.asarray(self._buffers[name][copy])

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        values = self._buffers[name][:, : self._sizes[name]]
        return values[0] if self.copies == 1 else values

    def each(self, name: str) -> npt.NDArray[Any]:
        """The values of a variable in all copies, shape (copies, n) also where there is one."""
        return self._buffers[name][:, : self._sizes[name]]

    def __contains__(self, name: object) -> bool:
        return name in self._buffers

    def __iter__(self) -> Any:
        return iter(self._buffers)

    def set_precision(self, real: npt.DTypeLike) -> None:
        """Convert every real variable to another precision."""
        if np.dtype(real) != self.real:
            self.real = np.dtype(real)
            self._renew(name for name, kind in self._kinds.items() if kind == "real")

    def set_copies(self, copies: int) -> None:
        """Hold the state of so many networks: new ones begin as the first is now, those beyond are dropped."""
        if copies != self.copies:
            self.copies = copies
            self._renew(self._kinds)

    def keep(self, names: Iterable[str]) -> None:
        """Keep the present values of these variables, of no others, for `recall`."""
        self._kept = {name: self._buffers[name].copy() for name in names}

    def recall(self) -> None:
        """Give the variables the values that were kept; they stay where they are."""
        for name, values in self._kept.items():
            self._buffers[name][:] = self._fitting(values)

    def _fitting(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The values of as many copies as there are now."""
        missing = max(0, self.copies - len(values))
        return np.concatenate([values[: self.copies], *[values[:1]] * missing])

    def _renew(self, names: Iterable[str]) -> None:
        """Take variables to memory of the present precision and number of copies."""
        for name in names:
            old = self._buffers[name]
            self._buffers[name] = self._room(self._kinds[name], self._sizes[name])
            self._buffers[name][:] = self._fitting(old)
        self.version += 1
