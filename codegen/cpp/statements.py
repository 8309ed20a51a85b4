"""IR statements as lines of C++."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from ..ir import (
    Accumulate,
    Argument,
    Array,
    Assign,
    Create,
    Expression,
    If,
    Let,
    Limited,
    Load,
    Record,
    Remove,
    Statement,
    Store,
)
from ..passes.traverse import operands, walk
from ..passes.traverse import statements as statements_in
from .expressions import Printer, identifier, projection_name
from .tables import Tables

Printed: TypeAlias = Iterator[str]


@dataclass(frozen=True, slots=True)
class Dialect:
    """Prints what depends on who else may do the same at the same time: additions to a place, and staged changes."""

    added: Callable[[Accumulate, Printer], str]
    created: Callable[[Create, Printer, Tables], Printed]
    removed: Callable[[Remove, Printer], Printed]


def _added(node: Accumulate, printer: Printer) -> str:
    """An addition by the only thread there is."""
    place, value = printer.load(node.array, node.index), printer(node.value)
    if node.operator == "+":
        return f"{place} += {value};"
    return f"keep_{node.operator}({place}, {value});"


def _created(node: Create, printer: Printer, tables: Tables) -> Printed:
    storage = projection_name(node.projection)
    yield "{"
    yield f"    unsigned char* const record = stage_create({storage}, i, j);"
    for array, value in node.values:
        type_ = printer.type(array.type)
        yield f"    staged<{type_}>({storage}, record, c.columns[{tables.array(array)}]) = {printer(value)};"
    yield "}" if node.values else "    (void)record;\n}"
    yield from _compete(node.projection, "staged_pairs", node.limit, printer)


def _removed(node: Remove, printer: Printer) -> Printed:
    yield f"stage_remove({projection_name(node.projection)}, s);"
    yield from _compete(node.projection, "staged_removals", node.limit, printer)


def _compete(projection: str, staged: str, limit: Limited | None, printer: Printer) -> Printed:
    if limit is not None:
        yield f"compete({projection_name(projection)}, {competitor(staged, limit, printer)});"


def competitor(staged: str, limit: Limited, printer: Printer) -> str:
    """What competes, for the places of which limit, and the number that settles who comes first."""
    group = {"all": "0", "pre": "i", "post": "j"}[limit.per]
    return ", ".join((staged, str(limit.number), group, printer(limit.places), printer(limit.key)))


ONE_THREAD = Dialect(_added, _created, _removed)


def lines(
    statements: Iterable[Statement], printer: Printer, tables: Tables, dialect: Dialect = ONE_THREAD
) -> Iterator[str]:
    """C++ of statements, without indentation of their own but for what is nested."""
    for node in statements:
        match node:
            case Let(local, value):
                yield f"{printer.type(local.type)} {identifier(local.name)} = {printer(value)};"
            case Assign(local, value):
                yield f"{identifier(local.name)} = {printer(value)};"
            case Store(array, index, value):
                yield f"{printer.load(array, index)} = {printer(value)};"
            case Accumulate():
                yield dialect.added(node, printer)
            case If(condition, then, orelse):
                yield f"if ({printer(condition)}) {{"
                yield from indent(lines(then, printer, tables, dialect))
                if orelse:
                    yield "} else {"
                    yield from indent(lines(orelse, printer, tables, dialect))
                yield "}"
            case Create():
                yield from dialect.created(node, printer, tables)
            case Remove():
                yield from dialect.removed(node, printer)
            case Record(_, column, value):
                yield f"out[{column} * stride + k] = {printer(value)};"
            case _:
                assert_never(node)


def indent(inner: Iterable[str], by: int = 1) -> Iterator[str]:
    """Lines further to the right."""
    for line in inner:
        for part in line.split("\n"):
            yield "    " * by + part


def expressions(statements: Iterable[Statement]) -> Iterator[Expression]:
    """Every expression that stands in statements, nested ones included."""
    for node in statements_in(statements):
        if isinstance(node, Store | Accumulate):
            yield Load(node.array, node.index)
        yield from operands(node)


def arguments(xs: Iterable[Expression]) -> tuple[Argument, ...]:
    """The arguments used, each once, in the order of first use."""
    return tuple(dict.fromkeys(p for x in xs for p in walk(x) if isinstance(p, Argument)))


def arrays(xs: Iterable[Expression]) -> tuple[Array, ...]:
    """The arrays used, each once, in the order of first use."""
    return tuple(dict.fromkeys(p.array for x in xs for p in walk(x) if isinstance(p, Load)))
