"""Synapses on a device where their wiring changes: their storage there, room for changes, and how it comes back.

Arrays belong to the device while a run lasts: they are replaced where more room is wanted. `DeviceRagged.fetch` gives
the host's storage the same layout, so nothing has to be built anew on either side.
"""

from __future__ import annotations

import ctypes
from ctypes import Structure, c_int32, c_int64, c_uint64, c_void_p, cast, sizeof
from typing import Any

import numpy as np

from .. import core
from ..context import Wanted
from ..ragged import Fields, Ragged
from .demand import Demand, longest_list
from .device import Module
from .mirror import Mirror, memory

WANTS_SLOTS, WANTS_STAGING, WANTS_QUEUE, WANTS_LOG, WANTS_LISTS = range(1, 6)
"""Kinds of room, as ``cuda/staging.h`` has them."""

BLOCK = 256
_MOST = 2**31 - 1  # slots of a projection
_PAIR, _NUMBER, _MOVE, _CANDIDATE, _CHANGE = 24, 8, 16, 32, 32  # bytes: ``cuda/staging.h``, ``eqsnn/ragged.h``
_LINES, _MOST_LINES = 1 << 12, 1 << 20  # of the log on the device, unless a pass has more
_SLOTS = {"pre": 4, "post": 4, "serial": 8, "col_pos": 4}


def _named(names: str, kind: Any) -> tuple[tuple[str, Any], ...]:
    return tuple((name, kind) for name in names.split())


class DeviceFields(Fields):
    """``struct DeviceRagged`` of ``cuda/staging.h``."""

    _fields_ = (
        *_named("pairs removals by_column column_removals row_moves col_moves", c_void_p),
        *_named("n_row_moves n_col_moves row_growth col_growth refused_now", c_uint64),
        *_named("asked_pairs asked_removals asked_candidates", c_int64),
        *_named("settled number removals_each candidates_each", c_int32),
    )


class _Relayout(Structure):
    """``struct Relayout`` of ``cuda/layout.h``."""

    _fields_ = (
        *_named("projection arrived counts row_start row_capacity pre post serial col_pos columns", c_void_p),
        *_named("row_room", c_int64),
        *_named("col_start col_capacity col_slot", c_void_p),
        *_named("col_room", c_int64),
        *_named("roomy unused", c_int32),
    )


class TooManySlotsError(Exception):
    """The synapses that are to come need 2^31 slots or more."""


