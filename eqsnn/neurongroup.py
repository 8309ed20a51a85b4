"""`NeuronGroup`: neurons that follow the same equations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .base import NetworkObject, name_node
from .clocks import Clock
from .eventlists import EventLists
from .grammar import errors
from .groups import Group, check_size, paragraphs
from .linked import Degree, LinkedVariable, Source, resolve_link
from .model.declarations import Event, Link, Neurons, Reaction, Refractory, When
from .model.dimensions import SECOND
from .model.symbols import Variable
from .model.types import BOOLEAN, INTEGER, real
from .positions import select_positions
from .prefs import prefs
from .runtime.store import Store
from .state import Array, Indices, Member
from .subgroup import Subgroup
from .units import dimension_of, to_base

if TYPE_CHECKING:
    from .network import Network
    from .runtime.rings import Ring

NEVER = -(2**29)
"""``lastspike``, in steps, of a neuron that has not spiked: long ago, and safe to subtract from a step."""


class NeuronGroup(Group):
    """``N`` neurons that follow the equations ``model``.

    ``threshold`` is the condition under which a neuron spikes, ``reset`` the code that runs for it then, ``refractory``
    a time, an expression for one, or a condition (the neuron stays refractory while it holds). ``method`` integrates
    the equations; without one, the first that fits is chosen. ``events`` are further conditions by name. Names in the
    texts mean variables of the model, then those of ``namespace``, then the caller's at the time of `run`.

    Variables are attributes: ``G.v = -70*mV``, ``G.v[3:7]``, ``G.v['i > 5'] = 'rand()*mV'``; ``G[10:20]`` is a
    `Subgroup`.

    Example::

        G = NeuronGroup(100, 'dv/dt = (v0 - v)/tau : volt (unless refractory)',
                        threshold='v > -50*mV', reset='v = -70*mV', refractory=5*ms)

    :raises EqsnnError: a text that does not follow the grammar, a unit or flag that does not exist, a reset without a
        threshold (ModelError E557), a size that is none (E558), and other arguments that do not fit.
    """

    _kind = "neurongroup"
    also_reserved = ("start", "stop", "parent")  # attributes of a Subgroup

    def __init__(
        self,
        N: int,
        model: str | None = None,
        *,
        threshold: str | None = None,
        reset: str | None = None,
        refractory: Any = False,
        method: str | None = None,
        events: Mapping[str, str] | None = None,
        namespace: Mapping[str, Any] | None = None,
        dt: Any = None,
        clock: Clock | None = None,
        when: str = "groups",
        order: int = 0,
        name: str | None = None,
    ) -> None:
        super().__init__(self._kind, name, namespace=namespace, dt=dt, clock=clock, when=when, order=order)
        self._size = check_size(N, self.title)
        self.method = self.check_method(method)
        self._events = self._read_events(threshold, events)
        self._reactions: dict[str, Reaction] = {}
        self._refractory_time: Any = None
        self._refractory = self._read_refractory(refractory)
        self.model = self.read_model(model, "neurons", self._internal_variables(), tuple(self._events))
        if reset is not None:
            self._reactions["spike"] = Reaction("spike", self.read_code(reset, "reset"), self.schedule("resets"))
        self._check_together(reset is not None)
        self._sources: dict[str, Source | Degree] = {}
        self._events_past = EventLists(self._size)
        self.store = self._new_store()
        self._lastspike_dt = self._remembered_dt = self.clock.dt_
        self.close_attributes()

    # ---- construction ----

    def _internal_variables(self) -> tuple[Variable, ...]:
        return ()

    def _read_events(self, threshold: str | None, events: Mapping[str, str] | None) -> dict[str, Event]:
        found = {}
        if threshold is not None:
            condition = self.read_expression(threshold, "threshold")
            found["spike"] = Event("spike", condition, self.schedule("thresholds"))
        for name, text in (events or {}).items():
            if not name.isidentifier() or name == "spike":
                hint = "the event 'spike' is given as threshold=" if name == "spike" else None
                raise errors.NameError("E321", f"'{name}' cannot be the name of an event.", place=self.title, hint=hint)
            found[name] = Event(name, self.read_expression(text, f"event '{name}'"), self.schedule("after_thresholds"))
        return found

    def _read_refractory(self, refractory: Any) -> Refractory | None:
        if refractory is False or refractory is None:
            return None
        if isinstance(refractory, str):
            return Refractory(self.read_expression(refractory, "refractory"))
        if dimension_of(refractory) != SECOND or np.ndim(refractory):
            message = f"refractory must be a time or a string, not {refractory!r}."
            hint = "give it a unit: 'refractory=5*ms'; for one time a neuron, declare a parameter and give its name"
            raise errors.DimensionError("E224", message, place=self.title, hint=hint)
        if not to_base(refractory) >= 0:
            raise errors.ModelError("E559", f"refractory cannot be {refractory}.", place=self.title)
        self._refractory_time = refractory  # a constant, not part of the text: a change compiles nothing anew
        return Refractory(name_node("_refractory", f"{self.title}, refractory"))

    def internal_constants(self) -> dict[str, Any]:
        """``_refractory``, the refractory time given as a number."""
        return {} if self._refractory_time is None else {"_refractory": self._refractory_time}

    def _check_together(self, has_reset: bool) -> None:
        if "spike" in self._events or self._is_external():
            return
        for given, what in ((has_reset, "reset"), (self._refractory is not None, "refractory")):
            if given:
                message = f"there is a {what}, but no threshold: no neuron ever spikes."
                hint = "give a condition for a spike, as in threshold='v > -50*mV'"
                raise errors.ModelError("E557", message, place=self.title, hint=hint)

    def _is_external(self) -> bool:
        return False

    def _new_store(self) -> Store:
        store = Store(np.float32 if prefs.precision == "float32" else np.float64)
        for name, member in self.model.variables.items():
            if not member.stored or (isinstance(member, Variable) and member.linked):
                continue
            store.add(name, member.type.dtype.value, 1 if member.shared else self._size)
        store.add("lastspike", "integer", self._size, NEVER)
        store.add("not_refractory", "boolean", self._size, True)
        for event in ("spike", *self._events):
            store.add(f"{event}_flags", "boolean", self._size)
        return store

    # ---- events ----

    @property
    def events(self) -> tuple[str, ...]:
        """Names of the events that the neurons can have; ``'spike'`` is that of the threshold."""
        return tuple(self._events)

    def event_schedule(self, event: str) -> When:
        """Where in a step an event is looked for."""
        return self._event(event).when

    def run_on_event(self, event: str, code: str, when: str = "after_resets", order: int | None = None) -> None:
        """Run ``code`` for the neurons that had ``event``; at most once for each event.

        :raises NameError: E322, there is no such event.
        :raises ModelError: E560, there is code for it already.
        """
        self._event(event)
        if event in self._reactions:
            hint = "the code for a spike is reset=" if event == "spike" else None
            raise errors.ModelError("E560", f"event '{event}' has its code already.", place=self.title, hint=hint)
        block = self.read_code(code, f"code on '{event}'")
        self._reactions[event] = Reaction(event, block, self.schedule(when, order))

    def set_event_schedule(self, event: str, when: str = "after_thresholds", order: int | None = None) -> None:
        """Choose where in a step ``event`` is looked for."""
        found = self._event(event)
        self._events[event] = Event(event, found.condition, self.schedule(when, order))

    def _event(self, event: str) -> Event:
        if event not in self._events:
            hint = f"its events: {', '.join(self._events) or 'none, for it has no threshold'}"
            raise errors.NameError("E322", f"there is no event '{event}'.", place=self.title, hint=hint)
        return self._events[event]

    # ---- for the compiler and the run ----

    def declare(self) -> tuple[Neurons, ...]:
        """Equations, events and reactions."""
        return (
            Neurons(
                self.name, self.title, self._size, self.model, self.resolver(), self.method, self.schedule(),
                tuple(self._events.values()), tuple(self._reactions.values()), self._refractory,
                {name: self._link(name) for name in self._sources}, self._is_external(),
            ),
        )  # fmt: skip

    def before_run(self, network: Network) -> None:
        """Tell times of last spikes by the present dt."""
        dt = self.clock.dt_
        if dt != self._lastspike_dt:
            steps = self.store.each("lastspike")
            spiked = steps > NEVER
            steps[spiked] = np.round(steps[spiked] * (self._lastspike_dt / dt))
            self._lastspike_dt = dt

    def ring(self, event: str, copy: int = 0) -> Ring:
        """Lists of recent events in one network of a batch, bound to this group's memory."""
        return self._events_past.ring(event, copy, self.store, self._refractory is not None)

    def set_batch(self, copies: int) -> None:
        """Hold the state of so many networks, each with its events of the last steps."""
        super().set_batch(copies)
        self._events_past.drop(copies)

    def remember(self) -> None:
        """Keep all state but that of constants."""
        fixed = {name for name, member in self.model.variables.items() if getattr(member, "constant", False)}
        self.store.keep(name for name in self.store if name not in fixed)
        self._remembered_dt = self._lastspike_dt

    def restart(self) -> None:
        """Be as remembered, without a spike."""
        self.store.recall()
        self._lastspike_dt = self._remembered_dt
        self._events_past.forget()

    def surroundings(self) -> tuple[NetworkObject, ...]:
        """The objects that texts of this one may refer to: itself, and the groups that variables are linked to."""
        return tuple(dict.fromkeys((self, *(source.group for source in self._sources.values()))))

    def set_precision(self, dtype: npt.DTypeLike) -> None:
        """Store real variables in another precision."""
        self.store.set_precision(dtype)

    def size_of(self, name: str) -> int:
        """Value of ``N``."""
        assert name == "N"
        return self._size

    def link_index(self, variable: str) -> Array:
        """For an indexed link, the element that each neuron's variable is linked to, padded as all buffers."""
        name = f"{variable}.index"
        source = self._sources[variable]
        if name not in self.store and isinstance(source, Source):
            self.store.add(name, "integer", self._size)
            self.store[name][:] = source.positions
        return self.store.buffer(name)

    # ---- as a collection ----

    @property
    def N(self) -> int:
        """Number of neurons."""
        return self._size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, item: Any) -> Subgroup:
        """Neurons ``start`` to ``stop``: ``G[10:20]``, ``G[:5]``, ``G[3]``."""
        return Subgroup(self, item)

    # ---- state ----

    def state_variables(self) -> Mapping[str, Member]:
        """The model's variables, ``i``, ``lastspike`` and ``not_refractory``."""
        known: dict[str, Member] = dict(self.model.variables)
        known["i"] = Variable("i", self.name, INTEGER, "parameter", constant=True, read_only=True)
        if self._events or self._is_external():
            known["lastspike"] = Variable("lastspike", self.name, real(SECOND), "parameter")
            known["not_refractory"] = Variable("not_refractory", self.name, BOOLEAN, "parameter", read_only=True)
        return known

    def state_copies(self, name: str) -> int:
        """Number of networks of the batch: each has its own neurons."""
        return self.store.copies

    def select_elements(self, item: Any) -> Indices:
        """Neurons that an index means."""
        return select_positions(item, self._size, self.title)

    def read_state(self, name: str, indices: Indices | None) -> Array:
        """Copy of a variable's values in SI base units."""
        everything = slice(None) if indices is None else indices
        if name == "i":
            return np.arange(self._size)[everything]
        if name in self._sources:
            return self._read_linked(name, everything)
        if name == "lastspike":
            return np.asarray(self.store[name][..., everything] * self._lastspike_dt)
        if name == "not_refractory" and self._refractory is not None:
            return self.evaluate_text(name, indices, f"{self.title}, {name}")
        if name not in self.store:
            member = self.model.variables[name]
            if isinstance(member, Variable):
                raise errors.StateError("E707", f"'{name}' is not linked to anything yet.", place=self.title)
            chosen = None if member.shared else indices
            return self.evaluate_text(name, chosen, f"{self.title}, {name}")
        values = self.store[name]
        return values.copy() if self.state_variables()[name].shared else np.array(values[..., everything])

    def _read_linked(self, name: str, everything: Any) -> Array:
        return np.asarray(self._sources[name].values()[..., everything])

    def write_state(self, name: str, indices: Indices | None, values: Array) -> None:
        """Set a variable; values in SI base units."""
        if name == "lastspike":
            values = np.maximum(np.round(values / self._lastspike_dt), NEVER)
        self.store[name][..., slice(None) if indices is None else indices] = values

    # ---- linked variables ----

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, LinkedVariable):
            self._sources[name] = resolve_link(self, name, value)
        else:
            super().__setattr__(name, value)

    def link_source(self, variable: str) -> Source | Degree | None:
        """Where a linked variable's values are; None for one of the group's own."""
        return self._sources.get(variable)

    def _link(self, name: str) -> Link:
        return self._sources[name].link()

    # ---- text ----

    def __repr__(self) -> str:
        return f"{self.title}: {self._size} neuron{'s' if self._size != 1 else ''}{paragraphs(self._texts())}"

    def _texts(self) -> Iterator[tuple[str, str]]:
        """What the group was given, by what it is called."""
        if self._equations is not None and self._equations.definitions:
            from .grammar.unparse import unparse

            yield "model", unparse(self._equations)
        for event in self._events.values():
            word = "threshold" if event.name == "spike" else f"event '{event.name}'"
            yield word, event.condition.span.source.text
        for reaction in self._reactions.values():
            yield "reset" if reaction.event == "spike" else f"on '{reaction.event}'", reaction.code.source.text
        if self._refractory_time is not None:
            yield "refractory", str(self._refractory_time)
        elif self._refractory is not None:
            yield "refractory", self._refractory.expression.span.source.text
