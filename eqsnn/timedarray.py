"""Values that change at fixed times: ``I(t)`` and ``I(t, i)`` in texts and in Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from . import names
from .clocks import seconds
from .grammar import errors
from .model.dimensions import SECOND, Dimension
from .model.symbols import TimedArraySpec
from .model.types import BOOLEAN, INTEGER, ValueType, real
from .units import dimension_of, quantity, to_base

_EPSILON = 1e-6  # of dt: how early a row begins, so that k*dt lies in row k; the same in `eqsnn/functions.h`


class TimedArray:
    """Row ``k`` of ``values`` holds from ``k*dt`` to ``(k + 1)*dt``; the first also before, the last for ever after.

    ``values`` has the shape (times,) or (times, columns), with a unit or without; integers and truth values stay what
    they are. In a text, write ``I(t)``, or ``I(t, i)`` for a column: the first and last columns stand for those beyond.

    Example: ``I = TimedArray([0, 1, 0]*nA, dt=10*ms)`` and ``dv/dt = (R*I(t) - v)/tau : volt``.

    :raises StateError: E720, the shape is not as above; E721, a value is NaN; E722, an integer of more than 32 bits.
    :raises DimensionError: E220, ``dt`` is not a time.
    """

    def __init__(self, values: Any, dt: Any, name: str | None = None) -> None:
        self.name = names.claim("timedarray", name, self)
        self._dt = seconds(dt, "dt")
        self.dimension = dimension_of(values)
        self._values = _checked(to_base(values), self.dimension, f"TimedArray '{self.name}'")

    @property
    def values(self) -> Any:
        """A quantity of shape (times,) or (times, columns)."""
        return quantity(self._values.copy(), self.dimension)

    @property
    def array(self) -> npt.NDArray[Any]:
        """The values in SI base units: contiguous, float64, int32 or bool, not to be changed."""
        return self._values

    @property
    def dt(self) -> Any:
        """How long each row holds, a quantity in seconds."""
        return quantity(self._dt, SECOND)

    @property
    def dt_(self) -> float:
        """How long each row holds, in seconds."""
        return self._dt

    @property
    def spec(self) -> TimedArraySpec:
        """What the compiler sees of it."""
        columns = None if self._values.ndim == 1 else self._values.shape[1]
        return TimedArraySpec(self.name, self._type(), columns)

    def __call__(self, t: Any, i: Any = None) -> Any:
        """Values at times ``t`` (a quantity or an array of them), for a 2-d array in columns ``i``, with their unit.

        :raises DimensionError: E221, ``t`` is not a time.
        :raises StateError: E723, ``i`` is missing, not wanted, or out of range.
        """
        if dimension_of(t) != SECOND:
            message = f"{self.name}(t) needs a time, not {t!r}."
            raise errors.DimensionError("E221", message, hint="give it a unit: 10*ms")
        times = np.asarray(to_base(t), float)
        rows = np.clip(np.floor((times + _EPSILON * self._dt) / self._dt), 0, len(self._values) - 1).astype(np.int64)
        if self._values.ndim == 1:
            if i is not None:
                raise errors.StateError("E723", f"'{self.name}' has one dimension: call it as {self.name}(t).")
            return quantity(self._values[rows], self.dimension)
        return quantity(self._values[rows, self._columns(i)], self.dimension)

    def _columns(self, i: Any) -> npt.NDArray[Any]:
        count = self._values.shape[1]
        if i is None:
            raise errors.StateError("E723", f"'{self.name}' has two dimensions: call it as {self.name}(t, i).")
        columns = np.asarray(i)
        if columns.dtype.kind not in "iu" or (columns.size and (columns.min() < 0 or columns.max() >= count)):
            raise errors.StateError("E723", f"columns of '{self.name}' are integers from 0 to {count - 1}, not {i!r}.")
        return columns

    def _type(self) -> ValueType:
        kind = self._values.dtype.kind
        if kind == "b":
            return BOOLEAN
        return INTEGER if kind == "i" else real(self.dimension)

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self._values.shape))
        return f"<TimedArray '{self.name}': {shape} values in {self.dimension}, one every {self._dt * 1e3:g} ms>"


def _checked(given: Any, dimension: Dimension, place: str) -> npt.NDArray[Any]:
    values = np.asarray(given)
    if values.ndim not in (1, 2) or not values.size or values.dtype.kind not in "biuf":
        what = "" if values.dtype.kind in "biuf" else f" of type {values.dtype}"
        message = f"values{what} of the shape {values.shape} cannot be a TimedArray."
        hint = "it needs numbers, in the shape (times,) or (times, columns)"
        raise errors.StateError("E720", message, place=place, hint=hint)
    if values.dtype.kind == "b":
        return np.array(values, np.bool_, order="C")
    if values.dtype.kind == "f" or not dimension.is_dimensionless:
        bad = np.argwhere(np.isnan(values))
        if len(bad):
            raise errors.StateError("E721", f"the value at {', '.join(map(str, bad[0]))} is NaN.", place=place)
        return np.array(values, np.float64, order="C")
    if int(values.max()) >= 1 << 31 or int(values.min()) < -(1 << 31):
        message = "an integer is too large for 32 bits."
        raise errors.StateError("E722", message, place=place, hint="give floating-point values")
    return np.array(values, np.int32, order="C")
