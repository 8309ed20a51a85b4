"""Times of spikes as steps of a clock, as the compiled loop takes them."""

from __future__ import annotations

import itertools
import math
from typing import Final, NamedTuple

import numpy as np

from .validation import Float64, Int32, Int64

_SHIFT: Final = 1e-3  # of dt: a time this little before a step belongs to it, as in SpikeGeneratorGroup


class Binned(NamedTuple):
    """Spikes by steps: example k has those from ``offsets[k]`` to ``offsets[k + 1]``, by step and then by unit.

    ``steps`` (int64) and ``ids`` (int32) have one entry for each unit that spikes in a step; ``offsets`` is (n + 1,).
    """

    steps: Int64
    ids: Int32
    offsets: Int64


def steps_in(duration: float, dt: float) -> int:
    """Number of steps of ``dt`` that begin before ``duration``; both in seconds."""
    return max(1, math.ceil(duration / dt - _SHIFT))


def steps_of(times: Float64, dt: float, count: int) -> Int64:
    """The step of each time; of ``count`` steps of a trial, the last has the times just before its end."""
    return np.minimum(np.floor((times + _SHIFT * dt) / dt).astype(np.int64), count - 1)


def bin_events(units: Int32, times: Float64, offsets: Int64, n_units: int, duration: float, dt: float) -> Binned:
    """Sort the events of each example by step and unit; those of one unit in one step become one."""
    steps = steps_of(times, dt, steps_in(duration, dt))
    keys = steps * n_units + units
    # Sorting each example by itself stays within the cache.
    parts = [_distinct(keys[start:stop]) for start, stop in itertools.pairwise(offsets)]
    merged = np.concatenate(parts) if parts else np.empty(0, np.int64)
    ends = np.cumsum([0, *map(len, parts)], dtype=np.int64)
    return Binned(merged // n_units, (merged % n_units).astype(np.int32), ends)


def _distinct(keys: Int64) -> Int64:
    """Distinct keys, ascending: what `np.unique` gives, which makes a detour over a table of hashes."""
    ascending = np.sort(keys)
    return ascending[np.diff(ascending, prepend=-1) > 0]
