"""Traces that the synapses of a neuron share: they decay with the neurons, and change once for each event."""

from __future__ import annotations

from dataclasses import replace

from eqsnn.symbolic.model import Fade, Item, Mark

from ..ir import INT, Argument, Elements, EventNeurons, Kernel, Literal
from .access import Surroundings, step_size
from .body import Body
from .synapses import synaptic


def _of_side(network: Surroundings, item: Item, task: Fade | Mark, site: int) -> Body:
    """A body whose elements are the neurons of one side."""
    body = synaptic(network, item, task.projection, site)
    body.access = replace(body.access, element=task.side)
    return body


def lower_fade(item: Item, task: Fade, network: Surroundings, site: int) -> Kernel:
    """One step of decay for every neuron of the side."""
    body = _of_side(network, item, task, site)
    body.update(task.update, step_size(item.when.clock))
    everyone = Elements(Literal(0, INT), Argument(f"{task.projection}.N_{task.side}", INT))
    return Kernel(f"{task.projection}_traces_{task.side}", item.when.clock, everyone, body.store())


def lower_mark(item: Item, task: Mark, network: Surroundings, site: int) -> Kernel:
    """What an event does to the traces of its neuron."""
    body = _of_side(network, item, task, site)
    body.run(task.body)
    domain = EventNeurons(task.projection, task.pathway, task.side)
    return Kernel(f"{task.projection}_{task.pathway}_traces", item.when.clock, domain, body.store())
