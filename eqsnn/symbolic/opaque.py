"""Functions that nothing here looks into: random numbers, tables, entries of a matrix exponential; and base classes.

The derivative of anything drawn at random or looked up in a table is zero.
"""

from __future__ import annotations

import sympy
from sympy.core.function import ArgumentIndexError
from sympy.core.symbol import Str


class LanguageFunction(sympy.Function):  # type: ignore[misc]
    """A real function of real (or, where it says so, boolean) arguments."""

    is_real = True
    is_commutative = True


class StepFunction(LanguageFunction):
    """A function whose derivative is zero almost everywhere, or which is opaque to differentiation."""

    def _eval_derivative(self, symbol: sympy.Symbol) -> sympy.Expr:
        return sympy.S.Zero

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Zero."""
        return sympy.S.Zero


class Rand(StepFunction):
    """rand_(site): uniform on [0, 1). The integer ``site`` tells calls apart; one site has one value in a step."""

    nargs = 1


class Randn(StepFunction):
    """randn_(site): a draw from N(0, 1)."""

    nargs = 1


class Poisson(StepFunction):
    """poisson_(site, lam)."""

    nargs = 2


class Binomial(StepFunction):
    """binomial_(site, n, p)."""

    nargs = 3


class Exponential(StepFunction):
    """exponential_(site, scale)."""

    nargs = 2


class Timed(StepFunction):
    """timed_(name, t) or timed_(name, t, i): the value of a `TimedArray`, constant over each of its steps."""

    nargs = (2, 3)

    @property
    def array_name(self) -> str:
        """The name under which the array was given."""
        return str(self.args[0].name)


class ExpmEntry(LanguageFunction):
    """expm_entry(n, row, col, h, a_00, a_01, …): entry (row, col) of exp(A h), A an n × n matrix given row by row.

    A's rows and columns may differ in unit, hence in scale by many orders: whoever evaluates this by scaling and
    squaring must balance A first (A → D⁻¹ A D with D diagonal), or lose as many digits.
    """

    @property
    def size(self) -> int:
        """n."""
        return int(self.args[0])

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """Not available: nothing that is differentiated has a matrix that depends on variables."""
        raise ArgumentIndexError(self, argindex)


def timed(name: str, *arguments: sympy.Expr) -> sympy.Expr:
    """A lookup in the `TimedArray` ``name`` at ``(t)`` or ``(t, i)``."""
    return Timed(Str(name), *arguments)
