"""Several synapses of a pair, parts of groups, one group with itself, nothing at all, and rules as language.md has them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from test_structure_events import pairs, spikes

from eqsnn import (
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    StructuralPlasticity,
    StructureMonitor,
    Synapses,
    ms,
    second,
)


def test_several_synapses_of_a_pair() -> None:
    source, target = spikes(2, (0, 6), (1, 6)), NeuronGroup(2, "x : 1", dt=1 * ms)
    synapses = Synapses(source, target, "w : 1", on_pre="x_post += w", multisynaptic_index="k", dt=1 * ms)
    synapses.connect(i=[0, 0, 1], j=[0, 0, 1])
    synapses.w = [1, 2, 4]
    rule = StructuralPlasticity(
        synapses,
        """
for each synapse: remove synapse if w < 1.5
for each pair in all:
    if connected:
        create synapse(w=8*w) if t_in_timesteps < 2
    else:
        create synapse(w=0.5) if t_in_timesteps > 4
""",
        dt=1 * ms,
    )
    monitor = StructureMonitor(synapses)
    Network(source, target, synapses, monitor).run(7 * ms)
    assert rule.refused == 0
    # Steps 0 and 1 each add 8 times the oldest of (0, 0), which is then 2, and of (1, 1); steps 5 and 6 connect the rest,
    # where what weighs less than 1.5 goes in the next step.
    found = sorted(zip(synapses.i, synapses.j, synapses.w, strict=True))
    assert found == [(0, 0, 2), (0, 0, 16), (0, 0, 16), (0, 1, 0.5), (1, 0, 0.5), (1, 1, 4), (1, 1, 32), (1, 1, 32)]
    own = synapses.k[:][(synapses.i[:] == 0) & (synapses.j[:] == 0)].tolist()
    assert own == [1, 2, 3]
    assert target.x[:].tolist() == [34.5, 68.5]
    assert len(synapses) == 3 + monitor.change.sum()


@pytest.mark.parametrize("compact", [False, True])
def test_sums_over_several_synapses_whatever_the_storage(compact: bool) -> None:
    source = NeuronGroup(3, "s : 1\nv = 1.0 : 1", threshold="v > 0", dt=1 * ms, name="a")
    target = NeuronGroup(2, "x : 1\ny : 1", dt=1 * ms, name="b")
    synapses = Synapses(
        source,
        target,
        "w : 1\ny_post = w : 1 (summed)",
        on_pre="x_post += w\ns_pre += w",
        multisynaptic_index="k",
        dt=1 * ms,
        name="s",
    )
    synapses.connect(n=9)
    synapses.w = np.random.default_rng(0).lognormal(0, 12, 54)
    storage = synapses.ragged
    if compact:
        storage.append(np.repeat([0, 1, 2], 40), np.tile([0, 1], 60))
        storage.remove(storage.order()[54:])
        storage.append([2, 0], [0, 0])
        storage.remove(storage.order()[[54, 55]])
        slots, values = storage.order(), storage.get("w")
        swapped = storage.find(0, 0)
        storage.remove([swapped])
        storage.append([0], [0])
        storage.set("w", np.append(values[slots != swapped], values[slots == swapped]))
        storage.fixed("serial")[storage.order()[-1]] = 0
    Network(source, target, synapses).run(3 * ms)
    expected = {}
    for j in range(2):
        total = 0.0
        for i in range(3):
            for w in synapses.w[:][(synapses.i[:] == i) & (synapses.j[:] == j)]:
                total += w
        expected[j] = total
    assert target.y[:].tolist() == [expected[0], expected[1]]


def test_rows_of_a_multisynaptic_projection_may_grow_without_bound() -> None:
    """Working memory for the longest row grows with it."""
    source = NeuronGroup(1, "s : 1\nv = 1.0 : 1", threshold="v > 0", dt=1 * ms)
    target = NeuronGroup(2, "x : 1", dt=1 * ms)
    synapses = Synapses(
        source, target, "w : 1\nn : 1 (shared)", on_pre="x_post += w\nw = exp(0*w)\ns_pre += w",
        multisynaptic_index="k", dt=1 * ms,
    )  # fmt: skip
    synapses.connect()
    StructuralPlasticity(
        synapses, "for each synapse: n += 1\nfor each pair in all:\n" + "    create synapse(w=1)\n" * 40, dt=1 * ms
    )
    Network(source, target, synapses).run(50 * ms)
    assert len(synapses) == 2 + 50 * 80
    assert source.s[0] == sum(2 + 80 * k for k in range(50))
    assert sorted(synapses.k[:][synapses.j[:] == 1]) == list(range(1 + 50 * 40))
    synapses.ragged.check()


def test_parts_of_groups() -> None:
    """Neurons count from the part's first, and values are those of its neurons."""
    source = NeuronGroup(10, "a : 1\nn : 1", dt=1 * ms)
    target = NeuronGroup(9, "b : 1\nn : 1", dt=1 * ms)
    source.a, target.b = np.arange(10), np.arange(9) * 10
    synapses = Synapses(source[4:8], target[6:], "w : 1", dt=1 * ms)
    synapses.connect(i=[0, 3], j=[2, 0])
    rule = StructuralPlasticity(
        synapses,
        """
for each synapse:
    w = a_pre + b_post
    lost_pre += 1
    lost_post += 2
    remove synapse if i == 3
for each pre: n_pre += lost_pre + a_pre/100
for each post: n_post += lost_post + b_post/1000
for each pair in all:
    create synapse(w=a_pre*b_post) if a_pre == 5 and lost_post == 0
for each pair in sample(1, per=pre, unconnected): n_post += 0
""",
    )
    rule.run()
    assert list(zip(synapses.i, synapses.j, synapses.w, strict=True)) == [(0, 2, 84), (1, 1, 350)]
    assert source.n[:].tolist() == [0, 0, 0, 0, 1.04, 0.05, 0.06, 1.07, 0, 0]
    assert target.n[:].tolist() == [0, 0, 0, 0, 0, 0, 2.06, 0.07, 2.08]


