"""The kernel IR: target-free bodies of everything that runs. The whole of it is in this file.

    type       = REAL | DOUBLE | INT | LONG | BOOL
    expression = Literal(value, type) | Local(name, type) | Argument(name, type)
               | Load(array, index) | Unary(op, x) | Binary(op, x, y) | Select(condition, x, y)
               | Cast(x, type) | Call(function, arguments, type) | Random(distribution, site, arguments, type)
    statement  = Let(local, x) | Assign(local, x) | Store(array, index, x) | Accumulate(array, index, x, operator)
               | If(condition, then, orelse) | Create(projection, values, limit) | Remove(projection, limit)
               | Record(recorder, k, x)
    domain     = Once | Elements | Events | EventSynapses | EventNeurons | Lottery | Synapses | Pairs | PairSample
               | Matching | Chosen
    kernel     = Kernel(name, domain, prologue, outer, body)
    action     = Run(kernel) | Find(neurons, event) | Generate(neurons) | Enqueue(pathway) | Zero(array)
               | AddUp(array, increments) | Provide(array) | Rank(values, ranks) | Quantile(values, orders, result)
               | Reserve(projection) | Apply(projection) | Tally(recorder) | CallBack(name)
               | CheckFinite(array) | Feedback(matrix, errors, signal)
    program    = Program(setup, actions, tables, backward)

A kernel's body runs once for each element of its domain. The domain binds the locals ``i`` (neuron, or presynaptic
neuron), ``j`` (postsynaptic neuron), ``s`` (slot of the synapse); `prologue` runs once for each call, `outer` once for
each row or column of a nested domain. Arguments are numbers known when a run starts (namespace constants, dt) or a step
starts (t); `setup` computes the ones that depend on other arguments alone, once for a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal as Choice
from typing import TypeAlias


class Type(Enum):
    """Machine type. REAL is the network's precision: double or float, decided when a target prints it."""

    REAL = "real"
    DOUBLE = "double"
    INT = "int32_t"
    LONG = "int64_t"
    BOOL = "bool"


INCREMENTS = "@increments"
"""Ends the name of an array that holds what is to be added to another, whose name comes before."""

KEPT = "@kept"
"""Ends the name of an array of what a trial keeps: a row of a group's neurons for each step."""

REAL, DOUBLE, INT, LONG, BOOL = Type.REAL, Type.DOUBLE, Type.INT, Type.LONG, Type.BOOL

Side: TypeAlias = Choice["all", "pre", "post"]
"""Whose synapses are meant: all together, or those of each neuron of a side apart."""

BinaryOperator: TypeAlias = Choice["+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!=", "and", "or"]
COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
LOGICAL = frozenset({"and", "or"})


@dataclass(frozen=True, slots=True)
class Array:
    """Storage that kernels read and write.

    ``space`` says how it is laid out: ``flat`` buffers have one value a neuron (or are lookup tables); ``slot`` is a
    column of the synapse slots of ``projection``, ``aside`` has one value for each of them for the time of a pass;
    ``row_length`` and ``column_length`` are the out- and in-degrees that the storage keeps, ``live`` its number of
    synapses.
    """

    name: str
    type: Type
    projection: str | None = None
    space: Choice["flat", "slot", "aside", "row_length", "column_length", "live"] = "flat"


# ---- expressions ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or truth value known at compile time."""

    value: float | int | bool
    type: Type


@dataclass(frozen=True, slots=True)
class Local:
    """A name bound in the kernel."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Argument:
    """A number known when a run starts, or (``t``, ``step``) when a step starts."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Load:
    """``array[index]``."""

    array: Array
    index: Expression

    @property
    def type(self) -> Type:
        """The array's element type."""
        return self.array.type


