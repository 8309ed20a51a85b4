"""Values that are computed twice are computed once.

A value is known again while nothing it reads has changed: an array that is stored to, or a local that is assigned,
makes a new version of what depends on it. The same random call with the same arguments is the same draw. What is bound
before a branch is known in it, but nothing in a branch counts outside. Values of less than a few operations are
repeated.

Precondition: none; best after `hoist`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ..ir import Accumulate, Assign, Expression, If, Kernel, Let, Load, Local, PairSample, Statement, Store
from .if_convert import rename
from .invariance import cost, is_trivial
from .traverse import Fresh, assigned, bound_names, children, map_children, map_operands, operands, statements, walk

_WORTH_SHARING = 3
Key: TypeAlias = tuple[Expression, tuple[tuple[str, int], ...]]


def cse(kernel: Kernel) -> Kernel:
    """Share repeated values of the prologue, of the outer part and of the body."""
    known = _Known(Fresh(bound_names(kernel)), assigned(kernel.body))
    prologue, outer, body = (known.block(part) for part in (kernel.prologue, kernel.outer, kernel.body))
    domain = kernel.domain
    if isinstance(domain, PairSample):
        domain = replace(domain, count=rename(domain.count, known.names))
    lets = [tuple(node for node in part if isinstance(node, Let)) for part in (prologue, outer)]
    return replace(kernel, domain=domain, prologue=lets[0], outer=lets[1], body=body)


@dataclass(slots=True)
class _Known:
    """Values that are in locals, by what they are and which versions of arrays and locals they read.

    ``names`` has what stands for bindings that were found to be another's value.
    """

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
            match node:
                case Let(local, value) if local.name not in self.changing:
                    self.let(local, value, repeated, result)
                case If(condition, then, orelse):
                    condition = self.share(condition, repeated, result)
                    result.append(If(condition, self.branch(then), self.branch(orelse)))
                case _:
                    result.append(map_operands(lambda x: self.share(x, repeated, result), node))
            self.change(node)
        return tuple(result)

    def let(self, local: Local, value: Expression, repeated: Set[Key], result: list[Statement]) -> None:
        """A binding is dropped if its value is known; else its value is known from here on."""
        key = self.key(value)
        if key in self.values:
            self.names[local.name] = self.values[key]
            return
        result.append(Let(local, map_children(lambda x: self.share(x, repeated, result), value)))
        if not is_trivial(value):
            self.values[key] = local

    def branch(self, body: Iterable[Statement]) -> tuple[Statement, ...]:
        """A branch knows what is known before it, and leaves nothing behind."""
        values, versions = dict(self.values), Counter(self.versions)
        result = self.block(body)
        self.values, self.versions = values, versions
        return result

    def share(self, x: Expression, repeated: Set[Key], result: list[Statement]) -> Expression:
        """The expression with known values read from locals; repeated ones are bound first."""
        if is_trivial(x):
            return x
        key = self.key(x)
        if key in self.values:
            return self.values[key]
        y = map_children(lambda child: self.share(child, repeated, result), x)
        if key not in repeated:
            return y
        local = Local(self.fresh.numbered("common"), x.type)
        result.append(Let(local, y))
        self.values[key] = local
        return local

    def repeated(self, body: tuple[Statement, ...]) -> frozenset[Key]:
        """Values worth sharing that occur at least twice; parts of repeated ones only if they also occur elsewhere."""
        counts: Counter[Key] = Counter()
        versions = Counter(self.versions)
        for node in body:
            for operand in operands(node):
                self.count(operand, counts)
            self.change(node)
        self.versions = versions
        return frozenset(key for key, count in counts.items() if count > 1)

    def count(self, x: Expression, counts: Counter[Key]) -> None:
        """Count an expression and, the first time, its parts."""
        if cost(x) < _WORTH_SHARING:
            return
        key = self.key(x)
        counts[key] += 1
        if counts[key] == 1:
            for child in children(x):
                self.count(child, counts)

    def key(self, x: Expression) -> Key:
        """What identifies a value here."""
        read = {y.array.name for y in walk(x) if isinstance(y, Load)}
        read |= {y.name for y in walk(x) if isinstance(y, Local) and y.name in self.changing}
        return x, tuple((name, self.versions[name]) for name in sorted(read))

    def change(self, node: Statement) -> None:
        """Note what a statement changes, also in its branches."""
        for inner in statements((node,)):
            if isinstance(inner, Store | Accumulate):
                self.versions[inner.array.name] += 1
            elif isinstance(inner, Assign):
                self.versions[inner.local.name] += 1
