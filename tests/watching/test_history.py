"""`S.history_at`: the past is what it was when it was the present, whatever changed the wiring since."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eqsnn import Network, NeuronGroup, StructuralPlasticity, StructureMonitor, Synapses, errors, ms, second

N_PRE, N_POST = 6, 5

# Removals and creations of the same pair in one pass, several synapses of a pair, passes that follow each other.
CHURN = (
    """
for each synapse:
    remove synapse if rand() < 0.3
for each pair in sample(7):
    if connected:
        remove synapse if rand() < 0.4
        create synapse(w=w + 1) if rand() < 0.4
    else:
        create synapse(w=i)
        create synapse(w=j) if rand() < 0.5
""",
    # Who stays is asked of all synapses, and elements are matched.
    """
for each synapse:
    remove synapse if w <= quantile(w, 0.3) limit 3
for each synapse: remove synapse if rank(w, per=post) == 0 and rand() < 0.5 limit 1 per pre
for each pair in match(int(2*rand()), 3 - N_incoming):
    create synapse(w=rand())
for each pair in sample(3, unconnected): create synapse(w=rand()) if rand() < 0.7 limit 2
""",
)


def pairs(connectivity) -> Counter:
    return Counter(zip(np.asarray(connectivity.i).tolist(), np.asarray(connectivity.j).tolist(), strict=True))


class Watched:
    """A network that notes after each millisecond what it looks like."""

    def __init__(self, multi: bool, rule: str) -> None:
        source, target = NeuronGroup(N_PRE, "", dt=1 * ms), NeuronGroup(N_POST, "", dt=1 * ms)
        index = "k" if multi else None
        self.multi = multi
        self.synapses = Synapses(source, target, "w : 1", dt=1 * ms, multisynaptic_index=index)
        self.synapses.connect(p=0.4)
        self.rule = StructuralPlasticity(self.synapses, rule, dt=1 * ms)
        self.network = Network(source, target, self.synapses)

    def watch(self) -> None:
        self.monitor = StructureMonitor(self.synapses)
        self.seen = {self.now: (pairs(self.synapses), self.synapses.ragged.serial.tolist())}

    @property
    def now(self) -> int:
        return round(self.synapses.clock.t_ * 1000)

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self.network.run(1 * ms)
            self.note()

    def note(self) -> None:
        self.seen[self.now] = (pairs(self.synapses), self.synapses.ragged.serial.tolist())

    def connect(self) -> None:
        free = [(i, j) for i in range(N_PRE) for j in range(N_POST) if self.multi or (i, j) not in pairs(self.synapses)]
        chosen = free[::3]
        self.synapses.connect(i=[i for i, _ in chosen], j=[j for _, j in chosen])
        self.note()

    def check(self) -> None:
        for moment, (expected, serials) in self.seen.items():
            past = self.synapses.history_at(moment * ms)
            assert pairs(past) == expected
            assert past.serial.tolist() == serials
            assert past.N == len(past) == self.monitor.count(moment * ms) == sum(expected.values())


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    multi=st.booleans(),
    rule=st.sampled_from(CHURN),
    before=st.integers(0, 3),
    acts=st.lists(st.sampled_from(["run", "run", "connect", "rule", "float32", "float64", "ask"]), max_size=9),
)
def test_the_past_is_what_it_was(multi: bool, rule: str, before: int, acts: list[str]) -> None:
    """Over several runs, with connections and rules by hand between them, and storage moved to another precision."""
    watched = Watched(multi, rule)
    if before:
        watched.network.run(before * ms)
    watched.watch()
    for act in [*acts, "run"]:
        match act:
            case "run":
                watched.run(3)
            case "connect":
                watched.connect()
            case "rule":
                watched.rule.run()
                watched.note()
            case "ask":
                watched.check()
            case precision:
                watched.synapses.set_precision(precision)
    watched.check()
    assert pairs(watched.synapses.history_at(watched.now * ms)) == pairs(watched.synapses)


def test_what_a_moment_tells() -> None:
    source, target = NeuronGroup(3, "", dt=1 * ms), NeuronGroup(4, "", dt=1 * ms)
    synapses = Synapses(source, target, "w : 1", dt=1 * ms, multisynaptic_index="k")
    StructureMonitor(synapses)
    synapses.connect(i=[0, 2, 2], j=[1, 3, 3])
    StructuralPlasticity(synapses, "for each synapse: remove synapse if t == 4*ms and i == 0", dt=1 * ms)
    Network(source, target, synapses).run(6 * ms)
    past = synapses.history_at(3 * ms)
    assert past.matrix().tolist() == [[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 2]]
    assert past.in_degree.tolist() == [0, 1, 0, 2]
    assert past.out_degree.tolist() == [1, 0, 2]
    assert (past.t, past.n_pre, past.n_post) == (0.003, 3, 4)
    assert repr(past) == "<Connectivity at 0.003 s: 3 synapses, 3 to 4 neurons>"
    # The step that begins at 4 ms and removes one ends at 5 ms. Rounding does not matter.
    moments = [4, 4.999, 5 * (1 - 1e-12), 5, 6]
    assert [synapses.history_at(t * ms).N for t in moments] == [3, 3, 2, 2, 2]
    with pytest.raises(AttributeError):
        past.t = 1


def test_event_code_and_time_that_begins_anew() -> None:
    """Another network starts at zero: its times are meant, and the present is still the present."""
    source = NeuronGroup(4, "", threshold="t_in_timesteps == i", dt=1 * ms)
    target = NeuronGroup(2, "", dt=1 * ms)
    synapses = Synapses(source, target, "w : 1", on_pre="remove synapse if j == 0", dt=1 * ms)
    synapses.connect()
    Network(source, target, synapses).run(2 * ms)
    StructureMonitor(synapses)
    other = Network(source, target, synapses)
    other.run(4 * ms)
    assert [synapses.history_at(t * ms).N for t in (0, 1, 2, 3, 4)] == [6, 6, 6, 5, 4]


def test_unknown_times_are_errors() -> None:
    group = NeuronGroup(3, "", dt=1 * ms)
    synapses = Synapses(group, group, "", dt=1 * ms)
    synapses.connect(p=0.5)
    network = Network(group, synapses)
    network.run(2 * ms)
    with pytest.raises(errors.StructureError, match="nobody watched") as unwatched:
        synapses.history_at(1 * ms)
    assert unwatched.value.code == "E860"
    StructureMonitor(synapses)
    network.run(3 * ms)
    assert synapses.history_at(2 * ms).N == len(synapses)
    for wrong in (1 * ms, 6 * ms):
        with pytest.raises(errors.StructureError, match=r"from 0\.002 s to 0\.005 s") as outside:
            synapses.history_at(wrong)
        assert outside.value.code == "E861"
    for wrong in (3, 3 * second**2, [2, 3] * ms):
        with pytest.raises(errors.DimensionError):
            synapses.history_at(wrong)


def test_present_needs_no_event() -> None:
    """Watched from the very beginning: time zero is before and after connect."""
    group = NeuronGroup(3, "")
    synapses = Synapses(group, group, "")
    StructureMonitor(synapses)
    assert synapses.history_at(0 * ms).N == 0
    synapses.connect()
    assert synapses.history_at(0 * ms).N == 9
    assert np.array_equal(synapses.history_at(0 * ms).matrix(), np.ones((3, 3)))
