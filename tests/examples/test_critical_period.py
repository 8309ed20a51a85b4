"""Critical periods (George et al. 2015): the topology of the input comes to stand in the wiring, whatever the weights."""

from __future__ import annotations

import numpy as np
import pytest

from eqsnn import Hz, Network, NeuronGroup, Quantity, StructuralPlasticity, Synapses, TimedArray, ms, second

SEEDS = (1, 2, 3)


@pytest.fixture
def study(example):
    return example("critical_period")


def constants(study):
    """What the texts of the example may name."""
    return {name: value for name, value in vars(study).items() if isinstance(value, int | float | Quantity)}


# The published effect.


def test_the_input_emerges_in_the_wiring_and_only_with_structural_plasticity(study):
    spread = study.null_spread()
    assert 0.005 < spread < 0.015  # of networks wired at random: the yardstick of all that follows
    for number in SEEDS:
        both = study.simulate(study.BOTH, 150 * second, 50 * second, number)
        assert abs(both[0].topology) < 3 * spread
        assert both[-1].topology > 0.28  # thirty standard deviations from random wiring
        assert np.all(np.diff([wiring.topology for wiring in both]) > 0.05)  # it grows all the time

        (_, alone) = study.simulate(study.STDP_ALONE, 150 * second, 150 * second, number)
        assert alone.created == alone.removed == 0
        assert abs(alone.topology) < 3 * spread
        assert alone.weighted_topology > 0.4  # STDP knows which synapses are good, the wiring does not
        assert both[-1].topology > alone.topology + 0.25

        (_, shuffled) = study.simulate(study.SHUFFLED, 150 * second, 150 * second, number)
        assert shuffled.removed > 10_000  # rewiring alone does not do it, however much of it there is
        assert abs(shuffled.topology) < 3.5 * spread
        assert abs(shuffled.weighted_topology) < 0.1


def test_numbers_of_synapses_stay_as_they_were(study):
    """Each neuron gets as many synapses as it lost, from others than itself, and never a second from the same one."""
    for case in study.CASES:
        for wiring in study.simulate(case, 30 * second, 5 * second):
            assert np.all(np.bincount(wiring.j, minlength=study.N) == study.K)
            assert not np.any(wiring.i == wiring.j)
            assert len(np.unique(wiring.i * study.N + wiring.j)) == study.N * study.K
            assert wiring.created == wiring.removed
            assert np.all((wiring.w >= 0) & (wiring.w <= 1))
        assert (wiring.removed > 1000) == case.structural


def test_shuffling_leaves_each_neuron_its_rates_and_takes_their_topology(study):
    rates, shuffled = (
        study.stimulus_rates(np.random.default_rng(1), 100 * second, topology) for topology in (True, False)
    )
    assert np.array_equal(np.sort(rates, axis=0), np.sort(shuffled, axis=0))
    assert rates.max() == pytest.approx((study.base + study.peak) / Hz)
    neighbours = [np.corrcoef(given[:, 0], given[:, study.sigma])[0, 1] for given in (rates, shuffled)]
    assert neighbours[0] > 0.5 and abs(neighbours[1]) < 0.2


@pytest.mark.slow
def test_wiring_settles_on_the_closest_neurons(study):
    for number in SEEDS:
        last = study.simulate(number=number)[-1]
        assert last.topology > 0.7
        assert np.mean(last.distance <= 2 * study.sigma) > 0.85
        assert np.mean(last.w >= study.w_set) > 0.9


@pytest.mark.slow
def test_the_critical_period_has_a_best_length(study):
    """A short one ends before the neurons were active together often enough, a long one keeps synapses of no use."""
    short, right, long = study.lengths((0.5, 5, 100))[:, 1]
    assert right > 1.5 * short
    assert right > 1.5 * long


# The rule.


