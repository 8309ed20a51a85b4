"""Random numbers of compiled code: Poisson neurons of one rate and of many, and every random function."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from scipy import stats

import eqsnn
from eqsnn import Hz, Network, NeuronGroup, PoissonGroup, SpikeMonitor, ms, second

LEVEL = 1e-3  # with the seed fixed, a test passes for good or fails for good
N, STEPS, RATE = 500, 4000, 40.0
P = RATE * 1e-3


def fits(values: np.ndarray, law: stats.rv_discrete) -> None:
    """Chi-square of counts against a distribution, classes of fewer than ten expected taken together."""
    values = np.round(values).astype(int)
    bounds, expected, mass, last = [-1], [], 0.0, -1
    for k in range(int(law.ppf(1e-9)), int(law.ppf(1 - 1e-9)) + 1):
        mass = law.cdf(k) - law.cdf(last)
        if mass * len(values) >= 10 and law.sf(k) * len(values) >= 10:
            bounds.append(k)
            expected.append(mass)
            last = k
    expected.append(law.sf(last))
    bounds.append(max(values.max(), last + 1))
    found, _ = np.histogram(values, np.array(bounds) + 0.5)
    assert found.sum() == len(values)
    assert stats.chisquare(found, np.array(expected) * len(values) / sum(expected)).pvalue > LEVEL


@pytest.fixture(scope="module")
def trains() -> Iterator[dict[str, np.ndarray]]:
    """Spikes of shape (step, neuron) of groups that have the same rate, written in four ways."""
    eqsnn.start_scope()
    eqsnn.seed(21)
    drawn = 0.04  # noqa: F841
    groups = [
        PoissonGroup(N, RATE * Hz, dt=1 * ms, name="one"),
        PoissonGroup(N, RATE * Hz, dt=1 * ms, name="again"),
        PoissonGroup(N, np.full(N, RATE) * Hz, dt=1 * ms, name="each"),
        PoissonGroup(N, "(40 + 1e-12*i)*Hz", dt=1 * ms, name="text"),
        NeuronGroup(N, "", threshold="rand() < drawn", dt=1 * ms, name="common"),
        PoissonGroup(N, 0 * Hz, dt=1 * ms, name="never"),
        PoissonGroup(7, 1000 * Hz, dt=1 * ms, name="always"),
        PoissonGroup(1, 900 * Hz, dt=1 * ms, name="single"),
        PoissonGroup(3, 0.01 * Hz, dt=1 * ms, name="seldom"),
    ]
    monitors = [SpikeMonitor(group) for group in groups]
    network = Network(groups, monitors)
    network.run(STEPS * ms)
    assert network.compiled.source.count("draw_events(") == 7  # of all but 'each' and 'text'
    found = {}
    for group, monitor in zip(groups, monitors, strict=True):
        found[group.name] = np.zeros((STEPS, len(group)), dtype=bool)
        steps = np.round(np.asarray(monitor.t / ms)).astype(int)
        found[group.name][steps, monitor.i[:]] = True
        assert found[group.name].sum() == monitor.num_spikes  # nobody spikes twice in a step
        assert np.all(np.diff(steps * len(group) + monitor.i[:]) > 0)  # in the order of steps and neurons
    yield found
    eqsnn.start_scope()


@pytest.mark.parametrize("name", ["one", "each", "text", "common"])
def test_counts_of_poisson_neurons(name: str, trains: dict[str, np.ndarray]) -> None:
    """Of each neuron, of each step, and the distances between events in the order of steps and neurons."""
    train = trains[name]
    fits(train.sum(axis=0), stats.binom(STEPS, P))
    fits(train.sum(axis=1), stats.binom(N, P))
    fits(np.diff(np.flatnonzero(train)), stats.geom(P))
    fits(np.concatenate([np.diff(np.flatnonzero(column)) for column in train.T]), stats.geom(P))


@pytest.mark.parametrize("name", ["one", "each", "common"])
def test_poisson_neurons_are_independent(name: str, trains: dict[str, np.ndarray]) -> None:
    """Of their neighbours in index and time, of every other neuron, and of another group."""
    train = (trains[name] - P) / np.sqrt(P * (1 - P))
    for lag in (1, 2, 3, 8, 64):
        assert abs((train[lag:] * train[:-lag]).mean()) < 4 / np.sqrt(train[lag:].size)
        assert abs((train[:, lag:] * train[:, :-lag]).mean()) < 4 / np.sqrt(train[:, lag:].size)
    correlations = (train.T @ train)[np.triu_indices(N, 1)] / STEPS
    assert correlations.std() == pytest.approx(1 / np.sqrt(STEPS), rel=0.02)
    assert np.abs(correlations).max() < 7 / np.sqrt(STEPS)
    other = (trains["again"] - P) / np.sqrt(P * (1 - P))
    if name == "one":
        assert abs((train * other).mean()) < 4 / np.sqrt(train.size)


def test_one_rate_or_many_is_the_same_distribution(trains: dict[str, np.ndarray]) -> None:
    for what in (lambda x: x.sum(axis=0), lambda x: x.sum(axis=1)):
        assert stats.ks_2samp(what(trains["one"]), what(trains["each"])).pvalue > LEVEL


def test_rates_at_the_ends(trains: dict[str, np.ndarray]) -> None:
    assert not trains["never"].any()
    assert trains["always"].all()
    assert abs(trains["single"].mean() - 0.9) < 4 * np.sqrt(0.09 / STEPS)
    assert trains["seldom"].sum() <= 3


LAWS = {
    "p0": ("poisson(0.3)", stats.poisson(0.3)),
    "p1": ("poisson(7.5)", stats.poisson(7.5)),
    "p2": ("poisson(60 + 0*i)", stats.poisson(60)),
    "p3": ("poisson(3000)", stats.poisson(3000)),
    "b0": ("binomial(5, 0.4)", stats.binom(5, 0.4)),
    "b1": ("binomial(1000, 0.002)", stats.binom(1000, 0.002)),
    "b2": ("binomial(200 + 0*i, 0.45)", stats.binom(200, 0.45)),
    "b3": ("binomial(300, 0.93)", stats.binom(300, 0.93)),
    "b4": ("binomial(100000, 0.01)", stats.binom(100000, 0.01)),
    "u": ("rand()", stats.uniform()),
    "n": ("randn()", stats.norm()),
    "m": ("2 + 3*randn()", stats.norm(2, 3)),
    "e": ("exponential(2.5)", stats.expon(scale=2.5)),
}
COUNTS = [name for name in LAWS if name[0] in "pb"]


@pytest.fixture(scope="module", params=["float64", "float32"])
def samples(request: pytest.FixtureRequest) -> Iterator[dict[str, np.ndarray]]:
    """Each function drawn by 10000 neurons in the loop in two steps; the second step's draws are looked at."""
    eqsnn.start_scope()
    eqsnn.seed(33)
    eqsnn.prefs.precision = request.param
    group = NeuronGroup(10000, "\n".join(f"{name} : 1\n{name}_old : 1" for name in LAWS), dt=1 * ms)
    group.run_regularly("\n".join(f"{name}_old = {name}\n{name} = {text}" for name, (text, _) in LAWS.items()), dt=1 * ms)
    Network(group).run(0.002 * second)
    yield {name: np.array(group.store[name][:], dtype=float) for name in group.store}
    eqsnn.start_scope()


