"""Checkpoints: a killed run ends with the same bits; other files are refused and stay as they are."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import data, parts, same, trainer, weights
from training_run import build, everything

import eqsnn
from eqsnn import EProp, StructuralPlasticity
from eqsnn.errors import RunError

HERE = Path(__file__).parent


def process(folder: Path, feedback: str, kill_after: int) -> int:
    """Run `training_run` elsewhere; its exit status."""
    path = os.pathsep.join([str(HERE), str(HERE.parent.parent)])
    command = [sys.executable, str(HERE / "training_run.py"), str(folder), feedback, str(kill_after)]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=False).returncode


def test_a_run_that_is_killed_ends_with_the_same_bits(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    assert process(whole, "adaptive", -1) == 0
    assert process(killed, "adaptive", 8) == -signal.SIGKILL  # in the third epoch of three batches
    assert not (killed / "after.npz").exists()
    assert [row["epoch"] for row in json.loads((killed / "checkpoint" / "history.json").read_text())] == [1, 2]
    assert process(killed, "adaptive", -1) == 0
    with np.load(whole / "after.npz") as one, np.load(killed / "after.npz") as other:
        assert same(dict(one), dict(other))
        assert one["changes"].min(0)[:2].min() > 0
    assert sorted(p.name for p in (killed / "checkpoint").iterdir()) == ["checkpoint.npz", "history.csv", "history.json"]


@pytest.mark.parametrize("feedback", ["symmetric", "random"])
def test_a_trainer_that_goes_on(feedback: str, tmp_path: Path) -> None:
    """The same in one process: a trainer is made anew, and its random numbers are elsewhere by then."""
    found, made = build(feedback)
    found.fit(data(10), 3, data(5, seed=8))
    wanted = everything(found, made)
    eqsnn.start_scope()
    found, _ = build(feedback)
    found.fit(data(10), 2, data(5, seed=8), checkpoint=tmp_path)
    eqsnn.start_scope()
    found, made = build(feedback)
    eqsnn.seed(99)
    made["input"].w = 5
    found.fit(data(10), 3, data(5, seed=8), checkpoint=tmp_path)
    assert same(everything(found, made), wanted)


def test_training_by_hand(tmp_path: Path) -> None:
    made = parts()
    found = trainer(made)
    found.train_batch(data())
    found.save(tmp_path)
    kept = weights(made)
    found.train_batch(data())
    after = weights(made)
    assert not same(kept, after)
    found.load(tmp_path)
    assert same(weights(made), kept) and found.batches == 1
    found.train_batch(data())
    assert same(weights(made), after)


def test_files_have_no_pickle(tmp_path: Path) -> None:
    found, _ = build("random")
    found.save(tmp_path)
    with zipfile.ZipFile(tmp_path / "checkpoint.npz") as file:
        for name in file.namelist():
            with file.open(name) as part:
                assert np.lib.format.read_magic(part) == (1, 0)
                assert not np.lib.format.read_array_header_1_0(part)[2].hasobject


def broken(folder: Path, whole: bytes) -> dict[str, bytes]:
    np.save(folder / "array.npy", np.arange(3))
    np.savez(folder / "foreign.npz", w=np.arange(3))
    np.savez(folder / "listed.npz", about=np.frombuffer(b"[1, 2]", np.uint8))
    np.savez(folder / "pickled.npz", about=np.array([{"format": 1}], object))
    files = {path.stem: path.read_bytes() for path in folder.glob("*.np?")}
    return {**files, "empty": b"", "noise": b"\x00\x01" * 500, "cut off": whole[: len(whole) // 2]}


def test_files_that_cannot_be_read_are_left_alone(tmp_path: Path) -> None:
    made = parts()
    found = trainer(made)
    with pytest.raises(RunError, match=r"there is no checkpoint in '(.|\n)*\(E933\)"):
        found.load(tmp_path / "nowhere")
    found.save(tmp_path)
    file, before = tmp_path / "checkpoint.npz", weights(made)
    whole = file.read_bytes()
    (tmp_path / "others").mkdir()
    for name, content in broken(tmp_path / "others", whole).items():
        file.write_bytes(content)
        with pytest.raises(RunError, match=r"(.|\n)*\(E933\)") as caught:
            found.fit(data(), 1, checkpoint=tmp_path)
        assert str(tmp_path) in str(caught.value), name
        assert file.read_bytes() == content and same(weights(made), before) and found.batches == 0


def test_checkpoints_of_another_network(tmp_path: Path) -> None:
    trainer().save(tmp_path)

    def other(**changes: Any) -> EProp:
        eqsnn.start_scope()
        made = parts(**changes.pop("parts", {}))
        if "rule" in changes:
            StructuralPlasticity(made["input"], changes.pop("rule"), when="after_batch")
        return trainer(made, **changes)

    others = (
        dict(parts=dict(recurrent=False)), dict(parts=dict(weight="w : 1 (learned)\nc : 1")), dict(optimiser=eqsnn.SGD()),
        dict(feedback="random"), dict(precision="float32"), dict(rule="for each synapse:\n    w = 0.5*w"),
    )  # fmt: skip
    for changes in others:
        with pytest.raises(RunError, match=r"is one of another network(.|\n)*\(E933\)(.|\n)*use another folder"):
            other(**changes).load(tmp_path)
    other().load(tmp_path)


def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = trainer()
    found.save(tmp_path)
    before = (tmp_path / "checkpoint.npz").read_bytes()

    def full(*args: Any, **arrays: Any) -> None:
        args[0].write(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        found.save(tmp_path)
    assert (tmp_path / "checkpoint.npz").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint.npz", "history.csv", "history.json"]
