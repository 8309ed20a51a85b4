"""Synapses: a model, pathways, connections, and the state of each synapse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from . import connect as _connect
from .clocks import Clock
from .columns import ColumnGroup
from .delays import check_ends
from .ends import read_end
from .exchange import GraphExchange
from .grammar import errors
from .history import History, Remembered
from .model.declarations import Declaration, End, Projection
from .model.dimensions import SECOND
from .model.symbols import GroupModel, Variable
from .model.types import INTEGER, real
from .namespaces import Namespace, caller, check_namespace
from .positions import select_positions
from .runtime.store import Store
from .shared_traces import SharedTraces
from .state import Member, VariableView
from .subgroup import whole

Indices = npt.NDArray[np.int32]
_READ_ONLY = {name: Variable(name, "", INTEGER, "parameter", read_only=True) for name in ("i", "j")}


class Synapses(GraphExchange, ColumnGroup, Remembered):
    """Synapses from ``source`` to ``target`` (the same group where not given).

    ``model`` holds equations and parameters of each synapse; ``on_pre`` and ``on_post`` the code that a spike on either
    side runs, one text or several by name (``on_pre={'fast': ..., 'slow': ...}``). ``delay`` is a time, or one for each
    pathway by name. A pair is connected at most once, unless ``multisynaptic_index`` names a variable that numbers
    its synapses.

    Example::

        S = Synapses(inputs, neurons, 'w : 1', on_pre='ge += w')
        S.connect(p=0.1)
        S.w = 'rand()'

    :raises EqsnnError: a text does not parse, or its names, units or flags make no sense.
    """

    def __init__(
        self,
        source: Any,
        target: Any = None,
        model: str = "",
        on_pre: str | Mapping[str, str] | None = None,
        on_post: str | Mapping[str, str] | None = None,
        *,
        pre: str | Mapping[str, str] | None = None,
        post: str | Mapping[str, str] | None = None,
        delay: Any = None,
        on_event: str | Mapping[str, str] = "spike",
        multisynaptic_index: str | None = None,
        method: str | None = None,
        namespace: Mapping[str, Any] | None = None,
        dt: Any = None,
        clock: Clock | None = None,
        when: str = "groups",
        order: int = 0,
        name: str | None = None,
    ) -> None:
        target = source if target is None else target
        check_ends(source, target)
        super().__init__(
            "synapses", name, namespace=namespace, dt=dt, clock=clock, otherwise=source.clock, when=when, order=order
        )
        self.source_group, self.target_group = source, target
        self.method, self.multisynaptic_index = self.check_method(method), multisynaptic_index
        self._model_text = model
        self.pathways = self._pathways(
            on_pre if on_pre is not None else pre, on_post if on_post is not None else post, on_event
        )
        self._set_delays(delay)
        self.store = Store(whole(source).store.real)
        self.model = self._declared()
        self.ragged = self._new_storage()
        self.plastic = False
        self._connected = False
        self._traces = SharedTraces(self)
        self._tick: float | None = None
        self._history = History()
        self.close_attributes()

    # ---- construction ----

    def _declared(self) -> GroupModel:
        internal = [
            Variable(p.variable, self.name, real(SECOND), "parameter") for p in self.pathways.values() if p.each
        ]
        if self.multisynaptic_index is not None:
            internal.append(Variable(self.multisynaptic_index, self.name, INTEGER, "parameter", constant=True))
        return self.read_model(self._model_text, "synapses", tuple(internal))

    # ---- what the compiler and the runtime ask ----

    def declare(self) -> tuple[Declaration, ...]:
        """The projection as the compiler sees it."""
        clocks = {"pre": self.source_group.clock.name, "post": self.target_group.clock.name}
        pathways = tuple(p.declare(clocks[p.side]) for p in self.pathways.values())
        return (
            Projection(
                self.name, self.title, self.model, self.resolver(),
                End(*self.source_group.extent()), End(*self.target_group.extent()),
                pathways, self.method, self.schedule(), self.multisynaptic_index is not None,
                frozenset() if self.plastic else self._traces.candidates(),
            ),
        )  # fmt: skip

    def size_of(self, what: str) -> int:
        """Value of ``N_pre``, ``N_post`` or ``N``."""
        return {"N_pre": len(self.source_group), "N_post": len(self.target_group), "N": len(self)}[what]

    def before_run(self, network: Any) -> None:
        """Refuse to run unconnected.

        :raises RunError: E902.
        """
        if not self._connected:
            raise errors.RunError(
                "E902",
                "these synapses were never connected.",
                place=self.title,
                hint="call its connect(...) before run(); connect('False') makes no synapse",
            )
        self._count_in(network.tick)

    @property
    def traces(self) -> SharedTraces:
        """Event-driven variables that are one value a neuron."""
        return self._traces

    # ---- time ----

    @property
    def tick(self) -> float:
        """Seconds of a tick: what the last event of each synapse, and the log of changes, are counted in."""
        return self.clock.dt_ if self._tick is None else self._tick

    @property
    def ticks(self) -> int:
        """The present tick."""
        return round(self.clock.t_ / self.tick)

    def _count_in(self, tick: float) -> None:
        """Count time in other ticks from here on."""
        before, self._tick = self.tick, tick
        self._history.begin_run(self.clock.t_)
        if before != tick:
            self._history.take(self.ragged, before)
        for name in self.copies_of("lastupdate"):
            last = self.ragged.view(name)
            if before != tick:
                last[:] = np.rint(last * (before / tick))
            np.minimum(last, self.ticks, out=last)  # the time of a new network begins at zero, whatever clocks showed

    def take_log(self, at_once: bool = False) -> None:
        """Take what the storage has logged of its changes; ``at_once``: none of it in a step of a run."""
        self._history.take(self.ragged, self.tick, at_once)

    # ---- connecting ----

    def connect(
        self, condition: str | bool | None = None, i: Any = None, j: Any = None, p: Any = 1.0, n: Any = 1,
        skip_if_invalid: bool = False, namespace: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Connect pairs: all, those that meet ``condition``, those of ``i`` and ``j``, or what a generator gives.

        ``p`` is the probability with which each of these pairs is connected, a number or an expression of the pair;
        ``n`` the number of synapses a pair gets (more than one needs ``multisynaptic_index``). ``i`` and ``j`` are
        integers or arrays of equal length; ``j`` may be an expression of i (``j='i'``), or a generator
        (``j='k for k in range(i-2, i+3) if k != i'``); ``skip_if_invalid`` leaves out neurons that do not exist.

        :raises EqsnnError: as for any text. :raises StructureError: E612 a pair would be connected twice, E613 a neuron
            that does not exist, E614 arguments that do not go together.
        """
        explicit = self.namespace if namespace is None else check_namespace(namespace, self.title)
        self._traces.part_all()
        _connect.connect(self, condition, i, j, p, n, skip_if_invalid, Namespace(self.name, explicit, caller()))
        self._connected = True

    @property
    def i(self) -> VariableView:
        """Presynaptic neuron of each synapse, within ``source``; in order of creation."""
        return VariableView(self, "i", _READ_ONLY["i"])

    @property
    def j(self) -> VariableView:
        """Postsynaptic neuron of each synapse, within ``target``; in order of creation."""
        return VariableView(self, "j", _READ_ONLY["j"])

    # ---- state (see `StateOwner`) ----

    def state_variables(self) -> Mapping[str, Member]:
        """Variables and subexpressions by name."""
        return self.model.variables

    def select_elements(self, item: Any) -> npt.NDArray[np.int64]:
        """Synapses by number (in order of creation), or as ``[i, j]`` by the neurons that they connect."""
        if not isinstance(item, tuple):
            return select_positions(item, len(self), self.title)
        if len(item) != 2:
            raise errors.StateError(
                "E704", f"{item!r} is no index of synapses.", place=self.title, hint="use [number], or [i, j]"
            )
        chosen = np.ones(len(self), bool)
        for index, ends, group in zip(
            item, (self.ragged.i, self.ragged.j), (self.source_group, self.target_group), strict=True
        ):
            neurons = select_positions(index, len(group), f"{self.title}, index of {group.title}").reshape(-1)
            chosen &= np.isin(ends, neurons)
        return np.flatnonzero(chosen)

    def read_state(self, name: str, indices: Any) -> npt.NDArray[Any]:
        """Values of a variable or subexpression, in order of creation."""
        subset = slice(None) if indices is None else indices
        if name in ("i", "j"):
            ends: npt.NDArray[Any] = getattr(self.ragged, name)[subset]
            return ends
        if name not in self.model.variables:
            return read_end(self, name, subset)
        member = self.model.variables[name]
        if not member.stored:
            return self.evaluate_text(name, indices, self.title)
        self._traces.write_back()
        if member.shared:
            return self.store[name].copy()
        copies = [self.ragged.get(own, subset) for own in self.copies_of(name)]
        return copies[0] if len(copies) == 1 else np.stack(copies)

    def write_state(self, name: str, indices: Any, values: npt.NDArray[Any]) -> None:
        """Set a variable, in order of creation."""
        if self._is_delay(name):
            self._check_delays(values)
        self._traces.part(name)
        if self.model.variables[name].shared:
            self.store[name][:] = values
            return
        columns = self.copies_of(name)
        for own, part in zip(columns, np.broadcast_to(values, (len(columns), *values.shape[-1:])), strict=True):
            self.ragged.set(own, part, slice(None) if indices is None else indices)

    def __len__(self) -> int:
        return len(self.ragged)

    def memory(self) -> int:
        """Bytes allocated for the synapses and their indices."""
        return self.ragged.memory()

    @property
    def N(self) -> int:
        """Number of synapses."""
        return len(self)

    @property
    def N_incoming(self) -> Indices:
        """Number of synapses onto the postsynaptic neuron of each synapse."""
        return np.asarray(self.ragged.table("col_length")[self.j])

    @property
    def N_outgoing(self) -> Indices:
        """Number of synapses of the presynaptic neuron of each synapse."""
        return np.asarray(self.ragged.table("row_length")[self.i])

    @property
    def N_incoming_post(self) -> Indices:
        """In-degree of each target neuron."""
        return self.ragged.table("col_length").copy()

    @property
    def N_outgoing_pre(self) -> Indices:
        """Out-degree of each source neuron."""
        return self.ragged.table("row_length").copy()
