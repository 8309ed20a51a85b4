"""``sample(n)``: distinct pairs, uniformly, as many as asked for or as there are."""

from __future__ import annotations

from collections import Counter
from functools import cache
from time import process_time

import numpy as np
import pytest
from scipy.stats import chi2

import eqsnn
from eqsnn import NeuronGroup, StructuralPlasticity, Synapses, ms

PRE, POST = 6, 5


class Sampler:
    """Projection whose rule connects every sampled pair, and tells how often it was sampled."""

    def __init__(self, head: str, n_pre: int = PRE, n_post: int = POST, before: str = "", body: str = "") -> None:
        self.source = NeuronGroup(n_pre, "n : 1\nk : integer")
        self.target = NeuronGroup(n_post, "m : 1")
        self.synapses = Synapses(self.source, self.target, "w : integer", multisynaptic_index="copy")
        self.synapses.connect(False)
        self.rule = StructuralPlasticity(
            self.synapses, f"{before}\nfor each pair in {head}:\n    create synapse(w=7)\n{body}", namespace={"f": 2}
        )

    def connect(self, pairs: list[tuple[int, int]]) -> None:
        self.synapses.ragged.remove(self.synapses.ragged.order())
        if pairs:
            self.synapses.connect(i=[p[0] for p in pairs], j=[p[1] for p in pairs])
            self.synapses.w = 0

    def draw(self) -> list[tuple[int, int]]:
        """What one run samples."""
        self.rule.run()
        storage = self.synapses.ragged
        new = storage.order()[storage.get("w") == 7]
        pairs = list(zip(storage.fixed("pre")[new].tolist(), storage.fixed("post")[new].tolist(), strict=True))
        storage.remove(new)
        return pairs


sampler = cache(Sampler)


def uniform(counts: Counter[tuple[int, int]], cells: list[tuple[int, int]], per_run: float) -> bool:
    """A chi-square test at 1e-4; draws of one run are distinct, which makes the statistic smaller, by a known factor."""
    found = np.array([counts[cell] for cell in cells])
    expected = found.sum() / len(cells)
    statistic = ((found - expected) ** 2).sum() / expected / (1 - per_run / len(cells))
    return chi2.ppf(1e-4, len(cells) - 1) < statistic < chi2.ppf(1 - 1e-4, len(cells) - 1)


ALL = [(i, j) for i in range(PRE) for j in range(POST)]
TAKEN = [(0, 0), (0, 1), (1, 1), (5, 4), (3, 2), (3, 3), (3, 4), (3, 0), (3, 1)]
FREE = [pair for pair in ALL if pair not in TAKEN]


@pytest.mark.parametrize("n", [1, 4, 12, 25])
@pytest.mark.parametrize("unconnected", [False, True])
def test_distinct_and_uniform(n: int, unconnected: bool) -> None:
    it = sampler("sample(n_wanted, unconnected)" if unconnected else "sample(n_wanted)")
    it.connect(TAKEN)
    cells = FREE if unconnected else ALL
    n_wanted = n
    taken = min(n, len(cells))
    runs, counts = 2500 // taken, Counter()
    before = it.rule.shortfall
    for _ in range(runs):
        it.rule.namespace["n_wanted"] = n_wanted
        pairs = it.draw()
        assert len(set(pairs)) == len(pairs) == taken
        assert set(pairs) <= set(cells)
        counts.update(pairs)
    assert it.rule.shortfall - before == runs * (n - taken)
    if taken < len(cells):
        assert uniform(counts, cells, taken)


@pytest.mark.parametrize("side", ["pre", "post"])
@pytest.mark.parametrize("unconnected", [False, True])
def test_for_each_neuron(side: str, unconnected: bool) -> None:
    it = sampler(f"sample(2, per={side}{', unconnected' if unconnected else ''})")
    it.connect(TAKEN)
    cells = FREE if unconnected else ALL
    place = 0 if side == "pre" else 1
    there = Counter(pair[place] for pair in cells)
    counts: Counter[tuple[int, int]] = Counter()
    runs = 400
    for _ in range(runs):
        pairs = it.draw()
        assert len(set(pairs)) == len(pairs)
        assert Counter(pair[place] for pair in pairs) == {x: min(2, n) for x, n in there.items()}
        counts.update(pairs)
    for neuron, n in there.items():
        own = [pair for pair in cells if pair[place] == neuron]
        assert all(counts[pair] for pair in own)
        if n > 2:
            assert uniform(counts, own, 2)
    missing = sum(max(0, 2 - there[x]) for x in range(PRE if side == "pre" else POST))
    assert it.rule.shortfall == runs * missing


