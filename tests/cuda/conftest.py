"""Networks on the emulated device: the same runtime as on a real one, over another driver."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from emulated import Emulated

import eqsnn
from eqsnn.devices import device


@pytest.fixture
def emulated() -> Iterator[Emulated]:
    """Networks run on the emulated device."""
    hardware = Emulated()
    device.use(hardware)
    eqsnn.start_scope()
    yield hardware
    device.use(None)
    assert hardware.device.memory.used == 0, "memory of the device was not given back"
