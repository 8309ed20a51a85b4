"""Every CUDA source compiles for the devices that CUDA knows, where its compiler is at hand."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from compare import Study, on
from emulated import Emulated
from reference_models import MODELS
from test_cuda_calls import changing
from test_cuda_runs import monitors_of_every_kind, several_synapses_of_a_pair

import eqsnn
from eqsnn.runtime import core

NVCC = shutil.which("nvcc") or shutil.which("nvcc", path=str(Path(os.environ.get("CUDA_HOME", "/usr/local/cuda")) / "bin"))
ARCHITECTURES = ("sm_75", "sm_80", "sm_90")
FAST = ("-Xcicc", "-O0", "-Xptxas", "-O0")  # whether it compiles does not hang on it; it takes a third of the time


class Sources(Emulated):
    """Keeps the sources that are loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []

    def load(self, source: str):
        self.sources.append(source)
        return super().load(source)


def compile_for(source: str, folder: Path) -> None:
    (folder / "network.cu").write_text(source)
    targets = [f"-gencode=arch=compute_{a[3:]},code={a}" for a in ARCHITECTURES]
    command = [NVCC, "-fatbin", "-std=c++17", *FAST, f"-I{core.INCLUDE}", "-Werror", "all-warnings", *targets]
    done = subprocess.run([*command, "-o", "network.fatbin", "network.cu"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.skipif(NVCC is None, reason="no nvcc")
@pytest.mark.parametrize("study", [changing, several_synapses_of_a_pair, monitors_of_every_kind])
def test_a_study_compiles(study: Study, tmp_path: Path) -> None:
    """Python in the middle of a step, events of each synapse, and every kind of monitor."""
    hardware = Sources()
    try:
        on(hardware, study)
    finally:
        eqsnn.device.use(None)
    assert len(hardware.sources) == 1
    compile_for(hardware.sources[0], tmp_path)


@pytest.mark.skipif(NVCC is None, reason="no nvcc")
@pytest.mark.parametrize("model", ["cuba", "stdp", "cobahh_small", "heterogeneous_delays", "izhikevich"])
def test_a_model_compiles(model: str, tmp_path: Path) -> None:
    name = next(n for n in MODELS if n.startswith(model))
    hardware = Sources()
    eqsnn.device.use(hardware)
    try:
        eqsnn.start_scope()
        MODELS[name](importlib.import_module("eqsnn"))
    finally:
        eqsnn.device.use(None)
    assert hardware.sources
    for source in hardware.sources:
        compile_for(source, tmp_path)
