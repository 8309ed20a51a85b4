"""Magnitude pruning: the schedule to the synapse, and accuracy by which go and when."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def study(example: Any) -> ModuleType:
    return example("magnitude_pruning")


def scheduled(study: ModuleType, epoch: np.ndarray, sparsity: float, everything: int) -> np.ndarray:
    """Synapses that the last pruning before the end of ``epoch`` was to leave; the next one comes a step later."""
    begin, span = 4, 8
    at = epoch - study.every / study.length / study.n_images
    return everything * (1 - sparsity * (1 - np.clip(1 - (at - begin) / span, 0, 1) ** 3))


@pytest.mark.parametrize("how", ["smallest", "random"])
def test_schedule_is_met_to_the_synapse(study: ModuleType, how: str) -> None:
    course = study.during(study.dataset(), how, 0.9)[1]
    everything = study.side**2 * study.n_classes
    assert np.abs(course[:, 1] - scheduled(study, course[:, 0], 0.9, everything)).max() <= 1
    assert course[-1, 1] == everything // 10
    assert (np.diff(course[:, 1]) <= 0).all()


def test_the_smallest_go(study: ModuleType) -> None:
    images, labels, *_ = study.dataset()
    classifier = study.Classifier(images, labels)
    classifier.rule.active = False
    classifier.learn(15 * study.n_images)
    S = classifier.synapses
    before = np.abs(S.w[:])
    classifier.prune(0.75)
    assert len(S) == len(before) // 4
    assert sorted(np.abs(S.w[:])) == sorted(before)[-len(S) :]


def test_the_smallest_while_learning_cost_least(study: ModuleType) -> None:
    data, sparsities = study.dataset(), [0, 0.8]
    during = {how: study.during(data, how, 0.8)[0] for how in study.RULES}
    after = {how: study.after(data, how, sparsities) for how in study.RULES}
    dense = after["smallest"][0]
    assert dense > 0.87
    assert during["smallest"] > dense - 0.04
    assert after["smallest"][1] < during["smallest"] - 0.05
    assert during["random"] < after["smallest"][1] - 0.1
    assert after["random"][1] < during["random"] - 0.1


@pytest.mark.slow
def test_whole_study(study: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    study.main()
    rows = {line[:26].strip(): [float(x) for x in line[26:].split()] for line in capsys.readouterr().out.splitlines()[1:5]}
    smallest, half, nine_tenths = rows["smallest, during learning"], 1, 4
    assert smallest[half] > smallest[0] - 0.01
    for other in (k for k in rows if k != "smallest, during learning"):
        assert rows[other][nine_tenths] < smallest[nine_tenths] - 0.1
