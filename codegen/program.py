"""What a target makes of the IR: the source, and the tables by which a runtime binds it to state."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal as Choice

from .ir import Action, Argument, Array, Run


@dataclass(frozen=True, slots=True)
class Target:
    """What a program is compiled for: ``'cpp'``, or ``'cuda'`` in one of several ways.

    ``loop`` tells where steps are counted: ``'device'``, one kernel that runs many steps, or ``'host'``, which launches
    a kernel for each action. Both give the same. ``ordered``: what many elements add to one place is added up in an
    order that does not depend on which thread comes first, so that rounding is the same in each run.
    """

    name: Choice["cpp", "cuda"] = "cpp"
    loop: Choice["device", "host"] = "device"
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled network, as text.

    Every tuple is a table: the generated code knows its entries by their place. ``arguments`` are the numbers that the
    runtime gives, from which setup computes ``n_computed`` more. ``draws`` tells for each random call whether it fills
    an array. ``labels`` name the actions, for profiles and faults. ``functions`` are the parts of ``source`` that each
    action runs; '' for one that the headers carry out.
    """

    source: str
    arrays: tuple[Array, ...]
    arguments: tuple[Argument, ...]
    n_computed: int
    projections: tuple[str, ...]
    rings: tuple[tuple[str, str], ...]
    pathways: tuple[tuple[str, str], ...]
    recorders: tuple[str, ...]
    generators: tuple[str, ...]
    clocks: tuple[str, ...]
    callbacks: tuple[str, ...]
    draws: tuple[bool, ...]
    actions: tuple[Action, ...]
    labels: tuple[str, ...]
    functions: tuple[str, ...]

    def source_of(self, owners: Collection[str]) -> str:
        """The functions that come from texts of these objects, in the order of a step."""
        pairs = zip(self.actions, self.functions, strict=True)
        return "\n".join(text for action, text in pairs if isinstance(action, Run) and action.kernel.owner in owners)
