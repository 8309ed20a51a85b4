"""Between the units of astropy and the dimensions and unit symbols of eqsnn. Only this file knows astropy's bases."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import Any

import astropy.units as _astropy

from .grammar.errors import DimensionError
from .model.dimensions import DIMENSIONLESS, Dimension

_BASES = {"m": 0, "kg": 1, "s": 2, "A": 3, "K": 4, "mol": 5, "cd": 6}
_COHERENT = {
    "volt": "V", "amp": "A", "siemens": "S", "farad": "F", "ohm": "ohm", "second": "s", "metre": "m", "mole": "mol",
    "kelvin": "K", "coulomb": "C", "kilogram": "kg", "candela": "cd", "hertz": "Hz", "joule": "J", "watt": "W",
    "newton": "N", "pascal": "Pa",
}  # fmt: skip


@lru_cache(maxsize=4096)
def resolve(unit: Any) -> tuple[float, Dimension]:
    """Return the scale of an astropy unit to the coherent SI unit, and its dimension."""
    base = unit.decompose()
    exponents = [Fraction(0)] * 7
    for part, power in zip(base.bases, base.powers, strict=True):
        if part.name in _BASES:
            exponents[_BASES[part.name]] += Fraction(power).limit_denominator(1000)
        elif part.name != "rad":  # an angle is a plain number
            raise DimensionError("E293", f"{part.name} is not a unit of the SI system, and a model cannot use it")
    dimension = Dimension(*exponents)
    return _tidy(float(base.scale)), DIMENSIONLESS if dimension.is_dimensionless else dimension


def _tidy(scale: float) -> float:
    """Undo the rounding errors of a product of prefixes, so that ms/us is 1000 and not one bit less."""
    exact = float(f"1e{round(math.log10(scale))}")
    return exact if abs(scale / exact - 1) < 1e-12 else scale


@lru_cache(maxsize=1024)
def coherent_unit(dimension: Dimension) -> Any:
    """Return the astropy unit in which ``dimension`` has scale 1, by its usual name (volt rather than J/C)."""
    unit = _astropy.dimensionless_unscaled
    for name, power in dimension.factors:
        unit = unit * getattr(_astropy, _COHERENT[name]) ** power
    return unit


def astropy_unit(symbol: str) -> Any:
    """Return the astropy unit for a symbol of `eqsnn.model.unit_names`, such as ``um2``."""
    if symbol[-1] in "23":
        return astropy_unit(symbol[:-1]) ** int(symbol[-1])
    if symbol.endswith("M"):  # molar: astropy has moles and litres only
        return astropy_unit(symbol[:-1] + "mol") / _astropy.l
    if symbol == "as":  # the attosecond, which astropy leaves out because `as` is a keyword
        return astropy_unit("fs") * 1e-3
    return getattr(_astropy, symbol)
