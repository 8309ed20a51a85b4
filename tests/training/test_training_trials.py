"""Trials begin alike, whatever ran before: state, spikes under way, inputs beside the examples, clocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small import RESOURCES, STEPS, connected, data, parts, same, trainer

import eqsnn
from eqsnn import (
    SGD,
    Adam,
    EProp,
    Hz,
    NeuronGroup,
    PoissonGroup,
    SpikeGeneratorGroup,
    SpikeInput,
    SpikeMonitor,
    StateMonitor,
    linked_var,
    ms,
)
from eqsnn.errors import RunError

MANY = 20  # more examples than lanes


def settled(made: dict[str, Any], **options: Any) -> EProp:
    """A trainer whose gradients are the same whatever it did before."""
    found, examples = trainer(made, **options), data(MANY)
    first = found.gradients(examples)
    assert same(found.gradients(examples), first)
    found.evaluate(examples[:3])
    assert same(found.gradients(examples), first)
    assert all(np.abs(values).max() > 0 for values in first.values())
    return found


def test_resources_of_synapses_begin_anew() -> None:
    made = parts(weight=RESOURCES, on_pre="v_post += w*x\nx *= 0.7", density=0.8)
    settled(made)
    assert (made["input"].ragged.get("x") == 1).all()


def test_spikes_of_synapses_that_are_not_learned() -> None:
    made = parts(recurrent=False)
    made["fixed"] = connected(made["inputs"], made["hidden"], RESOURCES.replace(" (learned)", ""), on_pre="v_post += w*x\nx *= 0.5", name="fixed")
    made["fixed"].w, made["fixed"].x, made["fixed"].delay = 0.2, 1, "(i + 1)*7*ms"  # some arrive after the end
    settled(made)


def test_other_inputs_are_played_in_every_trial() -> None:
    made = parts(recurrent=False)
    made["generator"] = SpikeGeneratorGroup(2, [0, 1, 1], [1, 4, 9] * ms, name="generator")
    made["poisson"] = PoissonGroup(2, 200 * Hz, name="poisson")
    made["more"] = SpikeInput(1, name="more")
    made["more"].set_spikes([0, 0], [3, 12] * ms)
    for name in ("generator", "poisson", "more"):
        made[f"from_{name}"] = connected(made[name], made["hidden"], "w : 1 (learned)", on_pre="v_post += w", name=f"from_{name}")
        made[f"from_{name}"].w = 0.3
    settled(made, inputs=made["inputs"])


def test_a_group_on_another_clock() -> None:
    made = parts(recurrent=False)
    made["fast"] = NeuronGroup(2, "dx/dt = 1/(3*ms) : 1", threshold="x > 1", reset="x = 0", dt=0.25 * ms, name="fast")
    made["fixed"] = connected(made["fast"], made["hidden"], "", on_pre="v_post += 0.1", name="fixed")
    found = settled(made)
    assert found.outputs(data()).shape == (6, STEPS, 2)


def test_a_group_that_another_is_linked_to() -> None:
    made = parts("dv/dt = (k - v)/(20*ms) : 1\nk : 1 (linked)")
    made["source"] = NeuronGroup(4, "dk/dt = -k/(10*ms) : 1", name="source")
    made["source"].k = 1
    made["hidden"].k = linked_var(made["source"], "k")
    settled(made)


def test_parameters_count_as_they_are_when_training_is_called() -> None:
    made = parts("dv/dt = -v/tau : 1\ntau : second\nb : second (constant)")
    made["hidden"].tau = 20 * ms
    found, examples = trainer(made), data()
    first = found.gradients(examples)
    made["hidden"].tau = 5 * ms
    assert not same(found.gradients(examples), first)
    made["hidden"].tau, made["hidden"].v = 20 * ms, 0.1
    assert not same(found.gradients(examples), first)
    made["hidden"].v = 0
    assert same(found.gradients(examples), first)


def test_a_run_between_two_batches() -> None:
    made = parts(refractory=2 * ms, delay=2 * ms)
    made["spikes"], made["state"] = SpikeMonitor(made["hidden"]), StateMonitor(made["output"], "y", record=True)
    found, examples = trainer(made, batch_size=3), data()
    first = found.gradients(examples)
    made["inputs"].set_spikes([0, 1, 2, 3, 4] * 3, np.repeat([1, 2, 3], 5) * ms)
    found.network.run(10 * ms)
    before = made["state"].y[:]
    assert before.shape == (3, 2, 10) and np.abs(before).max() > 0
    with pytest.raises(RunError, match=r"the network stands at 10 ms(.|\n)*restart\(\)") as caught:
        found.train_batch(examples)
    assert "(E926)" in str(caught.value)
    found.network.restart()
    assert same(found.gradients(examples), first)
    found.network.run(10 * ms)
    assert np.array_equal(made["state"].y[:], before)  # no trace of the trials


def test_a_delay_that_changes() -> None:
    made = parts(delay=2 * ms)
    found = trainer(made)
    found.train_batch(data())
    made["input"].delay = 3 * ms
    with pytest.raises(RunError, match=r"Synapses 'input'(.|\n)*\(E926\)(.|\n)*make EProp anew"):
        found.train_batch(data())


def test_a_second_trainer_begins_anew() -> None:
    def trained(*optimisers: Any) -> dict[str, np.ndarray]:
        eqsnn.start_scope()
        eqsnn.seed(1)
        made = parts()
        for optimiser in optimisers:
            made["readout"].w = made["input"].w = 0.3
            made["recurrent"].w = 0
            found = trainer(made, optimiser=optimiser)
            found.train_batch(data())
        found.train_batch(data())
        return {name: made[name].ragged.get("w") for name in ("input", "recurrent", "readout")}

    assert same(trained(Adam(0.01)), trained(SGD(0.3, momentum=0.9), Adam(0.1), Adam(0.01)))


def test_outputs_and_predictions_leave_no_trace() -> None:
    made = parts("dv/dt = -v/(20*ms) + 0.2*xi*(20*ms)**-0.5 : 1", method="euler")
    found, examples = trainer(made), data(MANY)
    found.train_batch(examples)
    kept = {n: {c: s.ragged.get(c) for c in s.ragged.columns} for n, s in made.items() if "readout" in n or n == "input"}
    random = eqsnn.seeds.state()
    outputs, predicted, score = found.outputs(examples), found.predict(examples), found.evaluate(examples)
    assert outputs.shape == (MANY, STEPS, 2)
    assert np.array_equal(predicted, outputs.sum(1).argmax(1))
    assert score.accuracy == (predicted == examples.labels).mean() and score.examples == MANY
    assert np.array_equal(found.outputs(examples), outputs)  # also where neurons are noisy
    for name, columns in kept.items():
        assert same({c: made[name].ragged.get(c) for c in columns}, columns)
    assert eqsnn.seeds.state() == random and found.batches == 1


LEAK = "dv/dt = -v/(20*ms) : 1"
NESTED = "if v > 0.8:\n    if a > 0.1:\n        v = 0.1*v\n    else:\n        v -= 0.6\nelse:\n    a += 0.2*v\n    v = a*v"
MODELS: dict[str, dict[str, Any]] = {
    "noise": dict(model="dv/dt = -v/(20*ms) + 0.4*xi*(20*ms)**-0.5 : 1", method="euler"),
    "branches in a reset": dict(model=LEAK + "\nda/dt = -a/(100*ms) : 1", reset=NESTED),
    "times of its own": dict(model=LEAK + " (unless refractory)", refractory="(1 + i)*ms"),
    "a threshold of several conditions": dict(model=LEAK + "\nf : boolean", threshold="not (f or v <= 0.6) and i < 3"),
    "time in the equation": dict(model="dv/dt = -v*(1 + sin(t/(5*ms)))/(20*ms) : 1", method="euler", threshold="not v < 0.6"),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_both_methods_agree(name: str) -> None:
    adjoint = trainer(parts(**MODELS[name])).gradients(data(MANY))
    eqsnn.start_scope()
    traces = trainer(parts(**MODELS[name]), method="traces").gradients(data(MANY))
    for projection, values in adjoint.items():
        assert np.allclose(values, traces[projection], rtol=1e-10, atol=1e-12) and np.abs(values).max() > 0.1