@pytest.mark.parametrize("name", LAWS)
def test_random_functions(name: str, samples: dict[str, np.ndarray]) -> None:
    law, both = LAWS[name][1], (samples[name], samples[f"{name}_old"])
    for x in both:
        mean, variance, kurtosis = law.stats("mvk")
        assert abs(x.mean() - mean) < 4 * np.sqrt(variance / len(x))
        assert abs(x.var() / variance - 1) < 4 * np.sqrt((kurtosis + 2) / len(x))
        if name in COUNTS:
            fits(x, law)
        else:
            assert stats.kstest(x, law.cdf).pvalue > LEVEL
    assert abs(np.corrcoef(*both)[0, 1]) < 4 / np.sqrt(len(both[0]))
    assert abs(np.corrcoef(both[0][1:], both[0][:-1])[0, 1]) < 4 / np.sqrt(len(both[0]))


def test_random_functions_draw_apart(samples: dict[str, np.ndarray]) -> None:
    found = np.corrcoef([samples[name] for name in LAWS])[np.triu_indices(len(LAWS), 1)]
    assert np.abs(found).max() < 4.5 / np.sqrt(10000)


def test_normal_numbers_reach_into_the_tails(samples: dict[str, np.ndarray]) -> None:
    for limit in (2.0, 3.0):
        expected = 2 * stats.norm.sf(limit) * 10000
        assert abs((np.abs(samples["n"]) > limit).sum() - expected) < 4 * np.sqrt(expected)
