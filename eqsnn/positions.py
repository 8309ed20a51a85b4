"""Which elements an index means."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .grammar import errors


def select_positions(item: Any, count: int, place: str) -> npt.NDArray[np.int64]:
    """Return the positions that an index means among ``count`` elements: integers, a slice, a list, truth values.

    :raises StateError: E701, out of range; E702, truth values of another number; E704, no index.
    """
    if isinstance(item, slice):
        try:
            return np.arange(count)[item]
        except TypeError:
            raise errors.StateError("E704", f"{item} is no range of indices.", place=place) from None
    indices = np.asarray(None if isinstance(item, tuple) else item)
    if indices.size == 0:
        return np.empty(0, np.int64)
    if indices.dtype.kind == "b":
        if indices.shape != (count,):
            message = f"{indices.size} truth values cannot choose among {count} elements."
            raise errors.StateError("E702", message, place=place)
        return np.flatnonzero(indices)
    if indices.dtype.kind not in "iu" or indices.ndim > 1:
        hint = "use integers, a slice, a list of integers, truth values, or a condition in a string"
        raise errors.StateError("E704", f"{item!r} is no index.", place=place, hint=hint)
    outside = (indices < -count) | (indices >= count)
    if outside.any():
        first = indices.reshape(-1)[np.argmax(outside.reshape(-1))]
        hint = f"indices go from 0 to {count - 1}" if count else "there are none"
        raise errors.StateError("E701", f"there is no element {first}.", place=place, hint=hint)
    return np.where(indices < 0, indices + count, indices).astype(np.int64)
