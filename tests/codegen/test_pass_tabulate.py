"""What depends on unchanging parameters of a neuron alone is computed before the first step."""

from eqsnn.codegen.ir import (
    DOUBLE,
    INT,
    REAL,
    Argument,
    Array,
    Binary,
    Call,
    CallBack,
    Cast,
    Elements,
    Kernel,
    Let,
    Literal,
    Load,
    Local,
    ProgramIR,
    Run,
    Store,
)
from eqsnn.codegen.passes.dead import dead_tables
from eqsnn.codegen.passes.tabulate import tabulate
from eqsnn.codegen.passes.verify import verify_program

I = Local("i", INT)
X, TAU = Array("G.x", REAL), Array("G.tau", REAL)
DT = Cast(Argument("clock.dt", DOUBLE), REAL)
EVERYONE = Elements(Literal(0, INT), Argument("G.N", INT))
DECAY = Call("exp", (Binary("/", DT, Load(TAU, I)),), REAL)


def program(*body, others=()):
    return ProgramIR((), (Run(Kernel("G_update", "clock", EVERYONE, body)), *others))


def decay_program(others=()):
    tau, factor = Local("v_tau", REAL), Local("d_P", REAL)
    return program(
        Let(tau, Load(TAU, I)),
        Let(factor, Call("exp", (Binary("/", DT, tau),), REAL)),
        Store(X, I, Binary("*", factor, Load(X, I))),
        others=others,
    )


def loads(kernel):
    return [node.value for node in kernel.body if isinstance(node, Let)]


def test_a_decay_of_each_neuron_becomes_a_load():
    result = verify_program(tabulate(decay_program()))
    (table,) = result.tables
    assert table.body == (Store(Array("G.table1", REAL), I, DECAY),)
    assert loads(result.actions[0].kernel)[1] == Load(Array("G.table1", REAL), I)


def test_a_parameter_that_some_kernel_writes_is_looked_at_in_every_step():
    writer = Run(Kernel("G_on_spike", "clock", EVERYONE, (Store(TAU, I, Literal(1.0, REAL)),)))
    original = decay_program((writer,))
    assert tabulate(original) == original


def test_python_code_may_change_anything():
    original = decay_program((CallBack("operation", "clock"),))
    assert tabulate(original) == original


def test_time_is_no_parameter():
    value = Call("exp", (Binary("*", Cast(Argument("clock.t", DOUBLE), REAL), Load(TAU, I)),), REAL)
    original = program(Store(X, I, value))
    assert tabulate(original) == original


def test_cheap_values_stay():
    original = program(Store(X, I, Binary("*", Load(TAU, I), Load(X, I))))
    assert tabulate(original) == original


def test_equal_values_share_a_table_and_unread_ones_go():
    result = tabulate(program(Store(X, I, Binary("+", DECAY, Binary("*", DECAY, Load(X, I))))))
    assert len(result.tables[0].body) == 1
    unread = ProgramIR((), (), result.tables)
    assert dead_tables(unread).tables == ()
