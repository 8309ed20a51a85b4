"""The language's functions as SymPy functions.

Where SymPy's own function means the same over the reals it is used (``log``, ``sin``, …; ``sqrt(x)`` is the
power 1/2). Our own classes stand where SymPy would bring in complex numbers, Dirac deltas or overflow.
They fold numbers only where the result is exact. Derivatives are those almost everywhere: a step function has
derivative zero, and so has anything drawn at random or looked up in a table.

`FUNCTIONS` maps what a user types to what builds the expression; `NAMES` maps the class of a node back to the name
of the operation, for whoever translates expressions into something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy
from sympy.core.function import ArgumentIndexError

from .opaque import Binomial as Binomial
from .opaque import ExpmEntry as ExpmEntry
from .opaque import Exponential as Exponential
from .opaque import LanguageFunction, StepFunction
from .opaque import Poisson as Poisson
from .opaque import Rand as Rand
from .opaque import Randn as Randn
from .opaque import Timed as Timed
from .opaque import timed as timed


class Exp(LanguageFunction):
    """exp(x).

    Not SymPy's, which takes numbers out of the exponent: exp(120. - 2e3·v) would become exp(120.)·exp(-2e3·v), and
    overflow in single precision where the whole does not.
    """

    nargs = 1

    @classmethod
    def eval(cls, x: sympy.Expr) -> sympy.Expr | None:
        """exp(0) = 1."""
        return sympy.S.One if x.is_Number and x.is_zero else None

    def _eval_power(self, exponent: sympy.Expr) -> sympy.Expr | None:
        """exp(x)**n = exp(n x) for a number n, so that 1/exp(x) is no division."""
        return Exp(exponent * self.args[0]) if exponent.is_Number else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """exp(x)."""
        return self


class Log10(LanguageFunction):
    """Decimal logarithm."""

    nargs = 1

    @classmethod
    def eval(cls, x: sympy.Expr) -> sympy.Expr | None:
        """log10(1) = 0."""
        return sympy.S.Zero if x is sympy.S.One else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """1 / (x log 10)."""
        return 1 / (self.args[0] * sympy.log(10))


class Expm1(LanguageFunction):
    """exp(x) - 1, exact near zero."""

    nargs = 1

    @classmethod
    def eval(cls, x: sympy.Expr) -> sympy.Expr | None:
        """expm1(0) = 0."""
        return sympy.S.Zero if x.is_Number and x.is_zero else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """exp(x)."""
        return Exp(self.args[0])


class Log1p(LanguageFunction):
    """log(1 + x), exact near zero."""

    nargs = 1

    @classmethod
    def eval(cls, x: sympy.Expr) -> sympy.Expr | None:
        """log1p(0) = 0."""
        return sympy.S.Zero if x.is_Number and x.is_zero else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """1 / (1 + x)."""
        return 1 / (1 + self.args[0])


class Exprel(LanguageFunction):
    """(exp(x) - 1) / x, and 1 at zero."""

    nargs = 1

    @classmethod
    def eval(cls, x: sympy.Expr) -> sympy.Expr | None:
        """exprel(0) = 1."""
        return sympy.S.One if x.is_Number and x.is_zero else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """(exp(x) - exprel(x)) / x; within 1e-3 of zero, where that cancels, four terms of its series."""
        x = self.args[0]
        series = sympy.Rational(1, 2) + x / 3 + x**2 / 8 + x**3 / 30
        return Where(sympy.Lt(Absolute(x), sympy.Float(1e-3)), series, (Exp(x) - self) / x)


class Absolute(LanguageFunction):
    """abs(x)."""

    nargs = 1

    @classmethod
    def eval(cls, x: sympy.Expr) -> sympy.Expr | None:
        """Folds numbers."""
        return abs(x) if x.is_Number else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """sign(x)."""
        return Sign(self.args[0])


class Minimum(LanguageFunction):
    """The smaller of two."""

    nargs = 2

    @classmethod
    def eval(cls, x: sympy.Expr, y: sympy.Expr) -> sympy.Expr | None:
        """Folds numbers and equal arguments."""
        return _fold_extremum(x, y, x < y) if x.is_Number and y.is_Number else _same(x, y)

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """1 for the argument taken, else 0."""
        x, y = self.args
        return _indicator(sympy.Le(x, y), argindex == 1)


class Maximum(LanguageFunction):
    """The larger of two."""

    nargs = 2

    @classmethod
    def eval(cls, x: sympy.Expr, y: sympy.Expr) -> sympy.Expr | None:
        """Folds numbers and equal arguments."""
        return _fold_extremum(x, y, x > y) if x.is_Number and y.is_Number else _same(x, y)

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """1 for the argument taken, else 0."""
        x, y = self.args
        return _indicator(sympy.Ge(x, y), argindex == 1)


class Clip(LanguageFunction):
    """clip(x, low, high) = minimum(maximum(x, low), high)."""

    nargs = 3

    @classmethod
    def eval(cls, x: sympy.Expr, low: sympy.Expr, high: sympy.Expr) -> sympy.Expr | None:
        """Folds numbers."""
        return Minimum(Maximum(x, low), high) if x.is_Number and low.is_Number and high.is_Number else None

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """1 for the argument taken, else 0."""
        x, low, high = self.args
        above, below = sympy.Ge(x, high), sympy.Le(x, low)
        if argindex == 3:
            return Where(above, 1, 0)
        if argindex == 2:
            return Where(above, 0, Where(below, 1, 0))
        return Where(above, 0, Where(below, 0, 1))


class Where(LanguageFunction):
    """where(condition, a, b): the condition is a SymPy Boolean; both branches may be evaluated."""

    nargs = 3

    @classmethod
    def eval(cls, condition: sympy.Basic, a: sympy.Expr, b: sympy.Expr) -> sympy.Expr | None:
        """Folds a known condition and equal branches."""
        if condition is sympy.S.true:
            return a
        return b if condition is sympy.S.false else _same(a, b)

    def _eval_derivative(self, symbol: sympy.Symbol) -> sympy.Expr:
        condition, a, b = self.args
        return Where(condition, a.diff(symbol), b.diff(symbol))

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """1 for the branch taken, else 0."""
        if argindex == 1:
            raise ArgumentIndexError(self, argindex)
        return _indicator(self.args[0], argindex == 2)


class Sign(StepFunction):
    """-1, 0 or 1."""

    nargs = 1

    @classmethod
    def eval(cls, x: sympy.Expr) -> sympy.Expr | None:
        """Folds numbers."""
        return sympy.sign(x) if x.is_Number else None


class Floor(StepFunction):
    """The largest integer not above x."""

    nargs = 1

    @classmethod
    def eval(cls, x: sympy.Expr) -> sympy.Expr | None:
        """Folds numbers."""
        return sympy.floor(x) if x.is_Number else None


class Ceil(StepFunction):
    """The smallest integer not below x."""

    nargs = 1

    @classmethod
    def eval(cls, x: sympy.Expr) -> sympy.Expr | None:
        """Folds numbers."""
        return sympy.ceiling(x) if x.is_Number else None


class AsInteger(StepFunction):
    """int(x): 0 or 1 for a boolean, the integer part (towards zero) of a number."""

    nargs = 1

    @classmethod
    def eval(cls, x: sympy.Basic) -> sympy.Expr | None:
        """Folds numbers and known conditions."""
        if x in (sympy.S.true, sympy.S.false):
            return sympy.Integer(1 if x is sympy.S.true else 0)
        return sympy.Integer(int(x)) if x.is_Number else None


class FloorDivide(StepFunction):
    """a // b, rounded down as in Python."""

    nargs = 2


