"""A whole program: membrane with two conductances and a refractory period, reset, synapses with a trace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from brief import (
    DT,
    EVERYONE,
    FLAG,
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
    Y,
    call,
    kernel,
    load_v,
    minus,
    number,
    over,
    plus,
    real,
    times,
)

from eqsnn.codegen.ir import (
    DOUBLE,
    INT,
    LONG,
    REAL,
    Accumulate,
    Action,
    Apply,
    Argument,
    Array,
    Assign,
    Binary,
    Call,
    Cast,
    Create,
    Elements,
    Events,
    Find,
    If,
    Kernel,
    Let,
    Literal,
    Load,
    Local,
    Pairs,
    PairSample,
    ProgramIR,
    Record,
    Remove,
    Run,
    Select,
    Statement,
    Store,
    Tally,
    Unary,
    Zero,
)  # fmt: skip
from eqsnn.codegen.passes.pipeline import optimise
from eqsnn.codegen.passes.show import show

G, LAST, FLAGS = Array("group.g", REAL), Array("group.lastspike", INT), Array("group.spike_flags", FLAG.type)
UPDATED, RATE = Array("s.lastupdate", INT, "s", "slot"), Array("pre.rate", REAL)
VT = Argument("v_t", DOUBLE)
WIDE = Cast(X, DOUBLE)


def update() -> Kernel:
    """Exact integration; v stands still in the refractory period."""
    g, decay, share, new = (Local(name, REAL) for name in ("v_g", "d_P_g_g", "d_P_v_g", "n_v"))
    since = minus(Cast(Argument("clock.step", LONG), INT), Load(LAST, I))
    quotient = Unary("-", over(real(DT), real(TAU)))
    return kernel(
        Let(YES, Binary(">=", since, Call("timestep", (Literal(0.005, DOUBLE), DT), INT))),
        Let(decay, call("exp", quotient)),
        Let(share, real(times(DT, Cast(call("exprel", quotient), DOUBLE)))),
        load_v(),
        Let(g, Load(G, I)),
        Let(new, Select(YES, plus(times(decay, X), times(share, g)), X)),
        Store(FLAGS, I, Binary("and", Binary(">", Cast(new, DOUBLE), VT), YES)),
        Store(V, I, new),
        Store(G, I, times(g, decay)),
    )


def delivery() -> Kernel:
    """A trace that decays between events, a jump that depends on the source's rate, and a limit in a branch."""
    ticks = minus(Cast(Argument("tick", LONG), INT), Load(UPDATED, S))
    elapsed = times(Cast(ticks, REAL), real(Argument("tick.dt", DOUBLE)))
    w = Let(X, times(Load(W, S), call("exp", Unary("-", over(elapsed, real(TAU))))))
    rate = Let(Y, plus(Load(RATE, I), call("sin", real(T))))
    limit = If(Binary(">", WIDE, VT), (Assign(X, real(VT)),))
    grow = Assign(X, real(plus(WIDE, times(Cast(Y, DOUBLE), DT))))
    return kernel(w, rate, Accumulate(V, J, X), grow, limit, Store(W, S, X), domain=ROWS)


def whole() -> ProgramIR:
    actions: tuple[Action, ...] = (Run(update()), Find("group", "spike", "clock"), Run(delivery()))
    return ProgramIR((), actions)


OPTIMISED = """\
setup
    group.k1: int = timestep(0.005, clock.dt)
    group.P_g_g: double = exp(-(clock.dt / tau))
    group.P_v_g: double = clock.dt * exprel(-(clock.dt / tau))
    s.k1: double = -tick.dt / tau

group_update at clock: i in 0..group.N
    yes: bool = int(clock.step) - group.lastspike[i] >= group.k1
    x: real = group.v[i]
    v_g: real = group.g[i]
    n_v: real = real(group.P_g_g) * x + real(group.P_v_g) * v_g if yes else x
    group.spike_flags[i] = n_v > real(v_t) and yes
    group.v[i] = n_v
    group.g[i] = v_g * real(group.P_g_g)

find group, spike, clock

group_update at clock: rows of s reached by pre
  once
    once1: double = sin(clock.t)
  outer
    y: real = pre.rate[i] + real(once1)
    row1: real = y * real(clock.dt)
  body
    x: real = s.w[s] * exp(real(s.k1) * real(int(tick) - s.lastupdate[s]))
    group.v[j] += x
    x_3: real = x + row1
    branch: bool = x_3 > real(v_t)
    x_4: real = real(v_t) if branch else x_3
    s.w[s] = x_4
"""


def test_whole_program() -> None:
    assert show(optimise(whole())) == OPTIMISED


def test_optimising_again_changes_nothing() -> None:
    assert optimise(optimise(whole())) == optimise(whole())


def test_does_not_depend_on_hashes() -> None:
    code = "import test_pass_pipeline as t; print(t.show(t.optimise(t.whole())), end='')"
    here = Path(__file__).parent
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(here)}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == OPTIMISED


SHOWN = """\
setup
    k: double = clock.dt / (tau * 2.0)

zero group.v, 0, None, clock

group_update at clock: i in 0..group.N
    if not x > -1.0 and (yes or x == 2.0)
        x := -(x + 1.0) / (x - (1.0 - x))
    else
        group.v[i] = 1.0 if yes else 2.0
        record monitor[1] = (1.0 if yes else 2.0) + -1.0

group_update at clock: pairs of s with slots
    create s(w=1.0)
    remove s

group_update at clock: k random unconnected pairs of s for each pre, in order of (i, j)

apply s, clock

tally rates, group, 0, 3, clock
"""


def test_show() -> None:
    one_or_two = Select(YES, number(1), number(2))
    condition = Binary("and", Unary("not", Binary(">", X, number(-1))), Binary("or", YES, Binary("==", X, number(2))))
    quotient = over(Unary("-", plus(X, number(1))), minus(X, minus(number(1), X)))
    orelse: tuple[Statement, ...] = (Store(V, I, one_or_two), Record("monitor", 1, plus(one_or_two, number(-1))))
    k = Local("k", DOUBLE)
    sample = Kernel(
        "group_update", "clock", PairSample("s", Argument("k", DOUBLE), "pre", True, 0, False), (), ordered=True
    )
    program = ProgramIR(
        (Let(k, over(DT, times(TAU, Literal(2.0, DOUBLE)))),),
        (
            Zero(V, 0, None, "clock"),
            Run(kernel(If(condition, (Assign(X, quotient),), orelse), domain=EVERYONE)),
            Run(kernel(Create("s", ((W, number(1)),)), Remove("s"), domain=Pairs("s", True))),
            Run(sample),
            Apply("s", "clock"),
            Tally("rates", "group", 0, 3, "clock"),
        ),
    )
    assert show(program) == SHOWN
    assert show(ProgramIR((), (Run(kernel(domain=Events("group", "spike", 0, 3))),))).endswith("of group with spike\n")
    assert isinstance(EVERYONE, Elements)