@dataclass(frozen=True, slots=True)
class Unary:
    """``-x`` or ``not x``."""

    operator: Choice["-", "not"]
    operand: Expression

    @property
    def type(self) -> Type:
        """BOOL for ``not``, else the operand's."""
        return BOOL if self.operator == "not" else self.operand.type


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic on equal types, comparison, or logic."""

    operator: BinaryOperator
    left: Expression
    right: Expression

    @property
    def type(self) -> Type:
        """BOOL for comparisons and logic, else that of the left side (both are equal: `verify` checks)."""
        return BOOL if self.operator in COMPARISONS or self.operator in LOGICAL else self.left.type


@dataclass(frozen=True, slots=True)
class Select:
    """``x if condition else y``, without a branch: both sides are evaluated."""

    condition: Expression
    then: Expression
    orelse: Expression

    @property
    def type(self) -> Type:
        """That of both branches."""
        return self.then.type


@dataclass(frozen=True, slots=True)
class Cast:
    """Conversion between machine types; real to integer truncates."""

    operand: Expression
    type: Type


@dataclass(frozen=True, slots=True)
class Call:
    """A pure function of the header library: ``exp``, ``pow``, ``expm_entry``, ``floordiv``, ..."""

    function: str
    arguments: tuple[Expression, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Random:
    """One draw, keyed by the seed and ``site``, counted by the step and by the element the domain binds.

    ``site`` is unique among the random calls of a program.
    """

    distribution: Choice["uniform", "normal", "poisson", "binomial", "exponential", "bits"]
    site: int
    arguments: tuple[Expression, ...]
    type: Type


Expression: TypeAlias = Literal | Local | Argument | Load | Unary | Binary | Select | Cast | Call | Random


# ---- statements -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Let:
    """Bind a local that never changes."""

    local: Local
    value: Expression


@dataclass(frozen=True, slots=True)
class Assign:
    """Give a local (declared at its first Assign in the outermost body) a new value."""

    local: Local
    value: Expression


@dataclass(frozen=True, slots=True)
class Store:
    """``array[index] = value``."""

    array: Array
    index: Expression
    value: Expression


@dataclass(frozen=True, slots=True)
class Accumulate:
    """``array[index] += value``, or the smaller or larger of both; the order over elements is the domain's.

    What is not a number makes any of them NaN.
    """

    array: Array
    index: Expression
    value: Expression
    operator: Choice["+", "min", "max"] = "+"


@dataclass(frozen=True, slots=True)
class If:
    """Branch; small branches without structural statements are turned into selects by a pass."""

    condition: Expression
    then: tuple[Statement, ...]
    orelse: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Limited:
    """What is staged competes for the places of a limit, the ``number``-th of the pass: all elements for the same, or
    those of each neuron of a side for its own. There are ``places`` of them (a real number, the same for all that
    compete); ``key`` (a Random of 64 bits) settles who comes first."""

    number: int
    per: Side
    places: Expression
    key: Expression


@dataclass(frozen=True, slots=True)
class Create:
    """Stage the synapse (i, j) with these column values; it exists once the pass has ended."""

    projection: str
    values: tuple[tuple[Array, Expression], ...]
    limit: Limited | None = None


@dataclass(frozen=True, slots=True)
class Remove:
    """Stage the removal of slot ``s``."""

    projection: str
    limit: Limited | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """Write ``value`` into a recorder's row of this step (of this event), as its ``column``-th variable."""

    recorder: str
    column: int
    value: Expression


Statement: TypeAlias = Let | Assign | Store | Accumulate | If | Create | Remove | Record


# ---- domains --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Once:
    """The body runs once: statements on shared variables."""


@dataclass(frozen=True, slots=True)
class Elements:
    """``i`` from ``start`` to ``stop`` (arguments). ``vector`` marks bodies whose elements are independent."""

    start: Expression
    stop: Expression
    vector: bool = True


@dataclass(frozen=True, slots=True)
class Events:
    """``i`` over the neurons in [start, stop) that had ``event`` in this step, ascending; ``recorder`` keeps each."""

    neurons: str
    event: str
    start: int
    stop: int
    recorder: str | None = None


@dataclass(frozen=True, slots=True)
class EventSynapses:
    """Synapses reached by the events of a pathway that arrive in this step.

    ``side='pre'`` walks rows of presynaptic events, ``'post'`` columns of postsynaptic ones; binds ``i``, ``j``, ``s``.
    """

    projection: str
    pathway: str
    side: Choice["pre", "post"]


@dataclass(frozen=True, slots=True)
class EventNeurons:
    """Neurons of a side (``i``) whose events arrive through a pathway in this step."""

    projection: str
    pathway: str
    side: Choice["pre", "post"]


@dataclass(frozen=True, slots=True)
class Lottery:
    """All neurons of a group, each of which has ``event`` with the same ``probability`` in this step.

    The body is empty: the events go straight into their list, at a cost that follows their number and not that of the
    neurons.
    """

    neurons: str
    event: str
    probability: Expression
    site: int


@dataclass(frozen=True, slots=True)
class Synapses:
    """Every live synapse, row by row (``by='pre'``) or column by column (``by='post'``)."""

    projection: str
    by: Choice["pre", "post"] = "pre"


@dataclass(frozen=True, slots=True)
class Pairs:
    """Every (i, j); binds ``s`` = slot or -1 where ``lookup``."""

    projection: str
    lookup: bool


@dataclass(frozen=True, slots=True)
class PairSample:
    """``count`` distinct random pairs; for each neuron of ``per`` where given (``count`` then sits in ``outer``)."""

    projection: str
    count: Expression
    per: Choice["pre", "post"] | None
    unconnected: bool
    site: int
    lookup: bool


