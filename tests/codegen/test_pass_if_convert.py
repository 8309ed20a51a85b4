from __future__ import annotations

import pytest
from brief import EVERYONE, FLAG, ROWS, YES, I, J, S, V, W, X, Y, call, kernel, load_v, number, plus, times, whole

from eqsnn.codegen.ir import (
    INT,
    REAL,
    Accumulate,
    Array,
    Assign,
    Call,
    Create,
    Domain,
    Elements,
    Events,
    If,
    Let,
    Load,
    Local,
    Random,
    Record,
    Remove,
    Statement,
    Store,
)  # fmt: skip
from eqsnn.codegen.passes.if_convert import if_convert, propagate, single_assignment
from eqsnn.codegen.passes.show import show_kernel
from eqsnn.codegen.passes.verify import verify

IS = Let(YES, Load(FLAG, I))
LINK = Array("group.link", INT)


def body(*statements: Statement, domain: Domain = EVERYONE) -> list[str]:
    """Lines of the converted body."""
    before = verify(kernel(load_v(), IS, *statements, domain=domain))
    return [line.strip() for line in show_kernel(verify(if_convert(before))).splitlines()[3:]]


def test_assignments_become_selects() -> None:
    node = If(YES, (Assign(X, plus(X, number(1))), Assign(X, times(X, number(2)))), (Assign(X, number(0)),))
    assert body(node) == [
        "branch: bool = yes",
        "x_2: real = x + 1.0",
        "x_3: real = x_2 * 2.0",
        "x_4: real = 0.0",
        "x := x_3 if branch else x_4",
    ]


def test_bindings_move_out_under_their_own_names() -> None:
    node = If(YES, (Let(Y, Load(V, I)), Assign(X, Y)))
    assert body(node, Store(V, I, X)) == [
        "branch: bool = yes",
        "y_2: real = group.v[i]",
        "x_2: real = y_2",
        "x := x_2 if branch else x",
        "group.v[i] = x",
    ]


def test_stores_keep_what_is_there() -> None:
    assert body(If(YES, (Store(V, I, number(1)),), (Store(V, I, number(2)),))) == [
        "branch: bool = yes",
        "group.v[i] = 1.0 if branch else group.v[i]",
        "group.v[i] = group.v[i] if branch else 2.0",
    ]


def test_branches_within_branches() -> None:
    inner = If(Load(FLAG, I), (Assign(X, number(1)),))
    assert body(If(YES, (inner, Assign(X, plus(X, number(1)))))) == [
        "branch_2: bool = yes",
        "branch_3: bool = group.flag[i]",
        "x_3: real = 1.0",
        "x_4: real = x_3 if branch_3 else x",
        "x_5: real = x_4 + 1.0",
        "x := x_5 if branch_2 else x",
    ]


def test_what_only_the_branch_may_do_stays_in_it() -> None:
    for inner in (
        Assign(X, Load(V, Load(LINK, I))),
        Assign(X, Random("normal", 0, (), REAL)),
        Let(Local("n", INT), Call("floordiv", (whole(3), I), INT)),
        Accumulate(V, I, number(1)),
        Record("monitor", 0, X),
    ):
        before = kernel(load_v(), IS, If(YES, (inner,)))
        assert if_convert(before) == before


@pytest.mark.parametrize(
    "inner", [Create("s", ((W, number(1)),)), Remove("s"), Accumulate(V, J, number(1)), Store(V, J, number(1))]
)
def test_structural_statements_and_those_on_neurons_stay(inner: Statement) -> None:
    before = verify(kernel(IS, If(YES, (inner,)), domain=ROWS))
    assert if_convert(before) == before


def test_an_index_that_changes_is_not_safe() -> None:
    n = Local("n", INT)
    inner = (Let(n, whole(0)), Assign(n, Load(LINK, I)), Assign(X, Load(V, n)))
    before = verify(kernel(load_v(), IS, If(YES, inner)))
    assert if_convert(before) == before


def test_synapses_own_their_slot() -> None:
    assert body(If(YES, (Store(W, S, number(1)),)), domain=ROWS)[-1] == "s.w[s] = 1.0 if branch else s.w[s]"


def test_other_domains_keep_their_branches() -> None:
    for domain in (Events("group", "spike", 0, 3), Elements(whole(0), whole(3), vector=False)):
        before = kernel(load_v(), IS, If(YES, (Assign(X, number(1)),)), domain=domain)
        assert if_convert(before) == before


def test_single_assignment() -> None:
    before = kernel(load_v(), IS, Assign(X, plus(X, number(1))), Assign(X, call("exp", X)), Store(V, I, X))
    assert show_kernel(verify(single_assignment(before))).splitlines()[3:] == [
        "    x_2: real = x + 1.0",
        "    x_3: real = exp(x_2)",
        "    group.v[i] = x_3",
    ]


def test_single_assignment_leaves_what_a_branch_assigns() -> None:
    before = kernel(load_v(), IS, Assign(X, number(1)), If(YES, (Assign(X, number(2)),)), Store(V, I, X))
    assert single_assignment(before) == before


def test_propagate() -> None:
    before = kernel(load_v(), Let(Y, X), Let(Local("z", REAL), number(2)), Store(V, I, plus(Y, Local("z", REAL))))
    assert propagate(before).body == (load_v(), Store(V, I, plus(X, number(2))))
