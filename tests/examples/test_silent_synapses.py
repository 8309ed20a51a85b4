"""Hebbian structural plasticity: exchanges as published, and receptive fields that gather on what is informative."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from eqsnn import SpikeMonitor, StructuralPlasticity, ms


@pytest.fixture
def study(example: Any) -> ModuleType:
    return example("silent_synapses")


def constants(study: ModuleType) -> dict[str, Any]:
    """What texts of the example may name: rules that are run by hand look for it where they are run."""
    names = ("tau_z", "tau_p", "eps", "kick", "gain", "threshold", "M", "connections")
    return {name: getattr(study, name) for name in names}


def exchanged(active: np.ndarray, score: np.ndarray, threshold: float) -> np.ndarray:
    """As the paper says it: the worst connection for the best silent one, while that is better by the threshold."""
    active = active.copy()
    while True:
        worst = np.flatnonzero(active)[score[active].argmin()]
        best = np.flatnonzero(~active)[score[~active].argmax()]
        if score[best] <= threshold * score[worst]:
            return active
        active[[worst, best]] = False, True


def test_ranking_is_the_greedy_exchange(study: ModuleType) -> None:
    """One hypercolumn after the other, each with the fan-out that those before it have left."""
    fields, _ = study.images(200)
    found = study.build(fields)
    rules = [S.contained[0] for S in found.projections]
    for rule in rules:
        rule.active = False
    for named in (*rules, *found.projections):
        named.namespace.update(constants(study))
    found.network.run(study.every, namespace=vars(study))
    inputs = found.projections[0].source_group

    for h, S in enumerate(found.projections):
        before = found.connected()
        rules[h].run()
        after, score = found.connected(), found.scores()[h]
        information = np.asarray(inputs.information).reshape(2, study.P).sum(axis=0)
        assert np.allclose(score, information / (1 + before.sum(axis=0)), rtol=1e-12)
        assert np.array_equal(after[h], exchanged(before[h], score, study.threshold))
        assert np.array_equal(np.delete(after, h, axis=0), np.delete(before, h, axis=0))
        assert 0 < np.sum(after[h] & ~before[h]) < study.connections
        assert np.array_equal(inputs.fanout[:], np.tile(after.sum(axis=0), 2))
        assert np.array_equal(np.asarray(S.active).reshape(2 * study.P, study.M)[:, 0] > 0, np.tile(after[h], 2))


def test_averages_are_those_of_the_spikes(study: ModuleType) -> None:
    """The event-driven p_ij beside the average of z_i z_j over the spikes of both sides, exactly solved step by step."""
    found = study.build(study.images(20)[0], rewiring=False)
    S = found.projections[0]
    S.p = 0
    rule = StructuralPlasticity(S, "for each synapse: score = p")  # rules bring what is event-driven to now
    rule.active = False
    monitor = SpikeMonitor(S.source_group)
    found.network.add(monitor)
    steps, dt = 1000, 1 * ms
    found.network.run(steps * dt, namespace=vars(study))
    S.namespace.update(constants(study))
    rule.run()

    trains = [np.zeros((steps, n)) for n in (2 * study.P, study.H * study.M)]
    for train, spikes in zip(trains, (monitor, found.spikes), strict=True):
        np.add.at(train, (np.rint(spikes.t / ms).astype(int), spikes.i), float(study.kick))
    fast, slow = float(np.exp(-dt / study.tau_z)), float(np.exp(-dt / study.tau_p))
    ratio = float(2 * study.tau_p / study.tau_z)
    z, p = [np.zeros(train.shape[1]) for train in trains], np.zeros((2 * study.P, study.M))
    for k in range(steps):
        z = [values + train[k] for values, train in zip(z, trains, strict=True)]
        p = slow * p + np.outer(z[0], z[1][: study.M]) * (slow - fast**2) / (ratio - 1)
        z = [fast * values for values in z]
    assert p.max() > 0.01
    assert np.allclose(np.asarray(S.score).reshape(p.shape), p, rtol=1e-9, atol=1e-15)


def test_fields_gather_on_objects(study: ModuleType) -> None:
    fixed = study.train(1600, rewiring=False)[3]
    _, wiring, scores, moving = study.train(1600)
    assert (wiring.sum(axis=2) == study.connections).all()

    (on_before, favourite_before), (on_after, favourite_after) = (study.patchiness(wiring[k]) for k in (0, -1))
    assert on_before < 0.6 < 0.9 < on_after
    assert favourite_before < 0.7 < 0.8 < favourite_after
    assert scores[-1] > 1.15 * scores[0]
    exchanges = np.sum(wiring[1:] & ~wiring[:-1], axis=2).mean(axis=1)
    assert exchanges[-1] < 0.5 * exchanges[0]
    assert moving.max(axis=1).mean() > fixed.max(axis=1).mean() + 0.3


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_whole_study(study: ModuleType, seed: int) -> None:
    wiring = study.train(seed_=seed)[1]
    on, favourite = study.patchiness(wiring[-1])
    assert on > 0.95
    assert favourite > 0.9
    liked = np.array([[(field & (study.regions() == k)).sum() for k in (0, 1)] for field in wiring[-1]]).argmax(axis=1)
    assert 1 <= liked.sum() <= study.H - 1  # fan-out in the score: both objects find hypercolumns
