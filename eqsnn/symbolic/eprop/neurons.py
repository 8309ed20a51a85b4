"""One group of neurons, differentiated: what e-prop needs to know of a step.

A step takes the state h that the last one left through

    h⁻ = F(h)             the update of the equations
    z  = Θ(d(h⁻))         the threshold, whose distance is d
    h° = h⁻ + u           what synapses add
    h' = h° + z (R(h°) - h°)   the reset

Its derivatives are those of F at h, of d at h⁻ and of R at h°. The spike z has no derivative; the user's
pseudo-derivative ψ stands for dz/dd. Bellec et al. (2020) let it into the adaptation that follows a spike, but not into
the reset of the voltage: of which variables the reset is differentiated through z is the caller's choice (`through`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import sympy

from ...grammar import ast
from ...grammar.errors import DimensionError, ModelError
from ...model.check import CheckedNetwork
from ...model.dimensions import DIMENSIONLESS
from ...model.infer import infer
from ...model.symbols import Named, TimedArraySpec, Variable
from ...model.types import Dtype
from ...model.walk import names_in
from ..constants import keeps_its_value
from ..convert import Converter
from ..derivatives import total
from ..functions import RANDOM
from ..model import Advance, Detect, Item, React, SymbolicNetwork
from ..system import NOT_REFRACTORY, Define, StateUpdate, real_symbol
from .others import Undisturbed
from .resets import values_after

Matrix = Mapping[str, Mapping[str, sympy.Expr]]
"""``matrix[row][column]``, without the entries that are zero."""

ACTIVE = sympy.Symbol("_active")
"""Whether a neuron was not refractory in the step."""


@dataclass(frozen=True, slots=True)
class Linearised:
    """A step of a group, differentiated by its state.

    ``transition[k][l]`` is ∂F_k/∂h_l, in the symbols of `before` and the temporaries ``defines``; ``slope[l]`` is ψ
    ∂d/∂h_l in those of `now`, empty for neurons that do not spike; ``reset[k][l]`` ∂R_k/∂h°_l and ``jump[k]`` R_k -
    h°_k, without what a reset leaves alone, in those of `met`. ``references`` and ``arrays`` tell what all other
    symbols stand for.
    """

    group: str
    title: str
    clock: str
    state: tuple[Variable, ...]
    defines: tuple[Define, ...]
    transition: Matrix
    slope: Mapping[str, sympy.Expr]
    reset: Matrix
    jump: Mapping[str, sympy.Expr]
    references: Mapping[str, Named]
    arrays: Mapping[str, TimedArraySpec]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the state variables."""
        return tuple(variable.name for variable in self.state)

    @property
    def constant(self) -> frozenset[str]:
        """Names of what keeps its value in a trial."""
        return frozenset(n for n, r in self.references.items() if keeps_its_value(r)) | {"dt"}

    @property
    def spikes(self) -> bool:
        """Whether the neurons have a threshold."""
        return bool(self.slope)


def before(name: str) -> sympy.Symbol:
    """A state variable as the last step left it."""
    return real_symbol(f"_{name}_before")


def now(name: str) -> sympy.Symbol:
    """A state variable when the threshold looks at it."""
    return real_symbol(f"_{name}_now")


def met(name: str) -> sympy.Symbol:
    """A state variable as the reset finds it."""
    return real_symbol(f"_{name}_met")


def linearise(
    network: CheckedNetwork, symbolic: SymbolicNetwork, group: str, driven: Iterable[str],
    pseudo_derivative: ast.Expression | None,
) -> Linearised:  # fmt: skip
    """Differentiate a group; ``driven`` names the variables that synapses add to.

    :raises ModelError: E580-E584, what e-prop cannot follow. :raises DimensionError: E226.
    """
    return _Group(network, symbolic, group, tuple(driven)).linearised(pseudo_derivative)


