"""One learned projection: what its spikes add to neurons, differentiated by the weight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sympy

from ...grammar.errors import ModelError
from ...model.declarations import Projection
from ...model.scope import canonical
from ...model.symbols import Builtin, Constant, LocalReference, Named, VariableReference
from ...model.walk import names_in
from ..blocks import Add, Branch, Set, Symbolic
from ..convert import symbol
from ..derivatives import partial
from ..functions import RANDOM
from ..model import Deliver, Integrate, Item, Names, Regulate, SymbolicNetwork
from ..system import real_symbol


@dataclass(frozen=True, slots=True)
class Drive:
    """How spikes of a learned projection drive its targets.

    ``increments`` is what a spike adds to each postsynaptic variable, ``slopes`` that by the ``weight``. ``static``
    tells that the slopes keep their value in a trial: then they can be multiplied once, and the gradient is a
    delivery of spikes.
    """

    projection: str
    pathway: str
    weight: str
    pre: str
    post: str
    increments: Mapping[str, sympy.Expr]
    slopes: Mapping[str, sympy.Expr]
    static: bool
    item: Item

    @property
    def delay_argument(self) -> str:
        """Name of the number of steps that its spikes are under way."""
        return f"{self.projection}._{self.pathway}_delay"

    @property
    def names(self) -> Names:
        """What the symbols stand for."""
        return self.item.names


def drives(symbolic: SymbolicNetwork, projection: Projection, weight: str) -> Drive:
    """The drive of a learned projection.

    :raises ModelError: E585 the weight changes in a trial, or is read where e-prop cannot follow; E586 nothing uses it.
    """
    found = [i for i in symbolic.items if isinstance(i.task, Deliver) and i.task.projection == projection.name]
    _require_unchanged(symbolic, projection, weight)
    users = [item for item in found if _mentions(item.task.body, real_symbol(weight))]  # type: ignore[union-attr]
    if len(users) != 1:
        what = "no code that a spike runs" if not users else "more than one pathway"
        message = f"'{weight}' is learned, and {what} uses it; e-prop needs one that adds it to the target neuron."
        raise ModelError("E586", message, place=projection.title, hint=f"such as on_pre='v_post += {weight}'")
    item = users[0]
    assert isinstance(item.task, Deliver)
    _require_usual(item, projection, weight)
    increments = _increments(item.task.body, real_symbol(weight), projection)
    slopes = {name: partial(value, real_symbol(weight)) for name, value in increments.items()}
    changing = _changing(symbolic, projection)
    static = all(_is_static(x, item.names.references, changing) for x in slopes.values())
    return Drive(
        projection.name, item.task.pathway, weight, projection.pre.group, projection.post.group, increments, slopes,
        static, item,
    )  # fmt: skip


def _require_usual(item: Item, projection: Projection, weight: str) -> None:
    """Spikes arrive after one delay, in the slot that a step is differentiated with.

    :raises ModelError: E586.
    """
    assert isinstance(item.task, Deliver)
    pathway = next(p for p in projection.pathways if p.name == item.task.pathway)
    if pathway.side != "pre":
        hint = f"such as on_pre='v_post += {weight}'"
        raise ModelError("E586", f"'{weight}' is learned, but used by on_post.", place=projection.title, hint=hint)
    if pathway.event != "spike":
        message = f"'{weight}' is learned, but the event that it is used for is '{pathway.event}', not a spike."
        raise ModelError("E586", message, place=projection.title)
    if pathway.delay == "each":
        message = f"'{weight}' is learned, but the synapses have delays of their own; e-prop needs one for all."
        raise ModelError("E586", message, place=projection.title, hint="set one time for all, such as S.delay = 2*ms")
    if item.when.slot != "synapses":
        message = f"'{weight}' is learned, but its spikes arrive in the slot '{item.when.slot}'."
        raise ModelError("E586", message, place=projection.title, hint="e-prop needs them in the slot 'synapses'")


def _increments(body: Iterable[Symbolic], weight: sympy.Symbol, projection: Projection) -> dict[str, sympy.Expr]:
    """What is added to each postsynaptic variable, as far as it depends on the weight."""
    locals_: dict[sympy.Symbol, sympy.Expr] = {}
    found: dict[str, sympy.Expr] = {}
    for node in body:
        match node:
            case Set(LocalReference() as reference, value):
                locals_[symbol(canonical(reference), reference.type.dtype)] = value.xreplace(locals_)
            case Add(VariableReference(variable, "post"), value) if weight in value.xreplace(locals_).free_symbols:
                if variable.shared:
                    raise _unfollowed(weight, projection)
                found[variable.name] = found.get(variable.name, sympy.S.Zero) + value.xreplace(locals_)
            case _ if any(_mentions((node,), name) for name in (weight, *_depending(locals_, weight))):
                raise _unfollowed(weight, projection)
            case _:
                pass
    return found


def _depending(locals_: Mapping[sympy.Symbol, sympy.Expr], weight: sympy.Symbol) -> list[sympy.Symbol]:
    return [name for name, value in locals_.items() if weight in value.free_symbols]


def _unfollowed(weight: sympy.Symbol, projection: Projection) -> ModelError:
    message = f"e-prop can follow a learned '{weight}' that is added to a variable of the target neuron, nothing else."
    hint = f"write on_pre='v_post += {weight}', without a branch and without other variables that depend on it"
    return ModelError("E585", message, place=projection.title, hint=hint)


def _mentions(body: Iterable[Symbolic], name: sympy.Symbol) -> bool:
    for node in body:
        match node:
            case Set(reference, value):
                if name in value.free_symbols or canonical(reference) == name.name:
                    return True
            case Add(_, value):
                if name in value.free_symbols:
                    return True
            case Branch(condition, then, orelse):
                if name in condition.free_symbols or _mentions((*then, *orelse), name):
                    return True
            case _:
                pass
    return False


def _require_unchanged(symbolic: SymbolicNetwork, projection: Projection, weight: str) -> None:
    if weight in _changing(symbolic, projection):
        message = f"'{weight}' is learned: no code, equation or rule may change it in a trial."
        hint = "rules may run between batches, with when='after_batch'"
        raise ModelError("E585", message, place=projection.title, hint=hint)
    if any(weight in (n.id for n in names_in(d.expression)) for d in projection.model.differentials.values()):
        message = f"'{weight}' is learned, but stands in an equation of the synapses; e-prop follows weights of spikes."
        raise ModelError("E585", message, place=projection.title, hint=f"write on_pre='v_post += {weight}'")
    sums = (s for s in projection.model.summed if any(n.id == weight for n in names_in(s.expression)))
    if any(sums):
        message = f"'{weight}' is learned, but weighs a sum over synapses; e-prop follows weights of spikes."
        raise ModelError("E585", message, place=projection.title, hint=f"write on_pre='v_post += {weight}'")


def _changing(symbolic: SymbolicNetwork, projection: Projection) -> frozenset[str]:
    """Synaptic variables that change while a network runs."""
    found = set(projection.model.differentials)
    for item in symbolic.items:
        match item.task:
            case Deliver(name, _, _, _, body) | Regulate(name, _, _, body) if name == projection.name:
                found |= _written(body)
            case Integrate(name, _, update) if name == projection.name:
                found |= {variable for variable, _ in update.updates}
            case _:
                pass
    return frozenset(found)


def _written(body: Iterable[Symbolic]) -> set[str]:
    found: set[str] = set()
    for node in body:
        match node:
            case Set(VariableReference() as reference, _) | Add(VariableReference() as reference, _):
                if reference.side == "own":
                    found.add(reference.variable.name)
            case Branch(_, then, orelse):
                found |= _written((*then, *orelse))
            case _:
                pass
    return found


def _is_static(x: sympy.Expr, references: Mapping[str, Named], changing: frozenset[str]) -> bool:
    """Whether an expression has one value in a trial."""
    if any(x.has(kind) for kind in RANDOM.values()):
        return False
    for name in (s.name for s in x.free_symbols):
        match references[name]:
            case VariableReference(variable, "own"):
                if variable.name in changing:
                    return False
            case Constant():
                pass
            case Builtin(what, _, _):
                if what not in ("dt", "i", "j", "N_pre", "N_post", "N"):
                    return False
            case _:
                return False
    return True
