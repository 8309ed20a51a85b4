from __future__ import annotations

import pytest
from brief import (
    COLUMNS,
    DT,
    EVERYONE,
    ROWS,
    TAU,
    YES,
    I,
    J,
    S,
    T,
    V,
    W,
    X,
    call,
    kernel,
    load_v,
    number,
    plus,
    real,
    times,
)

from eqsnn.codegen.ir import (
    DOUBLE,
    INT,
    REAL,
    Accumulate,
    Argument,
    Array,
    Assign,
    Binary,
    Call,
    Cast,
    Domain,
    If,
    Let,
    Literal,
    Load,
    Local,
    Pairs,
    PairSample,
    Random,
    Statement,
    Store,
    Synapses,
)  # fmt: skip
from eqsnn.codegen.passes.hoist import hoist_outer, hoist_prologue
from eqsnn.codegen.passes.show import show_kernel
from eqsnn.codegen.passes.verify import verify

U, RATE, SHARED = Array("pre.u", REAL), Array("pre.rate", REAL), Array("group.shared", REAL)
TABLE, LINK, DEGREE = Array("table.values", REAL), Array("pre.link", INT), Array("s.N", INT, "s", "row_length")
ROW = Call("timed_row", (T, Argument("table.dt", DOUBLE), Argument("table.rows", INT)), INT)


def lines(*body: Statement, domain: Domain = EVERYONE) -> list[str]:
    before = verify(kernel(*body, domain=domain))
    return [line.strip() for line in show_kernel(verify(hoist_outer(verify(hoist_prologue(before))))).splitlines()[1:]]


def test_time_is_computed_once_and_in_double() -> None:
    wave = call("sin", times(number(2), real(T)))
    assert lines(load_v(), Store(V, I, times(wave, X))) == [
        "once",
        "once1: double = sin(2.0 * clock.t)",
        "body",
        "x: real = group.v[i]",
        "group.v[i] = real(once1) * x",
    ]


def test_bindings_move_as_a_whole() -> None:
    k = Local("k", REAL)
    assert lines(Let(k, plus(real(T), number(1))), Store(V, I, times(k, k)))[:4] == [
        "once",
        "k: double = clock.t + 1.0",
        "once1: double = k * k",
        "body",
    ]


def test_table_lookups() -> None:
    assert lines(load_v(), Store(V, I, plus(Load(TABLE, ROW), X))) == [
        "once",
        "once1: real = table.values[timed_row(clock.t, table.dt, table.rows)]",
        "body",
        "x: real = group.v[i]",
        "group.v[i] = once1 + x",
    ]
    r = Local("r", INT)
    got = lines(load_v(), Let(r, ROW), Store(V, I, plus(Load(TABLE, r), X)))
    assert got[1:3] == ["r: int = timed_row(clock.t, table.dt, table.rows)", "once1: real = table.values[r]"]


def test_shared_variables() -> None:
    zero = Literal(0, INT)
    assert "once1: real = group.shared[0]" in lines(load_v(), Store(V, I, times(Load(SHARED, zero), X)))
    before = kernel(load_v(), Store(V, I, times(Load(SHARED, zero), X)), Store(SHARED, zero, number(1)))
    assert hoist_prologue(before) == before


@pytest.mark.parametrize(
    "value",
    [
        times(real(T), X),
        times(Random("normal", 0, (), REAL), real(TAU)),
        times(Load(SHARED, Call("mod", (Argument("n", INT), Argument("n", INT)), INT)), X),
        times(Load(SHARED, Argument("n", INT)), X),  # not known to be a place in it
    ],
)
def test_what_stays(value: Binary) -> None:
    before = verify(kernel(load_v(), Store(V, I, value)))
    assert hoist_prologue(before) == before


def test_rows() -> None:
    x_pre, rate = Local("v_x_pre", REAL), Local("v_rate", REAL)
    assert lines(
        Let(x_pre, Load(U, I)),
        Let(rate, Load(RATE, J)),
        Accumulate(V, J, times(plus(x_pre, real(DT)), times(rate, Load(W, S)))),
        domain=ROWS,
    ) == [
        "outer",
        "v_x_pre: real = pre.u[i]",
        "row1: real = v_x_pre + real(clock.dt)",
        "body",
        "v_rate: real = pre.rate[j]",
        "group.v[j] += row1 * (v_rate * s.w[s])",
    ]


def test_columns() -> None:
    got = lines(Store(W, S, plus(Load(U, J), Load(RATE, I))), domain=COLUMNS)
    assert got == ["outer", "column1: real = pre.u[j]", "body", "s.w[s] = column1 + pre.rate[i]"]


@pytest.mark.parametrize(
    ("domain", "moves"),
    [
        (Synapses("s", "pre"), True),
        (Synapses("s", "post"), False),
        (Pairs("s", False), True),
        (PairSample("s", Literal(3.0, DOUBLE), "pre", False, 0, False), True),
        (PairSample("s", Literal(3.0, DOUBLE), "post", False, 0, False), False),
        (PairSample("s", Literal(3.0, DOUBLE), None, False, 0, False), False),
        (EVERYONE, False),
    ],
)
def test_nested_domains(domain: Domain, moves: bool) -> None:
    before = kernel(Store(Array("elsewhere", REAL), I, call("exp", Load(U, I))), domain=domain)
    assert bool(hoist_outer(before).outer) == moves


def test_what_the_kernel_writes_is_read_anew() -> None:
    before = kernel(Accumulate(U, I, number(1)), Store(W, S, Load(U, I)), domain=ROWS)
    assert hoist_outer(before) == before


def test_degrees_are_those_before_the_step() -> None:
    assert lines(Store(W, S, Cast(Load(DEGREE, I), REAL)), domain=ROWS)[1] == "row1: real = real(s.N[i])"


def test_branches_keep_what_only_they_may_read() -> None:
    inner = Assign(X, Load(U, Load(LINK, I)))
    yes = Let(YES, Binary(">", Load(W, S), number(0)))
    got = lines(Let(X, Load(W, S)), yes, If(YES, (inner,)), Store(W, S, X), domain=ROWS)
    assert got[1] == "row1: int = pre.link[i]"
    assert "x := pre.u[row1]" in got


def test_branches_give_what_is_safe() -> None:
    yes = Let(YES, Binary(">", Load(W, S), number(0)))
    got = lines(yes, If(YES, (Store(W, S, times(Load(U, I), real(T))),)), domain=ROWS)
    assert got[:2] == ["outer", "row1: real = pre.u[i] * real(clock.t)"]
