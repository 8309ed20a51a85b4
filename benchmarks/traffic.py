"""How many bytes a step must move at the least: what each kernel reads and writes of arrays, each place once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eqsnn.codegen.ir import (
    Accumulate,
    Argument,
    Array,
    Elements,
    EventNeurons,
    Events,
    EventSynapses,
    Find,
    Kernel,
    Load,
    Run,
    Store,
    Synapses,
    clock_of,
)
from eqsnn.codegen.passes.traverse import expressions, statements

INDEX = 4       # bytes of the number of a neuron
FOUND = 9       # of a row: the number of its neuron, its start and its length, and so on for a neuron that fires


@dataclass(frozen=True)
class Activity:
    """What a network does in a step of its finest clock, in numbers of events, synapses and neurons."""

    events: Mapping[str, float]
    synapses: Mapping[str, int]
    neurons: Mapping[str, int]
    sources: Mapping[tuple[str, str], str]      # of events, by projection and side
    period: Mapping[str, float]                 # of each clock, in steps


def bytes_of_actions(program: Any, activity: Activity, real: int) -> dict[str, float]:
    """Bytes that each part of a step must move, by its name; parts that are not told are left out."""
    found: dict[str, float] = {}
    for action, label in zip(program.actions, program.labels, strict=True):
        moved = _bytes(action, activity, real)/activity.period[clock_of(action)]
        if moved:
            found[label] = found.get(label, 0.0) + moved
    return found


def _bytes(action: Any, activity: Activity, real: int) -> float:
    match action:
        case Find(neurons):
            return activity.neurons[neurons] + FOUND*activity.events.get(neurons, 0.0)
        case Run(kernel):
            return _of_kernel(kernel, activity, real)
        case _:
            return 0.0


def _of_kernel(kernel: Kernel, activity: Activity, real: int) -> float:
    each = sum(_sizes(kernel, real))
    match kernel.domain:
        case Elements(_, stop):
            return each*(activity.neurons[stop.name.removesuffix('.N')] if isinstance(stop, Argument) else 0)
        case EventSynapses(projection, _, side):
            source = activity.sources[projection, side]
            events, neurons = activity.events.get(source, 0.0), activity.neurons[source]
            return events*(FOUND + (INDEX + each)*activity.synapses[projection]/max(1, neurons))
        case Synapses(projection):
            return activity.synapses[projection]*(2*INDEX + each)
        case Events(neurons):
            return activity.events.get(neurons, 0.0)*(INDEX + each)
        case EventNeurons(projection, _, side):
            return activity.events.get(activity.sources[projection, side], 0.0)*(INDEX + each)
        case _:
            return 0.0


def _sizes(kernel: Kernel, real: int) -> Iterator[int]:
    """Bytes of one element: of each array once that is read, and once that is written."""
    body = (*kernel.outer, *kernel.body)
    changed = [node for node in statements(body) if isinstance(node, Store | Accumulate)]
    read = {x.array for x in expressions(body) if isinstance(x, Load)}
    read |= {node.array for node in changed if isinstance(node, Accumulate)}
    for array in (*read, *{node.array for node in changed}):
        if array.space in ('flat', 'slot'):
            yield _size(array, real)


def _size(array: Array, real: int) -> int:
    return {'real': real, 'double': 8, 'int32_t': 4, 'int64_t': 8, 'bool': 1}[array.type.value]
