"""A network with learned weights, differentiated: the networks that training runs, forward and backward."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import sympy

from ...grammar import ast
from ...grammar.errors import ModelError
from ...model.check import CheckedNetwork
from ...model.declarations import When
from ...model.symbols import Remembered, Variable, VariableReference
from ...model.types import REAL
from ..model import Feedback, Item, Names, SymbolicNetwork, Weigh
from ..system import real_symbol
from .backward import adjoint, arriving, backward, error, readout_adjoint, sweep
from .forward import ELIGIBILITY, keep_output, keeps, note_errors, trace, trace_items, traced
from .neurons import Linearised, linearise
from .synapses import Drive, drives

Through = Literal["adaptation", "nothing", "everything"]


@dataclass(frozen=True, slots=True)
class Request:
    """What training asks for.

    ``learned`` gives the weight of each learned projection, ``output`` a group and its variables,
    ``pseudo_derivatives`` an expression for each group that spikes. ``through`` says which variables' reset is
    differentiated through the spike: ``'adaptation'``, those that synapses do not drive, as published; ``feedback``
    whether errors come back by the weights themselves, by numbers of their own at each synapse, or by a matrix for
    each group.
    """

    learned: Mapping[str, str]
    output: str
    variables: tuple[str, ...]
    pseudo_derivatives: Mapping[str, ast.Expression]
    through: Through = "adaptation"
    feedback: Literal["weights", "synapses", "matrix"] = "weights"
    rate: bool = False


@dataclass(frozen=True, slots=True)
class Derivation:
    """Networks of one trial: ``forward`` keeps what ``backward`` needs; ``traces`` runs forward with traces of each
    synapse, given the ``signals`` that were kept on the way back; ``weigh`` fills the matrices of feedback. ``output``
    names the variables that are judged.
    """

    forward: SymbolicNetwork
    backward: SymbolicNetwork
    signals: SymbolicNetwork
    traces: SymbolicNetwork
    weigh: SymbolicNetwork
    output: tuple[str, ...]
    groups: Mapping[str, Linearised]
    through: Mapping[str, tuple[str, ...]]
    drives: tuple[Drive, ...]
    static: bool

    def moving(self) -> str:
        """The projections whose slopes change in a trial, in words."""
        return ", ".join(f"'{drive.projection}'" for drive in self.drives if not drive.static)

    def trace_names(self) -> dict[str, tuple[str, ...]]:
        """The variables of each synapse that ``traces`` works on, by projection."""
        found = {}
        for drive in self.drives:
            group = self.groups[drive.post]
            names = [trace(name).name for name in group.names]
            found[drive.projection] = (*names, ELIGIBILITY.name) if group.spikes else tuple(names)
        return found


def derive(network: CheckedNetwork, symbolic: SymbolicNetwork, request: Request) -> Derivation:
    """Differentiate a network.

    :raises ModelError: E580-E589, what e-prop cannot follow. :raises DimensionError: E226.
    """
    found = tuple(drives(symbolic, network.projections[name], weight) for name, weight in request.learned.items())
    clock = _one_clock(network, found)
    groups = _groups(network, symbolic, found, request)
    readout = groups[request.output]
    hidden = {name: group for name, group in groups.items() if name != request.output}
    through = {name: _through(group, _driven(found, name), request.through) for name, group in hidden.items()}
    sources = {name: _sources(network, name, found, request) for name in hidden}
    back = _readout(readout, found, request)
    steps = {
        name: sweep(group, adjoint(group, _driven(found, name), through[name], request.rate), "adjoint")
        for name, group in hidden.items()
    }
    triples = [(group, steps[name], sources[name]) for name, group in hidden.items()]
    kept = [item for name, group in hidden.items() for item in keeps(group, _symbols(steps[name]), request.rate)]
    kept += keeps(readout, _symbols(back), False)
    kept.append(keep_output(readout, request.variables))
    forward = _with(symbolic, network, kept)
    carried = [note_errors(readout, request.variables)]
    for name, group in groups.items():
        carried += _traces(group, found, through.get(name, ()), request)
    return Derivation(
        forward,
        backward(symbolic, back, triples, found, clock, keep_signals=False),
        backward(symbolic, back, triples, found, clock, keep_signals=True),
        _with(_traced(symbolic, found), network, [*kept, *carried]),
        SymbolicNetwork(tuple(_weighed(sources, found, request, clock)), {}),
        request.variables, groups, through, found, all(drive.static for drive in found),
    )  # fmt: skip


def _with(symbolic: SymbolicNetwork, network: CheckedNetwork, items: Iterable[Item]) -> SymbolicNetwork:
    """The network with further tasks, each at its place in a step."""
    schedule = network.declaration.schedule
    return replace(symbolic, items=tuple(sorted((*symbolic.items, *items), key=lambda i: i.when.key(schedule))))


def _traced(symbolic: SymbolicNetwork, found: Iterable[Drive]) -> SymbolicNetwork:
    """The network, in which spikes of learned synapses add to their traces."""
    drives = {id(drive.item): traced(drive) for drive in found}
    return replace(symbolic, items=tuple(drives.get(id(item), item) for item in symbolic.items))


def _symbols(step: Item) -> frozenset[sympy.Symbol]:
    return frozenset(real_symbol(n) if r.type.is_number else sympy.Symbol(n) for n, r in step.names.references.items())


def _one_clock(network: CheckedNetwork, found: Iterable[Drive]) -> str:
    """The clock of all that is trained.

    :raises ModelError: E587, there are several.
    """
    names = {network.neurons[g].when.clock: network.neurons[g].title for d in found for g in (d.pre, d.post)}
    if len(names) > 1:
        message = f"{' and '.join(sorted(names.values()))} have clocks of their own; a trained network needs one."
        raise ModelError("E587", message, hint="give all groups the same dt")
    return next(iter(names))


def _groups(
    network: CheckedNetwork, symbolic: SymbolicNetwork, found: tuple[Drive, ...], request: Request
) -> dict[str, Linearised]:
    result = {}
    for name in dict.fromkeys((*(d.post for d in found), request.output)):
        psi = request.pseudo_derivatives.get(name)
        result[name] = linearise(network, symbolic, name, _driven(found, name), psi)
    readout = result[request.output]
    if readout.spikes:
        message = "the output of a trained network is a variable of neurons that do not spike."
        hint = "leave out their threshold: the readout integrates what it gets"
        raise ModelError("E588", message, place=readout.title, hint=hint)
    for name, group in result.items():
        if name != request.output and not group.spikes:
            message = "synapses onto these neurons are learned, but they neither spike nor are the output."
            raise ModelError("E588", message, place=group.title)
    return result


def _driven(found: Iterable[Drive], group: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(target for d in found if d.post == group for target in d.slopes))


def _through(group: Linearised, driven: tuple[str, ...], through: Through) -> tuple[str, ...]:
    if through == "nothing":
        return ()
    return tuple(name for name in group.names if through == "everything" or name not in driven)


# ---- errors that come back ------------------------------------------------------------------------------------------


def _sources(network: CheckedNetwork, group: str, found: Iterable[Drive], request: Request) -> tuple[Feedback, ...]:
    """Where the learning signal of a group comes from.

    :raises ModelError: E589, from nowhere.
    """
    if request.feedback == "matrix":
        targets = _driven(found, request.output)
        return tuple(_feedback(request.output, t, f"_feedback_{t}", f"{request.output}._no_delay") for t in targets)
    result = [
        _feedback(request.output, t, _matrix(drive, t), drive.delay_argument)
        for drive in found if drive.pre == group and drive.post == request.output
        for t in drive.increments
    ]  # fmt: skip
    if not result:
        message = "no learned synapses lead from these neurons to the output: no error comes back to them."
        hint = "use feedback='random', or connect them to the output"
        raise ModelError("E589", message, place=network.neurons[group].title, hint=hint)
    return tuple(result)


def _feedback(output: str, target: str, matrix: str, delay: str) -> Feedback:
    return Feedback(output, Remembered(arriving(target).name, output, REAL), matrix, delay)


def _matrix(drive: Drive, target: str) -> str:
    return f"_feedback_{drive.projection}_{target}"


def feedback_weight(weight: str) -> str:
    """The synaptic variable by which errors come back, where that is not the weight."""
    return f"{weight}_feedback"


def _weighed(
    sources: Mapping[str, tuple[Feedback, ...]], found: Iterable[Drive], request: Request, clock: str
) -> Iterable[Item]:
    if request.feedback == "matrix":
        return
    for drive in found:
        if drive.post != request.output or drive.pre not in sources:
            continue
        references = dict(drive.names.references)
        weight = real_symbol(drive.weight)
        if request.feedback == "synapses":
            other = Variable(feedback_weight(drive.weight), drive.projection, REAL, "parameter")
            references[other.name] = VariableReference(other, "own")
            weight = real_symbol(other.name)
        for target, increment in drive.increments.items():
            value = increment.xreplace({real_symbol(drive.weight): weight})
            task = Weigh(drive.projection, drive.pre, _matrix(drive, target), value)
            yield Item("", When("end", 0, clock), task, Names(references, drive.names.arrays, 0))


# ---- the readout, and traces ----------------------------------------------------------------------------------------


def _readout(readout: Linearised, found: Iterable[Drive], request: Request) -> Item:
    driven = _driven(found, request.output)
    update = readout_adjoint(readout, driven, {name: error(name) for name in request.variables})
    return sweep(readout, update, "adjoint", [arriving(name) for name in driven])


def _traces(group: Linearised, found: Iterable[Drive], through: tuple[str, ...], request: Request) -> list[Item]:
    mine = [drive for drive in found if drive.post == group.group]
    return trace_items(group, mine, through, request.rate, request.variables)
