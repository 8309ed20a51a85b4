"""What depends on a neuron's unchanging parameters alone is computed once for a run, and kept in a table.

    x = exp(-dt/tau[i])·x     becomes     table[i] = exp(-dt/tau[i]) before the first step, x = table[i]·x in each

So a membrane time constant of its own for each neuron costs a load a step, and not an exponential. A parameter is
unchanging where nothing in the program writes it and no Python code runs that might. Values cheaper than a function
call stay where they are: a load is not free either.

Precondition: `single_assignment`; run-constant values are gone (`setup`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..ir import (
    DOUBLE,
    INT,
    REAL,
    Action,
    AddUp,
    Argument,
    Array,
    CallBack,
    Elements,
    Expression,
    Kernel,
    Let,
    Literal,
    Load,
    Local,
    ProgramIR,
    Quantile,
    Random,
    Run,
    Statement,
    Store,
    Zero,
)
from .fold import as_type
from .invariance import changes_with_steps, cost, may_fault
from .traverse import children, map_body, map_children, walk, written

_I = Local("i", INT)
_WORTHWHILE = 10  # the cost of a function call (`invariance.cost`)


def tabulate(program: ProgramIR) -> ProgramIR:
    """Move values of unchanging parameters out of the loops over neurons."""
    if any(isinstance(action, CallBack) for action in program.actions):
        return program
    tables = _Tables(_changing(program))
    actions: list[Action] = [
        replace(action, kernel=tables.kernel(action.kernel)) if isinstance(action, Run) else action
        for action in program.actions
    ]
    return replace(program, actions=tuple(actions), tables=tuple(tables.kernels()))


def _changing(program: ProgramIR) -> frozenset[Array]:
    """Arrays that the program writes."""
    changed = {action.array for action in program.actions if isinstance(action, Zero | AddUp)}
    changed |= {action.result for action in program.actions if isinstance(action, Quantile)}
    return frozenset(changed).union(*(written(kernel.body) for kernel in program.kernels()))


@dataclass(slots=True)
class _Tables:
    """The tables of all groups: for each value the array that holds it."""

    changing: frozenset[Array]
    arrays: dict[tuple[str, Expression], Array] = field(default_factory=dict)
    clocks: dict[str, str] = field(default_factory=dict)

    def kernel(self, kernel: Kernel) -> Kernel:
        """The kernel, with loads of tables in it."""
        match kernel.domain:
            case Elements(Literal(0, _), Argument(size, _), True) if size.endswith(".N"):
                group = size.removesuffix(".N")
                self.clocks.setdefault(group, kernel.clock)
                return replace(kernel, body=_Body(self, group).block(kernel.body))
            case _:
                return kernel

    def load(self, group: str, value: Expression) -> Load:
        """The place of a value, in the precision of the network."""
        count = sum(owner == group for owner, _ in self.arrays) + 1
        array = self.arrays.setdefault((group, value), Array(f"{group}.table{count}", REAL))
        return Load(array, _I)

    def kernels(self) -> list[Kernel]:
        """The kernels that fill the tables, one for each group."""
        found: dict[str, list[Statement]] = {}
        for (group, value), array in self.arrays.items():
            found.setdefault(group, []).append(Store(array, _I, as_type(value, REAL)))
        return [
            Kernel(f"{group}_tables", self.clocks[group], _everyone(group), tuple(body))
            for group, body in found.items()
        ]


def _everyone(group: str) -> Elements:
    return Elements(Literal(0, INT), Argument(f"{group}.N", INT))


@dataclass(slots=True)
class _Body:
    """One kernel's body; ``values`` are those of its unchanging locals, with everything put in."""

    tables: _Tables
    group: str
    values: dict[str, Expression] = field(default_factory=dict)

    def block(self, body: tuple[Statement, ...]) -> tuple[Statement, ...]:
        result: list[Statement] = []
        for node in body:
            if isinstance(node, Let) and self.unchanging(node.value):
                self.values[node.local.name] = expand(node.value, self.values)
            result += map_body(self.replaced, (node,))
        return tuple(result)

    def unchanging(self, x: Expression) -> bool:
        """Whether a value is the same in every step."""
        match x:
            case Literal():
                return True
            case Argument():
                return not changes_with_steps(x)
            case Local(name, _):
                return name in self.values
            case Load(array, Local("i", _)):
                by_events = array.name.endswith((".lastspike", ".not_refractory"))  # written where events are found
                return array.space == "flat" and array not in self.tables.changing and not by_events
            case Load() | Random():
                return False
            case _:
                return not may_fault(x) and all(self.unchanging(child) for child in children(x))

    def replaced(self, x: Expression) -> Expression:
        """The largest unchanging parts of a value that are worth it, as loads."""
        if x.type in (REAL, DOUBLE) and self.unchanging(x):
            whole = expand(x, self.values)
            varies = any(isinstance(part, Load) for part in walk(whole))
            return as_type(self.tables.load(self.group, whole), x.type) if varies and cost(whole) >= _WORTHWHILE else x
        return map_children(self.replaced, x)


def expand(x: Expression, values: Mapping[str, Expression]) -> Expression:
    """A value with that of every known local put in."""
    if isinstance(x, Local):
        return values.get(x.name, x)
    return map_children(lambda child: expand(child, values), x)
