"""Spikes under way while synapses come and go, with one delay for all or one each, on both pathways."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import eqsnn
from eqsnn import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    StateMonitor,
    StructuralPlasticity,
    Synapses,
    ms,
)

RULE = """
for each pair in all:
    if connected:
        remove synapse if t_in_timesteps == gone
    else:
        create synapse(w=10) if t_in_timesteps == born
"""


def run_case(side: str, each: bool, fired: int, delay: int, gone: int, born: int, start: bool) -> list[float]:
    """What arrives at each step, by one synapse that may be there at the start, be removed and be created."""
    inputs = SpikeGeneratorGroup(1, [0], [fired] * ms, dt=1 * ms, name="inputs")
    cells = NeuronGroup(1, "x : 1", dt=1 * ms, name="cells")
    source, target = (inputs, cells) if side == "pre" else (cells, inputs)
    other = "post" if side == "pre" else "pre"
    synapses = Synapses(source, target, "w : 1", **{f"on_{side}": f"x_{other} += w"}, dt=1 * ms, name="s")
    synapses.connect(start)
    synapses.w = 1
    way = getattr(synapses, side)
    way.delay = 3 * ms
    if each:
        way.delay = f"{delay}*ms"
        synapses.ragged.set_default(synapses.pathways[side].variable, delay * 1e-3)
    else:
        way.delay = delay * ms
    StructuralPlasticity(synapses, RULE, dt=1 * ms, namespace={"gone": gone, "born": born}, name="rule")
    monitor = StateMonitor(cells, "x", record=True, dt=1 * ms, when="end", order=1, name="m")
    Network(inputs, cells, synapses, monitor).run(12 * ms)
    return np.diff(monitor.x[0], prepend=0).tolist()


@pytest.mark.parametrize("side", ["pre", "post"])
@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize("delay", [1, 3, 5])
def test_across_a_removed_or_created_synapse(side: str, each: bool, delay: int) -> None:
    for gone, born, start in ((-1, -1, True), (2, -1, True), (3, -1, True), (6, -1, True), (7, -1, True), (8, -1, True),
                              (-1, 2, False), (-1, 3, False), (-1, 4, False), (2, 3, True), (3, 4, True), (4, 5, True)):  # fmt: skip
        eqsnn.start_scope()
        fired, expected = 3, [0.0] * 12
        arrives = fired + delay
        old = start and not 0 <= gone < arrives  # changes are made at the end of a step
        new = 0 <= born < fired
        expected[arrives] = 1.0 * old + 10.0 * new
        assert run_case(side, each, fired, delay, gone, born, start) == expected, (gone, born)


def arrivals(changes: list[tuple[int, dict[str, Any]]], total: int) -> list[tuple[float, float]]:
    """Steps at which spikes of two neurons arrive, while the delays of two pathways change between runs."""
    spikes = [(1, 0), (2, 1), (5, 0), (6, 0), (6, 1), (9, 1), (12, 0)]
    source = SpikeGeneratorGroup(2, [n for _, n in spikes], [t for t, _ in spikes] * ms, dt=1 * ms)
    target = NeuronGroup(1, "x : 1\ny : 1", dt=1 * ms)
    synapses = Synapses(source, target, on_pre={"a": "x_post += i + 1", "b": "y_post += i + 1"}, dt=1 * ms)
    synapses.connect()
    monitor = StateMonitor(target, ["x", "y"], record=True, dt=1 * ms, when="end", order=1)
    network, now = Network(source, target, synapses, monitor), 0
    for at, delays in [*changes, (total, {})]:
        if at > now:
            network.run((at - now) * ms)
        now = at
        for name, value in delays.items():
            getattr(synapses, name).delay = value
    return [np.diff(monitor.x[0], prepend=0).tolist(), np.diff(monitor.y[0], prepend=0).tolist()]


def expected_arrivals(changes: list[tuple[int, dict[str, int]]], total: int) -> list[list[float]]:
    """A spike keeps the delay that it was fired with."""
    spikes = [(1, 0), (2, 1), (5, 0), (6, 0), (6, 1), (9, 1), (12, 0)]
    result = []
    for name in ("a", "b"):
        found = [0.0] * total
        for fired, neuron in spikes:
            delay = 0
            for at, delays in changes:
                if at <= fired and name in delays:
                    delay = delays[name]
            if fired + delay < total:
                found[fired + delay] += neuron + 1
        result.append(found)
    return result


CHANGES: list[list[tuple[int, dict[str, int]]]] = [
    [(0, {"a": 2, "b": 5})],
    [(0, {"a": 5, "b": 2}), (6, {"a": 1})],
    [(0, {"a": 2}), (3, {"a": 7, "b": 3}), (7, {"a": 0}), (7, {"b": 0})],
    [(0, {"a": 4}), (2, {"a": 1}), (3, {"a": 9}), (4, {"a": 4}), (6, {"a": 4, "b": 11})],
    [(3, {"a": 1}), (6, {"a": 0}), (7, {"a": 6}), (7, {"a": 2}), (10, {"a": 0})],
]


@pytest.mark.parametrize("changes", CHANGES)
def test_delays_changed_between_runs(changes: list[tuple[int, dict[str, int]]]) -> None:
    with_units = [(at, {name: steps * ms for name, steps in delays.items()}) for at, delays in changes]
    assert arrivals(with_units, 22) == expected_arrivals(changes, 22)


@pytest.mark.parametrize("changes", CHANGES)
@pytest.mark.parametrize("first", [0, 1, 2])
def test_delays_of_each_synapse_from_some_run_on(changes: list[tuple[int, dict[str, int]]], first: int) -> None:
    """What was under way with a common delay goes on into the queue."""
    with_units: list[tuple[int, dict[str, Any]]] = []
    for place, (at, delays) in enumerate(changes):
        with_units.append((at, {n: f"{k}*ms" if place >= first else k * ms for n, k in delays.items()}))
    assert arrivals(with_units, 22) == expected_arrivals(changes, 22)


def test_several_runs_are_one() -> None:
    whole = arrivals([(0, {"a": 3 * ms, "b": "2*ms + i*3*ms"})], 22)
    parts = arrivals([(0, {"a": 3 * ms, "b": "2*ms + i*3*ms"}), *((k, {}) for k in (1, 2, 4, 7, 8, 13))], 22)
    assert whole == parts
    assert whole[1] == [0, 0, 0, 1, 0, 0, 0, 1 + 2, 1, 0, 0, 2, 0, 0, 1 + 2, 0, 0, 0, 0, 0, 0, 0]


def test_created_with_a_delay() -> None:
    """`create synapse(delay=...)` gives each synapse its own; others get the projection's; delays may grow in a run."""
    source = SpikeGeneratorGroup(1, [0] * 3, [0, 2, 14] * ms, dt=1 * ms)
    target = NeuronGroup(4, "x : 1", dt=1 * ms)
    synapses = Synapses(source, target, "w : 1", on_pre="x_post += w", delay=2 * ms, dt=1 * ms)
    synapses.connect(i=0, j=0)
    synapses.w = 1
    StructuralPlasticity(
        synapses,
        """
for each pair in all:
    if t_in_timesteps == 1 and j > 0:
        if j < 3: create synapse(w=1, delay=j*10*ms)
        else: create synapse(w=1)
""",
        dt=1 * ms,
    )
    monitor = StateMonitor(target, "x", record=True, dt=1 * ms, when="end", order=1)
    Network(source, target, synapses, monitor).run(40 * ms)
    steps = [np.flatnonzero(np.diff(x, prepend=0)).tolist() for x in monitor.x]
    assert steps == [[2, 4, 16], [12, 24], [22, 34], [4, 16]]
    assert (np.asarray(synapses.delay) * 1e3).round(6).tolist() == [2, 10, 20, 2]


