"""Partial derivatives, as they hold almost everywhere: steps, random numbers and tables count as constant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy

from .functions import Sign
from .system import Define


def partial(expression: sympy.Expr, symbol: sympy.Symbol) -> sympy.Expr:
    """∂expression/∂symbol, in the functions of the language."""
    if symbol not in expression.free_symbols:
        return sympy.S.Zero
    return expression.diff(symbol).replace(sympy.sign, Sign)


def jacobian(
    expressions: Mapping[str, sympy.Expr], symbols: Sequence[sympy.Symbol]
) -> dict[str, dict[str, sympy.Expr]]:
    """``result[name][symbol.name]`` = ∂expressions[name]/∂symbol, without the entries that are zero."""
    table = {}
    for name, expression in expressions.items():
        row = {symbol.name: partial(expression, symbol) for symbol in symbols}
        table[name] = {column: value for column, value in row.items() if value != 0}
    return table


def total(expression: sympy.Expr, defines: Sequence[Define], symbol: sympy.Symbol) -> sympy.Expr:
    """d expression/d symbol through the temporaries that it uses (chain rule); the temporaries stay by name."""
    through: dict[sympy.Symbol, sympy.Expr] = {}
    for define in defines:
        through[define.symbol] = _chain(define.value, symbol, through)
    return _chain(expression, symbol, through)


def _chain(expression: sympy.Expr, symbol: sympy.Symbol, through: Mapping[sympy.Symbol, sympy.Expr]) -> sympy.Expr:
    inner = (partial(expression, name) * slope for name, slope in through.items() if slope != 0)
    return sympy.Add(partial(expression, symbol), *inner)
