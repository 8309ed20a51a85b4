from __future__ import annotations

import pytest
from brief import DT, TAU, YES, I, T, V, X, call, kernel, load_v, minus, number, over, plus, program, real, times, whole

from eqsnn.codegen.ir import (
    DOUBLE,
    INT,
    REAL,
    Argument,
    Array,
    Binary,
    Call,
    Cast,
    Events,
    If,
    Kernel,
    Let,
    Literal,
    Local,
    Once,
    PairSample,
    Random,
    Select,
    Statement,
    Store,
    Unary,
)  # fmt: skip
from eqsnn.codegen.passes.dead import dead_setup
from eqsnn.codegen.passes.setup import hoist_setup, owner
from eqsnn.codegen.passes.show import show
from eqsnn.codegen.passes.verify import verify_program

DECAY = call("exp", Unary("-", over(real(DT), real(TAU))))
N = Argument("n", INT)


def lines(*kernels: Kernel) -> list[str]:
    """The program after the pass, without the heads of its kernels."""
    text = show(verify_program(hoist_setup(verify_program(program(*kernels)))))
    return [line.strip() for line in text.splitlines()[1:] if line and " at " not in line]


def body(*statements: Statement) -> list[str]:
    return lines(kernel(load_v(), *statements))[:-1]


def test_binding_gives_its_name() -> None:
    d = Local("d_P_v_ge", REAL)
    assert lines(kernel(load_v(), Let(d, DECAY), Store(V, I, times(d, X)))) == [
        "group.P_v_ge: double = exp(-(clock.dt / tau))",
        "x: real = group.v[i]",
        "group.v[i] = real(group.P_v_ge) * x",
    ]


def test_equal_values_share_an_entry_between_kernels() -> None:
    one = kernel(load_v(), Store(V, I, times(DECAY, X)))
    other = kernel(load_v(), Let(Local("d_k", REAL), DECAY), Store(V, I, plus(Local("d_k", REAL), X)))
    assert lines(one, other) == [
        "group.k1: double = exp(-(clock.dt / tau))",
        "x: real = group.v[i]",
        "group.v[i] = real(group.k1) * x",
        "x: real = group.v[i]",
        "group.v[i] = real(group.k1) + x",
    ]


def test_entries_use_earlier_ones() -> None:
    a, b = Local("d_a", DOUBLE), Local("d_b", DOUBLE)
    got = lines(kernel(Let(a, over(DT, TAU)), Let(b, call("exp", a)), Store(V, I, real(times(b, a)))))
    assert got == [
        "group.a: double = clock.dt / tau",
        "group.b: double = exp(group.a)",
        "group.k1: double = group.b * group.a",
        "group.v[i] = real(group.k1)",
    ]


def test_a_name_that_is_taken_gets_a_number() -> None:
    d = Local("d_v", REAL)
    assert lines(kernel(load_v(), Let(d, DECAY), Store(V, I, times(d, X))))[0].startswith("group.v_2: double = ")


def test_a_name_that_would_print_like_another_gets_a_number() -> None:
    inverse, other = over(number(1), real(TAU)), real(Argument("tau_inverse", DOUBLE))
    got = lines(kernel(load_v(), Store(V, I, times(inverse, times(X, other)))))
    assert got[0] == "tau.inverse_2: double = 1.0 / tau"


def test_inverse_is_called_so() -> None:
    got = lines(kernel(load_v(), Store(V, I, times(over(number(1), real(TAU)), X))))
    assert (got[0], got[-1]) == ("tau.inverse: double = 1.0 / tau", "group.v[i] = real(tau.inverse) * x")


def test_integers_and_truth_values_keep_their_type() -> None:
    steps = Call("timestep", (real(TAU), real(DT)), INT)
    chosen = Select(Binary(">", steps, N), X, number(0))
    assert lines(kernel(load_v(), Store(V, I, chosen)))[:2] == [
        "group.k1: bool = timestep(tau, clock.dt) > n",
        "x: real = group.v[i]",
    ]


