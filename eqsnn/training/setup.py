"""What `EProp` is given, checked and resolved: the network's objects, what is learned, and the programs of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base import NetworkObject, described, flatten
from ..devices import device
from ..grammar import errors
from ..grammar.source import Source
from ..language_units import units
from ..members import check_complete
from ..model.declarations import SLOTS, NetworkDeclaration
from ..model.symbols import Variable
from ..monitors.base import Monitor
from ..namespaces import resolvers_of
from ..neurongroup import NeuronGroup
from ..operations import NetworkOperation
from ..plasticity import StructuralPlasticity
from ..spikeinput import SpikeInput
from ..state import VariableView
from ..synapses import Synapses
from .programs import Programs

if TYPE_CHECKING:
    from ..grammar import ast
    from ..namespaces import Namespace
    from ..network import Network
    from ..symbolic.eprop.derive import Request


@dataclass(frozen=True, slots=True)
class Plan:
    """A network that can be trained: its objects without monitors, what is learned, and its programs."""

    network: Network
    objects: Mapping[str, NetworkObject]
    learned: Mapping[str, str]
    inputs: SpikeInput
    output: NeuronGroup
    variable: str
    rules: tuple[StructuralPlasticity, ...]
    programs: Programs
    resolvers: Mapping[str, Namespace]

    @property
    def projections(self) -> tuple[Synapses, ...]:
        """Projections with learned weights."""
        found = (self.objects[name] for name in self.learned)
        return tuple(item for item in found if isinstance(item, Synapses))

    @property
    def traces(self) -> dict[str, tuple[str, ...]]:
        """The variables in which a synapse of each learned projection keeps its traces."""
        return self.programs.derivation.trace_names()

    def for_each(self, what: str, given: Any, otherwise: Any) -> dict[str, Any]:
        """An argument that is one for all learned projections, or a mapping of them; by name.

        :raises RunError: E923, the mapping names another.
        """
        if not isinstance(given, Mapping):
            return dict.fromkeys(self.learned, given)
        named = {getattr(key, "name", key): value for key, value in given.items()}
        for name in named:
            if name not in self.learned:
                message = f"{what} is given for '{name}', which has no learned weight."
                raise errors.RunError("E923", message, hint=f"those that have one are {', '.join(self.learned)}")
        return {name: named.get(name, otherwise) for name in self.learned}

    @property
    def hidden(self) -> tuple[NeuronGroup, ...]:
        """Groups of neurons that are trained, without the output."""
        names = self.programs.derivation.groups
        found = (self.objects[name] for name in names if name != self.output.name)
        return tuple(item for item in found if isinstance(item, NeuronGroup))


def plan(
    network: Network, output: VariableView, inputs: SpikeInput | None,
    pseudo_derivative: str | Mapping[Any, str] | None, options: Mapping[str, Any],
) -> Plan:  # fmt: skip
    """Check what `EProp` was given, and derive its equations.

    :raises EqsnnError: of the texts; RunError E920-E924, the network is not one that can be trained.
    """
    objects = tuple(flatten(network.objects))
    check_complete(list(objects))
    _require_trainable(network, objects)
    group, variable = _output(output, objects)
    source = _inputs(inputs, objects)
    learned = _learned(objects)
    rules = [item for item in objects if isinstance(item, StructuralPlasticity) and item.of_batch]
    kept = {item.name: item for item in objects if not isinstance(item, Monitor | StructuralPlasticity)}
    real = np.dtype(network.precision)
    for item in kept.values():
        item.set_precision(real)
        if isinstance(item, Synapses):
            item.traces.part_all(for_good=True)
    declaration = NetworkDeclaration(tuple(d for item in kept.values() for d in item.declare()), batch=True)
    request = _request(learned, group, variable, _texts(pseudo_derivative, kept), options)
    programs = Programs(declaration, _derived(declaration, request), real, group.name)
    in_order = tuple(sorted(rules, key=lambda rule: rule.order))
    return Plan(network, kept, learned, source, group, variable, in_order, programs, resolvers_of(declaration.objects))


def _derived(declaration: NetworkDeclaration, request: Request) -> Any:
    from ..model.check import check
    from ..symbolic.build import build
    from ..symbolic.eprop.derive import derive

    checked = check(declaration, units())
    return derive(checked, build(checked), request)


def _request(
    learned: Mapping[str, str], group: NeuronGroup, variable: str, texts: Mapping[str, ast.Expression],
    options: Mapping[str, Any],
) -> Request:  # fmt: skip
    from ..symbolic.eprop.derive import Request

    return Request(learned, group.name, (variable,), texts, **options)


def _require_trainable(network: Network, objects: tuple[NetworkObject, ...]) -> None:
    if network.schedule != list(SLOTS):
        message = "a network that is trained has the usual order of slots in a step."
        raise errors.RunError("E920", message, place=f"Network '{network.name}'", hint=f"it is {', '.join(SLOTS)}")
    if device.name != "cpp":
        message = "training runs on this machine's processor only, so far."
        raise errors.UnsupportedError("E006", message, hint="call device('cpp') first")
    for item in objects:
        if isinstance(item, NetworkOperation):
            message = "a network that is trained cannot call Python in the course of a trial."
            raise errors.RunError("E920", message, place=item.title, hint="look at it between batches")
        if isinstance(item, StructuralPlasticity) and item.active and not item.of_batch:
            message = "a rule of a network that is trained runs after each batch, not in the course of a trial."
            raise errors.RunError("E920", message, place=item.title, hint="give it when='after_batch'")
        if isinstance(item, Synapses) and not item._connected:
            message = "these synapses were never connected."
            raise errors.RunError("E902", message, place=item.title, hint="call its connect(...) before training")


def _output(output: object, objects: tuple[NetworkObject, ...]) -> tuple[NeuronGroup, str]:
    owner, name = output.belongs_to if isinstance(output, VariableView) else (None, "")
    if not isinstance(owner, NeuronGroup):
        message = f"the output is a variable of a group of neurons, not {described(output)}."
        raise errors.RunError("E921", message, hint="such as output=readout.y")
    if owner not in objects:
        raise errors.RunError("E921", f"{owner.title}, the output, is not in the network.")
    return owner, name


def _inputs(inputs: SpikeInput | None, objects: tuple[NetworkObject, ...]) -> SpikeInput:
    found = [item for item in objects if isinstance(item, SpikeInput)]
    if inputs is not None and inputs in found:
        return inputs
    if inputs is not None or len(found) != 1:
        what = described(inputs) if inputs is not None else f"{len(found)} of them"
        message = f"examples are given to a SpikeInput of the network; there is {what}."
        raise errors.RunError("E922", message, hint="make one, or say which with inputs=...")
    return found[0]


def _learned(objects: tuple[NetworkObject, ...]) -> dict[str, str]:
    found = {}
    for item in objects:
        if not isinstance(item, Synapses):
            continue
        names = [v.name for v in item.model.variables.values() if isinstance(v, Variable) and v.learned]
        if len(names) > 1:
            message = f"'{names[0]}' and '{names[1]}' are both (learned); a synapse has one weight that is."
            raise errors.RunError("E923", message, place=item.title)
        if names:
            found[item.name] = names[0]
    if not found:
        message = "no weight is learned."
        raise errors.RunError("E923", message, hint="flag it in the model of its synapses: 'w : 1 (learned)'")
    return found


def _texts(given: str | Mapping[Any, str] | None, objects: Mapping[str, NetworkObject]) -> dict[str, ast.Expression]:
    """The pseudo-derivative of each group that has one: one for all, or by group (or its name)."""
    from ..grammar.parser import parse_expression

    if given is None:
        return {}
    if isinstance(given, str):
        given = {name: given for name, item in objects.items() if isinstance(item, NeuronGroup)}
    texts = {getattr(group, "name", group): text for group, text in given.items()}
    for name in texts:
        if not isinstance(objects.get(name), NeuronGroup):
            message = f"a pseudo-derivative is given for {name!r}, which is no group of neurons of the network."
            raise errors.RunError("E924", message)
    sources = {name: Source(text, f"EProp, pseudo_derivative of '{name}'") for name, text in texts.items()}
    return {name: parse_expression(source) for name, source in sources.items()}
