"""Rules that ask for more than there is take what there is, count what was missing, and come to an end."""

from __future__ import annotations

from collections import Counter
from time import process_time

import numpy as np
import pytest

from eqsnn import Network, NeuronGroup, StructuralPlasticity, Synapses, ms

PRE, POST = 9, 7
Pairs = set[tuple[int, int]]


class Case:
    """A projection that has some of its pairs, and a rule that connects those it draws."""

    def __init__(self, head: str, multi: bool = False, shape: tuple[int, int] = (PRE, POST)) -> None:
        self.source = NeuronGroup(shape[0], "k : 1\nseen : integer", dt=1 * ms, name="source")
        self.target = NeuronGroup(shape[1], "k : 1\nseen : integer", dt=1 * ms, name="target")
        self.synapses = Synapses(
            self.source, self.target, "w : 1", multisynaptic_index="copy" if multi else None, dt=1 * ms, name="s"
        )
        self.synapses.connect(False)
        rule = f"for each pair in {head}:\n    seen_pre += 1\n    seen_post += 1\n    create synapse(w=1)"
        self.rule = StructuralPlasticity(
            self.synapses, rule, dt=1 * ms, namespace={"wanted": 0, "zero": 0}, name="rule"
        )
        self.network = Network(self.source, self.target, self.synapses)

    def connect(self, pairs: Pairs) -> None:
        if pairs:
            self.synapses.connect(i=[i for i, _ in pairs], j=[j for _, j in pairs])

    def pairs(self) -> Counter[tuple[int, int]]:
        return Counter(zip(self.synapses.i[:].tolist(), self.synapses.j[:].tolist(), strict=True))


ALL = {(i, j) for i in range(PRE) for j in range(POST)}
CONNECTED: dict[str, Pairs] = {
    "none": set(),
    "all": ALL,
    "all but one": ALL - {(4, 3)},
    "one row and one column": {(i, j) for i, j in ALL if i == 2 or j == 5},
    "all but one row": {(i, j) for i, j in ALL if i != 8},
    "every other": {(i, j) for i, j in ALL if (i + j) % 2},
}


@pytest.mark.parametrize("multi", [False, True])
@pytest.mark.parametrize("name", CONNECTED)
def test_from_fewer_free_pairs_than_asked_for(name: str, multi: bool) -> None:
    free = ALL - CONNECTED[name]
    for wanted in (len(free), len(free) + 1, 10 * len(free) + 3, 1e6):
        case = Case("sample(wanted, unconnected)", multi)
        case.connect(CONNECTED[name])
        case.rule.namespace["wanted"] = wanted
        case.rule.run()
        assert case.pairs() == Counter(ALL)
        assert (case.rule.created, case.rule.refused) == (len(free), 0)
        assert case.rule.shortfall == wanted - len(free)
        case.network.run(1 * ms)  # now there are none
        assert (case.rule.created, case.rule.refused) == (len(free), 0)
        assert case.rule.shortfall == 2 * wanted - len(free)
        case.synapses.ragged.check()


@pytest.mark.parametrize("multi", [False, True])
@pytest.mark.parametrize("side", ["pre", "post"])
@pytest.mark.parametrize("name", CONNECTED)
def test_from_fewer_free_partners_than_each_asks_for(name: str, side: str, multi: bool) -> None:
    free = ALL - CONNECTED[name]
    case = Case(f"sample(k_{side}, per={side}, unconnected)", multi)
    case.connect(CONNECTED[name])
    n = PRE if side == "pre" else POST
    wanted = [(3 * neuron) % 8 for neuron in range(n)]
    getattr(case, "source" if side == "pre" else "target").k = wanted
    there = Counter(pair[0 if side == "pre" else 1] for pair in free)
    case.rule.run()
    taken = {neuron: min(wanted[neuron], there[neuron]) for neuron in range(n)}
    seen = getattr(case, "source" if side == "pre" else "target").seen[:]
    assert seen.tolist() == list(taken.values())
    assert case.rule.created == sum(taken.values())
    assert case.rule.shortfall == sum(wanted) - sum(taken.values())
    assert max(case.pairs().values()) == 1
    case.synapses.ragged.check()


