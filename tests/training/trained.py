"""eqsnn's networks of `gradient_models`, ready to be trained."""

from __future__ import annotations

from typing import Any

import numpy as np
from gradient_models import DT, EXAMPLES, HIDDEN, OUTPUTS, STEPS, UNITS, Case, Model

from eqsnn import Adam, EProp, Hz, Network, NeuronGroup, SpikeInput, Synapses, ms, mV, second, volt
from eqsnn.data import SpikeData

RESOURCES = "\ndx/dt = (1 - x)/(50*ms) : 1 (event-driven, batch)"


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
        ("input", inputs, hidden, model.target), ("recurrent", hidden, hidden, model.target), ("readout", hidden, output, "y"),
    ):  # fmt: skip
        mask = numbers.masks[name]
        if not mask.any():
            continue
        delay = model.delay * second if model.delay else None
        used_up = model.resources and name != "readout"
        unit = "1" if name == "readout" else model.unit
        text = f"w : {unit} (learned)" + RESOURCES * used_up
        code = f"{variable}_post += w*x\nx *= 0.8" if used_up else f"{variable}_post += w"
        s = Synapses(source, target, text, on_pre=code, delay=delay, name=name)
        i, j = np.nonzero(mask)
        s.connect(i=i, j=j)
        s.w = numbers.weights[name][i, j] * (volt if unit == "volt" else 1)
        if used_up:
            s.x = 1
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
    if model.unit == "volt":
        options["optimiser"] = {"input": Adam(0.01 * mV), "recurrent": Adam(0.01 * mV)}
    return EProp(
        net, output=made["output"].y, loss=model.loss, pseudo_derivative=model.pseudo_derivative, method=method,
        spike_gradient=model.spike_gradient, rate_window=500 * ms, **options,
    )  # fmt: skip
