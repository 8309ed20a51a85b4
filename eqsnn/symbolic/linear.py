"""Linear structure of right sides: rhs_i = Σ_j A_ij x_j + b_i, found from the form of the expressions.

Differentiation alone would not do: ``int(v > 0)`` has derivative zero and is not constant. So an expression is taken
apart by its structure, sums and products with at most one factor that holds a variable; where that fails it is
expanded and tried once more. `where` with a condition free of variables is linear branch by branch.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sympy

from .functions import Binomial, Exponential, Poisson, Rand, Randn, Timed, Where
from .system import DT, T

VARYING = (Rand, Randn, Poisson, Binomial, Exponential, Timed)
"""Functions whose value changes from step to step even where their arguments do not."""


@dataclass(frozen=True, slots=True)
class Linear:
    """Σ coefficients[x] · x + rest; neither the coefficients nor the rest hold a variable."""

    coefficients: Mapping[sympy.Symbol, sympy.Expr]
    rest: sympy.Expr

    def coefficient(self, symbol: sympy.Symbol) -> sympy.Expr:
        """The factor of ``symbol``, zero where it does not appear."""
        return self.coefficients.get(symbol, sympy.S.Zero)


@dataclass(frozen=True, slots=True)
class NotLinear:
    """The part of an expression that is not linear, by the variables that it holds (in order of name)."""

    culprits: tuple[str, ...]


def split_linear(expression: sympy.Expr, variables: Collection[sympy.Symbol]) -> Linear | NotLinear:
    """Take ``expression`` apart as a linear function of ``variables``, or say which of them stand in the way."""
    wanted = frozenset(variables)
    found = _split(expression, wanted)
    if isinstance(found, NotLinear):
        expanded = sympy.expand(expression)
        again = _split(expanded, wanted) if expanded != expression else found
        return again if isinstance(again, Linear) else found
    return found


def is_constant(expression: sympy.Expr, constant: Collection[str]) -> bool:
    """Whether a value depends on nothing but ``dt`` and symbols named in ``constant``."""
    names = (symbol.name for symbol in expression.free_symbols if symbol != DT)
    return all(name in constant for name in names) and not expression.has(*VARYING)


def depends_on_time(expression: sympy.Expr) -> bool:
    """Whether ``t`` appears other than as the time of a table that is constant over the step."""
    if expression == T:
        return True
    if T not in expression.free_symbols:
        return False
    arguments = expression.args
    if isinstance(expression, Timed) and arguments[1] == T:
        arguments = arguments[2:]
    return any(depends_on_time(argument) for argument in arguments)


def reachability(edges: Sequence[Sequence[bool]]) -> list[list[bool]]:
    """Transitive and reflexive closure: ``result[r][c]`` where r depends on c along any path (Warshall)."""
    size = len(edges)
    reach = [[bool(edges[r][c]) or r == c for c in range(size)] for r in range(size)]
    for middle in range(size):
        for row in reach:
            if row[middle]:
                for column in range(size):
                    row[column] = row[column] or reach[middle][column]
    return reach


def _split(expression: sympy.Expr, variables: frozenset[sympy.Symbol]) -> Linear | NotLinear:
    if variables.isdisjoint(expression.free_symbols):
        return Linear({}, expression)
    if isinstance(expression, sympy.Symbol):
        return Linear({expression: sympy.S.One}, sympy.S.Zero)
    if isinstance(expression, sympy.Add):
        return _split_sum(expression, variables)
    if isinstance(expression, sympy.Mul):
        return _split_product(expression, variables)
    if isinstance(expression, Where) and variables.isdisjoint(expression.args[0].free_symbols):
        return _split_where(expression, variables)
    return _not_linear(expression, variables)


def _split_sum(expression: sympy.Expr, variables: frozenset[sympy.Symbol]) -> Linear | NotLinear:
    terms: dict[sympy.Symbol, list[sympy.Expr]] = {}
    rests: list[sympy.Expr] = []
    for term in expression.args:
        part = _split(term, variables)
        if isinstance(part, NotLinear):
            return part
        for symbol, coefficient in part.coefficients.items():
            terms.setdefault(symbol, []).append(coefficient)
        rests.append(part.rest)
    sums = {symbol: sympy.Add(*parts) for symbol, parts in terms.items()}
    return Linear({symbol: total for symbol, total in sums.items() if total != 0}, sympy.Add(*rests))


def _split_product(expression: sympy.Expr, variables: frozenset[sympy.Symbol]) -> Linear | NotLinear:
    holding = [factor for factor in expression.args if not variables.isdisjoint(factor.free_symbols)]
    if len(holding) > 1:
        return _not_linear(expression, variables)
    inner = _split(holding[0], variables)
    if isinstance(inner, NotLinear):
        return inner
    scale = sympy.Mul(*(factor for factor in expression.args if factor is not holding[0]))
    return Linear({symbol: scale * value for symbol, value in inner.coefficients.items()}, scale * inner.rest)


def _split_where(expression: sympy.Expr, variables: frozenset[sympy.Symbol]) -> Linear | NotLinear:
    condition, first, second = expression.args
    a, b = _split(first, variables), _split(second, variables)
    if isinstance(a, NotLinear):
        return a
    if isinstance(b, NotLinear):
        return b
    symbols = dict.fromkeys((*a.coefficients, *b.coefficients))
    coefficients = {symbol: Where(condition, a.coefficient(symbol), b.coefficient(symbol)) for symbol in symbols}
    return Linear(coefficients, Where(condition, a.rest, b.rest))


def _not_linear(expression: sympy.Expr, variables: frozenset[sympy.Symbol]) -> NotLinear:
    return NotLinear(tuple(sorted(symbol.name for symbol in expression.free_symbols & variables)))
