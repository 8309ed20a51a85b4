"""The synapses of one projection, as Python sees them: the ragged storage of ``eqsnn/ragged.h`` in the core library.

storage = Ragged(n_pre, n_post, [("w", np.float64)])
storage.append(i, j)                 # numbered in this order
storage.get("w")                     # values in order of creation: where they lie in memory never shows
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..grammar.errors import RunError
from . import core

Array = npt.NDArray[Any]
Indices = npt.NDArray[np.int32]

NO_MEMORY, TOO_MANY, REFUSED, NOT_NOW = -1, -2, -3, -4
LOG_VALUES = 2

CHANGE: Final = np.dtype([("step", "i8"), ("serial", "i8"), ("i", "i4"), ("j", "i4"), ("sign", "i4"), ("slot", "i4")])
"""One line of the log of structural changes."""


class _Pool(ctypes.Structure):
    _fields_ = (("end", ctypes.c_int64), ("room", ctypes.c_int64), ("free_span", ctypes.c_int32 * 231))


class _Column(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("size", ctypes.c_int32), ("offset", ctypes.c_int32))


def _fields(kind: Any, names: str) -> list[tuple[str, Any]]:
    return [(name, kind) for name in names.split()]


class Fields(ctypes.Structure):
    """``struct Ragged``, field by field."""

    _fields_ = (
        *_fields(ctypes.c_int32, "n_pre n_post n_columns indexed multi logging"),
        *_fields(ctypes.c_int64, "live next_serial"),
        *_fields(ctypes.c_void_p, "row_start row_length row_capacity pre post serial col_pos"),
        ("columns", ctypes.POINTER(_Column)),
        *_fields(ctypes.c_void_p, "col_start col_length col_capacity col_slot"),
        *_fields(_Pool, "rows cols"),
        *_fields(ctypes.c_void_p, "staged_pairs staged_records staged_removals candidates"),
        *_fields(ctypes.c_int64, "n_pairs pair_room n_removals removal_room n_candidates candidate_room"),
        *_fields(ctypes.c_void_p, "defaults spill"),
        *_fields(ctypes.c_int32, "stride failed numbered longest"),
        *_fields(ctypes.c_int64, "created removed refusals"),
        *_fields(ctypes.c_void_p, "log log_records"),
        *_fields(ctypes.c_int64, "n_log log_room log_record_room"),
    )


class Ragged:
    """Synapses from ``n_pre`` to ``n_post`` neurons, with variables ``columns`` of (name, dtype).

    ``multi``: a pair may be connected more than once. ``indexed``: synapses can be listed by postsynaptic neuron.
    Slots, and views of memory, hold until the next change; everything else is in order of creation.
    """

    def __init__(
        self,
        n_pre: int,
        n_post: int,
        columns: Iterable[tuple[str, npt.DTypeLike]] = (),
        *,
        multi: bool = False,
        indexed: bool = False,
    ) -> None:
        self._core = core.load()
        self.handle: int | None = self._core.eqsnn_ragged_new(n_pre, n_post, multi)
        if self.handle is None:
            raise MemoryError(f"no memory for a projection of {n_pre} to {n_post} neurons")
        self.fields = Fields.from_address(self.handle)
        self.columns: dict[str, np.dtype[Any]] = {}
        for name, dtype in columns:
            self.add_column(name, dtype)
        if indexed:
            self.index()

    # --- building ---

    def add_column(self, name: str, dtype: npt.DTypeLike, initial: Any = 0) -> int:
        """Add a variable, ``initial`` for the synapses there are and those to come, and return its number.

        A dtype with a shape, ``(np.float64, 3)``, gives each synapse several values: one for each network of a batch.
        """
        if name in self.columns:
            raise ValueError(f"there is a column {name!r} already")
        kind = np.dtype(dtype)
        value = np.broadcast_to(np.asarray(initial, kind.base), kind.shape).copy()
        number = self._checked(self._core.eqsnn_ragged_add_column(self.handle, kind.itemsize, value.ctypes.data))
        self.columns[name] = kind
        return number

    def number_by(self, name: str) -> None:
        """Have ``apply`` number the synapses of each pair in a variable."""
        self.fields.numbered = list(self.columns).index(name)

    def index(self) -> None:
        """Keep the list of synapses of each postsynaptic neuron from now on."""
        self._checked(self._core.eqsnn_ragged_index(self.handle))

    def append(self, i: npt.ArrayLike, j: npt.ArrayLike) -> None:
        """Create synapses from i[k] to j[k], in this order, whether connected or not."""
        pre, post = self._pairs(i, j)
        self._checked(self._core.eqsnn_ragged_append(self.handle, pre.ctypes.data, post.ctypes.data, len(pre)))

    def continue_from(self, other: Ragged) -> None:
        """Take over identities and counts from a storage whose synapses were appended here in their order."""
        self.fixed("serial")[self.order()] = other.serial
        for name in ("next_serial", "created", "removed", "refusals", "logging"):
            setattr(self.fields, name, getattr(other.fields, name))

    def set_default(self, name: str, value: Any) -> None:
        """Give synapses to come another initial value of a variable."""
        self._default(name)[...] = value

    def default(self, name: str) -> Array:
        """Initial value of a variable."""
        return self._default(name).copy()

    def _default(self, name: str) -> Array:
        kind, offset = self.columns[name], self._column(name).offset
        record = self._memory(self.fields.defaults, np.uint8, self.fields.stride)
        return record[offset : offset + kind.itemsize].view(kind.base).reshape(kind.shape)

    # --- changing ---

    def create(self, i: int, j: int) -> int | None:
        """Create one synapse and return its slot; None if the pair is connected and may not be twice."""
        self._pairs(i, j)
        slot = int(self._core.eqsnn_ragged_create(self.handle, i, j))
        return None if slot == REFUSED else self._checked(slot)

    def remove(self, slots: npt.ArrayLike) -> None:
        """Remove the synapses in these slots."""
        chosen = self._slots(slots)
        self._checked(self._core.eqsnn_ragged_remove(self.handle, chosen.ctypes.data, len(chosen)))

    def stage_remove(self, slots: npt.ArrayLike) -> None:
        """Have ``apply`` remove the synapses in these slots."""
        chosen = self._slots(slots)
        self._core.eqsnn_ragged_stage_removals(self.handle, chosen.ctypes.data, len(chosen))

    def stage_create(self, i: npt.ArrayLike, j: npt.ArrayLike, **values: npt.ArrayLike) -> None:
        """Have ``apply`` create synapses from i[k] to j[k], with these values of the variables."""
        pre, post = self._pairs(i, j)
        first, stride = self.fields.n_pairs, self.fields.stride
        if self._core.eqsnn_ragged_stage_pairs(self.handle, pre.ctypes.data, post.ctypes.data, len(pre)):
            return  # apply reports it
        records = self._memory(self.fields.staged_records, np.uint8, (first + len(pre)) * stride)
        for name, value in values.items():
            dtype, offset = self.columns[name], self._column(name).offset
            items = np.broadcast_to(np.asarray(value, dtype.base), (len(pre), *dtype.shape)).copy()
            records.reshape(-1, stride)[first:, offset : offset + dtype.itemsize] = np.frombuffer(
                items.tobytes(), np.uint8
            ).reshape(-1, dtype.itemsize)

    def apply(self, step: int = 0) -> None:
        """Do what was staged: removals, then creations. If there is no memory for it, nothing happens.

        :raises MemoryError: and what was staged is forgotten.
        """
        self._checked(self._core.eqsnn_ragged_apply(self.handle, step))

    def forget_staged(self) -> None:
        """Change nothing of what was staged."""
        self.fields.n_pairs = self.fields.n_removals = self.fields.n_candidates = self.fields.failed = 0

    def compact(self) -> None:
        """Lay the rows out in order, close together."""
        self._checked(self._core.eqsnn_ragged_compact(self.handle))

    # --- reading and writing ---

    def __len__(self) -> int:
        return int(self.fields.live)

    def order(self) -> Indices:
        """Slots in order of creation."""
        slots = np.empty(len(self), np.int32)
        self._checked(self._core.eqsnn_ragged_order(self.handle, slots.ctypes.data))
        return slots

    def row_major(self) -> Indices:
        """Slots by (i, j), then by creation."""
        slots = np.empty(len(self), np.int32)
        self._core.eqsnn_ragged_row_major(self.handle, slots.ctypes.data)
        return slots

    @property
    def i(self) -> Indices:
        """Presynaptic neuron of each synapse."""
        return np.asarray(self.fixed("pre")[self.order()], np.int32)

    @property
    def j(self) -> Indices:
        """Postsynaptic neuron of each synapse."""
        return np.asarray(self.fixed("post")[self.order()], np.int32)

    @property
    def serial(self) -> npt.NDArray[np.int64]:
        """Creation number of each synapse, ascending."""
        return np.asarray(self.fixed("serial")[self.order()], np.int64)

    def get(self, name: str, subset: Any = slice(None)) -> Array:
        """Copy of a variable's values, for all synapses or for ``subset`` of them."""
        return np.asarray(self.view(name)[self.order()[subset]])

    def set(self, name: str, values: npt.ArrayLike, subset: Any = slice(None)) -> None:
        """Set a variable for all synapses or for ``subset`` of them."""
        self.view(name)[self.order()[subset]] = values

    def find(self, i: int, j: int) -> int:
        """Slot of the synapse from i to j, or -1."""
        return int(self._core.eqsnn_ragged_find(self.handle, i, j))

    # --- views of memory: they hold until the next change ---

    def view(self, name: str) -> Array:
        """Memory of a variable, by slot."""
        return self._memory(self._column(name).data, self.columns[name], self.fields.rows.room)

    def fixed(self, name: str) -> Array:
        """Memory of ``pre``, ``post``, ``serial`` or ``col_pos``, by slot; variables may have the same names."""
        dtype = np.int64 if name == "serial" else np.int32
        return self._memory(getattr(self.fields, name), dtype, self.fields.rows.room)

    def table(self, name: str) -> Indices:
        """Memory of ``row_start``, ``row_length``, ``row_capacity``, ``col_start`` …, by neuron."""
        n = self.fields.n_pre if name.startswith("row") else self.fields.n_post
        return self._memory(getattr(self.fields, name), np.int32, n)

    def row(self, i: int) -> Indices:
        """Slots of presynaptic neuron i."""
        start = int(self.table("row_start")[i])
        return np.arange(start, start + int(self.table("row_length")[i]), dtype=np.int32)

    def column(self, j: int) -> Indices:
        """Slots of postsynaptic neuron j; the storage must be indexed."""
        start = int(self.table("col_start")[j])
        slots = self._memory(self.fields.col_slot, np.int32, self.fields.cols.room)
        return slots[start : start + int(self.table("col_length")[j])].copy()

    # --- watching ---

    @property
    def logging(self) -> bool:
        """Whether ``apply`` logs each creation and removal."""
        return bool(self.fields.logging)

    @logging.setter
    def logging(self, on: bool) -> None:
        self.fields.logging = on

    @property
    def logging_values(self) -> bool:
        """Whether ``apply`` also logs the variables of each synapse, as it is created and as it goes.

        May be set while nothing is logged that was not taken.
        """
        return int(self.fields.logging) == LOG_VALUES

    @logging_values.setter
    def logging_values(self, on: bool) -> None:
        if self.fields.n_log:
            raise RuntimeError("take the log first")
        self.fields.logging = LOG_VALUES if on else self.logging

    def logged(self, name: str) -> Array:
        """Values of a variable, one for each change logged since `take_log`; they must be logged."""
        kind, offset, stride = self.columns[name], self._column(name).offset, self.fields.stride
        records = self._memory(self.fields.log_records, np.uint8, self.fields.n_log * stride).reshape(-1, stride)
        return records[:, offset : offset + kind.itemsize].copy().view(kind.base).reshape(-1, *kind.shape)

    def take_log(self) -> Array:
        """Return what was logged since the last time, as an array of ``CHANGE``."""
        log = self._memory(self.fields.log, CHANGE, self.fields.n_log).copy()
        self.fields.n_log = 0
        return log

    def memory(self) -> int:
        """Bytes allocated for slots and indices."""
        return int(self._core.eqsnn_ragged_bytes(self.handle))

    def check(self) -> None:
        """Verify every invariant of the storage.

        :raises AssertionError: with the one that is broken.
        """
        broken = self._core.eqsnn_ragged_check(self.handle)
        names = ("", "row spans", "slots of rows", "in-degrees", "column spans", "column index", "serials")
        assert broken == 0, f"broken: {names[broken] if broken > 0 else 'no memory to check'}"

    def close(self) -> None:
        """Free the memory; nothing may be used afterwards."""
        if self.handle is not None:
            self._core.eqsnn_ragged_free(self.handle)
            self.handle = None

    def __del__(self) -> None:
        if getattr(self, "handle", None) is not None:
            self.close()

    # --- between numpy and C ---

    def _column(self, name: str) -> Any:
        return self.fields.columns[list(self.columns).index(name)]

    def _memory(self, address: int | None, dtype: npt.DTypeLike, n: int) -> Array:
        kind = np.dtype(dtype)
        if not address or not n * kind.itemsize:
            return np.empty(n if address else 0, kind)
        memory: Any = (ctypes.c_char * (n * kind.itemsize)).from_address(address)
        return np.frombuffer(memory, kind)

    def _slots(self, slots: npt.ArrayLike) -> Indices:
        chosen = np.ascontiguousarray(slots, np.int32).reshape(-1)
        if len(chosen) and (chosen.min() < 0 or chosen.max() >= self.fields.rows.room):
            raise IndexError("a slot is out of range")
        if np.any(self.fixed("pre")[chosen] < 0):
            raise IndexError("a slot holds no synapse")
        return chosen

    def _pairs(self, i: npt.ArrayLike, j: npt.ArrayLike) -> tuple[Indices, Indices]:
        wide = np.broadcast_arrays(np.atleast_1d(i), np.atleast_1d(j))
        for side, indices, n in (("i", wide[0], self.fields.n_pre), ("j", wide[1], self.fields.n_post)):
            if indices.size and (indices.min() < 0 or indices.max() >= n):
                raise IndexError(f"{side} must be at least 0 and below {n}")
        return np.ascontiguousarray(wide[0], np.int32), np.ascontiguousarray(wide[1], np.int32)

    def _checked(self, result: int) -> int:
        if result == NO_MEMORY:
            raise MemoryError("no memory for more synapses; the network is as it was")
        if result == TOO_MANY:
            message = "a projection cannot hold 2^31 synapses or more"
            raise RunError("E820", message, hint="split it into several Synapses")
        if result == NOT_NOW:
            raise RuntimeError("changes are staged or logged: apply them, or take the log, first")
        return result
