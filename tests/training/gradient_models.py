"""Networks whose gradients are known from elsewhere: models as texts, with weights and spikes drawn from fixed seeds.

What PyTorch's automatic differentiation makes of the same equations is in `torch_gradients`, and recorded beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

STEPS, UNITS, HIDDEN, OUTPUTS, EXAMPLES, DT = 60, 8, 7, 3, 5, 1e-3
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Model:
    """A hidden group, its ``equations`` and texts; ``density`` of its connections; what training is asked for."""

    name: str
    equations: str
    threshold: str
    reset: str
    pseudo_derivative: str
    method: str = "exact"
    refractory: float = 0.0
    density: float = 1.0
    recurrent: bool = True
    spike_gradient: str = "adaptation"
    rate: tuple[float, float] | None = None
    loss: str = "crossentropy"
    delay: float = 0.0
    target: str = "v"  # what synapses onto hidden neurons add to
    unit: str = "1"  # of the state and of weights onto hidden neurons, which are `scale` times as large
    scale: float = 1.0
    resources: bool = False  # synapses onto hidden neurons use them up
    constants: dict[str, float] = field(default_factory=dict)


LIF = dict(
    equations="dv/dt = -v/(20*ms) : 1", threshold="v > 0.6", reset="v -= 0.6",
    pseudo_derivative="0.3/0.6*maximum(0, 1 - abs(v - 0.6)/0.6)",
)
ALIF = dict(
    equations="dv/dt = -v/(20*ms) : 1\nda/dt = -a/(200*ms) : 1", threshold="v > 0.6 + 0.1*a", reset="v -= 0.6\na += 1",
    pseudo_derivative="0.3/0.6*maximum(0, 1 - abs(v - 0.6 - 0.1*a)/0.6)",
)
BENT = dict(  # not linear; its reset looks at what it finds
    equations="dv/dt = (tanh(2*v) - v - u)/(20*ms) : 1\ndu/dt = (0.5*v*v - u)/(50*ms) : 1",
    threshold="v > 0.7 + 0.2*u**2", reset="v = 0.1*v*v\nu += 0.3*v", method="euler",
    pseudo_derivative="0.5*exp(-abs(v - 0.7 - 0.2*u**2)/0.5)",
)

VOLTS = dict(
    equations="dv/dt = -v/(20*ms) : volt", threshold="v > 6*mV", reset="v -= 6*mV", unit="volt", scale=0.01,
    pseudo_derivative="0.3/(6*mV)*maximum(0, 1 - abs(v - 6*mV)/(6*mV))",
)
CONDUCTANCE = dict(  # weights are conductances, and what they do depends on the voltage
    equations="dv/dt = (g*(2 - v) - v)/(20*ms) : 1\ndg/dt = -g/(5*ms) : 1", threshold="v > 0.6", reset="v = 0.1*v",
    method="euler", target="g", pseudo_derivative="0.3/0.6*maximum(0, 1 - abs(v - 0.6)/0.6)",
)

MODELS = (
    Model("lif_dense", **LIF),
    Model("lif_sparse_refractory", **LIF, density=0.4, refractory=4e-3),
    Model("alif_dense", **ALIF, rate=(2e-3, 20.0)),
    Model("alif_sparse_refractory", **ALIF, density=0.4, refractory=5e-3, rate=(2e-3, 20.0)),
    Model("alif_everything", **ALIF, spike_gradient="everything"),
    Model("alif_nothing", **ALIF, spike_gradient="nothing"),
    Model("lif_delayed", **LIF, delay=3e-3, density=0.6),
    Model("bent_dense", **BENT, refractory=2e-3),
    Model("bent_everything_sparse", **BENT, density=0.5, spike_gradient="everything"),
    Model("lif_squared_error", **LIF, loss="mse", recurrent=False),
    Model("volts", **VOLTS, density=0.6),
    Model("conductance", **CONDUCTANCE, refractory=2e-3, density=0.7),
    Model("conductance_everything", **CONDUCTANCE, spike_gradient="everything"),
    Model("resources", **LIF, resources=True, density=0.7),
    Model("resources_adaptive", **ALIF, resources=True, refractory=3e-3, delay=2e-3),
)


@dataclass(frozen=True)
class Case:
    """Drawn numbers of a model: dense weights (zero where there is no synapse), masks, spikes (examples, T, units)."""

    weights: dict[str, Array]
    masks: dict[str, Array]
    spikes: Array
    labels: Array


def case(model: Model) -> Case:
    """The numbers of a model; the same every time."""
    rng = np.random.default_rng(sum(map(ord, model.name)))
    shapes = {"input": (UNITS, HIDDEN), "recurrent": (HIDDEN, HIDDEN), "readout": (HIDDEN, OUTPUTS)}
    scales = {"input": 0.5, "recurrent": 0.3, "readout": 0.5}
    masks, weights = {}, {}
    for name, shape in shapes.items():
        mask = rng.random(shape) < (model.density if name != "readout" else 1.0)
        if name == "recurrent":
            np.fill_diagonal(mask, False)
            mask &= model.recurrent
        masks[name] = mask
        scale = 1.0 if name == "readout" else model.scale
        weights[name] = (rng.normal(0.1 if name == "input" else 0.0, scales[name], shape)) * mask * scale
    spikes = rng.random((EXAMPLES, STEPS, UNITS)) < 0.1
    labels = rng.integers(0, OUTPUTS, EXAMPLES) if model.loss == "crossentropy" else rng.normal(0, 1, (EXAMPLES, OUTPUTS))
    return Case(weights, masks, spikes, labels)
