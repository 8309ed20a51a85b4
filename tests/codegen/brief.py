"""Short names for IR made by hand."""

from __future__ import annotations

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
    Domain,
    Elements,
    EventSynapses,
    Expression,
    Kernel,
    Let,
    Literal,
    Load,
    Local,
    ProgramIR,
    Run,
    Statement,
)

I, J, S = Local("i", INT), Local("j", INT), Local("s", INT)
X, Y = Local("x", REAL), Local("y", REAL)
YES = Local("yes", BOOL)
TAU, DT, T = Argument("tau", DOUBLE), Argument("clock.dt", DOUBLE), Argument("clock.t", DOUBLE)
V, W = Array("group.v", REAL), Array("s.w", REAL, "s", "slot")
FLAG = Array("group.flag", BOOL)
EVERYONE = Elements(Literal(0, INT), Argument("group.N", INT))
ROWS, COLUMNS = EventSynapses("s", "pre", "pre"), EventSynapses("s", "post", "post")


def number(value: float) -> Literal:
    """A REAL literal."""
    return Literal(float(value), REAL)


def whole(value: int) -> Literal:
    """An INT literal."""
    return Literal(value, INT)


def real(x: Expression) -> Cast:
    """As REAL."""
    return Cast(x, REAL)


def plus(x: Expression, y: Expression) -> Binary:
    """x + y."""
    return Binary("+", x, y)


def minus(x: Expression, y: Expression) -> Binary:
    """x - y."""
    return Binary("-", x, y)


def times(x: Expression, y: Expression) -> Binary:
    """x * y."""
    return Binary("*", x, y)


def over(x: Expression, y: Expression) -> Binary:
    """x / y."""
    return Binary("/", x, y)


def call(function: str, *arguments: Expression) -> Call:
    """A function whose result has the type of its arguments."""
    return Call(function, arguments, arguments[0].type)


def kernel(*body: Statement, domain: Domain = EVERYONE, outer: tuple[Let, ...] = ()) -> Kernel:
    """A kernel with this body."""
    return Kernel("group_update", "clock", domain, body, outer=outer)


def program(*kernels: Kernel) -> ProgramIR:
    """A program that runs these kernels."""
    return ProgramIR((), tuple(Run(k) for k in kernels))


def load_v() -> Let:
    """Bind x to the neuron's v."""
    return Let(X, Load(V, I))
