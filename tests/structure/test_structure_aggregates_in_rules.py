"""Aggregates wherever a rule has numbers: each pass asks the network as it was when the pass began, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pytest
from test_structure_aggregates import means, of_each, quantiles, ranks
from test_structure_determinism import compacted, gapped, reversed_rows, untouched

import eqsnn
from eqsnn import Network, NeuronGroup, SpikeGeneratorGroup, StructuralPlasticity, Synapses, ms

Array: TypeAlias = np.ndarray[Any, Any]
PRE, POST = 9, 7

USES = """
for each pair in sample(count(w > 0)/2): drawn += 1
for each pair in sample(max(w, per=post), per=post): drawn_post += 1
for each pair in sample(count(per=pre) - 1, per=pre, unconnected): drawn_pre += 1
for each synapse:
    w = w + 1
    z = where(rank(w) < count()/2, mean(w, per=pre), max(w, per=post))
    if w > mean(w) and not flag:
        heavy_pre += 1
        w = sum(w)/16
    total += min(w, per=pre)
for each synapse: z2 = w - min(w) + count(heavy_pre > 1, per=post)
for each pair in all:
    if connected:
        if w > mean(w, per=pre):
            remove synapse if rank(w, per=post) >= count(heavy_pre > 0, per=post)/3
    else:
        create synapse(w=mean(w, per=post) + heavy_pre, k=count(), flag=count(per=pre) > 2) if y_post > mean(y_post) limit count()/4
for each pre:
    a_pre = mean(w) + drawn
    b_pre = drawn_pre - count(per=pre)
