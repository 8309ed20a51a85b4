"""State of the event-driven variables that the synapses of a neuron share (see `eqsnn.symbolic.traces`).

The compiled loop keeps them with the neurons; a script sees synaptic variables as ever. Whatever sets one, or adds a
synapse that has not lived through the same events, parts it: from then on each synapse has its own.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model.symbols import Side
    from .synapses import Synapses


class SharedTraces:
    """Which variables of ``synapses`` are shared now, and where their values are."""

    def __init__(self, synapses: Synapses) -> None:
        self._synapses: Synapses = weakref.proxy(synapses)  # they own this, and are gone as soon as nobody uses them
        self._sides: dict[str, Side] = {}
        self._parted: set[str] = set()
        self._began = False
        self._fresh = False

    def candidates(self) -> frozenset[str]:
        """Variables that are one value a neuron, or may become so: no run has given each synapse its own."""
        if self._began:
            return frozenset(self._sides)
        return frozenset(self._synapses.model.event_driven()) - self._parted

    def begin(self, sides: Mapping[str, Side]) -> None:
        """A run is about to keep these variables with the neurons of these sides; others with the synapses."""
        for name in set(self._sides) - set(sides):
            self.part(name)
        for name, side in sides.items():
            if name not in self._sides:
                n = self._synapses.size_of(f"N_{side}")
                self._synapses.store.add(f"{name}@{side}", "real", n)
                self._sides[name] = side
        self._began, self._fresh = True, False

    def write_back(self) -> None:
        """Give each synapse's own storage the present values."""
        if self._fresh or not self._sides:
            return
        ragged = self._synapses.ragged
        ends = {"pre": ragged.i, "post": ragged.j}
        for name, side in self._sides.items():
            ragged.set(name, self._synapses.store[f"{name}@{side}"][ends[side]])
        if "lastupdate" in ragged.columns:
            ragged.set("lastupdate", self._synapses.ticks)
        self._fresh = True

    def part(self, name: str) -> None:
        """Let each synapse have its own value from now on."""
        if name in self._sides:
            self.write_back()
            del self._sides[name]
        self._parted.add(name)

    def part_all(self) -> None:
        """Part all that are shared by now: synapses of another history are about to come."""
        for name in list(self._sides):
            self.part(name)
