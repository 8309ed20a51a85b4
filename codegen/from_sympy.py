"""SymPy expressions to IR: types are made explicit, quotients and powers get the form a machine is good at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import sympy
from sympy.core.relational import Relational

from eqsnn.symbolic import functions as f

from .ir import (
    BOOL,
    DOUBLE,
    INT,
    LONG,
    REAL,
    Binary,
    BinaryOperator,
    Call,
    Cast,
    Expression,
    Literal,
    Random,
    Select,
    Type,
    Unary,
)

_RELATION: dict[type, BinaryOperator] = {
    sympy.StrictLessThan: "<", sympy.LessThan: "<=", sympy.StrictGreaterThan: ">", sympy.GreaterThan: ">=",
    sympy.Equality: "==", sympy.Unequality: "!=",
}  # fmt: skip
_DISTRIBUTION = {
    f.Rand: "uniform",
    f.Randn: "normal",
    f.Poisson: "poisson",
    f.Binomial: "binomial",
    f.Exponential: "exponential",
}
_RANK = {BOOL: 0, INT: 1, LONG: 2, REAL: 3, DOUBLE: 4}
_ROUNDING = frozenset({"floor", "ceil"})
_LARGEST_UNROLLED_POWER = 8


def convert(x: Expression, wanted: Type) -> Expression:
    """``x`` as a value of type ``wanted``."""
    if x.type is wanted:
        return x
    match x:
        case Literal(value, _) if wanted in (REAL, DOUBLE):
            return Literal(float(value), wanted)
        case Literal(value, _) if wanted in (INT, LONG) and float(value).is_integer():
            return Literal(int(value), wanted)
    return Cast(x, wanted)


def common(*operands: Expression) -> tuple[Expression, ...]:
    """The operands as values of the widest of their types."""
    wanted = max((o.type for o in operands), key=_RANK.__getitem__)
    return tuple(convert(o, wanted) for o in operands)


@dataclass(frozen=True, slots=True)
class FromSympy:
    """Translates expressions; ``symbol`` gives the IR of a name, ``timed`` that of a TimedArray lookup.

    ``site`` offsets the numbers of random calls, which are unique in one object, to be unique in a program.
    """

    symbol: Callable[[str], Expression]
    timed: Callable[[str, tuple[Expression, ...]], Expression]
    site: int = 0

    def __call__(self, x: sympy.Basic) -> Expression:
        """The same value in IR."""
        match x:
            case sympy.Symbol():
                return self.symbol(x.name)
            case sympy.Integer():
                return Literal(int(x), INT if abs(int(x)) < 2**31 else LONG)
            case sympy.Number() | sympy.NumberSymbol():
                return Literal(float(x), REAL)
            case sympy.Add():
                return self._sum(x)
            case sympy.Mul():
                return self._product(x)
            case sympy.Pow():
                return self._power(x)
            case _ if x in (sympy.true, sympy.false):
                return Literal(x is sympy.true, BOOL)
            case Relational():
                left, right = common(self(x.lhs), self(x.rhs))
                return Binary(_RELATION[type(x)], left, right)
            case sympy.Not():
                return Unary("not", self(x.args[0]))
            case sympy.And() | sympy.Or():
                operator: BinaryOperator = "and" if isinstance(x, sympy.And) else "or"
                return reduce(lambda a, b: Binary(operator, a, b), [self(a) for a in x.args])
            case sympy.Equivalent():
                return reduce(lambda a, b: Binary("==", a, b), [self(a) for a in x.args])
            case _:
                return self._function(x)

    def _sum(self, x: sympy.Add) -> Expression:
        """Positive terms first, so that ``b - a`` is one subtraction."""
        terms = [(t.could_extract_minus_sign(), t) for t in x.args]
        ordered = [t for t in terms if not t[0]] + [t for t in terms if t[0]]
        first_negative, first = ordered[0]
        result = Unary("-", self(-first)) if first_negative else self(first)
        for negative, term in ordered[1:]:
            left, right = common(result, self(-term if negative else term))
            result = Binary("-" if negative else "+", left, right)
        return result

    def _product(self, x: sympy.Mul) -> Expression:
        if x.args[0] is sympy.S.NegativeOne:
            return Unary("-", self(sympy.Mul(*x.args[1:])))
        above, below = [], []
        for factor in x.args:
            if isinstance(factor, sympy.Rational) and not factor.is_Integer:
                above += [sympy.Float(factor)]
            elif isinstance(factor, sympy.Pow) and factor.exp.could_extract_minus_sign():
                below.append(factor.base ** (-factor.exp))
            else:
                above.append(factor)
        numerator = self._multiply(above) if above else Literal(1.0, REAL)
        if not below:
            return numerator
        return Binary("/", *common(convert(numerator, REAL), convert(self._multiply(below), REAL)))

    def _multiply(self, factors: list[sympy.Expr]) -> Expression:
        result = self(factors[0])
        for factor in factors[1:]:
            left, right = common(result, self(factor))
            if left.type is INT:  # 46341² no longer fits an INT
                left, right = convert(left, LONG), convert(right, LONG)
            result = Binary("*", left, right)
        return result

    def _power(self, x: sympy.Pow) -> Expression:
        base, exponent = self(x.base), x.exp
        if exponent.is_Integer and 2 <= int(exponent) <= _LARGEST_UNROLLED_POWER:
            base = convert(base, LONG) if base.type is INT else base
            return Call(f"power{int(exponent)}", (base,), base.type)
        base = convert(base, REAL)
        if exponent.could_extract_minus_sign():
            return Binary("/", Literal(1.0, REAL), convert(self(x.base ** (-exponent)), REAL))
        if exponent == sympy.Rational(1, 2) or exponent == 0.5:
            return Call("sqrt", (base,), REAL)
        return Call("pow", (base, convert(self(exponent), REAL)), REAL)

    def _function(self, x: sympy.Basic) -> Expression:
        match x:
            case f.Where():
                condition, then, orelse = (self(a) for a in x.args)
                return Select(condition, *common(then, orelse))
            case f.AsInteger():
                return convert(self(x.args[0]), INT)
            case f.Timed():
                return self.timed(x.array_name, tuple(self(a) for a in x.args[1:]))
            case f.ExpmEntry():
                n, row, column, *rest = x.args
                leading = tuple(Literal(int(a), INT) for a in (n, row, column))
                return Call("expm_entry", (*leading, *(convert(self(a), DOUBLE) for a in rest)), DOUBLE)
            case f.Rand() | f.Randn() | f.Poisson() | f.Binomial() | f.Exponential():
                return self._random(x)
        name = f.NAMES[type(x)]
        arguments = common(*(self(a) for a in x.args))
        if name in ("floordiv", "mod", "minimum", "maximum", "clip", "abs"):
            return Call(name, arguments, arguments[0].type)
        if name in _ROUNDING and arguments[0].type in (INT, LONG):
            return arguments[0]
        arguments = tuple(convert(a, REAL) for a in arguments)
        return Call(name, arguments, INT if name == "timestep" else REAL)

    def _random(self, x: sympy.Basic) -> Expression:
        site, *rest = x.args
        whole = isinstance(x, f.Poisson | f.Binomial)
        arguments = tuple(convert(self(a), DOUBLE) for a in rest)
        return Random(_DISTRIBUTION[type(x)], self.site + int(site), arguments, INT if whole else REAL)  # type: ignore[arg-type]
