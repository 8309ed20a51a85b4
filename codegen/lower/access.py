"""Where the value behind a name is: the IR that reads or addresses it, from neurons and from synapses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eqsnn.model.declarations import NetworkDeclaration, Neurons, Projection
from eqsnn.model.symbols import (
    Aggregate,
    Builtin,
    Constant,
    Counter,
    LocalReference,
    Named,
    Remembered,
    Side,
    Variable,
    VariableReference,
    Whose,
)
from eqsnn.model.types import Dtype, ValueType
from eqsnn.symbolic.model import Refractory
from eqsnn.symbolic.reductions import Reduction

from ..ir import (
    BOOL,
    DOUBLE,
    INT,
    KEPT,
    LONG,
    REAL,
    Argument,
    Array,
    Binary,
    Call,
    Cast,
    Expression,
    Literal,
    Load,
    Local,
    Type,
    Unary,
)

I, J, S = Local("i", INT), Local("j", INT), Local("s", INT)
TICK, TICK_DT = Argument("tick", LONG), Argument("tick.dt", DOUBLE)
CONNECTED = Local("connected", BOOL)


def machine_type(value: ValueType) -> Type:
    """Machine type of a value of the language."""
    return {Dtype.REAL: REAL, Dtype.INTEGER: INT, Dtype.BOOLEAN: BOOL}[value.dtype]


def time(clock: str) -> Argument:
    """Time at the start of this step, in seconds."""
    return Argument(f"{clock}.t", DOUBLE)


def step(clock: str) -> Argument:
    """Number of this step."""
    return Argument(f"{clock}.step", LONG)


def step_size(clock: str) -> Argument:
    """dt of a clock in seconds."""
    return Argument(f"{clock}.dt", DOUBLE)


def column(projection: str, name: str, type_: Type) -> Array:
    """A variable of synapses."""
    return Array(f"{projection}.{name}", type_, projection, "slot")


def counter_array(owner: str, counter: Counter) -> Array:
    """Storage of a rule's counter: one number, or one a neuron of a side."""
    return Array(f"{owner}.{counter.name}", machine_type(counter.type))


def reduced_array(owner: str, reduction: Reduction) -> Array:
    """Storage of what a rule asks of all synapses; sums are kept in double precision whatever that of the network."""
    type_ = machine_type(reduction.result.type)
    if reduction.function in ("sum", "mean") and type_ is REAL:
        type_ = DOUBLE
    return number_array(owner, reduction.result.name, reduction.per, type_)


def number_array(owner: str, name: str, side: Whose, type_: Type) -> Array:
    """Storage of a number that a rule works out before a pass: one for all, or one for each neuron of a side."""
    return Array(f"{owner}.{name}" if side == "all" else f"{owner}.{name}_{side}", type_)


def aside_array(owner: str, projection: str, name: str, type_: Type) -> Array:
    """Storage of a value for each synapse that lasts for a pass."""
    return Array(f"{owner}.{name}", type_, projection, "aside")


def kept_array(remembered: Remembered) -> Array:
    """What a trial keeps of a group: one row a step, one number a neuron."""
    return Array(f"{remembered.owner}.{remembered.name}{KEPT}", machine_type(remembered.type))


def kept_index(group: str, clock: str) -> Expression:
    """The place of neuron ``i`` in the row of this step."""
    row = Binary("*", step(clock), Cast(Argument(f"{group}.N", INT), LONG))
    return Binary("+", row, Cast(I, LONG))


def _degree(projection: str, name: str) -> Array:
    """The number of synapses of each neuron, which the storage keeps."""
    return Array(f"{projection}.{name}", INT, projection, "row_length" if name == "N_outgoing" else "column_length")


