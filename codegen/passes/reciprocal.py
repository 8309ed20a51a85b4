"""Run-constant factors and terms are gathered, and divisions by them become multiplications.

``a*x/b*c`` with run-constant a, b, c becomes ``(a*c/b)*x``, and ``a + x - b`` becomes ``x + (a - b)``; what is in
parentheses is then computed once (`setup`), or folded where it is literal. Real arithmetic only: results change by
rounding. Values that are wholly run-constant are left as they are.

Precondition: `single_assignment`, `narrow`.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field, replace
from functools import reduce

from ..ir import DOUBLE, REAL, Binary, Expression, Kernel, Literal, Unary
from .invariance import constant_locals, is_run_constant
from .traverse import map_body, map_children


def reciprocal(kernel: Kernel) -> Kernel:
    """Gather constants in the expressions of the body."""
    constant = constant_locals(kernel)
    return replace(kernel, body=map_body(lambda x: _gather(x, constant), kernel.body))


def _gather(x: Expression, constant: Set[str]) -> Expression:
    if is_run_constant(x, constant):
        return x
    match x:
        case Binary("*" | "/", _, _) | Unary("-", Binary("*" | "/", _, _)) if x.type in (REAL, DOUBLE):
            product = _Product()
            product.add(x, under=False)
            return product.rebuilt(x, constant)
        case Binary("+" | "-", _, _) if x.type in (REAL, DOUBLE):
            terms = _Sum()
            terms.add(x, minus=False)
            return terms.rebuilt(x, constant)
        case _:
            return map_children(lambda child: _gather(child, constant), x)


def _split(xs: Iterable[Expression], constant: Set[str]) -> tuple[list[Expression], list[Expression]]:
    """Run-constant ones, and the others."""
    fixed: list[Expression] = []
    varying: list[Expression] = []
    for x in xs:
        (fixed if is_run_constant(x, constant) else varying).append(x)
    return fixed, varying


def _gathered(xs: Iterable[Expression], constant: Set[str]) -> list[Expression]:
    return [_gather(x, constant) for x in xs]


def _times(xs: Iterable[Expression]) -> Expression:
    return reduce(lambda a, b: Binary("*", a, b), xs)


@dataclass(slots=True)
class _Product:
    """Factors of nested products and quotients."""

    negative: bool = False
    above: list[Expression] = field(default_factory=list)
    below: list[Expression] = field(default_factory=list)

    def add(self, x: Expression, under: bool) -> None:
        """Collect the factors of ``x``."""
        match x:
            case Binary("*", left, right):
                self.add(left, under)
                self.add(right, under)
            case Binary("/", left, right):
                self.add(left, under)
                self.add(right, not under)
            case Unary("-", operand):
                self.negative = not self.negative
                self.add(operand, under)
            case _:
                (self.below if under else self.above).append(x)

    def rebuilt(self, x: Expression, constant: Set[str]) -> Expression:
        """The product with its constants in front; the expression as it was where that gains nothing."""
        fixed_above, above = _split(self.above, constant)
        fixed_below, below = _split(self.below, constant)
        if any(isinstance(f, Literal) and f.value == 0 for f in fixed_below):
            return _unchanged(x, constant)
        if not fixed_below and len(fixed_above) < 2:
            return _unchanged(x, constant)
        factor: Expression = _times(fixed_above or [Literal(1.0, x.type)])
        if self.negative:
            factor = Unary("-", factor)
        if fixed_below:
            factor = Binary("/", factor, _times(fixed_below))
        result = _times([factor, *_gathered(above, constant)])
        return Binary("/", result, _times(_gathered(below, constant))) if below else result


@dataclass(slots=True)
class _Sum:
    """Terms of nested sums and differences."""

    plus: list[Expression] = field(default_factory=list)
    less: list[Expression] = field(default_factory=list)

    def add(self, x: Expression, minus: bool) -> None:
        """Collect the terms of ``x``."""
        match x:
            case Binary("+", left, right):
                self.add(left, minus)
                self.add(right, minus)
            case Binary("-", left, right):
                self.add(left, minus)
                self.add(right, not minus)
            case Unary("-", operand):
                self.add(operand, not minus)
            case _:
                (self.less if minus else self.plus).append(x)

    def rebuilt(self, x: Expression, constant: Set[str]) -> Expression:
        """The sum with its constants together; the expression as it was where there are fewer than two."""
        fixed_plus, plus = _split(self.plus, constant)
        fixed_less, less = _split(self.less, constant)
        if len(fixed_plus) + len(fixed_less) < 2:
            return _unchanged(x, constant)
        fixed = _difference(fixed_plus, fixed_less)
        plus, less = _gathered(plus, constant), _gathered(less, constant)
        return _difference([*plus, fixed] if plus else [fixed], less)


def _difference(plus: list[Expression], less: list[Expression]) -> Expression:
    if not plus:
        return Unary("-", _difference(less, []))
    result = reduce(lambda a, b: Binary("+", a, b), plus)
    return reduce(lambda a, b: Binary("-", a, b), less, result)


def _unchanged(x: Expression, constant: Set[str]) -> Expression:
    """``x``, with what is inside its operands gathered."""
    match x:
        case Unary("-", operand):
            return Unary("-", _unchanged(operand, constant))
        case Binary("*" | "/", _, _):
            return map_children(lambda child: _within(child, "*/", constant), x)
        case _:
            return map_children(lambda child: _within(child, "+-", constant), x)


def _within(x: Expression, signs: str, constant: Set[str]) -> Expression:
    """Gather in an operand; one that was already taken apart is only passed through."""
    match x:
        case Binary(sign, _, _) if sign in signs:
            return map_children(lambda child: _within(child, signs, constant), x)
        case Unary("-", operand):
            return Unary("-", _within(operand, signs, constant))
        case _:
            return _gather(x, constant)
