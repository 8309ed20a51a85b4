"""All passes in their order."""

from __future__ import annotations

from collections.abc import Callable

from ..ir import Kernel, ProgramIR
from .cse import cse
from .dead import dead, dead_setup, dead_tables
from .fold import fold
from .hoist import hoist_outer, hoist_prologue
from .if_convert import if_convert, propagate, single_assignment
from .lottery import lottery
from .narrow import narrow
from .reciprocal import reciprocal
from .setup import hoist_setup
from .tabulate import tabulate
from .traverse import map_kernels
from .verify import verify_program

Pass = Callable[[ProgramIR], ProgramIR]


def optimise(program: ProgramIR) -> ProgramIR:
    """Run all passes, and verify the result.

    1. `fold`: what is known at compile time.
    2. `if_convert`: branches become selects; `single_assignment`: assignments become bindings; `propagate`: copies go.
    3. `narrow`: arithmetic on REAL values is done in REAL.
    4. `reciprocal`: run-constant factors and terms are gathered, divisions by them become multiplications.
    5. `hoist_setup`: run-constant values are computed once, in DOUBLE.
    6. `tabulate`: what depends on unchanging parameters of a neuron is computed once for a run.
    7. `hoist_prologue`, `hoist_outer`: once for each call, and for each row or column.
    8. `fold`, `cse` (twice: what it shares makes more values equal), `dead`, `dead_tables`, `dead_setup`: the rest is
       tidied.
    9. `lottery`: events of one probability for all are drawn without looking at each neuron.
    """
    for run in passes():
        program = run(program)
    return verify_program(program)


def passes() -> tuple[Pass, ...]:
    """The passes of `optimise`, each as a function of a program."""
    return (
        *map(on_kernels, (fold, if_convert, single_assignment, propagate, narrow, fold, reciprocal, fold)),
        hoist_setup,
        tabulate,
        *map(on_kernels, (hoist_prologue, hoist_outer, fold, propagate, cse, cse, dead)),
        dead_tables,
        on_kernels(dead),
        dead_setup,
        lottery,
    )


def on_kernels(f: Callable[[Kernel], Kernel]) -> Pass:
    """A pass over kernels as one over programs."""

    def run(program: ProgramIR) -> ProgramIR:
        return map_kernels(f, program)

    run.__name__ = f.__name__
    return run
