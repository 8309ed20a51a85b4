from __future__ import annotations

import pytest
from brief import DT, TAU, X, Y, call, kernel, load_v, minus, number, over, plus, real, times, whole

from eqsnn.codegen.ir import (
    BOOL,
    DOUBLE,
    INT,
    LONG,
    REAL,
    Assign,
    Binary,
    Cast,
    Expression,
    If,
    Let,
    Literal,
    Local,
    Select,
    Unary,
)  # fmt: skip
from eqsnn.codegen.passes.fold import FALSE, TRUE, fold, fold_expression
from eqsnn.codegen.passes.show import show_expression as text

A, B = Local("a", BOOL), Local("b", BOOL)
N = Local("n", INT)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (plus(number(1), number(2)), "3.0"),
        (over(number(1), number(4)), "0.25"),
        (times(X, number(1)), "x"),
        (times(number(-1), X), "-x"),
        (plus(X, number(0)), "x"),
        (minus(X, number(0)), "x"),
        (over(X, number(1)), "x"),
        (Unary("-", Unary("-", X)), "x"),
        (plus(X, Unary("-", Y)), "x - y"),
        (plus(Unary("-", Y), X), "x - y"),
        (plus(Unary("-", Y), number(2)), "2.0 - y"),
        (times(X, number(-1)), "-x"),
        (minus(X, Unary("-", Y)), "x + y"),
        (times(Unary("-", X), Unary("-", Y)), "x * y"),
        (times(N, whole(0)), "0"),
        (Binary("<", whole(1), whole(2)), "true"),
        (Binary("and", A, TRUE), "a"),
        (Binary("and", A, FALSE), "false"),
        (Binary("or", FALSE, A), "a"),
        (Binary("or", A, A), "a"),
        (Unary("not", Unary("not", A)), "a"),
        (Unary("not", Binary("<", N, whole(3))), "n >= 3"),
        (Select(TRUE, X, Y), "x"),
        (Select(A, X, X), "x"),
        (Select(Unary("not", A), X, Y), "y if a else x"),
        (Select(A, TRUE, FALSE), "a"),
        (Select(A, FALSE, TRUE), "not a"),
        (Cast(whole(3), REAL), "3.0"),
        (Cast(number(-2.5), INT), "-2"),
        (Cast(Cast(X, DOUBLE), REAL), "x"),
        (Cast(real(DT), DOUBLE), "clock.dt"),
        (Cast(Cast(N, REAL), DOUBLE), "double(n)"),
        (call("exp", plus(number(1), number(1))), "exp(2.0)"),
    ],
)
def test_folds(x: Expression, expected: str) -> None:
    assert text(fold_expression(x)) == expected


@pytest.mark.parametrize(
    "x",
    [
        times(X, number(0)),  # NaN and infinity stay
        minus(X, X),
        Binary("==", X, X),
        over(number(1), number(0)),
        over(X, number(2)),  # for `reciprocal`
        plus(whole(2**31 - 1), whole(1)),
        times(number(1e200), number(1e200)),
        Unary("not", Binary("<", X, Y)),  # not x >= y, with NaN
        Cast(number(1e20), INT),
        Cast(Cast(N, LONG), REAL),
        Cast(TAU, REAL),
    ],
)
def test_leaves(x: Expression) -> None:
    assert fold_expression(x) == x


def test_takes_the_branch_that_is_decided() -> None:
    decided = If(Binary("<", whole(1), whole(2)), (Assign(X, number(1)),), (Assign(X, number(2)),))
    nested = If(A, (decided,))
    known = Let(A, Literal(True, BOOL))
    assert fold(kernel(load_v(), known, decided, nested)).body == (
        load_v(), known, Assign(X, number(1)), If(A, (Assign(X, number(1)),)),
    )  # fmt: skip
