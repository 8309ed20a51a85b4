"""eqsnn's networks of `gradient_models`, ready to be trained."""

from __future__ import annotations

from typing import Any

import numpy as np
from gradient_models import DT, EXAMPLES, HIDDEN, OUTPUTS, STEPS, UNITS, Case, Model

from eqsnn import EProp, Hz, Network, NeuronGroup, SpikeInput, Synapses, ms, second
from eqsnn.data import SpikeData


def network(model: Model, numbers: Case, precision: str = "float64") -> tuple[Network, dict[str, Any]]:
    """The network, and its objects by name."""
    inputs = SpikeInput(UNITS, name="inputs")
    refractory = model.refractory * second if model.refractory else False
    hidden = NeuronGroup(
        HIDDEN, model.equations, threshold=model.threshold, reset=model.reset, method=model.method, refractory=refractory,
        name="hidden",
    )  # fmt: skip
    output = NeuronGroup(OUTPUTS, "dy/dt = -y/(15*ms) : 1", name="output")
    made: dict[str, Any] = {"inputs": inputs, "hidden": hidden, "output": output}
    for name, source, target, variable in (
        ("input", inputs, hidden, "v"), ("recurrent", hidden, hidden, "v"), ("readout", hidden, output, "y"),
    ):  # fmt: skip
        mask = numbers.masks[name]
        if not mask.any():
            continue
        delay = model.delay * second if model.delay else None
        s = Synapses(source, target, "w : 1 (learned)", on_pre=f"{variable}_post += w", delay=delay, name=name)
        i, j = np.nonzero(mask)
        s.connect(i=i, j=j)
        s.w = numbers.weights[name][i, j]
        made[name] = s
    return Network(*made.values(), precision=precision, batch_size=EXAMPLES), made


def examples(numbers: Case) -> SpikeData:
    """The examples of a case."""
    found = [np.nonzero(z.T) for z in numbers.spikes]
    units = np.concatenate([u for u, _ in found])
    times = np.concatenate([t for _, t in found]) * DT
    offsets = np.concatenate([[0], np.cumsum([len(u) for u, _ in found])])
    return SpikeData(units, times, offsets, numbers.labels, UNITS, STEPS * DT)


def trainer(model: Model, numbers: Case, method: str | None = None, precision: str = "float64", **options: Any) -> EProp:
    """A trainer of a model."""
    net, made = network(model, numbers, precision)
    if model.rate is not None:
        options["rate_regularisation"] = (model.rate[0], model.rate[1] * Hz)
    return EProp(
        net, output=made["output"].y, loss=model.loss, pseudo_derivative=model.pseudo_derivative, method=method,
        spike_gradient=model.spike_gradient, rate_window=500 * ms, **options,
    )  # fmt: skip
