"""Networks that eqsnn and Brian2 must simulate alike: traces recorded from Brian2 by `record_brian2.py`."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest
from reference_models import MODELS, STOCHASTIC, Arrays
from scipy import stats

TRACES = Path(__file__).parent / "brian2"

# Both compute in float64 but round in different places (fused multiply-add, folded constants, exp from
# another library, another order of addition), so state drifts apart by some 1e-13 until a reset pulls it together.
RTOL = 1e-9
LOOSER = {
    "cobahh_small": 1e-6,       # the upstroke of an action potential amplifies a difference by 1e4 or more
    "adex_euler": 1e-7,         # so does the exponential runaway before the cut
    "adex_rk2": 1e-7,
    "adex_rk4": 1e-7,
    "izhikevich": 1e-7,         # and the quadratic one
}

# With the seed fixed a test either passes for good or fails for good, so a small level costs nothing in flakiness; with
# some 35 samples and three tests of each, it leaves a right implementation a chance of 1 in 100 of an unlucky seed.
LEVEL = 1e-4


def simulate(model: str) -> Arrays:
    # Imported here, so that where eqsnn cannot be imported every test fails for itself.
    return (MODELS | STOCHASTIC)[model](importlib.import_module("eqsnn"))


def recorded(model: str) -> Arrays:
    with np.load(TRACES / f"{model}.npz") as archive:
        return {name: archive[name] for name in archive.files}


def test_every_model_is_recorded() -> None:
    assert {path.stem for path in TRACES.glob("*.npz")} == set(MODELS) | set(STOCHASTIC)


@pytest.mark.parametrize("model", MODELS)
def test_same_traces(model: str) -> None:
    expected, got = recorded(model), simulate(model)
    assert got.keys() == expected.keys()
    # Events first: where they differ, the traces differ as a consequence.
    for name in sorted(expected, key=lambda name: (expected[name].dtype.kind == "f", not name.startswith("spikes"))):
        if expected[name].dtype.kind == "f":
            scale = np.abs(expected[name]).max()
            rtol = LOOSER.get(model, RTOL)
            np.testing.assert_allclose(got[name], expected[name], rtol=rtol, atol=rtol*scale, err_msg=name)
        elif name.startswith(("spikes", "halves", "seen", "told")):
            assert_same_events(got[name], expected[name], name)
        else:
            np.testing.assert_array_equal(got[name], expected[name], err_msg=name)


def assert_same_events(got: np.ndarray, expected: np.ndarray, name: str) -> None:
    """Compare rows (step, neuron), and say where two trains first part: what follows means nothing."""
    mine, theirs = ({(int(step), int(i)) for step, i in events.T} for events in (got, expected))
    if difference := mine ^ theirs:
        step, i = min(difference)
        whose = "eqsnn" if (step, i) in mine else "Brian2"
        pytest.fail(f"{name}: {len(mine)} events, Brian2 has {len(theirs)}; "
                    f"first only in {whose}: neuron {i} in step {step}")
    assert got.shape == expected.shape, f"{name}: an event is reported twice"


@pytest.mark.parametrize("model", STOCHASTIC)
def test_same_distributions(model: str) -> None:
    expected, got = recorded(model), simulate(model)
    assert got.keys() == expected.keys()
    for name in expected:
        compare_samples(got[name].astype(float), expected[name].astype(float), name)


def compare_samples(got: np.ndarray, expected: np.ndarray, name: str) -> None:
    """Compare location, spread and shape of two samples.

    Kolmogorov-Smirnov alone would miss little, but it is weak in the spread and conservative with ties (counts).
    """
    assert np.all(np.isfinite(got)), name
    if np.ptp(expected) == 0:       # a fixed number of synapses, say
        np.testing.assert_array_equal(np.unique(got), np.unique(expected), err_msg=name)
        return
    tests = {
        "mean": stats.ttest_ind(got, expected, equal_var=False).pvalue,
        "spread": stats.levene(got, expected).pvalue,
        "shape": stats.ks_2samp(got, expected).pvalue,
    }
    for what, p in tests.items():
        assert p > LEVEL, (f"{name}: {what} differs from Brian2's (p = {p:.1e}); mean {got.mean():.6g} against "
                           f"{expected.mean():.6g}, deviation {got.std():.6g} against {expected.std():.6g}")
