"""Evidence accumulation (Bellec et al. 2020): neurons that adapt learn it by e-prop, others do not."""

from __future__ import annotations

import numpy as np
import pytest

from eqsnn.data import evidence_accuracy


@pytest.fixture
def study(example):
    return example("evidence_accumulation")


def test_adaptation_carries_the_count(study, tmp_path):
    results = {name: study.train(name, n=40, examples=320, epochs=4) for name in study.MODELS}
    seen_once = evidence_accuracy(study.SHORT["cues"], seen=1)
    assert results["ALIF"].score.accuracy > seen_once + 0.05  # of several cues, not of the last or the first
    assert results["LIF"].score.accuracy < 0.62
    told = str(results["ALIF"].trainer.equations)
    assert "eps_a(t+1)" in told and "psi_a" in told and "eps_a" not in str(results["LIF"].trainer.equations)
    curve = study.choices(results["ALIF"])
    assert curve[0] < 0.2 < 0.8 < curve[-1]
    pytest.importorskip("matplotlib")
    assert study.draw(results, tmp_path / "picture.png").stat().st_size > 20_000


def test_cues_are_counted_as_the_task_counts_them(study):
    data = study.trials(50, seed=4, **study.SHORT)
    right = study.cues_on_the_right(data)
    assert np.array_equal(right > study.SHORT["cues"] / 2, data.labels == 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_published_times(study, seed):
    task = study.PUBLISHED
    found = {name: study.train(name, task, n=100, beta=0.1, epochs=20, seed_=seed) for name in study.MODELS}
    assert found["ALIF"].score.accuracy > 0.85
    assert found["LIF"].score.accuracy < 0.6
