"""State of the event-driven variables that the synapses of a neuron share (see `eqsnn.symbolic.traces`).

The compiled loop keeps them with the neurons; a script sees synaptic variables as ever. Whatever sets one, or adds a
synapse that has not lived through the same events, parts it: from then on each synapse has its own.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .clocks import Clock
    from .model.symbols import Side
    from .synapses import Synapses


class SharedTraces:
    """Which variables of ``synapses`` are shared now, and where their values are."""

    def __init__(self, synapses: Synapses) -> None:
        self._synapses: Synapses = weakref.proxy(synapses)  # they own this, and are gone as soon as nobody uses them
        self._sides: dict[str, Side] = {}
        self._parted: set[str] = set()
        self._began = False
        self._written: int | None = None  # the step of the last `write_back`; None: a run has begun since

    def candidates(self) -> frozenset[str]:
        """Variables that are one value a neuron, or may become so: no run has given each synapse its own."""
        if self._began:
            return frozenset(self._sides)
        return frozenset(self._synapses.model.event_driven()) - self._parted

    def begin(self, sides: Mapping[str, Side]) -> None:
        """A run is about to keep these variables with the neurons of these sides; others with the synapses."""
        if set(self._sides) != set(sides):
            self.part_all()
        for name, side in sides.items():
            if name not in self._sides:
                n = self._synapses.size_of(f"N_{side}")
                self._synapses.store.add(f"{name}@{side}", "real", n)
                self._sides[name] = side
        self._began, self._written = True, None

    def write_back(self) -> None:
        """Give each synapse's own storage the present values: those of the last step, in which they last faded."""
        if not self._sides:
            return
        clock = self._clock()
        if self._written == clock.step:
            return
        ragged = self._synapses.ragged
        ends = {"pre": ragged.i, "post": ragged.j}
        for name, side in self._sides.items():
            for own, values in zip(
                self._synapses.copies_of(name), self._synapses.store.each(f"{name}@{side}"), strict=False
            ):
                ragged.set(own, values[ends[side]])
        for own in self._synapses.copies_of("lastupdate"):
            ragged.set(own, round(max(clock.step - 1, 0) * clock.dt_ / self._synapses.tick))
        self._written = clock.step

    def _clock(self) -> Clock:
        """That of the pathways: they have one where traces are shared."""
        first = next(iter(self._synapses.pathways.values()))
        ends = {"pre": self._synapses.source_group, "post": self._synapses.target_group}
        return ends[first.side].clock

    def part(self, name: str) -> None:
        """Let each synapse have its own value of an event-driven variable from now on, and of the others with it.

        All were brought up to date by the same events, and a synapse has one ``lastupdate`` for all.
        """
        if name in self._synapses.model.event_driven():
            self.part_all(for_good=True)

    def part_all(self, for_good: bool = False) -> None:
        """Part all that are shared by now: synapses of another history are about to come.

        ``for_good``: none will be shared from here on.
        """
        self.write_back()
        self._parted.update(self._synapses.model.event_driven() if for_good else self._sides)
        self._sides.clear()
