"""The second stage: every text of a network is checked against the names around it, before anything is compiled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from ..grammar import errors
from ..grammar.source import Span
from .batches import check_batch
from .declarations import (
    Declaration,
    End,
    EventRecorder,
    NetworkDeclaration,
    Neurons,
    Pathway,
    Projection,
    PythonCall,
    RateRecorder,
    Regular,
    StateRecorder,
    Structural,
    side_end,
)
from .dimensions import SECOND
from .equations import check_equations
from .infer import expect_boolean, expect_dimension, infer
from .rules import check_rule
from .scope import Scope, Units
from .statements import Context, check_block
from .symbols import Variable
from .unread import warn_of_counters


@dataclass(frozen=True, slots=True)
class CheckedNetwork:
    """A network whose texts make sense. Scopes are made anew for each text, so that locals stay apart."""

    declaration: NetworkDeclaration
    units: Units
    neurons: dict[str, Neurons] = field(default_factory=dict)
    projections: dict[str, Projection] = field(default_factory=dict)

    def scope(self, group: str) -> Scope:
        """Names as the texts of a group of neurons or of a projection see them."""
        if group in self.neurons:
            found = self.neurons[group]
            return Scope(found.model, found.resolver, self.units)
        projection = self.projections[group]
        pre, post = self.scope(projection.pre.group), self.scope(projection.post.group)
        return Scope(projection.model, projection.resolver, self.units, pre, post)

    def running(self, group: str) -> Scope:
        """Names as those texts see them that are part of a run."""
        found = self.scope(group)
        found.running = True
        return found


def check(declaration: NetworkDeclaration, units: Units) -> CheckedNetwork:
    """Check all texts, in the order the objects were made; the first mistake is raised."""
    network = CheckedNetwork(declaration, units, declaration.neurons(), declaration.projections())
    for item in declaration.objects:
        _check(item, network)
        if declaration.batch:
            check_batch(item, network)
    _one_sum_each(declaration.objects)
    return network


def _check(item: Declaration, network: CheckedNetwork) -> None:
    match item:
        case Neurons():
            _neurons(item, network)
        case Projection():
            _projection(item, network)
        case Regular(_, _, group, _, _, code, resolver):
            scope = network.scope(group).fresh(resolver)
            scope.running = not item.setting
            check_block(code.statements, scope, regular_context(item, network))
        case Structural(_, _, projection, rule, resolver):
            scope = network.scope(projection).fresh(resolver)
            check_rule(rule, scope)
            warn_of_counters(rule, scope)
        case StateRecorder(_, _, group, variables):
            for value in variables:
                infer(value, network.scope(group).fresh(item.resolver))
        case EventRecorder(_, _, group, variables=variables):
            for value in variables:
                infer(value, network.scope(group))
        case RateRecorder() | PythonCall():
            pass
        case _:
            assert_never(item)


def regular_context(item: Regular, network: CheckedNetwork) -> Context:
    """What regular code may change."""
    if item.setting:
        return Context.SETTING
    return Context.NEURON if item.group in network.neurons else Context.SYNAPSE


def _neurons(item: Neurons, network: CheckedNetwork) -> None:
    check_equations(item.model, network.running(item.name))
    for name, member in item.model.variables.items():
        if isinstance(member, Variable) and member.linked and name not in item.links:
            raise errors.ModelError(
                "E520",
                f"'{name}' is declared (linked), but nothing is linked to it.",
                place=item.title,
                hint=f"assign '{name} = linked_var(group, 'variable')' to the group before run()",
            )
    for event in item.events:
        expect_boolean(event.condition, network.running(item.name))
    for reaction in item.reactions:
        check_block(reaction.code.statements, network.running(item.name), Context.NEURON)
    if item.refractory is not None:
        scope = network.running(item.name)
        if infer(item.refractory.expression, scope).is_number:
            expect_dimension(item.refractory.expression, scope, SECOND, "refractory")


def _projection(item: Projection, network: CheckedNetwork) -> None:
    check_equations(item.model, network.running(item.name))
    for summed in item.model.summed:
        _summed_target(item, summed.target, summed.side, network.running(item.name), summed.span)
        scope = network.running(item.name)
        side = scope.at(summed.side).own.variables[summed.target]
        expect_dimension(summed.expression, scope, side.type.dimension, f"what is summed into '{summed.target}'")
    for pathway in item.pathways:
        _pathway(pathway, network.running(item.name))


def _summed_target(item: Projection, name: str, side: str, scope: Scope, span: Span) -> None:
    target = scope.at("pre" if side == "pre" else "post").own.variables.get(name)
    if not isinstance(target, Variable) or target.kind != "parameter" or target.linked or target.constant:
        message = f"'{name}_{side}' must be a parameter of the {side}synaptic neurons, which this sum then owns."
        hint = f"declare '{name} : <unit>' in their model"
        if isinstance(target, Variable):
            flag = "linked" if target.linked else "constant"
            hint = (
                f"remove its flag ({flag})"
                if target.kind == "parameter"
                else f"write '{name} : <unit>' instead of its equation"
            )
        raise errors.ModelError("E521", message, span, hint)


def _one_sum_each(objects: tuple[Declaration, ...]) -> None:
    """No two sums own the same variable of the same neurons."""
    owned: list[tuple[End, str, Projection]] = []
    for item in (d for d in objects if isinstance(d, Projection)):
        for summed in item.model.summed:
            end = side_end(item, summed.side)
            for other, name, projection in owned:
                shared = other.group == end.group and other.start < end.stop and end.start < other.stop
                if shared and name == summed.target:
                    message = f"'{name}_{summed.side}' is owned by a sum of {projection.title} already."
                    hint = "give the neurons a parameter for each sum, and add them up in their model"
                    raise errors.ModelError("E522", message, summed.span, hint)
            owned.append((end, summed.target, item))


def _pathway(pathway: Pathway, scope: Scope) -> None:
    check_block(pathway.code.statements, scope, Context.SYNAPSE)
