"""The same bits from the same seed: on any number of threads, wherever synapses lie, in every process."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small import RESOURCES, connected, data, parts, same, trainer, weights

import eqsnn
from eqsnn import Adam, StructuralPlasticity, prefs
from eqsnn.identities import identities_of, restore_identities

NOISY: dict[str, Any] = dict(model="dv/dt = -v/(20*ms) + 0.3*xi*(20*ms)**-0.5 : 1", method="euler")
REWIRE = """
    for each synapse:
        remove synapse if rand() < 0.1
    for each pair in sample(5):
        create synapse(w=0.2*randn()) if not connected
    """


def trained(seed: int = 1, batches: int = 3, shuffled: bool = False, precision: str = "float64", rewire: bool = True, **options: Any) -> dict[str, np.ndarray]:
    """Weights and outputs after some batches of a network made anew."""
    eqsnn.start_scope()
    eqsnn.seed(seed)
    made = parts(**{"density": 0.7, **options})
    if rewire:
        StructuralPlasticity(made["input"], REWIRE, when="after_batch", name="rewire")
    found = trainer(made, optimiser=Adam(0.02), precision=precision)
    for _ in range(batches):
        if shuffled:
            mixed(made["input"])
        found.train_batch(data(19, rate=0.2))
    order = {name: np.lexsort((s.ragged.j, s.ragged.i)) for name, s in made.items() if name in weights(made)}
    ends = {f"{n}, from": made[n].ragged.i[k] for n, k in order.items()}
    return {**{n: w[order[n]] for n, w in weights(made).items()}, **ends, "y": found.outputs(data(3))}


def mixed(synapses: Any) -> None:
    """Take all synapses out of the storage and put them back: others lie elsewhere, with what they are."""
    restore_identities(synapses, identities_of(synapses))
    synapses.ragged.compact()


@pytest.mark.parametrize("options", [NOISY, dict(weight=RESOURCES, on_pre="v_post += w*x\nx *= 0.7")], ids=["adjoint", "traces"])
def test_threads(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for threads in (1, 2, 3):
        monkeypatch.setattr(prefs, "threads", threads)
        found.append(trained(rewire=options is NOISY, **options))
    assert same(found[0], found[1]) and same(found[0], found[2])


def test_seeds() -> None:
    once, again, other = trained(**NOISY), trained(**NOISY), trained(2, **NOISY)
    assert same(once, again)
    assert once["y"].shape == other["y"].shape and not np.array_equal(once["y"], other["y"])


def test_noise_is_new_in_each_batch_and_each_example() -> None:
    made = parts(**NOISY)
    found, one = trainer(made, optimiser=Adam(0.0)), data(1)
    examples = data(1, rate=0.5)[np.zeros(12, int)]
    first = found.outputs(examples)
    assert len({y.tobytes() for y in first}) == 12  # beyond the lanes, too
    found.train_batch(one)
    assert not np.array_equal(found.outputs(examples), first)


def test_single_precision() -> None:
    double, single = trained(batches=1, rewire=False), trained(batches=1, rewire=False, precision="float32")
    assert single["input"].dtype == single["y"].dtype == np.float32
    for name, values in double.items():
        assert np.allclose(single[name], values, rtol=1e-3, atol=1e-4)
    eqsnn.start_scope()
    exact = trainer(parts()).gradients(data())
    eqsnn.start_scope()
    for name, values in trainer(parts(), precision="float32").gradients(data()).items():
        assert np.allclose(values, exact[name], rtol=1e-4, atol=1e-4 * np.abs(exact[name]).max())


def test_the_history_of_the_storage() -> None:
    assert same(trained(), trained(shuffled=True))


def test_the_order_of_connecting() -> None:
    """Gradients belong to pairs, whatever the order in which they were connected."""
    found = []
    for reverse in (False, True):
        eqsnn.start_scope()
        made = parts(recurrent=False)
        i, j = made["input"].ragged.i, made["input"].ragged.j
        order = np.arange(len(i))[::-1] if reverse else np.arange(len(i))
        made["input"] = s = eqsnn.Synapses(made["inputs"], made["hidden"], "w : 1 (learned)", on_pre="v_post += w", name="in2")
        s.connect(i=i[order], j=j[order])
        s.w = np.linspace(-0.5, 1, len(i))[order]
        gradient = np.empty(len(i))
        gradient[order] = trainer(made).gradients(data())["in2"]
        found.append(gradient)
    assert np.allclose(*found, rtol=1e-12)


def test_examples_do_not_know_of_each_other() -> None:
    """The gradient of a batch is the mean of those of its examples, whichever lanes they ran in."""
    found, examples = trainer(), data(19)
    alone = [found.gradients(examples[k : k + 1]) for k in range(19)]
    for name, values in found.gradients(examples).items():
        assert np.allclose(values, np.mean([a[name] for a in alone], 0), rtol=1e-10, atol=1e-12)


def test_two_synapses_of_a_pair() -> None:
    made = parts(recurrent=False)
    del made["input"]
    made["twice"] = eqsnn.Synapses(made["inputs"], made["hidden"], "w : 1 (learned)", on_pre="v_post += w", name="twice", multisynaptic_index="k")
    made["twice"].connect(n=2)
    made["twice"].w = "0.2 + 0.1*k"
    gradient = trainer(made).gradients(data())["twice"].reshape(5, 4, 2)
    assert np.abs(gradient).max() > 0.1 and np.array_equal(gradient[..., 0], gradient[..., 1])


def test_parts_of_groups() -> None:
    """Synapses between parts of groups have the gradients of those between the whole."""
    made, rng = parts(recurrent=False), np.random.default_rng(3)
    for name, source, target, code in (("first", "inputs", "hidden", "v"), ("last", "hidden", "output", "y")):
        a, b = made[source][1:4], made[target][1:2]
        made[name] = connected(a, b, "w : 1 (learned)", on_pre=f"{code}_post += w", name=name)
        made[name].w = rng.normal(0, 0.3, len(made[name]))
    for method in ("adjoint", "traces"):
        found = trainer(made, method=method).gradients(data())
        assert np.allclose(found["first"], found["input"].reshape(5, 4)[1:4, 1], rtol=1e-12)
        assert np.allclose(found["last"], found["readout"].reshape(4, 2)[1:4, 1], rtol=1e-12)
        assert np.abs(found["first"]).max() > 0.1
