"""The loaders beside the real library tonic, where it is installed: files in the published layout, made here."""

from __future__ import annotations

import numpy as np
import pytest
from data_sets import events

from eqsnn import errors, ms
from eqsnn.data import dvs_gesture, nmnist, shd, ssc

pytest.importorskip("tonic")
h5py = pytest.importorskip("h5py")


def write_sound(folder, name, speakers, classes):
    """A file of Heidelberg's layout, and the archive that tonic looks for; returns units and times of each example."""
    rng = np.random.default_rng(len(speakers))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.h5.zip").touch()
    lengths = rng.integers(1, 40, len(speakers))
    units = [rng.integers(0, 700, length).astype(np.uint16) for length in lengths]
    times = [np.sort(rng.random(length)).astype(np.float16) for length in lengths]
    with h5py.File(folder / f"{name}.h5", "w") as file:
        for key, rows, kind in (("units", units, np.uint16), ("times", times, np.float16)):
            rag = file.create_dataset(f"spikes/{key}", (len(rows),), dtype=h5py.vlen_dtype(kind))
            for k, row in enumerate(rows):
                rag[k] = row
        file["labels"] = np.arange(len(speakers)) % len(classes)
        file["extra/speaker"] = np.array(speakers, np.uint16)
        file["extra/keys"] = np.array(classes, "S8")
    return units, times


@pytest.mark.parametrize("name", ["SHD", "SSC"])
def test_sound(tmp_path, name):
    speakers = [0, 1, 6, 11, 2]
    units, times = write_sound(tmp_path / name, f"{name.lower()}_train", speakers, ["zero", "one", "null"])
    data = shd(tmp_path) if name == "SHD" else ssc(tmp_path, "train")
    assert (data.n_units, data.names) == (700, ("zero", "one", "null"))
    assert data.groups.tolist() == speakers
    assert data.labels.tolist() == [0, 1, 2, 0, 1]
    for k in range(5):
        found = events(data, k)
        assert [unit for unit, _ in found] == units[k].tolist()
        assert np.allclose([t for _, t in found], times[k].astype(float), atol=1e-6)


def test_gestures(tmp_path):
    """Tonic's files are rows of x, y, polarity and milliseconds; it wants a hundred of them at least."""
    rng = np.random.default_rng(0)
    root = tmp_path / "DVSGesture"
    (root / "ibmGestureTrain").mkdir(parents=True)
    (root / "ibmGestureTrain.tar.gz").touch()
    written = {}
    for user in (12, 3, 7, 1, 20):
        for light in ("led", "natural"):
            folder = root / "ibmGestureTrain" / f"user{user:02d}_{light}"
            folder.mkdir()
            for label in range(11):
                columns = [rng.integers(0, top, 30) for top in (128, 128, 2, 50)]
                rows = np.stack(columns, axis=1)[np.argsort(columns[3])]
                np.save(folder / f"{label}.npy", rows)
                written[user, light, label] = rows
    data = dvs_gesture(tmp_path)
    assert len(data) == 110
    for k, (user, _, label) in enumerate(sorted(written)):
        assert (data.groups[k], data.labels[k]) == (user, label)
    for k, key in enumerate(sorted(written)):
        wanted = {(t, (y // 4 * 32 + x // 4) * 2 + p) for x, y, p, t in written[key].tolist()}
        assert {(round(t * 1e3), unit) for unit, t in events(data, k)} == wanted


def test_what_is_not_there_is_not_fetched(tmp_path, monkeypatch):
    import tonic.dataset

    def fetched(*args, **kwargs):
        raise AssertionError("fetched")

    monkeypatch.setattr(tonic.dataset, "download_and_extract_archive", fetched)
    for load in (shd, ssc, dvs_gesture, nmnist):
        with pytest.raises(errors.BuildError) as caught:
            load(tmp_path)
        assert caught.value.code == "E880"


def test_digits_of_an_event_camera(tmp_path):
    """A file is five bytes an event: x, y, and 23 bits of microseconds below the polarity."""
    root = tmp_path / "NMNIST"
    (root / "Train").mkdir(parents=True)
    (root / "train.zip").touch()
    rng = np.random.default_rng(0)
    written = []
    for k in range(10_000):  # tonic wants so many
        folder = root / "Train" / str(k // 1000)
        folder.mkdir(exist_ok=True)
        x, y, p, t = (rng.integers(0, top, 5) * scale for top, scale in ((34, 1), (34, 1), (2, 1), (15_000, 20)))
        written.append((x, y, p, t))
        raw = np.stack([x, y, p << 7 | t >> 16, t >> 8 & 255, t & 255], axis=1)
        (folder / f"{k:05d}.bin").write_bytes(raw.astype(np.uint8).tobytes())
    data = nmnist(tmp_path, dt=10 * ms)
    assert (len(data), data.n_units) == (10_000, 2312)
    assert np.array_equal(data.labels, np.arange(10_000) // 1000)
    for k in (0, 1, 5000, 9999):
        x, y, p, t = written[k]
        wanted = set(zip((t // 10_000).tolist(), ((y * 34 + x) * 2 + p).tolist(), strict=True))
        assert {(round(t * 1e2), unit) for unit, t in events(data, k)} == wanted