def test_within_one_group() -> None:
    group = NeuronGroup(4, "x : 1\nv = int(t < 0.5*ms) : 1", threshold="v > 0", dt=1 * ms)
    synapses = Synapses(group, on_pre="x_post += i + 1", delay=2 * ms, dt=1 * ms)
    synapses.connect("i != j")
    rule = StructuralPlasticity(
        synapses,
        "for each synapse:\n    remove synapse if i > j\n    lost_pre += 1\nfor each pre: x_pre += 10*lost_pre",
        dt=1 * ms,
    )
    Network(group, synapses).run(4 * ms)
    assert pairs(synapses) == [(i, j) for i in range(4) for j in range(4) if i < j]
    assert rule.removed == 6
    arrived, visits = [0, 1, 3, 6], [3 + 3 * (3 - i) for i in range(4)]
    assert group.x[:].tolist() == [a + 10 * v for a, v in zip(arrived, visits, strict=True)]


@pytest.mark.parametrize("delay", [0 * ms, 2 * ms])
def test_from_nothing_and_to_nothing(delay: object) -> None:
    """No synapses at first, one neuron on each side; all synapses removed; created again."""
    source, target = spikes(1, *((0, t) for t in range(10))), NeuronGroup(1, "x : 1", threshold="x < 0", dt=1 * ms)
    synapses = Synapses(source, target, "w : 1", on_pre="x_post += 1", on_post="w += 1", delay=delay, dt=1 * ms)
    synapses.connect(False)
    rule = StructuralPlasticity(
        synapses,
        "for each synapse: remove synapse\nfor each pair in sample(int(t_in_timesteps % 3 == 1)): create synapse",
        dt=1 * ms,
    )
    monitor = StructureMonitor(synapses)
    Network(source, target, synapses, monitor).run(10 * ms)
    assert monitor.change.tolist() == [1, -1] * 3
    assert (monitor.t / ms).round().astype(int).tolist() == [1, 2, 4, 5, 7, 8]
    assert len(synapses) == 0
    assert (rule.created, rule.removed) == (3, 3)
    assert target.x[0] == (3 if delay == 0 * ms else 0)


