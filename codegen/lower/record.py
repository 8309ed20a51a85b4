"""Monitors: what a recorder takes down is computed where it is recorded."""

from __future__ import annotations

import sympy

from eqsnn.symbolic.model import Item, RecordEvents, RecordState

from ..from_sympy import convert
from ..ir import REAL, Chosen, Events, Kernel, Record
from .access import Access, Surroundings, is_early
from .body import Body


def _records(body: Body, item: Item, values: tuple[sympy.Expr, ...]) -> None:
    for number, value in enumerate(values):
        body.statements.append(Record(item.owner, number, convert(body.expression(value), REAL)))


def lower_record_state(item: Item, task: RecordState, network: Surroundings, site: int) -> Kernel:
    """Values of the chosen neurons or synapses at this step."""
    projection = task.group if task.group in network.projections else None
    clock = (network.projections if projection else network.neurons)[task.group].when.clock
    early = is_early(item.when.slot)
    body = Body(Access(network, task.group, clock, item.names.references, task.start, early=early), item.names, site)
    _records(body, item, task.values)
    return Kernel(item.owner, item.when.clock, Chosen(item.owner, projection), body.store())


def lower_record_events(item: Item, task: RecordEvents, network: Surroundings, site: int) -> Kernel:
    """The neurons that had an event in this step, with values of theirs."""
    body = Body(Access(network, task.neurons, item.when.clock, item.names.references, task.start), item.names, site)
    _records(body, item, task.values)
    domain = Events(task.neurons, task.event, task.start, task.stop, item.owner)
    return Kernel(item.owner, item.when.clock, domain, body.store())
