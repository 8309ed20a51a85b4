"""Structural statements in event code, and rules that meet in one step."""

from __future__ import annotations

import numpy as np

from eqsnn import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StructuralPlasticity,
    StructureMonitor,
    Synapses,
    ms,
)


def pairs(synapses: Synapses) -> list[tuple[int, int]]:
    return sorted(zip(synapses.i[:].tolist(), synapses.j[:].tolist(), strict=True))


def spikes(n: int, *at: tuple[int, float]) -> SpikeGeneratorGroup:
    """Neuron k spikes at a time in ms."""
    return SpikeGeneratorGroup(n, [k for k, _ in at], [t for _, t in at] * ms, dt=1 * ms)


def test_removal_in_on_pre_takes_effect_at_the_end_of_the_step() -> None:
    source = spikes(3, (0, 1), (1, 1), (0, 2), (2, 2))
    target = NeuronGroup(2, "x : 1\nseen : 1", dt=1 * ms)
    model = {"remove": "x_post += 1\nremove synapse if j == 0", "look": "seen_post += 1"}
    synapses = Synapses(source, target, "w : 1", on_pre=model, dt=1 * ms)
    synapses.look.order = 5
    synapses.connect()
    monitor = StructureMonitor(synapses)
    network = Network(source, target, synapses, monitor)
    network.run(2 * ms)
    assert pairs(synapses) == [(0, 1), (1, 1), (2, 0), (2, 1)]
    assert list(target.x[:]) == [2, 2]
    assert list(target.seen[:]) == [2, 2]  # the later pathway of the same step still saw them
    network.run(2 * ms)
    assert pairs(synapses) == [(0, 1), (1, 1), (2, 1)]
    assert list(target.x[:]) == [3, 4]
    assert list(target.seen[:]) == [3, 4]
    assert (monitor.t / ms).round(6).tolist() == [1, 1, 2]
    assert monitor.change.tolist() == [-1, -1, -1]
    assert list(zip(monitor.i.tolist(), monitor.j.tolist(), strict=True)) == [(0, 0), (1, 0), (2, 0)]


def test_removal_in_on_pre_and_on_post_of_one_step() -> None:
    """Each sees the synapse, and it is removed once."""
    source, target = (
        spikes(1, (0, 1)),
        NeuronGroup(1, "seen : 1\nv = int(t > 0.5*ms and t < 1.5*ms) : 1", threshold="v > 0", dt=1 * ms),
    )
    synapses = Synapses(
        source, target, "w : 1", on_pre="w += 1\nseen_post += w\nremove synapse",
        on_post="w += 10\nseen_post += w\nremove synapse if w > 5", dt=1 * ms,
    )  # fmt: skip
    synapses.connect()
    monitor = StructureMonitor(synapses)
    Network(source, target, synapses, monitor).run(3 * ms)
    assert len(synapses) == 0
    assert monitor.change.tolist() == [-1]
    assert list(target.seen[:]) == [12]  # 1 from on_pre, then 11 from on_post


def test_a_rule_at_the_end_of_a_step_sees_what_events_have_removed() -> None:
    source, target = spikes(2, (0, 1)), NeuronGroup(2, "n : 1", dt=1 * ms)
    synapses = Synapses(source, target, "w : 1", on_pre="remove synapse if j == 0", dt=1 * ms)
    synapses.connect()
    rule = StructuralPlasticity(
        synapses,
        """
for each synapse: n_post += 1
for each pair in all:
    create synapse(w=5) if not connected and i == j
""",
        dt=1 * ms,
    )
    monitor = StructureMonitor(synapses)
    Network(source, target, synapses, monitor).run(3 * ms)
    assert list(target.n[:]) == [2 + 1 + 2, 6]  # at 1 ms one synapse fewer; then there is a new one
    assert synapses.w[0, 0][0] == 5
    assert (rule.created, rule.removed, rule.refused) == (1, 0, 0)
    assert monitor.change.tolist() == [-1, 1]


def test_two_rules_in_one_step_in_their_order() -> None:
    """The second sees what the first did; `order` decides."""
    for order, expected in ((1, [(0, 0), (0, 1)]), (-1, [])):
        source, target = NeuronGroup(1, "", dt=1 * ms), NeuronGroup(2, "", dt=1 * ms)
        synapses = Synapses(source, target, "w : 1")
        synapses.connect(False)
        clear = StructuralPlasticity(synapses, "for each synapse: remove synapse", dt=1 * ms)
        fill = StructuralPlasticity(synapses, "for each pair in all: create synapse", dt=1 * ms, order=order)
        Network(source, target, synapses).run(4 * ms)
        assert pairs(synapses) == expected
        assert fill.created == 8
        assert clear.removed == (6 if order == 1 else 8)
        assert clear.created == fill.removed == fill.refused == 0


