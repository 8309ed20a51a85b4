"""No pass changes what a kernel computes: random kernels before and after, exactly or up to rounding."""

from __future__ import annotations

from random import Random as Dice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interpret import Machine
from programs import elements, machine, random_kernel

from eqsnn.codegen import ir
from eqsnn.codegen.passes import pipeline
from eqsnn.codegen.passes.cse import cse
from eqsnn.codegen.passes.dead import dead
from eqsnn.codegen.passes.fold import fold
from eqsnn.codegen.passes.hoist import hoist_outer, hoist_prologue
from eqsnn.codegen.passes.if_convert import if_convert, propagate, single_assignment
from eqsnn.codegen.passes.narrow import narrow
from eqsnn.codegen.passes.pipeline import on_kernels
from eqsnn.codegen.passes.reciprocal import reciprocal
from eqsnn.codegen.passes.setup import hoist_setup
from eqsnn.codegen.passes.traverse import written
from eqsnn.codegen.passes.verify import verify_program

EXACT = {
    "fold": (fold,),
    "if_convert": (if_convert,),
    "single_assignment": (if_convert, single_assignment),
    "propagate": (single_assignment, propagate),
    "narrow": (single_assignment, narrow),
    "hoist_setup": (single_assignment, hoist_setup),
    "hoist_prologue": (if_convert, single_assignment, hoist_prologue),
    "hoist_outer": (single_assignment, hoist_prologue, hoist_outer),
    "cse": (cse, cse),
    "cse_straight": (if_convert, single_assignment, cse),
    "dead": (dead,),
}


def result(program: ir.ProgramIR) -> Machine:
    """The storage after three calls of every kernel."""
    state = machine()
    state.setup(program)
    for kernel in program.tables:
        for array in written(kernel.body):
            state.arrays[array.name] = np.zeros(len(elements(kernel.domain)))
        state.run(kernel, elements(kernel.domain))
    for step in range(3):
        state.arguments |= {"clock.t": 0.1 * step, "clock.step": step, "tick": step}
        for action in program.actions:
            assert isinstance(action, ir.Run)
            state.run(action.kernel, elements(action.kernel.domain))
    return state


def agree(a: Machine, b: Machine, tolerance: float) -> None:
    for name, values in a.arrays.items():
        if tolerance and values.dtype.kind == "f":
            np.testing.assert_allclose(b.arrays[name], values, rtol=tolerance, atol=tolerance, err_msg=name)
        else:
            np.testing.assert_array_equal(b.arrays[name], values, err_msg=name)


def program(dice: Dice, kernels: int, *, smooth: bool) -> ir.ProgramIR:
    return verify_program(ir.ProgramIR((), tuple(ir.Run(random_kernel(dice, smooth=smooth)) for _ in range(kernels))))


@pytest.mark.parametrize("name", EXACT)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_pass_is_exact(name: str, seed: int) -> None:
    before = after = program(Dice(seed), 1, smooth=False)
    for f in EXACT[name]:
        after = verify_program(f(after) if f is hoist_setup else on_kernels(f)(after))  # type: ignore[arg-type, operator]
    agree(result(before), result(after), 0.0)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_reciprocals_round(seed: int) -> None:
    before = program(Dice(seed), 1, smooth=True)
    after = verify_program(on_kernels(reciprocal)(on_kernels(single_assignment)(before)))
    agree(result(before), result(after), 1e-9)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_all_passes(seed: int) -> None:
    before = after = program(Dice(seed), 2, smooth=True)
    for f in pipeline.passes():
        after = verify_program(f(after))
    agree(result(before), result(after), 1e-9)
    assert pipeline.optimise(before) == after
