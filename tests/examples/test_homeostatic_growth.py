"""Growth from no synapses to the set points (Butz & van Ooyen 2013), and beside NEST's structural plasticity.

NEST's networks were recorded by tests/reference/by_nest/record_nest.py: ten of 200 neurons for each growth curve. Where
NEST can be imported (it is no requirement of eqsnn's), one is recorded anew.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from eqsnn import Hz, ms, mV, pA, pF

RECORDED = Path(__file__).resolve().parents[1] / "reference" / "by_nest"
SET_POINTS = 5, 10  # spikes per second of E and I neurons
KINDS = "E to E", "E to I", "I to E", "I to I"


def nest_averages(study, curve: str, name: str, until: int) -> np.ndarray:
    """NEST's averages over the 30 s before ``until``, a row for each network."""
    return study.nest(curve)[name][:, until - 30 : until].mean(1)


@pytest.mark.parametrize("curve", ["linear", "gaussian"])
def test_rates_reach_their_set_points_from_no_synapses(example, curve):
    """Half the neurons, and the time until the slower of the two curves has arrived."""
    study = example("homeostatic_growth")
    N_E, N_I, duration = 80, 20, 125
    growth = study.grow(curve, duration=duration, N_E=N_E, N_I=N_I)

    # The background alone brings them to less than half, and the first synapse takes more than a second to grow.
    assert np.all(growth.synapses[0] == 0)
    assert np.all(growth.rate[:5].mean(0) < 0.5 * np.array(SET_POINTS))
    rate = growth.rate[-30:].mean(0)
    np.testing.assert_allclose(rate, SET_POINTS, rtol=0.06)

    # Not only in the mean: each neuron holds its own rate. Calcium averages some tau_Ca*rate = 25 (50) spikes, so it
    # fluctuates by a seventh (a tenth) of what it is for Poisson spikes; where nothing regulates each neuron, those of
    # one mean rate but random numbers of synapses would be spread more widely.
    calcium = growth.final["calcium"]
    for k, neurons in ((0, calcium[:N_E]), (1, calcium[N_E:])):
        assert np.all(np.abs(neurons / (SET_POINTS[k] / 100) - 1) < 0.5)
        assert neurons.std() / neurons.mean() < 0.15

    # No neuron has more synapses than elements (1 ms of growth after the last update cannot change that by 0.01).
    final = growth.final
    assert np.all(final["out_degree"] <= np.floor(final["z_ax"] + 0.01))
    assert np.all(final["in_degree_ex"] <= np.floor(final["z_ex"] + 0.01))
    assert np.all(final["in_degree_in"] <= np.floor(final["z_in"] + 0.01))
    assert growth.synapses[-1, 0] > 10

    # Numbers of synapses for each neuron do not depend on the size of the network: NEST's have them, too.
    expected = nest_averages(study, curve, "synapses", duration).mean(0)
    np.testing.assert_allclose(growth.synapses[-30:].mean(0), expected, rtol=0.1)


def test_nothing_grows_where_background_leaves_calcium_below_eta(example):
    """A Gaussian curve has two zeros: below the lower one elements retract, so a network without synapses stays so."""
    study = example("homeostatic_growth")
    growth = study.grow("gaussian", duration=30, N_E=40, N_I=10, eta=0.04)
    assert growth.synapses.max() < 0.1
    assert np.all(growth.rate[10:].mean(0) < 3)


def test_recordings_are_of_this_network(example):
    """Otherwise they say nothing: record them anew with record_nest.py."""
    study = example("homeostatic_growth")
    recorded = json.loads((RECORDED / "parameters.json").read_text())
    per_ms = 1 / ms
    ours = {
        "N_E": study.N_E, "N_I": study.N_I, "dt": study.dt / ms, "C_m": study.C_m / pF, "tau_m": study.tau_m / ms,
        "tau_syn": study.tau_syn / ms, "t_ref": study.t_ref / ms, "E_L": study.E_L / mV, "V_th": study.V_th / mV,
        "V_reset": study.E_L / mV, "background": study.rate_ext / Hz, "J_ext": study.J_ext / pA,
        "J_ex": study.J_ex / pA, "J_in": study.J_in / pA, "delay": study.delay / ms, "tau_Ca": study.tau_Ca / ms,
        "beta_Ca": study.beta_Ca, "eta": 0, "eps_E": study.eps_E, "eps_I": study.eps_I,
        "nu_axon": study.nu_axon / per_ms, "nu_ex_E": study.nu_ex_E / per_ms, "nu_ex_I": study.nu_ex_I / per_ms,
        "nu_in": study.nu_in / per_ms, "tau_vacant": study.tau_vacant, "interval": study.update / ms,
    }  # fmt: skip
    assert {key: float(value) for key, value in ours.items()} == pytest.approx(
        {key: value for key, value in recorded.items() if key not in ("nest", "duration")}
    )


@pytest.mark.slow
@pytest.mark.parametrize("curve", ["linear", "gaussian"])
def test_whole_growth_is_that_of_nest(example, curve):
    """The same network, three times: where it arrives, how it comes there, and how alike its neurons are."""
    study = example("homeostatic_growth")
    networks = [study.grow(curve, network=number) for number in (1, 2, 3)]
    recorded = study.nest(curve)

    # At the end: fourteen numbers, each of which differs by chance at most. Networks differ among themselves by 1 to 4 %.
    for name in ("calcium", "rate", "synapses", "elements"):
        ours = np.stack([getattr(growth, name)[-30:].mean(0) for growth in networks])
        theirs = nest_averages(study, curve, name, 160)
        assert np.all(stats.ttest_ind(ours, theirs).pvalue > 1e-3), (name, ours.mean(0), theirs.mean(0))
        np.testing.assert_allclose(ours.mean(0), theirs.mean(0), rtol=0.05, err_msg=name)

    # All the way: calcium and synapses, as part of the greatest value.
    for name, within in (("calcium", 0.07), ("synapses", 0.07)):
        ours = np.mean([getattr(growth, name) for growth in networks], axis=0)
        theirs = recorded[name].mean(0)
        assert np.all(np.abs(ours - theirs).max(0) < within * theirs.max(0)), name

    # Neurons at the end: how widely their calcium and their degrees are spread.
    for name in ("calcium", "in_degree_ex", "in_degree_in", "out_degree"):
        for side in (slice(0, study.N_E), slice(study.N_E, None)):
            ours = np.mean([growth.final[name][side].std() for growth in networks])
            theirs = recorded[f"final_{name}"][:, side].std(1)
            assert abs(ours - theirs.mean()) < max(4 * theirs.std(), 0.15 * theirs.mean()), (name, side)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_nest_today(example):
    """Where NEST is installed: what it makes of the network now is what was recorded, and what eqsnn makes of it."""
    pytest.importorskip("nest")
    study = example("homeostatic_growth")
    spec = importlib.util.spec_from_file_location("record_nest", RECORDED / "record_nest.py")
    recorder = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recorder)
    live = recorder.record("gaussian", 11, recorder.PARAMETERS | {"duration": 60_000.0})
    recorded, growth = study.nest("gaussian"), study.grow("gaussian", duration=60, network=11)
    for name in ("calcium", "synapses"):
        scale = live[name].max(0)
        assert np.all(np.abs(live[name] - recorded[name][:, :60].mean(0)).max(0) < 0.12 * scale), name
        assert np.all(np.abs(live[name] - getattr(growth, name)).max(0) < 0.12 * scale), name
