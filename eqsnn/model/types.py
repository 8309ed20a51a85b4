"""What kind of value an expression has: a machine-level kind and physical dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .dimensions import DIMENSIONLESS, Dimension


class Dtype(Enum):
    """The three kinds of value of the language. Booleans are not numbers until ``int(...)``."""

    REAL = "real"
    INTEGER = "integer"
    BOOLEAN = "boolean"

    def __str__(self) -> str:
        return {"real": "a real number", "integer": "an integer", "boolean": "true or false"}[self.value]


@dataclass(frozen=True, slots=True)
class ValueType:
    """Type of an expression or variable."""

    dtype: Dtype
    dimension: Dimension = DIMENSIONLESS

    @property
    def is_number(self) -> bool:
        """Whether arithmetic is allowed on it."""
        return self.dtype is not Dtype.BOOLEAN


REAL = ValueType(Dtype.REAL)
INTEGER = ValueType(Dtype.INTEGER)
BOOLEAN = ValueType(Dtype.BOOLEAN)


def real(dimension: Dimension) -> ValueType:
    """A real number of these dimensions."""
    return ValueType(Dtype.REAL, dimension)


def join(a: Dtype, b: Dtype) -> Dtype:
    """The kind of a sum or product: real as soon as one of them is."""
    return Dtype.REAL if Dtype.REAL in (a, b) else Dtype.INTEGER
