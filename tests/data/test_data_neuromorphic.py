"""Published sets as tonic gives them: units, steps, order and people, and nothing fetched without being asked."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import fake_tonic
import numpy as np
import pytest
from data_sets import events, same
from hypothesis import given, settings
from hypothesis import strategies as st

from eqsnn import errors, ms
from eqsnn.data import dvs_gesture, folds_by_group, from_events, nmnist, shd, ssc

CAMERA = np.dtype([("x", int), ("y", int), ("t", int), ("p", int)])


@pytest.fixture
def tonic(monkeypatch):
    return fake_tonic.install(monkeypatch)


@pytest.fixture
def root(tmp_path):
    """A folder in which all sets are."""
    for name in ("SHD", "SSC", "DVSGesture", "NMNIST"):
        (tmp_path / name).mkdir()
    return tmp_path


class Some(list):
    """A set of data in tonic's format: a list of pairs."""

    def __init__(self, pairs, sensor_size):
        super().__init__(pairs)
        self.sensor_size = sensor_size


def camera(rng, size, n=4, count=40, latest=20_000):
    return Some([(fake_tonic.random_events(rng, CAMERA, size, count, latest), k % 3) for k in range(n)], size)


# Events as spikes.


@given(st.integers(0, 999), st.sampled_from([1, 2, 3]), st.booleans(), st.sampled_from([None, 1.0, 0.5]), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_spikes_are_the_events_of_a_block_and_polarity(seed, block, merge, dt, threshold):
    size = (12, 6, 2)
    dataset = camera(np.random.default_rng(seed), size)
    if dt is None:
        threshold = 1
    data = from_events(
        dataset, downsample=block, merge_polarities=merge, dt=None if dt is None else dt * ms, threshold=threshold
    )
    kinds = 1 if merge else 2
    columns = 12 // block
    assert data.n_units == columns * (6 // block) * kinds
    assert data.labels.tolist() == [0, 1, 2, 0]
    for k, (found, _) in enumerate(dataset):
        units = [
            (y // block * columns + x // block) * kinds + (0 if merge else p)
            for x, y, p in zip(found["x"].tolist(), found["y"].tolist(), found["p"].tolist(), strict=True)
        ]
        if dt is None:
            assert events(data, k) == list(zip(units, (found["t"] / 1e6).tolist(), strict=True))
            continue
        step = dt * 1e-3
        steps = Counter((int((t / 1e6 + 1e-3 * step) / step), u) for t, u in zip(found["t"], units, strict=True))
        wanted = sorted(pair for pair, number in steps.items() if number >= threshold)
        assert [(round(t / (dt * 1e-3)), unit) for unit, t in events(data, k)] == wanted
    if dt is not None:
        binned = data.binned(dt * ms)
        assert len(binned.steps) == len(data.units)  # what was binned stays as it is
        assert np.array_equal(binned.ids, data.units)


def test_a_trial_lasts_until_the_latest_event_or_is_cut():
    found = np.array([(0, 0, 500, 1), (1, 0, 7_000, 1), (1, 0, 7_300, 0)], CAMERA)
    dataset = Some([(found, 0), (found[:1], 1)], (2, 1, 2))
    assert from_events(dataset).duration == pytest.approx(0.008)
    assert from_events(dataset, dt=2 * ms).duration == pytest.approx(0.008)
    assert from_events(dataset, dt=3 * ms).duration == pytest.approx(0.009)
    cut = from_events(dataset, duration=7 * ms)
    assert cut.duration == 0.007
    assert np.diff(cut.offsets).tolist() == [1, 1]
    longer = from_events(dataset, duration=70 * ms)
    assert (longer.duration, len(longer.units)) == (0.07, 4)
    on_the_border = from_events(Some([(found[1:2], 0)], (2, 1, 2)))
    assert on_the_border.duration == pytest.approx(0.008)


def test_an_empty_recording_is_an_example():
    data = from_events(Some([(np.zeros(0, CAMERA), 0)], (4, 4, 2)), dt=1 * ms)
    assert (len(data), len(data.units), data.duration) == (1, 0, 0.001)


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        (dict(downsample=5), "E791", "these do: 1, 2, 3, 6"),
        (dict(downsample=0), "E790", "'downsample' cannot be 0"),
        (dict(threshold=2), "E790", "dt=1*ms"),
        (dict(sensor_size=(6, 6)), "E791", "no size of a sensor"),
        (dict(sensor_size=(3, 6, 2)), "E791", "example 0: an event with x ="),
        (dict(duration=5), "E223", "'duration' is in second"),
    ],
)
def test_what_does_not_fit_the_sensor_is_told(changes, code, told):
    dataset = camera(np.random.default_rng(0), (12, 6, 2))
    with pytest.raises(errors.EqsnnError) as caught:
        from_events(dataset, **changes)
    assert caught.value.code == code
    assert told in str(caught.value)


def test_order_groups_and_names():
    dataset = camera(np.random.default_rng(0), (12, 6, 2))
    data = from_events(dataset, order=[2, 0], groups=[5, 6, 7, 8], names="abc")
    assert (data.labels.tolist(), data.groups.tolist(), data.names) == ([2, 0], [7, 5], ("a", "b", "c"))
    assert same(data, from_events(dataset, groups=[5, 6, 7, 8], names="abc", duration=20 * ms)[[2, 0]])


def test_fields_that_are_missing_are_told():
    sound = Some([(np.zeros(1, fake_tonic.SOUND), 0)], (4, 4, 2))
    with pytest.raises(errors.StateError, match="no field 'y'"):
        from_events(sound)
    with pytest.raises(errors.StateError, match="no field 'x'"):
        from_events(Some([(np.zeros((1, 4)), 0)], (4, 4, 2)))
    with pytest.raises(errors.StateError, match="sensor_size="):
        from_events([(np.zeros(1, fake_tonic.SOUND), 0)])


# The published sets.


def test_shd(tonic, root):
    data, test = shd(root), shd(root, train=False)
    source = tonic.SHD(root)
    assert (data.n_units, data.n_classes, data.names) == (700, 4, ("zero", "one", "null", "eins"))
    for k in range(len(data)):
        found = source[k][0]
        assert events(data, k) == list(zip(found["x"].tolist(), (found["t"] / 1e6).tolist(), strict=True))
    assert np.array_equal(data.groups, source.speaker)
    assert set(test.groups) - set(data.groups) == {4, 5}
    assert shd(root, duration=500 * ms, dt=10 * ms).n_steps(10 * ms) == 50
    assert len(list(folds_by_group(data))) == 10
    assert not tonic.SHD.fetched


def test_shd_of_other_speakers_is_not_the_published_one(tonic, root, monkeypatch):
    original = tonic.SHD.__init__

    def other(self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.speaker[3] = 4

    monkeypatch.setattr(tonic.SHD, "__init__", other)
    with pytest.raises(errors.StateError, match="speaker 4 belongs to the other part") as caught:
        shd(root)
    assert caught.value.code == "E792"


def test_ssc(tonic, root):
    parts = [ssc(root, part) for part in ("train", "valid", "test")]
    assert not same(parts[0], parts[1])
    assert parts[0].groups.tolist() == [1, 0, 2] * 4
    assert (parts[0].n_units, parts[0].names) == (700, ("yes", "no", "stop"))
    with pytest.raises(errors.StateError, match="parts are train, valid, test"):
        ssc(root, "validation")


def test_dvs_gesture(tonic, root):
    data, test = dvs_gesture(root), dvs_gesture(root, train=False)
    assert (data.n_units, data.n_classes) == (32 * 32 * 2, 3)
    assert set(data.groups) == set(range(1, 24))
    assert set(test.groups) == set(range(24, 30))
    assert len(list(folds_by_group(data, 3))) == 8
    source = tonic.DVSGesture(root)
    keys = sorted(zip(source.users, source.lighting, source.targets, range(24), strict=True))
    assert data.groups.tolist() == [user for user, *_ in keys]
    assert data.labels.tolist() == [target for _, _, target, _ in keys]
    first = source[keys[0][3]][0]
    wanted = {(t // 1000, (y // 4 * 32 + x // 4) * 2 + p) for x, y, p, t in first.tolist()}
    assert {(round(t * 1e3), unit) for unit, t in events(data, 0)} == wanted
    assert dvs_gesture(root, downsample=1, merge_polarities=True, dt=None).n_units == 128 * 128


def test_dvs_gesture_does_not_depend_on_the_file_system(tonic, root, monkeypatch):
    data = dvs_gesture(root)
    original = tonic.DVSGesture.__init__

    def shuffled(self, *args, **kwargs):
        original(self, *args, **kwargs)
        order = np.random.default_rng(9).permutation(len(self))
        for name in ("users", "lighting", "targets", "samples"):
            setattr(self, name, [getattr(self, name)[k] for k in order])

    monkeypatch.setattr(tonic.DVSGesture, "__init__", shuffled)
    assert same(dvs_gesture(root), data)


def test_nmnist(tonic, root):
    data = nmnist(root)
    assert (data.n_units, data.n_classes, data.groups) == (34 * 34 * 2, 10, None)
    assert nmnist(root, downsample=2, merge_polarities=True).n_units == 17 * 17
    assert nmnist(root, first_saccade_only=True).duration < 0.101
    with pytest.raises(errors.StateError, match="these do: 1, 2, 17, 34"):
        nmnist(root, downsample=4)


@pytest.mark.parametrize("load", [shd, ssc, dvs_gesture, nmnist])
def test_nothing_is_fetched_unless_asked(tonic, tmp_path, load):
    with pytest.raises(errors.BuildError) as caught:
        load(tmp_path)
    assert caught.value.code == "E880"
    assert "download=True" in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert not tonic.SHD.fetched
    fetched = load(tmp_path, download=True)
    assert len(tonic.SHD.fetched) == 1
    assert same(load(tmp_path), fetched)  # from then on the files are there


def test_no_network_is_told(tonic, tmp_path, monkeypatch):
    import urllib.error

    def unreachable(self):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(fake_tonic.Dataset, "download", unreachable)
    with pytest.raises(errors.BuildError, match="is there a network") as caught:
        shd(tmp_path, download=True)
    assert caught.value.code == "E881"
    assert "Name or service not known" in str(caught.value)


def test_files_that_cannot_be_read_are_told(tonic, root, monkeypatch):
    def damaged(self, *args, **kwargs):
        raise OSError("truncated file")

    monkeypatch.setattr(tonic.SHD, "__init__", damaged)
    with pytest.raises(errors.BuildError, match="truncated file") as caught:
        shd(root)
    assert caught.value.code == "E881"


# Libraries that need not be there.


@pytest.mark.parametrize(
    ("missing", "call", "package"),
    [("tonic", "shd('/nowhere')", "tonic"), ("sklearn", "digits()", "scikit-learn")],
)
def test_a_missing_library_is_told_with_its_package(missing, call, package):
    code = f"""
import sys
sys.modules[{missing!r}] = None
from eqsnn import errors
from eqsnn.data import *
try:
    {call}
except errors.BuildError as error:
    print(error.code, error)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("E875")
    assert f"pip install {package}" in result.stdout


def test_import_loads_neither():
    code = "import sys, eqsnn.data; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"sklearn", "tonic", "scipy", "sympy", "lark", "h5py"} & set(result.stdout.split())


def test_every_public_name_is_there_once():
    import eqsnn.data

    assert sorted(set(eqsnn.data.__all__)) == sorted(eqsnn.data.__all__)
    assert [name for name in eqsnn.data.__all__ if not hasattr(eqsnn.data, name)] == []
