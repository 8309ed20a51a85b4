"""``match(a, b)``: every free element of the side that has fewer finds a partner, each matching with the same chance."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import permutations
from math import inf
from time import process_time
from typing import Any, TypeAlias

import numpy as np
import pytest
from scipy.stats import chi2
from test_structure_determinism import compacted, gapped, reversed_rows, untouched

import eqsnn
from eqsnn import Network, NeuronGroup, StructuralPlasticity, StructureMonitor, Synapses, errors, ms
from eqsnn.runtime import core

Pair: TypeAlias = tuple[int, int]
PRE, POST = 4, 5
RULE = """
for each pair in match(n_pre*factor, n_post):
    visited += 1
    seen_pre += 1
    seen_post += 1
    create synapse(w=rand())
for each pre:
    all_pre = visited
    seen_by_pre = seen_pre
for each post: seen_by_post = seen_post
for each synapse: remove synapse if leave < 1
"""


class Model:
    """Neurons that offer ``n`` elements each, whatever their rule matches, and a log of it."""

    def __init__(self, multi: bool = True, rule: str = RULE) -> None:
        names = "n : 1\nall : integer\nseen_by : integer"
        self.source, self.target = NeuronGroup(PRE, names, name="a"), NeuronGroup(POST, names, name="b")
        self.synapses = Synapses(
            self.source, self.target, "w : 1", multisynaptic_index="k" if multi else None, name="s"
        )  # fmt: skip
        self.synapses.connect(False)
        self.rule = StructuralPlasticity(
            self.synapses, rule, dt=0.1 * ms, name="rule", namespace={"factor": 1, "leave": 0}
        )  # fmt: skip
        self.log = StructureMonitor(self.synapses, "w")
        self.network = Network(self.source, self.target, self.synapses, self.log)

    def matchings(self, offers: Any, wants: Any, runs: int) -> list[list[tuple[int, int, float]]]:
        """What each of so many runs of the rule matched, with the values of the synapses, in the order of (i, j)."""
        self.source.n, self.target.n = offers, wants
        first, now = self.log.N, round(float(self.network.t / (0.1 * ms)))
        self.network.run(runs * 0.1 * ms)
        found: list[list[tuple[int, int, float]]] = [[] for _ in range(runs)]
        mine = first + np.flatnonzero(self.log.change[first:] > 0)
        step = np.round(np.asarray(self.log.t[mine] / (0.1 * ms))).astype(int) - now
        values = zip(
            step.tolist(), self.log.i[mine].tolist(), self.log.j[mine].tolist(), self.log.w[mine].tolist(), strict=True
        )
        for t, i, j, w in values:
            found[t].append((i, j, w))
        return found


model = cache(Model)


def of(offers: list[int]) -> list[int]:
    """Each neuron as often as it offers an element."""
    return [neuron for neuron, n in enumerate(offers) for _ in range(n)]


def chances(offers: list[int], wants: list[int]) -> dict[tuple[Pair, ...], float]:
    """The chance of each outcome, by counting all matchings of elements."""
    pre, post = of(offers), of(wants)
    n = min(len(pre), len(post))
    counts: Counter[tuple[Pair, ...]] = Counter()
    if len(pre) <= len(post):
        for chosen in permutations(post, n):
            counts[tuple(sorted(zip(pre, chosen, strict=True)))] += 1
    else:
        for chosen in permutations(pre, n):
            counts[tuple(sorted(zip(chosen, post, strict=True)))] += 1
    return {outcome: count / counts.total() for outcome, count in counts.items()}


@pytest.mark.parametrize(("offers", "wants"), [
    ([2, 1, 0, 0], [1, 1, 1, 0, 0]), ([2, 1, 0, 0], [2, 1, 1, 0, 0]), ([3, 2, 0, 0], [1, 1, 0, 0, 0]),
    ([2, 2, 0, 0], [2, 2, 0, 0, 0]), ([1, 0, 3, 0], [0, 1, 2, 0, 2]), ([1, 1, 1, 1], [1, 1, 1, 1, 0]),
])  # fmt: skip
def test_all_matchings_are_as_likely(offers: list[int], wants: list[int]) -> None:
    expected, runs = chances(offers, wants), 4000
    found = model().matchings(offers, wants, runs)
    counts = Counter(tuple((i, j) for i, j, _ in pairs) for pairs in found)
    assert set(counts) <= set(expected)
    statistic = sum((counts[x] - runs * p) ** 2 / (runs * p) for x, p in expected.items())
    freedom = len(expected) - 1
    assert chi2.ppf(1e-4, freedom) <= statistic < chi2.ppf(1 - 1e-4, freedom)


@pytest.mark.parametrize("multi", [False, True])
def test_one_to_one(multi: bool) -> None:
    """No neuron gets more than it offers, all of the side that offers less are matched, and twins draw for themselves."""
    it, rng = model(multi), np.random.default_rng(4)
    for _ in range(40):
        offers = rng.choice([-3.0, 0, 0.999, 1, 1.5, 2, 3.999, 4, 30], PRE)
        wants = rng.choice([-1e300, -inf, 0, 0.5, 1, 2, 7.3, 25], POST)
        a, b = (np.floor(x.clip(0)).astype(int) for x in (offers, wants))
        n = min(a.sum(), b.sum())
        refused = it.rule.refused
        (pairs,) = it.matchings(offers, wants, 1)
        distinct = {(i, j) for i, j, _ in pairs}
        seen_pre, seen_post = it.source.seen_by[:], it.target.seen_by[:]
        assert it.source.all[0] == n == seen_pre.sum() == seen_post.sum()
        assert (seen_pre <= a).all()
        assert (seen_post <= b).all()
        assert (seen_pre == a).all() or (seen_post == b).all()
        if multi:
            assert len(pairs) == n
            assert (np.bincount([i for i, _, _ in pairs], minlength=PRE) == seen_pre).all()
            assert (np.bincount([j for _, j, _ in pairs], minlength=POST) == seen_post).all()
            assert it.rule.refused == refused
        else:
            assert len(pairs) == len(distinct)
            assert it.rule.refused == refused + n - len(distinct)
        assert len({w for _, _, w in pairs}) == len(pairs)
        assert [pair[:2] for pair in pairs] == sorted(pair[:2] for pair in pairs)


@pytest.mark.parametrize(("offers", "wants"), [
    ([0] * PRE, [3] * POST), ([2] * PRE, [0] * POST), ([0.99] * PRE, [1] * POST), ([-1] * PRE, [inf] * POST),
    ([1e12] * PRE, [-1] * POST),
])  # fmt: skip
def test_empty_sides(offers: list[float], wants: list[float]) -> None:
    assert model().matchings(offers, wants, 1) == [[]]


def test_what_is_no_number_offers_nothing() -> None:
    it = model()
    it.rule.namespace["factor"] = inf  # 0*inf
    try:
        assert it.matchings([0] * PRE, [1] * POST, 1) == [[]]
    finally:
        it.rule.namespace["factor"] = 1


@pytest.mark.parametrize(("offers", "wants"), [
    ([1e12, 0, 0, 0], [1] * POST), ([1] * PRE, [inf, 0, 0, 0, 0]), ([1e300] * PRE, [1e300] * POST),
    ([2.0**31 - 1, 1, 0, 0], [1] * POST), ([2.0**40] * PRE, [1] * POST),
])  # fmt: skip
@pytest.mark.parametrize("by_hand", [False, True])
def test_more_elements_than_memory_holds(offers: list[float], wants: list[float], by_hand: bool) -> None:
    """The run stops at once with an error, nothing has changed, and the next one goes on."""
    it = model()
    it.rule.namespace["leave"] = 1
    (before,) = it.matchings([1] * PRE, [1] * POST, 1)
    it.source.n, it.target.n = offers, wants
    began = process_time()
    with pytest.raises(errors.RunError, match="memory ran out") as caught:
        if by_hand:
            it.rule.run()
        else:
            it.network.run(0.1 * ms)
    assert caught.value.code == "E903"
    assert process_time() - began < 2
    s = it.synapses
    s.ragged.check()
    assert sorted(zip(s.i, s.j, s.w, strict=True)) == before
    it.rule.namespace["leave"] = 0
    it.matchings([0] * PRE, [0] * POST, 1)
    assert len(s) == 0
    assert len(it.matchings([1] * PRE, [1] * POST, 1)[0]) == PRE


def test_many_elements() -> None:
    """200 000 of each side are matched in well under a second, as evenly as chance has it."""
    n, each = 200, 1000
    group = NeuronGroup(n, "")
    synapses = Synapses(group, group, "", multisynaptic_index="k")
    synapses.connect(False)
    rule = StructuralPlasticity(synapses, f"for each pair in match({each}.5, {each}.9): create synapse")
    rule.run()
    assert len(synapses) == n * each
    counts = np.bincount(synapses.i[:] * n + synapses.j[:], minlength=n * n).reshape(n, n)
    assert (counts.sum(0) == each).all()
    assert (counts.sum(1) == each).all()
    statistic = ((counts - each / n) ** 2).sum() / (each / n)  # of a table with these margins
    assert chi2.ppf(1e-4, (n - 1) ** 2) < statistic < chi2.ppf(1 - 1e-4, (n - 1) ** 2)
    began = process_time()
    rule.run()
    assert process_time() - began < 10


def test_another_matching_at_each_run_and_the_same_again_for_the_same_seed() -> None:
    it = model()
    eqsnn.seed(3)
    first = it.matchings([5] * PRE, [4] * POST, 20)
    assert len({tuple(pair[:2] for pair in pairs) for pairs in first}) == 20
    eqsnn.seed(4)
    assert it.matchings([5] * PRE, [4] * POST, 20) != first
    by_hand = []
    for _ in range(2):
        eqsnn.seed(3)
        by_hand.append([])
        for _ in range(3):
            before = it.log.N
            it.rule.run()
            by_hand[-1].append(list(zip(it.log.i[before:], it.log.j[before:], it.log.w[before:], strict=True)))
    assert by_hand[0] == by_hand[1]
    assert by_hand[0][0] != by_hand[0][1] != by_hand[0][2]


# ---- with conditions, limits, and what is connected already ----------------------------------------------------------

CHOOSY = """
for each pair in match(n_pre, n_post):
    if connected:
        again_post += 1
        remove synapse if w > 0.5 and j > 0
    else:
        new_post += 1
        create synapse(w=-1) if j < 4 limit 2.9 per post
