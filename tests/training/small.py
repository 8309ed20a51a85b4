"""A small network to train, every part of which a test can replace."""

from __future__ import annotations

from typing import Any

import numpy as np

from eqsnn import EProp, Network, NeuronGroup, SpikeInput, Synapses
from eqsnn.data import SpikeData

UNITS, HIDDEN, OUTPUTS, STEPS = 5, 4, 2, 20
PSI = "0.5*maximum(0, 1 - abs(v - 0.6)/0.6)"
RESOURCES = "w : 1 (learned)\ndx/dt = (1 - x)/(30*ms) : 1 (event-driven, batch)"
"""Synapses whose spikes use up what they have; to be set to 1."""


def data(
    n: int = 6, *, units: int = UNITS, steps: int = STEPS, rate: float = 0.3, seed: int = 3, labels: Any = None,
    classes: int = OUTPUTS,
) -> SpikeData:  # fmt: skip
    """Examples of random spikes; labels, where they are not given, are class numbers."""
    rng = np.random.default_rng(seed)
    found = [np.nonzero(example) for example in rng.random((n, steps, units)) < rate]
    offsets = np.concatenate([[0], np.cumsum([len(t) for t, _ in found])])
    times, numbers = (np.concatenate([pair[k] for pair in found]) for k in (0, 1))
    labels = rng.integers(0, classes, n) if labels is None else labels
    return SpikeData(numbers, times * 1e-3, offsets, labels, units, steps * 1e-3)


def parts(
    model: str = "dv/dt = -v/(20*ms) : 1", *, threshold: str | None = "v > 0.6", reset: str | None = "v -= 0.6",
    weight: str = "w : 1 (learned)", on_pre: str = "v_post += w", refractory: Any = False, method: str = "exact",
    recurrent: bool = True, density: float = 1.0, delay: Any = None, scale: float = 1.0,
    synapses: dict[str, Any] | None = None, readout: str = "dy/dt = -y/(15*ms) : 1",
    readout_on_pre: str = "y_post += w", readout_weight: str = "w : 1 (learned)",
) -> dict[str, Any]:  # fmt: skip
    """Objects by name: inputs, hidden, output, and synapses between them with drawn weights."""
    made: dict[str, Any] = {
        "inputs": SpikeInput(UNITS, name="inputs"),
        "hidden": NeuronGroup(
            HIDDEN, model, threshold=threshold, reset=reset, refractory=refractory, method=method, name="hidden"
        ),
        "output": NeuronGroup(OUTPUTS, readout, name="output"),
    }
    options = {"delay": delay, **(synapses or {})}
    rng = np.random.default_rng(7)
    for name, source, target in (("input", "inputs", "hidden"), ("recurrent", "hidden", "hidden"), ("readout", "hidden", "output")):  # fmt: skip
        text, code = (readout_weight, readout_on_pre) if name == "readout" else (weight, on_pre)
        size = len(made[source]), len(made[target])
        mask, values = rng.random(size) < density, rng.normal(0.3 if name == "input" else 0.0, 0.5, size)
        if name == "recurrent" and not recurrent:
            continue
        made[name] = connected(made[source], made[target], text, on_pre=code, name=name, mask=mask, **options)
        made[name].ragged.set("w", values[mask] * (scale if name != "readout" else 1.0))
        if "dx/dt" in text:
            made[name].x = 1
    return made


def connected(source: Any, target: Any, text: str, *, mask: Any = None, **options: Any) -> Synapses:
    """Synapses between all neurons, or where ``mask`` says."""
    synapses = Synapses(source, target, text, **options)
    if mask is None:
        synapses.connect()
    else:
        i, j = np.nonzero(mask)
        synapses.connect(i=i, j=j)
    return synapses


def trainer(
    made: dict[str, Any] | None = None, *, batch_size: int = 6, precision: Any = "float64", **options: Any
) -> EProp:
    """A trainer of these parts, or of the network as it is."""
    made = parts() if made is None else made
    net = Network(*made.values(), batch_size=batch_size, precision=precision)
    options.setdefault("pseudo_derivative", {"hidden": PSI})
    return EProp(net, output=made["output"].y, **options)


def weights(made: dict[str, Any]) -> dict[str, np.ndarray]:
    """All weights, in order of creation."""
    return {name: s.ragged.get("w") for name, s in made.items() if isinstance(s, Synapses)}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    """Whether two sets of arrays have the same bits."""
    return one.keys() == other.keys() and all(np.array_equal(values, other[name]) for name, values in one.items())
