"""`SpikeData`: what it refuses, and that choosing, joining, binning and writing examples loses and invents nothing."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from data_sets import events, random_data, same, sets
from hypothesis import given, settings
from hypothesis import strategies as st

from eqsnn import Hz, Network, SpikeGeneratorGroup, SpikeMonitor, errors, ms, mV, second
from eqsnn.data import SpikeData

GOOD = dict(units=[0, 1, 0], times=[1, 2, 5] * ms, offsets=[0, 2, 3], labels=[1, 0], n_units=2, duration=10 * ms)


# What it holds, and what it refuses.


def test_fields_are_plain_numbers_in_seconds():
    data = SpikeData(**GOOD)
    assert (data.units.dtype, data.times.dtype, data.offsets.dtype, data.labels.dtype) == ("i4", "f8", "i8", "i8")
    assert data.times.tolist() == [0.001, 0.002, 0.005]
    assert (data.duration, data.n_units, data.n_classes, len(data)) == (0.01, 2, 2, 2)
    assert same(data, SpikeData(**{**GOOD, "times": [0.001, 0.002, 0.005], "duration": 0.01}))


def test_nothing_of_it_can_be_written_to():
    times = np.array([0.001, 0.002, 0.005])
    data = SpikeData(**{**GOOD, "times": times})
    with pytest.raises(ValueError, match="read-only"):
        data.times[0] = 0
    with pytest.raises(AttributeError):
        data.duration = 1.0
    times[0] = 0  # the array that was given stays its owner's


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({"units": [0, 2, 0]}, "E781", "example 0: there is no unit 2."),
        ({"units": [0, 1, -1]}, "E781", "example 1: there is no unit -1."),
        ({"units": [0.0, 1.0, 0.0]}, "E780", "whole numbers"),
        ({"units": [[0, 1, 0]]}, "E780", "shape (1, 3)"),
        ({"units": [0, 1]}, "E780", "there are 2 units, but times of the shape (3,)"),
        ({"times": [1, 2, 10] * ms}, "E782", "example 1: a spike at 10 ms lies outside the trial of 10 ms."),
        ({"times": [1, -2, 5] * ms}, "E782", "example 0: a spike at -2 ms"),
        ({"times": [0.001, 0.002, np.nan]}, "E782", "example 1: the time of a spike is NaN."),
        ({"times": ["a", "b", "c"]}, "E780", "no numbers"),
        ({"times": [1, 2, 5] * mV}, "E223", "'times' is in second"),
        ({"offsets": [0, 2]}, "E780", "'offsets' must rise from 0 to the number of events, 3"),
        ({"offsets": [0, 3, 2, 3]}, "E780", "must rise"),
        ({"offsets": []}, "E780", "must rise"),
        ({"labels": [1, 0, 0]}, "E780", "there are 2 examples, but labels of the shape (3,)"),
        ({"labels": 1}, "E780", "labels of the shape ()"),
        ({"labels": [1.0, 0.0]}, "E780", "cannot be of the type float64"),
        ({"labels": [1, -1]}, "E783", "example 1: there is no class -1."),
        ({"labels": [1, 2], "n_classes": 2}, "E783", "example 1: there is no class 2."),
        ({"labels": [1, 2], "names": ("a", "b")}, "E783", "there is no class 2."),
        ({"n_classes": 2, "names": ("a", "b", "c")}, "E780", "2 classes, but 3 names"),
        ({"labels": [[1.0], [np.inf]]}, "E783", "example 1: a target is not finite."),
        ({"labels": [[1.0], [2.0]], "n_classes": 2}, "E780", "belong to no classes"),
        ({"labels": np.zeros((2, 1, 1, 1))}, "E780", "are no targets"),
        ({"groups": [1]}, "E780", "there are 2 examples, but 1 groups"),
        ({"groups": ["a", "b"]}, "E780", "'groups' is one row of whole numbers"),
        ({"n_units": 0}, "E790", "'n_units' cannot be 0"),
        ({"n_units": 2.5}, "E790", "'n_units' is a whole number"),
        ({"duration": 0}, "E790", "'duration' cannot be zero"),
        ({"duration": 10 * mV}, "E223", "'duration' is in second"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(changes, code, told):
    with pytest.raises(errors.EqsnnError) as caught:
        SpikeData(**{**GOOD, **changes})
    assert caught.value.code == code
    assert told in str(caught.value)


def test_empty_examples_before_a_wrong_event_are_not_blamed():
    with pytest.raises(errors.StateError, match="example 3"):
        SpikeData([0, 9], [0.0, 0.0], [0, 1, 1, 1, 2], [0, 0, 0, 0], n_units=1, duration=1)


def test_targets_are_real_numbers_for_each_example_or_step():
    data = SpikeData(**{**GOOD, "labels": [[1, 2], [3, 4]]})
    assert (data.labels.dtype, data.n_classes) == ("f8", None)
    assert SpikeData(**{**GOOD, "labels": np.ones((2, 10, 3))})[1].labels.shape == (1, 10, 3)


def test_no_example_at_all():
    data = SpikeData([], [], [0], [], n_units=3, duration=1 * ms)
    assert (len(data), data.n_classes) == (0, 0)
    assert same(data[:], data)
    assert same(SpikeData.concatenate([data, data]), data)
    assert [len(part) for part in data.binned(1 * ms)] == [0, 0, 1]


def test_copies_between_processes_are_the_same():
    data = random_data(3, groups=2)
    assert same(pickle.loads(pickle.dumps(data)), data)


def test_it_says_what_it_is():
    assert repr(SpikeData(**GOOD)) == (
        "<SpikeData: 2 examples, 2 classes, 2 units for 10 ms, 1.5 spikes each (75 Hz a unit)>"
    )
    assert "by 1 groups, targets (1,)" in repr(SpikeData(**{**GOOD, "labels": [[1], [1]], "groups": [4, 4]}))
    assert "0 examples" in repr(SpikeData(**GOOD)[:0])


def test_rate_is_that_of_a_unit():
    assert SpikeData(**GOOD).rate() == 75 * Hz  # 3 spikes of 2 examples of 2 units in 10 ms
    assert np.isnan(SpikeData(**GOOD)[:0].rate() / Hz)


# Examples.


@given(sets, st.data())
@settings(max_examples=60, deadline=None)
def test_any_index_gives_the_examples_it_would_give_of_a_list(data, draw):
    n = len(data)
    item = draw.draw(
        st.one_of(
            st.slices(n),
            st.lists(st.integers(-n, n - 1), max_size=8) if n else st.just([]),
            st.lists(st.booleans(), min_size=n, max_size=n).map(lambda flags: np.array(flags, bool)),
        )
    )
    chosen = data[item]
    wanted = np.arange(n)[np.asarray(item, np.int64) if isinstance(item, list) else item]
    assert [events(chosen, k) for k in range(len(chosen))] == [events(data, k) for k in wanted]
    assert np.array_equal(chosen.labels, data.labels[wanted])
    assert (chosen.groups is None) == (data.groups is None)
    assert data.groups is None or np.array_equal(chosen.groups, data.groups[wanted])
    assert (chosen.n_classes, chosen.n_units, chosen.duration) == (data.n_classes, data.n_units, data.duration)


def test_a_number_chooses_one_and_out_of_range_is_an_index_error():
    data = random_data(1)
    assert events(data[-1], 0) == events(data, len(data) - 1)
    assert [events(one, 0) for one in data] == [events(data, k) for k in range(len(data))]
    for bad, code in ((12, "E701"), (-13, "E701"), ("a", "E704"), ([[0]], "E704"), ((0, 1), "E704")):
        with pytest.raises(IndexError) as caught:
            data[bad]
        assert caught.value.code == code
    for bad in (12, [0], slice(3), []):
        with pytest.raises(errors.StateError):
            data.example(bad)


@given(st.lists(st.integers(0, 2**20), min_size=1, max_size=4), st.sampled_from([None, 4]))
@settings(max_examples=30, deadline=None)
def test_concatenated_examples_follow_one_another(seeds, groups):
    parts = [random_data(seed, n=seed % 5, groups=groups) for seed in seeds]
    joined = SpikeData.concatenate(parts)
    assert [events(joined, k) for k in range(len(joined))] == [events(p, k) for p in parts for k in range(len(p))]
    assert np.array_equal(joined.labels, np.concatenate([part.labels for part in parts]))
    start = len(parts[0])
    assert same(joined[:start], parts[0])


@pytest.mark.parametrize(
    "other",
    [
        random_data(2, n_units=6),
        random_data(2, duration=0.03),
        random_data(2, n_classes=4),
        random_data(2, groups=2),
        random_data(2, targets=(2,)),
    ],
)
def test_what_differs_is_not_concatenated(other):
    with pytest.raises(errors.StateError) as caught:
        SpikeData.concatenate([random_data(1), other])
    assert caught.value.code == "E785"


def test_targets_of_two_shapes_or_nothing_are_not_concatenated():
    for parts in ([], [random_data(1, targets=(2,)), random_data(1, targets=(3,))]):
        with pytest.raises(errors.StateError) as caught:
            SpikeData.concatenate(parts)
        assert caught.value.code == "E785"


@given(sets, st.floats(0.001, 0.03))
@settings(max_examples=40, deadline=None)
def test_cropping_leaves_the_spikes_before_the_end(data, end):
    cropped = data.cropped(end * second)
    assert cropped.duration == end
    for k in range(len(data)):
        assert events(cropped, k) == [(unit, t) for unit, t in events(data, k) if t < end]


def test_a_spike_at_the_end_is_after_it():
    assert events(SpikeData(**GOOD).cropped(2 * ms), 0) == [(0, 0.001)]


# The order of examples.


@given(sets, st.integers(1, 7), st.sampled_from([None, 3, (3, 1)]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_batches_hold_every_example_once(data, size, seed, drop_last):
    batches = list(data.batches(size, seed, drop_last))
    n = len(data)
    kept = n // size * size if drop_last else n
    assert [len(batch) for batch in batches] == [min(size, kept - k) for k in range(0, kept, size)]
    found = np.concatenate([np.empty(0, int), *batches])
    assert len(set(found.tolist())) == kept
    assert set(found.tolist()) <= set(range(n))
    again = np.concatenate([np.empty(0, int), *data.batches(size, seed, drop_last)])
    assert np.array_equal(found, again)
    assert seed is not None or np.array_equal(found, np.arange(kept))


def test_epochs_and_seeds_differ():
    data = random_data(0, n=50)
    orders = {tuple(np.concatenate(list(data.batches(8, seed)))) for seed in (0, 1, (0, 0), (0, 1), (0, 2), (0, 0, 0))}
    assert len(orders) == 6
    assert np.array_equal(np.concatenate(list(data.batches(8, 5))), np.concatenate(list(data.batches(3, 5))))
    shuffled = data.shuffled(5)
    assert same(shuffled, data[np.concatenate(list(data.batches(8, 5)))])
    assert not same(shuffled, data)


@pytest.mark.parametrize("seed", [-1, 1.5, "1", (), (1, -1), True])
def test_no_seed_is_told(seed):
    with pytest.raises(errors.ModelError) as caught:
        random_data(0).shuffled(seed)
    assert caught.value.code == "E551"


@pytest.mark.parametrize("size", [0, -1, 2.0, None])
def test_no_size_of_a_batch_is_told(size):
    with pytest.raises(errors.StateError) as caught:
        random_data(0).batches(size)
    assert caught.value.code == "E790"


# Time.


@given(sets, st.sampled_from([0.1e-3, 0.5e-3, 1e-3, 3e-3, 0.7e-3, 1.0]))
@settings(max_examples=80, deadline=None)
def test_binned_spikes_are_the_sets_of_step_and_unit(data, dt):
    steps, ids, offsets = data.binned(dt * second)
    assert (steps.dtype, ids.dtype, offsets.dtype) == ("i8", "i4", "i8")
    count = data.n_steps(dt * second)
    assert count == max(1, math.ceil(data.duration / dt - 1e-3))
    assert len(offsets) == len(data) + 1
    for k in range(len(data)):
        wanted = {(min(math.floor((t + 1e-3 * dt) / dt), count - 1), unit) for unit, t in events(data, k)}
        part = slice(offsets[k], offsets[k + 1])
        assert list(zip(steps[part].tolist(), ids[part].tolist(), strict=True)) == sorted(wanted)


def test_a_time_is_in_the_step_that_a_generator_spikes_in():
    times = np.concatenate([np.arange(40) / 1e4, np.random.default_rng(1).random(60) * 4e-3])
    data = SpikeData(np.arange(100), times, [0, 100], [0], 100, 4.5 * ms)
    group = SpikeGeneratorGroup(100, data.units, data.times * second, dt=0.1 * ms)
    monitor = SpikeMonitor(group)
    Network(group, monitor).run(4.5 * ms)
    steps, ids, _ = data.binned(0.1 * ms)
    assert set(zip(range(40), range(40), strict=True)) <= set(zip(steps.tolist(), ids.tolist(), strict=True))
    assert np.array_equal(ids, monitor.i)
    assert np.array_equal(steps, np.round(monitor.t / (0.1 * ms)).astype(int))


def test_times_just_before_the_end_are_in_the_last_step():
    end = 0.01
    data = SpikeData([0, 0], [np.nextafter(end, 0), end - 1e-9], [0, 2], [0], 1, end)
    assert data.n_steps(1 * ms) == 10
    assert data.binned(1 * ms).steps.tolist() == [9]


def test_steps_need_a_time():
    for bad, code in ((1, "E223"), (1 * mV, "E223"), (0 * ms, "E790"), (-1 * ms, "E790"), ([1, 2] * ms, "E790")):
        with pytest.raises(errors.EqsnnError) as caught:
            random_data(0).binned(bad)
        assert caught.value.code == code


# Files.


@given(data=sets)
@settings(max_examples=25, deadline=None)
def test_a_file_gives_back_every_bit(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("data") / "set.npz"
    data.save(path)
    assert same(SpikeData.load(path), data)
    assert [p.name for p in path.parent.iterdir()] == ["set.npz"]


def test_names_of_classes_are_kept(tmp_path):
    data = SpikeData(**GOOD, names=("null", "eins"), groups=[3, 7])
    data.save(str(tmp_path / "a"))
    assert same(SpikeData.load(tmp_path / "a"), data)


def test_what_is_no_such_file_is_told(tmp_path):
    text, array, pickled, other, damaged = (tmp_path / name for name in ("a", "b.npy", "c.npz", "d.npz", "e.npz"))
    text.write_text("no archive")
    np.save(array, np.arange(3))
    np.savez(pickled, format=np.array([{}], dtype=object))
    np.savez(other, format=99)
    random_data(1).save(damaged)
    damaged.write_bytes(damaged.read_bytes()[:-40])
    for path in (text, array, pickled, other, damaged, tmp_path / "missing"):
        with pytest.raises(errors.StateError) as caught:
            SpikeData.load(path)
        assert caught.value.code == "E786"


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "set.npz"
    random_data(1).save(path)

    def fail(file, **arrays):
        file.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="no space"):
        random_data(2).save(path)
    assert same(SpikeData.load(path), random_data(1))
    assert len(list(tmp_path.iterdir())) == 1
