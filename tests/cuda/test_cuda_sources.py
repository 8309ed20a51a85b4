"""Every CUDA source compiles for the devices that CUDA knows, where its compiler is at hand.

By default a selection that has every kind of kernel and action, as a test of its own makes sure; all others are slow tests.
"""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import test_cuda_calls
import test_cuda_runs
from emulation.nvcc import find_nvcc
from reference_models import MODELS, STOCHASTIC

import eqsnn
from eqsnn import errors, prefs
from eqsnn.codegen import ir
from eqsnn.compiler import Compiled
from eqsnn.devices import device
from eqsnn.network import Network
from eqsnn.runtime import core

NVCC = find_nvcc()
ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.py"))
BY_DEFAULT = ("cuba", "stdp", "stdp_events", "heterogeneous_delays", "integrators", "random_functions", "timed_arrays")
STUDIES = {"changing": test_cuda_calls.changing, **test_cuda_runs.STUDIES}
CHOSEN_STUDIES = ("changing", "monitors_of_every_kind", "poisson_inputs", "given_spikes_with_a_period")
NOT_ON_DEVICES = {ir.Feedback}  # of training

needs_nvcc = pytest.mark.skipif(NVCC is None, reason="no nvcc")


class Hardware:
    """Something to compile for, on which nothing runs."""


@pytest.fixture(autouse=True)
def a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For what scripts write."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    yield
    device.use(None)


def compiled_by(script: Callable[[], Any]) -> list[Compiled]:
    """The networks that a script runs, compiled for a device and not run; what it makes of results may fail then."""
    found: dict[str, Compiled] = {}

    def compile_only(network: Network, objects: Any, *_: Any) -> None:
        compiled, _ = network._engine.prepare(objects, tuple(network._schedule), network.precision, network.name, False)
        found[re.sub(r"_\d+", "", compiled.source)] = compiled  # that objects are counted makes no other source

    device.use(Hardware())  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Network, "_loop", compile_only)
        try:
            script()
        except errors.UnsupportedError as error:
            if not found:
                pytest.skip(f"not on a device: {error}")
        except Exception:
            if not found:
                raise
    return list(found.values())


def example(name: str) -> Callable[[], None]:
    """An example, as Python runs a script."""
    path = ROOT / "examples" / f"{name}.py"

    def run() -> None:
        names = {"__name__": "__main__", "__file__": str(path)}
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(str(path.parent))
            patch.setattr(sys, "argv", [str(path)])
            exec(compile(path.read_text(), str(path), "exec"), names)

    return run


def model(name: str) -> Callable[[], Any]:
    return lambda: (MODELS | STOCHASTIC)[name](importlib.import_module("eqsnn"))


def compile_for_all(sources: list[str], folder: Path) -> None:
    """Compile for each architecture, with warnings as errors; ptxas without optimisation, which takes most of the time."""
    for number, source in enumerate(sources):
        (folder / f"network{number}.cu").write_text(source)
        flags = ["-fatbin", "-std=c++17", "-Werror", "all-warnings", "-gencode=arch=compute_75,code=[sm_75,sm_80,sm_90]"]
        command = [NVCC, *flags, "-Xptxas=-O0", "-Xcicc=-O1", f"-I{core.INCLUDE}", "-o", "network.fatbin"]
        done = subprocess.run([*command, f"network{number}.cu"], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]


def by_default(names: Iterable[str], chosen: Iterable[str] = BY_DEFAULT) -> list[Any]:
    """Those that are not chosen are slow."""
    return [pytest.param(name, marks=[] if name in chosen else pytest.mark.slow) for name in names]


@needs_nvcc
@pytest.mark.parametrize("name", by_default([*MODELS, *STOCHASTIC]))
def test_models_compile(name: str, tmp_path: Path) -> None:
    compile_for_all([compiled.source for compiled in compiled_by(model(name))], tmp_path)


@needs_nvcc
@pytest.mark.parametrize("name", by_default(EXAMPLES))
def test_examples_compile(name: str, tmp_path: Path) -> None:
    compile_for_all([compiled.source for compiled in compiled_by(example(name))], tmp_path)


@needs_nvcc
@pytest.mark.parametrize("loop", ["device", "host"])
def test_other_ways_to_run_compile(loop: str, tmp_path: Path) -> None:
    prefs.cuda_loop, prefs.cuda_ordered, prefs.precision = loop, True, "float32"
    compile_for_all([compiled_by(STUDIES["several_runs"])[0].source], tmp_path)


@needs_nvcc
@pytest.mark.parametrize("name", by_default(STUDIES, CHOSEN_STUDIES))
def test_studies_compile(name: str, tmp_path: Path) -> None:
    compile_for_all([compiled_by(STUDIES[name])[0].source], tmp_path)


@needs_nvcc
def test_passes_of_every_kind_compile(tmp_path: Path) -> None:
    compile_for_all([compiled.source for compiled in compiled_by(passes_of_every_kind)], tmp_path)


def passes_of_every_kind() -> None:
    """All heads, aggregates and limits; synapses that remove themselves; and values that are watched."""
    prefs.check_finite = True
    G = eqsnn.NeuronGroup(20, "v : 1\nx : 1\nn : integer", threshold="v > 1", name="G")
    S = eqsnn.Synapses(G, G, "w : 1", on_pre="remove synapse if w < 0", name="S")
    G.run_regularly("n = 3")
    S.connect(p=0.1)
    rule = eqsnn.StructuralPlasticity(S, """
for each synapse: remove synapse if w < quantile(w, 0.1) and rank(w, per=post) < 2
for each synapse:
    w += 0.1
    remove synapse if w > 5
for each pair in sample(5): x_post += x_pre
for each pair in all: create synapse(w=1) if rand() < 0.01 limit 3 per post
for each pair in sample(n_post, per=post): remove synapse if connected
for each pair in match(x_pre, x_post): create synapse(w=mean(w)) limit 2
""", dt=1 * eqsnn.ms)  # fmt: skip
    network = Network(G, S, rule, eqsnn.StateMonitor(S, "w", record=range(2)), eqsnn.StructureMonitor(S, "w"))
    network.run(1 * eqsnn.ms)


def test_what_is_compiled_by_default_has_every_domain_and_action() -> None:
    models = [model(name) for name in BY_DEFAULT if name in MODELS | STOCHASTIC]
    scripts = [*models, *(STUDIES[name] for name in CHOSEN_STUDIES), *map(example, ("cuba", "stdp")), passes_of_every_kind]
    seen: set[type] = set()
    for script in scripts:
        eqsnn.start_scope()
        for compiled in compiled_by(script):
            seen |= {type(action) for action in compiled.ir.actions}
            seen |= {type(kernel.domain) for kernel in compiled.ir.kernels()}
    assert {*get_args(ir.Action), *get_args(ir.Domain)} - seen == NOT_ON_DEVICES
