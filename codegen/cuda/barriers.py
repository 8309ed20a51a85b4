"""Which actions need a barrier between them: those of which one changes what the other reads or changes.

Two that only add to an array may do so at the same time, as additions are atomic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..ir import (
    Accumulate,
    Action,
    Array,
    Create,
    Elements,
    EventNeurons,
    Events,
    EventSynapses,
    Kernel,
    Load,
    Record,
    Remove,
    Run,
    Store,
    Synapses,
    Zero,
    clock_of,
)
from ..passes.traverse import kernel_expressions, statements


@dataclass(frozen=True, slots=True)
class Footprint:
    """Arrays that an action reads, sets, and adds to."""

    read: frozenset[Array]
    stored: frozenset[Array]
    added: frozenset[Array]

    def disturbs(self, other: Footprint) -> bool:
        """Whether it changes what the other one reads, or sets what it changes."""
        return bool(self.stored & (other.read | other.stored | other.added) or self.added & (other.read | other.stored))


def footprint(action: Action, delay: str, ordered: bool) -> Footprint | None:
    """What an action touches; None if that is more than arrays, or if it has barriers of its own."""
    match action:
        case Zero(array):
            return Footprint(frozenset(), frozenset({array}), frozenset())
        case Run(kernel) if not ordered and _is_plain(kernel, delay):
            return _of_kernel(kernel)
        case _:
            return None


def followed_by_barrier(actions: tuple[Action, ...], footprints: list[Footprint | None]) -> Iterator[bool]:
    """For each action whether a barrier comes after it: not where the next one disturbs none of those before it."""
    waiting: list[Footprint | None] = []  # since the last barrier
    for place, action in enumerate(actions):
        waiting.append(footprints[place])
        following = footprints[place + 1] if place + 1 < len(actions) else None
        same_clock = place + 1 < len(actions) and clock_of(actions[place + 1]) == clock_of(action)
        needed = not same_clock or following is None or any(_depend(known, following) for known in waiting)
        if needed:
            waiting.clear()
        yield needed


def _depend(known: Footprint | None, following: Footprint) -> bool:
    return known is None or known.disturbs(following) or following.disturbs(known)


def _is_plain(kernel: Kernel, delay: str) -> bool:
    if any(isinstance(node, Create | Remove | Record) for node in statements(kernel.body)):
        return False
    match kernel.domain:
        case Elements() | Synapses():
            return True
        case EventSynapses() | EventNeurons():
            return delay not in ("each", "uniform")
        case Events(recorder=recorder):
            return recorder is None
        case _:
            return False


def _of_kernel(kernel: Kernel) -> Footprint:
    changed = [node for node in statements((*kernel.outer, *kernel.body)) if isinstance(node, Store | Accumulate)]
    added = frozenset(node.array for node in changed if isinstance(node, Accumulate) and node.operator == "+")
    stored = frozenset(node.array for node in changed if isinstance(node, Store) or node.operator != "+")
    read = frozenset(x.array for x in kernel_expressions(kernel) if isinstance(x, Load))
    return Footprint(read, stored, added - stored)
