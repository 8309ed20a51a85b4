"""Losses: their gradients by finite differences, alone and through a network; what they refuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from small import OUTPUTS, RESOURCES, STEPS, data, parts, trainer

import eqsnn
from eqsnn import SGD, EProp, ms, mV
from eqsnn.errors import EqsnnError, StateError
from eqsnn.training.losses import CrossEntropy, Judgement, MeanSquaredError

RNG = np.random.default_rng(5)
LABELS = RNG.integers(0, OUTPUTS, 6)
HELD, TIMED = RNG.normal(size=(6, OUTPUTS)), RNG.normal(size=(6, STEPS, OUTPUTS))
WINDOW = (5 * ms, 12 * ms)
CASES = {
    "step": (CrossEntropy(), LABELS),
    "step in a window": (CrossEntropy(WINDOW), LABELS),
    "trial": (CrossEntropy(per="trial"), LABELS),
    "trial in a window": (CrossEntropy(WINDOW, per="trial"), LABELS),
    "mse held": (MeanSquaredError(), HELD),
    "mse timed": (MeanSquaredError(), TIMED),
    "mse held in a window": (MeanSquaredError(WINDOW), HELD),
    "mse timed in a window": (MeanSquaredError(WINDOW), TIMED),
}


@pytest.mark.parametrize("name", CASES)
def test_gradients_by_finite_differences(name: str) -> None:
    loss, targets = CASES[name]
    output, h = RNG.normal(size=(6, STEPS, OUTPUTS)), 1e-6
    found = loss(output, targets, 1e-3)
    for t in range(STEPS):
        for k in range(OUTPUTS):
            moved = np.zeros_like(output)
            moved[:, t, k] = h
            slope = (loss(output + moved, targets, 1e-3).loss - loss(output - moved, targets, 1e-3).loss) / (2 * h)
            assert np.allclose(found.gradient[:, t, k], slope, rtol=1e-6, atol=1e-8)
    in_window = np.zeros(STEPS, bool)
    in_window[slice(5, 12) if loss.window else slice(None)] = True
    assert not found.gradient[:, ~in_window].any() and found.gradient[:, in_window].all()


def test_the_class_that_is_predicted() -> None:
    output = np.zeros((2, 4, 3))
    output[0, 0, 1], output[0, 3, 2], output[1, 2, 0] = 5, 3, 1
    everywhere, late = CrossEntropy(), CrossEntropy((2 * ms, 4 * ms))
    assert everywhere(output, np.array([1, 1]), 1e-3).correct.tolist() == [True, False]
    assert late(output, np.array([1, 1]), 1e-3).predicted.tolist() == [2, 0]
    large = CrossEntropy()(np.full((1, 4, 3), 1e4), np.array([1]), 1e-3)
    assert np.isclose(large.loss, 4 * np.log(3))


@dataclass(frozen=True)
class Peak:
    """A loss of one's own: the output's largest value should be the target."""

    def __call__(self, output: np.ndarray, targets: np.ndarray, dt: float) -> Judgement:
        flat = output.reshape(len(output), -1)
        gradient = np.zeros_like(flat)
        where = np.arange(len(output)), flat.argmax(1)
        gradient[where] = 2 * (flat[where] - targets)
        return Judgement((flat[where] - targets) ** 2, gradient.reshape(output.shape))

    def check(self, targets: np.ndarray, outputs: int, steps: int) -> None:
        if targets.ndim != 1:
            raise ValueError("one target for each example")


def differences(found: EProp, made: dict[str, Any], examples: Any, h: float = 1e-5) -> np.ndarray:
    """The gradient by the readout's weights: the loss depends on them without a spike between."""
    synapses, slopes = made["readout"], []
    before = synapses.ragged.get("w")
    for k in range(len(before)):
        losses = []
        for sign in (1, -1):
            moved = before.copy()
            moved[k] += sign * h
            synapses.ragged.set("w", moved)
            losses.append(found.evaluate(examples).loss * STEPS)
        slopes.append((losses[0] - losses[1]) / (2 * h))
    synapses.ragged.set("w", before)
    return np.array(slopes)


THROUGH = {name: CASES[name] for name in ("step", "trial in a window", "mse held", "mse timed in a window")}


@pytest.mark.parametrize("name", [*THROUGH, "one's own"])
def test_gradients_through_the_readout(name: str) -> None:
    loss, targets = THROUGH.get(name, (Peak(), LABELS))
    made, examples = parts(), data(labels=targets)
    found = trainer(made, loss=loss)
    gradient = found.gradients(examples)["readout"]
    assert np.abs(gradient).max() > 1e-2
    assert np.allclose(gradient, differences(found, made, examples), rtol=1e-5, atol=1e-7)


def test_predictions_are_those_of_the_window() -> None:
    found, examples = trainer(loss=CrossEntropy((15 * ms, 20 * ms))), data(12, rate=0.5)
    predicted = found.predict(examples)
    assert np.array_equal(predicted, found.outputs(examples)[:, 15:].sum(1).argmax(1))
    assert found.evaluate(examples).accuracy == (predicted == examples.labels).mean()


