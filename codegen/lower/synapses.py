"""Synapses: what happens when an event arrives, clock-driven equations, and sums over synapses."""

from __future__ import annotations

from eqsnn.model.declarations import Pathway, Projection, delay_name
from eqsnn.symbolic.model import Deliver, Integrate, Item, Regulate, SumUp

from ..from_sympy import convert
from ..ir import (
    DOUBLE,
    INT,
    REAL,
    Accumulate,
    Action,
    Binary,
    Cast,
    Chosen,
    Create,
    Enqueue,
    EventSynapses,
    Expression,
    If,
    Kernel,
    Literal,
    Once,
    Remove,
    Run,
    Statement,
    Store,
    Synapses,
    Zero,
)
from ..passes.traverse import statements as statements_in
from .access import TICK, Access, I, J, S, Surroundings, column, is_early, machine_type
from .body import Body, elapsed, last_update


def synaptic(network: Surroundings, item: Item, projection: str, site: int) -> Body:
    """A body whose elements are synapses."""
    names = Access(
        network, projection, item.when.clock, item.names.references, owner=item.owner, early=is_early(item.when.slot)
    )
    return Body(names, item.names, site, guarded=True)


def lower_deliver(item: Item, task: Deliver, network: Surroundings, site: int) -> tuple[Action, ...]:
    """A pathway: with a delay for each synapse, events first go into a queue."""
    projection = network.projections[task.projection]
    body = synaptic(network, item, task.projection, site)
    if task.between is not None:
        body.update(task.between, elapsed(task.projection))
    body.run(task.body)
    statements = body.store()
    if task.between is not None:
        statements += (Store(last_update(task.projection), S, Cast(TICK, INT)),)
    domain = EventSynapses(task.projection, task.pathway, task.side)
    ordered = is_ordered(task.side, statements, projection)
    kernel = Kernel(f"{task.projection}_{task.pathway}", item.when.clock, domain, statements, ordered=ordered)
    pathway = _pathway(projection, task.pathway)
    first: tuple[Action, ...] = ()
    if pathway.delay == "each":
        delay = column(task.projection, delay_name(task.pathway), REAL)
        first = (Enqueue(task.projection, task.pathway, item.when.clock, delay, task.side, ordered),)
    return (*first, Run(kernel))


def _pathway(projection: Projection, name: str) -> Pathway:
    return next(p for p in projection.pathways if p.name == name)


def is_ordered(side: str, statements: tuple[Statement, ...], projection: Projection) -> bool:
    """Whether the order of a row's synapses shows in the result: where real numbers of several are added up.

    They are if a neuron that the row belongs to, or a shared variable, accumulates; and wherever a pair may have
    several synapses. Sums of integers are the same in any order.
    """
    for node in statements:
        match node:
            case Accumulate(array, index, _, "+") if array.type in (REAL, DOUBLE):
                if projection.multi or isinstance(index, Literal) or _indexes(index, side):
                    return True
            case If(_, then, orelse) if is_ordered(side, then + orelse, projection):
                return True
            case _:
                pass
    return False


def _indexes(index: Expression, side: str) -> bool:
    """Whether an index is the local of that side, or that with an offset."""
    local = index.left if isinstance(index, Binary) else index
    return local == (I if side == "pre" else J)


def stages_changes(statements: tuple[Statement, ...]) -> bool:
    """Whether a body creates or removes synapses."""
    return any(isinstance(node, Create | Remove) for node in statements_in(statements))


def lower_integrate(item: Item, task: Integrate, network: Surroundings, site: int) -> Kernel:
    """Clock-driven equations of every synapse."""
    body = synaptic(network, item, task.projection, site)
    body.update(task.update)
    return Kernel(f"{task.projection}_update", item.when.clock, Synapses(task.projection), body.store())


def lower_sum(item: Item, task: SumUp, network: Surroundings, site: int) -> tuple[Action, ...]:
    """Set a neuron's variable to the sum over its synapses, added in the order of the other side's neurons."""
    projection = network.projections[task.projection]
    body = synaptic(network, item, task.projection, site)
    value = body.expression(task.value)
    array, index = body.access.place(task.target, task.side)
    body.statements.append(Accumulate(array, index, convert(value, machine_type(task.target.type))))
    end = projection.pre if task.side == "pre" else projection.post
    by = "pre" if task.side == "post" else "post"
    name = f"{task.projection}_sum_{task.target.name}_{task.side}"
    statements, domain = body.store(), Synapses(task.projection, by)  # type: ignore[arg-type]
    kernel = Kernel(name, item.when.clock, domain, statements, ordered=is_ordered(by, statements, projection))
    return (Zero(array, end.start, end.stop, item.when.clock), Run(kernel))


def lower_synaptic_code(item: Item, task: Regulate, network: Surroundings, site: int) -> Kernel:
    """Code run for every synapse at every step of a clock."""
    body = synaptic(network, item, task.group, site)
    body.run(task.body)
    statements = body.store()
    if task.chosen:
        return Kernel(item.owner, item.when.clock, Chosen(item.owner, task.group), statements)
    if task.shared:
        return Kernel(item.owner, item.when.clock, Once(), statements)
    ordered = is_ordered("pre", statements, network.projections[task.group])
    return Kernel(item.owner, item.when.clock, Synapses(task.group), statements, ordered=ordered)
