"""All passes in their order."""

from __future__ import annotations

from ..ir import ProgramIR
from .fold import fold
from .if_convert import if_convert, propagate, single_assignment
from .narrow import narrow
from .reciprocal import reciprocal
from .setup import hoist_setup
from .traverse import map_kernels
from .verify import verify_program


def optimise(program: ProgramIR) -> ProgramIR:
    """Run all passes, and verify the result."""
    for f in (fold, if_convert, single_assignment, propagate, narrow, fold, reciprocal, fold):
        program = map_kernels(f, program)
    program = hoist_setup(program)
    program = map_kernels(fold, program)
    return verify_program(program)
