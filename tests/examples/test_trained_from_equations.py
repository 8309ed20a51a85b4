"""A model of two variables that is not linear learns Yin-Yang; what is derived for it is told."""

from __future__ import annotations

import pytest


@pytest.fixture
def study(example):
    return example("trained_from_equations")


def test_it_learns_what_no_linear_readout_can(study, tmp_path):
    trainer, score = study.train(epochs=3, n_train=1000)
    assert score.accuracy > 0.75  # a linear readout: 0.643
    told = str(trainer.equations)
    for part in ("eps_v(t+1)", "eps_u(t+1)", "2*v - v_c", "jump", "where(spiked, 0, 1)"):
        assert part in told
    pytest.importorskip("matplotlib")
    assert study.draw(trainer, tmp_path / "picture.png", n=300).stat().st_size > 20_000


@pytest.mark.slow
def test_whole_training(study):
    scores = [study.train(seed_=seed)[1].accuracy for seed in (1, 2, 3)]
    assert min(scores) > 0.9
