"""What a program may stage of a projection's synapses before it carries the changes out: memory must be there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ...codegen.ir import Action, Apply, EventSynapses, If, Remove, Run, Statement


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


def _removals(body: Iterable[Statement]) -> Iterator[Remove]:
    for node in body:
        match node:
            case Remove():
                yield node
            case If(_, then, orelse):
                yield from _removals((*then, *orelse))
            case _:
                pass
