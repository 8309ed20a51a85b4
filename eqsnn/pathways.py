"""Pathways of synapses: the code of ``on_pre`` and ``on_post``, and when it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from .base import check_slot
from .grammar import ast, errors
from .model.declarations import Pathway, When, delay_name
from .model.dimensions import SECOND
from .runtime.rings import Way
from .units import dimension_of, quantity, to_base


@dataclass(slots=True)
class SynapticPathway:
    """One pathway, such as ``S.pre``: `delay`, `code`, `order`, `when`, `event` can be read, the first four be set.

    A uniform delay costs nothing; different delays are a variable of the synapses (`Synapses.delay`).
    """

    title: str
    name: str
    side: Literal["pre", "post"]
    block: ast.Block
    event: str = "spike"
    when: str = "synapses"
    order: int = 0
    seconds: float = 0.0
    each: bool = False
    longest: int = 0  # of the delays of the synapses, in steps, as of the last run
    ways: list[Way] = field(default_factory=lambda: [Way()])

    @property
    def code(self) -> str:
        """The text."""
        return self.block.source.text

    @property
    def variable(self) -> str:
        """Name of the synaptic variable that holds its delays."""
        return delay_name(self.name)

    @property
    def delay(self) -> Any:
        """The delay that all synapses share, a quantity in seconds."""
        return quantity(self.seconds, SECOND)

    def set_delay(self, value: Any) -> None:
        """Give all synapses one delay.

        :raises DimensionError: E221, it is not a time. :raises StructureError: E610, it is negative or not finite.
        """
        self.seconds = check_delay(value, self.title)
        self.each = False

    def way(self, copy: int) -> Way:
        """Its place in time in one network of a batch."""
        while len(self.ways) <= copy:
            self.ways.append(self.ways[0].twin())
        return self.ways[copy]

    def declare(self, clock: str) -> Pathway:
        """What the compiler needs to know, on the clock of the neurons it hears."""
        delay: Literal["none", "uniform", "each"] = "none"
        if self.each or self.seconds > 0 or any(way.delayed for way in self.ways):
            delay = "each" if self.each else "uniform"
        return Pathway(self.name, self.side, self.event, self.block, delay, When(self.when, self.order, clock))


class PathwayView:
    """A pathway as a script sees it: ``S.pre.delay = 2*ms``, ``S.post.order = 1``, ``S.pre.code``."""

    __slots__ = ("_pathway", "_synapses")

    def __init__(self, synapses: Any, pathway: SynapticPathway) -> None:
        self._synapses, self._pathway = synapses, pathway

    @property
    def code(self) -> str:
        """The text."""
        return self._pathway.code

    @property
    def delay(self) -> Any:
        """The delay: one time for all synapses, or a variable of theirs. Set it to a time, an array, an expression."""
        return self._synapses.delay_of(self._pathway.name)

    @delay.setter
    def delay(self, value: Any) -> None:
        self._synapses.set_delay(self._pathway.name, value)

    @property
    def order(self) -> int:
        """Place among the pathways of a step: low numbers first."""
        return self._pathway.order

    @order.setter
    def order(self, value: int) -> None:
        self._pathway.order = value

    @property
    def when(self) -> str:
        """Slot of the step in which the code runs."""
        return self._pathway.when

    @when.setter
    def when(self, slot: str) -> None:
        self._pathway.when = check_slot(slot, self._pathway.title)

    def __repr__(self) -> str:
        return f"<pathway '{self._pathway.name}' of {self._synapses.title}>"


def check_delay(value: Any, title: str) -> float:
    """Return one delay in seconds.

    :raises DimensionError: E221. :raises StructureError: E610.
    """
    if dimension_of(value) != SECOND and not (isinstance(value, int | float) and value == 0):
        raise errors.DimensionError(
            "E221", f"a delay must be a time, not {value!r}.", hint="write 'delay=2*ms'", place=title
        )
    if np.ndim(value):
        message = f"one delay is needed here, not {np.size(value)}."
        hint = "connect first, then give each synapse its own: 'S.delay = [1, 2, ...]*ms'"
        raise errors.StructureError("E610", message, place=title, hint=hint)
    number = float(np.asarray(to_base(value)))
    if not np.isfinite(number) or number < 0:
        raise errors.StructureError(
            "E610", f"a delay cannot be {value}: a spike arrives after it was fired.", place=title
        )
    return number
