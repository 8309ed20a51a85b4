"""Brackets the factors that several products share two by two, such as ``m³h`` in ``g m³h`` and ``g m³h E``.

SymPy's products are flat, so what two of them share is no part of either. The pair that most products hold is
bracketed first, until no pair is in two products. The counts are kept up as pairs are merged: the cost is that of one
count, and of one look at all counts for each bracket. Sums are left alone: there a shared pair saves one addition,
and costs the fused multiplications of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import sympy

LONGEST = 12
"""Products of more factors are left as they are; their pairs would be too many."""


def bracket(roots: Sequence[sympy.Expr]) -> list[sympy.Expr]:
    """The same expressions with shared pairs of factors as products of their own."""
    products = [node for node in count_parts(roots) if isinstance(node, sympy.Mul) and len(node.args) <= LONGEST]
    pairs = _Pairs([node.args for node in products])
    while (pair := pairs.most_frequent()) is not None:
        pairs.merge(pair)
    brackets: dict[sympy.Basic, list[sympy.Expr]] = {}
    for node, held in zip(products, pairs.held, strict=True):
        numbers = [factor for factor in node.args if factor.is_Number]
        factors = [*numbers, *(pairs.factors[key] for key in held)]
        if len(factors) < len(node.args) and factors != [node]:
            brackets[node] = factors
    rebuilt: dict[sympy.Basic, sympy.Basic] = {}
    return [_rebuild(root, brackets, rebuilt) for root in roots]


def count_parts(roots: Iterable[sympy.Basic]) -> dict[sympy.Basic, int]:
    """All parts that are no atoms, outer before inner, and the number of places in different parents of each."""
    counts: dict[sympy.Basic, int] = {}
    pending = list(reversed(list(roots)))
    while pending:
        node = pending.pop()
        if node.is_Atom:
            continue
        counts[node] = counts.get(node, 0) + 1
        if counts[node] == 1:
            pending.extend(reversed(node.args))
    return counts


class _Pairs:
    """For each product the keys of its factors, and for each pair of keys how many products hold both."""

    def __init__(self, products: Iterable[Iterable[sympy.Expr]]) -> None:
        self.factors: list[sympy.Expr] = []
        self.keys: dict[sympy.Expr, int] = {}
        self.counts: dict[tuple[int, int], int] = {}
        self.held = [sorted(self._key(factor) for factor in product if not factor.is_Number) for product in products]
        for held in self.held:
            self._count(held, 1)

    def most_frequent(self) -> tuple[int, int] | None:
        """The pair in most products, the first met among equals; None where no pair is in two."""
        best = max(self.counts, key=self.counts.__getitem__, default=None)
        return best if best is not None and self.counts[best] > 1 else None

    def merge(self, pair: tuple[int, int]) -> None:
        """Make the pair one factor of every product that holds it."""
        joined = self._key(sympy.Mul(self.factors[pair[0]], self.factors[pair[1]], evaluate=False))
        for number, held in enumerate(self.held):
            if pair[0] in held and pair[1] in held:
                self._count(held, -1)
                self.held[number] = sorted([joined, *(key for key in held if key not in pair)])
                self._count(self.held[number], 1)

    def _key(self, factor: sympy.Expr) -> int:
        if factor not in self.keys:
            self.keys[factor] = len(self.factors)
            self.factors.append(factor)
        return self.keys[factor]

    def _count(self, held: Sequence[int], change: int) -> None:
        for pair in combinations(held, 2):
            self.counts[pair] = self.counts.get(pair, 0) + change


def _rebuild(
    node: sympy.Basic, brackets: Mapping[sympy.Basic, list[sympy.Expr]], rebuilt: dict[sympy.Basic, sympy.Basic]
) -> sympy.Basic:
    """The expression with brackets put in, from the inside; SymPy would take them out again if it evaluated them."""
    if node.is_Atom:
        return node
    if node not in rebuilt:
        arguments = [_rebuild(part, brackets, rebuilt) for part in brackets.get(node, node.args)]
        if isinstance(node, sympy.Mul):
            rebuilt[node] = sympy.Mul(*arguments, evaluate=False)
        else:
            rebuilt[node] = node if arguments == list(node.args) else node.func(*arguments)
    return rebuilt[node]
