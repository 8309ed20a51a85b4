"""Finds the state behind the names of a program: the runtime's `State` for the objects of a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .base import NetworkObject
from .namespaces import Namespace
from .runtime.store import Kind, Store, aligned_zeros
from .timedarray import TimedArray

TALLY = "_changes"
"""Where a rule counts what it did: synapses created, removed, creations refused, pairs that samples lacked."""

if TYPE_CHECKING:
    from .codegen.ir import Array
    from .runtime.context import Generator
    from .runtime.ragged import Ragged
    from .runtime.recording import Recording
    from .runtime.rings import Ring, Way


class Binding:
    """State of ``objects`` (by name) for one run.

    ``namespaces`` are those of their texts, by owner; ``steps`` gives for each clock the step the run starts at.
    ``substitutes`` replaces the storage of projections, for code that tries pairs out. In a batch, it is the state of
    the first network: `of_copy` gives that of the others.
    """

    def __init__(
        self,
        objects: Mapping[str, NetworkObject],
        namespaces: Mapping[str, Namespace],
        steps: Mapping[str, int],
        real: npt.DTypeLike,
        substitutes: Mapping[str, Ragged] | None = None,
        recordings: Mapping[str, Recording] | None = None,
    ) -> None:
        self._objects: Mapping[str, Any] = objects  # each has what its declaration makes the program ask for
        self._namespaces, self._steps = namespaces, steps
        self._substitutes, self._recordings = substitutes or {}, recordings or {}
        self._counters = Store(real)
        self._aside: dict[str, npt.NDArray[Any]] = {}
        self._tables: dict[str, npt.NDArray[Any]] = {}
        self._real = np.dtype(real)
        self._copy = 0

    def of_copy(self, copy: int, recordings: Mapping[str, Recording] | None = None) -> Binding:
        """The state of a network of a batch; what all have in common is not worked out again."""
        found = Binding(self._objects, self._namespaces, self._steps, self._real, self._substitutes, recordings)
        found._copy, found._tables = copy, self._tables
        return found

    def shape(self) -> object:
        """What stays equal while all memory is where it was (see `eqsnn.runtime.lanes`)."""
        found: list[object] = []
        for item in self._objects.values():
            store: Store | None = vars(item).get("store")
            ragged: Ragged | None = vars(item).get("ragged")
            found += [item.name, id(store), 0 if store is None else store.version]
            found += [0, 0] if ragged is None else [ragged.handle, len(ragged.columns)]
            found += [id(recording) for recording in vars(item).get("recordings", ())]
        tables = (table for namespace in self._namespaces.values() for table in namespace.tables.values())
        return tuple(found), tuple(dict.fromkeys(tables))

    def buffer(self, array: Array) -> npt.NDArray[Any]:
        """Memory of a flat array: a group's variable, a table, the index of a link, a rule's counter."""
        owner, _, name = array.name.rpartition(".")
        table = self._table(owner)
        if table is not None:
            return self._tables.setdefault(owner, self._values(table))
        if name == "index" and "." in owner:
            group, _, variable = owner.rpartition(".")
            memory: npt.NDArray[Any] = self._objects[group].link_index(variable)
            return memory
        if name.endswith("@increments"):
            return self._increments(array)
        found = self._objects.get(owner)
        store: Store | None = getattr(found, "store", None)
        if store is not None and name in store:
            return store.buffer(name, self._copy)
        return self._counter(array, found)

    def _increments(self, array: Array) -> npt.NDArray[Any]:
        """Room for what a pass adds to an array that it also reads, as large as the array."""
        from .codegen.ir import INCREMENTS

        if array.name not in self._aside:
            original = self.buffer(replace(array, name=array.name.removesuffix(INCREMENTS)))
            self._aside[array.name] = aligned_zeros(len(original), original.dtype)
        return self._aside[array.name]

    def _values(self, table: TimedArray) -> npt.NDArray[Any]:
        """A table as kernels read it: row after row, in the precision of the network."""
        values = table.array
        kind = {"f": self._real, "b": np.dtype(np.bool_)}.get(values.dtype.kind, np.dtype(np.int32))
        return np.ascontiguousarray(values, kind).reshape(-1)

    def _counter(self, array: Array, rule: Any) -> npt.NDArray[Any]:
        if array.name not in self._counters:
            kinds: dict[str, Kind] = {"real": "real", "double": "double", "int64_t": "long"}
            kind = kinds.get(array.type.value, "integer")
            name = array.name.rpartition(".")[2]
            if hasattr(rule, "size_of"):  # a table of a group's neurons (`codegen.passes.tabulate`)
                self._counters.add(array.name, kind, rule.size_of("N"))
                return self._counters.buffer(array.name)
            self._counters.add(array.name, kind, 4 if name == TALLY else rule.counter_size(name))
        return self._counters.buffer(array.name)

    def _table(self, name: str) -> TimedArray | None:
        for namespace in self._namespaces.values():
            if name in namespace.tables:
                return namespace.tables[name]
        return None

    def number(self, name: str) -> float:
        """An argument: a size, a property of a table, or a constant of a namespace."""
        owner, _, what = name.rpartition(".")
        table = self._table(owner)
        if table is not None:
            rows, *columns = table.array.shape
            return float({"interval": table.dt_, "rows": rows, "columns": columns[0] if columns else 1}[what])
        found = self._objects.get(owner)
        if found is not None and what in ("N", "N_pre", "N_post"):
            return float(found.size_of(what))
        for key in (owner, *self._namespaces):
            namespace = self._namespaces.get(key)
            if namespace is not None and namespace(what) is not None:
                return float(namespace.value(name))
        return float(next(iter(self._namespaces.values())).value(name))

    def ragged(self, projection: str) -> Ragged:
        """Storage of a projection."""
        substitute = self._substitutes.get(projection)
        return substitute if substitute is not None else self._objects[projection].ragged

    def ring(self, neurons: str, event: str) -> Ring:
        """Event lists of a group."""
        found: Ring = self._objects[neurons].ring(event, self._copy)
        return found

    def way(self, projection: str, pathway: str) -> Way:
        """A pathway, bound to what it hears."""
        found: Way = self._objects[projection].way(pathway, self._steps, self._copy)
        return found

    def recording(self, name: str) -> Recording:
        """Memory of a monitor."""
        known = self._recordings.get(name)
        return known if known is not None else self._objects[name].recordings[self._copy]

    def generator(self, neurons: str) -> Generator:
        """Events given beforehand."""
        found: Generator = self._objects[neurons].generator(self._copy)
        return found

    def callback(self, name: str) -> Callable[[], None]:
        """A function of the user's."""
        found: Callable[[], None] = self._objects[name].call
        return found