def test_removals_of_regular_code() -> None:
    """Code that runs for every synapse may remove them, also beside a rule on the same clock."""
    source, target = NeuronGroup(2, "", dt=1 * ms), NeuronGroup(2, "", dt=1 * ms)
    synapses = Synapses(source, target, "w : 1", dt=1 * ms)
    synapses.connect()
    synapses.w = [0, 1, 2, 3]
    synapses.run_regularly("w -= 1\nremove synapse if w < -0.5", dt=1 * ms, when="end", order=5)
    rule = StructuralPlasticity(synapses, "for each synapse: remove synapse if w > 2.5", dt=1 * ms)
    Network(source, target, synapses).run(2 * ms)
    assert synapses.w[:].tolist() == [0]
    assert rule.removed == 1


def test_removed_in_one_pass_created_in_the_same() -> None:
    """Removals come first: the pair has a new synapse, with new values and no spikes of the old one."""
    source, target = spikes(1, (0, 0), (0, 3)), NeuronGroup(1, "x : 1", dt=1 * ms)
    synapses = Synapses(source, target, "w : 1", on_pre="x_post += w", delay=2 * ms, dt=1 * ms)
    synapses.connect()
    synapses.w = 1
    rule = StructuralPlasticity(
        synapses,
        """
for each pair in all:
    if t < 1.5*ms and t > 0.5*ms:
        remove synapse if connected
        create synapse(w=10)
""",
        dt=1 * ms,
    )
    Network(source, target, synapses).run(7 * ms)
    assert list(target.x[:]) == [10]
    assert (rule.created, rule.removed, rule.refused) == (1, 1, 0)


def test_refusals_are_counted_per_rule() -> None:
    source, target = NeuronGroup(3, ""), NeuronGroup(3, "")
    synapses = Synapses(source, target, "w : 1")
    synapses.connect(j="i")
    twice = StructuralPlasticity(
        synapses,
        """
for each pair in all:
    create synapse(w=1) if i < 2
    create synapse(w=2) if j == 2
""",
    )
    once = StructuralPlasticity(synapses, "for each pair in all: create synapse(w=3)")
    twice.run()
    once.run()
    assert (twice.created, twice.refused) == (4, 5)  # two of the first and one of the second exist, two come twice
    assert (once.created, once.refused) == (2, 7)
    assert synapses.w[0, 2][0] == synapses.w[1, 2][0] == 1  # the first of the two stands


def test_stdp_after_rewiring_sees_the_right_postsynaptic_spikes() -> None:
    """Column lists after growth, removal and compaction: on_post reaches exactly the synapses of its neuron."""
    rng = np.random.default_rng(3)
    n_pre, n_post = 30, 20
    source = NeuronGroup(n_pre, "", dt=1 * ms)
    target = NeuronGroup(n_post, "v = int((t_in_timesteps + i*3) % 7 == 0) : 1", threshold="v > 0", dt=1 * ms)
    synapses = Synapses(source, target, "n : 1\nwhose : integer", on_post="n += 1\nwhose = j", dt=1 * ms)
    synapses.connect(p=0.3)
    synapses.whose = -1
    rule = StructuralPlasticity(
        synapses,
        """
for each synapse: remove synapse if rand() < 0.2
for each pair in sample(120): create synapse(whose=-1) if rand() < 0.7
""",
        dt=2 * ms,
    )
    monitor, post = StructureMonitor(synapses), SpikeMonitor(target)
    network = Network(source, target, synapses, monitor, post)
    born = dict.fromkeys(pairs(synapses), -1)
    for _ in range(6):
        network.run(5 * ms)
        if rng.random() < 0.5:
            synapses.ragged.compact()
        synapses.ragged.check()
    steps = (monitor.t / ms).round().astype(int)
    for t, i, j, change in zip(steps, monitor.i, monitor.j, monitor.change, strict=True):
        if change > 0:
            assert (i, j) not in born
            born[i, j] = t
        else:
            del born[i, j]
    assert sorted(born) == pairs(synapses)
    assert rule.created > 100
    fired = {j: (post.t[post.i == j] / ms).round().astype(int) for j in range(n_post)}
    for i, j, n, whose in zip(synapses.i, synapses.j, synapses.n, synapses.whose, strict=True):
        expected = int((fired[j] > born[i, j]).sum())  # created at the end of a step: the spikes after it
        assert (n, whose) == (expected, j if expected else -1)


def test_a_failed_run_leaves_nothing_staged() -> None:
    """An operation that raises stops the run within a step: what the step had staged is forgotten, not done later."""
    import pytest

    from eqsnn import network_operation

    source, target = spikes(2, (0, 1)), NeuronGroup(2, "", dt=1 * ms)
    synapses = Synapses(source, target, "w : 1", on_pre="remove synapse", dt=1 * ms)
    synapses.connect()

    @network_operation(dt=1 * ms, when="end")
    def stop(t: object) -> None:
        if t > 0.5 * ms:  # type: ignore[operator]
            raise ZeroDivisionError

    network = Network(source, target, synapses, stop)
    with pytest.raises(ZeroDivisionError):
        network.run(3 * ms)
    synapses.ragged.check()
    assert synapses.ragged.fields.n_removals == 0
    synapses.connect(i=[], j=[])