def test_count_of_each_neuron() -> None:
    """An expression of the neuron's variable: rounded down, none below one, all where there are fewer."""
    it = Sampler("sample(f*n_pre + 0.5, per=pre)")
    it.source.n = [-3, 0, 0.24, 0.25, 1.2, 40]
    wanted = {3: 1, 4: 2, 5: POST}
    assert Counter(i for i, _ in it.draw()) == wanted
    assert it.rule.shortfall == 80 - POST


def test_count_from_counters() -> None:
    it = Sampler(
        "sample(lost_post, per=post, unconnected)",
        before="for each synapse:\n    if w == 0:\n        lost_post += 1\n        half += 0.5\n        remove synapse",
        body="for each pair in sample(half): create synapse(w=8)",
    )
    it.connect(TAKEN)
    pairs = it.draw()
    assert Counter(j for _, j in pairs) == Counter(j for _, j in TAKEN)
    assert sum(it.synapses.w == 8) == len(TAKEN) // 2


@pytest.mark.parametrize("count", ["0", "-1", "0.99", "-1e300", "1e300", "2.999999", "inf", "0*inf"])
def test_odd_counts(count: str) -> None:
    it = Sampler(f"sample({count})")
    expected = {"1e300": PRE * POST, "inf": PRE * POST, "2.999999": 2}.get(count, 0)
    assert len(it.draw()) == expected


def test_draws_of_pairs_are_those_of_their_identity() -> None:
    """A random number belongs to (i, j): not to the place among what was sampled."""
    drawn = []
    for head in ("sample(30)", "sample(5, per=pre)", "sample(6, per=post)", "sample(30, unconnected)"):
        eqsnn.start_scope()
        eqsnn.seed(5)
        source, target = NeuronGroup(PRE, ""), NeuronGroup(POST, "")
        synapses = Synapses(source, target, "w : 1")
        synapses.connect(False)
        StructuralPlasticity(synapses, f"for each pair in {head}: create synapse(w=rand())").run()
        drawn.append(sorted(zip(synapses.i, synapses.j, synapses.w, strict=True)))
        assert len({w for _, _, w in drawn[-1]}) == PRE * POST
    assert len(drawn[0]) == PRE * POST
    assert all(other == drawn[0] for other in drawn)


def test_steps_and_runs_by_hand_differ() -> None:
    it = Sampler("sample(3)")
    assert len({tuple(it.draw()) for _ in range(20)}) > 15
    eqsnn.seed(1)
    first = [it.draw() for _ in range(3)]
    eqsnn.seed(1)
    assert [it.draw() for _ in range(3)] == first
    eqsnn.seed(2)
    assert [it.draw() for _ in range(3)] != first


def test_cost_does_not_grow_with_the_network() -> None:
    """100 attempts among 10^4 pairs and among 10^8: the same time, but for the cache."""
    seconds = []
    for n in (100, 10_000):
        eqsnn.start_scope()
        source, target = NeuronGroup(n, ""), NeuronGroup(n, "")
        synapses = Synapses(source, target, "w : 1", name="s")
        synapses.connect(j="(i + k) % N_post for k in range(10)")
        rule = StructuralPlasticity(
            synapses,
            """
for each pair in sample(2000):
    if connected:
        remove synapse if rand() < 0.5
for each pair in sample(500, unconnected): create synapse
""",
            dt=1 * ms, name="rule",
        )  # fmt: skip
        network = eqsnn.Network(source, target, synapses)
        network.run(1 * ms)
        began = process_time()
        network.run(30 * ms)
        seconds.append(network.loop_seconds)
        assert rule.removed > 0
        assert process_time() - began < 5
    assert seconds[1] < 30 * seconds[0] + 0.5  # all pairs would take 10^4 times as long
