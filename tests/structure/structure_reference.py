"""Structural rules in plain Python: the meaning of language.md, section 4, executed on dictionaries.

A network is a dictionary of pairs with the variables of their synapses, and arrays of neurons. Rules are those that the
parser makes, without random numbers. Values should be small whole numbers, so that arithmetic is exact in any order.
What a pass draws cannot be known here: it is given, as it was observed, and accepted if it may have been drawn.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from eqsnn.grammar import ast

Pair = tuple[int, int]
Key = tuple[int, ...]
"""(i, j), or (i, j, k) where a pair may have several synapses: k is then as ``multisynaptic_index`` numbers them."""

_BINARY = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_FUNCTIONS: dict[str, Any] = {"int": int, "abs": abs, "minimum": min, "maximum": max, "floor": lambda x: float(x // 1)}


@dataclass
class State:
    """A network: ``pre`` and ``post`` hold lists by variable, ``names`` whatever else rules may read.

    ``drawn`` holds, for each pass that samples, the pairs that it visited; ``log`` what was done, as (i, j, +1 or -1).
    """

    n_pre: int
    n_post: int
    variables: dict[str, float]
    synapses: dict[Key, dict[str, float]] = field(default_factory=dict)
    pre: dict[str, list[float]] = field(default_factory=dict)
    post: dict[str, list[float]] = field(default_factory=dict)
    names: dict[str, float] = field(default_factory=dict)
    created: int = 0
    removed: int = 0
    refused: int = 0
    shortfall: int = 0
    multi: bool = False
    drawn: dict[int, list[Pair]] = field(default_factory=dict)
    log: list[tuple[int, int, int]] = field(default_factory=list)

    def copy(self) -> State:
        return State(
            self.n_pre, self.n_post, self.variables, {k: dict(v) for k, v in self.synapses.items()},
            {k: list(v) for k, v in self.pre.items()}, {k: list(v) for k, v in self.post.items()}, dict(self.names),
        )  # fmt: skip

    def new_key(self, pair: Pair) -> Key:
        """What a synapse created now is called."""
        return (
            (*pair, 1 + max((key[2] for key in self.synapses if key[:2] == pair), default=-1)) if self.multi else pair
        )


@dataclass
class Element:
    """One element of a pass, with its own values; ``i`` or ``j`` is None where it has none."""

    i: int | None
    j: int | None
    own: dict[str, float]
    key: Key | None = None
    locals: dict[str, Any] = field(default_factory=dict)


class Pass:
    """One pass: it reads ``before``, and what it does is carried out by `finish`."""

    def __init__(self, number: int, node: ast.Pass, state: State, counters: dict[str, Any]) -> None:
        self.number, self.node, self.state, self.before, self.counters = number, node, state, state.copy(), counters
        self.first: dict[Key, Key] = {key[:2]: key for key in sorted(self.before.synapses, reverse=True)}
        self.degree = {side: Counter(key[side] for key in self.before.synapses) for side in (0, 1)}
        self.adds: list[tuple[Any, Any, float]] = []
        self.removals: set[Key] = set()
        self.creations: list[tuple[Pair, dict[str, float]]] = []

    def run(self) -> None:
        for element in self.elements():
            self.block(self.node.body, element)
        self.finish()

    def elements(self) -> Iterator[Element]:
        match self.node.head:
            case ast.EachSynapse():
                for key in sorted(self.before.synapses):
                    yield Element(*key[:2], self.state.synapses[key], key)
            case ast.EachNeuron("pre", _):
                yield from (Element(i, None, {}) for i in range(self.before.n_pre))
            case ast.EachNeuron():
                yield from (Element(None, j, {}) for j in range(self.before.n_post))
            case ast.EachPair(ast.All(_), _):
                yield from (self.element(pair) for pair in self.pairs())
            case ast.EachPair(ast.Sample() as sample, _):
                yield from (self.element(pair) for pair in self.sampled(sample))
            case _:
                raise NotImplementedError(self.node.head)

    def pairs(self) -> list[Pair]:
        return [(i, j) for i in range(self.before.n_pre) for j in range(self.before.n_post)]

    def element(self, pair: Pair) -> Element:
        """A pair; where it has several synapses, its variables are those of the oldest."""
        key = self.first.get(pair)
        return Element(*pair, {} if key is None else dict(self.before.synapses[key]), key)

    def sampled(self, sample: ast.Sample) -> list[Pair]:
        """The pairs that were drawn: distinct ones of those that may be drawn, as many as are wanted or there are."""
        drawn = self.state.drawn[self.number]
        assert len(set(drawn)) == len(drawn)
        side = {"pre": 0, "post": 1, None: 2}[sample.per]
        there = [pair for pair in self.pairs() if not (sample.unconnected and pair in self.first)]
        for neuron in range((self.before.n_pre, self.before.n_post, 1)[side]):
            of = [{pair for pair in found if side == 2 or pair[side] == neuron} for found in (drawn, there)]
            element = Element(neuron if side == 0 else None, neuron if side == 1 else None, {})
            wanted = max(0, int(self.value(sample.count, element)))
            assert of[0] <= of[1]
            assert len(of[0]) == min(wanted, len(of[1]))
            self.state.shortfall += wanted - len(of[0])
        return drawn

    # ---- statements ----

    def block(self, body: tuple[ast.Statement, ...], element: Element) -> None:
        for node in body:
            match node:
                case ast.Assign():
                    self.assign(node, element)
                case ast.If(condition, then, orelse, _):
                    self.block(then if self.value(condition, element) else orelse, element)
                case ast.RemoveSynapse(condition, _, _):
                    if condition is None or self.value(condition, element):
                        self.removals.add(existing(element))
                case ast.CreateSynapse(values, condition, _, _):
                    if condition is None or self.value(condition, element):
                        given = {v.name.id: self.value(v.value, element) for v in values}
                        self.creations.append((pair(element), {**self.state.variables, **given}))

    def assign(self, node: ast.Assign, element: Element) -> None:
        name, value = node.target.id, self.value(node.value, element)
        if node.operator == "-=":
            value = -value
        place = self.place(name, element)
        if name in self.counters:
            counter = self.counters[name]
            index = (
                0
                if len(counter) == 1 and not name.endswith(("_pre", "_post"))
                else (element.i if name.endswith("_pre") else element.j)
            )
            self.adds.append((counter, index, value))
        elif name in element.own:
            element.own[name] = value if node.operator == "=" else element.own[name] + value
        elif place is not None and self.is_own(name):
            where, index = place
            where[index] = value if node.operator == "=" else where[index] + value
        elif place is not None:
            self.adds.append((*place, value))
        else:
            element.locals[name] = value if node.operator == "=" else element.locals[name] + value

    def is_own(self, name: str) -> bool:
        return isinstance(self.node.head, ast.EachNeuron) and name.endswith(f"_{self.node.head.side}")

    def place(self, name: str, element: Element) -> tuple[Any, int] | None:
        """Where a neuron's variable is."""
        for suffix, values, index in (("_pre", self.state.pre, element.i), ("_post", self.state.post, element.j)):
            if name.endswith(suffix) and name.removesuffix(suffix) in values and index is not None:
                return values[name.removesuffix(suffix)], index
        return None

    def finish(self) -> None:
        state = self.state
        for where, index, value in self.adds:
            where[index] += value
        for gone in sorted(self.removals):
            del state.synapses[gone]
            state.log.append((*gone[:2], -1))
        state.removed += len(self.removals)
        tried: set[Pair] = set()
        for new, values in sorted(self.creations, key=lambda item: item[0]):  # stable: the first of a pair stands
            if not state.multi and (new in tried or new in state.synapses):
                state.refused += 1
            else:
                state.synapses[state.new_key(new)] = values
                state.log.append((*new, 1))
                state.created += 1
            tried.add(new)

    # ---- expressions ----

    def value(self, node: ast.Expression, element: Element) -> Any:
        match node:
            case ast.Number(value, _) | ast.Boolean(value, _):
                return value
            case ast.Name(name, _):
                return self.name(name, element)
            case ast.Unary("not", operand, _):
                return not self.value(operand, element)
            case ast.Unary(sign, operand, _):
                value = self.value(operand, element)
                return -value if sign == "-" else value
            case ast.Logical("and", left, right, _):
                return self.value(left, element) and self.value(right, element)
            case ast.Logical(_, left, right, _):
                return self.value(left, element) or self.value(right, element)
            case ast.Binary(symbol, left, right, _) | ast.Compare(symbol, left, right, _):
                return _BINARY[symbol](self.value(left, element), self.value(right, element))
            case ast.Call(function, arguments, _, _):
                return _FUNCTIONS[function.id](*(self.value(a, element) for a in arguments))
        raise NotImplementedError(node)

    def name(self, name: str, element: Element) -> Any:
        if name in element.locals:
            return element.locals[name]
        if name in element.own:
            return element.own[name]
        if name in self.counters:
            values = self.counters[name]
            return values[element.i if name.endswith("_pre") else element.j if name.endswith("_post") else 0]
        own = self.place(name, element) if self.is_own(name) else None
        if own is not None:
            return own[0][own[1]]
        before = self.before
        for suffix, values, index in (("_pre", before.pre, element.i), ("_post", before.post, element.j)):
            base = name.removesuffix(suffix)
            if name.endswith(suffix) and base in values and index is not None:
                return values[base][index]
        match name:
            case "connected":
                return element.key is not None
            case "i" | "j":
                return getattr(element, name)
            case "N":
                return len(before.synapses)
            case "N_pre" | "N_post":
                return before.n_pre if name == "N_pre" else before.n_post
            case "N_outgoing":
                return self.degree[0][element.i]
            case "N_incoming":
                return self.degree[1][element.j]
        return before.names[name]


