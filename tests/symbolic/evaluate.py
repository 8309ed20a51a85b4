"""The meaning of expressions, in numpy: what every translation of them is compared with.

`evaluate` gives the value of one expression, `advance` that of the variables after one step. Entries of a matrix
exponential are computed by mpmath with 60 digits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import mpmath
import numpy as np
import sympy
from numpy.typing import ArrayLike
from sympy.core.relational import Relational

from eqsnn.symbolic import functions as f
from eqsnn.symbolic.system import StateUpdate

Value = np.ndarray | np.generic | float
Table = Callable[..., Value]


def _exprel(x: Value) -> Value:
    x = np.asarray(x, float)
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, np.expm1(safe) / safe)


@lru_cache(maxsize=4096)
def _expm(interval: float, entries: tuple[float, ...]) -> mpmath.matrix:
    size = round(len(entries) ** 0.5)
    with mpmath.workdps(60):
        matrix = mpmath.matrix(size, size)
        for place, entry in enumerate(entries):
            matrix[place // size, place % size] = mpmath.mpf(float(entry)) * mpmath.mpf(float(interval))
        return mpmath.expm(matrix)


def _expm_entry(_: float, row: float, column: float, interval: float, *entries: float) -> float:
    return float(_expm(interval, entries)[int(row), int(column)])


_RELATIONS = {
    sympy.StrictLessThan: np.less,
    sympy.LessThan: np.less_equal,
    sympy.StrictGreaterThan: np.greater,
    sympy.GreaterThan: np.greater_equal,
    sympy.Equality: np.equal,
    sympy.Unequality: np.not_equal,
}

_FUNCTIONS: dict[str, Callable[..., Value]] = {
    "exp": np.exp, "log": np.log, "log10": np.log10, "expm1": np.expm1, "log1p": np.log1p, "exprel": _exprel,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "arcsin": np.arcsin, "arccos": np.arccos, "arctan": np.arctan,
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "abs": np.abs, "sign": np.sign, "floor": np.floor,
    "ceil": np.ceil, "clip": np.clip, "minimum": np.minimum, "maximum": np.maximum, "where": np.where,
    "int": lambda x: np.trunc(np.asarray(x, float)),
    "timestep": lambda t, dt: np.floor((t + 1e-3 * dt) / dt),
    "floordiv": np.floor_divide, "mod": np.mod,
    "expm_entry": np.vectorize(_expm_entry, otypes=[float]),
}  # fmt: skip


class _Evaluator:
    def __init__(
        self, values: Mapping[str, ArrayLike], timed: Mapping[str, Table], random: Mapping[int, float]
    ) -> None:
        self.values = values
        self.timed = timed
        self.random = random

    def __call__(self, x: sympy.Basic) -> Value:
        if isinstance(x, sympy.Symbol):
            return np.asarray(self.values[x.name])[()]
        if isinstance(x, sympy.Number | sympy.NumberSymbol):
            return float(x)
        if x in (sympy.true, sympy.false):
            return bool(x)
        if isinstance(x, f.Timed):
            return self.timed[x.array_name](*map(self, x.args[1:]))
        if isinstance(x, f.Rand | f.Randn | f.Poisson | f.Binomial | f.Exponential):
            return self.random[int(x.args[0])]
        arguments = [self(argument) for argument in x.args]
        return self._apply(x, arguments)

    def _apply(self, x: sympy.Basic, arguments: list[Value]) -> Value:
        if isinstance(x, sympy.Add):
            return sum(arguments[1:], arguments[0])
        if isinstance(x, sympy.Mul):
            return np.multiply.reduce(np.broadcast_arrays(*arguments))
        if isinstance(x, sympy.Pow):
            return np.asarray(arguments[0], float) ** arguments[1]
        if isinstance(x, Relational):
            return _RELATIONS[type(x)](*arguments)
        if isinstance(x, sympy.And | sympy.Or):
            combine = np.logical_and if isinstance(x, sympy.And) else np.logical_or
            return combine.reduce(np.broadcast_arrays(*arguments))
        if isinstance(x, sympy.Not):
            return np.logical_not(arguments[0])
        return _FUNCTIONS[f.NAMES[type(x)]](*arguments)


def evaluate(
    expression: sympy.Basic,
    values: Mapping[str, ArrayLike],
    timed: Mapping[str, Table] | None = None,
    random: Mapping[int, float] | None = None,
) -> Value:
    """The value of an expression; ``random`` gives one for each call site."""
    return _Evaluator(values, timed or {}, random or {})(expression)


def advance(
    update: StateUpdate,
    state: Mapping[str, ArrayLike],
    others: Mapping[str, ArrayLike],
    timed: Mapping[str, Table] | None = None,
    random: Mapping[int, float] | None = None,
) -> dict[str, Value]:
    """The variables after one step; ``others`` gives constants, ``t``, ``dt``, ``not_refractory`` and draws."""
    values = {**others, **state}
    for define in update.defines:
        values[define.symbol.name] = evaluate(define.value, values, timed, random)
    return {name: evaluate(value, values, timed, random) for name, value in update.updates}


def run(
    update: StateUpdate, state: Mapping[str, ArrayLike], others: Mapping[str, ArrayLike], dt: float, steps: int
) -> dict[str, Value]:
    """The variables after a number of steps without noise, from t = 0."""
    now: dict[str, Value] = dict(state)
    for step in range(steps):
        now = advance(update, now, {**others, "t": step * dt, "dt": dt})
    return now