def is_early(slot: str) -> bool:
    """Whether what runs in a slot runs before neurons advance."""
    return slot in ("before_start", "start", "after_start", "before_groups")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The declared network, and how refractory neurons are told (see `neurons.refractoriness`)."""

    declaration: NetworkDeclaration
    neurons: Mapping[str, Neurons] = field(default_factory=dict)
    projections: Mapping[str, Projection] = field(default_factory=dict)
    refractory: Mapping[str, Refractory] = field(default_factory=dict)
    traces: Mapping[str, Mapping[str, Side]] = field(default_factory=dict)
    not_refractory: dict[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Access:
    """Reads names for the elements of one task.

    ``group`` is the neurons or projection whose text it is; ``start`` the first neuron of a subgroup; ``clock`` the
    task's clock; ``owner`` the object whose counters are meant; ``element`` the side under ``for each pre`` or
    ``post``; ``early`` tells that the task runs before the neurons advance; ``reductions`` are what the pass has asked
    of all synapses, by name.
    """

    network: Surroundings
    group: str
    clock: str
    references: Mapping[str, Named]
    start: int = 0
    owner: str = ""
    element: Side = "own"
    early: bool = False
    reductions: Mapping[str, Reduction] = field(default_factory=dict)

    @property
    def projection(self) -> Projection | None:
        """The projection, where the text is one of synapses."""
        return self.network.projections.get(self.group)

    @property
    def post(self) -> Local:
        """The postsynaptic neuron; under ``for each post`` it is the loop's own."""
        return I if self.element == "post" else J

    def index(self, side: Side) -> Expression:
        """Position of a side's neuron in its group's buffers."""
        if self.projection is None:
            return I
        local, end = (I, self.projection.pre) if side == "pre" else (self.post, self.projection.post)
        return Binary("+", local, Literal(end.start, INT)) if end.start else local

    def place(self, variable: Variable, side: Side) -> tuple[Array, Expression]:
        """Array and index of a variable."""
        type_ = machine_type(variable.type)
        name = f"{variable.owner}.{variable.name}"
        if variable.shared:
            return Array(name, type_), Literal(0, INT)
        if variable.owner in self.network.projections:
            side_of = self.network.traces.get(variable.owner, {}).get(variable.name)
            if side_of is not None:  # one value a neuron
                return Array(f"{name}@{side_of}", type_), I if side_of == "pre" else self.post
            return column(variable.owner, variable.name, type_), S
        index = self.index(side)
        link = self.network.neurons[variable.owner].links.get(variable.name)
        if link is not None and link.kind == "degree":
            return _degree(link.group, link.variable.name), index
        if link is not None:
            array = Array(f"{link.group}.{link.variable.name}", machine_type(link.variable.type))
            if link.kind == "scalar" or link.variable.shared:
                return array, Literal(link.offset, INT)
            if link.kind == "indexed":
                return array, Load(Array(f"{name}.index", INT), index)
            return array, (Binary("+", index, Literal(link.offset, INT)) if link.offset else index)
        return Array(name, type_), index

    def read(self, name: str) -> Expression:
        """IR of a canonical name."""
        reference = self.references[name]
        match reference:
            case VariableReference(variable, side):
                return Load(*self.place(variable, side))
            case Constant(name_, _, value):
                return Argument(name_, DOUBLE if value.dtype is Dtype.REAL else machine_type(value))
            case LocalReference(name_, value):
                return Local(f"l_{name_}", machine_type(value))
            case Counter():
                return Load(*self.counter(reference))
            case Aggregate():
                return self.reduced(self.reductions[name])
            case Builtin(name_, side, _):
                return self.builtin(name_, side)
            case Remembered():
                return Load(kept_array(reference), kept_index(reference.owner, self.clock))
            case _:
                raise AssertionError(reference)

    def counter(self, counter: Counter) -> tuple[Array, Expression]:
        """Array and index of a rule's counter."""
        return counter_array(self.owner, counter), self.neuron(counter.side)

    def reduced(self, reduction: Reduction) -> Expression:
        """IR of what a pass has asked of all synapses."""
        result, side = reduction.result, reduction.per
        if reduction.function == "rank":
            return Load(aside_array(self.owner, self.group, f"{result.name}_ranks", INT), S)
        number = self._counted(side)
        if reduction.function == "count" and reduction.value is None:
            return number
        value = Load(reduced_array(self.owner, reduction), self.neuron(side))
        if reduction.function == "mean":
            return Cast(Binary("/", value, Cast(number, DOUBLE)), REAL)
        return Cast(value, REAL) if value.type is DOUBLE else value

    def neuron(self, side: Whose) -> Expression:
        """The place of an element in what there is once for each neuron of a side, or once for all."""
        places: dict[Whose, Expression] = {"all": Literal(0, INT), "pre": I, "post": self.post}
        return places[side]

    def _counted(self, side: Whose) -> Expression:
        """The number of synapses."""
        return self._of_synapse({"all": "N", "pre": "N_outgoing", "post": "N_incoming"}[side], "own")

    def builtin(self, name: str, side: Side) -> Expression:
        """IR of a name that the language gives a meaning."""
        match name:
            case "t":
                return Cast(time(self.clock), REAL)
            case "dt":
                return step_size(self.clock)
            case "t_in_timesteps":
                return Cast(step(self.clock), INT)
            case "connected":
                return CONNECTED
            case "i" | "j" | "N" | "N_pre" | "N_post" | "N_incoming" | "N_outgoing" if self.projection is not None:
                return self._of_synapse(name, side)
            case "i":
                return Binary("-", I, Literal(self.start, INT)) if self.start else I
            case "N":
                return Argument(f"{self.group}.N", INT)
            case "lastspike":
                return self._lastspike(side)
            case "not_refractory":
                return self._not_refractory(side)
            case _:
                raise AssertionError(name)

    def _of_synapse(self, name: str, side: Side) -> Expression:
        match name:
            case "i":
                return self.post if side == "post" else I
            case "j":
                return self.post
            case "N":
                return Cast(Load(Array(f"{self.group}.N", LONG, self.group, "live"), Literal(0, INT)), INT)
            case "N_pre" | "N_post":
                return Argument(f"{self.group}.{name}", INT)
            case _:
                return Load(_degree(self.group, name), I if name == "N_outgoing" else self.post)

    def neurons_at(self, side: Side) -> str:
        """Name of the group of neurons at a side."""
        if self.projection is None:
            return self.group
        return self.projection.pre.group if side == "pre" else self.projection.post.group

    def _lastspike(self, side: Side) -> Expression:
        group = self.neurons_at(side)
        clock = self.network.neurons[group].when.clock
        steps = Load(Array(f"{group}.lastspike", INT), self.index(side))
        return Binary("*", Cast(steps, REAL), Cast(step_size(clock), REAL))

    def _not_refractory(self, side: Side) -> Expression:
        group = self.neurons_at(side)
        known = self.network.not_refractory.get(group)
        if known is None:
            return Literal(True, BOOL)
        if self.early:  # the neurons have not advanced to this step yet
            known = one_step_ago(known)
        return reindex(known, self.index(side))

    def refractoriness_of(self, reference: VariableReference) -> Expression | None:
        """Whether a variable may change, for one that is flagged ``unless refractory``; None for others."""
        owner = self.network.neurons.get(reference.variable.owner)
        if owner is None or owner.name not in self.network.not_refractory:
            return None
        differential = owner.model.differentials.get(reference.variable.name)
        if differential is None or not differential.unless_refractory:
            return None
        return self._not_refractory(reference.side)


def one_step_ago(x: Expression) -> Expression:
    """The refractoriness of the step before: ``step - lastspike >= n`` with one step less."""
    match x:
        case Binary(">=", Binary("-", now, last), steps):
            return Binary(">=", Binary("-", Binary("-", now, Literal(1, INT)), last), steps)
        case _:
            return x


def reindex(x: Expression, index: Expression) -> Expression:
    """An expression in the neuron ``i``, for the neuron at ``index`` instead."""
    match x:
        case Local("i", _):
            return index
        case Load(array, old):
            return Load(array, reindex(old, index))
        case Unary(operator, operand):
            return Unary(operator, reindex(operand, index))
        case Binary(operator, left, right):
            return Binary(operator, reindex(left, index), reindex(right, index))
        case Cast(operand, type_):
            return Cast(reindex(operand, index), type_)
        case Call(function, arguments, type_):
            return Call(function, tuple(reindex(a, index) for a in arguments), type_)
        case _:
            return x