@dataclass(frozen=True, slots=True)
class Matching:
    """A random one-to-one matching: ``offers`` says how many partners each presynaptic neuron wants, ``wants`` each
    postsynaptic one."""

    projection: str
    offers: Array
    wants: Array
    site: int
    lookup: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """The elements a recorder has chosen: binds ``i``, or for synapses ``i``, ``j``, ``s``; gone ones record NaN."""

    recorder: str
    projection: str | None


Domain: TypeAlias = (
    Once | Elements | Events | EventSynapses | EventNeurons | Lottery | Synapses | Pairs | PairSample | Matching
    | Chosen
)  # fmt: skip


# ---- kernels and programs -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kernel:
    """One body over one domain, called at the steps of ``clock``.

    ``ordered`` asks for the elements of a row in the order of (i, j), whatever the storage: some of what the body adds
    up goes to the neuron whose row it is. ``owner`` is the object whose text it comes from.
    """

    name: str
    clock: str
    domain: Domain
    body: tuple[Statement, ...]
    prologue: tuple[Let, ...] = ()
    outer: tuple[Let, ...] = ()
    ordered: bool = False
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """Run a kernel."""

    kernel: Kernel


@dataclass(frozen=True, slots=True)
class Find:
    """Gather the flagged neurons of a group into the event's list of this step, and note when they last spiked."""

    neurons: str
    event: str
    clock: str


@dataclass(frozen=True, slots=True)
class Generate:
    """Take the events of this step from a list given beforehand."""

    neurons: str
    clock: str


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Put this step's events on their way through synapses that have a delay each, in seconds.

    ``ordered``: those of each event in the order of (i, j), as `Kernel.ordered`.
    """

    projection: str
    pathway: str
    clock: str
    delay: Array
    side: Choice["pre", "post"]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Zero:
    """Set elements [start, stop) of an array to zero; ``stop`` None means all."""

    array: Array
    start: int
    stop: int | None
    clock: str


@dataclass(frozen=True, slots=True)
class AddUp:
    """Add to every element of an array what a pass has put aside for it."""

    array: Array
    increments: Array
    clock: str


@dataclass(frozen=True, slots=True)
class Provide:
    """Give an ``aside`` array an element for each slot that its projection has now."""

    array: Array
    clock: str


@dataclass(frozen=True, slots=True)
class Rank:
    """Number the synapses in the order of ``values``, ascending from 0, those of equal value by (i, j)."""

    values: Array
    ranks: Array
    per: Side
    clock: str


@dataclass(frozen=True, slots=True)
class Quantile:
    """Put into ``result`` the quantile of ``values`` whose place ``orders`` gives, from 0 to 1."""

    values: Array
    orders: Array
    result: Array
    per: Side
    clock: str


@dataclass(frozen=True, slots=True)
class Reserve:
    """Make sure that every synapse can go, staged for its removal ``removals`` times, of which ``limited`` compete."""

    projection: str
    clock: str
    removals: int = 1
    limited: int = 0


@dataclass(frozen=True, slots=True)
class Apply:
    """Carry out what was staged: removals, then creations. If there is no memory for it, the run stops before.

    Of those that compete (`Limited`), as many are taken as there are places. ``tally`` counts, for a rule, synapses
    created and removed, creations refused, and pairs that a sample lacked.
    """

    projection: str
    clock: str
    tally: Array | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """Record how many neurons in [start, stop) spiked."""

    recorder: str
    neurons: str
    start: int
    stop: int
    clock: str


@dataclass(frozen=True, slots=True)
class CallBack:
    """Call Python."""

    name: str
    clock: str


@dataclass(frozen=True, slots=True)
class CheckFinite:
    """Stop the run if an array holds a value that is not finite."""

    array: Array
    owner: str
    clock: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """``signal += matrix @ errors``, the errors those of ``delay`` steps later.

    ``matrix`` has ``columns`` rows (output neurons) of ``rows`` numbers; ``errors`` is what a trial keeps of the
    outputs.
    """

    matrix: Array
    errors: Array
    signal: Array
    delay: Argument
    rows: Argument
    columns: Argument
    clock: str


Action: TypeAlias = (
    Run | Find | Generate | Enqueue | Zero | AddUp | Provide | Rank | Quantile | Reserve | Apply | Tally | CallBack
    | CheckFinite | Feedback
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProgramIR:
    """Everything a run does: ``setup`` once, then ``tables`` once, then ``actions`` at every step in this order.

    ``backward``: from the last step to the first.
    """

    setup: tuple[Let, ...]
    actions: tuple[Action, ...]
    tables: tuple[Kernel, ...] = ()
    backward: bool = False

    def kernels(self) -> tuple[Kernel, ...]:
        """All kernels: those that fill tables, then those among the actions."""
        return (*self.tables, *(a.kernel for a in self.actions if isinstance(a, Run)))


def clock_of(action: Action) -> str:
    """The clock at whose steps an action runs."""
    return action.kernel.clock if isinstance(action, Run) else action.clock
