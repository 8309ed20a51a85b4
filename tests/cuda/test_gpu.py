"""On a real GPU: ``python -m pytest -m gpu``. The models that run under emulation, against the processor."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from compare import assert_same
from reference_models import MODELS
from test_cuda_models import simulate

import eqsnn
from eqsnn.devices import device

pytestmark = pytest.mark.gpu


@pytest.fixture(autouse=True)
def gpu() -> Iterator[None]:
    """What is missing is an error, and not a reason to skip: who asks for a GPU has one."""
    device("cuda")
    eqsnn.start_scope()
    yield
    device("cpp")


@pytest.mark.parametrize("model", MODELS)
def test_the_same_as_on_the_cpu(model: str) -> None:
    got = simulate(model)
    device("cpp")
    assert_same(got, simulate(model))


def test_integers_are_the_same_in_every_run() -> None:
    """A race would show sooner or later."""
    runs = [simulate("cuba_small") for _ in range(10)]
    for name in runs[0]:
        if runs[0][name].dtype.kind != "f":
            for other in runs[1:]:
                np.testing.assert_array_equal(other[name], runs[0][name], err_msg=name)


def test_as_many_blocks_as_the_device_holds() -> None:
    """The barrier of the step loop comes to an end with all of them, and with more there would be none."""
    group = eqsnn.NeuronGroup(300_000, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", method="exact")
    group.v = "rand()"
    eqsnn.run(20 * eqsnn.ms)
    expected = np.exp(-2.0)
    assert np.all(group.v[:] < expected)
    assert np.mean(group.v[:]) == pytest.approx(expected / 2, rel=0.01)


def test_device_memory_is_given_back() -> None:
    hardware = device._hardware
    free, _ = hardware.driver.mem_get_info()
    for _ in range(5):
        eqsnn.start_scope()
        group = eqsnn.NeuronGroup(1_000_000, "dv/dt = -v/(10*ms) : 1", method="exact")
        eqsnn.run(1 * eqsnn.ms)
        del group
    assert hardware.driver.mem_get_info()[0] >= free - (64 << 20)


def test_more_than_its_memory() -> None:
    hardware = device._hardware
    free, _ = hardware.driver.mem_get_info()
    with pytest.raises(MemoryError, match="more were wanted"):
        hardware.allocate(2 * free)
    simulate("cuba_small")
