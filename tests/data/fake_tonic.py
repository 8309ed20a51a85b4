"""A stand-in for the library tonic: its classes find files or fetch them, and give events in its format."""

from __future__ import annotations

import types
from pathlib import Path
from typing import ClassVar

import numpy as np

SOUND = np.dtype([("t", int), ("x", int), ("p", int)])
GESTURES = np.dtype([("x", np.int16), ("y", np.int16), ("p", bool), ("t", np.int64)])
DIGITS = np.dtype([("x", int), ("y", int), ("t", int), ("p", int)])


def random_events(rng, dtype, size, count, latest):
    """Events at random, in order of time; of a model of the ear the polarity is 1."""
    events = np.zeros(count, dtype)
    events["t"] = np.sort(rng.integers(0, latest, count))
    events["x"] = rng.integers(0, size[0], count)
    if "y" in dtype.names:
        events["y"] = rng.integers(0, size[1], count)
    events["p"] = rng.integers(0, 2, count) if size[2] == 2 else 1
    return events


class Dataset:
    """As tonic does: what is not in the folder of that name is fetched at once, without being asked."""

    fetched: ClassVar[list[str]] = []

    def __init__(self, save_to, seed, n):
        self.location_on_system = str(Path(save_to) / type(self).__name__)
        if not Path(self.location_on_system).exists():
            self.download()
        rng = np.random.default_rng(seed)
        self.targets = rng.integers(0, len(self.classes), n).tolist()
        self.samples = [
            random_events(rng, self.dtype, self.sensor_size, rng.integers(0, 60), self.latest) for _ in range(n)
        ]

    def download(self):
        Dataset.fetched.append(type(self).__name__)
        Path(self.location_on_system).mkdir(parents=True)

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        return self.samples[index], self.targets[index]


class SHD(Dataset):
    sensor_size, dtype, latest = (700, 1, 1), SOUND, 1_300_000
    classes = np.array([b"zero", b"one", b"null", b"eins"])

    def __init__(self, save_to, train=True):
        super().__init__(save_to, seed=train, n=30)
        people = [0, 1, 2, 3, 6, 7, 8, 9, 10, 11] if train else range(12)
        self.speaker = np.random.default_rng(1).permutation(np.resize(people, 30)).astype(np.uint16)


class SSC(Dataset):
    sensor_size, dtype, latest = (700, 1, 1), SOUND, 990_000
    classes = np.array([b"yes", b"no", b"stop"])

    def __init__(self, save_to, split="train"):
        super().__init__(save_to, seed={"train": 0, "valid": 1, "test": 2}[split], n=12)
        self._speaker = np.array([b"b", b"a", b"c"] * 4)


class DVSGesture(Dataset):
    sensor_size, dtype, latest = (128, 128, 2), GESTURES, 200_000
    classes = ("Hand clapping", "Right hand wave", "Other gestures")

    def __init__(self, save_to, train=True):
        super().__init__(save_to, seed=train, n=24)
        rng = np.random.default_rng(2)  # the order of the file system
        self.users = rng.permutation(np.resize(range(1, 24) if train else range(24, 30), 24)).tolist()
        self.lighting = rng.choice(["led", "natural", "fluorescent"], 24).tolist()


class NMNIST(Dataset):
    sensor_size, dtype, latest = (34, 34, 2), DIGITS, 300_000
    classes = tuple(f"{k} - digit" for k in range(10))

    def __init__(self, save_to, train=True, first_saccade_only=False):
        super().__init__(save_to, seed=train, n=20)
        if first_saccade_only:
            self.samples = [events[events["t"] < 100_000] for events in self.samples]


def install(monkeypatch):
    """Put it where ``import tonic.datasets`` finds it."""
    import sys

    package, datasets = types.ModuleType("tonic"), types.ModuleType("tonic.datasets")
    for kind in (SHD, SSC, DVSGesture, NMNIST):
        setattr(datasets, kind.__name__, kind)
    package.datasets = datasets
    monkeypatch.setitem(sys.modules, "tonic", package)
    monkeypatch.setitem(sys.modules, "tonic.datasets", datasets)
    monkeypatch.setattr(Dataset, "fetched", [])
    return datasets
