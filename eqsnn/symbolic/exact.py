"""Exact integration of linear equations.

dx/dt = A x + B u, where u holds 1 and whatever else is constant over a step (a current, a table looked up at t), has

    x(t + h) = exp(A h) x(t) + ∫₀ʰ exp(A s) ds B u.

Both terms are parts of exp(M h), M = [[A, B], [0, 0]], so an input is one more variable that does not change. Its
entries follow the sparsity of M. Let r depend on c, through the variables that lie on paths from c to r:

    r = c, on no cycle:    exp(a_rr h)
    r and c alone:         a_rc h φ,   φ = (exp(a_rr h) - exp(a_cc h)) / ((a_rr - a_cc) h)
    more, or a cycle:      the entry of the exponential of that sub-matrix, computed numerically (`ExpmEntry`).

φ is written exp(max(a_rr, a_cc) h) exprel(-|a_rr - a_cc| h): equal rates are no division by zero, and rates far apart
no overflow. No eigenvalue is ever computed symbolically, so equal time constants need no special case.

While a neuron is refractory the variables flagged ``unless refractory`` are constants to the others: the rows of M
that belong to them are zero. Where that changes what another variable does, both solutions are computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy

from .functions import Absolute, Exp, ExpmEntry, Exprel, Maximum, Where
from .linear import NotLinear, depends_on_time, is_constant, reachability, split_linear
from .noise import require_no_noise
from .system import DT, NOT_REFRACTORY, Define, NotApplicable, OdeSystem, StateUpdate, real_symbol

LARGEST_MATRIX = 16
"""The largest matrix whose exponential the targets compute (`largest_expm` in ``expm.h``)."""


@dataclass(frozen=True, slots=True)
class LinearSystem:
    """dx/dt = M (x, u): one row a variable; one column a variable, then one an input.

    ``inputs`` are expressions constant over a step, of which the first is 1; every entry of ``rows`` in an input's
    column depends on constants alone where it can.
    """

    variables: tuple[sympy.Symbol, ...]
    inputs: tuple[sympy.Expr, ...]
    rows: tuple[tuple[sympy.Expr, ...], ...]


@dataclass(frozen=True, slots=True)
class Generator:
    """M as a square matrix, and which variable depends on which through any path."""

    matrix: list[list[sympy.Expr]]
    reach: list[list[bool]]


def update(system: OdeSystem) -> StateUpdate:
    """The exact step of a linear system; `NotApplicable` where it is not linear, not autonomous or stochastic."""
    return propagate(linear_system(system), system.frozen, DT)


def linear_system(system: OdeSystem) -> LinearSystem:
    """A, B and u of a system, or `NotApplicable` with the reason."""
    require_no_noise(system)
    variables = system.variables
    coefficients: list[list[sympy.Expr]] = []
    inputs: dict[sympy.Expr, list[sympy.Expr]] = {sympy.S.One: [sympy.S.Zero] * len(variables)}
    for row, (name, right_side) in enumerate(system.derivatives.items()):
        found = split_linear(right_side, variables)
        if isinstance(found, NotLinear):
            raise NotApplicable(f"d{name}/dt is not linear in {_listed(found.culprits)}", name)
        if any(map(depends_on_time, (found.rest, *found.coefficients.values()))):
            raise NotApplicable(f"d{name}/dt depends on the time 't' itself", name)
        coefficients.append([found.coefficient(variable) for variable in variables])
        for factor, weight in _inputs(found.rest, system.constant):
            column = inputs.setdefault(factor, [sympy.S.Zero] * len(variables))
            column[row] += weight
    rows = tuple((*a, *(column[row] for column in inputs.values())) for row, a in enumerate(coefficients))
    return LinearSystem(variables, tuple(inputs), rows)


def propagate(linear: LinearSystem, frozen: frozenset[str], interval: sympy.Expr) -> StateUpdate:
    """The solution after ``interval``, with the frozen variables held while the neuron is refractory."""
    held = [variable.name in frozen for variable in linear.variables]
    active = _generator(linear, [False] * len(held))
    refractory = _generator(linear, held) if any(held) else active
    entries = _Entries(linear, interval)
    updates = []
    for row, variable in enumerate(linear.variables):
        new = entries.solution(active, row, "_P")
        if held[row]:
            new = Where(NOT_REFRACTORY, new, variable)
        elif any(held[column] and active.reach[row][column] for column in range(len(held))):
            new = Where(NOT_REFRACTORY, new, entries.solution(refractory, row, "_R"))
        updates.append((variable.name, new))
    return StateUpdate(tuple(entries.defines), tuple(updates))


def propagator(generator: Generator, row: int, column: int, interval: sympy.Expr) -> sympy.Expr:
    """Entry (row, column) of exp(M · interval)."""
    matrix, reach = generator.matrix, generator.reach
    if not reach[row][column]:
        return sympy.S.Zero
    path = [k for k in range(len(matrix)) if reach[row][k] and reach[k][column]]
    if path == [row]:
        return Exp(matrix[row][row] * interval)
    if len(path) == 2 and row != column and not reach[column][row]:
        return _pair(matrix[row][row], matrix[column][column], matrix[row][column], interval)
    if len(path) > LARGEST_MATRIX:
        raise NotApplicable(f"more than {LARGEST_MATRIX} variables and inputs are coupled to each other")
    entries = [matrix[r][c] for r in path for c in path]
    return ExpmEntry(len(path), path.index(row), path.index(column), interval, *entries)


class _Entries:
    """Collects the temporaries of a step, each under a name of its own."""

    def __init__(self, linear: LinearSystem, interval: sympy.Expr) -> None:
        self.linear = linear
        self.interval = interval
        self.defines: list[Define] = []
        self.named: dict[str, sympy.Expr] = {}

    def solution(self, generator: Generator, row: int, prefix: str) -> sympy.Expr:
        """Row ``row`` of exp(M h) (x, u); ``prefix`` is ``_P``, or ``_R`` for the refractory system."""
        terms = []
        name = self.linear.variables[row].name
        for column, factor in enumerate((*self.linear.variables, *self.linear.inputs)):
            entry = propagator(generator, row, column, self.interval)
            terms.append(self._named(entry, f"{prefix}_{name}_{self._label(column)}") * factor)
        return sympy.Add(*terms)

    def _label(self, column: int) -> str:
        """What a column is called: the variable's name; ``1`` for the constant term; ``u1``, ``u2``, … for inputs."""
        variables = self.linear.variables
        if column < len(variables):
            return str(variables[column].name)
        place = column - len(variables)
        return f"u{place}" if place else "1"

    def _named(self, value: sympy.Expr, name: str) -> sympy.Expr:
        if value.is_Number or isinstance(value, sympy.Symbol):
            return value
        active = "_P_" + name.removeprefix("_R_")
        if self.named.get(active) == value:
            return real_symbol(active)
        while name in self.named:
            name += "_"
        self.named[name] = value
        symbol = real_symbol(name)
        self.defines.append(Define(symbol, value))
        return symbol


