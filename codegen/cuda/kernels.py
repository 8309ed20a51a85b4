"""Kernels as functions of a device, whose elements are shared out among all threads of the grid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from ..cpp.expressions import Printer, projection_name
from ..cpp.kernels import KernelPrinter
from ..cpp.statements import Dialect, competitor, indent, lines
from ..cpp.tables import Tables
from ..ir import Accumulate, Create, Remove, Statement
from .ordered import added_up, put_aside, room, shared_sums


@dataclass(frozen=True, slots=True)
class DevicePrinter(KernelPrinter):
    """Prints one kernel. Each element draws its own numbers, and others may add to whatever it adds to: at once, or
    where sums are ``ordered`` in a fixed order.
    """

    ordered: bool = False

    @property
    def fills(self) -> bool:
        """No draw is computed ahead."""
        return False

    def lines(self, statements: tuple[Statement, ...]) -> Iterator[str]:
        """Statements of the kernel in CUDA C++."""
        number = count()

        def created(node: Create, printer: Printer, tables: Tables) -> Iterator[str]:
            return _created(node, next(number), printer, tables)

        return lines(statements, self.printer, self.tables, Dialect(self._added, created, _removed))

    def _added(self, node: Accumulate, printer: Printer) -> str:
        """An addition: those of a body are told apart by their place in it."""
        shared = shared_sums(self.kernel) if self.ordered else ()
        for number, other in enumerate(shared):
            if other is node:
                return put_aside(node, number, self.kernel, printer)
        return _atomically_added(node, printer)

    def room(self, elements: str) -> Iterator[str]:
        """Room for what so many elements add up in order."""
        return room(self.kernel, elements) if self.ordered else iter(())

    def added_up(self) -> Iterator[str]:
        """Adds up in order what the elements have put aside."""
        return added_up(self.kernel) if self.ordered else iter(())


def _created(node: Create, number: int, printer: Printer, tables: Tables) -> Iterator[str]:
    """A pair; which of equal ones comes first is told by how often a matching holds it, and by its statement."""
    storage = f"on_device({projection_name(node.projection)})"
    yield "{"
    yield f"    const int64_t pair = stage_pair({storage}, i, j, uint64_t{{twin}} << 16 | {number});"
    for array, value in node.values:
        place = f"staged_value<{printer.type(array.type)}>({storage}, pair, c.columns[{tables.array(array)}])"
        yield f"    {place} = {printer(value)};"
    if node.limit is not None:
        yield f"    compete({storage}, {competitor('pair', node.limit, printer)});"
    yield "    (void)pair;\n}"


def _removed(node: Remove, printer: Printer) -> Iterator[str]:
    storage = f"on_device({projection_name(node.projection)})"
    if node.limit is None:
        yield f"stage_removal({storage}, s);"
    else:
        yield f"compete({storage}, {competitor(f'~stage_removal({storage}, s)', node.limit, printer)});"


def _atomically_added(node: Accumulate, printer: Printer) -> str:
    """An addition to a place that other threads may add to."""
    function = {"+": "add_to", "min": "lower_to", "max": "raise_to"}[node.operator]
    type_ = printer.type(node.array.type)
    return f"{function}(&{printer.load(node.array, node.index)}, static_cast<{type_}>({printer(node.value)}));"


def device_function(name: str, body: Iterable[str]) -> Iterator[str]:
    """A function that all threads of the grid call together."""
    yield f"static __device__ void {name}(const Context& c, Context* home, const Grid& grid) {{"
    yield "    (void)home;"
    yield from indent(body)
    yield "}"
    yield ""
