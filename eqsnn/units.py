"""Physical quantities in Python: ``20*ms``, ``[1, 2]*mV``, ``exp(-dt/tau)``, under Brian2's unit names.

A `Quantity` is an array of `astropy.units` that keeps the unit it was given (``0.1*ms`` stays ``0.1 ms``), with three
habits of its own: what has no dimension is a plain number at once (``ms/second`` is ``0.001``), a scalar is a value
that no ``+=`` elsewhere can change, and a misfit of units is a `DimensionError` in the user's words. `Unit`\\ s are
quantities too. Names with rare prefixes (``Yfarad``) are made when first asked for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import astropy.units as _astropy
import numpy as np

from ._astropy_units import astropy_unit, coherent_unit, resolve
from ._unit_text import symbol_of, text_of, value_and_unit
from .grammar.errors import DimensionError
from .model.dimensions import DIMENSIONLESS, Dimension
from .model.unit_names import SHORT_NAMES, NamedUnit, find_unit
from .model.unit_names import unit_table as unit_table


class Quantity(_astropy.Quantity):  # type: ignore[misc]
    """Numbers with a physical unit; an array or a scalar. Arithmetic checks dimensions and raises `DimensionError`."""

    _repr_latex_ = None  # a notebook shows the same text as a terminal

    def __array_ufunc__(self, function: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        with _misfit_explained(function.__name__, inputs):
            return _plain(super().__array_ufunc__(function, method, *inputs, **kwargs))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        with _misfit_explained(function.__name__, args):
            return _plain(super().__array_function__(function, types, args, kwargs))

    def __quantity_subclass__(self, unit: Any) -> tuple[type, bool]:
        return Quantity, False

    def to(self, unit: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the same quantity in another unit."""
        with _misfit_explained("to", (self, unit)):
            return super().to(unit, *args, **kwargs)

    def to_value(self, unit: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return the plain numbers that this quantity is in ``unit``."""
        with _misfit_explained("to", (self, unit)):
            return super().to_value(unit, *args, **kwargs)

    def tolist(self) -> Any:
        """Return a list of quantities, nested as the array is; of a scalar, the quantity itself."""
        return [part.tolist() for part in self] if self.shape else self

    def __setitem__(self, item: Any, value: Any) -> None:
        with _misfit_explained("assign", (self, value)):
            super().__setitem__(item, value)

    # ---- scalars are values: `tau *= 2` gives `tau` a new one and changes no other name for the old one

    def __iadd__(self, other: Any) -> Any:
        return self + other if self.shape == () else super().__iadd__(other)

    def __isub__(self, other: Any) -> Any:
        return self - other if self.shape == () else super().__isub__(other)

    def __imul__(self, other: Any) -> Any:
        return self * other if self.shape == () else _plain(super().__imul__(other))

    def __itruediv__(self, other: Any) -> Any:
        return self / other if self.shape == () else _plain(super().__itruediv__(other))

    def __ipow__(self, other: Any) -> Any:
        return self**other if self.shape == () else super().__ipow__(other)

    # ---- arithmetic with a unit of astropy itself; `_plain` because these do not pass through a ufunc

    def __mul__(self, other: Any) -> Any:
        return _plain(super().__mul__(other))

    def __truediv__(self, other: Any) -> Any:
        return _plain(super().__truediv__(other))

    def __rtruediv__(self, other: Any) -> Any:
        return _plain(super().__rtruediv__(other))

    def __pow__(self, other: Any) -> Any:
        return _plain(super().__pow__(other))

    # ---- conversion to plain Python

    def __bool__(self) -> bool:
        return bool(self.view(np.ndarray))

    def __float__(self) -> float:
        return float(self._number("float"))

    def __int__(self) -> int:
        return int(self._number("int"))

    def _number(self, wanted: str) -> Any:
        number = _plain(self)
        if isinstance(number, _astropy.Quantity):
            raise _needs_numbers(f"{wanted}() needs a plain number", self)
        return number

    # ---- text

    def __str__(self) -> str:
        return " ".join(value_and_unit(self, separator=" "))

    def __repr__(self) -> str:
        return "*".join(value_and_unit(self, separator=", "))

    def __format__(self, specification: str) -> str:
        return " ".join(value_and_unit(self, separator=" ", specification=specification))


class Unit(Quantity):
    """A unit by name, such as ``mvolt``: one of it, which nothing can change."""

    _eqsnn_name = ""

    def __str__(self) -> str:
        return symbol_of(self.unit)

    def __repr__(self) -> str:
        return self._eqsnn_name or super().__repr__()

    def __format__(self, specification: str) -> str:
        return format(str(self), specification)

    def __reduce__(self) -> Any:
        return (_unit, (self._eqsnn_name,)) if self._eqsnn_name else super().__reduce__()

    def __copy__(self) -> Unit:
        return self

    def __deepcopy__(self, memo: Any) -> Unit:
        return self


def dimension_of(value: Any) -> Dimension:
    """Return the physical dimension of a quantity, a unit, a list of quantities, or anything plain.

    :raises DimensionError: E293, a list that mixes dimensions, or a unit outside the SI system.
    """
    if isinstance(value, _astropy.Quantity):
        return resolve(value.unit)[1]
    if isinstance(value, _astropy.UnitBase):
        return resolve(value)[1]
    if isinstance(value, list | tuple) and _holds_quantity(value):
        return dimension_of(_gather(value))
    if _is_view(value):
        return dimension_of(value.get())
    return DIMENSIONLESS


def to_base(value: Any) -> Any:
    """Return ``value`` in coherent SI base units: a Python number for a scalar, else an array.

    Plain integers and booleans keep their type; a quantity already in such a unit gives a view, not a copy.
    """
    if isinstance(value, _astropy.UnitBase):
        return resolve(value)[0]
    if isinstance(value, list | tuple):
        value = _gather(value)
    elif _is_view(value):
        value = value.get()
    if isinstance(value, _astropy.Quantity):
        scale, number = resolve(value.unit)[0], value.view(np.ndarray)
        value = number if scale == 1 else number * scale
    if isinstance(value, np.ndarray | np.generic) and value.ndim == 0:
        return value.item()
    return value


def quantity(array: Any, dimension: Dimension) -> Any:
    """Attach the coherent SI unit of ``dimension`` to numbers in base units, without a copy; where it is 1, none."""
    if dimension.is_dimensionless:
        return array
    result: Any = np.asarray(array).view(Quantity)
    result._set_unit(coherent_unit(dimension))
    return result


def have_same_dimensions(first: Any, second: Any) -> bool:
    """Whether two values could be added: ``have_same_dimensions(3*mV, 2*volt)``."""
    return dimension_of(first) == dimension_of(second)


def _plain(result: Any) -> Any:
    """Return what has no dimension as plain numbers, anything else as it is."""
    if isinstance(result, _astropy.Quantity):
        scale, dimension = resolve(result.unit)
        if dimension is DIMENSIONLESS:
            return result.value if scale == 1 else result.value * scale
    elif isinstance(result, tuple):
        parts = [_plain(part) for part in result]
        return type(result)._make(parts) if hasattr(result, "_make") else tuple(parts)
    return result


def _is_view(value: Any) -> bool:
    """Whether a value is a variable of a group (`eqsnn.state.VariableView`), which gets its values when asked."""
    return hasattr(type(value), "get") and hasattr(type(value), "__array_function__")


def _holds_quantity(values: Any) -> bool:
    if isinstance(values, list | tuple):
        return any(_holds_quantity(value) for value in values)
    return isinstance(values, _astropy.Quantity) or _is_view(values)


def _gather(values: Any) -> Any:
    """Return nested lists as one array; a quantity in the first unit found, where there is any."""
    if not _holds_quantity(values):
        return np.asarray(values)
    parts = [_gather(v) if isinstance(v, list | tuple) else v.get() if _is_view(v) else v for v in values]
    if not _holds_quantity(parts):
        return np.asarray(parts)
    unit = next(part.unit for part in parts if isinstance(part, _astropy.Quantity))
    if len({dimension_of(part) for part in parts}) > 1:
        raise _explain("array", parts)
    return Quantity(parts, unit)


# ---- errors ---------------------------------------------------------------------------------------------------------

_VERBS = {
    "add": "add", "subtract": "subtract", "less": "compare", "less_equal": "compare", "greater": "compare",
    "greater_equal": "compare", "minimum": "compare", "maximum": "compare", "to": "convert", "assign": "assign",
    "array": "put in one array", "concatenate": "put in one array",
}  # fmt: skip


@contextlib.contextmanager
def _misfit_explained(operation: str, operands: Any) -> Iterator[None]:
    try:
        yield
    except _astropy.UnitsError:
        raise _explain(operation, operands) from None


def _explain(operation: str, operands: Any) -> DimensionError:
    """Make the error for an operation of numpy on operands that do not fit."""
    if operation == "power":
        return _needs_numbers("an exponent must be a plain number", operands[-1])
    pair = _first_misfit(operands)
    if pair is None:
        given = next((operand for operand in operands if isinstance(operand, _astropy.Quantity)), None)
        return _needs_numbers(f"{operation} needs plain numbers without a unit", given)
    doing = _VERBS.get(operation, f"use {operation} on")
    link = {"to": " to ", "assign": " from "}.get(operation, " and ")
    return DimensionError("E291", f"cannot {doing} {link.join(map(_show, pair))}: the dimensions differ")


def _first_misfit(operands: Any) -> tuple[Any, Any] | None:
    """Return the first quantity and the first operand that cannot be added to it, in the order they were written."""
    flat: list[Any] = []
    for operand in operands:
        flat.extend(operand if isinstance(operand, list | tuple) and _holds_quantity(operand) else [operand])
    dimensions = [dimension_of(operand) for operand in flat]
    for k, first in enumerate(flat):
        if isinstance(first, _astropy.Quantity):
            for m, second in enumerate(flat):
                truth_value = np.asarray(second).dtype.kind == "b"  # the condition of `where`, say
                if dimensions[m] != dimensions[k] and not truth_value:
                    return (first, second) if k < m else (second, first)
    return None


def _needs_numbers(rule: str, operand: Any) -> DimensionError:
    given = "" if operand is None else f", but was given {_show(operand)}"
    hint = "divide by a unit or by another quantity of the same dimension first, as in x/mV"
    return DimensionError("E292", rule + given, hint=hint)


def _show(operand: Any) -> str:
    if isinstance(operand, Unit | _astropy.UnitBase):
        return symbol_of(getattr(operand, "unit", operand))
    if isinstance(operand, _astropy.Quantity):
        shown = f"values in {symbol_of(operand.unit)}" if operand.shape else text_of(operand)
        return f"{shown} ({dimension_of(operand)})"
    return f"{operand} (a plain number)" if np.ndim(operand) == 0 else "an array of plain numbers"


# ---- the names ------------------------------------------------------------------------------------------------------


def _unit(name: str) -> Unit:
    """Return the unit of that name, always the same object."""
    found: Unit = globals().get(name) or __getattr__(name)
    return found


def __getattr__(name: str) -> Any:
    named = None if name.startswith("_") else find_unit(name)
    if named is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    unit = globals().get(named.name)
    if unit is None:
        unit = globals()[named.name] = _make(named)
    globals()[name] = unit
    return unit


def _make(named: NamedUnit) -> Any:
    if named.dimension.is_dimensionless:
        return named.scale
    unit: Any = np.array(1.0).view(Unit)
    unit._set_unit(astropy_unit(named.symbol))
    unit._eqsnn_name = named.name
    unit.flags.writeable = False
    return unit


def _star_names() -> list[str]:
    """List what ``from eqsnn import *`` brings: Brian2's choice, and squared and cubed lengths."""
    usual = ("p", "n", "u", "m", "", "k", "M", "G", "T")
    units = ["metre", "meter", "second", "amp", "mole", "gram", "gramme", "coulomb", "farad", "hertz", "joule", "molar"]
    units += ["liter", "litre", "pascal", "ohm", "siemens", "volt", "watt"]
    names = [prefix + unit for unit in units for prefix in usual]
    names += [f"{prefix}{unit}{power}" for unit in ("metre", "meter") for prefix in (*"cmun", "") for power in (2, 3)]
    names += ["cmetre", "cmeter", "ampere", "kelvin", "kilogram", "candela", "newton", "weber", "tesla", "henry"]
    return names + list(SHORT_NAMES)


__all__ = ["Quantity", "Unit", "have_same_dimensions", *_star_names()]
