"""``limit n``: never more than ``n`` of those that compete, as many as there may be, and each with the same chance."""

from __future__ import annotations

from collections import Counter
from functools import cache
from math import comb, inf
from typing import Any, TypeAlias

import numpy as np
import pytest
from scipy.stats import chi2
from test_structure_determinism import compacted, gapped, reversed_rows, untouched

import eqsnn
from eqsnn import Network, NeuronGroup, StructuralPlasticity, StructureMonitor, Synapses, errors, ms
from eqsnn.runtime import core

Array: TypeAlias = np.ndarray[Any, Any]
N, EACH = 15, 5
"""Neurons of a side; candidates that each has for each of the three limits, which share out the pairs by (i + j) % 3."""

ROOM = np.array([0, 0.999, -3, 1, 1.5, 2, 2, 2.999999, 3, 4, 5, 6, 1e300, inf, 0])
FACTOR = np.array([1] * 14 + [inf])  # the last one has 0*inf places: no number
TAKEN = np.floor(ROOM.clip(0, EACH)).astype(int)

REMOVALS = """
for each synapse: remove synapse if (i + j) % 3 == 0 limit places
for each synapse: remove synapse if (i + j) % 3 == 1 limit room_pre*factor_pre per pre
for each synapse: remove synapse if (i + j) % 3 == 2 limit room_post*factor_post per post
for each pair in all: create synapse if not connected
"""
CREATIONS = """
for each pair in all:
    if (i + j) % 3 == 0:
        create synapse limit places
    else:
        create synapse if (i + j) % 3 == 1 limit room_pre*factor_pre per pre
        create synapse if (i + j) % 3 == 2 limit room_post*factor_post per post
for each synapse: remove synapse
"""


class Model:
    """Two groups of 15 neurons, all connected or none, and a log of what their rule changes."""

    def __init__(self, rule: str, connected: bool, multi: bool = False) -> None:
        self.source, self.target = (NeuronGroup(N, "room : 1\nfactor : 1", name=name) for name in "ab")
        self.synapses = Synapses(
            self.source, self.target, "w : 1", multisynaptic_index="k" if multi else None, name="s"
        )  # fmt: skip
        self.synapses.connect(connected)
        for group in (self.source, self.target):
            group.room, group.factor = ROOM, FACTOR
        self.rule = StructuralPlasticity(self.synapses, rule, dt=0.1 * ms, name="rule", namespace={"places": 0})
        self.log = StructureMonitor(self.synapses)
        self.network = Network(self.source, self.target, self.synapses, self.log)

    def chosen(self, places: float, steps: int, sign: int) -> list[set[tuple[int, int]]]:
        """The pairs that were chosen in each of so many runs of the rule."""
        self.rule.namespace["places"] = places
        first, now = self.log.N, round(float(self.network.t / (0.1 * ms)))
        self.network.run(steps * 0.1 * ms)
        found: list[set[tuple[int, int]]] = [set() for _ in range(steps)]
        mine = first + np.flatnonzero(self.log.change[first:] == sign)
        step = np.round(np.asarray(self.log.t[mine] / (0.1 * ms))).astype(int) - now
        for t, i, j in zip(step.tolist(), self.log.i[mine].tolist(), self.log.j[mine].tolist(), strict=True):
            found[t].add((i, j))
        return found


removals, creations = cache(lambda: Model(REMOVALS, True)), cache(lambda: Model(CREATIONS, False))


def is_chi2(statistic: float, freedom: int) -> bool:
    return bool(chi2.ppf(1e-4, freedom) < statistic < chi2.ppf(1 - 1e-4, freedom))


def uneven(counts: Counter[Any], cells: int) -> float:
    """The chi-square statistic of counts that should be alike in so many cells."""
    expected = counts.total() / cells
    return sum((n - expected) ** 2 for n in counts.values()) / expected + (cells - len(counts)) * expected


