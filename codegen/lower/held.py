"""Subexpressions that are constant over dt: evaluated before anything else in a step, and kept for it."""

from __future__ import annotations

from collections.abc import Iterator

from eqsnn.symbolic.model import Item, Refresh

from ..from_sympy import convert
from ..ir import Domain, Kernel, Once, Run, Store, Synapses
from .access import Surroundings
from .body import Body
from .neurons import access, everyone
from .synapses import synaptic


def lower_refresh(item: Item, task: Refresh, network: Surroundings, site: int) -> tuple[Run, ...]:
    """What is shared once, then the values of each neuron or synapse."""
    return tuple(Run(kernel) for shared in (True, False) for kernel in _refresh(item, task, network, site, shared))


def _refresh(item: Item, task: Refresh, network: Surroundings, site: int, shared: bool) -> Iterator[Kernel]:
    of_synapses = task.group in network.projections
    if of_synapses:
        body = synaptic(network, item, task.group, site)
    else:
        body = Body(access(network, task.group, item), item.names, site)
    body.between(task.between)
    for variable, value in task.values:
        if variable.shared is shared:
            array, index = body.access.place(variable, "own")
            body.statements.append(Store(array, index, convert(body.expression(value), array.type)))
    if not body.statements:
        return
    domain: Domain = Synapses(task.group) if of_synapses else everyone(task.group)
    name = f"{task.group}_constant_over_dt"
    yield Kernel(name, item.when.clock, Once() if shared else domain, body.store())
