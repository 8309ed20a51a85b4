"""Traces that all synapses of a neuron have in common.

An event-driven variable that only presynaptic events change, and change alike for all synapses of the neuron
(``Apre += dApre``), has one value a neuron, not one a synapse: so has one that only postsynaptic events change. It is
kept with the neurons of that side, decays there at every step, and is changed once for each event instead of once for
each synapse. STDP then costs a read of each trace, where it would cost two exponentials a synapse and event.

    x(t) between events:  x ← solution after dt, at every step of the neurons' clock (`Fade`)
    on an event:          x ← value(x, constants), once (`Mark`), before or after the synapses' own code reads it
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy

from ..model.declarations import Pathway, Projection
from ..model.symbols import Builtin, Constant, Reference, Side, VariableReference
from .blocks import Add, Branch, Created, Removed, Set, Symbolic
from .event_driven import ELAPSED
from .system import StateUpdate


def shared_traces(
    item: Projection,
    between: StateUpdate,
    bodies: Mapping[str, tuple[Symbolic, ...]],
    references: Mapping[str, Reference],
) -> dict[str, Side]:
    """The variables that are one value a neuron, with the side of those neurons.

    ``between`` is the solution between events, ``bodies`` the code of each pathway by name. Nothing else may read or
    write the variables: the caller leaves out those (``item.shareable`` has only candidates).
    """
    clocks = {pathway.when.clock for pathway in item.pathways}
    if len(clocks) != 1 or any(pathway.event != "spike" for pathway in item.pathways):
        return {}
    found: dict[str, Side] = {}
    for name, solution in between.updates:
        if name in item.shareable and _uses(solution, between) <= {name, ELAPSED.name} | _constants(references):
            side = _writer(name, item.pathways, bodies, references)
            if side is not None:
                found[name] = side
    # All or none: a synapse has one time up to which its variables are solved.
    return found if len(found) == len(between.updates) else {}


def _constants(references: Mapping[str, Reference]) -> set[str]:
    return {n for n, r in references.items() if isinstance(r, Constant) or (isinstance(r, Builtin) and r.name == "dt")}


def _uses(x: sympy.Expr, update: StateUpdate) -> set[str]:
    """Names that an expression depends on, through the temporaries of its update."""
    values = {define.symbol.name: define.value for define in update.defines}
    found = _names(x)
    while used := found & set(values):
        found = (found - used).union(*(_names(values[name]) for name in used))
    return found


def _names(x: sympy.Basic) -> set[str]:
    return {symbol.name for symbol in x.free_symbols}


def _writer(
    name: str,
    pathways: Iterable[Pathway],
    bodies: Mapping[str, tuple[Symbolic, ...]],
    references: Mapping[str, Reference],
) -> Side | None:
    """The side whose events alone change a variable, alike for all synapses of a neuron; None where there is none."""
    writers = [p for p in pathways if any(_writes(s, name) for s in bodies[p.name])]
    if len(writers) != 1 or writers[0].delay == "each":
        return None
    body = bodies[writers[0].name]
    places = [k for k, s in enumerate(body) if _writes(s, name)]
    statement = body[places[0]]
    if len(places) != 1 or not isinstance(statement, Set):
        return None  # written twice, or inside a branch
    if not _names(statement.value) <= {name} | _constants(references):
        return None
    before = any(name in reads(s) for s in body[: places[0]])
    after = any(name in reads(s) for s in body[places[0] + 1 :])
    return None if before and after else writers[0].side


def _writes(statement: Symbolic, name: str) -> bool:
    match statement:
        case Set(VariableReference(variable, "own"), _):
            return variable.name == name
        case Branch(_, then, orelse):
            return any(_writes(s, name) for s in then + orelse)
        case _:
            return False


def reads(statement: Symbolic) -> set[str]:
    """Names that a statement reads."""
    match statement:
        case Set(_, value) | Add(_, value):
            return _names(value)
        case Branch(condition, then, orelse):
            return _names(condition).union(*(reads(s) for s in then + orelse))
        case Created(values):
            return set().union(*(_names(value) for _, value in values))
        case Removed():
            return set()


def split(
    body: tuple[Symbolic, ...], names: Iterable[str]
) -> tuple[tuple[Symbolic, ...], tuple[Symbolic, ...], tuple[Symbolic, ...]]:
    """A pathway's code in three parts: what changes traces before the synapses' own code, that code, and after it."""
    wanted = set(names)
    before: list[Symbolic] = []
    own: list[Symbolic] = []
    after: list[Symbolic] = []
    for place, statement in enumerate(body):
        traced = [name for name in wanted if _writes(statement, name)]
        if not traced:
            own.append(statement)
        elif any(traced[0] in reads(s) for s in body[:place]):
            after.append(statement)
        else:
            before.append(statement)
    return tuple(before), tuple(own), tuple(after)