def test_a_critical_period_opens_ends_or_closes(study):
    """Weights are set by hand, in a network that is silent."""
    cells = NeuronGroup(40, "g : 1", threshold="g > 1")
    S = Synapses(cells, cells, **study.TRIPLET_STDP)
    pre, post = np.arange(5), np.full(5, 20)
    S.connect(i=pre, j=post)
    rule = StructuralPlasticity(S, study.CRITICAL_PERIODS, dt=10 * ms)
    network = Network(cells, S)
    namespace = constants(study) | {"T_crit": 100 * ms}

    def state(i):
        (found,) = np.nonzero(np.asarray(S.i) == i)
        return [(bool(S.critical[k]), round(float(S.t_open[k] / ms)), float(S.w[k])) for k in found]

    # strong | between the thresholds | weak, to be lost | weak, to recover | weak, to recover too little
    S.w = [0.9, 0.3, 0.1, 0.1, 0.1]
    network.run(50 * ms, namespace=namespace)
    assert state(0) == [(False, 0, 0.9)] and state(1) == [(False, 0, 0.3)]
    assert [state(i) for i in (2, 3, 4)] == [[(True, 0, 0.1)]] * 3
    S.w = [0.9, 0.3, 0.1, 0.6, 0.4]
    network.run(55 * ms, namespace=namespace)  # the rule has run at 100 ms, when no period had yet ended
    assert rule.removed == 0
    assert state(3) == [(False, 0, 0.6)]
    S.w = [0.9, 0.3, 0.1, 0.1, 0.4]
    network.run(10 * ms, namespace=namespace)  # and at 110 ms
    assert rule.removed == rule.created == 2
    assert state(3) == [(True, 110, 0.1)]  # another period
    assert list(S.i[:3]) == [0, 1, 3] and not np.any(np.asarray(S.i) == 20)
    assert np.all(np.asarray(S.j) == 20)
    for k in (3, 4):  # the new synapses: silent, on trial
        assert (bool(S.critical[k]), float(S.t_open[k] / ms), float(S.w[k])) == (True, 110, 0)


def test_the_short_form_of_the_rule_does_it_too(study, monkeypatch):
    """One period for each synapse, which begins as it is made: what the language's reference gives as its example."""
    short = """
        for each synapse:
            if t > t_open + T_crit and w < w_set:
                remove synapse
                n_lost_post += 1
        for each pair in sample(n_lost_post, per=post, unconnected):
            create synapse(w=w_init, t_open=t)
        """
    monkeypatch.setattr(study, "CRITICAL_PERIODS", short)
    monkeypatch.setattr(study, "w_init", 0, raising=False)
    start, end = study.simulate(study.BOTH, 150 * second, 150 * second)
    assert np.all(np.bincount(end.j, minlength=study.N) == study.K)
    assert end.topology > start.topology + 0.2


# Triplet STDP.


def trained(study, pre, post, w=0.5, dt=0.5 * ms):
    """The weight of one synapse after spikes in these steps of ``dt`` (arrays of whole numbers)."""
    steps = max(*pre, *post) + 2
    trains = np.zeros((steps, 2))
    trains[pre, 0], trains[post, 1] = 1, 1
    spike = TimedArray(trains, dt=dt)
    cells = NeuronGroup(2, "g : 1", threshold="spike(t, i) > 0.5", dt=dt)
    S = Synapses(cells[:1], cells[1:], **study.TRIPLET_STDP)
    S.connect()
    S.w = w
    network = Network(cells, S)
    network.run(steps * dt, namespace=constants(study) | {"spike": spike})
    return float(S.w[0])


def test_weights_follow_the_sums_over_triplets_of_spikes(study):
    """Pfister & Gerstner's equations written as sums over all spikes, without traces."""
    rng = np.random.default_rng(3)
    pre, post = (np.sort(rng.choice(1000, 25, replace=False)) for _ in range(2))

    def trace(spikes, t, tau):
        return sum(np.exp(-(t - s) * 0.5 * ms / tau) for s in spikes)

    change = 0.0
    for t in pre:
        pair = trace(post[post < t], t, study.tau_minus)
        change -= pair * (study.A2_minus + study.A3_minus * trace(pre[pre < t], t, study.tau_x))
    for t in post:
        pair = trace(pre[pre <= t], t, study.tau_plus)
        change += pair * (study.A2_plus + study.A3_plus * trace(post[post < t], t, study.tau_y))
    assert abs(change) > 0.01
    assert trained(study, pre, post) == pytest.approx(0.5 + change, abs=1e-12)


def test_potentiation_needs_a_high_rate_and_depression_does_not(study):
    """What the triplet rule is for: 60 pairings in visual cortex (Sjöström et al. 2001; Pfister & Gerstner 2006)."""

    def after(rate, lag):
        pre = 100 + np.arange(60) * round(1 / (rate * 0.5e-3))
        return trained(study, pre, pre + lag) - 0.5

    assert abs(after(1, +20)) < 1e-3  # 10 ms before the postsynaptic spike, once a second: nothing
    assert after(1, -20) < -0.2
    assert after(50, +20) > 0.3
    assert after(50, -20) > 0.3


# What is drawn and said.


def test_report_and_picture(study, capsys, tmp_path):
    results = {case: [study.simulate(case, 20 * second, 10 * second)] for case in study.CASES}
    study.report(results)
    study.draw(results, np.array([[1, 0.1], [5, 0.2]]), tmp_path / "picture.png")
    said = capsys.readouterr().out
    assert all(case.name in said for case in study.CASES)
    assert "20 to 20" in said
    assert (tmp_path / "picture.png").stat().st_size > 50_000