@dataclass(slots=True)
class _Group:
    network: CheckedNetwork
    symbolic: SymbolicNetwork
    group: str
    driven: tuple[str, ...]
    references: dict[str, Named] = field(default_factory=dict)
    arrays: dict[str, TimedArraySpec] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return self.network.neurons[self.group].title

    def linearised(self, pseudo_derivative: ast.Expression | None) -> Linearised:
        update, after = self.update(), self.after_reset()
        values = dict(update.updates)
        state = self.state(values, after)
        names = [variable.name for variable in state]
        moved = {name: values.get(name, real_symbol(name)) for name in names}
        transition = {k: _row(_derivative(moved[k], update.defines), names) for k in names}
        reset = {k: _row(_derivative(after[k]), names) for k in after if k in names}
        earlier: dict[sympy.Basic, sympy.Basic] = {real_symbol(n): before(n) for n in names}
        earlier |= {d.symbol: real_symbol(f"_F{d.symbol.name}") for d in update.defines}  # others number theirs anew
        earlier[NOT_REFRACTORY] = ACTIVE
        found: dict[sympy.Basic, sympy.Basic] = {real_symbol(n): met(n) for n in names}
        result = Linearised(
            self.group, self.title, self.network.neurons[self.group].when.clock, state,
            tuple(Define(earlier[d.symbol], d.value.xreplace(earlier)) for d in update.defines),
            _replaced(transition, earlier),
            self.slope(names, pseudo_derivative),
            _replaced(reset, found),
            {k: (x - real_symbol(k)).xreplace(found) for k, x in after.items() if k in names},
            self.references, self.arrays,
        )  # fmt: skip
        self.require_known(result)
        Undisturbed(self.group, self.title, frozenset(names)).require(self.symbolic)
        return result

    # ---- what the network does with the group ----

    def take(self, item: Item) -> Item:
        """A task of the group, whose names are known from here on."""
        self.references.update(item.names.references)
        self.arrays.update(item.names.arrays)
        return item

    def update(self) -> StateUpdate:
        for item in self.symbolic.items:
            if isinstance(item.task, Advance) and item.task.neurons == self.group:
                self.take(item)
                return item.task.update
        return StateUpdate((), ())

    def threshold(self) -> tuple[sympy.Basic, Item] | None:
        for item in self.symbolic.items:
            if isinstance(item.task, Detect) and (item.task.neurons, item.task.event) == (self.group, "spike"):
                return item.task.condition, self.take(item)
        return None

    def after_reset(self) -> dict[str, sympy.Expr]:
        for item in self.symbolic.items:
            if isinstance(item.task, React) and (item.task.neurons, item.task.event) == (self.group, "spike"):
                own = self.network.neurons[self.group].model.variables
                after = values_after(self.take(item).task.body, f"{self.title}, reset")  # type: ignore[union-attr]
                shared = [k for k in after if k in own and own[k].shared]
                if shared:
                    message = f"the reset sets '{shared[0]}', which all neurons share; e-prop looks at one at a time."
                    raise ModelError("E580", message, place=f"{self.title}, reset", hint="leave (shared) out")
                return {k: x for k, x in after.items() if k in own}
        return {}

    def state(self, values: Mapping[str, sympy.Expr], after: Mapping[str, sympy.Expr]) -> tuple[Variable, ...]:
        """What a step hands on to the next: variables with equations, those that a reset sets or synapses add to."""
        found = self.network.neurons[self.group].model.variables
        names = dict.fromkeys((*values, *after, *self.driven))
        return tuple(v for n in names if isinstance(v := found[n], Variable) and v.type.dtype is Dtype.REAL)

    # ---- derivatives ----

    def slope(self, names: Iterable[str], node: ast.Expression | None) -> dict[str, sympy.Expr]:
        """ψ ∂d/∂h, zero while the neuron is refractory."""
        found = self.threshold()
        if found is None:
            return {}
        distance = self.distance(found[0], names)
        if node is None:
            message = "these neurons spike, and training them needs a pseudo-derivative of their threshold."
            hint = "give EProp pseudo_derivative='0.3/v_th*maximum(0, 1 - abs(v - v_th)/v_th)', for example"
            raise ModelError("E581", message, place=self.title, hint=hint)
        psi = self.pseudo_derivative(node)
        there = {real_symbol(n): now(n) for n in names} | {NOT_REFRACTORY: ACTIVE}
        entries = _row(_derivative(distance), names)
        return {name: (value * psi).xreplace(there) for name, value in entries.items()}

    def distance(self, condition: sympy.Basic | None, names: Iterable[str]) -> sympy.Expr:
        """How far a threshold is exceeded: the left side less the right one."""
        state = {real_symbol(n) for n in names}
        asked = sympy.true if condition is None else condition
        asked = sympy.to_nnf(asked, simplify=False)  # 'not (a or b)' is 'not a and not b'
        parts = asked.args if isinstance(asked, sympy.And) else (asked,)
        deciding = [part for part in parts if part.free_symbols & state]
        if len(deciding) != 1 or not isinstance(deciding[0], sympy.Gt | sympy.Ge | sympy.Lt | sympy.Le):
            message = "e-prop needs a threshold that compares one expression of the state with another."
            raise ModelError("E582", message, place=f"{self.title}, threshold", hint="such as 'v > v_th + beta*a'")
        return deciding[0].gts - deciding[0].lts

    def comparison(self, condition: ast.Expression) -> ast.Compare:
        """The comparison that decides: of several, the first that names a variable with an equation."""
        found = _comparisons(condition)
        equations = self.network.neurons[self.group].model.differentials
        return next((c for c in found if any(n.id in equations for n in names_in(c))), found[0])

    def pseudo_derivative(self, node: ast.Expression) -> sympy.Expr:
        scope = self.network.scope(self.group)
        event = next(e for e in self.network.neurons[self.group].events if e.name == "spike")
        wanted = DIMENSIONLESS / infer(self.comparison(event.condition).left, scope).dimension
        given = infer(node, scope)
        if given.dimension != wanted:
            message = f"a pseudo-derivative is one of spikes by what the threshold compares: its unit is {wanted}."
            raise DimensionError("E226", message, node.span, f"this is {given.dimension}", self.title)
        converter = Converter()
        psi = converter.expression(node, scope)
        self.references.update(converter.references)
        self.arrays.update(converter.arrays)
        return psi

    # ---- what cannot be followed ----

    def require_known(self, result: Linearised) -> None:
        """All that the derivatives name is the state, or keeps its value in a trial.

        :raises ModelError: E583 a random number, E584 a variable that others change.
        """
        used = _expressions(result)
        names = {s.name for x in used for s in x.free_symbols}
        noise = any(name.removeprefix("_").split("_")[0] == "xi" for name in names)
        if noise or any(x.has(kind) for x in used for kind in RANDOM.values()):
            message = "e-prop cannot differentiate an equation or a threshold in which a random number has a factor."
            raise ModelError("E583", message, place=self.title, hint="add noise to the state instead")
        model = self.network.neurons[self.group].model
        foreign = {n for n, v in model.variables.items() if isinstance(v, Variable) and v.linked}
        foreign |= (set(self.after_reset()) | set(self.driven)) - set(result.names)  # integers, truth values
        foreign |= {held.name for held in model.held()} | {s.target for p in self.network.projections.values()
                    if p.post.group == self.group for s in p.model.summed}  # fmt: skip
        bad = sorted(names & foreign)
        if bad:
            message = f"'{bad[0]}' changes in the course of a trial by what others do; e-prop cannot go back to it."
            raise ModelError("E584", message, place=self.title, hint="let synapses add to a variable of the neurons")


