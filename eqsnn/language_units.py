"""The unit names of the language, as the compiler's scopes look them up."""

from __future__ import annotations

from functools import cache

from .model.scope import Units
from .model.symbols import Constant
from .model.types import real
from .units import unit_table


@cache
def units() -> Units:
    """All unit names, each a literal constant of its scale to the SI base unit, with its dimensions."""
    table = unit_table().items()
    return Units({name: Constant(name, scale, real(dimension), literal=True) for name, (scale, dimension) in table})
