"""The functions of the language: how many arguments each takes, and what it makes of their dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .types import Dtype

Rule: TypeAlias = Literal[
    "dimensionless",  # every argument a plain number, result a plain number
    "sqrt",  # square root of the argument's dimensions
    "same",  # all arguments alike, result likewise
    "where",  # truth value, then two alike
    "number",  # int(): truth value or plain number
    "sign",  # any dimensions in, plain number out
    "timestep",  # two times in, an integer out
    "draw",  # no argument
]


@dataclass(frozen=True, slots=True)
class FunctionRule:
    """Arity and dimension rule of a function; ``result`` overrides the kind of number that the rule gives."""

    rule: Rule
    arguments: tuple[int, int]
    result: Dtype | None = None
    random: bool = False


_PLAIN = FunctionRule("dimensionless", (1, 1), Dtype.REAL)

FUNCTIONS: dict[str, FunctionRule] = {
    **dict.fromkeys(
        ("exp", "log", "log10", "expm1", "log1p", "exprel", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh",
         "cosh", "tanh"), _PLAIN,
    ),
    "sqrt": FunctionRule("sqrt", (1, 1), Dtype.REAL),
    "abs": FunctionRule("same", (1, 1)),
    "floor": FunctionRule("same", (1, 1)),
    "ceil": FunctionRule("same", (1, 1)),
    "sign": FunctionRule("sign", (1, 1), Dtype.REAL),
    "clip": FunctionRule("same", (3, 3)),
    "minimum": FunctionRule("same", (2, 2)),
    "maximum": FunctionRule("same", (2, 2)),
    "int": FunctionRule("number", (1, 1), Dtype.INTEGER),
    "where": FunctionRule("where", (3, 3)),
    "timestep": FunctionRule("timestep", (2, 2), Dtype.INTEGER),
    "rand": FunctionRule("draw", (0, 0), Dtype.REAL, random=True),
    "randn": FunctionRule("draw", (0, 0), Dtype.REAL, random=True),
    "poisson": FunctionRule("dimensionless", (1, 1), Dtype.INTEGER, random=True),
    "binomial": FunctionRule("dimensionless", (2, 2), Dtype.INTEGER, random=True),
    "exponential": FunctionRule("same", (1, 1), Dtype.REAL, random=True),
}

AGGREGATES: dict[str, tuple[int, int]] = {
    "count": (0, 1), "sum": (1, 1), "mean": (1, 1), "min": (1, 1), "max": (1, 1), "quantile": (2, 2), "rank": (1, 1),
}  # fmt: skip
"""What rules ask of all synapses, or of those of each neuron, with the least and most number of arguments."""

BATCH_REDUCTIONS = ("batch_sum", "batch_mean", "batch_min", "batch_max")
"""What rules, and texts that run at once, ask of all networks of a batch."""
