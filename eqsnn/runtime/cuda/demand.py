"""What a program asks of a device: threads, and memory for what it may stage before it carries the changes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...codegen.ir import (
    Action,
    Apply,
    Elements,
    EventSynapses,
    If,
    Pairs,
    Quantile,
    Rank,
    Remove,
    Run,
    Statement,
    Synapses,
)
from ...codegen.passes.traverse import written
from ..bind import Bound
from ..ragged import Ragged


@dataclass(frozen=True, slots=True)
class Demand:
    """Removals, and candidates for limits, that each synapse may stage between two applications.

    Passes over pairs ask for room for what they create when they know how many pairs there are.
    """

    removals: int = 0
    candidates: int = 0

    def __add__(self, other: Demand) -> Demand:
        return Demand(self.removals + other.removals, self.candidates + other.candidates)

    def __or__(self, other: Demand) -> Demand:
        """The larger number of each."""
        return Demand(max(self.removals, other.removals), max(self.candidates, other.candidates))


def demand_of(actions: tuple[Action, ...], projection: str) -> Demand | None:
    """The demand of a program; None if it never changes the projection."""
    if not any(isinstance(action, Apply) and action.projection == projection for action in actions):
        return None
    events, passes = Demand(), Demand()
    for action in actions:
        if not isinstance(action, Run):
            continue
        own = [node for node in _removals(action.kernel.body) if node.projection == projection]
        demand = Demand(len(own), sum(node.limit is not None for node in own))
        if isinstance(action.kernel.domain, EventSynapses):
            events += demand  # all of them wait for the end of the step
        else:
            passes |= demand
    return events + passes


def elements(bound: Bound) -> int:
    """About how many elements an action of a program has to share out among threads: the most of any.

    Of events, the longest row of synapses stands for all, as few neurons fire at once.
    """
    kernels = [a.kernel for a in bound.program.actions if isinstance(a, Run) and isinstance(a.kernel.domain, Elements)]
    updated = {array for kernel in kernels for array in written(kernel.body)}
    sizes = [int(bound.context.sizes[k]) for k, array in enumerate(bound.program.arrays) if array in updated]
    for name, storage in bound.ragged.items():
        sizes += [storage.fields.n_pre, storage.fields.n_post, longest_list(storage)]
        sizes += [size for action in bound.program.actions if (size := _visited(action, name, storage))]
    return max(sizes, default=1)


def longest_list(storage: Ragged) -> int:
    """Entries of the longest row, or column of the index."""
    names = ("row_length", "col_length") if storage.fields.indexed else ("row_length",)
    return max(int(storage.table(name).max(initial=0)) for name in names)


def _visited(action: Action, projection: str, storage: Ragged) -> int:
    """Synapses or pairs that an action visits whatever happens."""
    if isinstance(action, Rank | Quantile):
        return len(storage) if action.values.projection == projection else 0
    if not isinstance(action, Run) or getattr(action.kernel.domain, "projection", None) != projection:
        return 0
    match action.kernel.domain:
        case Synapses():
            return len(storage)
        case Pairs():
            return int(storage.fields.n_pre) * int(storage.fields.n_post)
        case _:
            return 0


def _removals(body: Iterable[Statement]) -> Iterator[Remove]:
    for node in body:
        match node:
            case Remove():
                yield node
            case If(_, then, orelse):
                yield from _removals((*then, *orelse))
            case _:
                pass
