"""What the networks of a batch make together, and rules between their runs."""

import numpy as np
import pytest

from eqsnn import (
    Network,
    NeuronGroup,
    SpikeInput,
    StructuralPlasticity,
    StructureMonitor,
    Synapses,
    errors,
    ms,
    prefs,
    seed,
)

COPIES = 5


def network(copies=COPIES, model="w : 1\ng : 1 (batch)\nn : integer (batch)\nx : 1\nk : integer", n=6, **options):
    """Inputs that spike at other times in each network, and synapses that count them."""
    inputs = SpikeInput(n)
    targets = NeuronGroup(n, "v : 1\nbias : 1 (constant)\nchanging : 1")
    synapses = Synapses(inputs, targets, model, on_pre="g += 0.1*(j + 1)\nn += 1", **options)
    synapses.connect("i != j")
    random = np.random.default_rng(3)
    ids = [random.integers(0, n, 40) for _ in range(copies)]
    inputs.set_spikes(ids, [random.uniform(0, 9.8, 40) * ms for _ in ids])
    return Network(inputs, targets, synapses, batch_size=copies), synapses


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_reductions_are_numpys(precision):
    prefs.precision = precision
    net, S = network()
    net.run(10 * ms)
    g, n = S.g[:], S.n[:]
    assert g.shape == (COPIES, 30) and len({tuple(row) for row in n}) == COPIES
    real, total = np.dtype(precision), np.zeros(30)
    for row in g:
        total += row
    S.x = "batch_sum(g)"
    assert np.array_equal(S.x[:], total.astype(real))
    S.x = "2*batch_mean(g) + w"
    assert np.array_equal(S.x[:], (2 * (total / COPIES).astype(real)).astype(real))
    S.x = "batch_mean(n)"
    assert np.array_equal(S.x[:], n.mean(0).astype(real))
    S.k = "batch_sum(n) + 1000*batch_max(n)"
    assert np.array_equal(S.k[:], n.sum(0) + 1000 * n.max(0))
    S.x = "batch_max(g) - batch_min(g)"
    assert np.allclose(S.x[:], g.max(0) - g.min(0), rtol=1e-6)
    assert np.array_equal(np.flatnonzero(n.sum(0) > 40), [k for k in range(30) if S.k[k] % 1000 > 40])
    assert S.x["batch_sum(n) > 40"].size == (n.sum(0) > 40).sum()


def test_of_one_network_a_reduction_is_the_value_itself():
    net, S = network(1)
    net.run(10 * ms)
    for function in ("batch_sum", "batch_mean", "batch_min", "batch_max"):
        S.x = f"{function}(g)"
        assert np.array_equal(S.x[:], S.g[:]) and S.x[:].any()
        S.x = f"{function}(n)/4"
        assert np.array_equal(S.x[:], S.n[:] / 4)


@pytest.mark.parametrize("copies", [1, COPIES])
def test_a_rule_runs_once_after_each_run(copies):
    net, S = network(copies)
    rule = StructuralPlasticity(
        S,
        """for each synapse:
               w += batch_sum(g)
               g = 0
               remove synapse if batch_sum(n) > 20*N_bound
           for each pair in sample(3, unconnected):
               create synapse(w=7, g=2, n=-1)""",
        when="after_batch",
        namespace={"N_bound": copies / 5},
    )
    watch = StructureMonitor(S, "w")
    weights = np.zeros(30)
    net.run(10 * ms)
    g = np.atleast_2d(S.g[:])
    assert rule.created and rule.removed and watch.N == rule.created + rule.removed
    # g has been set to zero in all networks, and those created have their values in all
    assert (g[:, : -rule.created] == 0).all() and (g[:, -rule.created :] == 2).all()
    assert (np.atleast_2d(S.n[:])[:, -rule.created :] == -1).all()
    assert (S.w[:][: -rule.created] >= weights[: len(S) - rule.created]).all()
    created = rule.created
    net.restart()
    assert (S.g[:] == 0).all()
    net.run(10 * ms)
    assert rule.created > created


def test_what_a_rule_reads_is_the_sum_of_what_each_network_did():
    """Against the same networks by themselves."""
    net, S = network()
    StructuralPlasticity(S, "for each synapse:\n    w += batch_sum(g)\n    x = batch_max(n)", when="after_batch")
    net.run(10 * ms)
    net.restart()
    assert (S.g[:] == 0).all()
    before = S.w[:].copy()
    expected = np.zeros(30)
    random = np.random.default_rng(3)
    ids = [random.integers(0, 6, 40) for _ in range(COPIES)]
    times = [random.uniform(0, 9.8, 40) for _ in ids]
    for own, when in zip(ids, times, strict=True):
        spikes = {(int(i), int(t / 0.1 + 1e-3)) for i, t in zip(own, when, strict=True)}
        counts = np.bincount([i for i, _ in spikes], minlength=6)
        expected += 0.1 * (S.j[:] + 1) * counts[S.i[:]]
    assert np.allclose(before, expected)


def test_results_do_not_depend_on_threads():
    found = []
    for prefs.threads in (1, 2):
        seed(5)
        net, S = network()
        text = "for each synapse:\n    remove synapse if batch_sum(g) < 3 limit 4\nfor each pair in sample(4, unconnected):\n    create synapse()"
        StructuralPlasticity(S, text, when="after_batch")
        for _ in range(4):
            net.run(10 * ms)
            net.restart()
        found.append((S.i[:].tolist(), S.j[:].tolist(), S.w[:].tolist()))
    assert found[0] == found[1]


def test_constants_of_neurons_may_be_read_by_rules():
    net, S = network()
    S.target_group.bias = "0.5*i"
    StructuralPlasticity(S, "for each synapse:\n    x = bias_post + i", when="after_batch")
    net.run(1 * ms + 9 * ms)
    assert np.array_equal(S.x[:], 0.5 * S.j[:] + S.i[:])


def test_an_inactive_rule_does_nothing():
    net, S = network()
    rule = StructuralPlasticity(S, "for each synapse:\n    remove synapse", when="after_batch")
    rule.active = False
    net.run(10 * ms)
    assert len(S) == 30
    rule.run()
    assert len(S) == 0


def test_a_rule_does_not_run_after_a_run_that_failed():
    net, S = network()
    StructuralPlasticity(S, "for each synapse:\n    remove synapse", when="after_batch")
    group = NeuronGroup(1, "dy/dt = y**2/ms : 1", method="euler")
    group.y = 1e200
    net.add(group)
    prefs.check_finite = True
    with pytest.raises(errors.RunError, match="E914"):
        net.run(10 * ms)
    assert len(S) == 30


def test_a_rule_after_runs_needs_no_batch_and_no_clock():
    group = NeuronGroup(3, "v : 1")
    S = Synapses(group, group, "w : 1")
    S.connect()
    with pytest.raises(errors.StructureError, match="E627"):
        StructuralPlasticity(S, "for each synapse:\n    w += 1", when="after_batch", dt=1 * ms)
    StructuralPlasticity(S, "for each synapse:\n    w += t/ms", when="after_batch")
    Network(group, S).run(2 * ms)
    assert (S.w == 2).all()
