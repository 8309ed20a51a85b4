"""Programs that print as text, for ``print(net.compiled.ir)``."""

from __future__ import annotations

from dataclasses import dataclass

from .ir import ProgramIR
from .passes.show import show


@dataclass(frozen=True, slots=True)
class ReadableProgram(ProgramIR):
    """A `ProgramIR` whose text is that of `passes.show`."""

    def __str__(self) -> str:
        return show(self)


def readable(program: ProgramIR) -> ReadableProgram:
    """The same program, readable."""
    return ReadableProgram(program.setup, program.actions, program.tables, program.backward)
