"""From declarations to a compiled program: the one place that sees every stage.

    declare    public objects         -> NetworkDeclaration      (texts parsed, `eqsnn.grammar`)
    check      NetworkDeclaration     -> CheckedNetwork          (names, units, order: `eqsnn.model`)
    build      CheckedNetwork         -> SymbolicNetwork         (SymPy, integrators: `eqsnn.symbolic`)
    lower      SymbolicNetwork        -> ProgramIR               (kernels and their order: `eqsnn.codegen.lower`)
    optimise   ProgramIR              -> ProgramIR               (hoisting, selects: `eqsnn.codegen.passes`)
    emit       ProgramIR              -> Program                 (source and tables: `eqsnn.codegen.cpp`, `.cuda`)
    build      source                 -> shared library          (`eqsnn.runtime.toolchain`)

Every intermediate value is kept in `Compiled`, to be looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .grammar import errors
from .model.check import CheckedNetwork, check
from .model.declarations import NetworkDeclaration, Projection
from .model.scope import Units

if TYPE_CHECKING:  # these import SymPy, which is loaded when something is first compiled
    from .codegen.ir import ProgramIR
    from .codegen.program import Program, Target
    from .symbolic.model import SymbolicNetwork


@dataclass(frozen=True, slots=True)
class Compiled:
    """A network at every stage of its compilation.

    ``declaration`` what the objects say; ``checked`` the same, known to make sense; ``symbolic`` its tasks in SymPy;
    ``lowered`` their kernels as first written, ``ir`` the same after all passes; ``program`` the source for ``target``
    and its tables; ``library`` the path of the shared library, which the target ``'cpp'`` alone has.
    """

    declaration: NetworkDeclaration
    checked: CheckedNetwork
    symbolic: SymbolicNetwork
    lowered: ProgramIR
    ir: ProgramIR
    program: Program
    library: Path | None
    target: Target

    @property
    def source(self) -> str:
        """The C++ or CUDA source."""
        return self.program.source


def compile_network(
    declaration: NetworkDeclaration, units: Units, precision: str, *, once: bool = False, name: str = "network",
    cache_dir: Path | None = None, compiler: str | None = None, target: Target | None = None,
) -> Compiled:  # fmt: skip
    """Compile a network for ``precision`` ``'float64'`` or ``'float32'``; ``once`` for code that runs one
    time, or is to be compiled fast.

    A device compiles the source of its target itself, when it loads it.

    :raises EqsnnError: whatever is wrong with the texts, before anything is compiled; BuildError E8xx without a
        working compiler; UnsupportedError E004, the target cannot do it yet.
    """
    from .codegen.program import Target

    target = target or Target()
    checked, symbolic, lowered, ir, program = _translate(declaration, units, precision, target)
    library = _library(program, once, name, cache_dir, compiler) if target.name == "cpp" else None
    return Compiled(declaration, checked, symbolic, lowered, ir, program, library, target)


def compile_tasks(
    symbolic: SymbolicNetwork, declaration: NetworkDeclaration, precision: str, *, name: str,
    cache_dir: Path | None = None, compiler: str | None = None,
) -> tuple[Program, Path]:  # fmt: skip
    """Compile symbolic tasks, such as `eqsnn.symbolic.eprop` makes of those of a network, for this machine's processor.

    :raises BuildError: E8xx without a working compiler.
    """
    from .codegen.program import Target

    _, ir = _lowered(symbolic, declaration)
    program = _emit(Target(), ir, _delays(declaration), precision)
    return program, _library(program, False, name, cache_dir, compiler)


def translate(declaration: NetworkDeclaration, units: Units, precision: str, target: Target) -> Program:
    """The source and tables of a network for a target, which is not built.

    :raises UnsupportedError: E004.
    """
    return _translate(declaration, units, precision, target)[-1]


def _translate(
    declaration: NetworkDeclaration, units: Units, precision: str, target: Target
) -> tuple[CheckedNetwork, SymbolicNetwork, ProgramIR, ProgramIR, Program]:
    checked = check(declaration, units)
    from .symbolic.build import build

    symbolic = build(checked)
    lowered, ir = _lowered(symbolic, declaration)
    return checked, symbolic, lowered, ir, _emit(target, ir, _delays(declaration), precision)


def _lowered(symbolic: SymbolicNetwork, declaration: NetworkDeclaration) -> tuple[ProgramIR, ProgramIR]:
    """Kernels as first written, and after all passes."""
    from .codegen.lower.network import lower
    from .codegen.passes.pipeline import optimise
    from .codegen.readable import readable

    lowered = readable(lower(symbolic, declaration))
    return lowered, readable(optimise(lowered))


def _emit(target: Target, ir: ProgramIR, delays: dict[tuple[str, str], str], precision: str) -> Program:
    from .codegen import cpp, cuda

    if target.name == "cpp":
        return cpp.emit(ir, delays, precision)
    try:
        return cuda.emit(ir, delays, precision, target)
    except cuda.NotYetError as missing:
        hint = "device('cpp') runs every model"
        raise errors.UnsupportedError("E004", f"the target 'cuda' cannot do this yet: {missing}.", hint=hint) from None


def _library(program: Program, once: bool, name: str, cache_dir: Path | None, compiler: str | None) -> Path:
    from .runtime import core, toolchain
    from .runtime.compiler import find_compiler

    return toolchain.build(
        {f"{name}.cpp": program.source},
        include=core.INCLUDE,
        flags=("-fopenmp",),
        optimise="once" if once else "run",
        name=name,
        cache_dir=cache_dir,
        compiler=find_compiler(compiler, cache_dir=cache_dir),
    )


def _delays(declaration: NetworkDeclaration) -> dict[tuple[str, str], str]:
    projections = (d for d in declaration.objects + declaration.context if isinstance(d, Projection))
    return {(p.name, w.name): w.delay for p in projections for w in p.pathways}
