"""Code that runs at once: ``G.v = 'rand()*mV'``, ``G.v['x > 2']``, ``S.connect(...)``.

It is compiled as a program of one task, by the same stages as a network, so an expression means the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from . import batches, seeds
from .base import NetworkObject
from .binding import Binding
from .grammar import ast
from .grammar.source import Source, Span
from .model.check import CheckedNetwork
from .model.declarations import Declaration, NetworkDeclaration, Regular, StateRecorder, Structural, When
from .model.reach import NEW_PAIR, Reach
from .model.scope import Scope
from .model.symbols import Variable
from .namespaces import Namespace, caller, resolvers_of, units
from .prepared import Prepared, prepare, prepared_statement
from .runtime.bind import Timing
from .runtime.ragged import Ragged
from .runtime.recording import Recording
from .runtime.store import Store

_TASK = "statement"
_WHEN = When("start", 0, "now")


def evaluate(owner: Any, text: str, indices: Any, title: str) -> npt.NDArray[Any]:
    """Values of an expression for elements ``indices`` of a group or of synapses (all where None), shape (n,).

    In a batch the shape is (copies, n).
    """
    from .grammar.parser import parse_expression

    node = parse_expression(Source(text, title))
    return evaluate_expressions(owner, (node,), indices, _namespace(owner))[0]


def evaluate_expressions(
    owner: Any, nodes: tuple[ast.Expression, ...], indices: Any, namespace: Namespace, trial: Trial | None = None
) -> tuple[npt.NDArray[Any], ...]:
    """Values of several expressions; ``trial`` replaces the synapses by pairs to be tried out.

    In a batch, values have a first axis for its networks; of pairs that are tried out there is one value.
    """
    from .model.infer import infer

    group, start = _group_of(owner)
    if trial is not None:
        check_trial(group, nodes, namespace, trial.reach, trial.variables)
    declarations = trial.declare(surroundings(group)) if trial is not None else declare(surroundings(group))
    recorder = StateRecorder(_TASK, group.title, group.name, nodes, _WHEN, namespace, start)
    network = NetworkDeclaration((recorder,), declarations, batch=group.store.copies > 1)
    copies = 1 if trial is not None else group.store.copies
    recordings = [_recording(owner, group, start, indices, len(nodes), trial) for _ in range(copies)]
    _run(network, group, namespace, recordings, trial)
    scope = (
        CheckedNetwork(network, units(), network.neurons(), network.projections()).scope(group.name).fresh(namespace)
    )
    kinds = [infer(node, scope).dtype.value for node in nodes]
    as_type = {"real": np.float64, "integer": np.int64, "boolean": np.bool_}
    found = [np.stack([part.values(k).reshape(-1) for part in recordings]) for k in range(len(nodes))]
    return tuple((x if copies > 1 else x[0]).astype(as_type[kind]) for x, kind in zip(found, kinds, strict=True))


def scope_of(group: Any, namespace: Namespace) -> Scope:
    """The names that a text of a group sees."""
    return _around(group).scope(group.name).fresh(namespace)


def _around(group: Any) -> CheckedNetwork:
    network = NetworkDeclaration((), declare(surroundings(group)))
    return CheckedNetwork(network, units(), network.neurons(), network.projections())


def check_condition(owner: Any, text: str, title: str) -> None:
    """Require that a text is true or false, before it is compiled.

    :raises TypeError: E402.
    """
    from .grammar.parser import parse_expression
    from .model.infer import expect_boolean

    expect_boolean(parse_expression(Source(text, title)), scope_of(_group_of(owner)[0], _namespace(owner)))


def check_trial(
    synapses: Any, nodes: Iterable[ast.Expression], namespace: Namespace, reach: Reach, variables: Iterable[str] = ()
) -> None:
    """Require that texts about pairs that are tried out ask for nothing that these do not have.

    :raises StructureError: E605, a synaptic variable; E606, a variable of the other neuron.
    :raises ModelError: E574, a variable of which each network of a batch has its own.
    """
    from .model.batches import check_common
    from .model.reach import check_expression
    from .model.types import INTEGER

    scope = scope_of(synapses, namespace)
    scope.locals.update(dict.fromkeys(variables, INTEGER))
    for node in nodes:
        check_expression(node, scope, reach)
        if synapses.store.copies > 1:
            check_common((), (node,), scope, _around(synapses))


def assign(owner: Any, variable: str, operator: str, text: str, indices: Any, title: str) -> None:
    """Run ``variable operator text`` for elements ``indices`` of a group or of synapses (all where None).

    In a batch each network that has a value of its own runs it, with the same random numbers.
    """
    from .grammar.parser import parse_expression

    group, start = _group_of(owner)
    node = parse_expression(Source(text, title))
    name = ast.Name(variable, Span(Source(variable, title), 0, len(variable)))
    block = ast.Block((ast.Assign(name, operator, node, node.span),), node.span.source)  # type: ignore[arg-type]
    namespace = _namespace(owner)
    shared = group.state_variables()[variable].shared
    regular = Regular(
        _TASK, title, group.name, start, start + 1, block, namespace, _WHEN, chosen=not shared, setting=True
    )
    network = NetworkDeclaration((regular,), declare(surroundings(group)), batch=group.store.copies > 1)
    copies = range(group.state_copies(variable))
    _run(network, group, namespace, [_recording(owner, group, start, indices, 0, None) for _ in copies], None)


def staged_pairs(
    synapses: Any, rule: ast.Rule, namespace: Namespace
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """The pairs for which a rule of one pass asks for a synapse, in the order of (i, j); nothing is changed."""
    hidden = [("lastupdate", np.int32)] if synapses.model.event_driven() else []  # created synapses are stamped
    trial = Ragged(len(synapses.source_group), len(synapses.target_group), hidden, multi=True)
    structural = Structural(_TASK, synapses.title, synapses.name, rule, namespace, _WHEN)
    network = NetworkDeclaration((structural,), declare(surroundings(synapses)), batch=synapses.store.copies > 1)
    _run(network, synapses, namespace, [], Trial(trial, ()))
    return trial.i, trial.j


class Trial:
    """Pairs of neurons that texts of synapses are tried out on, with integer variables of their own by name."""

    def __init__(self, ragged: Ragged, variables: Iterable[str], reach: Reach = NEW_PAIR) -> None:
        self.ragged, self.variables, self.reach = ragged, tuple(variables), reach

    @classmethod
    def of(
        cls, synapses: Any, i: npt.ArrayLike, j: npt.ArrayLike, reach: Reach = NEW_PAIR, /, **variables: npt.ArrayLike
    ) -> Trial:
        """Try pairs (i[k], j[k]), as far as ``reach`` tells; each variable has a value for each of them."""
        columns = [(name, np.int32) for name in variables]
        ragged = Ragged(len(synapses.source_group), len(synapses.target_group), columns, multi=True)
        ragged.append(i, j)
        for name, values in variables.items():
            ragged.set(name, values)
        return cls(ragged, variables, reach)

    def declare(self, objects: Iterable[NetworkObject]) -> tuple[Declaration, ...]:
        """The declarations of the objects, the projection with the variables of the trial."""
        from dataclasses import replace

        from .model.declarations import Projection
        from .model.types import INTEGER

        found = []
        for item in declare(objects):
            if isinstance(item, Projection):
                extra = {n: Variable(n, item.name, INTEGER, "parameter") for n in self.variables}
                item = replace(item, model=replace(item.model, variables={**item.model.variables, **extra}))
            found.append(item)
        return tuple(found)


# ---- running --------------------------------------------------------------------------------------------------------


def _group_of(owner: Any) -> tuple[Any, int]:
    """The group that a text speaks of, and the first of its neurons that are meant."""
    return _whole(owner), owner.extent()[1]


def _whole(owner: Any) -> Any:
    """The group itself, or the one that a subgroup is a part of."""
    return vars(owner).get("parent", owner)


def _namespace(owner: Any) -> Namespace:
    group, _ = _group_of(owner)
    return Namespace(group.name, group.namespace, caller())


def surroundings(group: Any) -> tuple[NetworkObject, ...]:
    """A group with all that its texts may refer to: the neurons at both sides, and what they are linked to."""
    found: dict[NetworkObject, None] = {}
    waiting = list(_ends(group))
    while waiting:
        item = waiting.pop()
        if item in found:
            continue
        found[item] = None
        if "source_group" in vars(item):  # synapses, whose degrees neurons are linked to
            waiting += _ends(item)
        else:
            sources = (item.link_source(name) for name in item.model.variables)
            waiting += [source.group for source in sources if source is not None]
    return (*sorted(found, key=lambda item: item.name), *(() if group in found else (group,)))


def _ends(group: Any) -> tuple[Any, ...]:
    """The neurons at both sides of synapses; a group of neurons itself."""
    return (_whole(group.source_group), _whole(group.target_group)) if "source_group" in vars(group) else (group,)


def declare(objects: Iterable[NetworkObject]) -> tuple[Declaration, ...]:
    """What the compiler needs to know of these objects."""
    return tuple(d for item in objects for d in item.declare())


def _recording(owner: Any, group: Any, start: int, indices: Any, columns: int, trial: Trial | None) -> Recording:
    """The elements that a text runs for."""
    ragged = trial.ragged if trial is not None else getattr(group, "ragged", None)
    if ragged is None:
        chosen = np.arange(len(owner)) if indices is None else np.asarray(indices)
        return Recording(columns, index=chosen + start, real=group.store.real)
    slots = ragged.order() if indices is None else ragged.order()[indices]
    rows, serial = ragged.fixed("pre")[slots], ragged.fixed("serial")[slots]
    return Recording(columns, index=rows, serial=serial, slot=slots, real=group.store.real)


def _run(
    network: NetworkDeclaration, group: Any, namespace: Namespace, recordings: list[Recording], trial: Trial | None
) -> None:
    """Compile and run one step of a program of one task, on as many networks of a batch as there are recordings."""
    if hasattr(group, "traces"):
        group.traces.write_back()
    objects = {item.name: item for item in surroundings(group)}
    for item in objects.values():
        item.set_precision(group.store.real)  # one may come from a network of another precision
    namespaces = resolvers_of(network.context)
    namespaces[_TASK] = namespace
    session = prepared_statement(network, group.store.real, namespaces).session
    clocks = {item.clock.name: item.clock for item in objects.values()}
    binding = Binding(
        objects,
        namespaces,
        {name: clock.step for name, clock in clocks.items()},
        group.store.real,
        {group.name: trial.ragged} if trial is not None else None,
    )
    own = group.clock
    timing = Timing(
        own.dt_, dict.fromkeys((*clocks, "now"), 1), {**{n: c.dt_ for n, c in clocks.items()}, "now": own.dt_}
    )
    key = _next_key(session.program)  # tells the draws of statements apart, whenever they run
    if group.store.copies > 1 and trial is None and hasattr(group, "ragged"):
        batches.reduce(group, session.program)
    for copy in range(max(1, len(recordings))):
        state = binding.of_copy(copy, {_TASK: recordings[copy]} if recordings else None)
        outcome = session.run(state, timing, own.step, own.step + 1, key, threads=1, origin=own.step, copy=copy)
        check_outcome(outcome, session.program, group.title)


def run_rule(rule: Any) -> None:
    """Run a `StructuralPlasticity` once on the network as it is, with random numbers of its own.

    The program is kept with the rule, and used again while texts and kinds of names stay what they were.
    """
    synapses = rule.synapses
    objects = {item.name: item for item in surroundings(synapses)}
    prepared, namespaces = prepare_rule(rule)
    clocks = {item.clock.name: item.clock for item in (*objects.values(), rule)}
    now, tick = synapses.ticks, synapses.tick
    period = round(rule.clock.dt_ / tick)
    if not period or now % period or abs(period * tick - rule.clock.dt_) > 1e-6 * tick:
        period = 1  # between two steps of the rule: time is right, dt is that of a tick
    dts = {name: clock.dt_ for name, clock in clocks.items()} | {rule.clock.name: period * tick}
    timing = Timing(tick, dict.fromkeys(clocks, 1) | {rule.clock.name: period}, dts)
    steps = {name: clock.step for name, clock in clocks.items()}
    binding = Binding({**objects, rule.name: rule}, namespaces, steps, synapses.store.real)
    program, mark = prepared.session.program, synapses.ragged.fields.next_serial
    shared: list[tuple[Store, str]] = []
    if synapses.store.copies > 1:
        batches.reduce(synapses, program)
        shared = batches.accounts(objects, program)
    outcome = prepared.session.run(binding, timing, now, now + 1, _next_key(program), threads=1, origin=now)
    check_outcome(outcome, program, rule.title)
    if synapses.store.copies > 1:
        batches.spread(synapses, rule.text, mark, shared)


def prepare_rule(rule: Any) -> tuple[Prepared, dict[str, Namespace]]:
    """The program of a `StructuralPlasticity` that runs at once, and the namespaces of its texts.

    :raises EqsnnError: whatever is wrong with the rule.
    """
    synapses, declaration = rule.synapses, rule.declaration()
    around = declare(surroundings(synapses))
    network = NetworkDeclaration((declaration,), around, batch=synapses.store.copies > 1)
    namespaces = resolvers_of(network.context)
    namespaces[rule.name] = declaration.resolver
    if rule.prepared is None or not rule.prepared.fits(network, synapses.store.real, namespaces):
        rule.prepared = prepare(network, synapses.store.real, namespaces, "rule")
    return rule.prepared, namespaces


def _next_key(program: Any) -> int:
    """The key of the random numbers of a statement."""
    stream = seeds.next_stream() + 1 if program.draws else 0
    return (seeds.current_seed() * 0x9E3779B97F4A7C15 + stream * 0xD1B54A32D192ED03) & (2**64 - 1)


def check_outcome(outcome: Any, program: Any, title: str) -> None:
    """Raise what stopped a run.

    :raises RunError: E903, memory ran out; E904, too many synapses.
    """
    from .grammar.errors import RunError
    from .runtime.context import FAULT_MEMORY, FAULT_TOO_MANY

    if outcome.fault == FAULT_MEMORY:
        raise RunError(
            "E903",
            f"memory ran out in '{program.labels[outcome.action]}'.",
            place=title,
            hint="record less, or build a smaller network; the synapses are as they were before the change that failed",
        )
    if outcome.fault == FAULT_TOO_MANY:
        raise RunError("E904", "a projection cannot hold more than 2**31 synapses.", place=title)
