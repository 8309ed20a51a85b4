"""Tasks with a known answer: who knows how they are made is right, and who sees too little is no better than can be."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from data_sets import same
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from eqsnn import Hz, errors, ms
from eqsnn.data import delayed_xor, evidence_accumulation, evidence_accuracy, yin_yang, yin_yang_class


def counts(data, start, stop, units):
    """Spikes of each example within a time, in milliseconds, of a population of units."""
    owner = np.repeat(np.arange(len(data)), np.diff(data.offsets))
    t = data.times * 1e3
    chosen = (t >= start) & (t < stop) & np.isin(data.units, units)
    return np.bincount(owner[chosen], minlength=len(data))


# Yin-Yang.


@given(st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=300, deadline=None)
def test_half_a_turn_exchanges_yin_and_yang(x, y):
    dots = [np.hypot(x - cx, y - 0.5) for cx in (0.25, 0.75)]
    borders = [abs(d - r) for d in dots for r in (0.1, 0.25)] + [abs(y - 0.5)]
    if min(borders) < 1e-9:
        return
    there, opposite = int(yin_yang_class(x, y)), int(yin_yang_class(1 - x, 1 - y))
    assert (there, opposite) in {(0, 1), (1, 0), (2, 2)}
    assert (there == 2) == (min(dots) < 0.1)


def test_points_whose_class_is_seen_in_the_figure():
    points = [(0.5, 0.9, 1), (0.5, 0.1, 0), (0.25, 0.5, 2), (0.75, 0.5, 2), (0.25, 0.7, 1), (0.75, 0.3, 0)]
    for x, y, wanted in points:
        assert yin_yang_class(x, y) == wanted


def test_latencies_tell_the_point_and_the_point_the_class():
    data = yin_yang(600, seed=2)
    assert (data.n_units, data.names, data.duration) == (5, ("yin", "yang", "dot"), 0.04)
    units, times = data.units.reshape(-1, 5), data.times.reshape(-1, 5) * 1e3
    assert (units == np.arange(5)).all()
    assert np.allclose(times[:, 4], 9)
    x, y, x_other, y_other = ((times[:, :4] - 1.5) / 18.5).T
    assert np.allclose(x + x_other, 1)
    assert np.allclose(y + y_other, 1)
    assert (np.hypot(x - 0.5, y - 0.5) <= 0.5 + 1e-9).all()
    assert np.array_equal(yin_yang_class(x, y), data.labels)
    assert stats.chisquare(np.bincount(data.labels)).pvalue > 1e-3


def test_points_are_uniform_in_their_class():
    data = yin_yang(3000, seed=1)
    x, y = (data.times.reshape(-1, 5)[:, :2].T * 1e3 - 1.5) / 18.5
    left = data.labels == 2
    assert abs((x[left] < 0.5).mean() - 0.5) < 4 * 0.5 / np.sqrt(left.sum())
    right_dot = left & (x > 0.5)
    radius = np.hypot(x[right_dot] - 0.75, y[right_dot] - 0.5) / 0.1
    assert stats.kstest(radius**2, "uniform").pvalue > 1e-4


@pytest.mark.parametrize("make", [yin_yang, delayed_xor, evidence_accumulation])
def test_an_example_of_a_seed_is_the_same_however_many_there_are(make):
    assert same(make(20, seed=3)[:8], make(8, seed=3))
    assert same(make(5, seed=(3, 1)), make(5, seed=(3, 1)))
    assert not same(make(8, seed=3), make(8, seed=4))


# Delayed XOR.


def test_who_remembers_both_cues_is_right_and_a_linear_sum_is_not():
    linear = pytest.importorskip("sklearn.linear_model")
    data = delayed_xor(1200, seed=1)
    assert (data.duration, data.n_units) == (0.25, 30)
    zero, one = np.arange(10), np.arange(10, 20)
    rows = np.stack([counts(data, start, start + 50, who) for start in (0, 150) for who in (zero, one)], axis=1)
    first, second = rows[:, 1] > rows[:, 0], rows[:, 3] > rows[:, 2]
    assert ((first ^ second) == data.labels).all()
    assert not counts(data, 50, 150, np.arange(30)).any()
    assert (counts(data, 200, 250, np.arange(20, 30)) > 20).all()
    margin = 4 * 0.5 / np.sqrt(len(data))
    assert abs(data.labels.mean() - 0.5) < margin
    assert abs((first == data.labels).mean() - 0.5) < margin
    assert abs((second == data.labels).mean() - 0.5) < margin
    model = linear.LogisticRegression().fit(rows, data.labels)
    assert model.score(rows, data.labels) < 0.75 + margin


def test_background_is_everywhere():
    data = delayed_xor(200, seed=1, background=20 * Hz, delay=500 * ms)
    quiet = counts(data, 50, 550, np.arange(30))
    assert abs(quiet.mean() - 30 * 20 * 0.5) < 4 * np.sqrt(300 / 200)


# Evidence accumulation.


def sides(data, cues=7):
    """The side of each cue, read from its spikes."""
    starts = 50 + 150 * np.arange(cues)
    left, right = (
        np.stack([counts(data, start, start + 100, units) for start in starts], axis=1)
        for units in (np.arange(10), np.arange(10, 20))
    )
    assert ((left == 0) != (right == 0)).all()
    return right > 0


def test_who_counts_the_cues_is_always_right():
    data = evidence_accumulation(600, seed=5)
    assert (round(data.duration, 9), data.n_units, data.names) == (2.25, 40, ("left", "right"))
    right = sides(data)
    assert ((right.sum(axis=1) > 3.5) == data.labels).all()
    assert not counts(data, 1050, 2100, np.arange(30)).any()
    assert (counts(data, 2100, 2250, np.arange(20, 30)) > 20).all()
    noise = counts(data, 0, 2250, np.arange(30, 40))
    assert abs(noise.mean() - 225) < 4 * np.sqrt(225 / 600)
    cue = counts(data, 50, 150, np.arange(20))
    assert abs(cue.mean() - 40) < 4 * np.sqrt(40 / 600)
    # How many cues are on the majority's side: 7 draws of 0.7, or of 0.3.
    most = np.maximum(right.sum(axis=1), 7 - right.sum(axis=1))
    expected = [stats.binom.pmf(k, 7, 0.7) + stats.binom.pmf(7 - k, 7, 0.7) for k in range(4, 8)]
    assert stats.chisquare(np.bincount(most)[4:], 600 * np.array(expected)).pvalue > 1e-4


def brute_force(cues, p, seen):
    """The best accuracy, over all sequences and both sides."""
    chances: dict[tuple[int, ...], list[float]] = {}
    for sequence in itertools.product((0, 1), repeat=cues):
        likely = sum(np.prod([q if s else 1 - q for s in sequence]) for q in (p, 1 - p)) / 2
        chances.setdefault(sequence[:seen], [0.0, 0.0])[int(sum(sequence) > cues / 2)] += likely
    return sum(max(pair) for pair in chances.values())


@pytest.mark.parametrize("cues", [1, 3, 5, 7])
@pytest.mark.parametrize("p", [0.5, 0.7, 0.9, 1.0])
def test_best_accuracy_is_that_of_all_sequences(cues, p):
    for seen in range(cues + 1):
        assert evidence_accuracy(cues, p, seen) == pytest.approx(brute_force(cues, p, seen), abs=1e-12)
    assert evidence_accuracy(cues, p) == pytest.approx(1)
    assert evidence_accuracy(cues, p, 0) == pytest.approx(0.5)


def test_who_remembers_the_last_cues_reaches_the_accuracy_that_is_told():
    data = evidence_accumulation(2000, seed=7, delay=0 * ms, population=2, rate=200 * Hz)
    starts = 50 + 150 * np.arange(7)
    right = np.stack([counts(data, s, s + 100, [2, 3]) > 0 for s in starts], axis=1)
    for seen in (1, 3):
        guess = right[:, -seen:].sum(axis=1) > seen / 2
        best = evidence_accuracy(seen=seen)
        assert abs((guess == data.labels).mean() - best) < 4 * np.sqrt(best * (1 - best) / len(data))


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: yin_yang(0), "'n' cannot be 0"),
        (lambda: yin_yang(5, r_small=0.3), "radii"),
        (lambda: yin_yang(5, r_big=0.6), "radii"),
        (lambda: yin_yang(5, bias=40 * ms), "'bias' must be before"),
        (lambda: yin_yang(5, latest=50 * ms), "do not fit"),
        (lambda: delayed_xor(5, population=0), "'population' cannot be 0"),
        (lambda: delayed_xor(5, rate=0 * Hz), "'rate' cannot be zero"),
        (lambda: delayed_xor(5, cue=-1 * ms), "'cue' cannot be negative"),
        (lambda: evidence_accumulation(5, cues=4), "odd number"),
        (lambda: evidence_accumulation(5, probability=1.2), "'probability' goes from 0 to 1"),
        (lambda: evidence_accuracy(7, 0.7, 8), "8 of 7 cues cannot be seen"),
    ],
)
def test_parameters_out_of_range_are_told(call, told):
    with pytest.raises(errors.StateError) as caught:
        call()
    assert caught.value.code == "E790"
    assert told in str(caught.value)


def test_times_need_units():
    for call in (lambda: yin_yang(5, bias=9), lambda: delayed_xor(5, delay=100), lambda: delayed_xor(5, rate=100)):
        with pytest.raises(errors.DimensionError):
            call()


def test_no_delay_is_a_delay():
    data = delayed_xor(3, delay=0 * ms)
    assert data.duration == pytest.approx(0.15)
