"""The third stage: checked texts become symbolic tasks, differential equations become updates of one step."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

import sympy

from ..grammar import ast, errors
from ..model.check import CheckedNetwork, regular_context
from ..model.declarations import (
    Declaration,
    EventRecorder,
    Neurons,
    Pathway,
    Projection,
    PythonCall,
    RateRecorder,
    Regular,
    StateRecorder,
    Structural,
    When,
)
from ..model.infer import infer
from ..model.rules import check_rule, context_of
from ..model.scope import Scope
from ..model.statements import Context, check_block, only_shared
from ..model.symbols import (
    Builtin,
    Differential,
    GroupModel,
    Side,
    Variable,
)
from .blocks import Symbolic, convert_block
from .choose import applicable, choose, integrate
from .constants import keeps_its_value
from .convert import Converter
from .event_driven import solve_between_events
from .model import (
    Advance,
    CallPython,
    CountEvents,
    Deliver,
    Detect,
    Fade,
    Integrate,
    Item,
    Mark,
    Names,
    React,
    RecordEvents,
    RecordState,
    Refractory,
    Refresh,
    Regulate,
    Rewire,
    RulePass,
    SumUp,
    SymbolicNetwork,
    Task,
    Visit,
)
from .simplify import simplify
from .system import NotApplicable, OdeSystem, StateUpdate
from .traces import shared_traces, split

log = logging.getLogger("eqsnn")


def build(network: CheckedNetwork) -> SymbolicNetwork:
    """Symbolic tasks of a checked network, sorted into the order of a time step."""
    traces: dict[str, dict[str, Side]] = {}
    items = [
        item for declaration in network.declaration.objects for item in _Builder(network, traces).declare(declaration)
    ]
    refractory = {name: _refractory(n, network) for name, n in network.neurons.items() if n.refractory is not None}
    ordered = sorted(items, key=lambda item: item.when.key(network.declaration.schedule))
    return SymbolicNetwork(tuple(ordered), refractory, traces)


def _refractory(neurons: Neurons, network: CheckedNetwork) -> Refractory:
    assert neurons.refractory is not None
    converter, scope = Converter(), network.scope(neurons.name)
    node = neurons.refractory.expression
    expression = converter.expression(node, scope)
    names = Names(converter.references, converter.arrays, next(converter.sites))
    return Refractory(expression, not infer(node, scope).is_number, names)


@dataclass(slots=True)
class _Builder:
    """Builds the tasks of one declared object."""

    network: CheckedNetwork
    traces: dict[str, dict[str, Side]]
    converter: Converter = field(init=False)

    def __post_init__(self) -> None:
        self.converter = Converter(self.network.declaration.batch)

    def declare(self, item: Declaration) -> Iterable[Item]:
        match item:
            case Neurons():
                yield from self.neurons(item)
            case Projection():
                yield from self.projection(item)
            case Regular():
                yield self.item(item.name, item.when, self.regular(item))
            case Structural():
                yield self.item(item.name, item.when, self.rule(item))
            case StateRecorder():
                yield self.item(item.name, item.when, self.state_recorder(item))
            case EventRecorder():
                values = self.recorded(self.network.scope(item.group), item.variables)
                task = RecordEvents(item.group, item.start, item.stop, item.event, values, item.keep)
                yield self.item(item.name, item.when, task)
            case RateRecorder(name, group, start, stop, when):
                yield self.item(name, when, CountEvents(group, start, stop))
            case PythonCall(name, when):
                yield self.item(name, when, CallPython())
            case _:
                assert_never(item)

    def item(self, owner: str, when: When, task: Task) -> Item:
        """A finished task with the names used in it; the next one starts with none."""
        done, self.converter = self.converter, Converter(self.network.declaration.batch)
        return Item(owner, when, task, Names(done.references, done.arrays, next(done.sites)))

    # ---- neurons ----

    def neurons(self, item: Neurons) -> Iterable[Item]:
        scope = self.network.scope(item.name)
        yield from self.refresh(item)
        if item.model.differentials or item.refractory is not None:
            method, update = self.integrated(item.model.clock_driven(), item.model, item.method, item.title, scope)
            yield self.item(item.name, item.when, Advance(item.name, method, update))
        if item.external:
            yield self.item(item.name, item.when, Detect(item.name, "spike", None))
        for event in item.events:
            condition = self.converter.expression(event.condition, self.network.scope(item.name))
            yield self.item(item.name, event.when, Detect(item.name, event.name, condition))
        for reaction in item.reactions:
            body = self.block(reaction.code.statements, self.network.scope(item.name), Context.NEURON)
            yield self.item(item.name, reaction.when, React(item.name, reaction.event, body))

    def refresh(self, item: Neurons | Projection) -> Iterable[Item]:
        scope = self.network.scope(item.name)
        values = tuple((m.held(), self.converter.expression(m.expression, scope)) for m in item.model.held())
        if values:
            between = self.between(item) if isinstance(item, Projection) else None
            when = When("before_start", 0, item.when.clock)
            yield self.item(item.name, when, Refresh(item.name, values, between))

    def integrated(
        self, names: tuple[str, ...], model: GroupModel, method: str | None, title: str, scope: Scope
    ) -> tuple[str, StateUpdate]:
        """The update of one step, and the method that makes it."""
        if not names:
            return "none", StateUpdate((), ())
        system = self.system(names, model, scope)
        try:
            if method is None:
                method = choose(system)
                log.info("%s: no method given, %r is used", title, method)
            return method, simplify(integrate(system, method), system.constant)
        except NotApplicable as reason:
            raise self.not_applicable(reason, model, title, method, applicable(system)) from None

    def not_applicable(
        self, reason: NotApplicable, model: GroupModel, title: str, method: str | None, others: tuple[str, ...]
    ) -> errors.ModelError:
        """The same reason, under the equation that it speaks of, and the methods that do fit."""
        at = model.differentials.get(reason.variable or "")
        what = f"the method {method!r} does not fit" if method else "no method fits"
        hint = f"methods that fit: {', '.join(others)}" if others else None
        return errors.ModelError("E530", f"{what}: {reason.reason}.", at.span if at else None, hint, title)

    def system(self, names: tuple[str, ...], model: GroupModel, scope: Scope) -> OdeSystem:
        """Right sides in symbolic form, with what is known of their symbols."""
        scope.noise = True
        chosen: list[Differential] = [model.differentials[name] for name in names]
        derivatives = {d.name: self.converter.expression(d.expression, scope) for d in chosen}
        references = self.converter.references
        for name in (*names, "t", "dt"):  # a method may use what the right sides do not name
            found = scope.find(name)
            assert found is not None
            references.setdefault(name, found)
        noise = tuple(sorted(n for n, r in references.items() if isinstance(r, Builtin) and n.split("_")[0] == "xi"))
        frozen = frozenset(d.name for d in chosen if d.unless_refractory)
        constant = frozenset(n for n, r in references.items() if keeps_its_value(r)) | {"dt"}
        scope.noise = False
        return OdeSystem(derivatives, noise, frozen, constant)

    # ---- synapses ----

    def projection(self, item: Projection) -> Iterable[Item]:
        scope = self.network.scope(item.name)
        yield from self.refresh(item)
        for summed in item.model.summed:
            target = scope.at(summed.side).own.variables[summed.target]
            assert isinstance(target, Variable)
            value = self.converter.expression(summed.expression, scope.fresh())
            when = replace(item.when, order=item.when.order - 1)
            yield self.item(item.name, when, SumUp(item.name, summed.side, target, value))
        driven = item.model.clock_driven()
        if driven:
            method, update = self.integrated(driven, item.model, item.method, item.title, scope.fresh())
            yield self.item(item.name, item.when, Integrate(item.name, method, update))
        traces = self.shared(item)
        if traces:
            self.traces[item.name] = traces
            yield from self.fading(item, traces)
        for pathway in item.pathways:
            yield from self.pathway(item, pathway, traces)

    def pathway(self, item: Projection, pathway: Pathway, traces: Mapping[str, Side]) -> Iterable[Item]:
        """A pathway's code; what it does to shared traces is done apart, once for each neuron."""
        mine = [name for name, side in traces.items() if side == pathway.side]
        before, own, after = split(self.code(item, pathway), mine)
        if before:
            self.code(item, pathway)
            yield self.item(item.name, pathway.when, Mark(item.name, pathway.name, pathway.side, before))
        if own:
            self.code(item, pathway)
            deliver = Deliver(item.name, pathway.name, pathway.side, self.between(item, traces), own)
            yield self.item(item.name, pathway.when, deliver)
        if after:
            self.code(item, pathway)
            yield self.item(item.name, pathway.when, Mark(item.name, pathway.name, pathway.side, after))

    def code(self, item: Projection, pathway: Pathway) -> tuple[Symbolic, ...]:
        return self.block(pathway.code.statements, self.network.scope(item.name), Context.SYNAPSE)

    def shared(self, item: Projection) -> dict[str, Side]:
        """Event-driven variables that are one value a neuron (see `traces`)."""
        if not item.shareable or self.looked_at(item):
            return {}
        probe = _Builder(self.network, {})
        between = probe.between(item)
        if between is None:
            return {}
        bodies = {pathway.name: probe.code(item, pathway) for pathway in item.pathways}
        return shared_traces(item, between, bodies, probe.converter.references)

    def looked_at(self, item: Projection) -> bool:
        """Whether others than pathways may read or change the event-driven variables: texts, or Python in the loop."""
        if item.model.clock_driven() or item.model.summed or item.model.held():
            return True
        names = set(item.model.event_driven())
        for other in self.network.declaration.objects:
            if isinstance(other, PythonCall) or (isinstance(other, Structural) and other.projection == item.name):
                return True
            if isinstance(other, Regular) and other.group == item.name:
                return True
            if isinstance(other, StateRecorder) and other.group == item.name:
                probe = _Builder(self.network, {})
                if any(names & {s.name for s in x.free_symbols} for x in probe.state_recorder(other).values):
                    return True
        return False

    def fading(self, item: Projection, traces: Mapping[str, Side]) -> Iterable[Item]:
        """What shared traces do between events, step by step."""
        when = replace(item.when, clock=item.pathways[0].when.clock)
        for side in ("pre", "post"):
            mine = {name for name, other in traces.items() if other == side}
            if mine:
                update = self.between(item, {name: "own" for name in item.model.event_driven() if name not in mine})
                assert update is not None
                yield self.item(item.name, when, Fade(item.name, side, update))

    def between(self, item: Projection, without: Mapping[str, Side] | None = None) -> StateUpdate | None:
        """How event-driven variables change while nothing happens; None where there are none but those left out."""
        names = tuple(name for name in item.model.event_driven() if name not in (without or ()))
        if not names:
            return None
        try:
            system = self.system(names, item.model, self.network.scope(item.name))
            return simplify(solve_between_events(system), system.constant)
        except NotApplicable as reason:
            at = item.model.differentials.get(reason.variable or "")
            raise errors.ModelError(
                "E531",
                f"it cannot be solved between events: {reason.reason}.",
                at.span if at else None,
                "make it (clock-driven), which integrates it at every step",
                item.title,
            ) from None

    # ---- code ----

    def block(self, statements: tuple[ast.Statement, ...], scope: Scope, context: Context) -> tuple[Symbolic, ...]:
        checked = check_block(statements, scope, context)
        element = {Context.RULE_PRE: "pre", Context.RULE_POST: "post"}.get(context, "own")
        return convert_block(checked, scope, self.converter, element)  # type: ignore[arg-type]

    def regular(self, item: Regular) -> Regulate:
        scope = self.network.scope(item.group).fresh(item.resolver)
        body = self.block(item.code.statements, scope, regular_context(item, self.network))
        shared = not item.chosen and only_shared(item.code.statements, scope)
        return Regulate(item.group, item.start, item.stop, body, shared, item.chosen)

    def rule(self, item: Structural) -> Rewire:
        scope = self.network.scope(item.projection).fresh(item.resolver)
        counters = check_rule(item.rule, scope)
        passes = tuple(self.rule_pass(node, scope, item.projection) for node in item.rule.passes)
        return Rewire(item.projection, passes, tuple(counters.values()))

    def rule_pass(self, node: ast.Pass, scope: Scope, projection: str) -> RulePass:
        self.converter.reductions.clear()  # those of the pass before are of another network
        scope.locals.clear()
        scope.pairs = False
        visit = self.visit(node.head, scope)
        scope.pairs = visit.kind in ("pairs", "sample", "match")
        context = context_of(node.head)
        body = self.block(node.body, scope, context)
        reductions = tuple(self.converter.reductions)
        between = None
        if reductions or context in (Context.RULE_SYNAPSE, Context.RULE_PAIR):
            between = self.between(self.network.projections[projection])
        return RulePass(visit, between, body, reductions)

    def visit(self, head: ast.Head, scope: Scope) -> Visit:
        match head:
            case ast.EachSynapse():
                return Visit("synapses")
            case ast.EachNeuron(side, _):
                return Visit(side)
            case ast.EachPair(ast.Sample(count, per, unconnected, _), _):
                number = self.converter.expression(count, scope)
                return Visit("sample", number, None, per, unconnected, next(self.converter.sites))
            case ast.EachPair(ast.Match(pre, post, _), _):
                offers = self.converter.expression(pre, scope), self.converter.expression(post, scope)
                return Visit("match", offers=offers, site=next(self.converter.sites))
            case _:
                return Visit("pairs")

    def state_recorder(self, item: StateRecorder) -> RecordState:
        scope = self.network.scope(item.group).fresh(item.resolver)
        return RecordState(item.group, self.recorded(scope, item.variables), item.start)

    def recorded(self, scope: Scope, variables: tuple[ast.Expression, ...]) -> tuple[sympy.Expr, ...]:
        return tuple(self.converter.expression(value, scope) for value in variables)