for each post:
    again_by_post = again_post
    new_by_post = new_post
"""


@pytest.mark.parametrize("by_hand", [False, True])
def test_twins_take_one_place_of_a_limit_together(by_hand: bool) -> None:
    """One presynaptic neuron: its matches with each postsynaptic one are the same pair, which is created once."""
    source = NeuronGroup(2, "n : 1", name="a")
    target = NeuronGroup(6, "n : 1\nagain_by : integer\nnew_by : integer", name="b")
    synapses = Synapses(source, target, "w : 1", name="s")
    rule = StructuralPlasticity(
        synapses, "for each pair in match(n_pre, n_post): create synapse(w=rand()) limit 3 per pre", dt=0.1 * ms, name="rule"
    )  # fmt: skip
    synapses.connect(False)
    network = Network(source, target, synapses)
    source.n, target.n = [40, 0], [6, 7, 8, 9, 10, 0]
    counts: Counter[int] = Counter()
    for run in range(1, 121):
        synapses.ragged.remove(synapses.ragged.order())
        if by_hand:
            rule.run()
        else:
            network.run(0.1 * ms)
        assert len(synapses) == 3
        counts.update(synapses.j[:].tolist())
        assert rule.created == 3 * run
        assert rule.refused == (40 - 5) * run
    assert set(counts) == set(range(5))
    assert min(counts.values()) > 45


def test_conditions_limits_and_removals() -> None:
    source = NeuronGroup(PRE, "n : 1", name="a")
    target = NeuronGroup(POST, "n : 1\nagain_by : integer\nnew_by : integer", name="b")
    synapses = Synapses(source, target, "w : 1", name="s")
    rule = StructuralPlasticity(synapses, CHOOSY, dt=0.1 * ms, name="rule")
    log = StructureMonitor(synapses, "w")
    network = Network(source, target, synapses, log)
    source.n, target.n = [1, 1, 1, 1], [2, 1, 1, 1, 1]
    counts = np.zeros(3, int)
    for _ in range(150):
        synapses.ragged.remove(synapses.ragged.order())
        synapses.connect(p=0.5)
        synapses.w = "rand()"
        kept = {(i, j): w for i, j, w in zip(synapses.i, synapses.j, synapses.w, strict=True)}
        first = log.N
        network.run(0.1 * ms)
        gone = [(i, j) for i, j, c in zip(log.i[first:], log.j[first:], log.change[first:], strict=True) if c < 0]
        new = [(i, j) for i, j, c in zip(log.i[first:], log.j[first:], log.change[first:], strict=True) if c > 0]
        assert all(kept[pair] > 0.5 and pair[1] > 0 for pair in gone)
        assert not set(new) & set(kept)
        again, fresh = target.again_by[:], target.new_by[:]
        assert (again + fresh).sum() == PRE
        for j in range(POST):
            assert sum(pair[1] == j for pair in gone) <= again[j]
            assert sum(pair[1] == j for pair in new) == (min(2, fresh[j]) if j < 4 else 0)
        counts += len(gone), len(new), again.sum()
    assert (counts > 50).all()
    assert rule.refused == 0


# ---- the matching is that of the seed --------------------------------------------------------------------------------

GROWTH = """
for each synapse: remove synapse limit N_incoming - floor(z_post) per post
for each pair in match(floor(z_pre) - N_outgoing, floor(z_post) - N_incoming):
    create synapse(w=floor(4*rand())/4)
