"""What is the same for all elements of a call, or of a row or column, is computed once for those.

`hoist_prologue` moves what depends on arguments alone (also time), and on arrays at fixed places that the kernel does
not write, to ``prologue``; there it is computed in DOUBLE. `hoist_outer` moves what depends besides on the neuron that
a row or column belongs to, to ``outer``; that is for nested domains. Only loads whose index is valid for every element
move, for the branch they come from may guard them; random draws and integer divisions stay.

Precondition: `single_assignment`; run-constant values are gone (`setup`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ..ir import (
    Argument,
    Expression,
    If,
    Kernel,
    Let,
    Literal,
    Load,
    Local,
    PairSample,
    Random,
    Statement,
)
from .fold import as_type, fold_expression
from .if_convert import rename
from .invariance import is_safe_index, is_trivial, may_fault, to_double
from .traverse import Fresh, assigned, bound_names, children, map_children, map_operands, statements, written
from .verify import outer_local


def hoist_prologue(kernel: Kernel) -> Kernel:
    """Move what is the same for all elements of a call to ``prologue``."""
    level = _level(kernel, "once", [*kernel.prologue], frozenset(), widened=True)
    outer = level.block(kernel.outer)
    body = level.block(kernel.body)
    domain = kernel.domain
    if isinstance(domain, PairSample):
        domain = replace(domain, count=rename(domain.count, level.names))
    lets = tuple(node for node in outer if isinstance(node, Let))
    return replace(kernel, domain=domain, prologue=tuple(level.lets), outer=lets, body=body)


def hoist_outer(kernel: Kernel) -> Kernel:
    """Move what is the same for all elements of a row or column to ``outer``.

    Precondition: `hoist_prologue`.
    """
    fixed = outer_local(kernel.domain)
    if fixed is None:
        return kernel
    known = frozenset({fixed, *(let.local.name for let in kernel.prologue)})
    level = _level(kernel, "row" if fixed == "i" else "column", [*kernel.outer], known, widened=False)
    return replace(kernel, body=level.block(kernel.body), outer=tuple(level.lets))


def _level(kernel: Kernel, prefix: str, lets: list[Let], known: frozenset[str], *, widened: bool) -> _Level:
    body = kernel.body
    clamped = {n.local.name for n in statements((*kernel.prologue, *kernel.outer, *body))
               if isinstance(n, Let) and is_safe_index(n.value) and not isinstance(n.value, Local)}  # fmt: skip
    level = _Level(prefix, Fresh(bound_names(kernel)), lets, set(known), clamped, assigned(body),
                   frozenset(array.name for array in written(body)), widened)  # fmt: skip
    for let in lets:
        level.known.add(let.local.name)
        level.entries[let.value] = let.local
    return level


@dataclass(slots=True)
class _Level:
    """What moves to one place: its bindings so far, and the locals that are known there.

    ``clamped`` names locals that are safe as an index; ``names`` what stands for bindings that have moved.
    """

    prefix: str
    fresh: Fresh
    lets: list[Let]
    known: set[str]
    clamped: set[str]
    changing: frozenset[str]
    written: frozenset[str]
    widened: bool
    entries: dict[Expression, Local] = field(default_factory=dict)
    names: dict[str, Expression] = field(default_factory=dict)

    def block(self, body: Iterable[Statement]) -> tuple[Statement, ...]:
        """Statements without what moves."""
        result: list[Statement] = []
        for node in body:
            node = map_operands(lambda x: rename(x, self.names), node)
            match node:
                case Let(local, value) if local.name not in self.changing and self.is_invariant(value):
                    self.names[local.name] = self.moved(value, local.name)
                    continue
                case If(condition, then, orelse):
                    node = If(condition, self.block(then), self.block(orelse))
                case _:
                    pass
            result.append(map_operands(self.without, node))
        return tuple(result)

    def is_invariant(self, x: Expression) -> bool:
        """Whether a value can be computed at this level."""
        match x:
            case Literal() | Argument():
                return True
            case Local(name, _):
                return name in self.known
            case Random():
                return False
            case Load(array, index):
                fixed = array.name not in self.written and array.space != "slot"
                return fixed and is_safe_index(index, self.clamped) and self.is_invariant(index)
            case _:
                return not may_fault(x) and all(self.is_invariant(child) for child in children(x))

    def without(self, x: Expression) -> Expression:
        """The expression with what moves replaced by locals."""
        if is_trivial(x):
            return x
        if self.is_invariant(x):
            return self.moved(x, None)
        return map_children(self.without, x)

    def moved(self, x: Expression, name: str | None) -> Expression:
        """What stands for a value that is computed at this level."""
        value = self.shared(fold_expression(to_double(x)) if self.widened and not isinstance(x, Load) else x)
        if not is_trivial(value):
            local = self.entries.get(value) or self.enter(value, name)
            value = local
        return as_type(value, x.type)

    def shared(self, x: Expression) -> Expression:
        """A value in terms of those that are already computed here."""
        return self.entries.get(x) or map_children(self.shared, x)

    def enter(self, value: Expression, name: str | None) -> Local:
        """Bind a value at this level, under its own name if it has one."""
        local = Local(name or self.fresh.numbered(self.prefix), value.type)
        if is_safe_index(value):
            self.clamped.add(local.name)
        self.lets.append(Let(local, value))
        self.known.add(local.name)
        self.entries[value] = local
        return local