def test_zero_delays_arrive_at_once() -> None:
    for delay in (0 * ms, "0*ms"):
        eqsnn.start_scope()
        source = SpikeGeneratorGroup(1, [0], [3] * ms, dt=1 * ms)
        target = NeuronGroup(1, "x : 1", dt=1 * ms)
        synapses = Synapses(source, target, on_pre="x_post += 1", dt=1 * ms)
        synapses.connect()
        synapses.delay = delay
        monitor = StateMonitor(target, "x", record=True, dt=1 * ms, when="end")
        Network(source, target, synapses, monitor).run(5 * ms)
        assert monitor.x[0].tolist() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("each", [False, True])
def test_storage_moves_while_spikes_are_under_way(each: bool) -> None:
    rng = np.random.default_rng(0)
    source = SpikeGeneratorGroup(20, np.repeat(range(20), 5), np.tile([0, 3, 6, 9, 12], 20) * ms, dt=1 * ms)
    target = NeuronGroup(30, "x : 1", threshold="x < 0", dt=1 * ms)
    synapses = Synapses(
        source, target, "n : 1", on_pre="n += 1\nx_post += 1", on_post="n += 0", delay=4 * ms, dt=1 * ms
    )
    synapses.connect(p=0.3)
    if each:
        synapses.delay = "4*ms"
    network = Network(source, target, synapses)
    born = dict.fromkeys(zip(synapses.i[:].tolist(), synapses.j[:].tolist(), strict=True), -1)
    for now in range(0, 20, 2):
        network.run(2 * ms)
        storage = synapses.ragged
        gone = rng.choice(storage.order(), 20, replace=False)
        for i, j in zip(storage.fixed("pre")[gone].tolist(), storage.fixed("post")[gone].tolist(), strict=True):
            del born[i, j]
        storage.remove(gone)
        for i, j in zip(rng.integers(0, 20, 40).tolist(), rng.integers(0, 30, 40).tolist(), strict=True):
            if storage.create(i, j) is not None:
                born[i, j] = now + 2
                if each:
                    storage.view("delay")[storage.find(i, j)] = 4e-3
        if now % 4:
            storage.compact()
        storage.check()
    for i, j, n in zip(synapses.i, synapses.j, synapses.n, strict=True):
        assert n == sum(fired >= born[i, j] and fired + 4 < 20 for fired in (0, 3, 6, 9, 12)), (i, j)
