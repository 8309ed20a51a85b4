"""Physical dimensions as exact values, and how they read. Nothing here knows about astropy or about scales.

VOLT / SECOND == Dimension(metre=2, kilogram=1, second=-4, ampere=-1)
str(VOLT / SECOND) == 'volt/second'
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import cache, lru_cache
from typing import TypeAlias

Exponent: TypeAlias = Fraction | int | float
Factors: TypeAlias = tuple[tuple[str, Fraction], ...]

_ZERO = Fraction(0)
# A float exponent is taken for the simplest fraction near it, so that **(1/3) means a third and not 2**-54 less.
_LARGEST_DENOMINATOR = 1000


def rational(exponent: Exponent) -> Fraction:
    """Give ``exponent`` as an exact fraction; a float stands for the simplest fraction it rounds to."""
    if isinstance(exponent, float):
        return Fraction(exponent).limit_denominator(_LARGEST_DENOMINATOR)
    return Fraction(exponent)


@dataclass(frozen=True, slots=True)
class Dimension:
    """A physical dimension: the exponents of the seven SI base units. Build new ones with ``*``, ``/`` and ``**``."""

    metre: Fraction = _ZERO
    kilogram: Fraction = _ZERO
    second: Fraction = _ZERO
    ampere: Fraction = _ZERO
    kelvin: Fraction = _ZERO
    mole: Fraction = _ZERO
    candela: Fraction = _ZERO

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, rational(getattr(self, field.name)))

    @property
    def exponents(self) -> tuple[Fraction, ...]:
        """The seven exponents, in the order metre, kilogram, second, ampere, kelvin, mole, candela."""
        return (self.metre, self.kilogram, self.second, self.ampere, self.kelvin, self.mole, self.candela)

    @property
    def factors(self) -> Factors:
        """The shortest usual way to write this dimension, as powers of named units; the language can read it."""
        return _factors(self)

    @property
    def is_dimensionless(self) -> bool:
        """Whether this is the dimension of a plain number."""
        return not any(self.exponents)

    def __mul__(self, other: Dimension) -> Dimension:
        return _multiply(self, other) if isinstance(other, Dimension) else NotImplemented

    def __truediv__(self, other: Dimension) -> Dimension:
        return _multiply(self, other**-1) if isinstance(other, Dimension) else NotImplemented

    def __pow__(self, exponent: Exponent) -> Dimension:
        return _raise(self, rational(exponent))

    def __str__(self) -> str:
        return write_product(self.factors)

    def __repr__(self) -> str:
        parts = (f"{field.name}={value}" for field in fields(self) if (value := getattr(self, field.name)))
        return f"Dimension({', '.join(parts)})"


@lru_cache(maxsize=4096)
def _multiply(left: Dimension, right: Dimension) -> Dimension:
    return Dimension(*(a + b for a, b in zip(left.exponents, right.exponents, strict=True)))


@lru_cache(maxsize=4096)
def _raise(base: Dimension, exponent: Fraction) -> Dimension:
    return Dimension(*(a * exponent for a in base.exponents))


_ONE = Fraction(1)

DIMENSIONLESS = Dimension()
METRE = Dimension(metre=_ONE)
KILOGRAM = Dimension(kilogram=_ONE)
SECOND = Dimension(second=_ONE)
AMPERE = Dimension(ampere=_ONE)
KELVIN = Dimension(kelvin=_ONE)
MOLE = Dimension(mole=_ONE)
CANDELA = Dimension(candela=_ONE)

HERTZ = SECOND**-1
NEWTON = KILOGRAM * METRE / SECOND**2
PASCAL = NEWTON / METRE**2
JOULE = NEWTON * METRE
WATT = JOULE / SECOND
COULOMB = AMPERE * SECOND
VOLT = WATT / AMPERE
OHM = VOLT / AMPERE
SIEMENS = OHM**-1
FARAD = COULOMB / VOLT
WEBER = VOLT * SECOND
TESLA = WEBER / METRE**2
HENRY = WEBER / AMPERE

# The words a neuroscientist uses, the likeliest first. A weber is left out: 'volt*second' says more.
_NAMED: tuple[tuple[str, Dimension], ...] = (
    ("volt", VOLT),
    ("amp", AMPERE),
    ("siemens", SIEMENS),
    ("farad", FARAD),
    ("ohm", OHM),
    ("second", SECOND),
    ("metre", METRE),
    ("mole", MOLE),
    ("kelvin", KELVIN),
    ("coulomb", COULOMB),
    ("kilogram", KILOGRAM),
    ("candela", CANDELA),
    ("hertz", HERTZ),
    ("joule", JOULE),
    ("watt", WATT),
    ("newton", NEWTON),
    ("pascal", PASCAL),
)
_BASE_NAMES = ("metre", "kilogram", "second", "amp", "kelvin", "mole", "candela")
_FIRST_POWERS = (_ONE, Fraction(2), Fraction(1, 2))
_SECOND_POWERS = tuple(Fraction(n) for n in ("-1", "-2", "-3", "-1/2", "1", "2", "3", "1/2"))
_PER = ("second", "metre", "mole", "kelvin")  # what things are usually counted per


@lru_cache(maxsize=1024)
def _factors(dimension: Dimension) -> Factors:
    if dimension.is_dimensionless:
        return ()
    for name, named in _NAMED:
        if dimension == named:
            return ((name, _ONE),)
    base = tuple((name, power) for name, power in zip(_BASE_NAMES, dimension.exponents, strict=True) if power)
    if len(base) == 1:
        return base
    return _pairs().get(dimension, base)


@cache
def _pairs() -> dict[Dimension, Factors]:
    """Give the simplest spelling of each product of powers of two named units; built when first needed."""
    table: dict[Dimension, Factors] = {}

    def add(*factors: tuple[str, Fraction]) -> None:
        dimension = DIMENSIONLESS
        for name, power in factors:
            dimension *= named[name] ** power
        table.setdefault(dimension, factors)

    named = {name: dimension for name, dimension in _NAMED if name != "hertz"}
    for power in (Fraction(n) for n in ("2", "1/2", "-1", "-2", "-1/2")):
        for name in named:
            add((name, power))
    for first_power in _FIRST_POWERS:
        for second_power in _SECOND_POWERS:
            for first in named:
                for second in _PER:
                    add((first, first_power), (second, second_power))
    for power in (-_ONE, _ONE):
        for first in named:
            for second in named:
                add((first, _ONE), (second, power))
    return table


def write_product(factors: Iterable[tuple[str, Fraction]], power_sign: str = "**") -> str:
    """Write powers of names as one expression: ``amp/metre**2``, ``second**-0.5``."""
    factors = tuple(factors)
    above = [_power(name, power, power_sign) for name, power in factors if power > 0]
    if not above:
        return "*".join(_power(name, power, power_sign) for name, power in factors) or "1"
    below = ["/" + _power(name, -power, power_sign) for name, power in factors if power < 0]
    return "*".join(above) + "".join(below)


def _power(name: str, power: Fraction, sign: str) -> str:
    if power == 1:
        return name
    if power.denominator == 1:
        return f"{name}{sign if power > 0 else '**'}{power}"
    decimal = str(float(power))
    return f"{name}**{decimal}" if Fraction(decimal) == power else f"{name}**({power})"
