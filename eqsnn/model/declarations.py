"""What a network consists of, as the public objects hand it to the compiler: parsed texts and plain settings.

Nothing here holds values of state, or objects of the runtime: two networks with equal declarations compile to the same
program. Objects refer to each other by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ..grammar import ast
from .scope import Resolver
from .symbols import GroupModel, Side, Variable

SLOTS = ("start", "groups", "thresholds", "synapses", "resets", "end")


@dataclass(frozen=True, slots=True)
class When:
    """Place in a time step: a slot (``'groups'``, ``'before_resets'``, ...), an order in it, and a clock by name."""

    slot: str
    order: int
    clock: str

    def key(self, slots: tuple[str, ...] = SLOTS) -> tuple[int, int]:
        """What a step is sorted by, ties broken by the order of declaration; ``slots`` is the network's schedule."""
        for prefix, shift in (("before_", -1), ("after_", 1)):
            if self.slot.startswith(prefix):
                return 3 * slots.index(self.slot.removeprefix(prefix)) + shift, self.order
        return 3 * slots.index(self.slot), self.order


@dataclass(frozen=True, slots=True)
class Link:
    """Where a linked variable's values are: ``variable`` of ``group``, one for one, all from one, or by an index.

    ``degree``: the number of synapses that a projection, the ``group``, counts for each neuron.
    """

    group: str
    variable: Variable
    kind: Literal["direct", "scalar", "indexed", "degree"]
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """``threshold``, or a custom event: which neurons have it in a step."""

    name: str
    condition: ast.Expression
    when: When


@dataclass(frozen=True, slots=True)
class Reaction:
    """``reset``, or code run on a custom event."""

    event: str
    code: ast.Block
    when: When


@dataclass(frozen=True, slots=True)
class Refractory:
    """Length of the refractory period (seconds), or the condition under which a neuron stays refractory."""

    expression: ast.Expression


@dataclass(frozen=True, slots=True)
class Neurons:
    """A group of neurons. ``external`` events are put into its spike list by the runtime (spike generators)."""

    name: str
    title: str
    size: int
    model: GroupModel
    resolver: Resolver = field(compare=False)
    method: str | None
    when: When
    events: tuple[Event, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    refractory: Refractory | None = None
    links: dict[str, Link] = field(default_factory=dict)
    external: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """One side of a projection: neurons ``start`` to ``stop`` of a group."""

    group: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Pathway:
    """Code run for the synapses of a neuron that had an event, after a delay."""

    name: str
    side: Literal["pre", "post"]
    event: str
    code: ast.Block
    delay: Literal["none", "uniform", "each"]
    when: When


@dataclass(frozen=True, slots=True)
class Projection:
    """Synapses between two groups of neurons; ``multi``: a pair may have several."""

    name: str
    title: str
    model: GroupModel
    resolver: Resolver = field(compare=False)
    pre: End
    post: End
    pathways: tuple[Pathway, ...]
    method: str | None
    when: When
    multi: bool = False
    shareable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Regular:
    """Code run for neurons ``start`` to ``stop`` of a group, or for the synapses of a projection, at steps of a clock.

    ``chosen`` restricts it to the elements of the recorder of the same name; ``setting`` code comes from Python
    (``G.v = '...'``) and may also set constants.
    """

    name: str
    title: str
    group: str
    start: int
    stop: int
    code: ast.Block
    resolver: Resolver = field(compare=False)
    when: When
    chosen: bool = False
    setting: bool = False


@dataclass(frozen=True, slots=True)
class Structural:
    """A structural rule of a projection. One that is run by hand has a program of its own."""

    name: str
    title: str
    projection: str
    rule: ast.Rule
    resolver: Resolver = field(compare=False)
    when: When


@dataclass(frozen=True, slots=True)
class StateRecorder:
    """Records expressions for chosen neurons or synapses at every step of a clock."""

    name: str
    title: str
    group: str
    variables: tuple[ast.Expression, ...]
    when: When
    resolver: Resolver | None = field(default=None, compare=False)
    start: int = 0


@dataclass(frozen=True, slots=True)
class EventRecorder:
    """Records the neurons ``start`` to ``stop`` of a group that had an event, with chosen variables."""

    name: str
    title: str
    group: str
    start: int
    stop: int
    event: str
    variables: tuple[ast.Expression, ...]
    keep: bool
    when: When


@dataclass(frozen=True, slots=True)
class RateRecorder:
    """Records, at every step, how many neurons ``start`` to ``stop`` of a group spiked."""

    name: str
    group: str
    start: int
    stop: int
    when: When


@dataclass(frozen=True, slots=True)
class PythonCall:
    """A function of the user's, called from the loop."""

    name: str
    when: When


Declaration: TypeAlias = (
    Neurons | Projection | Regular | Structural | StateRecorder | EventRecorder | RateRecorder | PythonCall
)


@dataclass(frozen=True, slots=True)
class NetworkDeclaration:
    """All objects of a network, in the order of their creation.

    Objects in ``context`` do not run: others refer to them, as a statement executed once refers to its group.
    ``schedule`` is the order of the slots of a step; ``batch`` tells that several networks run side by side.
    """

    objects: tuple[Declaration, ...]
    context: tuple[Declaration, ...] = ()
    check_finite: bool = False
    schedule: tuple[str, ...] = SLOTS
    batch: bool = False

    def neurons(self) -> dict[str, Neurons]:
        """Groups of neurons by name."""
        return {d.name: d for d in self.context + self.objects if isinstance(d, Neurons)}

    def projections(self) -> dict[str, Projection]:
        """Projections by name."""
        return {d.name: d for d in self.context + self.objects if isinstance(d, Projection)}


def side_end(projection: Projection, side: Side) -> End:
    """The neurons at one side."""
    return projection.pre if side == "pre" else projection.post


def delay_name(pathway: str) -> str:
    """Name of the synaptic variable that holds a pathway's delays: ``delay`` for the pathway ``pre``."""
    return "delay" if pathway == "pre" else f"delay_{pathway}"