@pytest.mark.parametrize(("model", "sign"), [(removals, -1), (creations, 1)])
def test_exactly_as_many_and_each_set_of_them_is_as_likely(model: Any, sign: int) -> None:
    """For all together, for each presynaptic, and for each postsynaptic neuron."""
    it, runs, places = model(), 1500, 20
    subsets: dict[tuple[str, int], Counter[Any]] = {}
    of_all: Counter[tuple[int, int]] = Counter()
    for pairs in it.chosen(places + 0.9, runs, sign):
        together = {pair for pair in pairs if sum(pair) % 3 == 0}
        assert len(together) == places
        of_all.update(together)
        for side, kind, place in (("pre", 1, 0), ("post", 2, 1)):
            groups: list[set[int]] = [set() for _ in range(N)]
            for pair in pairs:
                if sum(pair) % 3 == kind:
                    groups[pair[place]].add(pair[1 - place])
            assert [len(group) for group in groups] == TAKEN.tolist()
            for neuron, group in enumerate(groups):
                subsets.setdefault((side, neuron), Counter())[frozenset(group)] += 1
    factor = 1 - places / (N * EACH)  # those of one run are distinct
    assert is_chi2(uneven(of_all, N * EACH) / factor, N * EACH - 1)
    for side in ("pre", "post"):
        statistic = sum(uneven(subsets[side, n], comb(EACH, k)) for n, k in enumerate(TAKEN))
        assert is_chi2(statistic, sum(comb(EACH, k) - 1 for k in TAKEN))


@pytest.mark.parametrize("model", [removals, creations])
def test_what_neurons_choose_has_nothing_to_do_with_each_other(model: Any) -> None:
    """Two neurons with two places of five each: all 100 pairs of choices are as likely."""
    it, both = model(), Counter()
    for pairs in it.chosen(0, 6000, -1 if model is removals else 1):
        both[tuple(frozenset(i - j for i, j in pairs if j == n and (i + j) % 3 == 2) for n in (5, 6))] += 1
    assert is_chi2(uneven(both, 100), 99)


@pytest.mark.parametrize(("places", "taken"), [
    (0, 0), (1, 1), (0.999999, 0), (-1, 0), (-1e300, 0), (-inf, 0), (2.999999, 2), (74.5, 74), (75, 75), (76, 75),
    (1e300, 75), (inf, 75),
])  # fmt: skip
def test_odd_numbers_of_places(places: float, taken: int) -> None:
    for model, sign in ((removals, -1), (creations, 1)):
        for pairs in model().chosen(places, 3, sign):
            assert sum(sum(pair) % 3 == 0 for pair in pairs) == taken


def test_another_choice_at_each_run_and_the_same_again_for_the_same_seed() -> None:
    it = removals()
    eqsnn.seed(8)
    first = it.chosen(20, 20, -1)
    assert len(set(map(frozenset, first))) == 20
    eqsnn.seed(9)
    assert it.chosen(20, 20, -1) != first
    states = []
    for _ in range(2):  # by hand
        eqsnn.seed(8)
        states.append([])
        for _ in range(3):
            before = it.log.N
            it.rule.run()
            states[-1].append(list(zip(it.log.i[before:], it.log.j[before:], it.log.change[before:], strict=True)))
    assert states[0] == states[1]
    assert states[0][0] != states[0][1] != states[0][2]


# ---- several limits in one pass, on what competes and what is refused ------------------------------------------------

MIXED = """
for each pair in all:
    if connected:
        remove synapse if (i + j) % 2 == 0 limit room_pre per pre
        create synapse(w=2) if j > 1 limit room_post per post
    else:
        create synapse(w=1) limit places
        create synapse(w=3) if i == j limit room_post per post
"""


@cache
def mixed() -> Model:
    return Model(MIXED, False)


def network_of(s: Synapses) -> dict[tuple[int, int], float]:
    return dict(zip(zip(s.i[:].tolist(), s.j[:].tolist(), strict=True), s.w[:].tolist(), strict=True))


