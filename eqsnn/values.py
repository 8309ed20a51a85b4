"""Values that a script gives to state variables: their units, kinds and shapes, checked with the variable's name."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .grammar import errors
from .model.dimensions import Dimension
from .model.hints import example_unit
from .model.types import Dtype, ValueType
from .units import dimension_of, to_base

Array = npt.NDArray[Any]
_LIMIT = 1 << 31


def checked(value: Any, type_: ValueType, name: str, place: str) -> Array:
    """Return what is given for a variable as float64, int32 or bool in SI base units, in its own shape.

    Zero and infinity need no unit.

    :raises DimensionError: E223, the dimensions are not the variable's.
    :raises TypeError: E424, no numbers; E425, not whole numbers or truth values where the variable has those.
    :raises StateError: E703, a value is NaN.
    """
    numbers, dimension = _numbers(value, name, place)
    if dimension != type_.dimension and not _fits_every_unit(numbers, dimension):
        raise _wrong_unit(value, type_.dimension, dimension, name, place)
    match type_.dtype:
        case Dtype.REAL:
            return _reals(numbers, name, place)
        case Dtype.INTEGER:
            return _integers(numbers, name, place)
        case Dtype.BOOLEAN:
            return _booleans(numbers, name, place)


def broadcast(values: Array, count: int, name: str, place: str, copies: int = 1) -> Array:
    """Return one value or ``count`` of them as ``count`` values, which all ``copies`` of a batch will have.

    :raises StateError: E702, there are neither one nor ``count``.
    """
    if values.ndim == 0:
        return np.broadcast_to(values, (count,))
    if values.shape != (count,):
        given = str(len(values)) if values.ndim == 1 else f"values of the shape {values.shape}"
        message = f"{given} values are given for {count} elements of '{name}'."
        if values.ndim > 1:
            message = f"{given} are given for {count} elements of '{name}'."
        hint = "give one value, or one for each element"
        hint += f", or {copies} times as many, of the shape ({copies}, {count})" if copies > 1 else ""
        raise errors.StateError("E702", message, place=place, hint=hint)
    return values


def _numbers(value: Any, name: str, place: str) -> tuple[Array, Dimension]:
    try:
        numbers = np.asarray(to_base(value))
    except (ValueError, TypeError) as error:
        if isinstance(error, errors.EqsnnError):
            raise
        numbers = np.asarray(None)
    if numbers.dtype.kind not in "biuf" and numbers.size:
        shown = "this" if numbers.size > 1 else repr(value)
        message = f"'{name}' cannot be set to {shown}: it needs numbers, or a string."
        raise errors.TypeError("E424", message, place=place)
    return numbers, dimension_of(value)


def _fits_every_unit(numbers: Array, dimension: Dimension) -> bool:
    return dimension.is_dimensionless and bool(np.all((numbers == 0) | np.isinf(numbers)))


def _wrong_unit(value: Any, wanted: Dimension, given: Dimension, name: str, place: str) -> errors.DimensionError:
    single = np.ndim(to_base(value)) == 0
    what = "the value is" if single else "the values are"
    kind = "a plain number" if given.is_dimensionless and single else f"in {given}"
    if given.is_dimensionless and not single:
        kind = "plain numbers"
    if wanted.is_dimensionless:
        message = f"'{name}' is a plain number, but {what} {kind}."
        hint = f"divide it by a unit, as in 'x/{example_unit(given)}'"
        return errors.DimensionError("E223", message, place=place, hint=hint)
    message = f"'{name}' is in {wanted}, but {what} {kind}."
    number = f"{value:g}" if isinstance(value, int | float) else "2" if single else "[1, 2, 3]"
    hint = f"give it a unit, as in '{number}*{example_unit(wanted)}'"
    return errors.DimensionError("E223", message, place=place, hint=hint if given.is_dimensionless else None)


def _reals(numbers: Array, name: str, place: str) -> Array:
    values = np.asarray(numbers, np.float64)
    bad = np.isnan(values)
    if bad.any():
        where = "" if values.ndim == 0 else f" (at {int(np.argmax(bad.reshape(-1)))})"
        message = f"'{name}' cannot be set to NaN{where}."
        raise errors.StateError("E703", message, place=place, hint="look at how the value was computed")
    return values


def _integers(numbers: Array, name: str, place: str) -> Array:
    if numbers.dtype.kind == "f" and not np.array_equal(numbers, np.round(numbers)):
        message = f"'{name}' is an integer and cannot be set to {_first(numbers, numbers != np.round(numbers))}."
        raise errors.TypeError("E425", message, place=place, hint="round it first")
    if numbers.size and (numbers.max() >= _LIMIT or numbers.min() < -_LIMIT):
        raise errors.TypeError("E425", f"'{name}' is an integer of 32 bits; a value does not fit.", place=place)
    return numbers.astype(np.int32)


def _booleans(numbers: Array, name: str, place: str) -> Array:
    if numbers.dtype.kind != "b":
        bad = (numbers != 0) & (numbers != 1)
        if bad.any():
            message = f"'{name}' is true or false and cannot be set to {_first(numbers, bad)}."
            raise errors.TypeError("E425", message, place=place, hint="compare first, as in 'x > 0'")
    return numbers.astype(np.bool_)


def _first(numbers: Array, where: Array) -> Any:
    return numbers.reshape(-1)[np.argmax(np.asarray(where).reshape(-1))]
