from __future__ import annotations

import pytest
from brief import DT, TAU, I, T, V, X, Y, call, kernel, minus, number, over, plus, real, times

from eqsnn.codegen.ir import DOUBLE, REAL, Array, Cast, Expression, Let, Literal, Load, Local, Store, Unary
from eqsnn.codegen.passes.fold import fold
from eqsnn.codegen.passes.reciprocal import reciprocal
from eqsnn.codegen.passes.show import show_expression
from eqsnn.codegen.passes.verify import verify

U = Array("group.u", REAL)


def gathered(x: Expression) -> str:
    """``x`` after the pass, and with literals folded."""
    before = verify(kernel(Let(X, Load(V, I)), Let(Y, Load(U, I)), Store(V, I, x)))
    after = verify(fold(reciprocal(before))).body[-1]
    assert isinstance(after, Store)
    return show_expression(after.value)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (over(X, number(4)), "0.25 * x"),
        (over(X, real(TAU)), "1.0 / real(tau) * x"),
        (over(times(real(DT), X), real(TAU)), "real(clock.dt) / real(tau) * x"),
        (over(number(3), over(real(TAU), X)), "3.0 / real(tau) * x"),
        (over(over(X, number(2)), Y), "0.5 * x / y"),
        (over(X, over(Y, real(TAU))), "x / (y / real(tau))"),
        (times(times(real(TAU), X), times(number(2), Y)), "real(tau) * 2.0 * x * y"),
        (Unary("-", over(X, number(4))), "-0.25 * x"),
        (plus(minus(real(TAU), X), number(2)), "real(tau) + 2.0 - x"),
        (minus(number(1), minus(X, real(TAU))), "1.0 + real(tau) - x"),
        (minus(Unary("-", plus(X, Y)), minus(number(1), number(3))), "-(-2.0) - x - y"),
        (call("exp", Unary("-", over(X, real(TAU)))), "exp(-1.0 / real(tau) * x)"),
        (plus(over(plus(over(X, number(2)), Y), number(4)), Y), "0.25 * (0.5 * x + y) + y"),
        (over(X, real(T)), "x / real(clock.t)"),  # known in a step only
        (over(X, number(0)), "x / 0.0"),
        (over(X, Y), "x / y"),
        (times(real(TAU), X), "real(tau) * x"),
    ],
)
def test_constants_are_gathered(x: Expression, expected: str) -> None:
    assert gathered(x) in (expected, expected.replace("-(-2.0)", "2.0"))


def test_locals_that_are_constant_count() -> None:
    c = Local("c", REAL)
    before = kernel(Let(X, Load(V, I)), Let(c, call("exp", real(TAU))), Store(V, I, over(X, c)))
    after = verify(reciprocal(before)).body[-1]
    assert isinstance(after, Store)
    assert show_expression(after.value) == "1.0 / c * x"


def test_what_is_wholly_constant_is_left_for_the_setup() -> None:
    c = Local("c", DOUBLE)
    before = kernel(Let(c, over(TAU, Literal(3.0, DOUBLE))), Store(V, I, Cast(c, REAL)))
    assert reciprocal(before) == before
