"""Rows of very different lengths: each entry is visited once, and no block has much more to do than another."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from compare import assert_same, on
from emulated import Emulated
from emulation.driver import EmulatedDevice

from eqsnn import *
from eqsnn.runtime import core
from eqsnn.runtime.cuda import queues
from eqsnn.runtime.ragged import Fields

KERNEL = """
#include "cuda/events.h"
using namespace eqsnn;
struct Rows { Ragged ragged; uint32_t* arrived; int32_t *events, *visits, *of_blocks; int32_t n_events, from, to, columns; };
extern "C" __global__ void visit(Rows* rows) {
    const Grid grid(rows->arrived);
    const SpikeList list{rows->events, rows->n_events, 0};
    for_each_entry(grid, list, rows->from, rows->to, &rows->ragged, rows->columns, [&](int32_t, int32_t place) {
        atomicAdd(rows->visits + place, 1);
        atomicAdd(rows->of_blocks + blockIdx.x, 1);
    });
}
"""


class Rows(ctypes.Structure):
    _fields_ = (
        ("ragged", Fields), ("arrived", ctypes.c_void_p),
        *((name, ctypes.c_void_p) for name in ("events", "visits", "of_blocks")),
        *((name, ctypes.c_int32) for name in ("n_events", "from_", "to", "columns")),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def on_this_machine_afterwards() -> Iterator[None]:
    yield
    device.use(None)


def visited(lengths: np.ndarray, events: np.ndarray, span: tuple[int, int], blocks: int, columns: bool) -> tuple[Any, Any]:
    """How often each place was visited, and how many visits each block made."""
    emulator = EmulatedDevice(seed=blocks)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int32)
    visits, of_blocks = np.zeros(max(1, lengths.sum()), np.int32), np.zeros(blocks, np.int32)

    def copied(values: np.ndarray) -> int:
        address = emulator.allocate(max(4, values.nbytes))
        emulator.upload(address, values)
        return address

    rows = Rows(n_events=len(events), from_=span[0], to=span[1], columns=columns)
    side = "col" if columns else "row"
    setattr(rows.ragged, f"{side}_start", copied(starts))
    setattr(rows.ragged, f"{side}_length", copied(lengths.astype(np.int32)))
    rows.ragged.longest = int(lengths.max())
    rows.arrived, rows.events = copied(np.zeros(2, np.uint32)), copied(events.astype(np.int32))
    rows.visits, rows.of_blocks = copied(visits), copied(of_blocks)
    argument = copied(np.frombuffer(bytes(rows), np.uint8))
    emulator.load(KERNEL, [core.INCLUDE], name="rows").launch("visit", blocks, 256, argument, cooperative=True)
    emulator.download(rows.visits, visits)
    emulator.download(rows.of_blocks, of_blocks)
    emulator.close()
    return visits, of_blocks


@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize("blocks", [1, 4])
@pytest.mark.parametrize("n_events", [0, 1, 3, 40, 300])
def test_each_entry_of_each_row_once(n_events: int, blocks: int, columns: bool) -> None:
    rng = np.random.default_rng(n_events)
    lengths = np.where(rng.random(350) < 0.05, rng.integers(1000, 6000, 350), rng.integers(0, 40, 350))
    span = (0, 350) if columns else (20, 370)  # a part of a group, whose neurons are counted from its first
    events = np.sort(rng.choice(400, n_events, replace=False))
    visits, of_blocks = visited(lengths, events, span, blocks, columns)
    own = events[(events >= span[0]) & (events < span[1])] - span[0]
    expected = np.repeat(np.isin(np.arange(350), own), lengths)
    np.testing.assert_array_equal(visits[: len(expected)], expected)
    assert of_blocks.sum() == expected.sum()


@pytest.mark.parametrize("short", [0, 5])
@pytest.mark.parametrize("n_long", [1, 2, 13])
def test_long_rows_are_shared_out_among_blocks(n_long: int, short: int) -> None:
    """A row of tens of thousands among short ones would keep one warp busy while all others wait."""
    lengths = np.full(200, short)
    lengths[np.linspace(10, 190, n_long).astype(int)] = 40_000
    _, of_blocks = visited(lengths, np.arange(200), (0, 200), 6, columns=False)
    assert of_blocks.max() < 1.2 * of_blocks.mean()


def hubs() -> Mapping[str, Any]:
    """A few neurons that reach all others, and one that all others reach; some synapses have delays of their own."""
    G = NeuronGroup(60, "dv/dt = (I - v)/(5*ms) : 1\nI : 1", threshold="v > 1", reset="v = 0", method="exact")
    G.I = "1.2 + 0.8*i/N"
    S = Synapses(G, G, "w : 1", on_pre="v_post += w", on_post="w += 0.0001")
    S.connect(condition="i < 3 or j == 7 or rand() < 0.03")
    T = Synapses(G, G, "u : 1", on_pre="u += v_post")
    T.connect(condition="i == 5 or i == 50")
    S.w, T.delay = "0.002*rand()", "2*ms*rand()"
    rule = StructuralPlasticity(T, "for each pair in sample(200, unconnected): create synapse if i % 20 == 0", dt=1 * ms)
    M = SpikeMonitor(G)
    Network(G, S, T, rule, M).run(8 * ms)
    assert np.bincount(T.i).max() > 50
    return {"v": G.v[:], "w": S.w[:], "u": T.u[:], "i": M.i[:], "created": rule.created}


@pytest.mark.parametrize(("blocks", "races"), [(1, False), (4, False), (2, True)])
def test_networks_with_hubs(blocks: int, races: bool) -> None:
    """Rows of sixteen entries are long here, and some become so as they grow."""
    expected = on(None, hubs)
    assert_same(on(Emulated(seed=blocks, blocks=blocks, races=races, flags=["-DEQSNN_LONG_ROW=16"]), hubs), expected)


def test_lists_of_spikes_under_way_get_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they have room for a few, also of synapses that neither come nor go."""
    monkeypatch.setattr(queues, "_MOST", 2)

    def crowded() -> Mapping[str, Any]:
        G = NeuronGroup(20, "dv/dt = (2 - v)/(3*ms) : 1\nx : 1", threshold="v > 1", reset="v = 0.5*rand()", method="euler")
        S = Synapses(G, G, "w : 1", on_pre="x_post += w", on_post="w += 0.1")
        S.connect(p=0.5)
        S.w, S.pre.delay, S.post.delay = "rand()", "0.3*ms*rand()", "0.5*ms*rand()"
        network = Network(G, S)
        for _ in range(2):
            network.run(4 * ms)
        return {"x": G.x[:], "w": S.w[:], "v": G.v[:]}

    hardware = Emulated(seed=3)
    assert_same(on(hardware, crowded), on(None, crowded))
    assert hardware.device.launches > 7  # 6 where there is room: others because an action began again
