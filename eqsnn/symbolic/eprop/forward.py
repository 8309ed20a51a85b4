"""What a trial keeps on its way forward, and the traces that do there what the adjoint does on the way back.

The eligibility vector of a synapse i → j, and the traces of Bellec et al. (2020):

    ε⁻ = J ε + q e            J = F' R', q = F' (R - h°) of the reset that is differentiated through the spike
    e  = ψ · ε⁻               eligibility trace
    G += M e                  M the learning signal of the step
    ε  = ε⁻ + ∂u/∂w z_i       when a spike arrives

Work and memory for every synapse at every step: the plain reference, and what is left where slopes change in a trial.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import sympy

from ...model.declarations import When
from ...model.scope import CLOCK
from ...model.symbols import Builtin, Constant, LocalReference, Named, Remembered, VariableReference
from ...model.types import BOOLEAN, REAL
from ..blocks import Add, Set, Symbolic
from ..derivatives import partial
from ..functions import AsInteger, Exp, Where
from ..model import Deliver, Integrate, Item, Names, Sweep
from ..simplify import simplify
from ..system import DT, NOT_REFRACTORY, StateUpdate, real_symbol
from .backward import FIRED, RATE, RATE_STRENGTH, RATE_TARGET, SIGNAL, error, gradient_name, own
from .neurons import ACTIVE, Linearised, before, met, now
from .synapses import Drive

_FIRST, _LAST = -(2**30), 2**30  # orders in a slot: before and after all that users have there
FLAGS = sympy.Symbol("spike_flags")
RATE_NOW, RATE_TAU = real_symbol("_rate"), real_symbol("_rate_tau")


# ---- what a trial keeps ---------------------------------------------------------------------------------------------


def keeps(neurons: Linearised, used: Iterable[sympy.Symbol], rate: bool) -> list[Item]:
    """Tasks that keep the values a step back needs, at the places of the step where they hold."""
    wanted = set(used)
    items = []
    for place, slot, order in ((before, "groups", _FIRST), (now, "after_groups", _LAST), (met, "before_resets", _LAST)):
        kept = {place(name): real_symbol(name) for name in neurons.names if place(name) in wanted}
        if place is now and ACTIVE in wanted:
            kept[ACTIVE] = NOT_REFRACTORY
        if kept:
            items.append(_keep(neurons, slot, order, kept))
    return [*items, _rate(neurons)] if rate else items


def keep_output(neurons: Linearised, variables: Iterable[str]) -> Item:
    """Keep output variables as each step leaves them."""
    kept = {real_symbol(f"_{name}_output"): real_symbol(name) for name in variables}
    return _keep(neurons, "after_end", _LAST, kept)


def _keep(neurons: Linearised, slot: str, order: int, kept: Mapping[sympy.Symbol, sympy.Symbol]) -> Item:
    references: dict[str, Named] = {v.name: VariableReference(v, "own") for v in neurons.state}
    references[NOT_REFRACTORY.name] = Builtin("not_refractory", "own", BOOLEAN)
    remembered = tuple(
        (Remembered(name.name, neurons.group, REAL if name.is_real else BOOLEAN), value) for name, value in kept.items()
    )
    task = Sweep(neurons.group, slot, StateUpdate((), ()), remembered)
    return Item("", When(slot, order, neurons.clock), task, Names(references, {}, 0))


def _rate(neurons: Linearised) -> Item:
    """The firing rate of late, in Hz: filtered spikes, r ← a r + (1 - a) z/dt with a = exp(-dt/τ)."""
    decay = Exp(-DT / RATE_TAU)
    spiked = AsInteger(FLAGS)
    update = StateUpdate((), ((RATE_NOW.name, decay * RATE_NOW + (1 - decay) * spiked / DT),))
    references = _inner(neurons, update)
    kept = ((Remembered(RATE.name, neurons.group, REAL), RATE_NOW),)
    task = Sweep(neurons.group, "rate", simplify(update, frozenset({"dt", RATE_TAU.name})), kept)
    return Item("", When("after_thresholds", _LAST, neurons.clock), task, Names(references, {}, 0))


# ---- traces ---------------------------------------------------------------------------------------------------------


def _matrix(row: str, column: str) -> sympy.Symbol:
    return real_symbol(f"_J_{row}_{column}")


def _pull(name: str) -> sympy.Symbol:
    return real_symbol(f"_q_{name}")


def _slope(name: str) -> sympy.Symbol:
    return real_symbol(f"_psi_{name}")


def trace(name: str) -> sympy.Symbol:
    """Component of the eligibility vector of a synapse."""
    return real_symbol(f"_trace_{name}")


ELIGIBILITY = real_symbol("_eligibility")


def through_step(neurons: Linearised, through: Iterable[str]) -> dict[str, sympy.Expr]:
    """The entries of J and q, in the symbols of the state that a step finds."""
    names, identity = neurons.names, sympy.S.One
    entries: dict[str, sympy.Expr] = {}
    for row in names:
        for column in names:
            terms = []
            for k in names:
                after = neurons.reset.get(k, {}).get(column, sympy.S.Zero)
                kept = identity if k == column else sympy.S.Zero
                reset = Where(FIRED, after, kept) if k in neurons.reset else kept
                terms.append(neurons.transition[row].get(k, sympy.S.Zero) * reset)
            entries[_matrix(row, column).name] = sympy.Add(*terms)
        pull = (neurons.transition[row].get(k, sympy.S.Zero) * neurons.jump[k] for k in through if k in neurons.jump)
        entries[_pull(row).name] = sympy.Add(*pull)
    return {name: value for name, value in entries.items() if value != 0}


def trace_items(
    neurons: Linearised, drives: Iterable[Drive], through: Iterable[str], rate: bool, errors: Iterable[str]
) -> list[Item]:
    """Tasks that carry the traces of learned synapses onto a group; ``errors`` names variables of an output."""
    entries = through_step(neurons, through)
    items = [_note_fired(neurons)] if neurons.spikes else []
    items.append(_prepare(neurons, entries))
    if neurons.reset and any(met(n) in x.free_symbols for n in neurons.names for x in neurons.jump.values()):
        items.append(_note_met(neurons))
    if neurons.spikes:
        items.append(_signals(neurons, rate))
    for drive in drives:
        items.append(_carry(neurons, drive, entries))
        if not neurons.spikes:
            items.append(_collect(neurons, drive, tuple(errors)))
    return items


def _note_fired(neurons: Linearised) -> Item:
    """Who spiked in the last step: the one that begins has truth values of its own for that."""
    update = StateUpdate((), ((FIRED.name, FLAGS),))
    references: dict[str, Named] = {symbol.name: own(symbol, neurons.group) for symbol in (FIRED, FLAGS)}
    task = Sweep(neurons.group, "fired", update)
    return Item("", When("groups", _FIRST, neurons.clock), task, Names(references, {}, 0))


def _prepare(neurons: Linearised, entries: Mapping[str, sympy.Expr]) -> Item:
    """J and q of this step, from the state that it has found, the last reset and who spiked then."""
    update = simplify(StateUpdate(neurons.defines, tuple(entries.items())), neurons.constant)
    references = _inner(neurons, update)
    for symbol in (*map(before, neurons.names), ACTIVE):  # as the trial has kept them
        references[symbol.name] = Remembered(symbol.name, neurons.group, REAL if symbol.is_real else BOOLEAN)
    task = Sweep(neurons.group, "jacobian", update)
    return Item("", When("after_groups", _LAST, neurons.clock), task, Names(references, neurons.arrays, 0))


def _note_met(neurons: Linearised) -> Item:
    update = StateUpdate((), tuple((met(n).name, real_symbol(n)) for n in neurons.names))
    task = Sweep(neurons.group, "met", update)
    return Item("", When("before_resets", _LAST, neurons.clock), task, Names(_inner(neurons, update), {}, 0))


def _signals(neurons: Linearised, rate: bool) -> Item:
    """ψ of the step, and the learning signal that was kept for it."""
    there = {now(n): real_symbol(n) for n in neurons.names}
    kept = real_symbol("_signal_kept")
    signal = kept + (RATE_STRENGTH * (RATE_NOW - RATE_TARGET) if rate else 0)
    slopes = tuple(
        (_slope(n).name, Where(ACTIVE, x.xreplace(there), sympy.S.Zero).xreplace({ACTIVE: sympy.Symbol("_active_now")}))
        for n, x in neurons.slope.items()
    )
    update = simplify(StateUpdate((), ((SIGNAL.name, signal), *slopes)), neurons.constant)
    references = _inner(neurons, update)
    references[kept.name] = Remembered(SIGNAL.name, neurons.group, REAL)
    references["_active_now"] = Remembered(ACTIVE.name, neurons.group, BOOLEAN)
    task = Sweep(neurons.group, "signal", update)
    return Item("", When("after_thresholds", _LAST, neurons.clock), task, Names(references, neurons.arrays, 0))


def _carry(neurons: Linearised, drive: Drive, entries: Mapping[str, sympy.Expr]) -> Item:
    """ε⁻, e and G of every synapse."""
    names = neurons.names
    references: dict[str, Named] = {}

    def of_neuron(symbol: sympy.Symbol) -> sympy.Symbol:
        seen = real_symbol(f"{symbol.name}_post")
        references[seen.name] = own(symbol, drive.post, "post")
        return seen

    def of_synapse(symbol: sympy.Symbol) -> sympy.Symbol:
        references[symbol.name] = own(symbol, drive.projection)
        return symbol

    new = {}
    for row in names:
        terms = [of_neuron(_matrix(row, c)) * of_synapse(trace(c)) for c in names if _matrix(row, c).name in entries]
        if _pull(row).name in entries:
            terms.append(of_neuron(_pull(row)) * of_synapse(ELIGIBILITY))
        new[row] = sympy.Add(*terms)
    updates = [(of_synapse(trace(n)).name, x) for n, x in new.items()]
    if neurons.spikes:
        eligibility = sympy.Add(*(of_neuron(_slope(n)) * new[n] for n in neurons.slope))
        gradient = of_synapse(real_symbol(gradient_name(drive.weight)))
        updates.append((of_synapse(ELIGIBILITY).name, eligibility))
        updates.append((gradient.name, gradient + of_neuron(SIGNAL) * eligibility))
    update = simplify(StateUpdate((), tuple(updates)))
    slot = "after_thresholds" if neurons.spikes else "after_groups"
    when = When(slot, _LAST, neurons.clock)
    return Item(drive.projection, when, Integrate(drive.projection, "traces", update), Names(references, {}, 0))


def traced(drive: Drive) -> Item:
    """The delivery of a projection's spikes, which adds to a synapse's traces as it adds to its neuron.

    Both at one place of the text: what it changes there, such as resources that a spike uses up, has the same value for
    both. Local names carry their derivatives along.
    """
    assert isinstance(drive.item.task, Deliver)
    weight = real_symbol(drive.weight)
    references = dict(drive.names.references)
    body: list[Symbolic] = []
    slopes: dict[sympy.Symbol, sympy.Symbol] = {}  # of the locals that depend on the weight

    def by_weight(value: sympy.Expr) -> sympy.Expr:
        inner = (partial(value, local) * slope for local, slope in slopes.items())
        return sympy.Add(partial(value, weight), *inner)

    for node in drive.item.task.body:
        match node:
            case Set(LocalReference(name, kind), value) if kind.is_number and (slope := by_weight(value)) != 0:
                derivative = LocalReference(f"_{name}_slope", REAL)
                references[derivative.name] = derivative
                slopes[real_symbol(name)] = real_symbol(derivative.name)
                body += [Set(derivative, slope), node]
            case Add(VariableReference(target, "post"), value) if (slope := by_weight(value)) != 0:
                mine = own(trace(target.name), drive.projection)
                references[mine.variable.name] = mine
                body += [node, Set(mine, trace(target.name) + slope)]
            case _:
                body.append(node)
    names = replace(drive.names, references=references)
    return replace(drive.item, task=replace(drive.item.task, body=tuple(body)), names=names)


def _collect(neurons: Linearised, drive: Drive, errors: tuple[str, ...]) -> Item:
    """Output neurons: the gradient grows by the error of each variable times its trace."""
    gradient = real_symbol(gradient_name(drive.weight))
    references: dict[str, Named] = {gradient.name: own(gradient, drive.projection)}
    value: sympy.Expr = gradient
    for name in errors:
        seen, mine = real_symbol(f"{error(name).name}_post"), trace(name)
        references[seen.name] = own(error(name), drive.post, "post")
        references[mine.name] = own(mine, drive.projection)
        value += seen * mine
    task = Integrate(drive.projection, "gradient", StateUpdate((), ((gradient.name, value),)))
    return Item(drive.projection, When("after_end", _LAST, neurons.clock), task, Names(references, {}, 0))


def note_errors(neurons: Linearised, errors: Iterable[str]) -> Item:
    """Put the errors of this step, which were kept, where synapses find them."""
    kept = {name: real_symbol(f"{error(name).name}_kept") for name in errors}
    update = StateUpdate((), tuple((error(name).name, symbol) for name, symbol in kept.items()))
    references = _inner(neurons, update)
    for name, symbol in kept.items():
        references[symbol.name] = Remembered(error(name).name, neurons.group, REAL)
    task = Sweep(neurons.group, "errors", update)
    return Item("", When("groups", _FIRST, neurons.clock), task, Names(references, {}, 0))


def _inner(neurons: Linearised, update: StateUpdate) -> dict[str, Named]:
    """What the symbols of an update stand for: the state, constants, and inner variables of training."""
    defined = {d.symbol for d in update.defines}
    values = [*(d.value for d in update.defines), *(x for _, x in update.updates)]
    used = {symbol for value in values for symbol in value.free_symbols}
    known: dict[str, Named] = {v.name: VariableReference(v, "own") for v in neurons.state}
    known |= {"dt": Builtin("dt", "own", CLOCK["dt"]), NOT_REFRACTORY.name: Builtin("not_refractory", "own", BOOLEAN)}
    for symbol in (RATE_STRENGTH, RATE_TARGET, RATE_TAU):
        known[symbol.name] = Constant(symbol.name, 0.0, REAL, literal=False)
    known |= {name: r for name, r in neurons.references.items() if name not in known}
    found: dict[str, Named] = {name: own(real_symbol(name), neurons.group) for name, _ in update.updates}
    for symbol in sorted(used - defined, key=str):
        found[symbol.name] = known.get(symbol.name, own(symbol, neurons.group))
    return found
