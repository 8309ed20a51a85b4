from __future__ import annotations

import pytest
from brief import (
    COLUMNS,
    DT,
    EVERYONE,
    FLAG,
    ROWS,
    TAU,
    YES,
    I,
    J,
    S,
    V,
    W,
    X,
    Y,
    call,
    kernel,
    load_v,
    number,
    plus,
    program,
    real,
    whole,
)

from eqsnn.codegen.ir import (
    BOOL,
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
    Create,
    Domain,
    Elements,
    Events,
    If,
    Let,
    Literal,
    Load,
    Local,
    Once,
    Pairs,
    PairSample,
    ProgramIR,
    Random,
    Record,
    Remove,
    Select,
    Statement,
    Store,
    Unary,
)  # fmt: skip
from eqsnn.codegen.passes.verify import InternalError, verify, verify_program

GOOD = [
    (EVERYONE, (load_v(), Assign(X, number(1)), Store(V, I, X))),
    (EVERYONE, (Assign(X, number(1)), If(Load(FLAG, I), (Assign(X, number(2)),)), Store(V, I, X))),
    (ROWS, (Create("s", ((W, number(1)),)), Remove("s"), Accumulate(V, J, Load(W, S)))),
    (Pairs("s", True), (If(Local("connected", BOOL), (Remove("s"),)),)),
    (Once(), (Store(V, whole(0), number(1)),)),
    (EVERYONE, (Record("m", 0, Load(V, I)),)),
    (EVERYONE, (Store(V, I, Random("normal", 0, (), REAL)),)),
    (EVERYONE, (Store(V, I, real(Call("expm_entry", (whole(1), whole(0), whole(0), DT, TAU), DOUBLE))),)),
]
BAD: list[tuple[Domain, tuple[Statement, ...], str]] = [
    (EVERYONE, (Store(V, I, X),), "x is used before it is bound"),
    (EVERYONE, (load_v(), load_v()), "x is bound twice"),
    (EVERYONE, (If(Load(FLAG, I), (load_v(),)), Store(V, I, X)), "x is used before it is bound"),
    (EVERYONE, (If(Load(FLAG, I), (load_v(),), (load_v(),)),), "x is bound twice"),
    (EVERYONE, (If(Load(FLAG, I), (Assign(X, number(1)),)),), "x is not known outside its branch"),
    (EVERYONE, (Store(V, J, number(1)),), "j is used before it is bound"),
    (EVERYONE, (Store(V, I, whole(1)),), "group.v is Type.REAL, gets Type.INT"),
    (EVERYONE, (Store(V, I, plus(number(1), whole(1))),), "Type.REAL + Type.INT"),
    (EVERYONE, (Store(V, I, plus(TAU, number(1))),), "Type.DOUBLE + Type.REAL"),
    (EVERYONE, (Store(V, number(1), number(1)),), "index of group.v"),
    (EVERYONE, (Store(FLAG, I, Binary("and", whole(1), whole(1))),), "and of Type.INT"),
    (EVERYONE, (Let(Local("n", INT), Binary("/", whole(1), whole(1))),), "/ of Type.INT"),
    (EVERYONE, (Let(Y, Unary("not", number(1))),), "not of Type.REAL"),
    (EVERYONE, (Let(X, whole(1)),), "x is Type.REAL, its value Type.INT"),
    (EVERYONE, (load_v(), Let(Y, Local("x", REAL)), Assign(Local("x", INT), whole(1))), "x is Type.REAL"),
    (EVERYONE, (If(whole(1), ()),), "an If without a truth value"),
    (EVERYONE, (Let(X, Select(whole(1), number(1), number(1))),), "a Select without a truth value"),
    (EVERYONE, (Let(X, Select(Literal(True, BOOL), number(1), whole(1))),), "branches Type.REAL and Type.INT"),
    (EVERYONE, (Let(YES, Literal(1, BOOL)),), "1 as Type.BOOL"),
    (EVERYONE, (Create("s", ((W, number(1)),)),), "outside a synaptic domain"),
    (Events("g", "spike", 0, 3), (Remove("s"),), "removes a synapse"),
    (Pairs("s", False), (Remove("s"),), "removes a synapse"),
    (EVERYONE, (Let(X, call("sine", number(1))),), "unknown function sine"),
    (EVERYONE, (Let(X, Call("exp", (number(1), number(1)), REAL)),), "exp of REAL, REAL"),
    (EVERYONE, (Let(X, Call("exp", (TAU,), REAL)),), "exp gives"),
    (EVERYONE, (Let(X, Random("poisson", 0, (number(1),), REAL)),), "poisson of"),
    (Elements(number(0), number(1)), (), "not counted in integers"),
    (PairSample("s", number(1), None, False, 0, False), (), "not DOUBLE"),
]


@pytest.mark.parametrize(("domain", "body"), GOOD)
def test_accepts(domain: Domain, body: tuple[Statement, ...]) -> None:
    node = kernel(*body, domain=domain)
    assert verify(node) is node


@pytest.mark.parametrize(("domain", "body", "message"), BAD)
def test_names_the_kernel_and_the_problem(domain: Domain, body: tuple[Statement, ...], message: str) -> None:
    with pytest.raises(InternalError, match=r"^group_update: ") as caught:
        verify(kernel(*body, domain=domain))
    assert message in str(caught.value)


def test_outer_sees_its_own_local_only() -> None:
    verify(kernel(domain=COLUMNS, outer=(Let(X, Load(V, J)),)))
    with pytest.raises(InternalError, match="i is used"):
        verify(kernel(domain=COLUMNS, outer=(Let(X, Load(V, I)),)))


def test_setup() -> None:
    k = Local("k", DOUBLE)
    good = ProgramIR((Let(k, plus(TAU, DT)),), program(kernel()).actions)
    assert verify_program(good) is good
    for setup in ((Let(k, TAU), Let(k, DT)), (Let(X, real(TAU)),), (Let(k, Cast(Local("z", REAL), DOUBLE)),)):
        with pytest.raises(InternalError, match=r"^setup: "):
            verify_program(ProgramIR(setup, ()))


def test_arrays_may_be_indexed_by_integers_of_any_width() -> None:
    verify(kernel(Store(Array("a", REAL), Argument("n", INT), number(1))))
