"""Parameters of the functions that make data: one number each, with its unit, inside its range."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..grammar import errors
from ..model.dimensions import DIMENSIONLESS, HERTZ, SECOND, Dimension
from ..model.types import real
from ..values import checked

Seed = int | Sequence[int]


def seconds(value: Any, name: str, place: str, *, zero: bool = False) -> float:
    """Return a time in seconds.

    :raises DimensionError: E223, no time. :raises StateError: E790, negative, infinite, or zero unless ``zero``.
    """
    return _number(value, SECOND, name, place, zero)


def hertz(value: Any, name: str, place: str, *, zero: bool = False) -> float:
    """Return a rate in Hz; errors as `seconds`."""
    return _number(value, HERTZ, name, place, zero)


def fraction(value: Any, name: str, place: str) -> float:
    """Return a plain number from 0 to 1.

    :raises DimensionError: E223, it has a unit. :raises StateError: E790, out of range.
    """
    number = _number(value, DIMENSIONLESS, name, place, zero=True)
    if number > 1:
        raise _wrong(f"'{name}' goes from 0 to 1 and cannot be {number:g}.", place)
    return number


def whole(value: Any, name: str, place: str, least: int = 1) -> int:
    """Return a whole number.

    :raises StateError: E790, it is none, or less than ``least``.
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise _wrong(f"'{name}' is a whole number and cannot be {value!r}.", place) from None
    if isinstance(value, bool) or number < least:
        raise _wrong(f"'{name}' cannot be {value}.", place, f"it is at least {least}")
    return number


def generator(seed: Seed, *stream: int) -> np.random.Generator:
    """Return NumPy's generator for a seed, and for a stream of it: ``generator(seed, k)`` for what example k draws.

    Several numbers make a seed too: ``(seed, epoch)``.

    :raises ModelError: E551, the seed is not made of whole numbers from 0 on.
    """
    parts = list(seed) if isinstance(seed, Sequence) and not isinstance(seed, str) else [seed]
    if not parts or not all(isinstance(part, int | np.integer) and not isinstance(part, bool) for part in parts):
        raise errors.ModelError("E551", f"a seed must be a whole number, or several of them, not {seed!r}.")
    if min(parts) < 0:
        raise errors.ModelError("E551", f"a seed cannot be negative, as {seed!r} is.")
    first, *rest = map(int, parts)  # as a spawn key, since entropy of [5] and of [5, 0] is the same
    return np.random.default_rng(np.random.SeedSequence(first, spawn_key=(*rest, *stream)))


def _number(value: Any, dimension: Dimension, name: str, place: str, zero: bool) -> float:
    numbers = checked(value, real(dimension), name, place)
    if numbers.size != 1:
        raise _wrong(f"'{name}' is one number, not {numbers.size}.", place)
    number = float(numbers.reshape(-1)[0])
    if not np.isfinite(number) or number < 0 or (number == 0 and not zero):
        kind = "infinite" if np.isinf(number) else "zero" if number == 0 else "negative"
        raise _wrong(f"'{name}' cannot be {kind}.", place)
    return number


def _wrong(message: str, place: str, hint: str | None = None) -> errors.StateError:
    return errors.StateError("E790", message, place=place, hint=hint)
