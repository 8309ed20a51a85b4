"""Optimisers against plain NumPy, over several batches, also for synapses that come and go between them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from small import HIDDEN, connected, data, parts, trainer

from eqsnn import SGD, Adam, EProp, Network, NeuronGroup, Optimiser, SpikeInput, StructuralPlasticity, ms, mV, volt
from eqsnn.errors import EqsnnError, RunError
from eqsnn.training.schedules import Cosine, Exponential, Steps

BATCHES = 5
Step = Callable[[dict[str, Any], np.ndarray, np.ndarray, int], np.ndarray]  # state, weight, gradient, batch
PROJECTIONS = ("input", "recurrent", "readout")


def adam(rate: Any, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8, decay: float = 0.0) -> Step:
    def step(state: dict[str, Any], w: np.ndarray, g: np.ndarray, batch: int) -> np.ndarray:
        state["n"] = state.get("n", 0) + 1
        state["m"] = beta1 * state.get("m", 0) + (1 - beta1) * g
        state["v"] = beta2 * state.get("v", 0) + (1 - beta2) * g**2
        mean, square = state["m"] / (1 - beta1 ** state["n"]), state["v"] / (1 - beta2 ** state["n"])
        return (1 - decay) * w - rate(batch) * mean / (np.sqrt(square) + epsilon)

    return step


def sgd(rate: Any, momentum: float = 0.0, decay: float = 0.0) -> Step:
    def step(state: dict[str, Any], w: np.ndarray, g: np.ndarray, batch: int) -> np.ndarray:
        state["m"] = momentum * state.get("m", 0) + g
        return (1 - decay) * w - rate(batch) * state["m"]

    return step


CASES = {
    "adam": (Adam(0.02), adam(lambda n: 0.02)),
    "adam with numbers of its own": (Adam(0.02, 0.5, 0.9, 1e-3, 0.01), adam(lambda n: 0.02, 0.5, 0.9, 1e-3, 0.01)),
    "sgd": (SGD(0.01), sgd(lambda n: 0.01)),
    "sgd with momentum and decay": (SGD(0.01, 0.8, 0.05), sgd(lambda n: 0.01, 0.8, 0.05)),
    "exponential": (SGD(Exponential(0.02, 0.5, every=2)), sgd(lambda n: 0.02 * 0.5 ** (n / 2))),
    "steps": (Adam(Steps(0.02, 0.1, at=(1, 3))), adam(lambda n: 0.02 * 0.1 ** ((n >= 1) + (n >= 3)))),
    "cosine": (SGD(Cosine(0.02, 4, 0.001)), sgd(lambda n: 0.001 + 0.019 * (1 + math.cos(math.pi * min(n, 4) / 4)) / 2)),
    "a function": (SGD(lambda n: 0.01 / (1 + n)), sgd(lambda n: 0.01 / (1 + n))),
    "signs": (Optimiser("{w} -= rate*sign({g})", rate=0.01), lambda s, w, g, n: w - 0.01 * np.sign(g)),
    "a text of several lines": (
        Optimiser("""
            {trace} = decay*{trace} + abs({g})
            if {trace} > 1:
                {w} -= rate*{g}/{trace}
            """, 0.05, ("trace",), {"decay": 0.5}),
        lambda s, w, g, n: (s.__setitem__("t", 0.5 * s.get("t", 0) + abs(g)), np.where(s["t"] > 1, w - 0.05 * g / np.where(s["t"] > 1, s["t"], 1), w))[1],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def examples() -> Any:
    return data(6, rate=0.4)


@pytest.mark.parametrize("name", CASES)
def test_several_batches(name: str, examples: Any) -> None:
    optimiser, step = CASES[name]
    made = parts()
    found = trainer(made, optimiser=optimiser, l1={made["input"]: 0.5, "recurrent": 0.0})
    state: dict[str, dict[str, Any]] = {p: {} for p in PROJECTIONS}
    for batch in range(BATCHES):
        gradients = found.gradients(examples)
        before = {p: made[p].ragged.get("w") for p in PROJECTIONS}
        found.train_batch(examples)
        for p in PROJECTIONS:
            g = gradients[p] + (0.5 * np.sign(before[p]) if p == "input" else 0)
            assert np.array_equal(made[p].w_gradient, gradients[p])
            assert np.allclose(made[p].w, step(state[p], before[p], g, batch), rtol=1e-12, atol=1e-14)


def test_synapses_that_are_created_between_batches(examples: Any) -> None:
    """Adam counts the updates of each synapse; what its neighbours know is theirs."""
    made = parts(recurrent=False, density=0.5)
    found = trainer(made, optimiser=Adam(0.05))
    synapses = made["input"]
    StructuralPlasticity(synapses, """
        for each synapse:
            remove synapse if rand() < 0.2
        for each pair in sample(6):
            create synapse(w=0.3) if not connected""", when="after_batch")  # fmt: skip
    found = trainer(made, optimiser=Adam(0.05))
    step = adam(lambda n: 0.05)
    known: dict[int, dict[str, Any]] = {}
    ages = set()
    for batch in range(8):
        gradients = found.gradients(examples)["input"]
        serials, before = synapses.ragged.serial.copy(), synapses.ragged.get("w")
        found.train_batch(examples)
        now = dict(zip(synapses.ragged.serial.tolist(), synapses.ragged.get("w"), strict=True))
        for serial, w, g in zip(serials.tolist(), before, gradients, strict=True):
            new = step(known.setdefault(serial, {}), w, g, batch)
            if serial in now:
                assert np.isclose(now[serial], new, rtol=1e-12, atol=1e-14)
        counts = dict(zip(synapses.ragged.serial.tolist(), synapses.ragged.get("w_updates"), strict=True))
        assert counts == {s: known[s]["n"] if s in known else 0 for s in now}
        ages |= set(counts.values())
    assert len(ages) > 4 and found.plan.rules[0].created > 0 and found.plan.rules[0].removed > 0


def test_weights_in_volt_and_an_optimiser_for_each_projection() -> None:
    made = parts(
        "dv/dt = -v/(20*ms) : volt", threshold="v > 6*mV", reset="v -= 6*mV", weight="w : volt (learned)", scale=0.01
    )
    psi = "0.5/(6*mV)*maximum(0, 1 - abs(v - 6*mV)/(6*mV))"
    optimisers = {made["input"]: Adam(0.1 * mV), "recurrent": SGD(Exponential(1e-6 * volt, 0.5))}
    found = trainer(made, pseudo_derivative={"hidden": psi}, optimiser=optimisers)
    gradients, before = found.gradients(data()), {p: made[p].ragged.get("w") for p in PROJECTIONS}
    found.train_batch(data())
    moved = {p: made[p].ragged.get("w") - before[p] for p in PROJECTIONS}
    assert np.allclose(moved["input"], -1e-4 * np.sign(gradients["input"]), rtol=1e-5)
    assert np.allclose(moved["recurrent"], -1e-6 * gradients["recurrent"])
    assert np.allclose(moved["readout"], -1e-3 * np.sign(gradients["readout"]), rtol=1e-5)  # Adam, where none is named
    volts = trainer_in(made, lambda n: 1 * ms)
    assert "(E227)" in volts and "has not the unit of 'w', 1*V" in volts and "optimiser={synapses" in volts


def trainer_in(made: dict[str, Any], rate: Any) -> str:
    with pytest.raises(EqsnnError) as caught:
        trainer(made, pseudo_derivative={"hidden": "0/volt"}, optimiser=SGD(rate))
    return str(caught.value)


def test_what_is_wrong_with_an_optimiser() -> None:
    with pytest.raises(RunError, match=r"braces that stand for nothing: 'v'(.|\n)*\(E927\)(.|\n)*\{w\}, \{g\}, \{m\}"):
        trainer(optimiser=Optimiser("{w} -= rate*{v}", state=("m",)))
    with pytest.raises(EqsnnError, match=r"'eta' is not known here"):
        trainer(optimiser=Optimiser("{w} -= eta*{g}")).train_batch(data())
    for option in ("optimiser", "l1"):
        with pytest.raises(RunError, match=rf"{option} is given for 'nobody'(.|\n)*\(E923\)(.|\n)*input, recurrent, readout"):
            trainer(**{option: {"nobody": 1.0}})


def test_an_output_that_inputs_reach_at_once() -> None:
    """No hidden neuron: a perceptron of traces."""
    inputs, output = SpikeInput(5, name="inputs"), NeuronGroup(2, "dy/dt = -y/(15*ms) : 1", name="output")
    weights = connected(inputs, output, "w : 1 (learned)", on_pre="y_post += w")
    found = EProp(Network(inputs, output, weights, batch_size=6), output=output.y, optimiser=SGD(0.002))
    losses = [found.train_batch(data()) for _ in range(40)]
    assert losses[-1].loss < 0.9 * losses[0].loss and losses[0].rate == 0


def test_rates_of_training() -> None:
    """The rate that a batch tells is that of a hidden neuron, whatever the sizes of groups."""
    made = parts(recurrent=False)
    made["more"] = NeuronGroup(1, "dv/dt = 0/ms : 1", threshold="v > -1", name="more")  # in each step
    made["to"] = connected(made["more"], made["output"], "w : 1 (learned)", on_pre="y_post += w")
    made["fed"] = connected(made["inputs"], made["more"], "w : 1 (learned)", on_pre="v_post += w")
    found = trainer(made, pseudo_derivative={"hidden": "0", "more": "0"}, optimiser=SGD(0.0))
    made["input"].w = 0
    assert np.isclose(found.train_batch(data()).rate, 1000 / (HIDDEN + 1))
