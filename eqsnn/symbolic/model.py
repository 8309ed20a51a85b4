"""The third stage's value: all that a network does, as symbolic tasks in the order of a time step.

    task = Refresh | Advance | Detect | React | Regulate | Deliver | Fade | Mark | Integrate | SumUp | Rewire
         | RecordState | RecordEvents | CountEvents | CallPython | Sweep | MarkFired | Feed | Weigh

Every task keeps the references behind its symbols, so that the next stage can find their storage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import sympy

from ..model.declarations import When
from ..model.symbols import Counter, Named, Remembered, Side, TimedArraySpec, Variable
from .blocks import Symbolic
from .reductions import Reduction
from .system import StateUpdate


@dataclass(frozen=True, slots=True)
class Names:
    """What the symbols of a task stand for."""

    references: Mapping[str, Named]
    arrays: Mapping[str, TimedArraySpec]
    random_calls: int


@dataclass(frozen=True, slots=True)
class Advance:
    """Integrate a group of neurons over one step."""

    neurons: str
    method: str
    update: StateUpdate


@dataclass(frozen=True, slots=True)
class Refresh:
    """Evaluate, before anything else in a step, the subexpressions that are constant over dt.

    ``between`` says how event-driven variables of synapses change while nothing happens; None for neurons.
    """

    group: str
    values: tuple[tuple[Variable, sympy.Expr], ...]
    between: StateUpdate | None = None


@dataclass(frozen=True, slots=True)
class Detect:
    """Find the neurons that have an event; without a condition, it comes from a list given beforehand."""

    neurons: str
    event: str
    condition: sympy.Basic | None


@dataclass(frozen=True, slots=True)
class React:
    """Run code for the neurons that had an event in this step."""

    neurons: str
    event: str
    body: tuple[Symbolic, ...]


@dataclass(frozen=True, slots=True)
class Regulate:
    """Run code for neurons ``start`` to ``stop``, or for every synapse."""

    group: str
    start: int
    stop: int
    body: tuple[Symbolic, ...]
    shared: bool
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Deliver:
    """Run a pathway's code for the synapses that an event reaches.

    ``between`` brings event-driven variables up to date.
    """

    projection: str
    pathway: str
    side: Literal["pre", "post"]
    between: StateUpdate | None
    body: tuple[Symbolic, ...]


@dataclass(frozen=True, slots=True)
class Fade:
    """Let the traces that synapses share (`traces`) decay over one step, for each neuron of a side."""

    projection: str
    side: Literal["pre", "post"]
    update: StateUpdate


@dataclass(frozen=True, slots=True)
class Mark:
    """Change the traces of the neurons whose events arrive, once for each."""

    projection: str
    pathway: str
    side: Literal["pre", "post"]
    body: tuple[Symbolic, ...]


@dataclass(frozen=True, slots=True)
class Integrate:
    """Integrate clock-driven synaptic equations over one step."""

    projection: str
    method: str
    update: StateUpdate


@dataclass(frozen=True, slots=True)
class SumUp:
    """Set a neuron variable to a sum over its synapses."""

    projection: str
    side: Literal["pre", "post"]
    target: Variable
    value: sympy.Expr


@dataclass(frozen=True, slots=True)
class Visit:
    """Elements of a pass, with its settings: ``count`` of a sample; ``offers`` of both sides for a match."""

    kind: Literal["synapses", "pre", "post", "pairs", "sample", "match"]
    count: sympy.Expr | None = None
    offers: tuple[sympy.Expr, sympy.Expr] | None = None
    per: Literal["pre", "post"] | None = None
    unconnected: bool = False
    site: int = 0


@dataclass(frozen=True, slots=True)
class RulePass:
    """One pass of a structural rule; ``reductions`` are done before it begins, in this order."""

    visit: Visit
    between: StateUpdate | None
    body: tuple[Symbolic, ...]
    reductions: tuple[Reduction, ...] = ()


@dataclass(frozen=True, slots=True)
class Rewire:
    """A structural rule: its passes in order."""

    projection: str
    passes: tuple[RulePass, ...]
    counters: tuple[Counter, ...]


@dataclass(frozen=True, slots=True)
class RecordState:
    """Record expressions for the chosen elements of a group."""

    group: str
    values: tuple[sympy.Expr, ...]
    start: int = 0


@dataclass(frozen=True, slots=True)
class RecordEvents:
    """Record events, with expressions of the neurons that have them; or only count them."""

    neurons: str
    start: int
    stop: int
    event: str
    values: tuple[sympy.Expr, ...]
    keep: bool


@dataclass(frozen=True, slots=True)
class CountEvents:
    """Record the number of spikes of each step."""

    neurons: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class CallPython:
    """Call back into Python."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """One step of what training works out for each neuron: ``update``, and then the values that a trial keeps.

    ``label`` tells the sweeps of a group apart.
    """

    neurons: str
    label: str
    update: StateUpdate
    kept: tuple[tuple[Remembered, sympy.Basic], ...] = ()


@dataclass(frozen=True, slots=True)
class MarkFired:
    """Set a truth value of each neuron: whether it has spiked in this step."""

    neurons: str
    fired: Variable


@dataclass(frozen=True, slots=True)
class Feedback:
    """Errors of ``output`` neurons, kept in a trial as ``error``, weighed by a ``matrix`` of a neuron's own numbers.

    ``delay`` names the number of steps after which spikes arrive there.
    """

    output: str
    error: Remembered
    matrix: str
    delay: str


@dataclass(frozen=True, slots=True)
class Feed:
    """Set a variable of neurons to the sum of what comes back to them."""

    neurons: str
    signal: Variable
    sources: tuple[Feedback, ...]


@dataclass(frozen=True, slots=True)
class Weigh:
    """Fill a matrix of ``neurons`` with a value of every synapse from them: a row for each target of the projection."""

    projection: str
    neurons: str
    matrix: str
    value: sympy.Expr


Task: TypeAlias = (
    Refresh | Advance | Detect | React | Regulate | Deliver | Fade | Mark | Integrate | SumUp | Rewire
    | RecordState | RecordEvents | CountEvents | CallPython | Sweep | MarkFired | Feed | Weigh
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """A task, the object it belongs to, and its place in the step."""

    owner: str
    when: When
    task: Task
    names: Names


@dataclass(frozen=True, slots=True)
class Refractory:
    """How long neurons stay refractory (in seconds), or the condition under which they do."""

    expression: sympy.Basic
    is_condition: bool
    names: Names


@dataclass(frozen=True, slots=True)
class SymbolicNetwork:
    """All tasks in the order in which a step runs them, and what makes neurons refractory.

    ``traces`` gives for each projection the synaptic variables that are kept with the neurons of a side. ``backward``:
    steps are run from the last to the first.
    """

    items: tuple[Item, ...]
    refractory: Mapping[str, Refractory]
    traces: Mapping[str, Mapping[str, Side]] = field(default_factory=dict)
    backward: bool = False
