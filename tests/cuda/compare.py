"""What a network does on two targets, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import eqsnn
from eqsnn.devices import device
from eqsnn.runtime.cuda.device import Device

Study = Callable[[], Mapping[str, Any]]


def on(hardware: Device | None, study: Study) -> dict[str, np.ndarray]:
    """What a study gives on a device, or on this machine (None), from the same seed; the device stays chosen."""
    device.use(hardware)
    eqsnn.start_scope()
    eqsnn.seed(1)
    return {name: np.asarray(values) for name, values in study().items()}


def assert_same(got: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray], rounding: float = 1e-9) -> None:
    """Integers and truth values agree exactly; real numbers to rounding, relative to the largest of them."""
    assert got.keys() == expected.keys()
    for name in expected:
        if expected[name].dtype.kind == "f":
            scale = np.abs(expected[name][np.isfinite(expected[name])]).max(initial=0.0)
            np.testing.assert_allclose(got[name], expected[name], rounding, rounding * scale, err_msg=name)
        else:
            np.testing.assert_array_equal(got[name], expected[name], err_msg=name)
