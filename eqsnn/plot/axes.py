"""What all figures share: axes to draw on, colours, and units that suit the numbers."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..model.unit_names import PREFIXES
from ..optional import require
from ..units import dimension_of, quantity, to_base

CREATED: Final = "#2f6db3"
REMOVED: Final = "#d1495b"
PRESENT: Final = "#3a3a3a"
EXPECTED: Final = "#e0a100"

_PREFIX: Final = {exponent: prefix for prefix, exponent in PREFIXES.items() if exponent % 3 == 0}


def axes_or_current(ax: Any) -> Any:
    """The axes to draw on: those given, else the current ones, which are made where there are none.

    :raises BuildError: E875, matplotlib is not installed.
    """
    if ax is not None:
        return ax
    return require("matplotlib.pyplot", "a figure").gca()


def scaled(values: Any) -> tuple[npt.NDArray[Any], str]:
    """Numbers in a unit whose prefix suits the largest of them, and its symbol: ``[2., 5.], 'nS'``.

    Where there is no dimension the symbol is empty.
    """
    dimension = dimension_of(values)
    numbers = np.asarray(to_base(values))
    if dimension.is_dimensionless:
        return numbers, ""
    symbol = str(quantity(np.float64(1.0), dimension).unit)
    largest = float(np.max(np.abs(numbers), initial=0.0, where=np.isfinite(numbers)))
    if not symbol.isalpha() or symbol == "kg" or largest == 0:
        return numbers, symbol
    exponent = 3 * math.floor(math.log10(largest * (1 + 1e-9)) / 3)
    exponent = max(min(exponent, 0 if symbol == "s" else 24), -24)  # nobody counts in kiloseconds
    return numbers / 10.0**exponent, _PREFIX[exponent] + symbol


def with_unit(label: str, symbol: str) -> str:
    """The label of an axis: ``'weight (nS)'``."""
    return f"{label} ({symbol})" if symbol else label


def finish(ax: Any, **settings: Any) -> Any:
    """Set labels and limits, take away the frame's upper and right line, and return the axes."""
    ax.set(**settings)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
