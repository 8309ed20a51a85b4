"""On a real GPU: ``python -m pytest -m gpu``. What runs under emulation, against the processor; and what only a GPU shows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import test_cuda_calls
import test_cuda_pairs
import test_cuda_rows
import test_cuda_runs
import test_cuda_structure
from compare import assert_same
from reference_models import MODELS
from sanitizer import CHOSEN
from test_cuda_models import simulate
from test_cuda_ordered import same_bits, sums_of_every_kind

import eqsnn
from eqsnn import prefs
from eqsnn.devices import device

pytestmark = pytest.mark.gpu

CALLS = ("looking", "changing", "changing_what_a_rule_changes", "stopping")
STUDIES: dict[str, Callable[[], Any]] = {
    **test_cuda_runs.STUDIES,
    **{name: getattr(test_cuda_calls, name) for name in CALLS},
    **{f"rule {k}": test_cuda_structure.study(test_cuda_structure.RULES[k], (20, 13)) for k in range(3)},
    **{f"pairs: {head}": lambda head=head: test_cuda_pairs.visit(test_cuda_pairs.HEADS[head], (150, 90)) for head in
       test_cuda_pairs.HEADS},
    "hubs": test_cuda_rows.hubs, "sums": sums_of_every_kind, "growing": test_cuda_structure.grow(9),
}  # fmt: skip
SANITIZER = shutil.which("compute-sanitizer") or shutil.which("compute-sanitizer", path="/usr/local/cuda/bin")


@pytest.fixture(autouse=True)
def gpu() -> Iterator[None]:
    """What is missing is an error, and not a reason to skip: who asks for a GPU has one."""
    device("cuda")
    eqsnn.start_scope()
    yield
    device("cpp")


def on(name: str, study: Callable[[], Any]) -> dict[str, np.ndarray]:
    device(name)
    eqsnn.start_scope()
    eqsnn.seed(1)
    return {key: np.asarray(values) for key, values in study().items()}


@pytest.mark.parametrize("model", MODELS)
def test_models_are_the_same_as_on_the_cpu(model: str) -> None:
    got = simulate(model)
    device("cpp")
    assert_same(got, simulate(model))


@pytest.mark.parametrize("loop", ["device", "host"])
@pytest.mark.parametrize("name", STUDIES)
def test_studies_are_the_same_as_on_the_cpu(name: str, loop: str) -> None:
    prefs.cuda_loop = loop
    assert_same(on("cuda", STUDIES[name]), on("cpp", STUDIES[name]))


def test_sums_in_order_are_the_same_in_every_run() -> None:
    prefs.cuda_ordered = True
    assert same_bits([on("cuda", sums_of_every_kind) for _ in range(5)])


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


def test_the_profile_tells_what_kernels_take() -> None:
    group = eqsnn.NeuronGroup(100_000, "dv/dt = -v/(10*ms) : 1", method="exact")
    network = eqsnn.run(5 * eqsnn.ms, profile=True)
    assert all(use.resources.registers > 0 and 0 < use.occupancy <= 1 for use in network.profile.kernels)
    assert 0 < network.profile.total <= 1.1 * network.loop_seconds
    del group


@pytest.mark.skipif(SANITIZER is None, reason="no compute-sanitizer")
@pytest.mark.parametrize("tool", ["memcheck", "racecheck", "synccheck"])
@pytest.mark.parametrize("name", CHOSEN)
def test_compute_sanitizer_finds_nothing(name: str, tool: str) -> None:
    folder = Path(__file__).parent
    path = os.pathsep.join(map(str, (folder, folder.parent, folder.parent / "reference", folder.parents[1])))
    command = [SANITIZER, "--tool", tool, "--error-exitcode", "9", sys.executable, folder / "sanitizer.py", name]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


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
