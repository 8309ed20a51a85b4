"""Structural rules: each pass is a kernel that reads the network as it was, then what it staged is carried out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from eqsnn.model.scope import canonical
from eqsnn.symbolic.blocks import Add, Branch, Created, Removed, Set, Symbolic
from eqsnn.symbolic.model import Item, Rewire, RulePass
from eqsnn.symbolic.system import StateUpdate

from ..from_sympy import convert
from ..ir import (
    DOUBLE,
    INCREMENTS,
    INT,
    LONG,
    Accumulate,
    Action,
    AddUp,
    Apply,
    Argument,
    Array,
    Cast,
    Domain,
    Elements,
    If,
    Kernel,
    Let,
    Literal,
    Load,
    Matching,
    Pairs,
    PairSample,
    Remove,
    Reserve,
    Run,
    Statement,
    Store,
    Synapses,
    Zero,
)
from ..passes.traverse import expressions
from ..passes.traverse import statements as statements_in
from .access import TICK, S, Surroundings, counter_array
from .before import Before
from .body import Body, elapsed, last_update
from .synapses import is_ordered, stages_changes


def lower_rewire(item: Item, task: Rewire, network: Surroundings, site: int) -> tuple[Action, ...]:
    """All passes of a rule; counters start at zero."""
    actions: list[Action] = [
        Zero(counter_array(item.owner, counter), 0, None, item.when.clock) for counter in task.counters
    ]
    for number, node in enumerate(task.passes):
        before = Before(item, network, task.projection, node, f"_pass{number}", site, actions)
        before.reduce()
        limits = before.limits()
        kernel = _lower_pass(before, node, number, limits)
        actions += _run(kernel, item.owner, task.projection)
    return tuple(actions)


def _lower_pass(before: Before, node: RulePass, number: int, limits: dict[int, Array | None]) -> Kernel:
    item, network, projection = before.item, before.network, before.projection
    body = before.body()
    body.limits = limits
    domain, outer = _visit(before, body, node)
    if isinstance(domain, Elements):  # the one neuron that such a pass has is `i` of its loop
        body.access = replace(body.access, element=node.visit.kind)  # type: ignore[arg-type]
    stamp: tuple[Statement, ...] = ()
    if node.between is not None and not isinstance(domain, Elements):
        stamp = _bring_up_to_date(body, node.between, node.body, projection)
    body.run(node.body)
    statements = (*body.store(), *stamp)
    if isinstance(domain, Elements) and accumulated(statements):
        domain = replace(domain, vector=False)
    ordered = isinstance(domain, Synapses) and is_ordered("pre", statements, network.projections[projection])
    return Kernel(f"{item.owner}_pass{number}", item.when.clock, domain, statements, outer=outer, ordered=ordered)


def _run(kernel: Kernel, owner: str, projection: str) -> Iterator[Action]:
    """The kernel, and what it has staged.

    What it adds to arrays that it also reads is put aside until it ends, for it reads a snapshot. So is what it adds to
    variables of neurons, if it changes the network: should there be no memory for the changes, nothing has happened.
    """
    stages = stages_changes(kernel.body)
    statements = (*kernel.outer, *kernel.body)
    read = {x.array for x in expressions(statements) if isinstance(x, Load)}
    apart = {a for a in accumulated(kernel.body) if a in read or (stages and not a.name.startswith(f"{owner}."))}
    aside = {array: replace(array, name=array.name + INCREMENTS) for array in sorted(apart, key=lambda a: a.name)}
    yield from (Zero(increments, 0, None, kernel.clock) for increments in aside.values())
    if stages and any(isinstance(node, Store) for node in statements_in(kernel.body)):
        removals = [node for node in statements_in(kernel.body) if isinstance(node, Remove)]
        yield Reserve(projection, kernel.clock, len(removals), sum(node.limit is not None for node in removals))
    yield Run(replace(kernel, body=_redirected(kernel.body, aside)))
    if stages or isinstance(kernel.domain, PairSample):
        yield Apply(projection, kernel.clock, Array(f"{owner}._changes", LONG))
    yield from (AddUp(array, increments, kernel.clock) for array, increments in aside.items())


def accumulated(body: tuple[Statement, ...]) -> set[Array]:
    """Arrays that elements add to: common places."""
    return {node.array for node in statements_in(body) if isinstance(node, Accumulate)}


def _redirected(body: tuple[Statement, ...], to: Mapping[Array, Array]) -> tuple[Statement, ...]:
    """The same statements, accumulating elsewhere."""
    result: list[Statement] = []
    for node in body:
        match node:
            case Accumulate(array, index, value, operator):
                result.append(Accumulate(to.get(array, array), index, value, operator))
            case If(condition, then, orelse):
                result.append(If(condition, _redirected(then, to), _redirected(orelse, to)))
            case _:
                result.append(node)
    return tuple(result)


def _bring_up_to_date(
    body: Body, between: StateUpdate, code: tuple[Symbolic, ...], projection: str
) -> tuple[Statement, ...]:
    """Event-driven variables are as of the last event: solve them where read, or all of them where one is written."""
    names = {name for name, _ in between.updates}
    if _sets_event_driven(code, names):
        body.update(between, elapsed(projection))
        return (Store(last_update(projection), S, Cast(TICK, INT)),)
    body.between(between)
    return ()


def _needs_slot(node: RulePass) -> bool:
    """Whether a pass over pairs must know the synapse of each: it asks for it, removes it, or creates one."""
    if node.visit.unconnected:
        return False
    return _mentions(node.body)


def _mentions(statements: tuple[Symbolic, ...]) -> bool:
    for node in statements:
        match node:
            case Removed():
                return True
            case Branch(condition, then, orelse):
                if "connected" in {s.name for s in condition.free_symbols} or _mentions(then + orelse):
                    return True
            case Set(_, value) | Add(_, value):
                if "connected" in {s.name for s in value.free_symbols}:
                    return True
            case Created(values, _):
                if any("connected" in {s.name for s in value.free_symbols} for _, value in values):
                    return True
            case _:
                pass
    return False


def _sets_event_driven(statements: tuple[Symbolic, ...], names: set[str]) -> bool:
    """Whether code writes a variable that is solved between events: then all of them must be brought up to date."""
    return any(
        canonical(s.reference) in names if isinstance(s, Set)
        else isinstance(s, Branch) and _sets_event_driven(s.then + s.orelse, names)
        for s in statements
    )  # fmt: skip


def _visit(before: Before, body: Body, node: RulePass) -> tuple[Domain, tuple[Let, ...]]:
    """Domain of a pass, and what is computed once for each neuron of the side it samples for."""
    visit, projection, lookup = node.visit, before.projection, _needs_slot(node)
    match visit.kind:
        case "synapses":
            return Synapses(projection), ()
        case "pre" | "post":
            return Elements(Literal(0, INT), Argument(f"{projection}.N_{visit.kind}", INT)), ()
        case "pairs":
            return Pairs(projection, lookup), ()
        case "match":
            assert visit.offers is not None
            offers = before.number("offers", visit.offers[0], "pre")
            wants = before.number("wants", visit.offers[1], "post")
            return Matching(projection, offers, wants, before.site + visit.site, lookup), ()
    assert visit.count is not None
    count = convert(body.expression(visit.count), DOUBLE)
    outer = tuple(let for let in body.statements if isinstance(let, Let))
    body.statements.clear()
    body.bound.clear()
    return PairSample(projection, count, visit.per, visit.unconnected, before.site + visit.site, lookup), outer
