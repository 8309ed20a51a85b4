"""Sums in a fixed order: what many elements add to one place is put aside, sorted by place and element, and added up.

An element is known by a number that does not depend on threads or storage: that of the neuron or pair, or the serial
number of the synapse.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..cpp.expressions import Printer, projection_name
from ..ir import (
    DOUBLE,
    REAL,
    Accumulate,
    Chosen,
    EventSynapses,
    Kernel,
    Local,
    Matching,
    Once,
    Pairs,
    PairSample,
    Synapses,
)
from ..passes.traverse import statements

_OF_PAIRS = (EventSynapses, Synapses, Pairs, PairSample, Matching)


def shared_sums(kernel: Kernel) -> tuple[Accumulate, ...]:
    """Additions of real numbers to places that several elements of the kernel may add to."""
    return tuple(node for node in statements(kernel.body) if isinstance(node, Accumulate) and _is_shared(node, kernel))


def _is_shared(node: Accumulate, kernel: Kernel) -> bool:
    array, domain = node.array, kernel.domain
    if node.operator != "+" or array.type not in (REAL, DOUBLE) or array.space != "flat" or isinstance(domain, Once):
        return False
    own = isinstance(node.index, Local) and node.index.name == "i" and not isinstance(domain, _OF_PAIRS)
    return not own


def room(kernel: Kernel, elements: str) -> Iterator[str]:
    """Room for what so many elements may put aside; where there is none, the action begins again with it."""
    if n := len(shared_sums(kernel)):
        yield f"const Addends addends(c, home, grid, {n} * static_cast<int64_t>({elements}));"
        yield "if (!addends.ready) return;"


def added_up(kernel: Kernel) -> Iterator[str]:
    """Adds up what was put aside."""
    if shared_sums(kernel):
        yield "addends.add_up(grid);"


def put_aside(node: Accumulate, number: int, kernel: Kernel, printer: Printer) -> str:
    """One addition, the ``number``-th of the kernel's body."""
    type_ = printer.type(node.array.type)
    place, value = printer.load(node.array, node.index), f"static_cast<{type_}>({printer(node.value)})"
    return f"addends.put(&{place}, {value}, static_cast<uint64_t>({_element(kernel)}) << 8 | {number});"


def _element(kernel: Kernel) -> str:
    match kernel.domain:
        case EventSynapses(projection) | Synapses(projection):
            return f"{projection_name(projection)}->serial[s]"
        case Pairs() | PairSample() | Matching() | Chosen():
            return "k"
        case _:
            return "i"
