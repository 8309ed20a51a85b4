"""Walking and mapping the IR: the one place that knows which node has which children."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import assert_never

from ..ir import (
    Accumulate,
    Argument,
    Array,
    Assign,
    Binary,
    Call,
    Cast,
    Create,
    Domain,
    Elements,
    Expression,
    If,
    Kernel,
    Let,
    Limited,
    Literal,
    Load,
    Local,
    Lottery,
    Matching,
    PairSample,
    ProgramIR,
    Random,
    Record,
    Remove,
    Run,
    Select,
    Statement,
    Store,
    Unary,
)

Map = Callable[[Expression], Expression]


# ---- expressions ----------------------------------------------------------------------------------------------------


def children(x: Expression) -> tuple[Expression, ...]:
    """Operands of an expression."""
    match x:
        case Literal() | Local() | Argument():
            return ()
        case Load(_, index):
            return (index,)
        case Unary(_, operand) | Cast(operand, _):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case Select(condition, then, orelse):
            return (condition, then, orelse)
        case Call(_, arguments, _) | Random(_, _, arguments, _):
            return arguments
        case _:
            assert_never(x)


def map_children(f: Map, x: Expression) -> Expression:
    """The same operation on changed operands."""
    match x:
        case Literal() | Local() | Argument():
            return x
        case Load(array, index):
            return Load(array, f(index))
        case Unary(operator, operand):
            return Unary(operator, f(operand))
        case Binary(operator_, left, right):
            return Binary(operator_, f(left), f(right))
        case Select(condition, then, orelse):
            return Select(f(condition), f(then), f(orelse))
        case Cast(operand, type_):
            return Cast(f(operand), type_)
        case Call(function, arguments, type_):
            return Call(function, tuple(f(a) for a in arguments), type_)
        case Random(distribution, site, arguments, type_):
            return Random(distribution, site, tuple(f(a) for a in arguments), type_)
        case _:
            assert_never(x)


def bottom_up(f: Map) -> Map:
    """``f`` applied to every subexpression, operands first."""

    def apply(x: Expression) -> Expression:
        return f(map_children(apply, x))

    return apply


def walk(x: Expression) -> Iterator[Expression]:
    """An expression and all its subexpressions, operands after what uses them."""
    yield x
    for child in children(x):
        yield from walk(child)


# ---- statements -----------------------------------------------------------------------------------------------------


def operands(node: Statement) -> tuple[Expression, ...]:
    """Expressions that a statement itself evaluates; of an If, the condition."""
    match node:
        case Let(_, value) | Assign(_, value) | Record(_, _, value):
            return (value,)
        case Store(_, index, value) | Accumulate(_, index, value, _):
            return (index, value)
        case If(condition, _, _):
            return (condition,)
        case Create(_, values, limit):
            return (*(value for _, value in values), *_of_limit(limit))
        case Remove(_, limit):
            return _of_limit(limit)
        case _:
            assert_never(node)


def _of_limit(limit: Limited | None) -> tuple[Expression, ...]:
    return () if limit is None else (limit.places, limit.key)


def _mapped(f: Map, limit: Limited | None) -> Limited | None:
    return None if limit is None else replace(limit, places=f(limit.places), key=f(limit.key))


def map_operands(f: Map, node: Statement) -> Statement:
    """The same statement on changed expressions; the branches of an If stay."""
    match node:
        case Let(local, value):
            return Let(local, f(value))
        case Assign(local, value):
            return Assign(local, f(value))
        case Store(array, index, value):
            return Store(array, f(index), f(value))
        case Accumulate(array, index, value, operator):
            return Accumulate(array, f(index), f(value), operator)
        case If(condition, then, orelse):
            return If(f(condition), then, orelse)
        case Create(projection, values, limit):
            return Create(projection, tuple((array, f(value)) for array, value in values), _mapped(f, limit))
        case Record(recorder, column, value):
            return Record(recorder, column, f(value))
        case Remove(projection, limit):
            return Remove(projection, _mapped(f, limit))
        case _:
            assert_never(node)


def map_body(f: Map, body: Iterable[Statement]) -> tuple[Statement, ...]:
    """``f`` applied to each whole expression of the statements, also within branches."""
    result = []
    for node in body:
        new = map_operands(f, node)
        if isinstance(new, If):
            new = If(new.condition, map_body(f, new.then), map_body(f, new.orelse))
        result.append(new)
    return tuple(result)


def map_lets(f: Map, lets: Iterable[Let]) -> tuple[Let, ...]:
    """``f`` applied to the values of bindings."""
    return tuple(Let(let.local, f(let.value)) for let in lets)


def statements(body: Iterable[Statement]) -> Iterator[Statement]:
    """All statements, those of branches after their If."""
    for node in body:
        yield node
        if isinstance(node, If):
            yield from statements(node.then)
            yield from statements(node.orelse)


def expressions(body: Iterable[Statement]) -> Iterator[Expression]:
    """Every subexpression of the statements."""
    for node in statements(body):
        for operand in operands(node):
            yield from walk(operand)


def assigned(body: Iterable[Statement]) -> frozenset[str]:
    """Names of locals that get a value by Assign."""
    return frozenset(node.local.name for node in statements(body) if isinstance(node, Assign))


def written(body: Iterable[Statement]) -> frozenset[Array]:
    """Arrays that the statements change."""
    return frozenset(node.array for node in statements(body) if isinstance(node, Store | Accumulate))


# ---- kernels and programs -------------------------------------------------------------------------------------------


def domain_operands(domain: Domain) -> tuple[Expression, ...]:
    """Expressions in a domain."""
    match domain:
        case Elements(start, stop, _):
            return (start, stop)
        case PairSample():
            return (domain.count,)
        case Lottery():
            return (domain.probability,)
        case _:
            return ()


def map_kernel(f: Map, kernel: Kernel) -> Kernel:
    """``f`` applied to each whole expression of a kernel."""
    domain = kernel.domain
    if isinstance(domain, Elements):
        domain = replace(domain, start=f(domain.start), stop=f(domain.stop))
    elif isinstance(domain, PairSample):
        domain = replace(domain, count=f(domain.count))
    elif isinstance(domain, Lottery):
        domain = replace(domain, probability=f(domain.probability))
    prologue, outer = map_lets(f, kernel.prologue), map_lets(f, kernel.outer)
    return replace(kernel, domain=domain, prologue=prologue, outer=outer, body=map_body(f, kernel.body))


def kernel_expressions(kernel: Kernel) -> Iterator[Expression]:
    """Every subexpression of a kernel."""
    for operand in domain_operands(kernel.domain):
        yield from walk(operand)
    yield from expressions((*kernel.prologue, *kernel.outer, *kernel.body))


def arguments_of(kernel: Kernel) -> tuple[Argument, ...]:
    """Arguments that a kernel reads, each once, in order of appearance."""
    return tuple(dict.fromkeys(x for x in kernel_expressions(kernel) if isinstance(x, Argument)))


def arrays_of(kernel: Kernel) -> tuple[Array, ...]:
    """Arrays that a kernel reads or changes, each once, in order of appearance."""
    found: dict[Array, None] = {}
    for x in (y for operand in domain_operands(kernel.domain) for y in walk(operand)):
        if isinstance(x, Load):
            found[x.array] = None
    for node in statements((*kernel.prologue, *kernel.outer, *kernel.body)):
        found.update((x.array, None) for o in operands(node) for x in walk(o) if isinstance(x, Load))
        if isinstance(node, Store | Accumulate):
            found[node.array] = None
        elif isinstance(node, Create):
            found.update((array, None) for array, _ in node.values)
    if isinstance(kernel.domain, Matching):
        found.update(dict.fromkeys((kernel.domain.offers, kernel.domain.wants)))
    return tuple(found)


def map_kernels(f: Callable[[Kernel], Kernel], program: ProgramIR) -> ProgramIR:
    """``f`` applied to every kernel of a program."""
    actions = tuple(Run(f(a.kernel)) if isinstance(a, Run) else a for a in program.actions)
    return replace(program, actions=actions, tables=tuple(map(f, program.tables)))


def bound_names(kernel: Kernel) -> set[str]:
    """Names that a kernel or its domain binds."""
    bound = {node.local.name for node in statements((*kernel.prologue, *kernel.outer, *kernel.body))
             if isinstance(node, Let | Assign)}  # fmt: skip
    return bound | {"i", "j", "s", "connected"}


class Fresh:
    """Hands out names that are not taken: the plain one, or else the first of ``x_2``, ``x_3``, ... that is free.

    Names that differ in punctuation only count as the same, because they are in printed code.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(map(_printed, taken))

    def __call__(self, name: str) -> str:
        """A new name like ``name``."""
        plain, _, last = name.rpartition("_")
        if not (last.isdecimal() and _printed(plain) in self.taken):
            plain = name
        return self._first(name, lambda number: f"{plain}_{number}")

    def numbered(self, prefix: str) -> str:
        """A new name: prefix and number, from 1."""
        return self._first(f"{prefix}1", lambda number: f"{prefix}{number}")

    def _first(self, name: str, other: Callable[[int], str]) -> str:
        number = 2
        while _printed(name) in self.taken:
            name, number = other(number), number + 1
        self.taken.add(_printed(name))
        return name


def _printed(name: str) -> str:
    return re.sub(r"\W", "_", name)
