"""Memory that runs out in a rule: the pass has not happened, neither its wiring nor its values, and the rule can go on.

Every allocation of every kind of pass is made to fail in turn; then a rule meets a limit that the system sets.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import eqsnn
from eqsnn import Network, NeuronGroup, StructuralPlasticity, StructureMonitor, Synapses, errors, ms
from eqsnn.runtime import core
from eqsnn.runtime.ragged import Ragged

PRE, POST = 30, 40
MODEL = """
w : 1
c : integer
dq/dt = -q/(7*ms) : 1 (event-driven)
total : 1 (shared)
"""
PASSES = {
    "synapses": """
for each synapse:
    w += 1
    c = c + 2
    q = 3*q + 1
    n_post += w
    m_pre += c
    total += w
    lost += 1
    lost_post += 2
    remove synapse if i % 2 == 0
for each post: m_post += lost + lost_post
""",
    "synapses, none removed": "for each synapse:\n    w += 1\n    n_post += w\n    q += 1\n    remove synapse if w < 0",
    "limited removals": """
for each synapse:
    w += 1
    n_post += 1
    total += 1
    remove synapse if i > 3 limit 2 per post
""",
    "all pairs": """
for each pair in all:
    n_post += 1
    m_pre += n_post
    total += i
    seen_pre += 1
    if connected:
        remove synapse if i % 3 == 0
    create synapse(w=i, c=j, q=1) if (i + j) % 2 == 0
for each pre: n_pre = seen_pre
""",
    "limited creations": """
for each pair in all:
    n_post += 1
    total += 1
    create synapse(w=i) if i % 2 == 0 limit m_post + 3 per post
""",
    "sample": "for each pair in sample(500):\n    n_post += 1\n    total += 1\n    if not connected: create synapse(w=1, q=2)",
    "sample, few": "for each pair in sample(20, unconnected):\n    n_post += 1\n    create synapse(w=1)",
    "sample for each": """
for each pair in sample(9, per=post, unconnected):
    m_pre += 1
    total += 1
    create synapse(w=1)
""",
    "match": "for each pair in match(n_pre + 4, m_post + 3):\n    n_post += 1\n    total += w_new\n    create synapse(w=w_new)",
    "rank": """
for each synapse:
    total += 1
    n_post += rank(w)
    remove synapse if rank(w, per=post) < 1
""",
    "aggregates": """
for each synapse:
    w += 1
    n_post += mean(w, per=post)
    remove synapse if w < quantile(w, 0.4) + max(c)/100 + sum(q, per=pre)/100
""",
}


class Case:
    """A network with one rule; its pairs are those of a band, laid out tightly."""

    def __init__(self, rule: str) -> None:
        self.source = NeuronGroup(PRE, "n : 1\nm : 1", threshold="n < -1", dt=1 * ms, name="source")
        self.target = NeuronGroup(POST, "n : 1\nm : 1", threshold="n < -1", dt=1 * ms, name="target")
        self.synapses = Synapses(
            self.source, self.target, MODEL, on_pre="q += w", on_post="w += 0", dt=1 * ms, name="s"
        )
        self.synapses.connect("(i + j) % 7 == 0")
        self.synapses.w, self.synapses.c, self.synapses.q = "i + j/64", "i - j", "i*j"
        self.source.n = self.target.m = 1
        self.rule = StructuralPlasticity(self.synapses, rule, dt=1 * ms, namespace={"w_new": 5}, name="rule")
        self.monitor = StructureMonitor(self.synapses)
        self.network = Network(self.source, self.target, self.synapses, self.monitor)

    def state(self) -> dict[str, Any]:
        """All that a model can see."""
        storage, groups = self.synapses.ragged, (self.source, self.target)
        columns = {name: storage.get(name).tolist() for name in storage.columns}
        neurons = {f"{group.name}.{name}": getattr(group, name)[:].tolist() for group in groups for name in "nm"}
        counts = [getattr(self.rule, name) for name in ("created", "removed", "refused", "shortfall")]
        return {
            **columns, **neurons, "i": storage.i.tolist(), "j": storage.j.tolist(), "serial": storage.serial.tolist(),
            "total": float(self.synapses.total), "counts": counts, "logged": self.monitor.N, "t": float(self.network.t / ms),
        }  # fmt: skip

    def run(self, by_hand: bool) -> None:
        """Run the rule once; it draws the same whenever it is run by hand."""
        eqsnn.seed(3)
        if by_hand:
            self.rule.run()
        else:
            self.network.run(1 * ms)


def pending() -> bool:
    """Whether the allocation that is to fail is still to come; none is afterwards."""
    found = False
    for _ in range(60):  # each makes some
        try:
            Ragged(1, 1)
        except MemoryError:
            found = True
    core.load().eqsnn_fail_allocation(0)
    return found


def attempts(rule: str, by_hand: bool) -> Iterator[tuple[Case, errors.RunError | None]]:
    """The network after the rule has run once, for each allocation that may fail, and the error that this led to.

    Some lead to none: memory that is not laid out anew is laid out as it was.
    """
    case = None
    for k in range(1, 200):
        if case is None:
            case = Case(rule)
            case.network.run(0 * ms)
        core.load().eqsnn_fail_allocation(k)
        raised = None
        try:
            case.run(by_hand)
        except errors.RunError as error:
            raised = error
        if pending():
            return
        case.synapses.ragged.check()
        yield case, raised
        case = case if raised is not None else None
    pytest.fail("it never had enough memory")


def undisturbed(rule: str, by_hand: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a model can see before and after."""
    case = Case(rule)
    case.network.run(0 * ms)
    before = case.state()
    case.run(by_hand)
    return before, case.state()