@pytest.mark.parametrize("unconnected", [False, True])
@pytest.mark.parametrize(
    ("wanted", "means"),
    [("0/zero", 0), ("1/zero", np.inf), ("-1/zero", 0), ("1e300", np.inf), ("-1e300", 0), ("2**31 + 0.5", 2**31),
     ("2**53", 2**53), ("1e-300", 0), ("1 - 1e-9", 0), ("3 - 1e-9", 2), ("-0.5", 0)],
)  # fmt: skip
def test_numbers_that_count_nothing_there_is(wanted: str, means: float, unconnected: bool) -> None:
    """What is no number, below one, or beyond any number of pairs."""
    case = Case(f"sample({wanted}{', unconnected' if unconnected else ''})")
    case.connect(CONNECTED["every other"])
    there = len(ALL) - len(CONNECTED["every other"]) if unconnected else len(ALL)
    case.rule.run()
    assert case.source.seen[:].sum() == min(means, there)
    if means < np.inf:
        assert case.rule.shortfall == max(0, means - there)
    else:
        assert case.rule.shortfall >= 2**62


@pytest.mark.parametrize("side", ["pre", "post"])
@pytest.mark.parametrize("unconnected", [False, True])
def test_numbers_of_each_neuron_that_count_nothing_there_is(side: str, unconnected: bool) -> None:
    """One neuron's odd number is nothing to the others."""
    numbers = {"0/k": 0, "1/k": np.inf, "-1/k": 0}
    for text, means in numbers.items():
        count = text.replace("k", f"k_{side}")
        case = Case(f"sample({count}, per={side}{', unconnected' if unconnected else ''})")
        group = case.source if side == "pre" else case.target
        group.k = 1
        group.k[3] = 0
        own = int(text[:-2])  # of the others
        case.rule.run()
        expected = [max(0, own)] * len(group)
        expected[3] = min(means, POST if side == "pre" else PRE)
        assert group.seen[:].tolist() == expected


@pytest.mark.parametrize("limit", ["0/zero", "-1/zero", "zero - 3", "0.99"])
def test_no_places(limit: str) -> None:
    case = Case(f"all:\n    create synapse(w=2) limit {limit}\nfor each pair in sample(0)")
    case.rule.run()
    assert len(case.synapses) == 0


@pytest.mark.parametrize("limit", ["1/zero", "1e300", "2**40"])
def test_more_places_than_pairs(limit: str) -> None:
    case = Case(f"all:\n    create synapse(w=2) limit {limit} per pre\nfor each pair in sample(0)")
    case.rule.run()
    assert len(case.synapses) == len(ALL)


def test_matching_with_nobody() -> None:
    """Offers that find no partner, and partners that are connected already."""
    case = Case("match(k_pre, k_post)")
    case.source.k = 5
    case.rule.run()
    assert len(case.synapses) == 0
    case.connect(ALL)
    case.target.k = 5
    case.rule.run()
    assert (case.rule.created, case.rule.refused) == (0, 5 * POST)
    assert case.target.seen[:].tolist() == [5] * POST


@pytest.mark.parametrize("k", [2, 3, 8])
@pytest.mark.parametrize("multi", [False, True])
def test_the_last_free_pairs_of_a_large_projection_are_found_soon(k: int, multi: bool) -> None:
    """Three of a quarter of a million: trying at random until they are met could take for ever, and with none left it would."""
    n = 500
    free = [(17, 3), (251, 499), (499, 0)]
    case = Case("sample(wanted, unconnected)", multi, (n, n))
    taken = np.setdiff1d(np.arange(n * n), [i * n + j for i, j in free])
    case.synapses.connect(i=taken // n, j=taken % n)
    case.rule.namespace["wanted"] = 0
    case.rule.run()  # compiles
    case.rule.namespace["wanted"] = k
    began = process_time()
    case.rule.run()
    case.rule.run()
    assert process_time() - began < 20
    assert case.rule.created == 3
    assert case.rule.shortfall == 2 * k - 3
    assert {(i, j) for i, j in free} <= set(case.pairs())
