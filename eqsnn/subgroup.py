"""`Subgroup`: some neurons of a group, next to each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .attributes import StateAccess
from .clocks import Clock
from .grammar import errors
from .model.symbols import GroupModel, Subexpression
from .namespaces import Namespace
from .positions import select_positions
from .regular import RunRegularly
from .state import Array, Indices, Member

if TYPE_CHECKING:
    from .linked import Degree, Source
    from .neurongroup import NeuronGroup


class Subgroup(StateAccess):
    """Neurons ``start`` to ``stop`` of a group: ``G[10:20]``. Variables, synapses and monitors see them from 0 on.

    :raises StateError: E708, the neurons are not next to each other, or there are none.
    """

    def __init__(self, source: NeuronGroup | Subgroup, item: Any) -> None:
        start, stop = _bounds(item, len(source), source.title)
        self.parent: NeuronGroup
        self.parent, outer = (source.parent, source.start) if isinstance(source, Subgroup) else (source, 0)
        self.start: int
        self.stop: int
        self.start, self.stop = outer + start, outer + stop
        self._closed = True

    @property
    def name(self) -> str:
        """Name of the whole group, with a suffix."""
        return f"{self.parent.name}_subgroup"

    @property
    def title(self) -> str:
        """How messages call it: ``"NeuronGroup 'excitatory'[10:20]"``."""
        return f"{self.parent.title}[{self.start}:{self.stop}]"

    @property
    def N(self) -> int:
        """Number of neurons."""
        return self.stop - self.start

    @property
    def clock(self) -> Clock:
        """The group's clock."""
        return self.parent.clock

    @property
    def t(self) -> Any:
        """Time at the start of the group's present step."""
        return self.parent.t

    @property
    def dt(self) -> Any:
        """Length of the group's steps."""
        return self.parent.dt

    @property
    def model(self) -> GroupModel:
        """The group's model."""
        return self.parent.model

    @property
    def namespace(self) -> dict[str, Any]:
        """The group's namespace."""
        return self.parent.namespace

    @property
    def events(self) -> tuple[str, ...]:
        """The group's events."""
        return self.parent.events

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, item: Any) -> Subgroup:
        """Some of these neurons; ``G[10:20][2:4]`` is ``G[12:14]``."""
        return Subgroup(self, item)

    def extent(self) -> tuple[str, int, int]:
        """The group, the first of its neurons, and the one after the last."""
        return self.parent.name, self.start, self.stop

    # ---- names and operations ----

    def resolver(self) -> Namespace:
        """What names around the model mean to the caller of now."""
        return self.parent.resolver()

    def run_regularly(
        self,
        code: str,
        dt: Any = None,
        clock: Clock | None = None,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
    ) -> RunRegularly:
        """Run ``code`` for these neurons at every step, as `NeuronGroup.run_regularly` does for all."""
        operation = RunRegularly(self, code, name, dt=dt, clock=clock, when=when, order=order)
        self.parent.contained.append(operation)
        return operation

    # ---- state ----

    def state_variables(self) -> Mapping[str, Member]:
        """Those of the group."""
        return self.parent.state_variables()

    def link_source(self, variable: str) -> Source | Degree | None:
        """Where a linked variable's values are, by neurons of the whole group."""
        return self.parent.link_source(variable)

    def state_copies(self, name: str) -> int:
        """Number of networks of the batch."""
        return self.parent.state_copies(name)

    def select_elements(self, item: Any) -> Indices:
        """Neurons that an index means, counted from the first of these."""
        return select_positions(item, len(self), self.title)

    def read_state(self, name: str, indices: Indices | None) -> Array:
        """Copy of a variable's values in SI base units."""
        if name == "i":
            return np.arange(len(self))[slice(None) if indices is None else indices]
        if name in self.parent.store or not isinstance(self.state_variables()[name], Subexpression):
            return self.parent.read_state(name, self._inside(indices))
        shared = self.state_variables()[name].shared
        return self.evaluate_text(name, None if shared else indices, f"{self.title}, {name}")

    def write_state(self, name: str, indices: Indices | None, values: Array) -> None:
        """Set a variable; values in SI base units."""
        shared = self.state_variables()[name].shared
        self.parent.write_state(name, None if shared else self._inside(indices), values)

    def evaluate_text(self, text: str, indices: Indices | None, title: str) -> Array:
        """Values of an expression, in which ``i`` counts from the first of these neurons."""
        from .execute import evaluate

        return evaluate(self, text, indices, title)

    def assign_text(self, name: str, operator: str, text: str, indices: Indices | None, title: str) -> None:
        """Run ``name operator text`` for these neurons."""
        from .execute import assign

        assign(self, name, operator, text, indices, title)

    def source(self, target: str = "cpp") -> str:
        """The C++ of the whole group, as `NeuronGroup.source`."""
        return self.parent.source(target)

    def _inside(self, indices: Indices | None) -> Indices:
        return np.arange(self.start, self.stop) if indices is None else indices + self.start

    def __repr__(self) -> str:
        return f"<{self.title}>"


def _bounds(item: Any, count: int, place: str) -> tuple[int, int]:
    """The first position, and the one after the last, that an index means."""
    positions = np.atleast_1d(select_positions(item, count, place))
    if not len(positions):
        text = f"[{_bound(item.start)}:{_bound(item.stop)}]" if isinstance(item, slice) else f"{item}"
        raise errors.StateError("E708", f"{text} means no neuron.", place=place, hint=f"there are {count}")
    first, last = int(positions[0]), int(positions[-1])
    if not np.array_equal(positions, np.arange(first, last + 1)):
        hint = "use one slice without a step; for others, give synapses or monitors their indices"
        raise errors.StateError("E708", "a subgroup is of neurons next to each other.", place=place, hint=hint)
    return first, last + 1


def _bound(value: Any) -> str:
    return "" if value is None else str(value)


def whole(group: NeuronGroup | Subgroup) -> NeuronGroup:
    """The group itself, or the one that a subgroup is a part of."""
    return group.parent if isinstance(group, Subgroup) else group
