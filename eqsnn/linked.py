"""`linked_var`: a variable whose values are those of another group's variable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .base import described
from .grammar import errors
from .model.declarations import Link
from .model.symbols import Variable
from .model.types import INTEGER
from .state import VariableView

if TYPE_CHECKING:
    from .neurongroup import NeuronGroup
    from .subgroup import Subgroup
    from .synapses import Synapses


@dataclass(frozen=True, slots=True)
class LinkedVariable:
    """What `linked_var` returns: to be assigned to a variable declared ``(linked)``."""

    group: NeuronGroup | Subgroup | Synapses
    name: str
    index: Any = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a linked variable's values are: ``variable`` of ``group``, at ``positions`` (one for each neuron)."""

    group: NeuronGroup
    variable: Variable
    positions: npt.NDArray[np.int64]

    def values(self) -> npt.NDArray[Any]:
        """The values, one for each neuron."""
        found: npt.NDArray[Any] = self.group.store[self.variable.name][..., self.positions]
        return found

    def link(self) -> Link:
        """The simplest way to say where they are: one for one, all from one, or by an index."""
        first = int(self.positions[0])
        if self.variable.shared or (self.positions == first).all():
            return Link(self.group.name, self.variable, "scalar", first)
        if np.array_equal(self.positions, np.arange(first, first + len(self.positions))):
            return Link(self.group.name, self.variable, "direct", first)
        return Link(self.group.name, self.variable, "indexed")


_SIDES = {"N_outgoing": "source_group", "N_incoming": "target_group"}


@dataclass(frozen=True, slots=True)
class Degree:
    """Where a variable linked to ``N_incoming`` or ``N_outgoing`` of ``group`` has its values: the storage counts."""

    group: Synapses
    variable: Variable

    def values(self) -> npt.NDArray[Any]:
        """The degree of each neuron."""
        return np.asarray(self.group.ragged.table("col_length" if self.variable.name == "N_incoming" else "row_length"))

    def link(self) -> Link:
        """The storage that counts, one number for each neuron of the group."""
        return Link(self.group.name, self.variable, "degree")


def linked_var(group: Any, name: str | None = None, index: Any = None) -> LinkedVariable:
    """Link to ``group.name``, or to a view ``G.v``: one value for each neuron, one for all, or chosen by ``index``.

    From `Synapses` neurons can have their degree, ``N_incoming`` or ``N_outgoing``, as of any moment: with one such
    variable for each projection, rules and equations can use the degree over several projections.

    ``index`` gives for each neuron the element of ``group`` it is linked to. Assign the result to a variable that the
    model declares ``(linked)``.

    Examples: ``G2 = NeuronGroup(10, 'v : volt (linked)')``, ``G2.v = linked_var(G1, 'v')``; with ``n : integer
    (linked)`` in the model of the targets of S: ``G2.n = linked_var(S, 'N_incoming')``.

    :raises TypeError: E426, ``group`` is no group of neurons.
    """
    if isinstance(group, VariableView) and name is None:
        owner: Any = group._owner
        return linked_var(owner, group._name, index)
    if not (hasattr(group, "link_source") or "ragged" in dir(group)) or not isinstance(name, str):
        message = f"linked_var needs a group and the name of a variable, not {described(group)} and {described(name)}."
        raise errors.TypeError("E426", message, hint="write linked_var(G, 'v') or linked_var(G.v)")
    return LinkedVariable(group, name, index)


def resolve_link(target: NeuronGroup, name: str, link: LinkedVariable) -> Source | Degree:
    """Check a link, and follow it to the group that has the values.

    :raises ModelError: E561, what is not declared ``(linked)``, or an index and sizes that do not fit.
    :raises UnsupportedError: E005, a link to a subexpression, or to what synapses do not count.
    :raises DimensionError: E225.
    """
    member = target.model.variables.get(name)
    if not isinstance(member, Variable) or not member.linked:
        hint = f"declare it: '{name} : <unit> (linked)'"
        raise errors.ModelError("E561", f"'{name}' is not declared (linked).", place=target.title, hint=hint)
    group: Any = link.group
    if not hasattr(group, "link_source"):
        return _degree(target, name, link, member)
    root: NeuronGroup = getattr(group, "parent", group)
    _, start, stop = link.group.extent()
    found = link.group.state_variables().get(link.name)
    if found is None:
        raise link.group._unknown(link.name)
    if not isinstance(found, Variable) or link.name not in root.model.variables:
        message = f"'{link.name}' of {link.group.title} is no stored variable; links to it are not supported yet."
        raise errors.UnsupportedError("E005", message, place=target.title)
    if found.type != member.type:
        message = f"'{name}' is in {member.type.dimension}, but '{link.name}' is in {found.type.dimension}."
        if found.type.dimension == member.type.dimension:
            message = f"'{name}' is {member.type.dtype}, but '{link.name}' is {found.type.dtype}."
        raise errors.DimensionError("E225", message, place=target.title)
    positions = np.zeros(len(target), np.int64)
    if not found.shared:
        positions = start + _positions(target, name, link, stop - start)
    further = root.link_source(link.name)
    if isinstance(further, Degree):
        message = f"'{link.name}' of {link.group.title} is linked to synapses: link '{name}' to these themselves."
        raise errors.UnsupportedError("E005", message, place=target.title)
    return Source(root, found, positions) if further is None else _follow(further, positions)


def _degree(target: NeuronGroup, name: str, link: LinkedVariable, member: Variable) -> Degree:
    """A link to the number of synapses that each neuron has."""
    synapses: Any = link.group
    if link.name not in _SIDES or link.index is not None:
        message = f"neurons can be linked to 'N_incoming' or 'N_outgoing' of synapses, not to '{link.name}'."
        hint = "a sum over synapses is a variable of theirs: 'total_post = w : 1 (summed)'"
        raise errors.UnsupportedError("E005", message, place=target.title, hint=hint)
    if member.type != INTEGER:
        message = f"'{name}' is linked to a number of synapses: declare it '{name} : integer (linked)'."
        raise errors.DimensionError("E225", message, place=target.title)
    neurons = getattr(synapses, _SIDES[link.name])
    if neurons is not target:
        message = f"'{link.name}' of {synapses.title} is of the neurons of {neurons.title}."
        raise errors.ModelError("E561", message, place=target.title, hint="link a variable of these, all together")
    return Degree(synapses, Variable(link.name, synapses.name, INTEGER, "parameter", read_only=True))


def _follow(source: Source, positions: npt.NDArray[np.int64]) -> Source:
    return Source(source.group, source.variable, source.positions[positions])


def _positions(target: NeuronGroup, name: str, link: LinkedVariable, available: int) -> npt.NDArray[np.int64]:
    n = len(target)
    if link.index is None:
        if available not in (1, n):
            message = f"{link.group.title} has {available} elements for the {n} of '{name}'."
            raise errors.ModelError("E561", message, place=target.title, hint="say which is whose, with index=")
        return np.zeros(n, np.int64) if available == 1 else np.arange(n)
    index = link.index
    if isinstance(index, str):
        index = target.read_state(index, None) if index in target.state_variables() else index
    chosen = np.asarray(index)
    if chosen.dtype.kind not in "iu" or chosen.shape not in ((), (n,)):
        message = f"index must be one integer, or one for each of the {n} elements of '{name}'."
        raise errors.ModelError("E561", message, place=target.title)
    if (chosen < 0).any() or (chosen >= available).any():
        message = f"the index of '{name}' must be from 0 to {available - 1}."
        raise errors.StateError("E701", message, place=target.title)
    return np.broadcast_to(chosen, (n,)).astype(np.int64)