class DeviceRagged:
    """The storage of one projection; `address` is that of its struct on the device."""

    def __init__(self, mirror: Mirror, storage: Ragged, number: int, demand: Demand, module: Module) -> None:
        self._mirror, self._storage, self._module = mirror, storage, module
        fields = DeviceFields()
        ctypes.memmove(ctypes.addressof(fields), storage.handle or 0, sizeof(Fields))
        fields.number, fields.longest = number, longest_list(storage)
        fields.removals_each, fields.candidates_each = demand.removals, demand.candidates
        for name, size in self._sizes(fields).items():
            setattr(fields, name, self._copied(getattr(fields, name), size))
        fields.defaults = self._copied(fields.defaults, fields.stride)
        columns = []
        for k in range(fields.n_columns):
            column = type(fields.columns[k]).from_buffer_copy(fields.columns[k])
            column.data = self._copied(column.data, column.size * fields.rows.room)
            columns.append(column)
        fields.columns = cast(mirror.table(columns), type(fields.columns))
        self._columns = len(columns)
        self._stage(fields)
        fields.log = fields.log_records = None
        fields.n_log = fields.log_room = 0
        if storage.logging:
            self._new_log(fields, _LINES)
        self.address = mirror.struct(fields)

    def _sizes(self, fields: Fields) -> dict[str, int]:
        """Bytes of each array but the variables."""
        sizes = {name: size * fields.rows.room for name, size in _SLOTS.items() if fields.indexed or name != "col_pos"}
        sizes |= {f"row_{name}": 4 * fields.n_pre for name in ("start", "length", "capacity")}
        kept = ("start", "length", "capacity") if fields.indexed else ("length",)
        sizes |= {f"col_{name}": 4 * fields.n_post for name in kept}
        if fields.indexed:
            sizes["col_slot"] = 4 * fields.cols.room
        return sizes

    def _copied(self, host: int | None, size: int) -> int:
        address = self._mirror.room(size)
        if host and size:
            self._mirror.upload(address, memory(host, size))
        return address

    # ---- room ----

    def make_room(self, wanted: Wanted) -> None:
        """Make the room that the device wants.

        :raises MemoryError: there is none. :raises TooManySlotsError: nor can there be. All is as it was.
        """
        fields = self._mirror.read(self.address, DeviceFields)
        if wanted.kind == WANTS_SLOTS:
            self._lay_out(fields)
        elif wanted.kind == WANTS_LOG:
            self._fetch_log(fields)
            fields.n_log = 0
            self._mirror.write(self.address, fields)
            self._new_log(fields, max(wanted.amount, min(2 * fields.log_room, _MOST_LINES)))
            self._mirror.write(self.address, fields)
        else:
            self._lengthen(fields, fields.asked_pairs, fields.asked_removals, fields.asked_candidates)
            self._mirror.write(self.address, fields)

    def _stage(self, fields: DeviceFields) -> None:
        """Room for what synapses may stage, and what the host has staged already."""
        host, slots = self._storage.fields, np.empty(0, np.uint64)
        if host.n_removals:
            staged = memory(host.staged_removals, 8 * host.n_removals).view(np.int32).reshape(-1, 2).astype(np.uint64)
            slots = staged[:, 0] << np.uint64(32) | staged[:, 1]
        for name in ("pairs", "removals", "by_column", "column_removals", "row_moves", "col_moves"):
            setattr(fields, name, None)
        fields.staged_records = fields.candidates = None
        fields.pair_room = fields.removal_room = fields.candidate_room = fields.n_removals = 0
        removals, candidates = fields.live * fields.removals_each, fields.live * fields.candidates_each
        self._lengthen(fields, 0, removals + len(slots), candidates)
        fields.n_removals = len(slots)
        if len(slots):
            self._mirror.upload(fields.removals or 0, slots.view(np.uint8))

    def _lengthen(self, fields: DeviceFields, pairs: int, removals: int, candidates: int) -> None:
        """Longer lists, where they are not long enough, with what they hold."""
        longer: list[tuple[str, str, int, int, int]] = []  # array, its room, bytes that are kept, bytes, items
        for room, asked, arrays in (
            ("pair_room", pairs, {"pairs": _PAIR, "staged_records": fields.stride, "by_column": _NUMBER,
                                  "row_moves": _MOVE, "col_moves": _MOVE}),
            ("removal_room", removals, {"removals": _NUMBER, "column_removals": _NUMBER}),
            ("candidate_room", candidates, {"candidates": _CANDIDATE}),
        ):  # fmt: skip
            if asked > getattr(fields, room):
                items = asked + asked // 4 + 64
                kept = {"pair_room": fields.n_pairs, "removal_room": fields.n_removals}.get(room, fields.n_candidates)
                longer += [(name, room, kept * size, items * size, items) for name, size in arrays.items()]
        spaces = self._spaces([size for *_, size, _ in longer])
        for (name, room, kept, _, items), address in zip(longer, spaces, strict=True):
            self._replace(getattr(fields, name), address, kept)
            setattr(fields, name, address)
            setattr(fields, room, items)

    def _new_log(self, fields: DeviceFields, lines: int) -> None:
        """A log of so many lines, if it is not as long already; what it held is lost."""
        if lines <= fields.log_room:
            return
        sizes = [lines * _CHANGE, lines * fields.stride if self._storage.logging_values else 1]
        for name, address in zip(("log", "log_records"), self._spaces(sizes), strict=True):
            self._replace(getattr(fields, name), address, 0)
            setattr(fields, name, address)
        fields.log_room = lines

    def _spaces(self, sizes: list[int]) -> list[int]:
        """Memory of these sizes, all or none."""
        found: list[int] = []
        try:
            found.extend(self._mirror.room(size) for size in sizes)
        except MemoryError:
            for address in found:
                self._mirror.free(address)
            raise
        return found

    def _replace(self, old: int | None, new: int, kept: int) -> None:
        if old is None:
            return
        if kept:
            data = np.zeros(kept, np.uint8)
            self._mirror.download(old, data)
            self._mirror.upload(new, data)
        self._mirror.free(old)

    def _lay_out(self, fields: DeviceFields) -> None:
        """All rows and columns anew, in order, with slack: ample if there is memory for it."""
        coming = fields.n_pairs if fields.settled else 0
        try:
            self._relayout(fields, fields.live + coming, roomy=True)
        except (MemoryError, TooManySlotsError):
            self._relayout(fields, fields.live + coming, roomy=False)

    def _relayout(self, fields: DeviceFields, entries: int, *, roomy: bool) -> None:
        rows, cols = (_room(entries, n, roomy) for n in (fields.n_pre, fields.n_post))
        mirror, plan = self._mirror, _Relayout(projection=self.address, row_room=rows, col_room=cols, roomy=roomy)
        after = DeviceFields.from_buffer_copy(fields)
        after.rows.room, after.cols.room = rows, cols if fields.indexed else 0
        sizes = {k: size for k, size in self._sizes(after).items() if not k.endswith("_length")}
        columns = self._device_columns(fields)
        spaces = self._spaces([*sizes.values(), *(column.size * rows for column in columns)])
        for name, address in zip(sizes, spaces, strict=False):
            setattr(plan, name, address)
        blocks = self._module.resident_blocks("eqsnn_relayout", BLOCK)
        counts, arrived, table = mirror.room(4 * blocks), mirror.zeros(8), mirror.table(spaces[len(sizes) :])
        plan.counts, plan.arrived, plan.columns = counts, arrived, table
        argument = mirror.struct(plan)
        self._module.launch("eqsnn_relayout", blocks, BLOCK, argument)
        for address in (*(getattr(fields, name) for name in sizes), *(column.data for column in columns)):
            mirror.free(address)
        for address in (counts, arrived, table, argument):
            mirror.free(address)

    def _device_columns(self, fields: DeviceFields) -> list[Any]:
        kind = type(self._storage.fields.columns)._type_
        data = np.zeros(self._columns * sizeof(kind), np.uint8)
        self._mirror.download(cast(fields.columns, c_void_p).value or 0, data)
        return [kind.from_buffer_copy(data.tobytes(), k * sizeof(kind)) for k in range(self._columns)]

    # ---- back, and forth again ----

    def fetch(self) -> None:
        """Give the host's storage the synapses that there are on the device now, and what is staged.

        :raises MemoryError: the host has no memory for them.
        """
        found, host, handle = self._mirror.read(self.address, DeviceFields), self._storage.fields, self._storage.handle
        load = core.load()
        if load.eqsnn_ragged_rooms(handle, found.rows.room, found.cols.room):
            raise MemoryError("no memory for the synapses that the device has made")
        for name, size in self._sizes(found).items():
            if size:
                self._mirror.download(getattr(found, name), memory(getattr(host, name), size))
        for name in ("live", "next_serial", "created", "removed", "refusals"):
            setattr(host, name, getattr(found, name))
        host.rows.end, host.cols.end = found.rows.end, found.cols.end
        self._each_column(found, self._mirror.download)
        if load.eqsnn_ragged_adopt(handle):
            raise MemoryError("no memory for the synapses that the device has made")
        self._fetch_staged(found)
        self._fetch_log(found)
        if found.n_log:
            found.n_log = 0
            self._mirror.write(self.address, found)

    def _fetch_log(self, found: DeviceFields) -> None:
        """Append what was logged on the device to the host's log."""
        host, n = self._storage.fields, int(found.n_log)
        if not n:
            return
        if core.load().eqsnn_ragged_log_room(self._storage.handle, n):
            raise MemoryError("no memory for the log of structural changes")
        with_values = self._storage.logging_values and host.stride > 0
        for name, size in (("log", _CHANGE), ("log_records", host.stride))[: 1 + with_values]:
            self._mirror.download(getattr(found, name), memory(getattr(host, name) + host.n_log * size, n * size))
        host.n_log += n

    def _fetch_staged(self, found: DeviceFields) -> None:
        """Removals by events, which wait for the end of the step."""
        self._storage.forget_staged()
        if found.n_removals:
            keys = np.zeros(found.n_removals, np.uint64)
            self._mirror.download(found.removals or 0, keys.view(np.uint8))
            rows, places = (part.astype(np.int64) for part in (keys >> np.uint64(32), keys & np.uint64(2**32 - 1)))
            self._storage.stage_remove(self._storage.table("row_start")[rows] + places)

    def send(self) -> None:
        """Copy the variables to the device again, where the host has changed no more than their values."""
        self._each_column(self._mirror.read(self.address, DeviceFields), self._mirror.upload)

    def _each_column(self, found: DeviceFields, move: Any) -> None:
        for k, column in enumerate(self._device_columns(found)):
            size = column.size * found.rows.room
            if size:
                move(column.data, memory(self._storage.fields.columns[k].data, size))


def _room(entries: int, lists: int, roomy: bool) -> int:
    """Entries of a pool, as ``with_slack`` in ``cuda/layout.h`` spreads them, and some behind them.

    :raises TooManySlotsError: there can be no such pool.
    """
    end = entries + entries // 4 + 4 * lists if roomy else entries + entries // 16
    if end > _MOST:
        raise TooManySlotsError
    return min(_MOST, end + (end // 4 if roomy else end // 9) + 64)