def _comparisons(node: ast.Expression) -> list[ast.Compare]:
    """The comparisons of a condition, in the order of the text."""
    match node:
        case ast.Compare():
            return [node]
        case ast.Logical(_, left, right, _):
            return _comparisons(left) + _comparisons(right)
        case ast.Unary(_, operand, _):
            return _comparisons(operand)
        case _:
            return []


def _expressions(result: Linearised) -> list[sympy.Expr]:
    rows = [*result.transition.values(), *result.reset.values()]
    entries = [x for row in rows for x in row.values()]
    used = [*entries, *result.slope.values(), *result.jump.values()]
    symbols = set().union(*(x.free_symbols for x in used)) if used else set()
    for define in reversed(result.defines):
        if define.symbol in symbols:
            used.append(define.value)
            symbols |= define.value.free_symbols
    return used


def _derivative(x: sympy.Expr, defines: Sequence[Define] = ()) -> Callable[[sympy.Symbol], sympy.Expr]:
    """The derivative of an expression, through the temporaries that it uses, as a function of the symbol."""
    return lambda symbol: total(x, defines, symbol)


def _row(derivative: Callable[[sympy.Symbol], sympy.Expr], names: Iterable[str]) -> dict[str, sympy.Expr]:
    entries = {name: derivative(real_symbol(name)) for name in names}
    return {name: value for name, value in entries.items() if value != 0}


def _replaced(matrix: Matrix, names: Mapping[sympy.Basic, sympy.Basic]) -> dict[str, dict[str, sympy.Expr]]:
    return {k: {m: x.xreplace(names) for m, x in row.items()} for k, row in matrix.items()}
