"""Degrees, turnover and survival against what the history of the network says, and against theory."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
from scipy import stats

from eqsnn import Network, NeuronGroup, StructuralPlasticity, StructureMonitor, Synapses, errors, ms, mV, second
from eqsnn.analysis.degrees import degree_probabilities, in_degrees, out_degrees
from eqsnn.analysis.turnover import intervals, lifetimes, survival, turnover

CHURN = """
for each synapse: remove synapse if rand() < p_lose
for each pair in sample(n_try): create synapse if not connected
"""


def churned(steps: int, n: int = 12, p_lose: float = 0.2, n_try: int = 12, before: int = 3, *, p: float = 0.3):
    group = NeuronGroup(n, "", dt=1 * ms)
    synapses = Synapses(group, group, "", dt=1 * ms)
    synapses.connect(p=p)
    names = {"p_lose": p_lose, "n_try": n_try}
    StructuralPlasticity(synapses, CHURN, dt=1 * ms, namespace=names)
    network = Network(group, synapses)
    if before:
        network.run(before * ms)
    monitor = StructureMonitor(synapses)
    network.run(steps * ms)
    return synapses, monitor, network


# ---- degrees --------------------------------------------------------------------------------------------------------


def test_degrees_of_any_time() -> None:
    synapses, monitor, _ = churned(20)
    moments = np.array([7, 3, 23, 12, 7, 22.5]) * ms
    past = [synapses.history_at(t) for t in moments]
    assert in_degrees(monitor, moments).tolist() == [c.in_degree.tolist() for c in past]
    assert out_degrees(monitor, moments).tolist() == [c.out_degree.tolist() for c in past]
    assert in_degrees(monitor, 9 * ms).tolist() == synapses.history_at(9 * ms).in_degree.tolist()
    assert in_degrees(monitor, monitor.stop).tolist() == synapses.N_incoming_post.tolist()
    assert out_degrees(monitor, np.array([3]) * ms).shape == (1, 12)


def test_degrees_outside_the_watched_time_are_errors() -> None:
    _, monitor, _ = churned(5)
    for wrong in (2 * ms, 9 * ms, [4, 9] * ms):
        with pytest.raises(errors.StateError, match=r"from 0\.003 s to 0\.008 s") as error:
            in_degrees(monitor, wrong)
        assert error.value.code == "E861"
    with pytest.raises(errors.DimensionError):
        out_degrees(monitor, 3 * mV)


def test_distribution_of_independent_connections() -> None:
    assert degree_probabilities([0.25] * 8) == pytest.approx(stats.binom.pmf(range(9), 8, 0.25))
    p = np.random.default_rng(1).random(40)
    found, k = degree_probabilities(p), np.arange(41)
    assert found.sum() == pytest.approx(1)
    assert (found * k).sum() == pytest.approx(p.sum())
    assert (found * k**2).sum() - p.sum() ** 2 == pytest.approx((p * (1 - p)).sum())
    assert degree_probabilities([]).tolist() == [1]


# ---- turnover -------------------------------------------------------------------------------------------------------


def test_turnover_between_any_times() -> None:
    synapses, monitor, _ = churned(21)
    edges = np.array([3, 4, 8.5, 15, 24]) * ms
    past = [set(synapses.history_at(t).serial.tolist()) for t in edges]
    t, created = (monitor.t / ms).round(6) + 1, monitor.change > 0  # the end of the step
    seen = turnover(monitor, edges, transient=False)
    every = turnover(monitor, edges)
    for k, (first, last) in enumerate(itertools.pairwise(past)):
        assert (seen.gained[k], seen.lost[k]) == (len(last - first), len(first - last))
        within = (t > edges[k] / ms) & (t <= edges[k + 1] / ms)
        assert (every.gained[k], every.lost[k]) == ((within & created).sum(), (within & ~created).sum())
    assert (every.gained > seen.gained).any()
    for found in (seen, every):
        assert found.N.tolist() == [len(s) for s in past]
        assert (found.N[:-1] + found.gained - found.lost).tolist() == found.N[1:].tolist()
        ratio = (found.gained + found.lost) / (found.N[1:] + found.N[:-1])
        assert found.ratio == pytest.approx(ratio)
        assert (found.rate * np.diff(edges)) == pytest.approx(ratio)


def test_turnover_in_intervals_of_one_length() -> None:
    _, monitor, network = churned(10)
    assert turnover(monitor, 4 * ms).edges / ms == pytest.approx([3, 7, 11, 13])
    assert turnover(monitor, 5 * ms).edges / ms == pytest.approx([3, 8, 13])
    assert turnover(monitor, 50 * ms).edges / ms == pytest.approx([3, 13])
    network.run(0.1 * second)
    assert len(intervals(monitor, 1 * ms)) == 111
    for wrong, kind in ((0 * ms, "E865"), (-1 * ms, "E865"), ([3, 2] * ms, "E865"), ([3] * ms, "E865"), (2, "E220")):
        with pytest.raises(errors.EqsnnError) as error:
            turnover(monitor, wrong)
        assert error.value.code == kind


def test_turnover_of_nothing() -> None:
    group = NeuronGroup(3, "", dt=1 * ms)
    synapses = Synapses(group, group, "", dt=1 * ms)
    synapses.connect(False)
    monitor = StructureMonitor(synapses)
    Network(group, synapses).run(4 * ms)
    found = turnover(monitor, 2 * ms)
    assert found.gained.tolist() == found.lost.tolist() == [0, 0]
    assert np.isnan(found.ratio).all()
    with pytest.raises(errors.StateError, match="no synapses to follow"):
        survival(monitor)


def test_time_that_began_anew_is_told() -> None:
    synapses, monitor, _ = churned(5)
    Network(synapses.source_group, synapses).run(12 * ms)
    for asked in (lambda: monitor.count(4 * ms), lambda: lifetimes(monitor), lambda: turnover(monitor, 1 * ms)):
        with pytest.raises(errors.StateError, match="began anew") as error:
            asked()
        assert error.value.code == "E864"


# ---- survival -------------------------------------------------------------------------------------------------------


def test_lifetimes_of_all_synapses_seen() -> None:
    synapses, monitor, _ = churned(15)
    life = lifetimes(monitor)
    assert (np.diff(life.serial) > 0).all()
    born, died = (np.nan_to_num(t / ms, nan=n) for t, n in ((life.born, -1), (life.died, 1000)))
    for k in (3, 4, 9.5, 17, 18):
        there = (born <= k + 1e-6) & (died > k + 1e-6)
        past = synapses.history_at(k * ms)
        assert life.serial[there].tolist() == past.serial.tolist()
        assert (life.i[there].tolist(), life.j[there].tolist()) == (past.i.tolist(), past.j.tolist())
    assert (life.start, life.stop) == pytest.approx((0.003, 0.018))


def test_estimate_of_kaplan_and_meier() -> None:
    """Against SciPy's, for those newly created, for those of the beginning, and for a cohort."""
    _, monitor, _ = churned(40, p_lose=0.07)
    life = lifetimes(monitor)
    born, died = np.asarray(life.born / ms), np.asarray(life.died / ms)
    cases = {
        "new": (~np.isnan(born), born, {}),
        "initial": (np.isnan(born), np.full_like(born, 3), {"initial": True}),
        "cohort": ((born > 4.5) & (born < 9.5), born, {"born": [5, 10] * ms}),
    }
    for chosen, since, arguments in cases.values():
        dead = ~np.isnan(died[chosen])
        age = (np.where(dead, died[chosen], 43) - since[chosen]).round(6)
        assert 5 < dead.sum() < len(dead)
        expected = stats.ecdf(stats.CensoredData(uncensored=age[dead], right=age[~dead])).sf
        found = survival(monitor, **arguments)
        assert (found.t[0], found.at_risk[0]) == (0 * ms, len(age))
        assert found.S[0] == 1
        probe = np.unique(age)
        assert found.at(probe * ms) == pytest.approx(expected.evaluate(probe))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where nobody is left
            width = expected.confidence_interval(0.95, method="linear")
        half = stats.norm.ppf(0.975) * found.std[np.searchsorted(found.t / ms, probe + 1e-6) - 1]
        low = np.asarray(width.low.evaluate(probe))
        inside = low > 0
        assert (expected.evaluate(probe) - half)[inside] == pytest.approx(low[inside], rel=1e-6)
        assert found.deaths.sum() == dead.sum()
        assert found.at(found.median) <= 0.5 or found.S.min() > 0.5
    assert np.isnan(survival(monitor, born=[5, 10] * ms).at(1 * second))


def test_survival_of_a_constant_hazard() -> None:
    """Each pass removes a synapse with probability p, from the one after its creation: (1 - p)^k live beyond k passes."""
    _, monitor, _ = churned(300, n=60, p_lose=0.05, n_try=150, before=0)
    found = survival(monitor)
    k = np.arange(0, 80)
    expected = 0.95**k
    error = found.std[np.searchsorted(found.t / ms, k + 1e-6) - 1]
    assert (np.abs(found.at(k * ms) - expected)[1:] < 4.5 * error[1:]).all()
    assert error[20] < 0.004
    assert found.median / ms == pytest.approx(14)  # 0.95**13 > 0.5 > 0.95**14
    # Without memory, those of the beginning live as long.
    first = survival(monitor, initial=True)
    error = first.std[np.searchsorted(first.t / ms, 20 + 1e-6) - 1]
    assert abs(first.at(20 * ms) - 0.95**20) < 4.5 * error


def test_cohorts_that_cannot_be() -> None:
    _, monitor, _ = churned(5)
    for arguments in ({"born": [50, 60] * ms}, {"born": [4, 5] * ms, "initial": True}):
        with pytest.raises(errors.StateError) as error:
            survival(monitor, **arguments)
        assert error.value.code == "E866"
