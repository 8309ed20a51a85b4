"""Pruning in `on_pre`: it changes what a simulation costs, and nothing else; what survives are the correlated inputs."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from eqsnn import second


@pytest.fixture
def study(example: Any) -> ModuleType:
    return example("event_driven_pruning")


def test_removal_changes_nothing_but_the_cost(study: ModuleType) -> None:
    outcomes = {death: study.simulate(death, duration=100 * second, pieces=5) for death in study.DEATHS}
    kept, pruned, silenced = outcomes.values()
    everything = study.N * study.M

    assert study.identical(pruned, silenced)
    assert len(pruned.spikes) > 1000
    assert not np.array_equal(pruned.spikes, kept.spikes)  # so the two could have differed
    for outcome in (kept, silenced):
        assert (outcome.synapses.sum(axis=1) == everything).all()
        assert np.array_equal(outcome.events, kept.events)

    left = pruned.synapses.sum(axis=1)
    assert left[-1] == np.count_nonzero(pruned.alive)  # nothing of weight zero is left standing
    assert (np.diff(left) < 0).all()
    share = pruned.events / kept.events
    fewest, most = left / everything, np.append(everything, left[:-1]) / everything
    assert (share < 1.02 * most).all()
    assert (share > 0.98 * fewest).all()


def test_correlated_inputs_survive(study: ModuleType) -> None:
    """Some that start weak are gone before their group has won, in the first tens of seconds."""
    pruned = study.simulate("pruned", duration=150 * second, pieces=3, seed_=2)
    correlated, others = pruned.synapses[-1] / (study.correlated * study.M)
    assert correlated > 0.9
    assert others < 0.1
    weights = pruned.weight[pruned.alive]
    assert np.mean(weights > 0.5) > 0.9


def test_other_seeds_lose_other_synapses(study: ModuleType) -> None:
    one, two = (study.simulate("pruned", duration=20 * second, pieces=1, seed_=k) for k in (1, 2))
    assert not np.array_equal(one.alive, two.alive)


@pytest.mark.slow
def test_whole_study(study: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    study.main()
    assert "to the last bit: True" in capsys.readouterr().out
    pruned, kept = study.simulate("pruned"), study.simulate("kept")
    assert pruned.synapses[-1, 0] > 0.92 * study.correlated * study.M
    assert pruned.synapses[-1, 1] < 0.01 * study.correlated * study.M
    assert pruned.events[-1] < 0.5 * kept.events[-1]
    assert np.mean((kept.weight > 0.4) & (kept.weight < 0.6)) < 0.01  # bimodal, also where nothing is pruned
