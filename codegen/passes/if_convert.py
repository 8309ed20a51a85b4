"""Small branches become selects, so that a loop over elements can be vectorised.

Precondition: none. Applies to bodies over independent elements (`Elements` with ``vector``) and over synapses. An If
stays if it creates, removes, records or accumulates, draws a random number, stores elsewhere than at its own element,
or reads or divides where only the branch may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..ir import (
    BOOL,
    Assign,
    Elements,
    EventSynapses,
    Expression,
    If,
    Kernel,
    Let,
    Literal,
    Load,
    Local,
    Random,
    Select,
    Statement,
    Store,
    Synapses,
)
from .invariance import is_safe_index, may_fault
from .traverse import Fresh, assigned, bound_names, expressions, map_children, map_operands, statements

Names = Mapping[str, Expression]


def if_convert(kernel: Kernel) -> Kernel:
    """Turn branches into straight-line code where that is safe."""
    match kernel.domain:
        case Elements(vector=True):
            own = "i"
        case EventSynapses() | Synapses():
            own = "s"
        case _:
            return kernel
    converter = _Converter(Fresh(bound_names(kernel)), own)
    return replace(kernel, body=converter.block(kernel.body))


@dataclass(frozen=True, slots=True)
class _Converter:
    """Converts the branches of one kernel, whose elements own the storage at the local ``own``."""

    fresh: Fresh
    own: str

    def block(self, body: Iterable[Statement]) -> tuple[Statement, ...]:
        """Statements with their branches converted, innermost first."""
        result: list[Statement] = []
        for node in body:
            if not isinstance(node, If):
                result.append(node)
                continue
            node = If(node.condition, self.block(node.then), self.block(node.orelse))
            result += self.straight(node) if self.is_convertible(node) else (node,)
        return tuple(result)

    def is_convertible(self, node: If) -> bool:
        """Whether both branches can be evaluated always."""
        body = (*node.then, *node.orelse)
        for inner in statements(body):
            if isinstance(inner, Store):
                if not (isinstance(inner.index, Local) and inner.index.name == self.own):
                    return False
            elif not isinstance(inner, Let | Assign):
                return False
        clamped = {n.local.name for n in body if isinstance(n, Let) and is_safe_index(n.value)} - assigned(body)
        return not any(
            isinstance(x, Random) or may_fault(x) or (isinstance(x, Load) and not is_safe_index(x.index, clamped))
            for x in expressions(body)
        )

    def straight(self, node: If) -> list[Statement]:
        """Both branches one after the other, then the choice of what they assign."""
        condition = Local(self.fresh("branch"), BOOL)
        result: list[Statement] = [Let(condition, node.condition)]
        then = self.arm(node.then, condition, True, result)
        orelse = self.arm(node.orelse, condition, False, result)
        inner = {n.local.name for n in (*node.then, *node.orelse) if isinstance(n, Let)}
        targets = {n.local.name: n.local for n in (*node.then, *node.orelse) if isinstance(n, Assign)}
        for name, local in targets.items():
            if name not in inner:
                value = Select(condition, then.get(name, local), orelse.get(name, local))
                result.append(Assign(local, value))
        return result

    def arm(self, body: Iterable[Statement], condition: Local, wanted: bool, result: list[Statement]) -> Names:
        """Append a branch under new names; which local holds what it assigns to each."""
        names: dict[str, Expression] = {}
        for node in body:
            node = map_operands(lambda x: rename(x, names), node)
            match node:
                case Let(local, value) | Assign(local, value):
                    new = Local(self.fresh(local.name), local.type)
                    result.append(Let(new, value))
                    names[local.name] = new
                case Store(array, index, value):
                    known = Load(array, index)
                    chosen = Select(condition, value, known) if wanted else Select(condition, known, value)
                    result.append(Store(array, index, chosen))
                case _:
                    raise AssertionError(node)
        return names


def rename(x: Expression, names: Names) -> Expression:
    """The expression with some of its locals replaced."""
    if isinstance(x, Local):
        return names.get(x.name, x)
    return map_children(lambda child: rename(child, names), x)


def single_assignment(kernel: Kernel) -> Kernel:
    """Bind a new local where outermost code assigns, so that what remains of Assign is in branches.

    Precondition: none. Locals that are assigned in a branch which has stayed are left as they are.
    """
    branches = [node for node in kernel.body if isinstance(node, If)]
    fixed = {n.local.name for n in statements(branches) if isinstance(n, Assign)}
    fresh = Fresh(bound_names(kernel))
    names: dict[str, Expression] = {}
    result: list[Statement] = []
    for node in kernel.body:
        node = _renamed(node, names)
        if isinstance(node, Assign) and node.local.name not in fixed:
            new = Local(fresh(node.local.name), node.local.type)
            names[node.local.name] = new
            node = Let(new, node.value)
        result.append(node)
    return replace(kernel, body=tuple(result))


def _renamed(node: Statement, names: Names) -> Statement:
    """A statement and its branches with some locals replaced."""
    new = map_operands(lambda x: rename(x, names), node)
    if isinstance(new, If):
        then, orelse = (tuple(_renamed(n, names) for n in branch) for branch in (new.then, new.orelse))
        return If(new.condition, then, orelse)
    return new


def propagate(kernel: Kernel) -> Kernel:
    """Use the value itself in place of a local bound to a literal or to another local that does not change.

    Precondition: `single_assignment`.
    """
    changing = {n.local.name for n in statements(kernel.body) if isinstance(n, Assign)}
    names: dict[str, Expression] = {}
    result: list[Statement] = []
    for node in kernel.body:
        node = _renamed(node, names)
        match node:
            case Let(Local(name, _), Literal() | Local() as value) if name not in changing:
                if not (isinstance(value, Local) and value.name in changing):
                    names[name] = value
                    continue
            case _:
                pass
        result.append(node)
    return replace(kernel, body=tuple(result))