def test_monitors_agree_with_the_network_over_several_runs() -> None:
    """Also a second monitor, one made later, rules run by hand, and connections made between runs."""
    source, target = NeuronGroup(8, "", dt=1 * ms), NeuronGroup(8, "", dt=1 * ms)
    synapses = Synapses(source, target, "w : 1")
    first = StructureMonitor(synapses)
    synapses.connect(p=0.3)
    before = Counter(dict.fromkeys(pairs(synapses), 1))
    rule = StructuralPlasticity(
        synapses,
        "for each synapse: remove synapse if rand() < 0.1\nfor each pair in sample(4): create synapse",
        dt=1 * ms,
    )
    second_one = StructureMonitor(synapses)
    network = Network(source, target, synapses, first, second_one)
    network.run(10 * ms)
    rule.run()
    synapses.connect(
        i=[i for i in range(8) if (i, i) not in pairs(synapses)],
        j=[i for i in range(8) if (i, i) not in pairs(synapses)],
    )
    middle, late = Counter(dict.fromkeys(pairs(synapses), 1)), StructureMonitor(synapses)
    network.run(5 * ms)
    network.add(NeuronGroup(1, "x : 1", dt=0.5 * ms))
    network.run(5 * ms)
    for monitor, start in ((first, Counter()), (second_one, before), (late, middle)):
        now = Counter(start)
        for i, j, change in zip(monitor.i, monitor.j, monitor.change, strict=True):
            now[int(i), int(j)] += int(change)
            assert now[int(i), int(j)] in (0, 1)
        assert +now == Counter(pairs(synapses))
    assert (np.diff(np.asarray(first.t)) >= 0).all()
    assert float(np.asarray(first.t)[-1]) == pytest.approx(0.019)
    assert (second_one.change < 0).sum() == rule.removed
    assert second_one.N == first.N - sum(before.values())


# ---- rules of the language reference -------------------------------------------------------------------------------


def test_deep_r() -> None:
    """The number of synapses stays the same; signs are fair; new ones begin at zero."""
    source, target = NeuronGroup(40, ""), NeuronGroup(30, "")
    synapses = Synapses(source, target, "w : 1\nsgn : integer\nage : 1")
    synapses.connect(p=0.25)
    synapses.w, synapses.sgn = "randn()", "2*int(rand() < 0.5) - 1"
    n, wrong = len(synapses), int((synapses.w[:] * synapses.sgn[:] < 0).sum())
    synapses.age = 1
    rule = StructuralPlasticity(
        synapses,
        """
for each synapse:
    if w*sgn < 0:
        remove synapse
        n_dormant += 1
for each pair in sample(n_dormant, unconnected):
    create synapse(w=0, sgn=2*int(rand() < 0.5) - 1)
""",
    )
    rule.run()
    assert len(synapses) == n
    assert (rule.created, rule.removed, rule.refused, rule.shortfall) == (wrong, wrong, 0, 0)
    new = synapses.age[:] == 0
    assert new.sum() == wrong
    assert (synapses.w[:][new] == 0).all()
    assert abs(synapses.sgn[:][new].sum()) < 4 * wrong**0.5
    assert set(synapses.sgn[:]) == {-1, 1}


def test_critical_period() -> None:
    source, target = PoissonGroup(30, 50 * Hz), NeuronGroup(20, "")
    T_crit, w_set, w_init = 100 * ms, 0.5, 0.3  # noqa: F841 - named in the rule
    synapses = Synapses(source, target, "w : 1\nt_open : second", on_pre="w += 0.1*rand()")
    synapses.connect(p=0.4)
    synapses.w = "0.6*rand()"
    degrees = synapses.N_incoming_post
    rule = StructuralPlasticity(
        synapses,
        """
for each synapse:
    if t > t_open + T_crit and w < w_set:
        remove synapse
        n_lost_post += 1
for each pair in sample(n_lost_post, per=post, unconnected):
    create synapse(w=w_init, t_open=t)
""",
        dt=10 * ms,
    )
    network = Network(source, target, synapses)
    network.run(0.3 * second)
    assert (synapses.N_incoming_post == degrees).all()
    assert rule.created == rule.removed > 10
    opened = np.asarray(synapses.t_open / ms)
    assert set(opened.round().astype(int) % 10) == {0}
    late = (opened > 0) & (300 - opened < 100)
    assert (synapses.w[:][~late & (300 - opened > 115)] >= 0.5).all()
