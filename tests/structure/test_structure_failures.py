"""What goes wrong: memory that runs out in a rule, and rules that ask for what is not there."""

from __future__ import annotations

import pytest

from eqsnn import Network, NeuronGroup, StructuralPlasticity, StructureMonitor, Synapses, errors, ms
from eqsnn.runtime import core

RULE = """
for each synapse: remove synapse if i % 2 == 0
for each pair in all: create synapse(w=i + j)
for each pair in sample(50): n += 1
for each pair in sample(1, per=post): n += 1
"""


def build() -> tuple[Synapses, StructuralPlasticity, Network]:
    source, target = NeuronGroup(30, "", dt=1 * ms, name="a"), NeuronGroup(40, "", dt=1 * ms, name="b")
    synapses = Synapses(source, target, "w : 1\nn : 1 (shared)", dt=1 * ms, name="s")
    synapses.connect(j="i")
    synapses.w = "i"
    rule = StructuralPlasticity(synapses, RULE, dt=1 * ms, name="rule")
    return synapses, rule, Network(source, target, synapses, StructureMonitor(synapses))


def state(synapses: Synapses) -> list[tuple[int, int, float]]:
    return sorted(zip(synapses.i[:].tolist(), synapses.j[:].tolist(), synapses.w[:].tolist(), strict=True))


START = [(i, i, float(i)) for i in range(30)]
REMOVED = [pair for pair in START if pair[0] % 2]
FULL = sorted(REMOVED + [(i, j, float(i + j)) for i in range(30) for j in range(40) if (i, j, float(i)) not in REMOVED])


@pytest.mark.parametrize("in_a_run", [False, True])
def test_without_memory_the_network_is_as_it_was_before_the_pass(in_a_run: bool) -> None:
    """Whichever allocation fails, the rule stops with an error after a whole number of passes, and can run again."""
    seen, warm = set(), build()
    warm[2].run(0 * ms)
    for k in range(1, 60):
        synapses, rule, network = build()
        network.run(0 * ms)
        core.load().eqsnn_fail_allocation(k)
        try:
            if in_a_run:
                network.run(1 * ms)
            else:
                rule.run()
        except errors.RunError as error:
            assert error.code == "E903"
            assert "memory" in str(error)
            failed = True
        except MemoryError:
            failed = True
        else:
            failed = False
        core.load().eqsnn_fail_allocation(0)
        synapses.ragged.check()
        now = state(synapses)
        assert now in (START, REMOVED, FULL)
        if not failed:
            assert now == FULL
            break
        seen.add(len(now))
        assert rule.created == (len(FULL) - len(REMOVED) if now == FULL else 0)
        assert rule.removed == (0 if now == START else 15)
        rule.run()
        assert len(synapses) == len(FULL)
    else:
        pytest.fail("it never had enough memory")
    assert len(seen) >= 2


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("for each pair in all: remove synapse", "E607"),
        ("for each pair in sample(5): remove synapse if rand() < 0.5", "E607"),
        ("for each pair in sample(5, unconnected): remove synapse", "E607"),
        ("for each pair in all:\n    if connected or i == j: remove synapse", "E607"),
        ("for each pair in all:\n    if not connected: remove synapse", "E607"),
        ("for each synapse: remove synapse if N_incoming_pre > 1", "E301"),
    ],
)
def test_no_synapse_to_remove(rule: str, code: str) -> None:
    synapses, _, _ = build()
    with pytest.raises(errors.EqsnnError) as caught:
        StructuralPlasticity(synapses, rule).run()
    assert caught.value.code == code
    assert "^" in str(caught.value)


@pytest.mark.parametrize(
    "rule",
    [
        "for each pair in all:\n    remove synapse if connected and i < 3",
        "for each pair in all:\n    if i < 3:\n        if not connected: create synapse(w=1)\n        else: remove synapse",
        "for each pair in sample(50):\n    if not (j > 2 or not connected): remove synapse",
    ],
)
def test_a_synapse_to_remove(rule: str) -> None:
    synapses, _, _ = build()
    by_hand = StructuralPlasticity(synapses, rule)
    by_hand.run()
    assert len(synapses) == 30 + by_hand.created - by_hand.removed
    synapses.ragged.check()
