"""What nobody reads is not computed.

Precondition: none. Bindings and assignments of locals that are never read go, and so do branches that are empty then;
`dead_tables` drops tables, and `dead_setup` entries of the setup, that no kernel reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace

from ..ir import Assign, If, Kernel, Let, ProgramIR, Statement, Store
from .invariance import locals_of
from .traverse import arguments_of, arrays_of, domain_operands, operands, statements, written


def dead(kernel: Kernel) -> Kernel:
    """Drop unread locals, until every one that is left is read."""
    while True:
        used = _read(kernel)
        smaller = replace(
            kernel,
            prologue=tuple(let for let in kernel.prologue if let.local.name in used),
            outer=tuple(let for let in kernel.outer if let.local.name in used),
            body=_without(kernel.body, used),
        )
        if smaller == kernel:
            return kernel
        kernel = smaller


def _read(kernel: Kernel) -> frozenset[str]:
    everything = statements((*kernel.prologue, *kernel.outer, *kernel.body))
    used = locals_of(domain_operands(kernel.domain))
    return used.union(*(locals_of(operands(node)) for node in everything))


def _without(body: Iterable[Statement], used: Set[str]) -> tuple[Statement, ...]:
    result: list[Statement] = []
    for node in body:
        match node:
            case Let(local, _) | Assign(local, _) if local.name not in used:
                continue
            case If(condition, then, orelse):
                node = If(condition, _without(then, used), _without(orelse, used))
                if not node.then and not node.orelse:
                    continue
            case _:
                pass
        result.append(node)
    return tuple(result)


def dead_tables(program: ProgramIR) -> ProgramIR:
    """Drop tables that no kernel reads."""
    read = {array for kernel in program.kernels() for array in arrays_of(kernel) if array not in written(kernel.body)}

    def used(kernel: Kernel) -> Kernel:
        return replace(kernel, body=tuple(n for n in kernel.body if not isinstance(n, Store) or n.array in read))

    kernels = map(used, program.tables)
    return replace(program, tables=tuple(k for k in kernels if any(isinstance(node, Store) for node in k.body)))


def dead_setup(program: ProgramIR) -> ProgramIR:
    """Drop unread entries of the setup."""
    used = {a.name for kernel in program.kernels() for a in arguments_of(kernel)}
    kept: list[Let] = []
    for let in reversed(program.setup):
        if let.local.name in used:
            used |= locals_of([let.value])
            kept.append(let)
    return replace(program, setup=tuple(reversed(kept)))
