"""Rewiring follows its theory, and activity makes it local: the connectivity-evolution figure."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from eqsnn import ms, second
from eqsnn.analysis.degrees import degree_probabilities, in_degrees


@pytest.fixture
def study(example):
    return example("connectivity_evolution")


def error_of_mean(probability, cells: int = 256) -> float:
    """Of the mean in-degree, where all pairs of all targets are independent."""
    return float(np.sqrt(np.sum(probability * (1 - probability)) / cells))


def test_the_kernel_has_the_volume_that_theory_gives_it(study) -> None:
    """2*pi*p*sigma**2 up to the edge of the torus and the width of a cell."""
    for (p, sigma), tolerance in zip(study.KERNELS.values(), (0.005, 1e-6), strict=True):
        K = 2 * np.pi * p * sigma**2
        assert pytest.approx(6.2832, abs=1e-4) == K
        assert study.kernel(p, sigma).sum() == pytest.approx(K, rel=tolerance)


@pytest.mark.parametrize("name", ["feed-forward", "lateral"])
@pytest.mark.parametrize("case", [0, 1, 2])
def test_rewiring_alone_follows_its_theory(study, name: str, case: int) -> None:
    """Mean in-degrees at all times; what was formed and eliminated, by distance; the distribution at the end."""
    e, chance = study.alone(name, list(study.CASES)[case], number=3)
    moments = np.array([0, 2, 5, 15, 30, 60]) * second
    means = in_degrees(e.monitor, moments).mean(axis=1)
    for mean, steps in zip(means, moments / ms, strict=True):
        expected = chance.connected(steps)
        assert abs(mean - expected.sum()) <= 4 * error_of_mean(expected) + 1e-9

    rings = np.arange(-0.5, 12)
    from_0 = study.distance(np.arange(256), 0)
    length = study.distance(e.monitor.i, e.monitor.j)
    for sign, expected in zip((1, -1), chance.changes(e.steps), strict=True):
        found, _ = np.histogram(length[e.monitor.change == sign], rings)
        theory, _ = np.histogram(from_0, rings, weights=256 * expected)
        assert found.sum() > 100
        # Changes of a pair alternate, so that their number varies less than a Poisson number does.
        assert (np.abs(found - theory) <= 4 * np.sqrt(theory) + 4).all()

    degree = e.synapses.N_incoming_post
    probability = degree_probabilities(chance.connected(e.steps))
    assert abs(degree.mean() - probability @ np.arange(257)) <= 4 * error_of_mean(chance.connected(e.steps))
    common = np.flatnonzero(256 * probability > 6)
    edges = [-np.inf, *(common[:-1] + 0.5), np.inf]
    observed, _ = np.histogram(degree, edges)
    cumulative = np.concatenate([[0], np.cumsum(probability)[common[:-1]], [1]])
    assert stats.chisquare(observed, 256 * np.diff(cumulative)).pvalue > 1e-3


def test_a_kernel_that_is_its_own_equilibrium_settles_at_K(study) -> None:
    """From nothing, and from the kernel, to 2*pi*p*sigma**2; with weights that never change it goes far beyond."""
    for name in study.KERNELS:
        for case in ("q = 1 - p(d)", "q = 1 - p(d), from nothing"):
            e, chance = study.alone(name, case, number=5)
            form = study.kernel(e.p, e.sigma)
            assert chance.settled == pytest.approx(form)
            assert chance.connected(e.steps).sum() == pytest.approx(e.K, rel=0.005)
            assert abs(len(e.synapses) / 256 - e.K) < 4 * error_of_mean(form) + 0.005 * e.K
        e, chance = study.alone(name, "weights unchanged", number=5)
        assert len(e.synapses) / 256 > 2.5 * e.K
        assert chance.settled.sum() > len(e.synapses) / 256


def test_activity_makes_rewiring_local(study) -> None:
    """Far synapses become weak, and are eliminated; without activity, distance makes no difference."""
    evolved = study.evolve_map(30 * second)
    for name, e in evolved.items():
        start = e.synapses.history_at(0 * ms)
        form = study.kernel(e.p, e.sigma)
        assert abs(start.N / 256 - e.K) < 4 * error_of_mean(form) + 0.005 * e.K
        assert len(e.synapses) == start.N + e.monitor.created - e.monitor.removed
        assert e.weak() > 0.9
        near, far = e.eliminated(nearer=1), e.eliminated(farther=3)
        assert far > (4 if name == "feed-forward" else 1.5) * near
        assert near > study.p_strong
    fed = evolved["feed-forward"]
    assert fed.eliminated(farther=5) > 10 * fed.eliminated(nearer=1)
    assert len(fed.synapses) / 256 < 0.9 * fed.chance(study.p_strong).connected(fed.steps).sum()

    still, _ = study.alone("feed-forward", "weights unchanged", number=2)
    near, far = (still.eliminated(**where) for where in ({"nearer": 3}, {"farther": 3}))
    counted = still.monitor.removed
    assert near == pytest.approx(study.p_strong, rel=4 * np.sqrt(2 / counted))
    assert far == pytest.approx(study.p_strong, rel=4 * np.sqrt(2 / counted))


def test_report_and_figure(study, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(study, "duration", 2 * second)
    evolved = study.evolve_map(2 * second)
    cases = {case: study.alone("feed-forward", case, duration=2 * second) for case in study.CASES}
    study.report(evolved, cases)
    study.figure(evolved, cases)
    printed = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in printed[1:6]] == [*study.CASES, "feed-forward, STDP", "lateral, STDP"]
    row = dict(zip(("start", "K"), printed[4].split()[-8:], strict=False))
    assert float(row["K"]) == pytest.approx(6.28)
    assert float(row["start"]) == pytest.approx(evolved["feed-forward"].monitor.count(0 * ms) / 256, abs=0.01)
    assert (tmp_path / "connectivity_evolution.png").stat().st_size > 100_000
