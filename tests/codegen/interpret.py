"""Executes kernels of the IR in plain Python, element by element: what the passes must not change.

REAL and DOUBLE are both double here. Random numbers come from a function of the call's site and the element.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from eqsnn.codegen import ir
from eqsnn.codegen.passes.verify import outer_local

Draw = Callable[[int, tuple[tuple[str, int], ...]], float]


def _floordiv(a: float, b: float) -> float:
    return math.floor(a / b) if isinstance(a, float) else a // b


def _exprel(x: float) -> float:
    return math.expm1(x) / x if x else 1.0


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": math.exp, "log": math.log, "log10": math.log10, "expm1": math.expm1, "log1p": math.log1p, "exprel": _exprel,
    "sqrt": math.sqrt, "sin": math.sin, "cos": math.cos, "tanh": math.tanh, "sign": lambda x: float(np.sign(x)),
    "floor": lambda x: float(math.floor(x)), "ceil": lambda x: float(math.ceil(x)), "abs": abs,
    "minimum": min, "maximum": max, "clip": lambda x, low, high: min(max(x, low), high),
    "floordiv": _floordiv, "mod": lambda a, b: a - _floordiv(a, b) * b, "pow": math.pow,
    "timestep": lambda t, dt: math.floor((t + 1e-3 * dt) / dt),
    "timed_row": lambda t, dt, rows: min(max(math.floor(t / dt + 1e-6), 0), rows - 1),
    "timed_cell": lambda row, column, columns: row * columns + min(max(column, 0), columns - 1),
    **{f"power{n}": lambda x, n=n: x**n for n in range(2, 9)},
}  # fmt: skip


@dataclass
class Machine:
    """Storage, arguments and random numbers. ``log`` has what was created, removed and recorded."""

    arrays: dict[str, np.ndarray]
    arguments: dict[str, Any]
    draw: Draw = lambda site, element: math.sin(1.0 + 7.0 * site + sum(3.0 * v for _, v in element))
    log: list[tuple[Any, ...]] = field(default_factory=list)
    element: dict[str, Any] = field(default_factory=dict)

    def setup(self, program: ir.ProgramIR) -> None:
        """Compute what is computed once for a run."""
        local: dict[str, Any] = {}
        for let in program.setup:
            local[let.local.name] = self.value(let.value, local)
        self.arguments.update(local)

    def run(self, kernel: ir.Kernel, elements: Iterable[Mapping[str, Any]]) -> None:
        """Run a kernel over the given elements: what its domain binds for each."""
        prologue: dict[str, Any] = {}
        for let in kernel.prologue:
            prologue[let.local.name] = self.value(let.value, prologue)
        fixed = outer_local(kernel.domain)
        for element in elements:
            self.element = dict(element)
            local = dict(prologue)
            if fixed:
                local[fixed] = element[fixed]
            for let in kernel.outer:
                local[let.local.name] = self.value(let.value, local)
            local.update(element)
            self.block(kernel.body, local)

    def block(self, body: Iterable[ir.Statement], local: dict[str, Any]) -> None:
        """Statements in order."""
        for node in body:
            self.statement(node, local)

    def statement(self, node: ir.Statement, local: dict[str, Any]) -> None:
        """One statement."""
        match node:
            case ir.Let(target, x) | ir.Assign(target, x):
                local[target.name] = self.value(x, local)
            case ir.Store(array, index, x):
                position = self.at(array, index, local)
                self.put(array, position, self.value(x, local))
            case ir.Accumulate(array, index, x):
                position = self.at(array, index, local)
                self.put(array, position, self.arrays[array.name][position].item() + self.value(x, local))
            case ir.If(condition, then, orelse):
                self.block(then if self.value(condition, local) else orelse, local)
            case ir.Create(projection, values):
                given = tuple((a.name, self.value(x, local)) for a, x in values)
                self.log.append(("create", projection, local["i"], local["j"], given))
            case ir.Remove(projection):
                self.log.append(("remove", projection, local["s"]))
            case ir.Record(recorder, column, x):
                self.log.append(("record", recorder, column, self.value(x, local)))

    def at(self, array: ir.Array, index: ir.Expression, local: dict[str, Any]) -> int:
        """An index, which must be valid."""
        position = self.value(index, local)
        assert 0 <= position < len(self.arrays[array.name]), f"{array.name}[{position}]"
        return int(position)

    def value(self, x: ir.Expression, local: Mapping[str, Any]) -> Any:
        """Value of an expression as a Python number."""
        match x:
            case ir.Literal(value, _):
                return value
            case ir.Local(name, _):
                return local[name]
            case ir.Argument(name, _):
                return self.arguments[name]
            case ir.Load(array, index):
                return self.arrays[array.name][self.at(array, index, dict(local))].item()
            case ir.Unary(operator, operand):
                value = self.value(operand, local)
                return (not value) if operator == "not" else -value
            case ir.Binary(operator, left, right):
                return self.binary(operator, left, right, local)
            case ir.Select(condition, then, orelse):  # both sides are evaluated
                known, a, b = (self.value(y, local) for y in (condition, then, orelse))
                return a if known else b
            case ir.Cast(operand, type_):
                return self.cast(self.value(operand, local), type_)
            case ir.Call(function, arguments, _):
                return FUNCTIONS[function](*(self.value(a, local) for a in arguments))
            case ir.Random(_, site, arguments, _):
                for argument in arguments:
                    self.value(argument, local)
                return self.draw(site, tuple(sorted(self.element.items())))
        raise AssertionError(x)

    def binary(self, operator: str, left: ir.Expression, right: ir.Expression, local: Mapping[str, Any]) -> Any:
        """Value of an operation; logic is evaluated from the left as far as needed."""
        a = self.value(left, local)
        if operator in ("and", "or"):
            return self.value(right, local) if bool(a) is (operator == "and") else a
        b = self.value(right, local)
        match operator:
            case "+":
                return a + b
            case "-":
                return a - b
            case "*":
                return a * b
            case "/":
                return a / b
        compared = {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}
        return compared[operator]

    def put(self, array: ir.Array, position: int, value: Any) -> None:
        """Store a value; a whole one as the bits that its type holds."""
        if array.type is ir.INT:
            value = (int(value) + 2**31) % 2**32 - 2**31
        self.arrays[array.name][position] = value

    @staticmethod
    def cast(value: Any, type_: ir.Type) -> Any:
        """Conversion as in C."""
        if type_ in (ir.REAL, ir.DOUBLE):
            return float(value)
        return bool(value) if type_ is ir.BOOL else int(value)