@pytest.mark.parametrize(
    "value",
    [
        times(real(TAU), X),
        times(Unary("-", real(TAU)), X),
        times(Cast(N, REAL), X),
        plus(real(T), X),
        times(real(plus(T, DT)), X),
        plus(Cast(plus(Argument("tick", INT), N), REAL), X),
        times(Random("poisson", 0, (TAU,), INT), whole(2)),
        Call("floordiv", (N, N), INT),  # n may be zero
    ],
)
def test_what_stays(value: Binary) -> None:
    target = V if value.type is REAL else Array("group.count", INT)
    before = program(kernel(load_v(), Store(target, I, value)))
    assert hoist_setup(before) == before


def test_parts_of_what_stays_go() -> None:
    value = plus(real(T), real(plus(DT, TAU)))
    assert lines(kernel(load_v(), Store(V, I, times(value, X))))[::2] == [
        "group.k1: double = clock.dt + tau",
        "group.v[i] = (real(clock.t) + real(group.k1)) * x",
    ]


def test_literals_and_copies_need_no_entry() -> None:
    d = Local("d", REAL)
    assert lines(kernel(Let(d, Unary("-", real(TAU))), Store(V, I, d))) == ["group.v[i] = -real(tau)"]
    assert lines(kernel(Let(d, number(2)), Store(V, I, d))) == ["group.v[i] = 2.0"]
    halved = Let(d, real(minus(Cast(Literal(2.0, REAL), DOUBLE), Literal(1.0, DOUBLE))))
    assert lines(kernel(halved, Store(V, I, d))) == ["group.v[i] = 1.0"]


def test_a_copy_of_an_entry_is_read_as_an_argument() -> None:
    same = Unary("-", Unary("-", DECAY))
    assert lines(kernel(Store(V, I, DECAY)), kernel(Store(V, I, Unary("-", DECAY))), kernel(Store(V, I, same))) == [
        "group.k1: double = exp(-(clock.dt / tau))",
        "group.v[i] = real(group.k1)",
        "group.v[i] = -real(group.k1)",
        "group.v[i] = real(group.k1)",
    ]


def test_within_branches() -> None:
    d = Local("d", REAL)
    yes = Let(YES, Binary(">", X, number(0)))
    assert (
        body(yes, If(YES, (Let(d, DECAY), Store(V, I, times(d, X)))))[0] == "group.d: double = exp(-(clock.dt / tau))"
    )


def test_count_of_a_sample() -> None:
    count = Local("count", DOUBLE)
    sample = PairSample("s", times(count, TAU), None, False, 0, False)
    got = hoist_setup(program(kernel(domain=sample, outer=(Let(count, plus(DT, TAU)),))))
    assert [let.local.name for let in got.setup] == ["s.count", "s.k1"]
    assert got.kernels()[0].domain == PairSample("s", Argument("s.k1", DOUBLE), None, False, 0, False)
    assert got.kernels()[0].outer == ()


def test_owner() -> None:
    assert owner(kernel()) == "group"
    assert owner(kernel(domain=Events("exc", "spike", 0, 3))) == "exc"
    assert owner(kernel(domain=Once())) == "group_update"


def test_runs_again_without_change() -> None:
    once = hoist_setup(program(kernel(load_v(), Store(V, I, times(DECAY, X)))))
    assert hoist_setup(once) == once


def test_unread_entries_are_dropped() -> None:
    a, b, c = (Local(name, DOUBLE) for name in "abc")
    read = program(kernel(Store(V, I, real(Argument("b", DOUBLE)))))
    setup = (Let(a, over(DT, TAU)), Let(b, call("exp", a)), Let(c, call("exp", b)))
    full = type(read)(setup, read.actions)
    assert [let.local.name for let in dead_setup(full).setup] == ["a", "b"]
