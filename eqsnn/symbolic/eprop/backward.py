"""The gradient as a sweep from the end of a trial to its beginning: the adjoint of each neuron, then spikes delivered.

With μ = ∂E/∂h' of what a step leaves, and M the learning signal of the neuron, a step backward is

    ν_l = Σ_k (z ? ∂R_k/∂h_l : δ_kl) μ_k                 through the reset
    λ_l = ν_l + ψ_l (M + Σ_k (R_k - h°_k) μ_k)          through the spike, k as far as the reset is differentiated by it
    μ_l ← Σ_k ∂F_k/∂h_l λ_k                              through the equations

and a synapse i → j that adds w to h_l gains ν_l of j for each spike of i that arrives in the step. Nothing here is per
synapse but that sum, so the cost is that of the spikes and of the synapses that they reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy

from ...model.declarations import When
from ...model.scope import CLOCK
from ...model.symbols import Builtin, Constant, Named, Remembered, Side, Variable, VariableReference
from ...model.types import BOOLEAN, REAL
from ..blocks import Set
from ..functions import Where
from ..model import Deliver, Feed, Feedback, Item, MarkFired, Names, Sweep, SymbolicNetwork
from ..simplify import simplify
from ..system import Define, StateUpdate, real_symbol
from .neurons import ACTIVE, Linearised, before, met, now
from .synapses import Drive

FIRED = sympy.Symbol("_fired")
SIGNAL = real_symbol("_signal")
RATE = real_symbol("_rate_kept")
RATE_STRENGTH, RATE_TARGET = real_symbol("_rate_strength"), real_symbol("_rate_target")


def arriving(name: str) -> sympy.Symbol:
    """ν: by how much the error grows with what a spike that arrives in the step adds to a variable."""
    return real_symbol(f"_arriving_{name}")


def _left(name: str) -> sympy.Symbol:
    return real_symbol(f"_left_{name}")  # μ


def gradient_name(weight: str) -> str:
    """The column of each lane in which the gradient by a weight is summed up."""
    return f"_{weight}_gradient"


def own(symbol: sympy.Symbol, owner: str, side: Side = "own") -> VariableReference:
    """An inner variable of training, one number (or truth value) for each neuron or synapse, seen from ``side``."""
    return VariableReference(Variable(symbol.name, owner, REAL if symbol.is_real else BOOLEAN, "parameter"), side)


def adjoint(neurons: Linearised, driven: Iterable[str], through: Iterable[str], rate: bool) -> StateUpdate:
    """One step backward of a group that spikes."""
    left = {name: _left(name) for name in neurons.names}
    defines = [*neurons.defines]
    reset: dict[str, sympy.Expr] = {}
    for name in neurons.names:
        after = sympy.Add(*(neurons.reset[k].get(name, 0) * left[k] for k in neurons.reset))
        kept = left[name] if name not in neurons.reset else sympy.S.Zero
        reset[name] = Where(FIRED, after + kept, left[name])
    through_spike = sympy.Add(*(neurons.jump[k] * left[k] for k in through if k in neurons.jump))
    signal = SIGNAL + (RATE_STRENGTH * (RATE - RATE_TARGET) if rate else 0)
    kick = real_symbol("_kick")
    defines.append(Define(kick, Where(ACTIVE, signal + through_spike, sympy.S.Zero)))
    nu = {name: real_symbol(f"_nu_{name}") for name in neurons.names}
    lam = {name: real_symbol(f"_lambda_{name}") for name in neurons.names}
    defines += [Define(nu[name], reset[name]) for name in neurons.names]
    defines += [Define(lam[name], nu[name] + neurons.slope.get(name, 0) * kick) for name in neurons.names]
    return _step(neurons, defines, nu, lam, driven)


def readout_adjoint(neurons: Linearised, driven: Iterable[str], error: Mapping[str, sympy.Symbol]) -> StateUpdate:
    """One step backward of neurons that do not spike; ``error``: of the loss by a variable, as the step left it."""
    nu = {name: real_symbol(f"_nu_{name}") for name in neurons.names}
    defines = [*neurons.defines]
    defines += [Define(nu[name], _left(name) + error.get(name, sympy.S.Zero)) for name in neurons.names]
    return _step(neurons, defines, nu, nu, driven)


def _step(
    neurons: Linearised, defines: Iterable[Define], nu: Mapping[str, sympy.Symbol], lam: Mapping[str, sympy.Symbol],
    driven: Iterable[str],
) -> StateUpdate:  # fmt: skip
    earlier = {
        name: sympy.Add(*(neurons.transition[k][name] * lam[k] for k in neurons.names if name in neurons.transition[k]))
        for name in neurons.names
    }
    updates = [(_left(name).name, value) for name, value in earlier.items()]
    updates += [(arriving(name).name, nu[name]) for name in driven]
    return simplify(StateUpdate(tuple(defines), tuple(updates)), neurons.constant)


def references_of(neurons: Linearised, update: StateUpdate) -> dict[str, Named]:
    """What the symbols of a step backward stand for."""
    defined = {d.symbol for d in update.defines}
    used = set().union(*(d.value.free_symbols for d in update.defines), *(x.free_symbols for _, x in update.updates))
    found: dict[str, Named] = {name: own(real_symbol(name), neurons.group) for name, _ in update.updates}
    for symbol in sorted(used - defined, key=str):
        found[symbol.name] = _reference(symbol, neurons)
    return found


def _reference(symbol: sympy.Symbol, neurons: Linearised) -> Named:
    kept = {place(name): name for name in neurons.names for place in (before, now, met)}
    if symbol in (RATE_STRENGTH, RATE_TARGET):
        return Constant(symbol.name, 0.0, REAL, literal=False)
    if symbol in kept or symbol in (RATE, ACTIVE) or symbol.name.startswith("_error_"):
        return Remembered(symbol.name, neurons.group, REAL if symbol.is_real else BOOLEAN)
    if symbol.name in neurons.references:
        return neurons.references[symbol.name]
    if symbol.name == "dt":
        return Builtin("dt", "own", CLOCK["dt"])
    return own(symbol, neurons.group)


def error(name: str) -> sympy.Symbol:
    """The derivative of the loss by an output variable, in each step."""
    return real_symbol(f"_error_{name}")


def sweep(neurons: Linearised, update: StateUpdate, label: str, kept: Iterable[sympy.Symbol] = ()) -> Item:
    """A step backward as a task; ``kept`` of its results are kept for each step."""
    references = references_of(neurons, update)
    remembered = tuple((Remembered(s.name, neurons.group, REAL), s) for s in kept)
    task = Sweep(neurons.group, label, update, remembered)
    return Item("", When("end", 0, neurons.clock), task, Names(references, neurons.arrays, 0))


def gather(drive: Drive, clock: str) -> Item:
    """Spikes delivered once more, each adding to the gradient of the synapses that it reaches."""
    gradient = real_symbol(gradient_name(drive.weight))
    mine = own(gradient, drive.projection)
    value: sympy.Expr = gradient
    references = dict(drive.names.references)
    for target, slope in drive.slopes.items():
        symbol = real_symbol(f"{arriving(target).name}_post")
        references[symbol.name] = own(arriving(target), drive.post, "post")
        value += slope * symbol
    references[gradient.name] = mine
    body = (Set(mine, value),)
    task = Deliver(drive.projection, drive.pathway, "pre", None, body)
    return Item(drive.projection, When("end", 0, clock), task, Names(references, drive.names.arrays, 0))


def backward(
    forward: SymbolicNetwork, readout: Item, hidden: Iterable[tuple[Linearised, Item, tuple[Feedback, ...]]],
    drives: Iterable[Drive], clock: str, keep_signals: bool,
) -> SymbolicNetwork:  # fmt: skip
    """The whole of a step backward: outputs, what comes back from them, hidden neurons, spikes.

    With ``keep_signals`` the learning signals are kept for traces that run forward, and nothing else is done.
    """
    groups = tuple(hidden)
    items = [readout]
    for neurons, step, sources in groups:
        signal = own(SIGNAL, neurons.group)
        when = When("end", 0, clock)
        if not keep_signals:
            fired = Variable(FIRED.name, neurons.group, BOOLEAN, "parameter")
            items.append(Item("", when, MarkFired(neurons.group, fired), Names({}, {}, 0)))
        items.append(Item("", when, Feed(neurons.group, signal.variable, sources), Names({}, {}, 0)))
        if keep_signals:
            kept = ((Remembered(SIGNAL.name, neurons.group, REAL), SIGNAL),)
            task = Sweep(neurons.group, "signal", StateUpdate((), ()), kept)
            items.append(Item("", when, task, Names({SIGNAL.name: signal}, {}, 0)))
        else:
            items.append(step)
    if not keep_signals:
        items += [gather(drive, clock) for drive in drives]
    return SymbolicNetwork(tuple(items), forward.refractory, {}, backward=True)
