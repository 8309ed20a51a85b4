"""Symbolic statements to IR statements.

Variables live in locals while an element's code runs, and are stored at its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import sympy

from eqsnn.model.scope import canonical
from eqsnn.model.symbols import LocalReference, Variable, VariableReference
from eqsnn.symbolic.blocks import Add, Branch, Created, Limit, Removed, Set, Symbolic
from eqsnn.symbolic.model import Names
from eqsnn.symbolic.system import StateUpdate

from ..from_sympy import FromSympy, convert
from ..ir import (
    BOOL,
    DOUBLE,
    INT,
    LONG,
    REAL,
    Accumulate,
    Argument,
    Array,
    Assign,
    Binary,
    Call,
    Cast,
    Create,
    Expression,
    If,
    Let,
    Limited,
    Literal,
    Load,
    Local,
    Random,
    Remove,
    Select,
    Statement,
    Store,
)
from .access import TICK, TICK_DT, Access, S, column, machine_type


def last_update(projection: str) -> Array:
    """The tick of each synapse's last event."""
    return column(projection, "lastupdate", INT)


def elapsed(projection: str) -> Expression:
    """Seconds since the synapse's last event."""
    ticks = Binary("-", Cast(TICK, INT), Load(last_update(projection), S))
    return Binary("*", Cast(ticks, REAL), Cast(TICK_DT, REAL))


