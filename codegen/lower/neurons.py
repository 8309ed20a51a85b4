"""Neurons: integration with threshold detection in one loop, resets and other code for those that had an event."""

from __future__ import annotations

from dataclasses import replace

from eqsnn.symbolic.model import Advance, Detect, Integrate, Item, React, Refractory, Regulate

from ..from_sympy import FromSympy, convert
from ..ir import (
    BOOL,
    INT,
    Argument,
    Array,
    Binary,
    Call,
    Cast,
    Chosen,
    Elements,
    Events,
    Expression,
    Kernel,
    Literal,
    Load,
    Once,
    Store,
    Unary,
)
from .access import Access, I, Surroundings, is_early, step, step_size
from .body import Body

ZERO = Literal(0, INT)


def flags(neurons: str, event: str) -> Array:
    """Which neurons have an event in this step."""
    return Array(f"{neurons}.{event}_flags", BOOL)


def access(network: Surroundings, group: str, item: Item, start: int = 0) -> Access:
    """Names of a task on neurons."""
    clock = network.neurons[group].when.clock  # t and dt are the group's, whenever its code runs
    return Access(network, group, clock, item.names.references, start, item.owner, early=is_early(item.when.slot))


def everyone(group: str) -> Elements:
    """All neurons of a group."""
    return Elements(ZERO, Argument(f"{group}.N", INT))


def lower_advance(
    item: Item, task: Advance, detect: tuple[Item, int] | None, network: Surroundings, site: int
) -> Kernel:
    """Integrate; with ``detect``, a threshold and the number of its first random call, also find out who spikes."""
    body = Body(access(network, task.neurons, item), item.names, site)
    _bind_refractory(body, task.neurons, network)
    body.update(task.update)
    if detect is not None:
        _detect(body, detect[0], network, detect[1])
    name = f"{task.neurons}_update"
    return Kernel(name, item.when.clock, everyone(task.neurons), body.store())


def used_sites(item: Item) -> int:
    """How many random numbers an element of a task draws at most, by call."""
    task = item.task
    noises = len(task.update.noises) if isinstance(task, Advance | Integrate) else 0
    return item.names.random_calls + noises


def _bind_refractory(body: Body, neurons: str, network: Surroundings) -> None:
    known = network.not_refractory.get(neurons)
    if known is None:
        body.bound["not_refractory"] = Literal(True, BOOL)
        return
    refractory = network.refractory[neurons]
    if refractory.is_condition:  # stays as it is until the condition no longer holds
        names, body.access = body.access, replace(body.access, references=refractory.names.references)
        ends = Unary("not", body.expression(refractory.expression))
        body.access = names
        known = Binary("or", known, ends)
    body.bound["not_refractory"] = body.let("active", known)
    if refractory.is_condition:
        body.statements.append(Store(Array(f"{neurons}.not_refractory", BOOL), I, body.bound["not_refractory"]))


def lower_detect(item: Item, task: Detect, network: Surroundings, site: int) -> Kernel:
    """Find out which neurons have an event."""
    body = Body(access(network, task.neurons, item), item.names, site)
    _detect(body, item, network, site)
    return Kernel(f"{task.neurons}_{task.event}", item.when.clock, everyone(task.neurons), body.store())


def _detect(body: Body, item: Item, network: Surroundings, site: int) -> None:
    task = item.task
    assert isinstance(task, Detect)
    body.names, body.site = item.names, site
    body.access = access(network, task.neurons, item)
    condition = body.expression(task.condition)
    if task.event == "spike" and task.neurons in network.not_refractory:
        active = body.bound.get("not_refractory") or network.not_refractory[task.neurons]
        condition = Binary("and", condition, active)
    body.statements.append(Store(flags(task.neurons, task.event), I, condition))


def not_refractory(neurons: str, clock: str, refractory: Refractory, network: Surroundings) -> Expression:
    """Whether a neuron may spike: enough steps since its last spike, or for a condition a stored truth value."""
    if refractory.is_condition:
        return Load(Array(f"{neurons}.not_refractory", BOOL), I)
    names = Access(network, neurons, clock, refractory.names.references)
    duration = FromSympy(names.read, _no_table)(refractory.expression)
    steps = Call("timestep", (convert(duration, step_size(clock).type), step_size(clock)), INT)
    since = Binary("-", Cast(step(clock), INT), Load(Array(f"{neurons}.lastspike", INT), I))
    return Binary(">=", since, steps)


def _no_table(name: str, arguments: tuple[Expression, ...]) -> Expression:
    raise AssertionError(f"{name}: a refractory period is checked to be without tables")


def lower_react(item: Item, task: React, network: Surroundings, site: int) -> Kernel:
    """Reset, or other code for the neurons that had an event."""
    body = Body(access(network, task.neurons, item), item.names, site)
    body.run(task.body)
    domain = Events(task.neurons, task.event, 0, network.neurons[task.neurons].size)
    return Kernel(f"{task.neurons}_on_{task.event}", item.when.clock, domain, body.store())


def lower_regulate(item: Item, task: Regulate, network: Surroundings, site: int) -> Kernel:
    """Code run for neurons at every step."""
    body = Body(access(network, task.group, item, task.start), item.names, site, guarded=not task.chosen)
    body.run(task.body)
    domain = Elements(Literal(task.start, INT), Literal(task.stop, INT))
    if task.start == 0 and task.stop == network.neurons[task.group].size:
        domain = everyone(task.group)
    if task.chosen:
        return Kernel(item.owner, item.when.clock, Chosen(item.owner, None), body.store())
    return Kernel(item.owner, item.when.clock, Once() if task.shared else domain, body.store())
