"""What is the same throughout a run is computed once, before the first step, in DOUBLE.

Maximal subexpressions of literals and run-constant arguments that contain at least one operation become entries of
``ProgramIR.setup`` and arguments of the kernels: equal ones share an entry, also between kernels. A binding of a
kernel's body that is run-constant as a whole gives its name to the entry. Where the value was REAL, the kernel reads
``Cast(Argument(name, DOUBLE), REAL)``. Integer divisions that may be by zero stay where they are.

Precondition: `single_assignment`; the program's setup is empty or from an earlier call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from ..ir import (
    DOUBLE,
    Argument,
    Binary,
    Cast,
    Elements,
    EventNeurons,
    Events,
    EventSynapses,
    Expression,
    If,
    Kernel,
    Let,
    Literal,
    Local,
    Lottery,
    Pairs,
    PairSample,
    ProgramIR,
    Statement,
    Synapses,
)
from .fold import as_type, fold_expression
from .if_convert import rename
from .invariance import is_run_constant, is_trivial, to_double
from .traverse import Fresh, arguments_of, arrays_of, assigned, map_children, map_kernels, map_operands


def hoist_setup(program: ProgramIR) -> ProgramIR:
    """Move run-constant values out of all kernels."""
    kernels = program.kernels()
    taken = {let.local.name for let in program.setup}
    taken |= {argument.name for kernel in kernels for argument in arguments_of(kernel)}
    taken |= {array.name for kernel in kernels for array in arrays_of(kernel)}
    setup = _Setup(Fresh(taken), {let.value: let.local for let in program.setup})
    hoisted = map_kernels(setup.kernel, program)
    return replace(hoisted, setup=tuple(Let(local, value) for value, local in setup.entries.items()))


def owner(kernel: Kernel) -> str:
    """The object that a kernel's constants are named after."""
    match kernel.domain:
        case Elements(_, Argument(name, _), _) if name.endswith(".N"):
            return name.removesuffix(".N")
        case Events(neurons=name) | Lottery(neurons=name):
            return name
        case EventNeurons(projection=name):
            return name
        case EventSynapses(projection=name) | Synapses(projection=name) | Pairs(projection=name):
            return name
        case PairSample(projection=name):
            return name
        case _:
            return kernel.name


@dataclass(slots=True)
class _Setup:
    """Entries so far, by value."""

    fresh: Fresh
    entries: dict[Expression, Local]
    prefix: str = ""

    def kernel(self, kernel: Kernel) -> Kernel:
        """A kernel without its run-constant values."""
        self.prefix = owner(kernel)
        names: dict[str, Expression] = {}
        body = (*kernel.prologue, *kernel.outer, *kernel.body)
        changing = assigned(body)
        new = [self.block(part, names, changing) for part in (kernel.prologue, kernel.outer, kernel.body)]
        domain = kernel.domain
        if isinstance(domain, PairSample):
            domain = replace(domain, count=self.without(rename(domain.count, names)))
        prologue, outer = (tuple(n for n in part if isinstance(n, Let)) for part in new[:2])
        return replace(kernel, domain=domain, prologue=prologue, outer=outer, body=new[2])

    def _renamed(self, x: Expression, names: Mapping[str, Expression], name: str | None) -> Expression:
        return self.without(rename(x, names), name)

    def block(
        self, body: Iterable[Statement], names: dict[str, Expression], changing: frozenset[str]
    ) -> tuple[Statement, ...]:
        """Statements without the bindings that become arguments; ``names`` collects what stands for those."""
        result: list[Statement] = []
        for node in body:
            name = node.local.name.removeprefix("d_") if isinstance(node, Let) else None
            node = map_operands(partial(self._renamed, names=names, name=name), node)
            match node:
                case Let(Local(bound, _), value) if bound not in changing and is_run_constant(value):
                    names[bound] = value
                case If(condition, then, orelse):
                    then, orelse = self.block(then, names, changing), self.block(orelse, names, changing)
                    result.append(If(condition, then, orelse))
                case _:
                    result.append(node)
        return tuple(result)

    def without(self, x: Expression, name: str | None = None) -> Expression:
        """The expression with its run-constant parts replaced by arguments."""
        if is_trivial(x):
            return x
        if is_run_constant(x):
            return self.argument(x, name)
        return map_children(self.without, x)

    def argument(self, x: Expression, name: str | None) -> Expression:
        """What a kernel reads in place of a run-constant value."""
        value = self.shared(fold_expression(to_double(x)))
        known = _as_read_by_kernels(value if is_trivial(value) else self.enter(value, name))
        return as_type(known, x.type)

    def shared(self, x: Expression) -> Expression:
        """The expression in terms of entries: of those that it contains, and of those it was made from."""
        names = {local.name for local in self.entries.values()}

        def replaced(y: Expression) -> Expression:
            if isinstance(y, Argument) and y.name in names:
                return Local(y.name, y.type)
            y = map_children(replaced, y)
            return self.entries.get(y, y)

        return replaced(x)

    def enter(self, value: Expression, name: str | None) -> Local:
        """A new entry."""
        given = f"{self.prefix}.{name}" if name else self.name_for(value)
        local = Local(self.fresh(given) if given else self.fresh.numbered(f"{self.prefix}.k"), value.type)
        self.entries[value] = local
        return local

    def name_for(self, value: Expression) -> str | None:
        """A name that says what is in an entry, where that is short."""
        match value:
            case Binary("/", Literal(1.0, type_), Argument(name, _) | Cast(Argument(name, _), _)) if type_ is DOUBLE:
                return f"{name}.inverse"
            case _:
                return None


def _as_read_by_kernels(x: Expression) -> Expression:
    """Entries are locals of the setup, and arguments of kernels."""
    return Argument(x.name, x.type) if isinstance(x, Local) else map_children(_as_read_by_kernels, x)
