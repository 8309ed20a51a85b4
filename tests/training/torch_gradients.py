"""The same gradients by PyTorch's automatic differentiation: e-prop's definition, with recurrent spikes detached.

    python tests/training/torch_gradients.py        # records them anew, in tests/reference/by_torch

Written from the models' discrete equations, step by step, and knows nothing of eqsnn.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gradient_models import (
    ALIF,
    BENT,
    CONDUCTANCE,
    DT,
    EXAMPLES,
    HIDDEN,
    LIF,
    MODELS,
    OUTPUTS,
    STEPS,
    UNITS,
    VOLTS,
    Case,
    Model,
    case,
)  # fmt: skip

RECORDED = Path(__file__).parent.parent / "reference" / "by_torch"


class Spike(torch.autograd.Function):
    """Whether a threshold is exceeded; backward, the pseudo-derivative stands for its derivative."""

    @staticmethod
    def forward(ctx: Any, distance: Any, psi: Any) -> Any:
        ctx.save_for_backward(psi)
        return (distance > 0).to(distance.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        (psi,) = ctx.saved_tensors
        return gradient * psi, None


def lif(state: Any, active: Any, u: Callable[[Any], Any], model: Model) -> Any:
    """One step: new state and spikes."""
    v = state["v"] * np.exp(-DT / 20e-3)
    d = v - 0.6
    z = Spike.apply(d, 0.5 * torch.clamp(1 - abs(d.detach()) / 0.6, min=0)) * active
    v = v + u(z)
    through = z if model.spike_gradient == "everything" else z.detach()
    return {"v": v - 0.6 * through}, z


def alif(state: Any, active: Any, u: Callable[[Any], Any], model: Model) -> Any:
    v, a = state["v"] * np.exp(-DT / 20e-3), state["a"] * np.exp(-DT / 200e-3)
    d = v - 0.6 - 0.1 * a
    z = Spike.apply(d, 0.5 * torch.clamp(1 - abs(d.detach()) / 0.6, min=0)) * active
    v = v + u(z)
    in_v = z if model.spike_gradient == "everything" else z.detach()
    in_a = z.detach() if model.spike_gradient == "nothing" else z
    return {"v": v - 0.6 * in_v, "a": a + in_a}, z


def bent(state: Any, active: Any, u: Callable[[Any], Any], model: Model) -> Any:
    v0, u0 = state["v"], state["u"]
    v = v0 + DT * (torch.tanh(2 * v0) - v0 - u0) / 20e-3
    w = u0 + DT * (0.5 * v0 * v0 - u0) / 50e-3
    d = v - 0.7 - 0.2 * w**2
    z = Spike.apply(d, 0.5 * torch.exp(-abs(d.detach()) / 0.5)) * active
    v = v + u(z)
    in_v = z if model.spike_gradient == "everything" else z.detach()
    new_v = 0.1 * v * v
    return {"v": v + in_v * (new_v - v), "u": w + z * 0.3 * new_v}, z


def volts(state: Any, active: Any, u: Callable[[Any], Any], model: Model) -> Any:
    v = state["v"] * np.exp(-DT / 20e-3)
    d = v - 6e-3
    z = Spike.apply(d, 0.3 / 6e-3 * torch.clamp(1 - abs(d.detach()) / 6e-3, min=0)) * active
    return {"v": v + u(z) - 6e-3 * z.detach()}, z


def conductance(state: Any, active: Any, u: Callable[[Any], Any], model: Model) -> Any:
    v0, g0 = state["v"], state["g"]
    v, g = v0 + DT * (g0 * (2 - v0) - v0) / 20e-3, g0 - DT * g0 / 5e-3
    d = v - 0.6
    z = Spike.apply(d, 0.5 * torch.clamp(1 - abs(d.detach()) / 0.6, min=0)) * active
    return {"v": v + z * (0.1 * v - v), "g": g + u(z)}, z  # no synapse drives v: its reset is followed either way


def step_of(model: Model) -> Any:
    """The step of a model's neurons, and the names of their state."""
    known = ((LIF, lif, "v"), (ALIF, alif, "va"), (BENT, bent, "vu"), (VOLTS, volts, "v"), (CONDUCTANCE, conductance, "vg"))
    for texts, step, names in known:
        if model.equations == texts["equations"]:
            return step, names
    raise AssertionError(model)


def gradients(model: Model, numbers: Case) -> dict[str, np.ndarray]:
    """Mean gradients by the weights, dense, and the loss."""
    weights = {n: torch.tensor(w, dtype=torch.float64, requires_grad=True) for n, w in numbers.weights.items()}
    total = sum(_trial(model, weights, numbers, k) for k in range(EXAMPLES))
    (total / EXAMPLES).backward()
    return {n: w.grad.numpy() * numbers.masks[n] for n, w in weights.items()}


def _trial(model: Model, weights: Any, numbers: Case, k: int) -> Any:
    step, names = step_of(model)
    state = {n: torch.zeros(HIDDEN, dtype=torch.float64) for n in names}
    y, rate = torch.zeros(OUTPUTS, dtype=torch.float64), torch.zeros(HIDDEN, dtype=torch.float64)
    last = np.full(HIDDEN, -(10**6))
    x = torch.tensor(numbers.spikes[k], dtype=torch.float64)
    delay, quiet = round(model.delay / DT), round(model.refractory / DT)
    fired: list[Any] = []
    left = {"input": torch.ones(UNITS, dtype=torch.float64), "recurrent": torch.ones(HIDDEN, dtype=torch.float64)}
    loss = torch.zeros((), dtype=torch.float64)

    def strength(name: str, spikes: Any) -> Any:
        """Spikes times the resources that they find, of which they leave a share."""
        if not model.resources:
            return spikes
        found = 1 - (1 - left[name]) * np.exp(-DT / 50e-3)
        left[name] = found * (1 - 0.2 * spikes)
        return spikes * found

    for t in range(STEPS):
        active = torch.tensor((t - last >= quiet).astype(float))

        def arriving(z: Any, t: int = t) -> Any:
            spikes = z if delay == 0 else fired[t - delay] if t >= delay else torch.zeros_like(z)
            given = x[t - delay] if t >= delay else torch.zeros_like(x[0])
            return strength("input", given) @ weights["input"] + strength("recurrent", spikes.detach()) @ weights["recurrent"]

        state, z = step(state, active, arriving, model)
        fired.append(z)
        last[z.detach().numpy() > 0] = t
        spikes = z if delay == 0 else fired[t - delay] if t >= delay else torch.zeros_like(z)
        y = y * np.exp(-DT / 15e-3) + spikes @ weights["readout"]
        loss = loss + _loss(model, y, numbers.labels[k])
        if model.rate is not None:
            decay = np.exp(-DT / 0.5)
            rate = decay * rate + (1 - decay) * z.detach() / DT
            loss = loss + (model.rate[0] * (rate - model.rate[1]) * z).sum()
    return loss


def _loss(model: Model, y: Any, target: Any) -> Any:
    if model.loss == "crossentropy":
        return torch.nn.functional.cross_entropy(y, torch.tensor(target))
    return 0.5 * ((y - torch.tensor(target)) ** 2).sum()


if __name__ == "__main__":
    RECORDED.mkdir(exist_ok=True)
    chosen = [m for m in MODELS if len(sys.argv) < 2 or m.name in sys.argv[1:]]
    for model in chosen:
        np.savez(RECORDED / f"{model.name}.npz", **gradients(model, case(model)))
        print(model.name, {n: float(abs(g).max()) for n, g in gradients(model, case(model)).items()})
