"""Synapses as groups with pathways, each of which has its delay or delays."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import numpy as np

from .base import described
from .ends import view_of_end
from .grammar import errors
from .groups import Group, paragraphs
from .model.dimensions import SECOND
from .model.symbols import GroupModel
from .neurongroup import NeuronGroup
from .pathways import PathwayView, SynapticPathway, check_delay
from .runtime.ragged import Ragged
from .runtime.rings import Way
from .runtime.store import Store
from .state import VariableView, common
from .subgroup import Subgroup, whole
from .units import Quantity, quantity, to_base


class CommonDelay(Quantity):
    """The delay that all synapses share: a time, until one is given to some of them, ``S.delay['i == 0'] = 1*ms``."""

    _synapses: Callable[[], DelayedGroup | None] = staticmethod(lambda: None)  # a weak reference
    _pathway: SynapticPathway

    def __getitem__(self, item: Any) -> Any:
        synapses = self._synapses()
        if synapses is None:
            return super().__getitem__(item)
        each = np.full(len(synapses), self._pathway.seconds)
        return quantity(each[synapses.elements(item)], SECOND)

    def __setitem__(self, item: Any, value: Any) -> None:
        synapses = self._synapses()
        if synapses is None:
            super().__setitem__(item, value)
        else:
            synapses._set_each_delay(self._pathway, value, item)

    def __reduce__(self) -> Any:
        return self.view(Quantity).__reduce__()


class DelayedGroup(Group):
    """Base of `Synapses`: its pathways and their delays."""

    source_group: NeuronGroup | Subgroup
    target_group: NeuronGroup | Subgroup
    pathways: dict[str, SynapticPathway]
    store: Store
    ragged: Ragged

    def _declared(self) -> GroupModel:
        """The model, with the variables that delays need."""
        raise NotImplementedError

    # ---- pathways ----

    def __getattr__(self, name: str) -> Any:
        pathways: dict[str, SynapticPathway] = vars(self).get("pathways", {})
        if name in pathways and name not in self.model.variables:
            return PathwayView(self, pathways[name])
        return super().__getattr__(name)

    def view(self, name: str) -> VariableView | None:
        """The view of a variable; those of the neurons that each synapse connects (``x_pre``) can be read only."""
        found = super().view(name)
        return view_of_end(self, name) if found is None else found

    def _pathways(self, on_pre: Any, on_post: Any, on_event: Any) -> dict[str, SynapticPathway]:
        found: dict[str, SynapticPathway] = {}
        sides: tuple[tuple[Literal["pre", "post"], Any], ...] = (("pre", on_pre), ("post", on_post))
        for side, given in sides:
            texts = {} if given is None else given if isinstance(given, Mapping) else {side: given}
            for name, text in texts.items():
                if name in found:
                    raise errors.NameError("E307", f"there are two pathways '{name}'.", place=self.title)
                event = on_event.get(name, "spike") if isinstance(on_event, Mapping) else on_event
                order = 0 if side == "pre" else 1
                part = f"on_{side}" if name == side else f"on_{side} '{name}'"
                block = self.read_code(text, part)
                self._check_event(event, self.source_group if side == "pre" else self.target_group, part)
                found[name] = SynapticPathway(f"{self.title}, delay", name, side, block, event, order=order)
        return found

    def _check_event(self, event: object, group: NeuronGroup | Subgroup, part: str) -> None:
        if event not in group.events:
            events = ", ".join(f"'{name}'" for name in group.events) or "none"
            hint = "did you forget its threshold?" if event == "spike" else f"its events: {events}"
            message = f"{part} waits for the event {event!r}, which {group.title} does not have."
            raise errors.NameError("E322", message, place=self.title, hint=hint)

    def _set_delays(self, delay: Any) -> None:
        if delay is None:
            return
        if not isinstance(delay, Mapping):
            if "pre" not in self.pathways:
                raise errors.StructureError(
                    "E611",
                    "delay is given, but there is no pathway 'pre'.",
                    place=self.title,
                    hint="give on_pre, whose code the delay is for; or delay={'<pathway>': <time>} for another pathway",
                )
            delay = {"pre": delay}
        for name, value in delay.items():
            if name not in self.pathways:
                hint = f"pathways are {', '.join(self.pathways) or 'none'}"
                raise errors.NameError("E307", f"there is no pathway '{name}' to delay.", place=self.title, hint=hint)
            self.pathways[name].set_delay(value)

    def way(self, pathway: str, steps: Mapping[str, int], copy: int = 0) -> Way:
        """A pathway of one network of a batch, bound to the events it hears; ``steps`` are those of each clock."""
        found = self.pathways[pathway]
        end = self.source_group if found.side == "pre" else self.target_group
        _, start, stop = end.extent()
        dt, now = end.clock.dt_, steps[end.clock.name]
        ring, way = whole(end).ring(found.event, copy), found.way(copy)
        if found.each:
            if copy == 0:
                found.longest = int(np.max(np.rint(self.ragged.get(found.variable) / dt), initial=0))
            way.bind_queue(found.longest, now)
            way.send_on(self.ragged, found.side == "post", now)
        delay = 0 if found.each else round(found.seconds / dt)
        way.bind(ring, start, stop, self.ragged.fields.next_serial, delay, now)
        return way

    # ---- delays ----

    @property
    def delay(self) -> Any:
        """Delay of the pathway ``'pre'``: one for all synapses, or a variable where they differ.

        Setting one time for all keeps it common; an array or an expression gives each synapse its own.
        """
        return self.delay_of("pre")

    @delay.setter
    def delay(self, value: Any) -> None:
        self.set_delay("pre", value)

    def delay_of(self, pathway: str) -> Any:
        """Delay of a pathway."""
        found = self._pathway(pathway)
        if found.each:
            return VariableView(self, found.variable, self.model.variables[found.variable])
        common: Any = found.delay.view(CommonDelay)
        common._synapses, common._pathway = weakref.ref(self), found
        return common

    def set_delay(self, pathway: str, value: Any) -> None:
        """Set the delay of a pathway: a time for all synapses, or an array or expression for each.

        :raises StructureError: E610, a delay is negative or not finite.
        """
        found = self._pathway(pathway)
        if isinstance(value, VariableView):
            return  # S.delay[...] += ... has been done in place
        if isinstance(value, str) or np.ndim(value):
            self._set_each_delay(found, value)
        elif found.each:
            check_delay(value, found.title)
            self.ragged.set(found.variable, to_base(value))
            self.ragged.set_default(found.variable, to_base(value))
        else:
            found.set_delay(value)

    def _set_each_delay(self, pathway: SynapticPathway, value: Any, item: Any = ...) -> None:
        """Give synapses their delays, or leave all as they were."""
        before = self.ragged.get(pathway.variable) if pathway.each else None
        self._delay_each(pathway)
        try:
            VariableView(self, pathway.variable, self.model.variables[pathway.variable])[item] = value
            self._check_delays(self.ragged.get(pathway.variable))
        except errors.EqsnnError:
            if before is not None:
                self.ragged.set(pathway.variable, before)
            else:
                pathway.each = False
                self.model = self._declared()
            raise

    def _pathway(self, name: str) -> SynapticPathway:
        if name not in self.pathways:
            raise errors.NameError(
                "E307",
                f"there is no pathway '{name}'.",
                place=self.title,
                hint=f"pathways are {', '.join(self.pathways) or 'none'}",
            )
        return self.pathways[name]

    def _delay_each(self, pathway: SynapticPathway) -> None:
        """Give each synapse a delay of its own, at first the common one."""
        if pathway.each:
            return
        pathway.each = True
        self.model = self._declared()
        if pathway.variable in self.ragged.columns:
            self.ragged.set(pathway.variable, pathway.seconds)
        else:
            self.take_log()
            self.ragged.add_column(pathway.variable, self.store.real, pathway.seconds)

    def take_log(self) -> None:
        """Take what the storage has logged of its changes, before its variables become others."""
        raise NotImplementedError

    def separate_delays(self, variable: str) -> None:
        """Give each synapse a delay of its own, where ``variable`` is the name of a pathway's delays."""
        for pathway in self.pathways.values():
            if pathway.variable == variable:
                self._delay_each(pathway)

    def assign_text(self, name: str, operator: str, text: str, indices: Any, title: str) -> None:
        """Run ``name operator text`` for the synapses; delays that come out negative are refused."""
        before = self.ragged.get(name) if self._is_delay(name) else None
        super().assign_text(name, operator, text, indices, title)
        if before is not None:
            try:
                self._check_delays(self.ragged.get(name))
            except errors.StructureError:
                self.ragged.set(name, before)
                raise

    def elements(self, item: Any) -> Any:
        """Positions of the synapses that an index means, a condition in a string too."""
        if isinstance(item, str):
            title = f"{self.title}, index of delay"
            self.require_condition(item, title)
            return np.flatnonzero(np.broadcast_to(common(self.evaluate_text(item, None, title), title), (len(self),)))
        return slice(None) if item is Ellipsis else self.select_elements(item)

    def _is_delay(self, name: str) -> bool:
        return any(pathway.each and pathway.variable == name for pathway in self.pathways.values())

    def _check_delays(self, values: Any) -> None:
        bad = np.flatnonzero(~(values >= 0) | ~np.isfinite(values))
        if bad.size:
            raise errors.StructureError(
                "E610",
                f"the delay of synapse {bad[0]} is {values[bad[0]] * 1e3:g} ms: it must not be negative.",
                place=self.title,
            )

    # ---- text ----

    def __repr__(self) -> str:
        ends = f"{self.source_group.title} to {self.target_group.title}"
        return f"{self.title}: {len(self)} synapses from {ends}{paragraphs(self._texts())}"

    def _texts(self) -> Iterator[tuple[str, str]]:
        """What the synapses were given, by what it is called."""
        if self._equations is not None and self._equations.definitions:
            from .grammar.unparse import unparse

            yield "model", unparse(self._equations)
        for pathway in self.pathways.values():
            yield f"on_{pathway.side}" + (f" '{pathway.name}'" if pathway.name != pathway.side else ""), pathway.code


def check_ends(source: Any, target: Any) -> None:
    """Require groups of neurons on both sides.

    :raises StructureError: E615.
    """
    for end in (source, target):
        if not isinstance(end, NeuronGroup | Subgroup):
            raise errors.StructureError("E615", f"synapses connect groups of neurons, not {described(end)}.")