def pair(element: Element) -> Pair:
    assert element.i is not None
    assert element.j is not None
    return element.i, element.j


def existing(element: Element) -> Key:
    assert element.key is not None
    return element.key


def run_rule(rule: ast.Rule, state: State) -> dict[str, list[float]]:
    """Run a rule on ``state``, which changes; its counters."""
    counters: dict[str, list[float]] = {}
    for node in rule.passes:
        for name in _counters(node.body, state, set()):
            size = state.n_pre if name.endswith("_pre") else state.n_post if name.endswith("_post") else 1
            counters.setdefault(name, [0] * size)
    for number, node in enumerate(rule.passes):
        Pass(number, node, state, counters).run()
    return counters


def _counters(body: tuple[ast.Statement, ...], state: State, local: set[str]) -> Iterator[str]:
    """Names that nothing declares and that statements accumulate into."""
    for node in body:
        match node:
            case ast.Assign(target, "=", _, _):
                local.add(target.id)
            case ast.Assign(target, _, _, _):
                known = {*state.variables, *local, *(f"{n}_pre" for n in state.pre), *(f"{n}_post" for n in state.post)}
                if target.id not in known:
                    yield target.id
            case ast.If(_, then, orelse, _):
                yield from _counters(then, state, local)
                yield from _counters(orelse, state, local)
