"""The step loop on the device and on the host: both give the same, to the last bit where sums are ordered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import test_cuda_calls
import test_cuda_runs
from compare import assert_same, on
from emulated import Emulated
from test_cuda_ordered import same_bits, sums_of_every_kind
from test_cuda_structure import grow

from eqsnn import *
from eqsnn.runtime.cuda import loops

CALLS = ("looking", "changing", "changing_what_a_rule_changes", "stopping")
RUNS = ("several_runs", "poisson_inputs", "given_spikes_with_a_period", "monitors_of_every_kind", "several_synapses_of_a_pair")
STUDIES = {name: getattr(test_cuda_calls, name) for name in CALLS}
STUDIES |= {name: test_cuda_runs.STUDIES[name] for name in RUNS}


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    device.use(None)
    prefs.reset()


@pytest.mark.parametrize("name", STUDIES)
def test_launched_action_by_action(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "_STEPS", 7)
    prefs.cuda_loop = "host"
    hardware = Emulated(seed=3)
    found = on(hardware, STUDIES[name])
    assert "eqsnn_step" in hardware.source and "eqsnn_run" not in hardware.source
    assert_same(found, on(None, STUDIES[name]))


def test_both_loops_leave_the_same_bits() -> None:
    prefs.cuda_ordered = True
    runs = []
    for loop, blocks in (("device", 2), ("host", 3)):
        prefs.cuda_loop = loop
        runs.append(on(Emulated(seed=blocks, blocks=blocks), sums_of_every_kind))
    assert same_bits(runs)


def test_no_data_races() -> None:
    prefs.cuda_loop = "host"
    on(Emulated(races=True), sums_of_every_kind)


def test_wiring_that_grows() -> None:
    """Actions that ask for room are launched again, and what was submitted behind them does nothing."""
    prefs.cuda_loop = "host"
    assert_same(on(Emulated(seed=2), grow(6)), on(None, grow(6)))


def test_the_profile_counts_the_same_calls() -> None:
    def calls() -> Mapping[str, Any]:
        G, S, M, V = test_cuda_calls.network()
        net = Network(G, S, M, V)
        net.run(3 * ms, profile=True)
        assert net.profile.total > 0
        return {entry.name: entry.calls for entry in net.profile}

    expected = on(None, calls)
    for loop in ("device", "host"):
        prefs.cuda_loop = loop
        assert_same(on(Emulated(), calls), expected)


def test_what_is_chosen_between_runs_holds() -> None:
    """Neither state nor results depend on it, and the code is compiled again."""
    hardware = Emulated()

    def run_twice() -> Mapping[str, Any]:
        G, S, M, V = test_cuda_calls.network()
        net = Network(G, S, M, V)
        for loop in ("host", "device"):
            prefs.cuda_loop = loop
            net.run(2 * ms)
        return {"v": G.v[:], "w": S.w[:], "i": M.i[:]}

    assert_same(on(hardware, run_twice), on(None, run_twice))
    assert "eqsnn_run" in hardware.source
