"""What a name can stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ..grammar import ast
from ..grammar.source import Span
from .types import ValueType

Side: TypeAlias = Literal["own", "pre", "post"]
Whose: TypeAlias = Literal["all", "pre", "post"]
"""Whose synapses a counter or an aggregate is about: all of them, or those of each neuron of a side."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A state variable or parameter: storage of its own.

    ``kind`` is ``'differential'`` or ``'parameter'``; ``linked`` variables borrow the storage of another group. A
    synapse has one value of a ``batch`` variable for each network of a batch, one for all of any other; training
    changes ``learned`` ones.
    """

    name: str
    owner: str
    type: ValueType
    kind: Literal["differential", "parameter"]
    shared: bool = False
    constant: bool = False
    linked: bool = False
    read_only: bool = False
    batch: bool = False
    learned: bool = False

    @property
    def stored(self) -> bool:
        """Whether it has storage: it has."""
        return True


@dataclass(frozen=True, slots=True)
class Subexpression:
    """A name for an expression, evaluated where it is used."""

    name: str
    owner: str
    type: ValueType
    expression: ast.Expression
    shared: bool = False
    constant_over_dt: bool = False

    @property
    def stored(self) -> bool:
        """Whether it has storage, for the time of a step."""
        return self.constant_over_dt

    def held(self) -> Variable:
        """The storage of one that is constant over dt, refreshed as each step begins."""
        return Variable(self.name, self.owner, self.type, "parameter", self.shared, read_only=True)


@dataclass(frozen=True, slots=True)
class Differential:
    """Right side of ``dx/dt`` with what its flags ask for."""

    name: str
    expression: ast.Expression
    unless_refractory: bool
    mode: Literal["clock-driven", "event-driven"]
    span: Span


@dataclass(frozen=True, slots=True)
class Summed:
    """``x_post = expression : unit (summed)``: a neuron's variable that sums over its synapses."""

    target: str
    side: Literal["pre", "post"]
    expression: ast.Expression
    span: Span


@dataclass(frozen=True, slots=True)
class GroupModel:
    """The checked equations of one group of neurons or synapses."""

    owner: str
    title: str
    kind: Literal["neurons", "synapses"]
    variables: Mapping[str, Variable | Subexpression] = field(default_factory=dict)
    differentials: Mapping[str, Differential] = field(default_factory=dict)
    summed: tuple[Summed, ...] = ()
    events: tuple[str, ...] = ()

    def held(self) -> tuple[Subexpression, ...]:
        """What is constant over dt."""
        return tuple(m for m in self.variables.values() if isinstance(m, Subexpression) and m.constant_over_dt)

    def per_copy(self) -> tuple[str, ...]:
        """Variables of synapses that each network of a batch has for itself: what is flagged, and what steps hold."""
        flagged = (m.name for m in self.variables.values() if isinstance(m, Variable) and m.batch and not m.shared)
        return (*flagged, *(m.name for m in self.held() if not m.shared))

    def event_driven(self) -> tuple[str, ...]:
        """Names of the variables that are solved between events."""
        return tuple(d.name for d in self.differentials.values() if d.mode == "event-driven")

    def clock_driven(self) -> tuple[str, ...]:
        """Names of the variables that are integrated at every step."""
        return tuple(d.name for d in self.differentials.values() if d.mode == "clock-driven")


# ---- what a name resolves to ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VariableReference:
    """A variable of the group itself or, from synapses, of a neuron at one side."""

    variable: Variable
    side: Side

    @property
    def type(self) -> ValueType:
        """That of the variable."""
        return self.variable.type


@dataclass(frozen=True, slots=True)
class SubexpressionReference:
    """A subexpression, seen from its own group or from synapses."""

    subexpression: Subexpression
    side: Side

    @property
    def type(self) -> ValueType:
        """That of the subexpression."""
        return self.subexpression.type


@dataclass(frozen=True, slots=True)
class Builtin:
    """``t``, ``i``, ``N_pre``, ``lastspike``, ...; from synapses ``side`` tells whose."""

    name: str
    side: Side
    type: ValueType


@dataclass(frozen=True, slots=True)
class Constant:
    """A number from the namespace or a unit. A ``literal`` one (a unit) is part of the text; others are arguments."""

    name: str
    value: float | int | bool
    type: ValueType
    literal: bool


@dataclass(frozen=True, slots=True)
class LocalReference:
    """A local variable of a code block."""

    name: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class Counter:
    """An undeclared name that a rule accumulates into: one number, or one for each neuron of a side."""

    name: str
    side: Whose
    type: ValueType


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What a rule asks of all synapses before a pass begins, ``mean(w)``: a number for all, or for each neuron.

    ``rank`` has a number for each synapse.
    """

    name: str
    side: Whose | Literal["synapse"]
    type: ValueType


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a trial keeps of each neuron of a group, step by step: the value of this step."""

    name: str
    owner: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class TimedArraySpec:
    """A TimedArray as the compiler sees it: values stay with the runtime.

    ``columns`` is the length of the second axis, or None.
    """

    name: str
    type: ValueType
    columns: int | None


@dataclass(frozen=True, slots=True)
class UserFunction:
    """A function given as an expression string: ``@eqsnn.function(units=...)``."""

    name: str
    parameters: tuple[str, ...]
    parameter_types: tuple[ValueType, ...]
    type: ValueType
    expression: ast.Expression


Reference: TypeAlias = (
    VariableReference | SubexpressionReference | Builtin | Constant | LocalReference | Counter | Aggregate
)

Named: TypeAlias = Reference | Remembered
"""What a symbol of a task can stand for: a name of a text, or something that training has of its own."""