SLOPES = {
    "a factor": ("w : 1 (learned)", "y_post += 3*w", "adjoint"),
    "a parameter of the synapse": ("w : 1 (learned)\nc : 1", "y_post += w*c", "adjoint"),
    "a square": ("w : 1 (learned)", "y_post += w**2", "adjoint"),
    "a local name": ("w : 1 (learned)", "a = 2*w\ny_post += a*w", "adjoint"),
    "two sums": ("w : 1 (learned)", "y_post += w\ny_post += w**3", "adjoint"),
    "resources, used before they shrink": (RESOURCES, "y_post += w*x\nx *= 0.7", "traces"),
    "resources, used when they have shrunk": (RESOURCES, "x *= 0.7\ny_post += w*x", "traces"),
    "resources and local names": (RESOURCES, "a = w**2*x\nx *= 0.7\nb = 2*a + x\ny_post += b*x + a", "traces"),
    "resources on a clock": (RESOURCES.replace("event", "clock"), "y_post += w*x\nx *= 0.7", "traces"),
    "time": ("w : 1 (learned)", "y_post += w*t/ms", "traces"),
    "chance": ("w : 1 (learned)", "y_post += w*rand() + randn()", "traces"),
}


@pytest.mark.parametrize("name", SLOPES)
def test_what_a_spike_adds(name: str) -> None:
    model, code, method = SLOPES[name]
    made, examples = parts(readout_weight=model, readout_on_pre=code), data()
    if " c : 1" in model.replace("\n", " "):
        made["readout"].c = np.linspace(-1, 2, len(made["readout"]))
    found = trainer(made, optimiser=SGD(0.0))
    assert found.method == method
    gradient = found.gradients(examples)["readout"]
    assert np.abs(gradient).max() > 1e-2
    assert np.allclose(gradient, differences(found, made, examples), rtol=1e-5, atol=1e-6)


CHAINS = {
    "v_post += 2*w": (lambda w: w / 2, lambda u: 2 + 0 * u),
    "v_post += w*c": (lambda w: w / 4, lambda u: 4 + 0 * u),
    "v_post += w**3": (np.cbrt, lambda u: 3 * u**2),
}


@pytest.mark.parametrize("method", ["adjoint", "traces"])
@pytest.mark.parametrize("code", CHAINS)
def test_what_a_spike_adds_to_hidden_neurons(code: str, method: Any) -> None:
    """The same network by other weights: gradients differ by the derivative of the one by the other."""
    inverse, slope = CHAINS[code]
    plain = trainer(parts(), method=method).gradients(data())
    eqsnn.start_scope()
    made = parts(weight="w : 1 (learned)\nc : 1", on_pre=code)
    for name in ("input", "recurrent"):
        made[name].w, made[name].c = inverse(made[name].w[:]), 4
    found = trainer(made, method=method).gradients(data())
    for name in ("input", "recurrent"):
        assert np.allclose(found[name], plain[name] * slope(made[name].ragged.get("w")), rtol=1e-8, atol=1e-10)
        assert np.abs(found[name]).max() > 1
    assert np.allclose(found["readout"], plain["readout"], rtol=1e-8)


def test_targets_that_do_not_fit() -> None:
    found = trainer()
    with pytest.raises(StateError, match=r"there is a label 2; the output has 2 neurons, for classes 0 to 1. \(E760\)"):
        found.train_batch(data(labels=np.array([0, 1, 2, 0, 1, 1])))
    with pytest.raises(StateError, match=r"needs a class number(.|\n)*\(E761\)(.|\n)*loss='mse'"):
        found.train_batch(data(labels=HELD))
    squared = trainer(loss="mse")
    for labels in (LABELS, HELD[:, :1], TIMED[:, 1:]):
        with pytest.raises(StateError, match=r"do not fit an output of 2 neurons and 20 steps(.|\n)*\(E761\)"):
            squared.evaluate(data(labels=labels))
    for window in ((50 * ms, 60 * ms), (7 * ms, 7 * ms), (-5 * ms, 5 * ms)):
        with pytest.raises(StateError, match=r"has no step of a trial of 0.02 s. \(E762\)"):
            trainer(loss=CrossEntropy(window)).evaluate(data())
    with pytest.raises(EqsnnError, match=r"a window is two times(.|\n)*\(E225\)"):
        trainer(loss=CrossEntropy((5 * mV, 6 * mV))).evaluate(data())


def test_a_loss_of_ones_own_that_is_none() -> None:
    with pytest.raises(EqsnnError, match=r"judges and checks, not <function(.|\n)*\(E324\)(.|\n)*losses.Loss"):
        trainer(loss=lambda output, targets, dt: None)

    class Wrong(Peak):
        def __call__(self, output: np.ndarray, targets: np.ndarray, dt: float) -> Judgement:
            return Judgement(np.zeros(len(output)), output[:, 0])

    with pytest.raises(StateError, match=r"gradient of shape \(6, 2\)(.|\n)*\(E763\)(.|\n)*\(6, 20, 2\)"):
        trainer(loss=Wrong()).train_batch(data())