for each pre: z_pre = z_pre + count(w > 0.25, per=pre)/8 - 1
for each post: z_post = z_post - 0.5
"""


def build(
    history: Any = untouched, precision: str = "float64", threads: int = 1, multi: bool = False, watched: bool = True
) -> list[tuple[int, int, float]]:
    """Run a network that matches elements, and return its synapses."""
    eqsnn.start_scope()
    eqsnn.seed(5)
    eqsnn.prefs.precision, eqsnn.prefs.threads = precision, threads
    n = 9000 if threads > 1 else 60
    group = NeuronGroup(9000 if threads > 1 else 60, "z : 1", dt=1 * ms, name="a")
    synapses = Synapses(
        group[:60], group[n - 60 :], "w : 1", dt=1 * ms, name="s", multisynaptic_index="k" if multi else None
    )  # fmt: skip
    synapses.connect(p=0.2)
    group[:60].z = 16
    group[n - 60 :].z = 14.5
    rule = StructuralPlasticity(synapses, GROWTH, dt=1 * ms, name="rule")
    network = Network(group, synapses, *([StructureMonitor(synapses)] if watched else []))
    history(synapses)
    network.run(4 * ms)
    assert rule.removed > 50
    assert rule.created > 100
    synapses.ragged.check()
    return sorted(zip(synapses.i[:].tolist(), synapses.j[:].tolist(), synapses.w[:].tolist(), strict=True))


def test_whatever_the_storage_the_precision_and_the_log() -> None:
    expected = build()
    for given in ({"history": gapped}, {"history": reversed_rows}, {"history": compacted}, {"precision": "float32"},
                  {"watched": False}):  # fmt: skip
        assert build(**given) == expected
    twins = build(multi=True)
    assert len({pair[:2] for pair in twins}) < len(twins)
    assert build(multi=True, history=compacted) == twins
    assert build(multi=True, precision="float32", watched=False) == twins
    assert build(threads=2) == build(threads=4)


def test_without_memory_the_network_is_as_it_was_before_the_pass() -> None:
    """Whichever allocation fails, the rule stops with an error and has done nothing, and can run again."""
    failures = 0
    for k in range(1, 40):
        eqsnn.start_scope()
        source, target = NeuronGroup(30, "", dt=1 * ms, name="a"), NeuronGroup(40, "", dt=1 * ms, name="b")
        synapses = Synapses(source, target, "w : 1", dt=1 * ms, multisynaptic_index="k", name="s")
        synapses.connect(j="i")
        text = "for each pair in match(N_outgoing*8, 6): create synapse(w=1) limit 100"
        rule = StructuralPlasticity(synapses, text, dt=1 * ms, name="rule")
        network = Network(source, target, synapses)
        network.run(0 * ms)
        core.load().eqsnn_fail_allocation(k)
        try:
            network.run(1 * ms)
        except (errors.RunError, MemoryError) as error:
            assert "memory" in str(error)
            assert len(synapses) == 30
            failures += 1
        else:
            assert len(synapses) == 130
            break
        finally:
            core.load().eqsnn_fail_allocation(0)
            synapses.ragged.check()
        rule.run()
        assert len(synapses) == 130
    else:
        pytest.fail("it never had enough memory")
    assert failures > 4
