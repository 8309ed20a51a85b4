"""What a target makes of the IR: the source, and the tables by which a runtime binds it to state."""

from __future__ import annotations

from dataclasses import dataclass

from .ir import Action, Argument, Array


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled network, as text.

    Every tuple is a table: the generated code knows its entries by their place. ``arguments`` are the numbers that the
    runtime gives, from which setup computes ``n_computed`` more. ``draws`` tells for each random call whether it fills
    an array. ``labels`` name the actions, for profiles and faults.
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