@pytest.mark.parametrize("by_hand", [False, True])
def test_each_limit_holds_by_itself_and_those_refused_take_no_place(by_hand: bool) -> None:
    """A pair that is connected, and stays so, does not compete: a pair whose synapse goes does."""
    it, rng = mixed(), np.random.default_rng(3)
    s = it.synapses
    for places in (0, 3.5, 40, 500):
        s.ragged.remove(s.ragged.order())
        s.connect(p=0.5)
        it.source.room, it.target.room = rng.uniform(-1, 5, N), rng.uniform(-1, 3, N)
        a, b = (np.floor(group.room[:]).clip(0).astype(int) for group in (it.source, it.target))
        it.rule.namespace["places"] = places
        for _ in range(3):
            s.w = 0
            before, refused = network_of(s), it.rule.refused
            if by_hand:
                it.rule.run()
            else:
                it.network.run(0.1 * ms)
            s.ragged.check()
            after = network_of(s)
            # w = 0 are those that were there already
            gone = {pair for pair in before if after.get(pair) != 0}
            free = {(i, j) for i in range(N) for j in range(N)} - set(before)
            for n in range(N):
                candidates = [pair for pair in before if pair[0] == n and sum(pair) % 2 == 0]
                assert {pair for pair in gone if pair[0] == n} <= set(candidates)
                assert sum(pair[0] == n for pair in gone) == min(a[n], len(candidates))
                renewed = [pair for pair in gone if pair[1] == n and pair[1] > 1]
                assert sum(pair[1] == n for pair in gone & set(after)) == min(b[n], len(renewed))
            assert all(after[pair] == 2 for pair in gone & set(after))
            new = set(after) & free
            diagonal = {(n, n) for n in range(N) if (n, n) in free and b[n] >= 1}
            ones = {pair for pair in new if after[pair] == 1}
            assert new - ones <= diagonal <= new
            assert len(ones) == min(int(places), len(free))
            stayed = [pair for pair in before if pair not in gone and pair[1] > 1 and b[pair[1]] >= 1]
            assert it.rule.refused - refused == len(stayed) + len(ones & diagonal)


VISITED = """
for each pair in HEAD:
    if connected:
        n_there_post += 1
        remove synapse limit room_post*factor_post per post
    else:
        n_free_pre += 1
        create synapse(w=2) limit room_pre*factor_pre per pre
for each pre: visited_pre = n_free_pre
for each post: visited_post = n_there_post
"""


@pytest.mark.parametrize("head", ["all", "sample(120)", "sample(9, per=pre)", "sample(9.5, per=post)"])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_in_passes_over_some_pairs(head: str, precision: str) -> None:
    """Of the pairs that a pass visits as many are taken as there are places, or all."""
    eqsnn.prefs.precision = precision
    names = "room : 1\nfactor : 1\nvisited : integer"
    source, target = (NeuronGroup(N + 4, names, dt=1 * ms, name=name) for name in "ab")
    s = Synapses(source[1 : N + 1], target[3 : N + 3], "w : 1", dt=1 * ms, name="s")
    rng = np.random.default_rng(1)
    for group, first in ((source, 1), (target, 3)):
        group.room[first : first + N] = ROOM if precision == "float64" else ROOM.clip(-1e30, 1e30)
        group.factor[first : first + N] = FACTOR
    s.connect(p=0.5)
    StructuralPlasticity(s, VISITED.replace("HEAD", head), dt=1 * ms, name="rule")
    network, log, competed = Network(source, target, s), StructureMonitor(s), 0
    network.add(log)
    for _ in range(30):
        first = log.N
        network.run(1 * ms)
        gone, new = (first + np.flatnonzero(log.change[first:] == sign) for sign in (-1, 1))
        visited = source.visited[1 : N + 1], target.visited[3 : N + 3]
        places = np.floor(ROOM.clip(0, N)).astype(int)
        assert np.bincount(log.i[new], minlength=N).tolist() == np.minimum(visited[0], places).tolist()
        assert np.bincount(log.j[gone], minlength=N).tolist() == np.minimum(visited[1], places).tolist()
        competed += (visited[0] > places).sum()
        s.ragged.remove(s.ragged.order())
        s.connect(p=rng.uniform(0.3, 0.7))
    assert competed > 100