def _generator(linear: LinearSystem, held: Sequence[bool]) -> Generator:
    """M with a zero row for each input and for each variable that is held."""
    zero = [sympy.S.Zero] * (len(linear.variables) + len(linear.inputs))
    matrix = [zero if hold else list(row) for row, hold in zip(linear.rows, held, strict=True)]
    matrix += [zero] * len(linear.inputs)
    return Generator(matrix, reachability([[entry != 0 for entry in row] for row in matrix]))


def _pair(a: sympy.Expr, b: sympy.Expr, coupling: sympy.Expr, interval: sympy.Expr) -> sympy.Expr:
    """coupling · h · φ(a h, b h)."""
    if b == 0 or a == 0:
        return coupling * interval * Exprel((a + b) * interval)
    return coupling * interval * Exp(Maximum(a, b) * interval) * Exprel(-Absolute(a - b) * interval)


def _inputs(rest: sympy.Expr, constant: frozenset[str]) -> list[tuple[sympy.Expr, sympy.Expr]]:
    """Write ``rest`` as Σ factor · weight with constant weights; the factor 1 takes all terms that are constant."""
    if is_constant(rest, constant):
        return [(sympy.S.One, rest)] if rest != 0 else []
    pairs = []
    for term in sympy.Add.make_args(sympy.expand(rest, deep=False)):
        factors = sympy.Mul.make_args(term)
        fixed = [factor for factor in factors if is_constant(factor, constant)]
        varying = [factor for factor in factors if not is_constant(factor, constant)]
        pairs.append((sympy.Mul(*varying), sympy.Mul(*fixed)))
    return pairs


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)
