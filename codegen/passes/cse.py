"""Values that are computed twice are computed once.

A value is known again while nothing it reads has changed: an array that is stored to, or a local that is assigned, makes
a new version of what depends on it. The same random call with the same arguments is the same draw. What is bound before
a branch is known in it, but nothing in a branch counts outside. Values of less than a few operations are repeated.

Precondition: none; best after `hoist`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ..ir import Accumulate, Assign, Expression, If, Kernel, Let, Load, Local, Statement, Store
from .if_convert import rename
from .invariance import cost
from .traverse import Fresh, assigned, bound_names, children, map_children, map_operands, operands, statements, walk

_WORTH_SHARING = 3
Key: TypeAlias = tuple[Expression, tuple[tuple[str, int], ...]]


def cse(kernel: Kernel) -> Kernel:
    """Share repeated values of the prologue, of the outer part and of the body."""
    known = _Known(Fresh(bound_names(kernel)), assigned(kernel.body))
    prologue = known.block(kernel.prologue)
    outer = known.block(kernel.outer)
    body = known.block(kernel.body)
    lets = [tuple(node for node in part if isinstance(node, Let)) for part in (prologue, outer)]
    return replace(kernel, prologue=lets[0], outer=lets[1], body=body)


@dataclass(slots=True)
class _Known:
    """Values that are in locals, by what they are and which versions of arrays and locals they read."""

    fresh: Fresh
    changing: frozenset[str]
    values: dict[Key, Local] = field(default_factory=dict)
    names: dict[str, Expression] = field(default_factory=dict)
    versions: Counter[str] = field(default_factory=Counter)

    def block(self, body: Iterable[Statement]) -> tuple[Statement, ...]:
        """Straight-line statements, with their branches as blocks of their own."""
        body = tuple(body)
        repeated = self.repeated(body)
        result: list[Statement] = []
        for node in body:
            node = map_operands(lambda x: rename(x, self.names), node)
            known = self.known(node)
            if known is not None:
                continue
            node = map_operands(lambda x: self.share(x, repeated, result, whole=isinstance(node, Let)), node)  # noqa: B023
            if isinstance(node, If):
                node = self.branches(node)
            self.change(node)
            if isinstance(node, Let):
                self.values.setdefault(self.key(node.value), node.local)
            result.append(node)
        return tuple(result)
