"""Clocks: time is a number of steps times dt, never a sum."""

from __future__ import annotations

import math
from typing import Any

from . import names
from .grammar.errors import DimensionError, ModelError
from .model.dimensions import SECOND
from .units import dimension_of, ms, quantity, to_base

_TOLERANCE = 1e-6  # of a step: how far a time may be from a multiple of dt and still be taken for it


class Clock:
    """Steps of ``dt`` seconds; objects with the same clock are always in the same step.

    Example: ``slow = Clock(dt=1*ms)``, then ``NeuronGroup(..., clock=slow)``.

    :raises DimensionError: E220, ``dt`` is not a time.
    :raises ModelError: E553, ``dt`` is not positive and finite.
    """

    def __init__(self, dt: Any, name: str | None = None) -> None:
        self.name = names.claim("clock", name, self)
        self._dt = seconds(dt, "dt")
        self.step = 0

    @property
    def dt(self) -> Any:
        """Length of a step, a quantity in seconds. Set it between runs; time goes on from where it is."""
        return quantity(self._dt, SECOND)

    @dt.setter
    def dt(self, value: Any) -> None:
        new = seconds(value, "dt")
        self.step, self._dt = round(self.t_ / new), new

    @property
    def dt_(self) -> float:
        """Length of a step in seconds, without a unit."""
        return self._dt

    @property
    def t(self) -> Any:
        """Time at the start of the present step, a quantity in seconds."""
        return quantity(self.t_, SECOND)

    @property
    def t_(self) -> float:
        """Time in seconds, without a unit."""
        return self.step * self._dt

    @property
    def t_in_timesteps(self) -> int:
        """Number of the present step, from 0."""
        return self.step

    def seek(self, t: float) -> None:
        """Go to the first step that begins at ``t`` seconds or later, as a run does where it starts."""
        step = round(t / self._dt)
        self.step = step if whole_steps(t, self._dt) else math.ceil(t / self._dt)

    def __repr__(self) -> str:
        return f"Clock(dt={self._dt * 1e3:g}*ms, name={self.name!r})"


def whole_steps(t: float, dt: float) -> bool:
    """Whether a time is a whole number of steps."""
    return abs(round(t / dt) * dt - t) <= _TOLERANCE * dt


def seconds(value: Any, what: str) -> float:
    """Return a positive, finite time in seconds.

    :raises DimensionError: E220. :raises ModelError: E553.
    """
    if dimension_of(value) != SECOND:
        raise DimensionError(
            "E220", f"{what} must be a time, not {value!r}.", hint=f"give it a unit, such as '{what} = 0.1*ms'"
        )
    number = to_base(value)
    if not isinstance(number, float | int) or not (math.isfinite(number) and number > 0):
        raise ModelError("E553", f"{what} must be one time above zero, not {value}.")
    return float(number)


class _DefaultClock(Clock):
    """The clock of every object that is given neither ``dt`` nor ``clock``."""

    def __init__(self) -> None:
        self.name, self.step, self._dt = "defaultclock", 0, seconds(0.1 * ms, "dt")

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in ("dt", "step", "_dt", "name"):
            raise ModelError("E554", f"'{name}' is no attribute of a clock.", hint="set 'defaultclock.dt = 0.1*ms'")
        super().__setattr__(name, value)


defaultclock = _DefaultClock()


def choose_clock(dt: Any, clock: Clock | None, otherwise: Clock = defaultclock) -> Clock:
    """The clock of an object made with ``dt=`` or ``clock=``; ``otherwise`` if it has neither.

    :raises ModelError: E555, both are given, or ``clock`` is no `Clock`.
    """
    if dt is not None and clock is not None:
        raise ModelError("E555", "dt and clock are both given.", hint="give one of them; a clock has its own dt")
    if clock is not None and not isinstance(clock, Clock):
        raise ModelError("E555", f"clock must be a Clock, not {clock!r}.", hint="make one with 'Clock(dt=0.1*ms)'")
    if dt is not None:
        return dt if isinstance(dt, Clock) else Clock(dt)
    return clock or otherwise
