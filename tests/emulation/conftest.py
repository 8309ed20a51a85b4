"""A device for each test, the kernels of `kernels/`, and arrays to and from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from eqsnn.runtime import core

from .driver import EmulatedDevice, Module

KERNELS = Path(__file__).parent / "kernels"


@dataclass
class Bench:
    """A device with what tests put on it; a kernel's argument is a struct of 8-byte fields."""

    device: EmulatedDevice

    def load(self, name: str) -> Module:
        return self.device.load((KERNELS / f"{name}.cu").read_text(), name=name)

    def put(self, array: np.ndarray) -> int:
        pointer = self.device.allocate(array.nbytes)
        self.device.upload(pointer, array)
        return pointer

    def get(self, pointer: int, shape: int | tuple[int, ...], dtype: type) -> np.ndarray:
        array = np.empty(shape, dtype)
        self.device.download(pointer, array)
        return array

    def arguments(self, *fields: int) -> int:
        return self.put(np.array(fields, np.int64))


@pytest.fixture
def make_bench() -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(**options: object) -> Bench:
        made.append(Bench(EmulatedDevice(include_dirs=[core.INCLUDE], **options)))
        return made[-1]

    yield make
    for bench in made:
        bench.device.close()


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()