class Modulo(LanguageFunction):
    """a % b, with the sign of b as in Python."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> sympy.Expr:
        """1 for a, -(a // b) for b."""
        return sympy.S.One if argindex == 1 else -FloorDivide(*self.args)


class Timestep(StepFunction):
    """timestep(t, dt): the number of whole steps dt in t, safe against rounding of t."""

    nargs = 2


def _fold_extremum(x: sympy.Expr, y: sympy.Expr, first: sympy.Basic) -> sympy.Expr:
    return x if first is sympy.S.true else y


def _same(x: sympy.Expr, y: sympy.Expr) -> sympy.Expr | None:
    return x if x == y else None


def _indicator(condition: sympy.Basic, when: bool) -> sympy.Expr:
    return Where(condition, 1, 0) if when else Where(condition, 0, 1)


FUNCTIONS: Mapping[str, Callable[..., sympy.Expr]] = {
    "exp": Exp, "log": sympy.log, "log10": Log10, "expm1": Expm1, "log1p": Log1p, "exprel": Exprel,
    "sqrt": sympy.sqrt, "sin": sympy.sin, "cos": sympy.cos, "tan": sympy.tan,
    "arcsin": sympy.asin, "arccos": sympy.acos, "arctan": sympy.atan,
    "sinh": sympy.sinh, "cosh": sympy.cosh, "tanh": sympy.tanh,
    "abs": Absolute, "sign": Sign, "floor": Floor, "ceil": Ceil, "clip": Clip,
    "minimum": Minimum, "maximum": Maximum, "int": AsInteger, "where": Where, "timestep": Timestep,
}  # fmt: skip
"""What a user may call, except random numbers and tables: those carry more than their arguments."""

RANDOM: Mapping[str, type[StepFunction]] = {
    "rand": Rand, "randn": Randn, "poisson": Poisson, "binomial": Binomial, "exponential": Exponential,
}  # fmt: skip
"""Random numbers: their first argument is the integer of the call site."""

NAMES: Mapping[type, str] = {
    Exp: "exp", sympy.exp: "exp", sympy.log: "log", Log10: "log10", Expm1: "expm1", Log1p: "log1p", Exprel: "exprel",
    sympy.sin: "sin", sympy.cos: "cos", sympy.tan: "tan",
    sympy.asin: "arcsin", sympy.acos: "arccos", sympy.atan: "arctan",
    sympy.sinh: "sinh", sympy.cosh: "cosh", sympy.tanh: "tanh",
    Absolute: "abs", sympy.Abs: "abs", Sign: "sign", sympy.sign: "sign", Floor: "floor", sympy.floor: "floor",
    Ceil: "ceil", sympy.ceiling: "ceil", Clip: "clip", Minimum: "minimum", Maximum: "maximum",
    AsInteger: "int", Where: "where", Timestep: "timestep", FloorDivide: "floordiv", Modulo: "mod",
    Rand: "rand", Randn: "randn", Poisson: "poisson", Binomial: "binomial", Exponential: "exponential",
    Timed: "timed", ExpmEntry: "expm_entry",
}  # fmt: skip
"""Every function that an expression may hold after any stage here, by the class of its node."""
