"""Neurons that are refractory while a condition holds: the traces see the same refractoriness as the adjoint."""

from __future__ import annotations

import numpy as np

from eqsnn import EProp, Network, NeuronGroup, SpikeInput, Synapses, collect, ms, start_scope
from eqsnn.data import SpikeData


def trainer(method: str) -> EProp:
    """A network whose neurons stand still, and are silent, while they are depolarised after a spike."""
    start_scope()
    rng = np.random.default_rng(3)
    inputs = SpikeInput(6)
    hidden = NeuronGroup(
        5, "dv/dt = -v/(20*ms) : 1\ndu/dt = (v - u)/(30*ms) : 1 (unless refractory)", threshold="v > 0.6 + 0.2*u",
        reset="v -= 0.3\nu += 0.2", refractory="v > 0.4",
    )  # fmt: skip
    output = NeuronGroup(3, "dy/dt = -y/(15*ms) : 1")
    made = []
    for source, target, variable in ((inputs, hidden, "v"), (hidden, hidden, "v"), (hidden, output, "y")):
        made.append(Synapses(source, target, "w : 1 (learned)", on_pre=f"{variable}_post += w"))
        made[-1].connect()
        made[-1].w = rng.normal(0.15, 0.4, len(made[-1]))
    psi = "0.5*maximum(0, 1 - abs(v - 0.6 - 0.2*u)/0.6)"
    return EProp(Network(collect(), *made), output=output.y, pseudo_derivative=psi, method=method)  # type: ignore[arg-type]


def test_traces_and_adjoint_agree() -> None:
    rng = np.random.default_rng(5)
    times, units = np.nonzero(rng.random((100, 6)) < 0.2)
    data = SpikeData(units, times * ms, [0, len(units)], [2], 6, 100 * ms, n_classes=3)
    adjoint, traces = trainer("adjoint"), trainer("traces")
    found, wanted = adjoint.gradients(data), traces.gradients(data)
    assert adjoint.engine.trial(data).spikes(adjoint.plan.hidden[0], 1)[0] > 10
    for (_, a), (_, b) in zip(found.items(), wanted.items(), strict=True):
        assert np.abs(a).max() > 0.1
        assert np.allclose(a, b, rtol=1e-10, atol=1e-10 * np.abs(a).max())
