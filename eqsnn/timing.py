"""The time of a run: its duration, its clocks, and the tick that they have in common."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import reduce
from math import gcd
from typing import Any

from .base import NetworkObject, described
from .clocks import Clock
from .grammar import errors
from .model.dimensions import SECOND
from .runtime.bind import Timing
from .units import dimension_of, to_base

_FINEST = 10**12  # time steps are whole numbers of picoseconds


def duration_in_seconds(value: Any) -> float:
    """The duration of a run: a time of zero or more, in seconds.

    :raises DimensionError: E220. :raises ModelError: E553.
    """
    if dimension_of(value) != SECOND:
        message = f"a run lasts a time, not {described(value)}."
        raise errors.DimensionError("E220", message, hint="give it a unit, as in 'run(100*ms)'")
    time = to_base(value)
    if not isinstance(time, float | int) or not (math.isfinite(time) and time >= 0):
        raise errors.ModelError("E553", f"a run lasts one time, zero or more, not {value}.")
    return float(time)


def ticks(time: float, timing: Timing) -> int:
    """Number of ticks in so many seconds."""
    return round(time / timing.tick)


def clocks_of(objects: Iterable[NetworkObject]) -> dict[str, Clock]:
    """Clocks by name; two of one name are an error.

    :raises NameError: E308.
    """
    found: dict[str, Clock] = {}
    for item in objects:
        other = found.setdefault(item.clock.name, item.clock)
        if other is not item.clock:
            raise errors.NameError("E308", f"two clocks are called '{other.name}'.", place=item.title)
    return found


def timing_of(clocks: Mapping[str, Clock]) -> Timing:
    """The longest tick of which every clock's dt is a whole number.

    :raises RunError: E909, the time steps have no such tick.
    """
    if not clocks:
        return Timing(1e-4, {}, {})
    exact = {name: round(Fraction(clock.dt_) * _FINEST) for name, clock in clocks.items()}
    for name, clock in clocks.items():
        if abs(exact[name] / _FINEST - clock.dt_) > 1e-9 * clock.dt_:
            raise errors.RunError(
                "E909", f"dt = {clock.dt} is no whole number of picoseconds.", place=f"Clock '{name}'"
            )
    common = reduce(gcd, exact.values())
    periods = {name: ticks // common for name, ticks in exact.items()}
    if max(periods.values()) > 10**6:
        raise errors.RunError(
            "E909",
            "the time steps of the clocks have no common measure.",
            hint="choose dt that are whole multiples of one of them",
        )
    tick = min(clock.dt_ / periods[name] for name, clock in clocks.items())
    return Timing(tick, periods, {name: clock.dt_ for name, clock in clocks.items()})
