from __future__ import annotations

from brief import ROWS, YES, I, S, V, W, X, Y, call, kernel, load_v, minus, number, over, plus, times

from eqsnn.codegen.ir import REAL, Array, Assign, Binary, If, Let, Load, Local, Random, Statement, Store
from eqsnn.codegen.passes.cse import cse
from eqsnn.codegen.passes.dead import dead
from eqsnn.codegen.passes.show import show_kernel
from eqsnn.codegen.passes.verify import verify

U = Array("group.u", REAL)
EXP = call("exp", X)
YES_ = Let(YES, Binary(">", X, number(0)))


def lines(*body: Statement) -> list[str]:
    return [line[4:] for line in show_kernel(verify(cse(verify(kernel(load_v(), *body))))).splitlines()[2:]]


def test_repeated_values_are_bound() -> None:
    assert lines(Store(V, I, plus(EXP, over(number(1), EXP)))) == [
        "common1: real = exp(x)",
        "group.v[i] = common1 + 1.0 / common1",
    ]


def test_the_largest_repeated_value_is_bound() -> None:
    both = plus(EXP, number(1))
    assert lines(Store(V, I, both), Store(U, I, both)) == [
        "common1: real = exp(x) + 1.0", "group.v[i] = common1", "group.u[i] = common1",
    ]  # fmt: skip


def test_values_that_have_a_name_are_read_there() -> None:
    assert lines(Let(Y, EXP), Store(V, I, plus(EXP, number(1)))) == ["y: real = exp(x)", "group.v[i] = y + 1.0"]
    assert lines(Let(Y, EXP), Let(Local("z", REAL), EXP), Store(V, I, Local("z", REAL)))[-1] == "group.v[i] = y"


def test_cheap_values_are_repeated() -> None:
    cheap = plus(X, number(1))
    body = (load_v(), Store(V, I, times(cheap, cheap)))
    assert cse(kernel(*body)).body == body


def test_same_draw() -> None:
    draw = Random("normal", 3, (), REAL)
    assert lines(Store(V, I, minus(draw, times(draw, draw))))[0] == "common1: real = normal#3()"
    other = Random("normal", 4, (), REAL)
    assert lines(Store(V, I, minus(draw, other))) == ["group.v[i] = normal#3() - normal#4()"]


def test_stores_make_loads_new() -> None:
    load = Load(U, I)
    assert lines(Let(Y, load), Store(U, I, number(1)), Store(V, I, load)) == [
        "y: real = group.u[i]",
        "group.u[i] = 1.0",
        "group.v[i] = group.u[i]",
    ]


def test_assignments_make_values_new() -> None:
    assert lines(Let(Y, EXP), Assign(X, number(1)), Store(V, I, EXP)) == [
        "y: real = exp(x)", "x := 1.0", "group.v[i] = exp(x)",
    ]  # fmt: skip


def test_branches_know_what_is_before_them_only() -> None:
    change = If(YES, (Store(V, I, EXP), Store(U, I, call("sin", X))), (Store(V, I, call("sin", X)),))
    assert lines(YES_, Let(Y, EXP), change, Store(V, I, plus(call("sin", X), EXP))) == [
        "yes: bool = x > 0.0",
        "y: real = exp(x)",
        "if yes",
        "    group.v[i] = y",
        "    group.u[i] = sin(x)",
        "else",
        "    group.v[i] = sin(x)",
        "group.v[i] = sin(x) + y",
    ]


def test_stores_in_branches_count() -> None:
    load = Load(V, I)
    assert lines(YES_, If(YES, (Store(V, I, number(1)),)), Store(U, I, load))[-1] == "group.u[i] = group.v[i]"


def test_unread_bindings_and_branches_go() -> None:
    z = Local("z", REAL)
    before = kernel(load_v(), Let(Y, EXP), Let(z, times(Y, Y)), YES_, If(YES, (Assign(z, EXP),)), Store(U, I, X))
    assert dead(before).body == (load_v(), Store(U, I, X))


def test_unread_outer_bindings_go() -> None:
    before = kernel(Store(W, S, number(1)), domain=ROWS, outer=(Let(X, Load(V, I)),))
    assert dead(before).outer == ()
