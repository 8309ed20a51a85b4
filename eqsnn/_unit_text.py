"""How a quantity reads: ``20 ms``, ``[1. 2.] mV``, ``0.5 uA/cm2``; a product of units that has a name, by its name."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from ._astropy_units import resolve
from .model.dimensions import write_product
from .model.unit_names import BASE_UNITS, PREFIXES

_SYMBOL = {name: symbol for name, (symbol, exponent, _) in BASE_UNITS.items() if exponent == 0} | {"kilogram": "kg"}
_PREFIX_OF = {exponent: prefix for prefix, exponent in PREFIXES.items() if exponent % 3 == 0}


def value_and_unit(quantity: Any, separator: str, specification: str = "") -> tuple[str, str]:
    """Return the text of the numbers and of the unit."""
    factor, unit = _choose(quantity)
    value = quantity.view(np.ndarray)
    if factor != 1:
        value = value * factor
    if value.shape:
        text = format(value, specification) if specification else np.array2string(value, separator=separator)
    elif specification:
        text = format(value.item(), specification)
    else:
        text = format(value.item(), ".8g") if value.dtype.kind == "f" else str(value.item())
    return text, unit


def text_of(quantity: Any) -> str:
    """Return a quantity as ``print`` shows it."""
    return " ".join(value_and_unit(quantity, separator=" "))


def symbol_of(unit: Any) -> str:
    """Return the symbol of an astropy unit as eqsnn writes it: ``mV``, ``um2``, ``uA/cm2``, ``mM``."""
    return write_product(_factors(unit), power_sign="")


def _factors(unit: Any) -> list[tuple[str, Fraction]]:
    if not hasattr(unit, "bases"):
        return [(_spell(unit), Fraction(1))]
    pairs = {_spell(base): Fraction(power) for base, power in zip(unit.bases, unit.powers, strict=True)}
    moles = next((name for name, power in pairs.items() if name.endswith("mol") and power == 1), None)
    if moles and pairs.get("l") == -1:  # a concentration is in molar, which astropy does not have
        del pairs[moles], pairs["l"]
        pairs[moles.removesuffix("mol") + "M"] = Fraction(1)
    return sorted(pairs.items(), key=lambda pair: -pair[1])


def _spell(base: Any) -> str:
    return str(base.name).replace("Ohm", "ohm")


def _choose(quantity: Any) -> tuple[float, str]:
    """Return what to multiply the numbers by, and the unit they are then in.

    A unit that somebody wrote stays. A product such as ``nA*Mohm`` becomes the unit that has a name, with the prefix
    that suits the largest of the numbers.
    """
    unit = quantity.unit
    scale, dimension = resolve(unit)
    written = symbol_of(unit)
    simple = unit.scale == 1 and (written.isalnum() or len(dimension.factors) != 1 or dimension.factors[0][1] != 1)
    if simple:
        return 1.0, written
    if len(dimension.factors) == 1 and dimension.factors[0][1] == 1 and dimension.factors[0][0] != "kilogram":
        exponent = _exponent(quantity.view(np.ndarray), scale)
        return scale * float(f"1e{-exponent}"), _PREFIX_OF[exponent] + _SYMBOL[dimension.factors[0][0]]
    return scale, write_product([(_SYMBOL[name], power) for name, power in dimension.factors], power_sign="")


def _exponent(values: Any, scale: float) -> int:
    finite = np.abs(values[np.isfinite(values)]) if values.shape else np.abs(values)
    largest = float(np.max(finite, initial=0.0)) * scale
    if largest == 0 or not math.isfinite(largest):
        return 0
    # A hair above, so that 0.02/20e-6, which is just below a thousand, counts as a thousand.
    exponent = 3 * math.floor(math.log10(largest * (1 + 1e-12)) / 3)
    return max(-24, min(24, exponent))
