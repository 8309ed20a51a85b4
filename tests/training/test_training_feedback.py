"""By what errors come back: the weights, numbers drawn once, numbers that follow the weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small import HIDDEN, OUTPUTS, PSI, connected, data, parts, same, trainer, weights

import eqsnn
from eqsnn import SGD, Adam, Hz, NeuronGroup, ms

TARGET = "hidden._feedback_y"


def gradients(kind: str, matrix: np.ndarray | None = None, **options: Any) -> dict[str, np.ndarray]:
    """Gradients of a small network by this feedback."""
    eqsnn.start_scope()
    eqsnn.seed(1)
    found = trainer(parts(refractory=2 * ms), feedback=kind, **options)
    if matrix is not None:
        found._feedback.restore({TARGET: matrix})
    return found.gradients(data())


@pytest.mark.parametrize("method", ["adjoint", "traces"])
def test_random_feedback(method: str) -> None:
    """Hidden gradients are linear in it, are those of symmetric feedback where it is the weights, and readouts do not know."""
    symmetric = gradients("symmetric", method=method)
    w = weights(parts())["readout"].reshape(HIDDEN, OUTPUTS).T.copy()
    other = np.random.default_rng(2).normal(size=w.shape)
    assert all(np.allclose(v, symmetric[n], rtol=1e-12) for n, v in gradients("random", w, method=method).items())
    one, both = (gradients("random", m, method=method) for m in (other, w + 2 * other))
    for name in ("input", "recurrent"):
        assert np.abs(one[name]).max() > 0.1
        assert np.allclose(both[name], symmetric[name] + 2 * one[name], rtol=1e-10, atol=1e-12)
    assert same({"r": one["readout"]}, {"r": symmetric["readout"]})


def test_random_feedback_is_drawn_once() -> None:
    eqsnn.seed(5)
    found = trainer(feedback="random", optimiser=SGD(0.0))
    first = found.gradients(data())
    found.train_batch(data())
    assert same(found.gradients(data()), first)
    matrix = found._feedback.state()[TARGET]
    eqsnn.start_scope()
    again = trainer(feedback="random")
    again.gradients(data())
    assert np.array_equal(again._feedback.state()[TARGET], matrix)
    eqsnn.start_scope()
    eqsnn.seed(6)
    other = trainer(feedback="random")
    other.gradients(data())
    assert not np.array_equal(other._feedback.state()[TARGET], matrix)


def test_the_width_of_random_numbers() -> None:
    made = parts(recurrent=False)
    made["wide"] = NeuronGroup(400, "dv/dt = -v/(20*ms) : 1", threshold="v > 0.6", reset="v = 0", name="wide")
    made["to"] = connected(made["inputs"], made["wide"], "w : 1 (learned)", on_pre="v_post += w", name="to")
    found = trainer(made, pseudo_derivative={"hidden": PSI, "wide": PSI}, feedback="random")
    found.gradients(data())
    assert np.isclose(found._feedback.state()["wide._feedback_y"].std(), 1 / 20, rtol=0.1)


def test_adaptive_feedback_follows_the_weights() -> None:
    made = parts()
    found = trainer(made, feedback="adaptive", optimiser=Adam(0.03))
    readout = made["readout"]
    drawn, before = readout.ragged.get("w_feedback"), readout.ragged.get("w")
    assert 0.1 < drawn.std() < 1 and not np.allclose(drawn, before)
    for _ in range(3):
        found.train_batch(data())
    moved = readout.ragged.get("w") - before
    assert np.abs(moved).max() > 0.05
    assert np.allclose(readout.ragged.get("w_feedback") - drawn, moved, rtol=1e-9, atol=1e-12)
    adaptive = found.gradients(data())
    assert not np.allclose(adaptive["input"], trainer(made).gradients(data())["input"])
    found = trainer(made, feedback="adaptive")
    readout.ragged.set("w_feedback", readout.ragged.get("w"))
    adaptive, symmetric = found.gradients(data()), trainer(made).gradients(data())
    assert all(np.allclose(adaptive[name], values, rtol=1e-12) for name, values in symmetric.items())


def test_two_hidden_layers() -> None:
    """Errors come to the first by numbers of its own, past the second, as if it had synapses onto the output."""
    def layers(seed: int = 1) -> dict[str, Any]:
        eqsnn.start_scope()
        made = parts(recurrent=False)
        del made["input"]
        rng = np.random.default_rng(seed)
        made["first"] = NeuronGroup(6, "dv/dt = -v/(20*ms) : 1", threshold="v > 0.6", reset="v -= 0.6", name="first")
        for name, source, target in (("low", "inputs", "first"), ("up", "first", "hidden")):
            made[name] = connected(made[source], made[target], "w : 1 (learned)", on_pre="v_post += w", name=name)
            made[name].w = rng.normal(0.2, 0.4, len(made[name]))
        return made

    psi = {"hidden": PSI, "first": PSI}
    shapes = {TARGET: (OUTPUTS, HIDDEN), "first._feedback_y": (OUTPUTS, 6)}
    found = trainer(layers(), pseudo_derivative=psi, feedback="random")
    found.gradients(data())
    assert {name: m.shape for name, m in found._feedback.state().items()} == shapes
    matrices = found._feedback.state()
    skipped, made = found.gradients(data()), layers()
    skip = made["skip"] = connected(made["first"], made["output"], "w : 1 (learned)", on_pre="y_post += w", name="skip")
    skip.w = 0
    other = trainer(made, pseudo_derivative=psi, feedback="random")
    other._feedback.restore(matrices)
    with_skip = other.gradients(data())
    assert all(np.array_equal(values, with_skip[name]) for name, values in skipped.items())
    assert np.abs(skipped["low"]).max() > 0.1
    symmetric = trainer(made, pseudo_derivative=psi).gradients(data())
    assert not symmetric["low"].any() and np.abs(symmetric["skip"]).max() > 0.1  # by weights that are zero, nothing comes


def test_projections_that_are_not_learned() -> None:
    """Others have the gradients they have where all are learned."""
    every = trainer(parts()).gradients(data())
    eqsnn.start_scope()
    made = parts(weight="w : 1")
    assert same(trainer(made).gradients(data()), {"readout": every["readout"]})
    eqsnn.start_scope()
    made = parts(recurrent=False)
    w = weights(parts())["recurrent"]
    made["fixed"] = connected(made["hidden"], made["hidden"], "w : 1", on_pre="v_post += w", name="fixed")
    made["fixed"].w = w
    some = trainer(made).gradients(data())
    assert some.keys() == {"input", "readout"}
    assert all(np.allclose(values, every[name], rtol=1e-12) for name, values in some.items())


def test_several_projections_onto_one_group() -> None:
    """Two halves of the inputs through projections of their own are what one projection is."""
    whole = trainer(parts(recurrent=False)).gradients(data())
    eqsnn.start_scope()
    made = parts(recurrent=False)
    w = made.pop("input").ragged.get("w").reshape(5, 4)
    for name, part in (("low", slice(0, 2)), ("high", slice(2, 5))):
        made[name] = connected(made["inputs"][part], made["hidden"], "w : 1 (learned)", on_pre="v_post += w", name=name)
        made[name].w = w[part].ravel()
    found = trainer(made).gradients(data())
    assert np.allclose(np.concatenate([found["low"], found["high"]]), whole["input"], rtol=1e-12)


@pytest.mark.parametrize("method", ["adjoint", "traces"])
def test_regularisation_of_rates(method: str) -> None:
    """c Σ_t (r(t) - r*) e(t), with e = ψ times the spikes of the input, as the membrane filters them."""
    made, examples = parts(recurrent=False), data()
    strength, target, window = 0.02, 30.0, 0.1
    plain = trainer(made, method=method).gradients(examples)["input"]
    found = trainer(made, method=method, rate_regularisation=(strength, target * Hz), rate_window=window * 1000 * ms)
    gradient = found.gradients(examples)["input"] - plain
    w, expected = made["input"].ragged.get("w").reshape(5, 4), np.zeros((5, 4))
    keep, decay = np.exp(-1 / 20), np.exp(-1e-3 / window)
    for k in range(len(examples)):
        chosen = slice(*examples.offsets[k : k + 2])
        x = np.zeros((20, 5))
        x[np.rint(examples.times[chosen] * 1e3).astype(int), examples.units[chosen]] = 1
        v, rate, trace = np.zeros(4), np.zeros(4), np.zeros(5)
        for t in range(20):
            v, trace = v * keep, trace * keep
            z, psi = v > 0.6, 0.5 * np.maximum(0, 1 - abs(v - 0.6) / 0.6)
            rate = decay * rate + (1 - decay) * z / 1e-3
            expected += strength * trace[:, None] * ((rate - target) * psi)
            v, trace = v + x[t] @ w - 0.6 * z, trace + x[t]
    assert np.allclose(gradient, expected.ravel() / len(examples), rtol=1e-10, atol=1e-12)


def test_regularisation_pulls_rates_to_their_target() -> None:
    made = parts(recurrent=False)
    found = trainer(made, rate_regularisation=(0.05, 60 * Hz), rate_window=20 * ms, optimiser=Adam(0.02))
    made["readout"].w = 0
    rates = [found.train_batch(data()).rate for _ in range(60)]
    assert abs(np.mean(rates[-10:]) - 60) < 0.5 * abs(rates[0] - 60)
