"""Compiled stochastic methods against the distributions that the equations have."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from scipy import stats

import eqsnn
from eqsnn import Network, NeuronGroup, StateMonitor, ms, second

N = 20000
TAU, DT, SIGMA = 10e-3, 0.5e-3, 0.7
LAGS = (1, 4, 20, 60)
A, B, T, STEPS = 0.5, 0.8, 1.0, 200


@pytest.fixture(scope="module")
def process() -> Iterator[np.ndarray]:
    """Ornstein-Uhlenbeck paths of shape (time, neuron), from 12 time constants on."""
    eqsnn.start_scope()
    eqsnn.seed(7)
    space = {"tau": TAU * second, "sigma": SIGMA, "mu": 0.3}
    group = NeuronGroup(
        N, "dx/dt = (mu - x)/tau + sigma*sqrt(2/tau)*xi : 1", method="euler", dt=DT * second, namespace=space
    )
    network = Network(group)
    network.run(120 * ms)
    monitor = StateMonitor(group, "x", record=True)
    network.add(monitor)
    network.run(61 * DT * second)
    yield np.array(monitor.x).T
    eqsnn.start_scope()


def test_mean_and_variance_of_an_ornstein_uhlenbeck_process(process: np.ndarray) -> None:
    """Those of the Euler scheme itself: variance σ²/(1 - dt/2τ)."""
    variance = SIGMA**2 / (1 - DT / (2 * TAU))
    first = process[0]
    assert first.mean() == pytest.approx(0.3, abs=4 * np.sqrt(variance / N))
    assert first.var() == pytest.approx(variance, rel=4 * np.sqrt(2 / N))
    assert stats.kstest(first, "norm", args=(0.3, np.sqrt(variance))).pvalue > 1e-3


def test_autocorrelation_of_an_ornstein_uhlenbeck_process(process: np.ndarray) -> None:
    for lag in LAGS:
        found = np.corrcoef(process[0], process[lag])[0, 1]
        expected = (1 - DT / TAU) ** lag
        assert found == pytest.approx(expected, abs=4 * (1 - expected**2) / np.sqrt(N))


def test_neurons_and_steps_draw_independently(process: np.ndarray) -> None:
    noise = process[1:] - 0.3 - (1 - DT / TAU) * (process[:-1] - 0.3)
    noise /= SIGMA * np.sqrt(2 * DT / TAU)
    assert noise.std() == pytest.approx(1, rel=4 / np.sqrt(2 * noise.size))
    for other in (noise[1:, :], np.roll(noise, 1, axis=1), np.roll(noise, 8, axis=1), noise[1:, ::-1]):
        assert (noise[: len(other)] * other).mean() == pytest.approx(0, abs=6 / np.sqrt(other.size))


@pytest.fixture(scope="module")
def multiplicative() -> Iterator[dict[str, dict[str, np.ndarray]]]:
    """Geometric Brownian motion at 1 s by each method, by Heun's with the path W itself beside it."""
    eqsnn.start_scope()
    eqsnn.seed(11)
    motion, path = "dx/dt = a*x/second + b*x*xi*second**-0.5 : 1", "dw/dt = xi*second**-0.5 : 1"
    models = {"heun": motion + "\n" + path, "milstein": motion}
    groups = {
        method: NeuronGroup(
            N, model, method=method, dt=T / STEPS * second, namespace={"a": A, "b": B}, name=f"by_{method}"
        )
        for method, model in models.items()
    }
    for group in groups.values():
        group.x = 1
    Network(*groups.values()).run(T * second)
    yield {m: {n: np.array(g.store[n][:]) for n in g.store} for m, g in groups.items()}
    eqsnn.start_scope()


@pytest.mark.parametrize("method", ["heun", "milstein"])
def test_geometric_brownian_motion(method: str, multiplicative: dict[str, dict[str, np.ndarray]]) -> None:
    """dx = a x dt + b x ∘ dW is exp(a t + b W): its mean is exp(a + b²/2), in the sense of Itô it would be exp(a)."""
    x = multiplicative[method]["x"]
    mean, second_moment = np.exp(A + B**2 / 2), np.exp(2 * A + 2 * B**2)
    deviation = np.sqrt(second_moment - mean**2)
    kurtosis = np.exp(4 * B**2) + 2 * np.exp(3 * B**2) + 3 * np.exp(2 * B**2) - 3
    bias = 1 / STEPS  # of a scheme of order one
    assert abs(x.mean() - mean) < 4 * deviation / np.sqrt(N) + bias * mean
    assert abs(x.var() / deviation**2 - 1) < 4 * np.sqrt((kurtosis - 1) / N) + bias
    logarithm = np.log(x)
    assert abs(logarithm.mean() - A) < 4 * B / np.sqrt(N) + bias
    assert abs(logarithm.var() / B**2 - 1) < 4 * np.sqrt(2 / N) + bias


def test_heun_follows_the_path(multiplicative: dict[str, dict[str, np.ndarray]]) -> None:
    """Two variables with one noise: neuron by neuron x is exp(a t + b W)."""
    x, w = (multiplicative["heun"][name] for name in "xw")
    assert abs(w.var() - 1) < 4 * np.sqrt(2 / N)
    assert np.abs(np.log(x) - A - B * w).mean() < B**3 / np.sqrt(STEPS) / 10
