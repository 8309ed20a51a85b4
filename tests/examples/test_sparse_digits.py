"""Digits by e-prop and DEEP R: the numbers of synapses stay, learning works, and wiring follows the pixels in use."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")


@pytest.fixture
def study(example):
    return example("sparse_digits")


def test_sparse_networks_learn_and_rewire(study, tmp_path, monkeypatch):
    monkeypatch.setattr(study, "n_hidden", 128)
    results = {name: study.study(name, epochs=3) for name in ("static 5 %", "DEEP R 5 %")}
    for name, found in results.items():
        assert len(found.inputs) == round(0.05 * 64 * study.n_hidden)
        assert len(found.recurrent) == round(0.05 * study.n_hidden**2)
        assert found.score.accuracy > 0.6  # of ten classes
        assert found.history[-1].loss < 0.8 * found.history[0].loss
        rewired = found.history.column("rewired")
        assert all(n > 0 for n in rewired) if name.startswith("DEEP") else not any(rewired)
    moved = results["DEEP R 5 %"]
    assert np.all(np.asarray(moved.inputs.w) * np.asarray(moved.inputs.sgn)[0] >= 0)
    pytest.importorskip("matplotlib")
    assert study.draw(results, tmp_path / "picture.png").stat().st_size > 20_000


@pytest.mark.slow
def test_rewired_synapses_leave_the_empty_margin(study):
    found = study.study("DEEP R 5 %", epochs=20)
    train, _, _ = study.parts(1)
    used = np.bincount(train.units, minlength=64) > 0.02 * len(train)
    degree = np.bincount(found.inputs.i, minlength=64)
    assert degree[used].mean() > 1.5 * degree[~used].mean()
    assert found.score.accuracy > 0.9
