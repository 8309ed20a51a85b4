"""The models that are compared with Brian2, on the emulated device: the same events, and the same state to rounding."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from compare import assert_same
from emulated import Emulated
from reference_models import MODELS, STOCHASTIC

import eqsnn
from eqsnn.devices import device


def simulate(model: str) -> dict[str, np.ndarray]:
    eqsnn.start_scope()
    eqsnn.seed(1)
    return (MODELS | STOCHASTIC)[model](importlib.import_module("eqsnn"))


@pytest.mark.parametrize("model", MODELS)
def test_the_same_as_on_the_cpu(model: str, emulated: Emulated) -> None:
    got = simulate(model)
    device.use(None)
    expected = simulate(model)
    device.use(emulated)
    assert_same(got, expected)
