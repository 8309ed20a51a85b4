"""Storage of synapses: a column for each variable, or several where each network of a batch has a value of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .delays import DelayedGroup
from .grammar import errors
from .model.symbols import Variable
from .runtime.ragged import Ragged
from .runtime.store import of_copy


class ColumnGroup(DelayedGroup):
    """Base of `Synapses`: which columns its storage has, and what becomes of them when they must be others."""

    multisynaptic_index: str | None
    _before: tuple[npt.NDArray[np.int64], dict[str, npt.NDArray[Any]]] | None = None  # serials, values by column
    _extended: frozenset[str] = frozenset()

    def _columns(self) -> list[tuple[str, Any]]:
        members = self.model.variables.values()
        found = [(m.name, self.store.dtype(m.type.dtype.value)) for m in members if m.stored and not m.shared]
        if self.model.event_driven():
            found.append(("lastupdate", np.dtype(np.int32)))
        per_copy = (*self.model.per_copy(), "lastupdate")
        copies = range(1, self.store.copies)
        return found + [(of_copy(name, copy), kind) for name, kind in found if name in per_copy for copy in copies]

    def extend(self: Any, variables: Iterable[Variable]) -> None:
        """Give each synapse further variables, zero at first, that are eqsnn's own; those it has already stay.

        :raises NameError: E303, the model has one of their names.
        """
        new = {v.name: v for v in variables if v.name not in self._extended}
        for name in new:
            if name in self.model.variables:
                message = f"'{name}' is a variable of the model; training has a use of its own for that name."
                raise errors.NameError("E303", message, place=self.title, hint="choose another name")
        self.model = replace(self.model, variables={**self.model.variables, **new})
        self._extended |= new.keys()
        for name, kind in self._columns():
            if name not in self.ragged.columns:
                self.ragged.add_column(name, kind)

    def _new_storage(self) -> Ragged:
        for variable in self.model.variables.values():
            if variable.shared and variable.stored:
                self.store.add(variable.name, variable.type.dtype.value, 1)
        multi = self.multisynaptic_index is not None
        by_column = [p.side == "post" for p in self.pathways.values()] + [s.side == "pre" for s in self.model.summed]
        indexed = any(by_column)
        found = Ragged(len(self.source_group), len(self.target_group), self._columns(), multi=multi, indexed=indexed)
        return self._numbered(found)

    def _numbered(self, storage: Ragged) -> Ragged:
        """The storage, told which variable numbers the synapses of a pair."""
        if self.multisynaptic_index is not None:
            storage.number_by(self.multisynaptic_index)
        return storage

    def set_precision(self, dtype: npt.DTypeLike) -> None:
        """Store real variables in another precision."""
        if self.store.real == np.dtype(dtype):
            return
        self.store.set_precision(dtype)
        self._move_storage(self._columns())

    def set_batch(self, copies: int) -> None:
        """Hold the state of so many networks, with spikes under way and what is flagged ``(batch)``."""
        if copies == self.store.copies:
            return
        super().set_batch(copies)
        for pathway in self.pathways.values():
            del pathway.ways[copies:]
        columns = self._columns()
        if {name for name, _ in columns} != set(self.ragged.columns):
            self._move_storage(columns)

    def _move_storage(self, columns: list[tuple[str, Any]]) -> None:
        """Take all synapses, in order of creation, to a storage with other columns."""
        old = self.ragged
        new = Ragged(
            old.fields.n_pre, old.fields.n_post, columns, multi=bool(old.fields.multi), indexed=bool(old.fields.indexed)
        )
        self._numbered(new)
        new.append(old.i, old.j)
        for name in new.columns:
            before = name if name in old.columns else name.partition("@")[0]
            if before in old.columns:
                new.set(name, old.get(before))
                new.set_default(name, old.default(before))
        self.take_log()
        new.continue_from(old)
        self.ragged = new

    def need_index(self) -> None:
        """Keep synapses listed by postsynaptic neuron."""
        if not self.ragged.fields.indexed:
            self.ragged.index()

    # ---- networks of a batch ----

    def copies_of(self, name: str) -> list[str]:
        """Columns that hold a variable: one for each network of a batch, one for all, or none."""
        known = self.ragged.columns
        return [own for copy in range(self.store.copies) if (own := of_copy(name, copy)) in known]

    def state_copies(self, name: str) -> int:
        """Number of networks of the batch where each has a value of its own, else 1."""
        own = name in self.model.variables and self.model.variables[name].shared
        return self.store.copies if own or name in self.model.per_copy() else 1

    # ---- trials ----

    def of_trial(self) -> list[str]:
        """Variables that a trial begins with: what follows equations, or is the networks' own, and not the neurons'."""
        members = self.model.variables
        own = [*self.model.per_copy(), *(name for name in self.model.differentials if not members[name].shared)]
        mine = (name for name in dict.fromkeys(own) if not name.startswith("_"))  # what training adds up is not
        return [name for name in mine if not getattr(members[name], "constant", False)]

    def remember(self) -> None:
        """Keep what a trial begins with, by the identity of each synapse."""
        fixed = {name for name, member in self.model.variables.items() if getattr(member, "constant", False)}
        self.store.keep(name for name in self.store if name not in fixed)
        columns = [own for name in self.of_trial() for own in self.copies_of(name)]
        self._before = self._lying().copy(), {name: self.ragged.view(name).copy() for name in columns}

    def clear_queues(self) -> None:
        """Let no spike be under way that waits for its own synapse's delay."""
        for pathway in self.pathways.values():
            for way in pathway.ways:
                way.clear_queue()

    def _lying(self) -> npt.NDArray[np.int64]:
        """The identity of what lies in each slot, below zero for nothing."""
        return self.ragged.fixed("serial")[: self.ragged.fields.rows.end]

    def restart(self) -> None:
        """Be as remembered, with no spike under way; those created since then have the initial values."""
        self.store.recall()
        for pathway in self.pathways.values():
            for way in pathway.ways:
                way.forget()
        if self._before is None:
            return
        lying, before = self._before
        to, from_ = _where_they_went(lying, self._lying())
        for own in (own for name in self.of_trial() for own in self.copies_of(name)):
            kept, values = before.get(own, before.get(own.partition("@")[0])), self.ragged.view(own)
            if kept is not None and from_ is lying:
                values[: len(lying)] = kept[: len(lying)]
                continue
            values[:] = self.ragged.default(own)
            if kept is not None:
                values[to] = kept[from_]


def _where_they_went(before: npt.NDArray[np.int64], now: npt.NDArray[np.int64]) -> tuple[Any, Any]:
    """Slots now and before of the synapses that there still are; ``before`` itself where all lie as they did."""
    if np.array_equal(before, now):
        return before, before
    old, new = np.flatnonzero(before >= 0), np.flatnonzero(now >= 0)
    _, at_old, at_new = np.intersect1d(before[old], now[new], assume_unique=True, return_indices=True)
    return new[at_new], old[at_old]
