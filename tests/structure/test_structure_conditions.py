"""What follows `connected and` in a condition is asked only where there is a synapse."""

import numpy as np
import pytest

from eqsnn import *


def network(rule):
    start_scope()
    seed(5)
    G = NeuronGroup(30, "lost : integer\nseen : 1\nx : 1", name="neurons")
    S = Synapses(G, G, "w : 1\nfree : boolean", name="synapses")
    S.connect(p=0.2)
    S.w = "rand()"
    S.free = "rand() < 0.5"
    G.x = "i"
    plasticity = StructuralPlasticity(S, rule)
    plasticity.active = False
    return G, S, plasticity


def pairs(S, chosen=slice(None)):
    return set(zip(np.asarray(S.i)[chosen].tolist(), np.asarray(S.j)[chosen].tolist(), strict=True))


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("connected and w < 0.4", lambda S, x: np.asarray(S.w) >= 0.4),
        ("connected and w < 0.4 and free", lambda S, x: ~((np.asarray(S.w) < 0.4) & np.asarray(S.free))),
        ("x_pre > 9 and connected and w < 0.4", lambda S, x: ~((x[S.i] > 9) & (np.asarray(S.w) < 0.4))),
        ("connected and (w < 0.2 or free)", lambda S, x: ~((np.asarray(S.w) < 0.2) | np.asarray(S.free))),
    ],
)
def test_a_removal(condition, kept):
    G, S, rule = network(f"for each pair in all: remove synapse if {condition}")
    expected = pairs(S, kept(S, np.asarray(G.x)))
    rule.run()
    assert pairs(S) == expected
    assert rule.removed > 0


def test_a_branch_with_an_alternative():
    G, S, rule = network("""for each pair in all:
    if connected and w < 0.5:
        lost_post += 1
    else:
        seen_post += 1""")
    weak = np.bincount(np.asarray(S.j)[np.asarray(S.w) < 0.5], minlength=30)
    rule.run()
    assert (np.asarray(G.lost) == weak).all()
    assert (np.asarray(G.seen) == 30 - weak).all()


def test_a_limit_under_it():
    _, S, rule = network("for each pair in all: remove synapse if connected and w < 0.5 limit 5")
    before, weak = len(S), pairs(S, np.asarray(S.w) < 0.5)
    was = pairs(S)
    rule.run()
    assert len(S) == before - 5
    assert was - pairs(S) <= weak