for each post: b_post = drawn_post + 100*quantile(w, 0.25)
"""


@pytest.mark.parametrize("by_hand", [False, True])
def test_in_heads_conditions_limits_and_values(by_hand: bool) -> None:
    """Each pass asks the network as it was when the pass began, whatever the element has changed since."""
    names = "x : 1\ny : 1\na : 1\nb : 1"
    groups = NeuronGroup(PRE, names, name="a"), NeuronGroup(POST, names, name="b")
    s = Synapses(
        *groups, "w : 1\nk : integer\nflag : boolean\nz : 1\nz2 : 1\ntotal : 1 (shared)", name="s"
    )  # fmt: skip
    s.connect(False)
    rule = StructuralPlasticity(s, USES, dt=1 * ms, name="rule")
    network, rng = Network(*groups, s), np.random.default_rng(6)
    for n in (0, 1, 4, 20, 40, 60):
        s.ragged.remove(s.ragged.order())
        i, j = np.divmod(rng.permutation(np.unique(rng.integers(0, PRE * POST, n))), POST)
        if n:
            s.connect(i=i, j=j)
        n = len(i)
        s.w, s.flag = rng.integers(-20, 30, n) / 8, rng.random(n) < 0.4
        w, flag, s.total, groups[1].y = s.w[:].copy(), s.flag[:], 0, rng.integers(0, 9, POST) / 4
        y = groups[1].y[:]
        created = rule.created
        if by_hand:
            rule.run()
        else:
            network.run(1 * ms)

        taken = int(sum(w > 0) / 2)
        taken_post = [min(PRE, max(0, int(w[j == b].max(initial=-9)))) for b in range(POST)]
        taken_pre = [min(POST - sum(i == a), max(0, sum(i == a) - 1)) for a in range(PRE)]
        order = np.lexsort((j, i))
        place = np.empty(n, int)
        place[order] = ranks(w[order])
        lowest = of_each(lambda v: v.min(initial=np.inf), w, i, PRE)[i]
        highest = of_each(lambda v: v.max(initial=-np.inf), w, j, POST)[j]
        z = np.where(place < n / 2, of_each(means, w, i, PRE)[i], highest)
        heavy = (w + 1 > means(w)) & ~flag
        n_heavy = np.bincount(i[heavy], minlength=PRE)
        w = np.where(heavy, w.sum() / 16, w + 1)
        several = np.bincount(j, n_heavy[i] > 1, minlength=POST)[j]
        z2 = w - w.min(initial=np.inf) + several
        some = np.bincount(j, n_heavy[i] > 0, minlength=POST)[j]
        of_post = np.empty(n, int)
        for b in range(POST):
            of_post[order[j[order] == b]] = ranks(w[order[j[order] == b]])
        gone = (w > of_each(means, w, i, PRE)[i]) & (of_post >= some / 3)
        found = {(a, b): v for a, b, *v in zip(s.i, s.j, s.w, s.z, s.z2, strict=True)}
        assert {pair for pair in zip(i, j, strict=True) if pair in found} == set(zip(i[~gone], j[~gone], strict=True))
        for a, b, *v in zip(i[~gone], j[~gone], w[~gone], z[~gone], z2[~gone], strict=True):
            np.testing.assert_allclose(found[a, b], v, rtol=1e-13)
        known = set(zip(i, j, strict=True))
        new = [(a, b) for a, b in found if (a, b) not in known]
        chosen = [b for b in range(POST) if y[b] > means(y[j])]
        free = sum((a, b) not in known for a in range(PRE) for b in chosen)
        assert rule.created - created == len(new) == min(free, n // 4)
        assert {b for _, b in new} <= set(chosen)
        average = of_each(means, w, j, POST)
        for a, b in new:
            np.testing.assert_allclose(found[a, b], [average[b] + n_heavy[a], 0, 0], rtol=1e-13)
        late = np.array([(s.i[m], s.j[m]) not in known for m in range(len(s))], bool)
        assert (s.k[:][late] == n).all()
        assert (s.flag[:][late] == (np.bincount(i, minlength=PRE) > 2)[s.i[:][late]]).all()
        np.testing.assert_allclose(s.total, lowest.sum(), rtol=1e-13)
        np.testing.assert_allclose(groups[0].a, means(s.w[:]) + taken, rtol=1e-13)
        np.testing.assert_array_equal(groups[0].b, taken_pre - np.bincount(s.i[:], minlength=PRE))
        np.testing.assert_allclose(groups[1].b, np.add(taken_post, 100 * quantiles(s.w[:], 0.25)), rtol=1e-13)


def test_event_driven_variables_are_as_of_now() -> None:
    """Also where the variable was one trace a neuron as long as the rule was not part of the network."""
    times, who = np.array([1, 2.5, 4, 4, 7, 12.5]), np.array([0, 1, 0, 2, 1, 2])
    source = SpikeGeneratorGroup(4, who, times * ms, name="a")
    target = NeuronGroup(3, "a : 1\nb : 1\nc : 1", name="b")
    s = Synapses(
        source, target, "w : 1\nseen : 1\nplace : integer\ndtrace/dt = -trace/(20*ms) : 1 (event-driven)",
        on_pre="trace += 1 + 0*w", name="s",
    )  # fmt: skip
    s.connect(i=[0, 0, 1, 1, 2, 2, 3, 3, 0], j=[0, 1, 1, 2, 0, 1, 0, 2, 2])
    rule = StructuralPlasticity(s, """
        for each synapse:
            place = rank(trace)
            seen = trace - mean(trace)
        for each post:
            a_post = mean(trace, per=post)
            b_post = max(trace)
            c_post = count(trace > mean(trace, per=post), per=post)
        """, dt=5 * ms, name="rule")  # fmt: skip

    def check(now: float) -> None:
        trace = np.array([np.exp(-(now - times[(who == a) & (times <= now)]) / 20).sum() for a in range(4)])[s.i[:]]
        order = np.lexsort((s.j[:], s.i[:]))
        np.testing.assert_array_equal(s.place[:][order], ranks(trace[order]))
        np.testing.assert_allclose(s.seen[:], trace - trace.mean(), atol=1e-14)
        mine = [trace[s.j[:] == b] for b in range(3)]
        np.testing.assert_allclose(target.a, [x.mean() for x in mine], rtol=1e-13)
        np.testing.assert_allclose(target.b, trace.max(), rtol=1e-13)
        np.testing.assert_array_equal(target.c, [(x > x.mean() * (1 + 1e-12)).sum() for x in mine])

    network = Network(source, target, s)
    network.run(5.1 * ms)
    check(5)
    network.run(1.4 * ms)
    rule.run()
    check(6.5)
    rule.active = False
    network.run(2 * ms)
    rule.run()
    check(8.5)
    network.run(4.3 * ms)
    rule.run()
    check(12.8)
    rule.active = True
    network.run(3 * ms)
    check(15)


# ---- several rules ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_each_rule_of_a_projection_asks_for_itself(precision: str) -> None:
    """They run in their order, each on the network that the one before it has left, and count apart."""
    eqsnn.prefs.precision = precision
    source, target = NeuronGroup(20, "a : 1\nb : 1\nc : 1", name="a"), NeuronGroup(20, "", name="b")
    s = Synapses(source, target, "w : 1", name="s")
    s.connect(p=0.5)
    s.w = "i + j/32"
    adds = StructuralPlasticity(s, """
        for each pair in sample(count()/50, unconnected):
            create synapse(w=max(w) + 1) limit 5
            n += 1
        for each pre:
            a_pre = count() - n
            c_pre = max(w)
        """, dt=1 * ms, order=2, name="adds")  # fmt: skip
    removes = StructuralPlasticity(s, """
        for each synapse:
            if w < mean(w):
                remove synapse limit count()/50
                n += 1
        for each pre: b_pre = count() + n
        """, dt=1 * ms, order=1, name="removes")  # fmt: skip
    network = Network(source, target, s)
    for _ in range(20):
        size, weak, highest = len(s), (s.w[:] < s.w[:].mean()).sum(), s.w[:].max()
        counts = np.array([removes.removed, adds.created])
        network.run(1 * ms)
        removed, created = np.array([removes.removed, adds.created]) - counts
        assert removed == min(size // 50, weak) > 0
        assert created == min(5, (size - removed) // 50) > 0
        assert (source.b == size - removed + weak).all()
        assert (source.a == size - removed + created - (size - removed) // 50).all()
        assert (source.c == highest + 1).all()
        assert len(s) == size - removed + created


# ---- the last bit ----------------------------------------------------------------------------------------------------

LAST_BIT = """
for each synapse:
    place = rank(exp(w))
    w = w + 0.01*mean(w, per=post) - 0.01*sum(sin(w)*x_pre, per=pre)/(1 + N_outgoing)
    remove synapse if rank(rand()) < 40
