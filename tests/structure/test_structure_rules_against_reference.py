"""Rules do what `structure_reference` does: connectivity, values of synapses and neurons, counts, on random networks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structure_reference import run_rule
from structure_rules import RULES
from structure_state import State

import eqsnn
from eqsnn import Network, NeuronGroup, StructuralPlasticity, StructureMonitor, Synapses, ms
from eqsnn.grammar.parser import parse_rule
from eqsnn.grammar.source import Source

pytestmark = pytest.mark.optimised

PRE, POST = 7, 5
NEURONS = {"pre": ("a", "na"), "post": ("b", "nb")}
whole = st.integers(0, 6)


@st.composite
def networks(draw: Callable[..., Any]) -> State:
    pairs = draw(st.sets(st.tuples(st.integers(0, PRE - 1), st.integers(0, POST - 1)), max_size=PRE * POST))
    state = State(PRE, POST, {"w": 0, "c": 0})
    for pair in sorted(pairs):
        state.synapses[pair] = {"w": draw(whole), "c": draw(whole)}
    for side, n in (("pre", PRE), ("post", POST)):
        for name in NEURONS[side]:
            getattr(state, side)[name] = draw(st.lists(whole, min_size=n, max_size=n))
    return state


class Model:
    """The network of one rule, set to one state after another."""

    def __init__(self, text: str) -> None:
        self.source = NeuronGroup(PRE, "a : 1\nna : integer", dt=1 * ms)
        self.target = NeuronGroup(POST, "b : 1\nnb : integer", threshold="b < -1e9", dt=1 * ms)
        self.synapses = Synapses(self.source, self.target, "w : 1\nc : integer", on_post="w += 0", dt=1 * ms)
        self.synapses.connect(False)
        self.rule = StructuralPlasticity(self.synapses, text, dt=1 * ms)
        self.monitor = StructureMonitor(self.synapses)
        self.network = Network(self.source, self.target, self.synapses, self.monitor)
        self.parsed = parse_rule(Source(text, "reference"))

    def set(self, state: State, order: list[int]) -> None:
        """Make the network that of ``state``; its synapses are made in some order, and the storage is left gapped."""
        storage = self.synapses.ragged
        storage.remove(storage.order())
        pairs = np.array(list(state.synapses), int).reshape(-1, 2)[[k for k in order if k < len(state.synapses)]]
        self.synapses.connect(i=pairs[:, 0], j=pairs[:, 1])
        for name in ("w", "c"):
            getattr(self.synapses, name)[:] = [state.synapses[i, j][name] for i, j in pairs]
        for side, group in (("pre", self.source), ("post", self.target)):
            for name in NEURONS[side]:
                getattr(group, name)[:] = getattr(state, side)[name]
        self.counts = (self.rule.created, self.rule.removed, self.rule.refused)
        self.changes = self.monitor.N

    def compare(self, state: State) -> None:
        s = self.synapses
        s.ragged.check()
        found = {(int(i), int(j)): {"w": w, "c": c} for i, j, w, c in zip(s.i, s.j, s.w, s.c, strict=True)}
        assert found == state.synapses
        for side, group in (("pre", self.source), ("post", self.target)):
            for name in NEURONS[side]:
                assert list(getattr(group, name)[:]) == getattr(state, side)[name], f"{name}_{side}"
        counts = np.subtract((self.rule.created, self.rule.removed, self.rule.refused), self.counts)
        assert tuple(counts) == (state.created, state.removed, state.refused)
        assert self.monitor.N - self.changes == state.created + state.removed


@cache
def model(number: int) -> Model:
    return Model(RULES[number])


orders = st.permutations(range(PRE * POST))


@pytest.mark.parametrize("number", range(len(RULES)))
def test_by_hand(number: int) -> None:
    it = model(number)

    @settings(max_examples=60, deadline=None)
    @given(networks(), orders)
    def check(state: State, order: list[int]) -> None:
        it.set(state, order)
        for _ in range(2):
            run_rule(it.parsed, state)
            it.rule.run()
        it.compare(state)

    check()


@pytest.mark.parametrize("number", range(len(RULES)))
def test_in_a_run(number: int) -> None:
    it = model(number)

    @settings(max_examples=30, deadline=None)
    @given(networks(), orders, st.integers(1, 4))
    def check(state: State, order: list[int], steps: int) -> None:
        it.set(state, order)
        it.network.run(steps * ms)
        for _ in range(steps):
            run_rule(it.parsed, state)
        it.compare(state)

    check()


def test_by_hand_before_and_after_runs() -> None:
    """Time goes on, and the program of the rule is not that of the network."""
    it = Model(RULES[0] + "for each synapse: w += int(t/ms + 0.5)\n")
    state = State(PRE, POST, {"w": 0, "c": 0}, {(1, 2): {"w": 9, "c": 1}, (3, 3): {"w": 30, "c": 0}})
    state.pre, state.post = {"a": [1] * PRE, "na": [0] * PRE}, {"b": [1] * POST, "nb": [0] * POST}
    it.set(state, list(range(PRE * POST)))
    rule = parse_rule(Source(RULES[0] + "for each synapse: w += now\n", "reference"))
    for step, by_hand in ((0, True), (0, False), (1, True), (1, False), (2, False), (3, True)):
        state.names["now"] = step
        run_rule(rule, state)
        if by_hand:
            it.rule.run()
        else:
            it.network.run(1 * ms)
    it.compare(state)
    it.rule.active = False
    it.network.run(1 * ms)
    it.compare(state)


def test_eqsnn_is_deterministic_here() -> None:
    """The seed has no part in these rules."""
    results = []
    for number in (1, 2):
        eqsnn.seed(number)
        it = model(4)
        state = State(PRE, POST, {"w": 0, "c": 0}, {(i, i): {"w": i, "c": 0} for i in range(POST)})
        state.pre, state.post = {"a": [1] * PRE, "na": [2] * PRE}, {"b": [3] * POST, "nb": [4] * POST}
        it.set(state, list(range(PRE * POST)))
        it.rule.run()
        results.append((it.synapses.i[:].tolist(), it.synapses.j[:].tolist(), it.synapses.w[:].tolist()))
    assert results[0] == results[1]
