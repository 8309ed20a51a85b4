"""IR expressions as C++: one line each, fully parenthesised; nothing is decided here."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from ..ir import (
    BOOL,
    DOUBLE,
    INT,
    LONG,
    REAL,
    Argument,
    Array,
    Binary,
    Call,
    Cast,
    Expression,
    Literal,
    Load,
    Local,
    Random,
    Select,
    Type,
    Unary,
)

STANDARD = {
    "exp": "std::exp", "log": "std::log", "log10": "std::log10", "expm1": "std::expm1", "log1p": "std::log1p",
    "sqrt": "std::sqrt", "sin": "std::sin", "cos": "std::cos", "tan": "std::tan", "arcsin": "std::asin",
    "arccos": "std::acos", "arctan": "std::atan", "sinh": "std::sinh", "cosh": "std::cosh", "tanh": "std::tanh",
    "floor": "std::floor", "ceil": "std::ceil", "pow": "std::pow", "abs": "absolute",
}  # fmt: skip
_OPERATOR = {"and": "&", "or": "|"}  # without a jump: both sides are pure, and truth values are 0 or 1


def identifier(name: str) -> str:
    """A name that C++ accepts, the same for the same text."""
    return re.sub(r"\W", "_", name)


def array_name(array: Array) -> str:
    """The pointer to an array."""
    return "p_" + identifier(array.name)


def projection_name(name: str) -> str:
    """The pointer to a projection's storage."""
    return "r_" + identifier(name)


@dataclass(frozen=True, slots=True)
class Printer:
    """Prints expressions; ``random`` prints a draw, which depends on the kind of loop it stands in.

    ``real`` is ``'real'``, or ``'double'`` in code that runs once for a run.
    """

    random: Callable[[Random], str]
    real: str = "real"

    def type(self, type_: Type) -> str:
        """Name of a machine type."""
        return self.real if type_ is REAL else type_.value

    def __call__(self, x: Expression) -> str:
        """Print an expression."""
        match x:
            case Literal(value, type_):
                return self.literal(value, type_)
            case Local(name, _):
                return identifier(name)
            case Argument(name, _):
                return "a_" + identifier(name)
            case Load(array, index) if array.type is BOOL:
                return f"({self.load(array, index)} != 0)"
            case Load(array, index):
                return self.load(array, index)
            case Unary(operator, operand):
                return f"({'!' if operator == 'not' else '-'}{self(operand)})"
            case Binary(operator, left, right):
                return f"({self(left)} {_OPERATOR.get(operator, operator)} {self(right)})"
            case Select(condition, then, orelse):
                return f"({self(condition)} ? {self(then)} : {self(orelse)})"
            case Cast(operand, type_):
                return f"static_cast<{self.type(type_)}>({self(operand)})"
            case Call(function, arguments, _):
                return f"{STANDARD.get(function, function)}({', '.join(map(self, arguments))})"
            case Random():
                return self.random(x)
            case _:
                assert_never(x)

    def literal(self, value: float | int | bool, type_: Type) -> str:
        """A number in C++."""
        if type_ is BOOL:
            return "true" if value else "false"
        if type_ in (INT, LONG):
            text = str(int(value)) if type_ is INT else f"INT64_C({int(value)})"
            return f"({text})" if value < 0 else text
        text = repr(float(value))
        if math.isinf(value):
            text = "INFINITY" if value > 0 else "(-INFINITY)"
        elif math.isnan(value):
            text = "NAN"
        if type_ is DOUBLE or self.real == "double":
            return f"({text})" if value < 0 else text
        return f"real({text})"

    def load(self, array: Array, index: Expression) -> str:
        """An element of an array."""
        match array.space:
            case "live":
                return f"{projection_name(array.projection or '')}->live"
            case "row_length":
                return f"{projection_name(array.projection or '')}->row_length[{self(index)}]"
            case "column_length":
                return f"{projection_name(array.projection or '')}->col_length[{self(index)}]"
            case "flat" | "slot" | "aside":
                return f"{array_name(array)}[{self(index)}]"
            case _:
                assert_never(array.space)
