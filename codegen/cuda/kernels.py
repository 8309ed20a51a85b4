"""Kernels as functions of a device, whose elements are shared out among all threads of the grid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..cpp.expressions import Printer
from ..cpp.kernels import KernelPrinter
from ..cpp.statements import indent, lines
from ..ir import Accumulate, Statement


@dataclass(frozen=True, slots=True)
class DevicePrinter(KernelPrinter):
    """Prints one kernel. Each element draws its own numbers, and whatever it adds may be added to by others."""

    @property
    def fills(self) -> bool:
        """No draw is computed ahead."""
        return False

    def lines(self, statements: tuple[Statement, ...]) -> Iterator[str]:
        """Statements of the kernel in CUDA C++."""
        return lines(statements, self.printer, self.tables, atomically_added)


def atomically_added(node: Accumulate, printer: Printer) -> str:
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
