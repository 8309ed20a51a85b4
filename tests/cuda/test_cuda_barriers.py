"""Barriers between actions: where one needs what the other changes, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from compare import assert_same, on
from emulated import Emulated

from eqsnn import *
from eqsnn.codegen.cuda.barriers import followed_by_barrier, footprint


@pytest.fixture(autouse=True)
def on_this_machine_afterwards() -> Iterator[None]:
    yield
    device.use(None)


def groups_apart() -> dict[str, np.ndarray]:
    """Two groups that know nothing of each other, then synapses that add to the same variable and to another one."""
    A = NeuronGroup(600, "dv/dt = (1.5 - v)/(3*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="A")
    B = NeuronGroup(700, "dx/dt = -x/(2*ms) : 1\ng : 1\nh : 1\nk : 1", method="exact", name="B")
    A.v, B.x = "rand()", "rand()"
    S = [Synapses(A, B, "w : 1", on_pre=code, name=f"S{n}") for n, code in enumerate(("g_post += w", "g_post += 2*w", "h_post += g_post"))]
    for synapses in S:
        synapses.connect(p=0.02)
        synapses.w = "rand()"
    B.run_regularly("k = h", name="late")
    network = Network(A, B, *S)
    network.run(4 * ms)
    program = network.compiled.program
    labels = [label for label in program.labels if label != "late"]
    touched = [footprint(action, "", False) for action in program.actions]
    found = dict(zip(program.labels, followed_by_barrier(program.actions, touched), strict=True))
    assert labels.index("A_update") + 1 == labels.index("B_update")
    assert not found["A_update"] and not found["S0_pre"]  # who comes next touches something else, or only adds
    assert found["B_update"] and found["A spikes"] and found["S1_pre"]  # flags are read; events; a sum is read
    return {"v": A.v[:], "x": B.x[:], "g": B.g[:], "h": B.h[:], "k": B.k[:]}


@pytest.mark.parametrize(("blocks", "races"), [(1, False), (5, False), (3, True)])
def test_none_is_missing(blocks: int, races: bool) -> None:
    assert_same(on(Emulated(seed=7, blocks=blocks, races=races), groups_apart), on(None, groups_apart))
