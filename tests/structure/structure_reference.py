"""Structural rules in plain Python: the meaning of language.md, section 4, executed on dictionaries.

A network is a dictionary of pairs with the variables of their synapses, and arrays of neurons. Rules are those that the
parser makes, without random numbers. Values should be small whole numbers, so that arithmetic is exact in any order.
What a pass draws cannot be known here: it is given, as it was observed, and accepted if it may have been drawn. A pass
with a limit has no other statement that changes the network.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator
from typing import Any

from structure_state import Candidate, Element, Key, Pair, State

from eqsnn.grammar import ast

_BINARY = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_FUNCTIONS: dict[str, Any] = {"int": int, "abs": abs, "minimum": min, "maximum": max, "floor": lambda x: float(x // 1)}


class Pass:
    """One pass: it reads ``before``, and what it does is carried out by `finish`."""

    def __init__(self, number: int, node: ast.Pass, state: State, counters: dict[str, Any]) -> None:
        self.number, self.node, self.state, self.before, self.counters = number, node, state, state.copy(), counters
        self.first: dict[Key, Key] = {key[:2]: key for key in sorted(self.before.synapses, reverse=True)}
        self.degree = {side: Counter(key[side] for key in self.before.synapses) for side in (0, 1)}
        self.adds: list[tuple[Any, Any, float]] = []
        self.removals: set[Key] = set()
        self.creations: list[tuple[Pair, dict[str, float]]] = []
        self.candidates: list[Candidate] = []

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
            case ast.EachPair(ast.Match() as match, _):
                yield from (self.element(pair) for pair in self.matched(match))
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

    def matched(self, match: ast.Match) -> list[Pair]:
        """The pairs that were matched: no neuron's more often than it offers, and all there are of the side with less."""
        drawn = self.state.drawn[self.number]
        offers = [max(0, int(self.value(match.pre, Element(i, None, {})))) for i in range(self.before.n_pre)]
        wants = [max(0, int(self.value(match.post, Element(None, j, {})))) for j in range(self.before.n_post)]
        for side, there in enumerate((offers, wants)):
            used = Counter(pair[side] for pair in drawn)
            assert all(used[neuron] <= n for neuron, n in enumerate(there))
        assert len(drawn) == min(sum(offers), sum(wants))
        return drawn

    # ---- statements ----

    def block(self, body: tuple[ast.Statement, ...], element: Element) -> None:
        for node in body:
            match node:
                case ast.Assign():
                    self.assign(node, element)
                case ast.If(condition, then, orelse, _):
                    self.block(then if self.value(condition, element) else orelse, element)
                case ast.RemoveSynapse(condition, limit, _):
                    if condition is None or self.value(condition, element):
                        self.remove(existing(element), limit, element)
                case ast.CreateSynapse(values, condition, limit, _):
                    if condition is None or self.value(condition, element):
                        given = {v.name.id: self.value(v.value, element) for v in values}
                        self.create({**self.state.variables, **given}, limit, element)

    def remove(self, key: Key, limit: ast.Limit | None, element: Element) -> None:
        if limit is None:
            self.removals.add(key)
        else:
            self.candidates.append(Candidate(*self.places(limit, element), key, None))

    def create(self, values: dict[str, float], limit: ast.Limit | None, element: Element) -> None:
        if limit is None:
            self.creations.append((pair(element), values))
        else:
            self.candidates.append(Candidate(*self.places(limit, element), pair(element), values))

    def places(self, limit: ast.Limit, element: Element) -> tuple[int | None, int]:
        """Whose places an element competes for, and how many there are."""
        group = {"pre": element.i, "post": element.j, None: None}[limit.per]
        return group, max(0, int(self.value(limit.count, element)))

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
        self.settle()
        for gone in sorted(self.removals):
            del state.synapses[gone]
            state.log.append((*gone[:2], state.serial.pop(gone, 0), -1))
        state.removed += len(self.removals)
        tried: set[Pair] = set()
        for new, values in sorted(self.creations, key=lambda item: item[0]):  # stable: the first of a pair stands
            if not state.multi and (new in tried or new in state.synapses):
                state.refused += 1
            else:
                state.log.append((*new, state.next_serial, 1))
                state.add(new, values)
                state.created += 1
            tried.add(new)

    def settle(self) -> None:
        """Give the places of a limit to those that were seen to get them, if that may be: as many as there are places."""
        state = self.state
        competing: dict[tuple[int, ...], list[Candidate]] = {}  # several where a matching holds a pair twice
        for candidate in self.candidates:
            pair = candidate.what[:2]
            if not candidate.places:
                continue  # nothing competes, and nothing is refused
            if candidate.values is None:
                competing[*pair, -1, state.serial[candidate.what]] = [candidate]
            elif not state.multi and (pair in self.first or (*pair, 1) in competing):
                state.refused += 1  # and takes no place
            else:
                competing.setdefault((*pair, 1), []).append(candidate)
        everyone = [candidate for equal in competing.values() for candidate in equal]
        there = Counter(candidate.group for candidate in everyone)
        places = {candidate.group: candidate.places for candidate in everyone}
        n = sum(min(there[group], places[group]) for group in there)
        seen = state.observed[len(state.log) :][:n]
        chosen = [competing[(i, j, 1) if sign > 0 else (i, j, -1, serial)].pop() for i, j, serial, sign in seen]
        assert Counter(c.group for c in chosen) == +Counter({g: min(there[g], places[g]) for g in there})
        for candidate in chosen:
            if candidate.values is None:
                self.removals.add(candidate.what)
            else:
                self.creations.append((candidate.what, candidate.values))  # type: ignore[arg-type]

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
            case ast.Call(
                ast.Name("count" | "sum" | "min" | "max" | "rank" as function, _), arguments, keywords, _
            ) if function not in ("min", "max") or len(arguments) == 1:
                per = next((str(k.value.id) for k in keywords if isinstance(k.value, ast.Name)), None)
                return self.aggregate(function, arguments[0] if arguments else None, per, element)
            case ast.Call(function, arguments, _, _):
                return _FUNCTIONS[function.id](*(self.value(a, element) for a in arguments))
        raise NotImplementedError(node)

    def aggregate(self, function: str, node: ast.Expression | None, per: str | None, element: Element) -> Any:
        """Over the synapses there were, or over those of the element's neuron; texts are about them alone."""
        side = {"pre": 0, "post": 1, None: None}[per]
        own = (element.i, element.j)[side] if side is not None else None
        values: list[tuple[Any, Key]] = []
        for key, synapse in self.before.synapses.items():
            if side is None or key[side] == own:
                value = 1 if node is None else self.value(node, Element(*key[:2], synapse, key))
                values.append((value, key))
        match function:
            case "count" | "sum":
                return sum(value for value, _ in values)
            case "rank":
                place = next(pair for pair in values if pair[1] == element.key)
                return sum(other < place for other in values)
        return (min if function == "min" else max)(value for value, _ in values)

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
