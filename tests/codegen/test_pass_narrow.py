from __future__ import annotations

from brief import DT, TAU, I, V, X, Y, call, kernel, load_v, over, plus, real, times

from eqsnn.codegen.ir import (
    BOOL,
    DOUBLE,
    INT,
    REAL,
    Argument,
    Array,
    Binary,
    Call,
    Cast,
    Let,
    Literal,
    Load,
    Local,
    Store,
)
from eqsnn.codegen.passes.fold import fold
from eqsnn.codegen.passes.narrow import narrow
from eqsnn.codegen.passes.show import show_kernel
from eqsnn.codegen.passes.verify import verify

WIDE = Cast(X, DOUBLE)
FLAG = Array("group.flag", BOOL)


def lines(*body: Let | Store) -> list[str]:
    after = verify(fold(narrow(verify(kernel(load_v(), *body)))))
    return [line.strip() for line in show_kernel(after).splitlines()[2:]]


def test_arithmetic_on_state_is_real() -> None:
    assert lines(Store(V, I, real(over(times(WIDE, TAU), DT)))) == ["group.v[i] = x * real(tau) / real(clock.dt)"]


def test_comparison() -> None:
    assert lines(Store(FLAG, I, Binary(">", WIDE, TAU))) == ["group.flag[i] = x > real(tau)"]
    assert lines(Store(FLAG, I, Binary(">", DT, TAU))) == ["group.flag[i] = clock.dt > tau"]


def test_bindings_change_their_type() -> None:
    k, m = Local("k", DOUBLE), Local("m", DOUBLE)
    assert lines(
        Let(k, times(WIDE, call("exp", TAU))), Let(m, plus(k, Cast(X, DOUBLE))), Store(V, I, real(times(m, TAU)))
    ) == ["k: real = x * exp(real(tau))", "m: real = k + x", "group.v[i] = m * real(tau)"]


def test_bindings_of_constants_stay_double() -> None:
    k = Local("k", DOUBLE)
    assert lines(Let(k, times(DT, TAU)), Store(V, I, real(times(k, WIDE)))) == [
        "k: double = clock.dt * tau",
        "group.v[i] = real(k) * x",
    ]


def test_functions_of_double_keep_their_arguments() -> None:
    table = Array("table.values", REAL)
    row = Call("timed_row", (times(WIDE, TAU), DT, Argument("table.rows", INT)), INT)
    assert lines(Let(Y, Load(table, row)), Store(V, I, real(plus(Cast(Y, DOUBLE), Literal(1.0, DOUBLE))))) == [
        "y: real = table.values[timed_row(double(x) * tau, clock.dt, table.rows)]",
        "group.v[i] = y + 1.0",
    ]
