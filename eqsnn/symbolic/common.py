"""Common subexpressions of a step become temporaries ``_c0``, ``_c1``, ….

First factors and terms that several products or sums share two by two are bracketed (``m³h`` in ``g m³h`` and
``g m³h E``), the most frequent pair first; then every part that occurs twice gets a name. Conditions keep their form,
their parts are shared. All choices follow the order of the expressions, never that of a hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy

from .constants import constant_temporaries
from .system import Define, StateUpdate, real_symbol

Pair = tuple[sympy.Expr, sympy.Expr]


def share(update: StateUpdate, constant: frozenset[str] = frozenset()) -> StateUpdate:
    """The same step with no operation done twice; temporaries that depend on constants alone stay as they are."""
    fixed = constant_temporaries(update, constant)
    moving = [define for define in update.defines if define.symbol.name not in fixed]
    roots = _bracket([define.value for define in moving] + [value for _, value in update.updates])
    sharer = _Sharer(_repeated(roots))
    values = iter(roots)
    for define in update.defines:
        if define.symbol.name in fixed:
            sharer.defines.append(define)
        else:
            sharer.keep(define.symbol, next(values))
    updates = tuple((name, sharer.rewrite(value)) for (name, _), value in zip(update.updates, values, strict=True))
    return StateUpdate(tuple(sharer.defines), updates, update.noises)


def _nodes(roots: Iterable[sympy.Basic]) -> dict[sympy.Basic, int]:
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


def _repeated(roots: Iterable[sympy.Basic]) -> frozenset[sympy.Basic]:
    return frozenset(node for node, count in _nodes(roots).items() if count > 1 and _worth_a_name(node))


def _worth_a_name(node: sympy.Basic) -> bool:
    """A negation costs nothing, a condition has no number."""
    negation = isinstance(node, sympy.Mul) and len(node.args) == 2 and node.args[0] is sympy.S.NegativeOne
    return isinstance(node, sympy.Expr) and bool(node.free_symbols) and not negation


class _Sharer:
    def __init__(self, repeated: frozenset[sympy.Basic]) -> None:
        self.repeated = repeated
        self.defines: list[Define] = []
        self.known: dict[sympy.Basic, sympy.Basic] = {}
        self.count = 0

    def keep(self, symbol: sympy.Symbol, value: sympy.Expr) -> None:
        """Take over a temporary; its value is known by its name from here on."""
        if value in self.known or value.is_Atom:
            self.defines.append(Define(symbol, self.known.get(value, value)))
            return
        self.defines.append(Define(symbol, self._inside(value)))
        self.known[value] = symbol

    def rewrite(self, node: sympy.Basic) -> sympy.Basic:
        """The expression with its repeated parts replaced by names."""
        if node.is_Atom:
            return node
        if node not in self.known:
            value = self._inside(node)
            if node in self.repeated:
                symbol = real_symbol(f"_c{self.count}")
                self.count += 1
                self.defines.append(Define(symbol, value))
                value = symbol
            self.known[node] = value
        return self.known[node]

    def _inside(self, node: sympy.Basic) -> sympy.Basic:
        return node.func(*map(self.rewrite, node.args))


def _bracket(roots: Sequence[sympy.Expr]) -> list[sympy.Expr]:
    """Group the pairs of arguments that several products or sums share."""
    replaced: dict[sympy.Basic, sympy.Basic] = {}
    nodes = _nodes(roots)
    for kind in (sympy.Mul, sympy.Add):
        wide = [node for node in nodes if isinstance(node, kind)]
        for node, arguments in zip(wide, _pair_up([list(node.args) for node in wide], kind), strict=True):
            if len(arguments) < len(node.args):
                replaced[node] = kind(*arguments, evaluate=False)
    return [_replace(root, replaced) for root in roots]


def _pair_up(lists: list[list[sympy.Expr]], kind: type) -> list[list[sympy.Expr]]:
    """Replace the pair found in most lists by its product or sum, until no pair is in two of them."""
    while (pair := _most_frequent(lists)) is not None:
        joined = kind(*pair)
        for number, arguments in enumerate(lists):
            if all(part in arguments for part in pair):
                lists[number] = [joined, *(argument for argument in arguments if argument not in pair)]
    return lists


def _most_frequent(lists: list[list[sympy.Expr]]) -> Pair | None:
    counts: dict[frozenset[sympy.Expr], int] = {}
    first: dict[frozenset[sympy.Expr], Pair] = {}
    for arguments in lists:
        parts = [argument for argument in arguments if not argument.is_Number]
        for i, a in enumerate(parts):
            for b in parts[i + 1 :]:
                key = frozenset((a, b))
                counts[key] = counts.get(key, 0) + 1
                first.setdefault(key, (a, b))
    best = max(counts, key=counts.__getitem__, default=None)
    return first[best] if best is not None and counts[best] > 1 else None


def _replace(node: sympy.Basic, replaced: dict[sympy.Basic, sympy.Basic]) -> sympy.Basic:
    """Rebuild from the inside, keeping the brackets."""
    if node.is_Atom:
        return node
    if node not in replaced:
        arguments = [_replace(argument, replaced) for argument in node.args]
        replaced[node] = node if arguments == list(node.args) else node.func(*arguments)
    return replaced[node]
