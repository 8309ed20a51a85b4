"""Bugs that other simulators have had where synapses come and go; each test says what happened there."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from eqsnn import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    StateMonitor,
    StructuralPlasticity,
    StructureMonitor,
    Synapses,
    ms,
)

pytestmark = pytest.mark.optimised

STEP = 1 * ms
Array = npt.NDArray[Any]


def firing(rng: np.random.Generator, steps: int, n: int, p: float) -> tuple[Array, SpikeGeneratorGroup]:
    """Spikes at random, as a (steps, n) array and as neurons."""
    fired = rng.random((steps, n)) < p
    t, i = np.nonzero(fired)
    return fired, SpikeGeneratorGroup(n, i, t * ms, dt=STEP)


# ---- spikes ---------------------------------------------------------------------------------------------------------


def lifetimes(monitor: StructureMonitor, start: list[tuple[int, int]], steps: int) -> list[tuple[int, int, int, int]]:
    """(i, j, born, gone) of every synapse there was; -1 before the run, ``steps`` where it is still there."""
    living, found = dict.fromkeys(start, -1), []
    when = (monitor.t / ms).round().astype(int).tolist()
    for t, i, j, change in zip(when, monitor.i.tolist(), monitor.j.tolist(), monitor.change.tolist(), strict=True):
        if change > 0:
            assert (i, j) not in living
            living[i, j] = t
        else:
            found.append((i, j, living.pop((i, j)), t))
    return found + [(i, j, born, steps) for (i, j), born in living.items()]


@pytest.mark.parametrize("side", ["pre", "post"])
@pytest.mark.parametrize("delay", ["none", "common", "each"])
def test_a_spike_reaches_those_synapses_that_lived_from_its_firing_to_its_arrival(side: str, delay: str) -> None:
    """NEST delivered spikes through synapses that had not been there when they were fired (nest-simulator #571).

    It gathers spikes at the end of a slice, delivers them at the start of the next, and rewires in between.
    """
    steps, n_pre, n_post = 60, 12, 9
    fired, firing_cells = firing(np.random.default_rng(1), steps, n_pre if side == "pre" else n_post, 0.3)
    others = NeuronGroup(n_post if side == "pre" else n_pre, "x : 1", dt=STEP)
    ends = (firing_cells, others) if side == "pre" else (others, firing_cells)
    code = {f"on_{side}": f"n += 1\nx_{'post' if side == 'pre' else 'pre'} += 1"}
    synapses = Synapses(*ends, "n : integer", **code, dt=STEP)
    synapses.connect(p=0.4)
    way = getattr(synapses, side)
    if delay == "common":
        way.delay = 4 * ms
    elif delay == "each":
        way.delay = "(1 + (i + 2*j) % 6)*ms"
    start = list(zip(synapses.i[:].tolist(), synapses.j[:].tolist(), strict=True))
    given = ", delay=(1 + (i + 2*j) % 6)*ms" if (side, delay) == ("pre", "each") else ""
    rule = StructuralPlasticity(
        synapses,
        f"""
for each synapse: remove synapse if rand() < 0.15
for each pair in sample(30):
    if not connected: create synapse(n=0{given})
""",
        dt=STEP,
    )
    if (side, delay) == ("post", "each"):
        synapses.ragged.set_default(synapses.pathways["post"].variable, 2e-3)
    monitor = StructureMonitor(synapses)
    network = Network(*ends, synapses, monitor)
    for part in (7, 1, 32, steps - 40):
        network.run(part * ms)
    assert min(rule.created, rule.removed) > 100
    arrived, counts = np.zeros(len(others)), {}
    for i, j, born, gone in lifetimes(monitor, start, steps):
        late = {"none": 0, "common": 4, "each": 1 + (i + 2 * j) % 6}[delay]
        if (side, delay) == ("post", "each") and born >= 0:
            late = 2
        neuron, other = (i, j) if side == "pre" else (j, i)
        times = np.flatnonzero(fired[:, neuron])
        counts[i, j] = int(((times > born) & (times + late <= gone) & (times + late < steps)).sum())
        arrived[other] += counts[i, j]
    assert arrived.sum() > 300
    assert others.x[:].tolist() == arrived.tolist()
    found = zip(synapses.i[:].tolist(), synapses.j[:].tolist(), synapses.n[:].tolist(), strict=True)
    assert all(n == counts[i, j] for i, j, n in found)


@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize("same_pass", [False, True])
def test_a_new_synapse_inherits_nothing_from_the_one_before_it(each: bool, same_pass: bool) -> None:
    """A slot that is used again held a weight, a trace, a delay and spikes under way: none of it is the newcomer's."""
    source = SpikeGeneratorGroup(1, [0] * 3, [2, 3, 10] * ms, dt=STEP)
    target = NeuronGroup(3, "x : 1\ny : 1", dt=STEP)
    synapses = Synapses(
        source, target, "w : 1\nn : integer\non : boolean\ndq/dt = -q/(20*ms) : 1 (event-driven)",
        on_pre={"a": "x_post += 1 + w\nq += 1 + w", "b": "y_post += q"}, delay={"a": 4 * ms, "b": 4 * ms}, dt=STEP,
    )  # fmt: skip
    synapses.connect()
    synapses.w, synapses.n, synapses.on, synapses.q = 3, 8, True, 5
    if each:
        synapses.a.delay = "3*ms + i*ms"
        synapses.a.delay["j == 1"] = 2 * ms
    anew = """
for each pair in all:
    if t_in_timesteps == 4 and j == 1:
        remove synapse if connected
        create synapse
"""
    later = """
for each synapse: remove synapse if t_in_timesteps == 4 and j == 1
for each pair in all: create synapse if t_in_timesteps == 5 and j == 1
"""
    changed = StructuralPlasticity(synapses, anew if same_pass else later, dt=STEP)
    network = Network(source, target, synapses)
    network.run(10 * ms)
    assert (changed.created, changed.removed, changed.refused) == (1, 1, 0)
    new = np.flatnonzero(synapses.j[:] == 1)[0]
    assert [synapses.w[new], synapses.n[new], synapses.on[new], synapses.q[new]] == [0, 0, False, 0]
    network.run(8 * ms)
    default = 4  # what the projection was declared with
    fired = {j: [2, 3, 10] for j in (0, 2)}
    arrives = 3 if each else 4
    expected = [4.0 * sum(t + arrives < 18 for t in fired[0])] * 3
    old = 4.0 * sum(t + 2 <= 4 for t in (2, 3)) if each else 0.0  # had a delay of 2 ms, and went at the end of step 4
    expected[1] = old + 1.0 * (10 + default < 18)
    assert target.x[:].tolist() == expected
    assert target.y[1] == 1  # the trace of the new synapse alone, which one spike has reached


@pytest.mark.parametrize("by", ["connect", "rule"])
def test_places_used_again_start_anew(by: str) -> None:
    """All synapses go and others come, into the same memory: their values are zeros, and the delay is the declared one."""
    source, target = (NeuronGroup(n, "x : 1", threshold="x > 1", dt=STEP) for n in (6, 5))
    synapses = Synapses(source, target, "w : 1\nn : integer\non : boolean\ndq/dt = -q/(9*ms) : 1 (event-driven)",
                        on_pre="q += 1 + w", on_post="w += q", delay=2 * ms, dt=STEP)  # fmt: skip
    synapses.connect()
    synapses.w, synapses.n, synapses.on, synapses.q, synapses.delay = 3, 8, True, 5, "(4 + i)*ms"
    network = Network(source, target, synapses)
    network.run(3 * ms)
    StructuralPlasticity(synapses, "for each synapse: remove synapse if i > 0").run()
    if by == "connect":
        synapses.connect("i > 0")
    else:
        StructuralPlasticity(synapses, "for each pair in all: create synapse if not connected").run()
    storage = synapses.ragged
    new = storage.i > 0
    assert new.sum() == 25
    for name, value in (("w", 0), ("n", 0), ("on", False), ("q", 0), ("delay", 2e-3), ("lastupdate", 3)):
        assert set(storage.get(name)[new].tolist()) == {value}, name
        assert value not in storage.get(name)[~new].tolist(), name


# ---- the other direction --------------------------------------------------------------------------------------------


def test_a_neuron_that_was_pruned_bare_receives_nothing() -> None:
    """ANNarchy went on delivering to a neuron all of whose synapses had been pruned (ANNarchy #12).

    The forward view had lost them, the inverse one, by which spikes travel, had not. The same network as there.
    """
    matrix = np.zeros((4, 10))
    for j, sources in enumerate(((1, 2, 5), (0, 8, 9), (2, 5, 9), (1, 4, 5))):
        matrix[j, list(sources)] = 0.1
    source = SpikeGeneratorGroup(10, np.repeat(range(10), 4), np.tile([1, 2, 5, 8], 10) * ms, dt=STEP)
    target = NeuronGroup(4, "g : 1\nn : integer\nv = int(t_in_timesteps % 3 == 1) : 1", threshold="v > 0", dt=STEP)
    synapses = Synapses(source, target, "w : 1", on_pre="g_post += w", on_post="n_post += 1", dt=STEP)
    j, i = np.nonzero(matrix)
    synapses.connect(i=i, j=j)
    synapses.w = 0.1
    StructuralPlasticity(synapses, "for each synapse: remove synapse if j == 0").run()
    Network(source, target, synapses).run(10 * ms)
    assert target.g[:] == pytest.approx([0, 1.2, 1.2, 1.2])
    assert target.n[:].tolist() == [0, 9, 9, 9]
    assert synapses.N_incoming_post.tolist() == [0, 3, 3, 3]


def test_both_directions_reach_the_same_synapses_after_every_change() -> None:
    """Every neuron of either side fires alone: exactly its synapses are reached, and pass by pass they are counted."""
    n_pre, n_post = 11, 8
    source = NeuronGroup(n_pre, "fire : boolean\nout : integer", threshold="fire", dt=STEP)
    target = NeuronGroup(n_post, "fire : boolean\nin_ : integer", threshold="fire", dt=STEP)
    synapses = Synapses(source, target, "pre_hits, post_hits : integer", on_pre="pre_hits += 1",
                        on_post="post_hits += 1", dt=STEP)  # fmt: skip
    synapses.connect(p=0.5)
    rule = StructuralPlasticity(
        synapses,
        """
for each synapse: remove synapse if rand() < 0.3
for each pair in sample(25, unconnected): create synapse
for each pre: out_pre = N_outgoing
for each post: in__post = N_incoming
""",
    )
    rule.active = False
    network = Network(source, target, synapses)
    for _ in range(12):
        rule.run()
        synapses.ragged.check()
        i, j = synapses.i[:], synapses.j[:]
        assert source.out[:].tolist() == np.bincount(i, minlength=n_pre).tolist()
        assert target.in_[:].tolist() == np.bincount(j, minlength=n_post).tolist()
        for group, indices, name in ((source, i, "pre_hits"), (target, j, "post_hits")):
            for neuron in range(len(group)):
                synapses.pre_hits, synapses.post_hits, group.fire = 0, 0, False
                group.fire[neuron] = True
                network.run(STEP)
                group.fire = False
                assert getattr(synapses, name)[:].tolist() == (indices == neuron).astype(int).tolist()
                assert (synapses.pre_hits[:] + synapses.post_hits[:]).sum() == (indices == neuron).sum()


# ---- overflow -------------------------------------------------------------------------------------------------------


def test_several_synapses_of_a_row_in_one_update() -> None:
    """GeNN's rows have a fixed room: the second synapse that an update added to a row ended the process (genn #625).

    Four neurons, connected to themselves, each to get two synapses at once.
    """
    group = NeuronGroup(4, "", dt=STEP)
    synapses = Synapses(group, group, "w : 1", dt=STEP)
    synapses.connect(False)
    rule = StructuralPlasticity(synapses, "for each pair in all: create synapse(w=1 + i) if j < 2", dt=STEP)
    Network(group, synapses).run(STEP)
    assert list(zip(synapses.i, synapses.j, synapses.w, strict=True)) == [
        (i, j, 1 + i) for i in range(4) for j in (0, 1)
    ]
    assert (rule.created, rule.refused) == (8, 0)
    synapses.ragged.check()


@pytest.mark.parametrize("side", ["pre", "post"])
@pytest.mark.parametrize("neuron", [0, 20, 39])
def test_one_row_or_column_far_beyond_its_room(side: str, neuron: int) -> None:
    """GeNN's column index is written without a look at its room, so a full column runs into its neighbour's memory.

    Here one neuron of forty, first, last or in the middle, gets all the partners there are, and its neighbours have the
    synapses and the values that they had; then events arrive by both indices.
    """
    n, partners = 40, 700
    sizes = (n, partners) if side == "pre" else (partners, n)
    own, other = ("i", "j") if side == "pre" else ("j", "i")
    source, target = (NeuronGroup(m, "v = 1.0 : 1", threshold="v > 0", dt=STEP) for m in sizes)
    synapses = Synapses(source, target, "w : 1\nseen, seen_back : integer", on_pre="seen = i*1000 + j",
                        on_post="seen_back = j*1000 + i", dt=STEP)  # fmt: skip
    synapses.connect(f"{other} % 7 == {own} % 7")
    synapses.w = "i*1000 + j"
    before = set(zip(synapses.i[:].tolist(), synapses.j[:].tolist(), strict=True))
    rule = StructuralPlasticity(
        synapses,
        f"for each pair in all: create synapse(w=i*1000 + j) if not connected and {own} == the_one",
        dt=STEP, namespace={"the_one": neuron},
    )  # fmt: skip
    rule.run()
    synapses.ragged.check()
    pairs = list(zip(synapses.i[:].tolist(), synapses.j[:].tolist(), strict=True))
    new = {(neuron, k) if side == "pre" else (k, neuron) for k in range(partners)}
    assert len(pairs) == len(set(pairs)) == len(before) + rule.created
    assert set(pairs) == before | new
    rule.active = False
    Network(source, target, synapses).run(STEP)
    i, j = synapses.i[:], synapses.j[:]
    assert synapses.w[:].tolist() == synapses.seen[:].tolist() == (i * 1000 + j).tolist()
    assert synapses.seen_back[:].tolist() == (j * 1000 + i).tolist()


# ---- watching -------------------------------------------------------------------------------------------------------


def test_a_monitor_follows_its_synapse_and_no_other() -> None:
    """A monitor that remembers places goes on with the values of whichever synapse has moved there.

    Here one that is gone gives NaN from then on, also when its pair is connected again.
    """
    source, target = NeuronGroup(2, "", dt=STEP), NeuronGroup(5, "", dt=STEP)
    synapses = Synapses(source, target, "w : 1", dt=STEP)
    synapses.connect()
    synapses.w = "10*i + j"
    StructuralPlasticity(
        synapses,
        """
for each synapse:
    w += 100
    remove synapse if j == t_in_timesteps - 1
for each pair in all:
    create synapse(w=-1) if t_in_timesteps == 4 and j == 0
""",
        dt=STEP,
    )
    monitor = StateMonitor(synapses, "w", record=True, dt=STEP, when="start")
    Network(source, target, synapses, monitor).run(8 * ms)
    number = np.array([10 * i + j for i in range(2) for j in range(5)])
    steps = np.arange(8)
    alive = steps[None, :] <= (number % 10)[:, None] + 1  # removed at the end of step j + 1
    expected = np.where(alive, number[:, None] + 100.0 * steps, np.nan)
    assert np.array_equal(monitor.w, expected, equal_nan=True)
    assert sorted(synapses.w[:].tolist()) == [-1 + 300, -1 + 300]