@pytest.mark.parametrize("by_hand", [True, False], ids=["by hand", "in a run"])
@pytest.mark.parametrize("name", PASSES)
def test_whichever_allocation_fails_the_pass_has_not_happened(name: str, by_hand: bool) -> None:
    before, after = undisturbed(PASSES[name], by_hand)
    assert after != before
    failures = 0
    for case, error in attempts(PASSES[name], by_hand):
        if error is None:
            assert case.state() == after
            continue
        failures += 1
        assert case.state() == before
        assert error.code == "E903"
        assert "memory ran out in" in str(error)
        assert "the synapses are as they were before the change that failed" in str(error)
        case.synapses.ragged.check()
    assert failures >= 1


SEVERAL = """
for each synapse:
    w += 1
    lost_post += 1
    n_post += 1
    remove synapse if i % 2 == 0
for each post: m_post += lost_post
for each pair in all:
    m_pre += n_post
    create synapse(w=lost_post, c=3) if (i + j) % 3 == 0
for each synapse:
    total += w
    remove synapse if c > 0 limit 5 per post
for each pair in sample(400, unconnected):
    n_pre += 1
    create synapse(w=2)
"""
BOUNDARIES = [SEVERAL[: SEVERAL.index(head)] for head in ("for each synapse:\n    total", "for each pair in sample")]


@pytest.mark.parametrize("by_hand", [True, False], ids=["by hand", "in a run"])
def test_a_rule_of_several_passes_stops_after_some_of_them(by_hand: bool) -> None:
    """The passes before the one that failed stand, with all they did; that one and those after it have done nothing.

    A pass over neurons needs no memory, so there is nothing to see between it and the one before it.
    """
    texts = ("for each pre: n_pre += 0", BOUNDARIES[0].split("for each pair")[0], *BOUNDARIES, SEVERAL)
    possible = [undisturbed(text, by_hand)[1] | {"t": None} for text in texts]
    seen = []
    for k in range(1, 200):  # every one anew
        case = Case(SEVERAL)
        case.network.run(0 * ms)
        core.load().eqsnn_fail_allocation(k)
        try:
            case.run(by_hand)
        except errors.RunError as error:
            assert error.code == "E903"
        if pending():
            break
        case.synapses.ragged.check()
        seen.append(possible.index(case.state() | {"t": None}))
    assert set(seen) >= {0, 1, 2, 3}
    assert [k for k in seen if k < 4] == sorted(k for k in seen if k < 4)


BY_THE_SYSTEM = """
import resource, sys
import numpy as np
from eqsnn import *
from eqsnn import errors
from eqsnn.runtime import core

rule, in_a_run = sys.argv[1], sys.argv[2] == "run"
G = NeuronGroup(1000, "n : 1", threshold="n < -1", dt=1*ms)
S = Synapses(G, G, "w : 1", on_pre="w += 1", on_post="w += 1", dt=1*ms)
S.connect(j="i")
S.w, many = "i", 0.0
changing = StructuralPlasticity(S, rule, dt=1*ms)
network = Network(G, S)
run = (lambda: network.run(1*ms)) if in_a_run else changing.run
run()                                   # compiles, and does nothing
many = 900.0
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages*resource.getpagesize() + 10_000_000, resource.RLIM_INFINITY))
try:
    run()
except errors.RunError as error:
    print(error.code, str(error).splitlines()[-1])
S.ragged.check()
assert np.array_equal(S.i[:], np.arange(1000)) and np.array_equal(S.i[:], S.j[:]) and np.array_equal(S.w[:], S.i[:])
assert not G.n[:].any() and (changing.created, changing.removed, changing.refused) == (0, 0, 0)
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
many = 2.0
run()
S.ragged.check()
print(changing.created, float(G.n[:].sum()))
"""


@pytest.mark.parametrize("how", ["hand", "run"])
@pytest.mark.parametrize(
    "rule",
    [
        "for each pair in all:\n    n_post += many\n    create synapse(w=1) if i < many and not connected",
        "for each pair in sample(1000*many):\n    n_post += 1\n    create synapse(w=1) if not connected",
        "for each pair in sample(many, per=pre, unconnected):\n    n_post += 1\n    create synapse(w=1)",
        "for each pair in match(many*int(many > 2), many*int(many > 2)):\n    n_post += 1\n    create synapse(w=1)",
        "for each pair in all:\n    n_post += many\n    create synapse(w=1) if not connected limit many per pre",
    ],
)  # fmt: skip
def test_a_limit_that_the_system_sets(rule: str, how: str) -> None:
    """A rule that creates more than the process may hold says so; the same process goes on when there is memory."""
    command = [sys.executable, "-c", BY_THE_SYSTEM, rule, how]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    said, after = done.stdout.splitlines()
    assert said.startswith("E903 ")
    assert said.endswith("the synapses are as they were before the change that failed")
    created = int(after.split()[0])
    assert 0 <= created <= 10**6
