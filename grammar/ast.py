"""The syntax tree: what the user wrote, nothing decided yet. Every node knows its span.

expression = Number | Boolean | Name | Unary | Binary | Compare | Logical | Call
equations  = Equations(DifferentialEquation | Subexpression | Parameter, ...)
statement  = Assign | If | CreateSynapse | RemoveSynapse
rule       = Rule(Pass(head, statement...), ...)
head       = EachSynapse | EachNeuron | EachPair(All | Sample | Match)
generator  = Generator(element for variable in Range | RandomSample if condition)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .source import Source, Span

Side: TypeAlias = Literal["pre", "post"]
BinaryOperator: TypeAlias = Literal["+", "-", "*", "/", "//", "%", "**"]
CompareOperator: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!="]
AssignOperator: TypeAlias = Literal["=", "+=", "-=", "*=", "/="]


# ---- expressions ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number:
    value: int | float
    span: Span


@dataclass(frozen=True, slots=True)
class Boolean:
    """``True`` or ``False``."""

    value: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Name:
    id: str
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    operator: Literal["-", "+", "not"]
    operand: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    operator: BinaryOperator
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Compare:
    operator: CompareOperator
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Logical:
    operator: Literal["and", "or"]
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Keyword:
    """``name=value`` in a call or in ``create synapse(...)``."""

    name: Name
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    function: Name
    arguments: tuple[Expression, ...]
    keywords: tuple[Keyword, ...]
    span: Span


Expression: TypeAlias = Number | Boolean | Name | Unary | Binary | Compare | Logical | Call


# ---- equations ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Flag:
    """``unless refractory``, ``constant``, ``shared``, ``constant over dt``, ``linked``, ``event-driven``, ..."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class DifferentialEquation:
    """``dv/dt = expression : unit (flags)``; ``name`` is ``v``, its span that of ``dv/dt``."""

    name: Name
    expression: Expression
    unit: Expression
    flags: tuple[Flag, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Subexpression:
    """``I = expression : unit (flags)``."""

    name: Name
    expression: Expression
    unit: Expression
    flags: tuple[Flag, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Parameter:
    """``Cm : unit (flags)``; ``a, b : volt`` gives two of them."""

    name: Name
    unit: Expression
    flags: tuple[Flag, ...]
    span: Span


Definition: TypeAlias = DifferentialEquation | Subexpression | Parameter


@dataclass(frozen=True, slots=True)
class Equations:
    definitions: tuple[Definition, ...]
    source: Source


# ---- statements -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limit:
    """``limit n [per side]``."""

    count: Expression
    per: Side | None
    span: Span


@dataclass(frozen=True, slots=True)
class Assign:
    target: Name
    operator: AssignOperator
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class CreateSynapse:
    """``create synapse[(variable=expression, ...)] [if condition] [limit n [per side]]``."""

    values: tuple[Keyword, ...]
    condition: Expression | None
    limit: Limit | None
    span: Span


@dataclass(frozen=True, slots=True)
class RemoveSynapse:
    """``remove synapse [if condition] [limit n [per side]]``."""

    condition: Expression | None
    limit: Limit | None
    span: Span


@dataclass(frozen=True, slots=True)
class If:
    """``if condition: body [else: orelse]``; ``elif`` is an If alone in ``orelse``."""

    condition: Expression
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...]
    span: Span


Statement: TypeAlias = Assign | CreateSynapse | RemoveSynapse | If


@dataclass(frozen=True, slots=True)
class Block:
    """Event code, or the body of a pass."""

    statements: tuple[Statement, ...]
    source: Source


# ---- structural rules -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EachSynapse:
    span: Span


@dataclass(frozen=True, slots=True)
class EachNeuron:
    side: Side
    span: Span


@dataclass(frozen=True, slots=True)
class All:
    span: Span


@dataclass(frozen=True, slots=True)
class Sample:
    """``sample(count[, per=side][, unconnected])``."""

    count: Expression
    per: Side | None
    unconnected: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Match:
    """``match(pre, post)``: how many partners each neuron of either side offers."""

    pre: Expression
    post: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class EachPair:
    selection: All | Sample | Match
    span: Span


Head: TypeAlias = EachSynapse | EachNeuron | EachPair


@dataclass(frozen=True, slots=True)
class Pass:
    head: Head
    body: tuple[Statement, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Rule:
    passes: tuple[Pass, ...]
    source: Source


# ---- connect's generator --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Range:
    """``range([start,] stop[, step])``; what is left out is None."""

    start: Expression | None
    stop: Expression
    step: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class RandomSample:
    """``sample([start,] stop[, step], p=probability | size=number)``: one of ``p`` and ``size`` is given."""

    range: Range
    p: Expression | None
    size: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class Generator:
    """``element for variable in iterable [if condition]``."""

    element: Expression
    variable: Name
    iterable: Range | RandomSample
    condition: Expression | None
    span: Span
