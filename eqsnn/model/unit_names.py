"""The names of units in equations and in Python, after Brian2. `eqsnn.units` makes the Python objects from it.

A name is a prefix, a unit and a power (``mvolt``, ``umetre2``), or one of the short names (``mV``, ``um2``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from . import dimensions as d
from .dimensions import Dimension

PREFIXES: dict[str, int] = {
    "y": -24, "z": -21, "a": -18, "f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "c": -2, "d": -1,
    "": 0, "da": 1, "h": 2, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18, "Z": 21, "Y": 24,
}  # fmt: skip

# name: (symbol, power of ten to the coherent SI unit, dimension)
BASE_UNITS: dict[str, tuple[str, int, Dimension]] = {
    "metre": ("m", 0, d.METRE),
    "meter": ("m", 0, d.METRE),
    "gram": ("g", -3, d.KILOGRAM),
    "gramme": ("g", -3, d.KILOGRAM),
    "second": ("s", 0, d.SECOND),
    "amp": ("A", 0, d.AMPERE),
    "ampere": ("A", 0, d.AMPERE),
    "kelvin": ("K", 0, d.KELVIN),
    "mole": ("mol", 0, d.MOLE),
    "mol": ("mol", 0, d.MOLE),
    "candela": ("cd", 0, d.CANDELA),
    "hertz": ("Hz", 0, d.HERTZ),
    "newton": ("N", 0, d.NEWTON),
    "pascal": ("Pa", 0, d.PASCAL),
    "joule": ("J", 0, d.JOULE),
    "watt": ("W", 0, d.WATT),
    "coulomb": ("C", 0, d.COULOMB),
    "volt": ("V", 0, d.VOLT),
    "farad": ("F", 0, d.FARAD),
    "ohm": ("ohm", 0, d.OHM),
    "siemens": ("S", 0, d.SIEMENS),
    "weber": ("Wb", 0, d.WEBER),
    "tesla": ("T", 0, d.TESLA),
    "henry": ("H", 0, d.HENRY),
    "becquerel": ("Bq", 0, d.HERTZ),
    "radian": ("rad", 0, d.DIMENSIONLESS),
    "steradian": ("sr", 0, d.DIMENSIONLESS),
    "liter": ("l", -3, d.METRE**3),
    "litre": ("l", -3, d.METRE**3),
    "molar": ("M", 3, d.MOLE / d.METRE**3),
}

# Short names: Brian2's and a few that cannot be taken for a variable. A unit comes before the user's own names, so
# `ns`, `nm` or `m` would silently hide somebody's number of synapses.
SHORT_NAMES: dict[str, str] = {
    "mV": "mvolt", "uV": "uvolt", "mA": "mamp", "uA": "uamp", "nA": "namp", "pA": "pamp",
    "pF": "pfarad", "uF": "ufarad", "nF": "nfarad", "mF": "mfarad",
    "pS": "psiemens", "nS": "nsiemens", "uS": "usiemens", "mS": "msiemens", "ms": "msecond", "us": "usecond",
    "Hz": "hertz", "kHz": "khertz", "MHz": "Mhertz", "GHz": "Ghertz",
    "cm": "cmetre", "cm2": "cmetre2", "cm3": "cmetre3", "mm": "mmetre", "mm2": "mmetre2", "mm3": "mmetre3",
    "um": "umetre", "um2": "umetre2", "um3": "umetre3",
    "mM": "mmolar", "uM": "umolar", "nM": "nmolar",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NamedUnit:
    """A unit by name: its symbol as shown, its exact power of ten to the coherent SI unit, and its dimension."""

    name: str
    symbol: str
    exponent: int
    dimension: Dimension

    @property
    def scale(self) -> float:
        """What one of this unit is in coherent SI units, rounded once."""
        return float(f"1e{self.exponent}")


def find_unit(name: str) -> NamedUnit | None:
    """Return the unit that ``name`` means (``mV``, ``mvolt``, ``metre2``), or None."""
    return _all_names().get(name)


def unit_names() -> Iterator[str]:
    """Iterate over every name of a unit that an equation may use, short names first."""
    return iter(_all_names())


def unit_table() -> Mapping[str, tuple[float, Dimension]]:
    """Map every unit name of the language to its scale (to the coherent SI unit) and dimension."""
    return _scales()


@cache
def _scales() -> dict[str, tuple[float, Dimension]]:
    return {name: (unit.scale, unit.dimension) for name, unit in _all_names().items()}


@cache
def _all_names() -> dict[str, NamedUnit]:
    full = {unit.name: unit for unit in _prefixed_units()}
    full["kilogram"] = full["kilogramme"] = NamedUnit("kilogram", "kg", 0, d.KILOGRAM)
    return {short: full[name] for short, name in SHORT_NAMES.items()} | full


def _prefixed_units() -> Iterator[NamedUnit]:
    for name, (symbol, exponent, dimension) in BASE_UNITS.items():
        for power in (1, 2, 3):
            suffix = "" if power == 1 else str(power)
            raised = dimension**power
            for prefix, shift in PREFIXES.items():
                yield NamedUnit(prefix + name + suffix, prefix + symbol + suffix, (exponent + shift) * power, raised)
