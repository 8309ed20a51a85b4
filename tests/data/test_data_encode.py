"""Numbers as spikes: by the equations, with the statistics, and the same for an example whatever its company."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from data_sets import events, same
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from eqsnn import Hz, Network, NeuronGroup, SpikeMonitor, errors, ms, mV
from eqsnn.data import SpikeData, digits, latency_code, linear_latency_code, poisson_code, regular_code, split

features = st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=5).map(np.array)
CODES = [
    lambda values, labels, **more: latency_code(values, labels, duration=50 * ms, **more),
    lambda values, labels, **more: linear_latency_code(
        values, labels, earliest=1 * ms, latest=9 * ms, duration=10 * ms, **more
    ),
    lambda values, labels, **more: poisson_code(values, labels, duration=50 * ms, maximum=500 * Hz, **more),
    lambda values, labels, **more: regular_code(values, labels, duration=50 * ms, maximum=500 * Hz, **more),
]


def zeros(values):
    return np.zeros(len(values), int)


def test_latency_is_when_an_integrator_crosses_the_threshold():
    """Beside a simulation of the very equation."""
    x = np.array([0.21, 0.25, 0.4, 0.75, 1.0, 0.2, 0.1, 0.0])
    data = latency_code(x[None], [0], duration=60 * ms)
    group = NeuronGroup(
        8, "dv/dt = (x - v)/(20*ms) : 1\nx : 1", threshold="v > 0.2", reset="v = -10", method="exact", dt=0.01 * ms
    )
    group.x = x
    monitor = SpikeMonitor(group)
    Network(group, monitor).run(60 * ms)
    first = dict(zip(monitor.i[::-1].tolist(), (monitor.t / ms)[::-1].tolist(), strict=True))
    units, times = data.example(0)
    assert units.tolist() == sorted(first) == [1, 2, 3, 4]  # 0.21 would take 60.9 ms
    assert np.allclose(times * 1e3, [first[unit] for unit in units], atol=0.02)


@given(features)
@settings(max_examples=50, deadline=None)
def test_greater_values_spike_earlier(values):
    data = latency_code(values, zeros(values), duration=1000 * ms, tau=10 * ms, threshold=0.3)
    for k, row in enumerate(values):
        times = dict(events(data, k))
        assert all(row[unit] > 0.3 for unit in times)
        ordered = sorted(times, key=lambda unit: row[unit])
        assert all(times[a] >= times[b] for a, b in itertools.pairwise(ordered))


def test_linear_latency_is_linear():
    data = linear_latency_code([[0, 0.5, 1]], [0], earliest=2 * ms, latest=8 * ms, duration=10 * ms)
    assert np.allclose(data.times, [0.002, 0.005, 0.008])
    for wrong in (dict(earliest=9 * ms), dict(latest=10 * ms)):
        with pytest.raises(errors.StateError, match="do not fit"):
            linear_latency_code([[0]], [0], **{**dict(earliest=2 * ms, latest=8 * ms, duration=10 * ms), **wrong})


def test_regular_spikes_are_at_odd_halves_of_the_interval():
    data = regular_code([[1, 0.5, 0.1, 0]], [0], duration=35 * ms, maximum=100 * Hz)
    assert events(data, 0) == [(0, 0.005), (0, 0.015), (0, 0.025), (1, 0.01), (1, 0.03)]


@given(features, st.floats(0, 2000), st.floats(0.1, 200))
@settings(max_examples=60, deadline=None)
def test_numbers_of_regular_spikes_are_rate_times_duration(values, maximum, duration):
    data = regular_code(values, zeros(values), duration=duration * ms, maximum=maximum * Hz)
    for k, row in enumerate(values):
        counts = np.bincount(data.example(k)[0], minlength=3)
        assert (np.abs(counts - row * maximum * duration * 1e-3) <= 0.5 + 1e-6).all()


def test_poisson_counts_and_times_have_their_distributions():
    n, x = 2000, np.array([1.0, 0.4, 0.0])
    data = poisson_code(np.tile(x, (n, 1)), np.zeros(n, int), duration=50 * ms, maximum=200 * Hz, seed=3)
    owner = np.repeat(np.arange(n), np.diff(data.offsets))
    counts = np.zeros((n, 3), int)
    np.add.at(counts, (owner, data.units), 1)
    for unit, mean in enumerate(x * 10):
        if mean == 0:
            assert not counts[:, unit].any()
            continue
        observed = np.bincount(np.minimum(counts[:, unit], 20), minlength=21)
        expected = n * np.append(stats.poisson.pmf(np.arange(20), mean), stats.poisson.sf(19, mean))
        likely = expected > 5
        observed = np.append(observed[likely], observed[~likely].sum())
        expected = np.append(expected[likely], expected[~likely].sum())
        assert stats.chisquare(observed, expected * observed.sum() / expected.sum()).pvalue > 1e-4
        assert stats.kstest(data.times[data.units == unit] / 0.05, "uniform").pvalue > 1e-4
    assert abs(np.corrcoef(counts[:, 0], counts[:, 1])[0, 1]) < 0.1


@pytest.mark.parametrize("code", CODES)
def test_an_example_is_the_same_whatever_its_company(code):
    values = np.random.default_rng(0).random((7, 2, 3))
    labels = np.arange(7)
    data = code(values, labels, n_classes=7)
    assert (data.n_units, len(data)) == (6, 7)
    assert same(data[:3], code(values[:3], labels[:3], n_classes=7))
    assert same(code(values, labels, names="abcdefg", groups=labels)[2:4].cropped(1 * ms), code(
        values, labels, names="abcdefg", groups=labels
    ).cropped(1 * ms)[2:4])  # fmt: skip


def test_the_seed_decides_what_is_drawn():
    values = np.full((4, 5), 0.5)
    draw = [poisson_code(values, zeros(values), duration=100 * ms, seed=seed) for seed in (0, 0, 1)]
    assert same(draw[0], draw[1])
    assert not same(draw[0], draw[2])
    assert len({tuple(events(draw[0], k)) for k in range(4)}) == 4


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([[0.5, 1.5]], "example 0: the value 1.5 of unit 1"),
        ([[0.5], [-0.1]], "example 1: the value -0.1 of unit 0"),
        ([[np.nan]], "nan"),
        ([0.5, 0.5], "shape (2,)"),
        ([["a"]], "no features"),
    ],
)
def test_features_outside_their_range_are_told(code, values, told):
    with pytest.raises(errors.StateError) as caught:
        code(values, zeros(values))
    assert caught.value.code == "E789"
    assert told in str(caught.value)


def test_parameters_without_their_unit_are_told():
    for call in (
        lambda: latency_code([[1]], [0], duration=50),
        lambda: latency_code([[1]], [0], duration=50 * ms, tau=5 * mV),
        lambda: poisson_code([[1]], [0], duration=50 * ms, maximum=5),
    ):
        with pytest.raises(errors.DimensionError):
            call()
    for call in (
        lambda: latency_code([[1]], [0], duration=0 * ms),
        lambda: latency_code([[1]], [0], duration=50 * ms, threshold=1.5),
        lambda: poisson_code([[1]], [0], duration=50 * ms, maximum=-1 * Hz),
    ):
        with pytest.raises(errors.StateError) as caught:
            call()
        assert caught.value.code == "E790"


# The digits of scikit-learn.


@pytest.mark.parametrize(("code", "reached"), [("latency", 0.9), ("regular", 0.9), ("poisson", 0.82)])
def test_digits_are_told_apart_from_their_spikes(code, reached):
    """A linear classifier of what a spike tells, its latency or its number, reaches what it does of the pixels."""
    linear = pytest.importorskip("sklearn.linear_model")
    data = digits(code)
    assert isinstance(data, SpikeData)
    assert (len(data), data.n_units, data.n_classes, data.names) == (1797, 64, 10, tuple("0123456789"))

    def told(part):
        rows = np.zeros((len(part), 64))
        owner = np.repeat(np.arange(len(part)), np.diff(part.offsets))
        np.add.at(rows, (owner, part.units), 1 - part.times / part.duration if code == "latency" else 0.1)
        return rows

    train, valid, test = split(data, seed=1)
    assert (len(train), len(valid), len(test)) == (1437, 180, 180)
    assert (np.bincount(valid.labels) >= 17).all()
    model = linear.RidgeClassifier().fit(told(train), train.labels)
    assert model.score(told(test), test.labels) > reached


def test_digits_by_seed():
    assert same(digits("poisson", seed=4), digits("poisson", seed=4))
    assert not same(digits("poisson", seed=4), digits("poisson", seed=5))
    assert digits("regular", duration=20 * ms, maximum=50 * Hz).duration == 0.02
    with pytest.raises(errors.StateError, match="codes are latency, poisson, regular"):
        digits("rate")