@dataclass(slots=True)
class Body:
    """Collects the statements of one element's code.

    ``site`` is the program-wide number of the task's first random call. ``guarded`` code may not change what is flagged
    ``unless refractory`` of a refractory neuron. ``bound`` holds what symbols mean now: a
    variable that has been read or written is in a local. ``limits`` holds, by the site of each limit, how many places
    there are; None: that is worked out where it is asked.
    """

    access: Access
    names: Names
    site: int
    statements: list[Statement] = field(default_factory=list)
    bound: dict[str, Expression] = field(default_factory=dict)
    dirty: dict[str, VariableReference] = field(default_factory=dict)
    declared: set[str] = field(default_factory=set)
    lazy: dict[str, sympy.Expr] = field(default_factory=dict)
    guarded: bool = False
    limits: dict[int, Array | None] = field(default_factory=dict)

    def expression(self, x: sympy.Basic) -> Expression:
        """IR of a symbolic expression, with the present values of its symbols."""
        return FromSympy(self.read, self.timed, self.site)(x)

    def read(self, name: str) -> Expression:
        """Present value of a symbol; a variable is loaded into a local the first time."""
        if name in self.bound:
            return self.bound[name]
        if name in self.lazy:
            return self._up_to_date(name)
        value = self.access.read(name)
        if isinstance(value, Load):
            value = self.let(f"v_{name}", value)
            self.bound[name] = value
        return value

    def _up_to_date(self, name: str) -> Expression:
        """Present value of an event-driven variable, which its storage holds as of the synapse's last event."""
        known, lazy = dict(self.bound), self.lazy
        self.bound = {other: x for other, x in known.items() if other not in lazy}
        self.bound["_elapsed"] = elapsed(self.access.group)
        self.lazy = {other: x for other, x in lazy.items() if other.startswith("_")}  # others: as of the last event
        local = self.let(f"n_{name}", convert(self.expression(lazy[name]), REAL))
        self.bound, self.lazy = {**known, name: local}, lazy
        return local

    def between(self, update: StateUpdate | None) -> None:
        """Read event-driven variables, which storage holds as of the last event, as of now."""
        if update is not None:
            self.lazy = {**dict(update.updates), **{d.symbol.name: d.value for d in update.defines}}

    def let(self, name: str, value: Expression) -> Local:
        """Bind a value to a new local; a name that is taken gets a number."""
        plain, number = name, 1
        while name in self.declared:
            number += 1
            name = f"{plain}_{number}"
        local = Local(name, value.type)
        self.statements.append(Let(local, value))
        self.declared.add(name)
        return local

    def timed(self, name: str, arguments: tuple[Expression, ...]) -> Expression:
        """Look up a TimedArray: its value in the step of its own dt that holds the time asked for."""
        spec = self.names.arrays[name]
        values = Array(f"{name}.values", machine_type(spec.type))
        at = convert(arguments[0], DOUBLE)
        row: Expression = Call(
            "timed_row", (at, Argument(f"{name}.interval", DOUBLE), Argument(f"{name}.rows", INT)), INT
        )
        if spec.columns is not None:
            row = Call("timed_cell", (row, convert(arguments[1], INT), Argument(f"{name}.columns", INT)), INT)
        return Load(values, row)

    # ---- state updates ----

    def update(self, update: StateUpdate, elapsed: Expression | None = None) -> None:
        """One step of differential equations: temporaries, then all new values at once."""
        if elapsed is not None:
            self.bound["_elapsed"] = elapsed
        for k, (_, draw) in enumerate(update.noises):
            self.bound[draw.name] = Random("normal", self.site + self.names.random_calls + k, (), REAL)
        for define in update.defines:
            value = self.expression(define.value)
            self.bound[define.symbol.name] = self.let(f"d{define.symbol.name}", value)
        new = [(name, self.let(f"n_{name}", convert(self.expression(x), REAL))) for name, x in update.updates]
        for name, local in new:
            self.bound[name] = local
            reference = self.names.references[name]
            assert isinstance(reference, VariableReference)
            self.dirty[name] = reference

    # ---- code ----

    def run(self, body: Iterable[Symbolic]) -> None:
        """Statements of event code or a rule, in order."""
        body = tuple(body)
        for node in _inner(body):
            if isinstance(node, Set):
                self._declare(node.reference)
        for statement in body:
            self.statement(statement)

    def _declare(self, reference: LocalReference | VariableReference) -> None:
        name = canonical(reference)
        if isinstance(reference, VariableReference):
            self.read_reference(name, reference)
        elif name not in self.bound:
            type_ = machine_type(reference.type)
            self.bound[name] = self.let(f"l_{name}", Literal(False if type_ is BOOL else 0, type_))

    def read_reference(self, name: str, reference: VariableReference) -> None:
        """Bind a variable that is written without being read first."""
        if name not in self.bound:
            self.bound[name] = self.let(f"v_{name}", Load(*self.access.place(reference.variable, reference.side)))

    def statement(self, node: Symbolic) -> None:
        """One statement."""
        match node:
            case Set(reference, value):
                self._set(reference, value)
            case Add(reference, value):
                array, index = (
                    self.access.place(reference.variable, reference.side)
                    if isinstance(reference, VariableReference)
                    else self.access.counter(reference)
                )
                amount = convert(self.expression(value), array.type)
                if isinstance(reference, VariableReference):
                    amount = self._unless_refractory(reference, amount, Literal(0.0, array.type))
                self.statements.append(Accumulate(array, index, amount))
            case Branch(condition, then, orelse):
                test = self.expression(condition)
                self.statements.append(If(test, self._branch(then), self._branch(orelse)))
            case Created(values, limit):
                self._stage(self._create(values, limit))
            case Removed(limit):
                self._stage(Remove(self.access.group, self._limited(limit)))

    def _stage(self, change: Create | Remove) -> None:
        """A change; one that is limited is only staged where there is a place to be had."""
        if change.limit is None:
            self.statements.append(change)
        else:
            self.statements.append(If(Binary(">=", change.limit.places, Literal(1.0, DOUBLE)), (change,)))

    def _limited(self, limit: Limit | None) -> Limited | None:
        if limit is None:
            return None
        number, per = list(self.limits).index(limit.site), limit.per or "all"
        known = self.limits[limit.site]
        places = self.expression(limit.count) if known is None else Load(known, self.access.neuron(per))
        local = self.let(f"places{number}", convert(places, DOUBLE))
        return Limited(number, per, local, Random("bits", self.site + limit.site, (), LONG))

    def _branch(self, body: tuple[Symbolic, ...]) -> tuple[Statement, ...]:
        outer, self.statements = self.statements, []
        known = dict(self.bound)
        for statement in body:
            self.statement(statement)
        inner, self.statements = self.statements, outer
        self.bound = known  # what was loaded in here is not known after it
        return tuple(inner)

    def _set(self, reference: LocalReference | VariableReference, value: sympy.Basic) -> None:
        name = canonical(reference)
        new = convert(self.expression(value), machine_type(reference.type))
        if isinstance(reference, VariableReference):
            if self.guarded and self.access.refractoriness_of(reference) is not None:
                self.read_reference(name, reference)
                new = self._unless_refractory(reference, new, self.bound[name])
            self.dirty[name] = reference
        present = self.bound.get(name)
        if isinstance(present, Local) and present.name in self.declared:
            self.statements.append(Assign(present, new))
        else:
            self.bound[name] = self.let(f"v_{name}" if isinstance(reference, VariableReference) else f"l_{name}", new)

    def _unless_refractory(self, reference: VariableReference, new: Expression, old: Expression) -> Expression:
        """What stands still while its neuron is refractory is not changed by synapses either, as in Brian2."""
        held = self.access.refractoriness_of(reference) if self.guarded else None
        return new if held is None else Select(held, new, old)

    def _create(self, values: tuple[tuple[Variable, sympy.Expr], ...], limit: Limit | None) -> Create:
        projection = self.access.group
        given = []
        for variable, value in values:
            array = column(projection, variable.name, machine_type(variable.type))
            given.append((array, convert(self.expression(value), array.type)))
        if self.access.projection is not None and self.access.projection.model.event_driven():
            given.append((last_update(projection), Cast(TICK, INT)))  # its equations begin now
        return Create(projection, tuple(given), self._limited(limit))

    def store(self) -> tuple[Statement, ...]:
        """All statements, with the stores of what has changed."""
        for name, reference in self.dirty.items():
            array, index = self.access.place(reference.variable, reference.side)
            self.statements.append(Store(array, index, convert(self.bound[name], array.type)))
        self.dirty.clear()
        return tuple(self.statements)


def _inner(body: Iterable[Symbolic]) -> Iterator[Symbolic]:
    """Statements inside branches, with the branches themselves."""
    for node in body:
        if isinstance(node, Branch):
            yield from _everything((node,))


def _everything(body: Iterable[Symbolic]) -> Iterator[Symbolic]:
    for node in body:
        yield node
        if isinstance(node, Branch):
            yield from _everything(node.then)
            yield from _everything(node.orelse)
