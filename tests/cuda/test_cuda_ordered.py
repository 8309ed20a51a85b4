"""Sums in a fixed order: whatever order threads run in, and however many there are, every bit is the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from compare import assert_same, on
from emulated import Emulated

from eqsnn import *


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    device.use(None)
    prefs.reset()


def sums_of_every_kind() -> Mapping[str, Any]:
    """Events without a delay, with one and with one for each synapse, after a change of delays; sums over synapses, of a
    neuron and of a group, and sums of rules."""
    G = NeuronGroup(
        60, "dv/dt = (I + g + total - v)/(1.5*ms) : 1\ndg/dt = -g/(3*ms) : 1\nI : 1\ntotal : 1\nseen : 1",
        threshold="v > 1", reset="v = 0", method="euler",
    )  # fmt: skip
    G.I = "1.2 + rand()"
    at_once = Synapses(G, G, "w : 1", on_pre="g_post += w", on_post="g_pre -= 0.1*w")
    late = Synapses(G, G, "w : 1\nq : 1", on_pre="g_post += w\nq += 0.1", delay=0.4 * ms)
    each = Synapses(G, G, "w : 1", on_pre="g_post += w")
    summed = Synapses(G, G, "w : 1\ntotal_post = w*(v_pre - v_post) : 1 (summed)")
    for k, S in enumerate((at_once, late, each, summed)):
        S.connect(p=0.5)
        S.w = f"0.01*randn() + {k}*0.001"
    each.delay = "rand()*ms"
    rule = StructuralPlasticity(
        late, "for each synapse: seen_post += w*rand()\nfor each pair in sample(300): seen_post += 0.001*rand()\n"
        "for each pair in sample(30, unconnected): create synapse(w=0.01*rand() + sum(w)*0.001) limit 1 per post",
        dt=0.5 * ms,
    )  # fmt: skip
    M = SpikeMonitor(G)
    net = Network(G, at_once, late, each, summed, rule, M)
    net.run(2 * ms)
    late.delay = 0.2 * ms
    net.run(2 * ms)
    assert len(M.i) > 60
    return {"v": G.v[:], "g": G.g[:], "total": G.total[:], "seen": G.seen[:], "i": M.i[:], "j": late.j[:], "w": late.w[:],
            "q": late.q[:]}  # fmt: skip


ORDERS = ((1, 2), (2, 2), (3, 5))


def in_several_orders() -> list[Mapping[str, np.ndarray]]:
    return [on(Emulated(seed=seed, blocks=blocks), sums_of_every_kind) for seed, blocks in ORDERS]


def same_bits(runs: list[Mapping[str, np.ndarray]]) -> bool:
    return all(run[name].tobytes() == runs[0][name].tobytes() for run in runs for name in run)


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_the_same_bits_in_any_order_of_threads(precision: str) -> None:
    prefs.precision, prefs.cuda_ordered = precision, True
    runs = in_several_orders()
    assert same_bits(runs)
    prefs.cuda_ordered = False
    assert_same(runs[0], on(None, sums_of_every_kind), rounding=1e-9 if precision == "float64" else 1e-4)


def test_without_it_rounding_depends_on_the_order() -> None:
    """Else the test above would show nothing."""
    assert not same_bits(in_several_orders())


def test_no_data_races() -> None:
    prefs.cuda_ordered = True
    on(Emulated(races=True), sums_of_every_kind)