for each pre: a_pre = min(exp(w)) + mean(w*rand(), per=pre) + max(sin(w), per=pre)
for each post: a_post = quantile(exp(w), 0.4, per=post) + sum(exp(w), per=post) + mean(1/(1 + w**2))
for each pair in sample(50, unconnected): create synapse(w=mean(w)*rand()) if rand() < quantile(w, 0.7, per=post)
"""


def build(
    history: Callable[[Synapses], None] = untouched, precision: str = "float64", n: int = 60, multi: bool = False
) -> list[Array]:
    """All that comes of a rule whose numbers are not exact in any order."""
    eqsnn.start_scope()
    eqsnn.seed(5)
    eqsnn.prefs.precision = precision
    groups = NeuronGroup(n, "x : 1\na : 1", dt=1 * ms, name="a"), NeuronGroup(n, "a : 1", dt=1 * ms, name="b")
    s = Synapses(
        groups[0][:60], groups[1][n - 60 :], "w : 1\nplace : integer", dt=1 * ms, name="s",
        multisynaptic_index="k" if multi else None,
    )  # fmt: skip
    s.connect(p=0.3)
    if multi:
        s.connect(p=0.1)
    rng = np.random.default_rng(1)
    s.w, groups[0].x = 1 + rng.normal(size=len(s)), rng.normal(size=n)
    StructuralPlasticity(s, LAST_BIT, dt=1 * ms, name="rule")
    network = Network(*groups, s)
    history(s)
    network.run(4 * ms)
    order = np.lexsort((s.ragged.serial if multi else s.i[:], s.j[:], s.i[:]))
    return [
        s.i[:][order],
        s.j[:][order],
        s.w[:][order],
        s.place[:][order],
        groups[0].a[:].copy(),
        groups[1].a[:].copy(),
    ]


def equal(one: list[Array], other: list[Array]) -> bool:
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("history", [compacted, gapped, reversed_rows])
def test_the_same_to_the_last_bit_whatever_the_storage(history: Callable[[Synapses], None], precision: str) -> None:
    assert equal(build(history, precision), build(precision=precision))


def test_also_with_several_synapses_of_a_pair() -> None:
    def moved(s: Synapses) -> None:
        number = s.ragged.fields.next_serial
        gapped(s)
        s.ragged.fields.next_serial = number

    expected = build(multi=True)
    assert equal(build(moved, multi=True), expected)
    assert equal(build(compacted, multi=True), expected)


def test_also_on_any_number_of_threads() -> None:
    found = []
    for threads in (1, 2, 4):
        eqsnn.prefs.threads = threads
        found.append(build(n=9000))
    assert equal(found[0], found[1])
    assert equal(found[0], found[2])