# ---- several synapses of a pair --------------------------------------------------------------------------------------


def test_each_synapse_of_a_pair_competes_for_itself() -> None:
    """Of 12 synapses, 10 of them of one pair, each is as likely to go; and places of connected pairs are taken."""
    source, target = NeuronGroup(3, ""), NeuronGroup(2, "room : 1")
    synapses = Synapses(source, target, "w : integer", multisynaptic_index="k", name="s")
    synapses.connect(i=[0] * 10 + [1, 2], j=[0] * 12)
    rule = StructuralPlasticity(
        synapses, """
        for each synapse: remove synapse limit 4.5 per post
        for each post: room_post = 12 - N_incoming
        for each pair in all:
            create synapse(w=1) if j == 0 limit room_post per post
        """, dt=0.1 * ms, name="rule",
    )  # fmt: skip
    log = StructureMonitor(synapses)
    network = Network(source, target, synapses, log)
    counts: Counter[int] = Counter()
    for _ in range(700):
        serials = synapses.ragged.serial.tolist()
        first = log.N
        network.run(0.1 * ms)
        gone = log.serial[first:][log.change[first:] < 0].tolist()
        assert len(gone) == 4
        assert len(set(gone)) == 4
        assert len(synapses) == 11  # three pairs for four places
        counts.update(serials.index(serial) * 12 // len(serials) for serial in gone)
        synapses.connect(i=[0], j=[0])
        assert len(synapses) == 12
    assert rule.refused == 0
    assert is_chi2(uneven(counts, 12) / (1 - 4 / 12), 11)


# ---- the choice is that of the seed ----------------------------------------------------------------------------------

CHOICES = """
for each synapse:
    remove synapse if w > 0.25 limit room_post per post
    remove synapse if w < 0.125 limit 30.5
for each pair in sample(200):
    if connected:
        w_gone_post += w
        remove synapse limit 1 per pre
    else:
        create synapse(w=0.5*(1 + (i + j) % 2)) limit room_pre per pre
for each post:
    room_post = count(w > 0.5, per=post)/3 + w_gone_post/100
"""


def moved(synapses: Synapses) -> None:
    """Rows lie elsewhere; the synapses of a pair are told apart by when they were created, which stays as it is."""
    number = synapses.ragged.fields.next_serial
    gapped(synapses)
    synapses.ragged.fields.next_serial = number


def build(
    n: int = 60, history: Any = untouched, precision: str = "float64", watched: bool = True, within: bool = False,
    multi: bool = False, by_hand: bool = False,
) -> list[tuple[int, int, float]]:  # fmt: skip
    """Run a network whose rule chooses, and return its synapses."""
    eqsnn.start_scope()
    eqsnn.seed(5)
    eqsnn.prefs.precision = precision
    groups = [NeuronGroup(n, "room : 1", dt=1 * ms, name=name) for name in ("a", "b"[: not within]) if name]
    synapses = Synapses(
        groups[0][: min(n, 60)], groups[-1][n - min(n, 60) :], "w : 1", dt=1 * ms, name="s",
        multisynaptic_index="k" if multi else None,
    )  # fmt: skip
    synapses.connect(p=0.3)
    rng = np.random.default_rng(1)
    synapses.w = rng.integers(0, 9, len(synapses)) / 8
    for group in groups:
        group.room = rng.integers(-2, 9, n) / 2
    rule = StructuralPlasticity(synapses, CHOICES, dt=1 * ms, name="rule")
    network = Network(*groups, synapses, *([StructureMonitor(synapses)] if watched else []))
    history(synapses)
    if by_hand:
        for _ in range(4):
            rule.run()
    else:
        network.run(4 * ms)
    assert rule.removed > 100
    assert rule.created > 100
    synapses.ragged.check()
    return sorted(zip(synapses.i[:].tolist(), synapses.j[:].tolist(), synapses.w[:].tolist(), strict=True))


@pytest.mark.parametrize("by_hand", [False, True])
def test_whatever_the_storage_the_precision_and_the_log(by_hand: bool) -> None:
    expected = build(by_hand=by_hand)
    for given in ({"history": gapped}, {"history": reversed_rows}, {"history": compacted}, {"precision": "float32"},
                  {"watched": False}):  # fmt: skip
        assert build(by_hand=by_hand, **given) == expected


def test_of_a_group_to_itself_and_with_several_synapses_of_a_pair() -> None:
    for given in ({"within": True}, {"multi": True}, {"within": True, "multi": True}):
        expected = build(**given)
        assert build(history=moved, **given) == expected
        assert build(history=compacted, **given) == expected
        assert build(precision="float32", watched=False, **given) == expected


def test_on_any_number_of_threads() -> None:
    found = []
    for threads in (1, 2, 4):
        eqsnn.prefs.threads = threads
        found.append(build(9000))
    assert found[0] == found[1] == found[2]


# ---- memory ----------------------------------------------------------------------------------------------------------

LARGE = """
for each synapse:
    w = w + 1
    remove synapse if i % 2 == 0 and rank(j) >= 0 limit 100 per pre
    remove synapse if i % 2 == 0 limit 200
    remove synapse if i % 4 == 0
for each pair in all:
    create synapse(w=count(w > 0) + mean(w)*0 + quantile(w, 0.5)*0) if not connected limit 2000
"""


def test_without_memory_the_network_is_as_it_was_before_the_pass() -> None:
    """Whichever allocation fails, the rule stops with an error after a whole number of passes, and can run again."""
    start = [(i, i, 0.0) for i in range(30)]
    changed = [(i, i, 1.0) for i in range(30) if i % 2]
    full = sorted(changed + [(i, j, 15.0) for i in range(30) for j in range(40) if (i, j, 1.0) not in changed])
    seen = set()
    for k in range(1, 80):
        eqsnn.start_scope()
        source, target = NeuronGroup(30, "", dt=1 * ms, name="a"), NeuronGroup(40, "", dt=1 * ms, name="b")
        synapses = Synapses(source, target, "w : 1", dt=1 * ms, name="s")
        synapses.connect(j="i")
        rule = StructuralPlasticity(synapses, LARGE, dt=1 * ms, name="rule")
        network = Network(source, target, synapses)
        network.run(0 * ms)
        core.load().eqsnn_fail_allocation(k)
        failed = False
        try:
            network.run(1 * ms)
        except (errors.RunError, MemoryError) as error:
            failed = True
            assert "memory" in str(error)
        core.load().eqsnn_fail_allocation(0)
        synapses.ragged.check()
        now = sorted(zip(synapses.i[:].tolist(), synapses.j[:].tolist(), synapses.w[:].tolist(), strict=True))
        assert now in (start, changed, full)
        if not failed:
            assert now == full
            break
        seen.add(len(now))
        synapses.ragged.remove(synapses.ragged.order())
        synapses.connect(j="i")
        rule.run()
        assert len(synapses) == len(full)
    else:
        pytest.fail("it never had enough memory")
    assert seen == {len(start), len(changed)}


def test_places_and_offers_that_are_drawn() -> None:
    """Each neuron draws its own at each run; of three equally likely numbers, about a third of the neurons have each."""
    n = 300
    group = NeuronGroup(n, "")
    synapses = Synapses(group, group, "", multisynaptic_index="k")
    synapses.connect(False)
    gone = "for each synapse: remove synapse\n"
    for rule in (
        "for each pair in all: create synapse limit 3*rand() per post",
        "for each pair in match(1e6, 3*rand()): create synapse",
    ):
        drawn = StructuralPlasticity(synapses, gone + rule)
        degrees = []
        for _ in range(2):
            drawn.run()
            degrees.append(np.bincount(synapses.j[:], minlength=n))
        for degree in degrees:
            assert set(degree) == {0, 1, 2}
            assert ((np.bincount(degree) - n / 3) ** 2).sum() / (n / 3) < chi2.ppf(1 - 1e-4, 2)
        assert 0.4 * n < (degrees[0] != degrees[1]).sum() < 0.9 * n
