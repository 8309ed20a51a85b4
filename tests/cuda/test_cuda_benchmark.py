"""The benchmark for GPUs runs from end to end, tiny and on the emulation."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from eqsnn import *

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def benchmark_of_gpus(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    spec = importlib.util.spec_from_file_location("benchmark_of_gpus", BENCHMARKS / "cuda.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "benchmark_of_gpus", module)
    spec.loader.exec_module(module)
    path = list(sys.path)
    yield module
    sys.path[:] = path
    device.use(None)
    prefs.reset()
    start_scope()


@pytest.mark.parametrize(
    "model", ["cuba", *(pytest.param(name, marks=pytest.mark.slow) for name in ("cobahh", "stdp", "topographic_map"))]
)
def test_a_model_is_measured(model: str, benchmark_of_gpus: ModuleType) -> None:
    text = benchmark_of_gpus.main(["--emulate", "--models", model, "--precision", "float64"])
    assert "an emulation on the processor" in text
    network, *parts = [line.split("|") for line in text.splitlines() if line.startswith(f"| {model}")]
    assert float(network[4]) > 0 and float(network[7]) > 0  # microseconds, and bytes that a step moves
    shares = [float(part[5].rstrip("% ")) for part in parts]
    assert len(parts) > 4 and sum(shares) == pytest.approx(100, abs=1)


def test_bytes_of_a_step(benchmark_of_gpus: ModuleType) -> None:
    """Of a network that is small enough to count them."""
    traffic = sys.modules["traffic"]
    G = NeuronGroup(10, "dv/dt = -v/ms : 1", threshold="v > 1", reset="v = 0", method="exact", name="G")
    S = Synapses(G, G, "w : 1", on_pre="v_post += w", name="S")
    S.connect(j="i")
    network = Network(G, S)
    network.run(0 * ms)
    activity = traffic.Activity(
        {"G": 0.5}, {"S": 10}, {"G": 10}, {("S", "pre"): "G", ("S", "post"): "G"}, {"defaultclock": 1.0}
    )
    found = traffic.bytes_of_actions(network.compiled.program, activity, 8)
    assert found["G_update"] == 10 * (8 + 8 + 1)  # v is read and written, and the flag written
    assert found["G spikes"] == 10 + 0.5 * 9
    assert found["S_pre"] == 0.5 * (9 + (4 + 8 + 16) * 1)  # the target's number, w, and v that is added to
    assert found["G_on_spike"] == 0.5 * (4 + 8)
