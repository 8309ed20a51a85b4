"""Epochs: history, progress, callbacks, interruptions, and a loss that is no number."""

from __future__ import annotations

import csv
import json
import logging
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import HIDDEN, OUTPUTS, RESOURCES, data, parts, same, trainer, weights

import eqsnn
from eqsnn import SGD, Adam, EProp, StructuralPlasticity, device, ms
from eqsnn.data import SpikeData
from eqsnn.errors import EqsnnError, RunError, UnsupportedError
from eqsnn.training.losses import CrossEntropy, Judgement


def everything(made: dict[str, Any]) -> dict[str, np.ndarray]:
    """All columns of synapses but the gradient of the last batch."""
    names = weights(made)
    columns = {f"{n}.{c}": made[n].ragged.get(c) for n in names for c in made[n].ragged.columns}
    return {name: values for name, values in columns.items() if not name.endswith(".w_gradient") and "@" not in name}


def test_history_is_what_batches_tell(tmp_path: Path) -> None:
    made = parts()
    StructuralPlasticity(made["input"], "for each pair in sample(3):\n    create synapse if not connected and rand() < 0.5\nfor each synapse:\n    remove synapse if rand() < 0.2", when="after_batch")  # fmt: skip
    found, told = trainer(made, batch_size=4, optimiser=Adam(0.01)), []
    train, valid = data(10), data(7, seed=9)
    scores = []

    def note(trainer: EProp, batch: Any) -> None:
        assert trainer is found
        told.append((trainer.epochs, batch))
        if trainer.batches % 3 == 0:
            scores.append(trainer.evaluate(valid))

    history = found.fit(train, 2, valid, checkpoint=tmp_path, after_batch=note)
    assert [e for e, _ in told] == [0, 0, 0, 1, 1, 1] and found.batches == 6
    sizes = np.array([4, 4, 2])
    for k, epoch in enumerate(history):
        batches = [b for e, b in told if e == k]
        assert (epoch.epoch, epoch.batches) == (k + 1, 3)
        for name in ("loss", "accuracy", "rate"):
            assert np.isclose(getattr(epoch, name), np.average([getattr(b, name) for b in batches], weights=sizes))
        assert epoch.rewired == sum(b.rewired for b in batches)
        assert (epoch.validation_loss, epoch.validation_accuracy) == (scores[k].loss, scores[k].accuracy)
        assert epoch.seconds > 0
    assert history[-1].synapses == sum(len(made[n]) for n in weights(made)) and history.column("rewired")[0] > 0
    rows = json.loads((tmp_path / "history.json").read_text())
    assert rows == history.to_rows() and str(history[-1]) in repr(history)
    with (tmp_path / "history.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [{k: type(rows[0][k])(v) for k, v in row.items()} for row in table] == rows


def test_a_loss_that_classifies_nothing() -> None:
    history = trainer(loss="mse").fit(data(labels=np.zeros((6, 2))), 1)
    assert history[0].accuracy is None and history[0].validation_loss is None
    score = trainer(loss="mse").evaluate(data(labels=np.zeros((6, 2))))
    assert str(score) == f"loss {score.loss:.4f} (6 examples)"


def test_examples_are_shuffled_by_epoch_and_seed() -> None:
    def orders(shuffle: bool, seed: int = 1) -> list[list[int]]:
        eqsnn.start_scope()
        eqsnn.seed(seed)
        found, seen = trainer(batch_size=5, optimiser=SGD(0.0)), []
        train = found.engine.gradients
        found.engine.gradients = lambda d, chosen, batch: (seen.append(chosen.tolist()), train(d, chosen, batch))[1]  # type: ignore[method-assign]
        found.fit(data(8), 2, shuffle=shuffle)
        return [seen[0] + seen[1], seen[2] + seen[3]]

    assert orders(False) == [list(range(8))] * 2
    one, two = orders(True)
    assert one != two and sorted(one) == sorted(two) == list(range(8))
    assert orders(True) == [one, two] != orders(True, 2)


@pytest.mark.parametrize("batch_size", [1, 3])
def test_the_network_is_its_own_after_training(batch_size: int) -> None:
    made = parts()
    found = trainer(made, batch_size=batch_size, optimiser=Adam(0.01))
    shape = made["hidden"].v[:].shape
    first = found.gradients(data())
    found.fit(data(), 1)
    assert made["hidden"].v[:].shape == shape and not made["hidden"].v[:].any()
    eqsnn.start_scope()
    other = trainer(parts(), batch_size=batch_size, optimiser=Adam(0.01))
    assert same(other.gradients(data()), first)
    other.fit(data(), 2)
    found.fit(data(), 2)
    assert same(found.gradients(data()), other.gradients(data()))


def test_progress(capsys: pytest.CaptureFixture[str]) -> None:
    trainer(batch_size=2).fit(data(), 2, report="text")
    shown = capsys.readouterr().err
    assert "epoch 1: 100%" in shown and "epoch 2: 100%" in shown and "3/3" in shown
    assert "loss=" in shown and "accuracy=" in shown and "rewired" not in shown


def test_control_c_between_and_within_batches() -> None:
    """What is learned is that of whole batches; training goes on afterwards."""
    made = parts()
    found, seen = trainer(made, batch_size=3), []

    def press(trainer: EProp, batch: Any) -> None:
        seen.append(everything(made))
        if len(seen) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        found.fit(data(9), 1, after_batch=press)
    assert (found.batches, found.epochs, len(found.history)) == (2, 0, 0)
    assert same(everything(made), seen[-1])


@pytest.mark.parametrize("within", ["a trial", "the loss", "the optimiser"])
def test_control_c_within_a_batch(within: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def press() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    class Pressed(CrossEntropy):
        def __call__(self, output: np.ndarray, targets: np.ndarray, dt: float) -> Judgement:
            if len(calls) == 3 and within == "the loss":  # when some examples of the batch are done
                calls.append(1)
                press()
            calls.append(1)
            return super().__call__(output, targets, dt)

    calls: list[int] = []
    made = parts()
    found, examples = trainer(made, loss=Pressed(), optimiser=Adam(0.01)), data(19)
    gradients = found.gradients(examples)
    if within == "a trial":
        run = found.engine._trial.backward  # type: ignore[union-attr]
        monkeypatch.setattr(found.engine._trial, "backward", lambda g: (run(g), press()))
    if within == "the optimiser":
        step = found.learners[0].step
        monkeypatch.setattr(found.learners[0], "step", lambda batch: (press(), step(batch)))
    before = everything(made)
    with pytest.raises(KeyboardInterrupt):
        found.train_batch(examples)
    monkeypatch.undo()
    whole = within == "the optimiser"  # all weights have changed by then
    assert found.batches == whole and same(everything(made), before) != whole
    if not whole:
        assert same(found.gradients(examples), gradients)


def test_a_loss_that_is_not_finite(tmp_path: Path) -> None:
    made = parts()
    broken: list[int] = []

    class Broken(CrossEntropy):
        def __call__(self, output: np.ndarray, targets: np.ndarray, dt: float) -> Judgement:
            return super().__call__(output * np.inf if broken else output, targets, dt)

    train = data()
    found = trainer(made, loss=Broken(), optimiser=Adam(0.01))
    found.fit(train, 2, checkpoint=tmp_path)
    broken.append(1)
    file, before = tmp_path / "checkpoint.npz", everything(made)
    kept = file.read_bytes()
    with pytest.raises(RunError, match=r"in batch 2 '(.|\n)*is not finite; the weights are as they were(.|\n)*\(E930\)"):
        found.fit(train, 3, checkpoint=tmp_path)
    broken.clear()
    assert file.read_bytes() == kept and same(everything(made), before) and found.batches == 2
    found.fit(train, 3, checkpoint=tmp_path)
    assert found.batches == 3


def test_a_variable_that_is_not_finite() -> None:
    made = parts()
    made["readout"].w = [1, np.inf, 0, 0, 0, 0, 0, 0]
    with pytest.raises(RunError, match=r"in batch 0 'w(.|\n)*' of Synapses '(readout|input)' is not finite"):
        trainer(made).train_batch(data())


def test_a_weight_that_an_optimiser_breaks(tmp_path: Path) -> None:
    made = parts()
    found = trainer(made, optimiser=SGD(1e308))
    found.save(tmp_path)
    kept = (tmp_path / "checkpoint.npz").read_bytes()
    with pytest.raises(RunError, match=r"batch 0 has made 'w' of Synapses 'input'(.|\n)*\(E930\)(.|\n)*go back to a checkpoint"):
        found.fit(data(), 1, checkpoint=tmp_path)
    assert (tmp_path / "checkpoint.npz").read_bytes() == kept


def test_examples_that_do_not_fit() -> None:
    found = trainer(trial=20 * ms)
    with pytest.raises(RunError, match=r"the examples last 0.03 s, a trial only 0.02 s. \(E932\)(.|\n)*crop"):
        found.train_batch(data(steps=30))
    with pytest.raises(RunError, match=r"come from 6 units, but SpikeInput 'inputs' has 5 neurons. \(E932\)"):
        found.evaluate(data(units=6))
    assert found.outputs(data(units=3, steps=10)).shape == (6, 20, 2)  # silence where there is nothing
    for chosen in ([6], [-1], [0.5], [[0]], np.ones(6, bool)):
        with pytest.raises(RunError, match=r"examples are chosen by their numbers, 0 to 5(.|\n)*\(E931\)"):
            found.train_batch(data(), chosen)
    for call in (found.train_batch, found.gradients, found.evaluate, found.outputs, found.predict):
        with pytest.raises(RunError, match=r"there is no example. \(E931\)"):
            call(data()[:0])
    with pytest.raises(EqsnnError, match=r"(.|\n)*\(E781\)"):
        SpikeData([5], [0.001], [0, 1], [0], 5, 0.02)
    assert found.batches == 0


def test_some_of_the_examples() -> None:
    one, examples = parts(), data(6)
    trainer(one).train_batch(examples, [1, 4])
    eqsnn.start_scope()
    other = parts()
    trainer(other).train_batch(examples[[1, 4]])
    assert same(weights(one), weights(other))


def test_training_runs_on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    made = parts()
    monkeypatch.setattr(type(device), "name", "cuda")
    with pytest.raises(UnsupportedError, match=r"this machine's processor(.|\n)*\(E006\)(.|\n)*device\('cpp'\)"):
        trainer(made)


def test_the_log_tells_of_traces(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "eqsnn"):
        static, moving = trainer(), trainer(parts(weight=RESOURCES, on_pre="v_post += w*x\nx *= 0.7"))
    assert (static.method, moving.method) == ("adjoint", "traces")
    told = [record.getMessage() for record in caplog.records if "traces" in record.getMessage()]
    assert len(told) == 1 and "what spikes of 'input', 'recurrent' add changes in a trial" in told[0]
    assert "forward, by traces" in str(moving.equations) and "what spikes of 'input', 'recurrent' add" in str(moving.equations)
    assert "adjoint" in str(static.equations)


def test_memory() -> None:
    """Bytes of a synapse: two ends and its place, the weight, what an optimiser keeps, and gradients of eight lanes."""
    made = parts(recurrent=False)
    found = trainer(made, optimiser=Adam())
    columns = {"w", "w_gradient", "w_updates", "w_mean", "w_square", "_w_gradient"}
    assert {name.partition("@")[0] for name in made["input"].ragged.columns} == columns
    found.train_batch(data())
    assert [x.bytes_of_synapse() for x in found.learners] == [8 * (1 + 3 + 8), 8 * (1 + 3 + 8)]
    assert found.memory() == found.engine.memory() + 28 * 8 * 12
    traced = trainer(parts(recurrent=False), optimiser=SGD(), method="traces", precision="float32", feedback="adaptive")
    traced.train_batch(data())
    assert [x.bytes_of_synapse() for x in traced.learners] == [4 * (1 + 1 + 8 * (1 + 2)), 4 * (1 + 1 + 8 * (1 + 1))]
    kept = []
    for steps in (64, 128, 192):
        eqsnn.start_scope()
        longer = trainer(parts(recurrent=False), trial=steps * ms)
        longer.train_batch(data())
        kept.append(longer.engine.memory())
    assert kept[2] - kept[1] == kept[1] - kept[0] >= 64 * 8 * 8 * (HIDDEN + OUTPUTS)
