"""What the reference executor works on: a network as dictionaries, elements of passes, and what competes for a place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Pair = tuple[int, int]
Key = tuple[int, ...]
"""(i, j), or (i, j, k) where a pair may have several synapses: k is then as ``multisynaptic_index`` numbers them."""
Change = tuple[int, int, int, int]
"""(i, j, serial number, +1 or -1): synapses are numbered as they are created."""


@dataclass
class State:
    """A network: ``pre`` and ``post`` hold lists by variable, ``names`` whatever else rules may read.

    ``drawn`` holds, for each pass that draws pairs, those that it visited; ``log`` what was done, and ``observed`` what
    was seen to be done.
    """

    n_pre: int
    n_post: int
    variables: dict[str, float]
    synapses: dict[Key, dict[str, float]] = field(default_factory=dict)
    pre: dict[str, list[float]] = field(default_factory=dict)
    post: dict[str, list[float]] = field(default_factory=dict)
    names: dict[str, float] = field(default_factory=dict)
    created: int = 0
    removed: int = 0
    refused: int = 0
    shortfall: int = 0
    multi: bool = False
    serial: dict[Key, int] = field(default_factory=dict)
    next_serial: int = 0
    drawn: dict[int, list[Pair]] = field(default_factory=dict)
    log: list[Change] = field(default_factory=list)
    observed: list[Change] = field(default_factory=list)

    def copy(self) -> State:
        return State(
            self.n_pre, self.n_post, self.variables, {k: dict(v) for k, v in self.synapses.items()},
            {k: list(v) for k, v in self.pre.items()}, {k: list(v) for k, v in self.post.items()}, dict(self.names),
        )  # fmt: skip

    def add(self, pair: Pair, values: dict[str, float]) -> None:
        """Create a synapse."""
        key = self.new_key(pair)
        self.synapses[key], self.serial[key] = values, self.next_serial
        self.next_serial += 1

    def new_key(self, pair: Pair) -> Key:
        """What a synapse created now is called."""
        return (
            (*pair, 1 + max((key[2] for key in self.synapses if key[:2] == pair), default=-1)) if self.multi else pair
        )


@dataclass
class Element:
    """One element of a pass, with its own values; ``i`` or ``j`` is None where it has none."""

    i: int | None
    j: int | None
    own: dict[str, float]
    key: Key | None = None
    locals: dict[str, Any] = field(default_factory=dict)


@dataclass
class Candidate:
    """What competes for the ``places`` of a group: a synapse to be removed, or a pair with the values of a new one."""

    group: int | None
    places: int
    what: Key
    values: dict[str, float] | None
