"""The methods of integration by name, and which one a system gets where the user names none."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import euler, exact, exponential_euler, heun, milstein, rk2, rk4
from .system import NotApplicable, OdeSystem, StateUpdate

METHODS: Mapping[str, Callable[[OdeSystem], StateUpdate]] = {
    "exact": exact.update,
    "linear": exact.update,
    "exponential_euler": exponential_euler.update,
    "euler": euler.update,
    "rk2": rk2.update,
    "rk4": rk4.update,
    "heun": heun.update,
    "milstein": milstein.update,
}

PREFERRED = ("exact", "euler", "heun")
"""Tried in this order where the user names no method."""


def integrate(system: OdeSystem, method: str) -> StateUpdate:
    """One step of ``method``; `NotApplicable` with the reason where it cannot integrate the system."""
    if method not in METHODS:
        raise NotApplicable(f"there is no such method; the methods are {', '.join(METHODS)}")
    return METHODS[method](system)


def choose(system: OdeSystem) -> str:
    """The first of `PREFERRED` that applies; `NotApplicable` with the last reason where none does."""
    for method in PREFERRED:
        try:
            METHODS[method](system)
        except NotApplicable as refusal:
            last = refusal
        else:
            return method
    raise last


def applicable(system: OdeSystem) -> tuple[str, ...]:
    """Every method that can integrate the system, under its first name."""
    return tuple(name for name, update in METHODS.items() if name != "linear" and _fits(update, system))


def _fits(update: Callable[[OdeSystem], StateUpdate], system: OdeSystem) -> bool:
    try:
        update(system)
    except NotApplicable:
        return False
    return True
