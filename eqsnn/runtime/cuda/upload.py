"""The context of a run on a device: every pointer leads to a copy there."""

from __future__ import annotations

import ctypes
from ctypes import addressof, cast, sizeof
from typing import Any

import numpy as np

from .. import core
from ..bind import Bound
from ..context import Context, Generator, Pathway, SpikeList, SpikeRing, Wanted
from ..ragged import Ragged
from .demand import demand_of, longest_list
from .device import Module
from .mirror import Mirror, memory
from .queues import DeviceQueue
from .records import DeviceRecorder, shape_of
from .samples import WANTS_BUFFER, DeviceRooms
from .structure import WANTS_LISTS, WANTS_QUEUE, DeviceRagged


class Upload:
    """The copies of a bound program's state: `context` is the address of what kernels are given."""

    def __init__(self, mirror: Mirror, bound: Bound, module: Module, blocks: int) -> None:
        self.mirror, self.bound, self._module, self._blocks = mirror, bound, module, blocks
        self._copy()

    def _copy(self) -> None:
        self._rings: list[tuple[SpikeRing, int, int]] = []
        self._queues: dict[int, DeviceQueue] = {}
        self._changing: dict[int, DeviceRagged] = {}
        self.recorders: list[DeviceRecorder] = []
        context = Context.from_buffer_copy(self.bound.context)
        self._tables(context)
        context.scratch[0] = self.mirror.room(4 * self._blocks)
        context.arrived = self.mirror.zeros(8)
        self._rooms = DeviceRooms(self.mirror, self.bound, context, self._blocks)
        self.host = context
        self.context = self.mirror.table([context, context])

    def write(self, context: Context) -> None:
        """Give kernels this context, and behind it the same for those that only read."""
        self.mirror.write(self.context, context)
        self.mirror.write(self.context + sizeof(Context), context)

    def read(self) -> Context:
        """The context as kernels have left it."""
        return self.mirror.read(self.context, Context)

    def renew(self) -> None:
        """Copy everything anew from the host, which has fetched it and may have changed it in any way."""
        self.mirror.close()
        self._copy()

    def shape(self) -> tuple[bytes, ...]:
        """What is where on the host: while it stays the same, copies on the device differ in values alone."""
        context, program = self.bound.context, self.bound.program
        structs: list[Any] = [
            *(context.rings[k].contents for k in range(len(program.rings))),
            *(context.pathways[k].contents for k in range(len(program.pathways))),
            *(context.recorders[k].contents for k in range(len(program.recorders))),
        ]
        for storage in self.bound.ragged.values():
            structs += [storage.fields, *storage.fields.columns[: storage.fields.n_columns]]
        return tuple(bytes(struct) for struct in structs)

    def make_room(self, wanted: Wanted) -> None:
        """Make the room that an action wants, before it begins again.

        :raises MemoryError: there is none.
        """
        if wanted.kind >= WANTS_BUFFER:
            self._rooms.make_room(wanted.kind, wanted.amount)
        elif wanted.kind == WANTS_QUEUE:
            self._queues[wanted.projection].lengthen(wanted.amount)
        elif wanted.kind == WANTS_LISTS:
            self._queues[wanted.projection].add_lists(wanted.amount)
        else:
            self._changing[wanted.projection].make_room(wanted)

    def send(self) -> None:
        """Copy values to the device again that the host may have changed, while the shape is the same."""
        self.mirror.send()
        for projection in self._changing.values():
            projection.send()

    def _tables(self, context: Context) -> None:
        mirror, bound, program = self.mirror, self.bound, self.bound.program
        arrays = [
            mirror.array(context.arrays[k], int(context.sizes[k]) * _item(array.type.value, bound.real.itemsize))
            for k, array in enumerate(program.arrays)
        ]
        n = len(arrays)
        ragged = [self._projection(k, name, storage) for k, (name, storage) in enumerate(bound.ragged.items())]
        rings = [self._ring(context.rings[k].contents) for k in range(len(program.rings))]
        by_host = {addressof(context.rings[k].contents): copy for k, copy in enumerate(rings)}
        pathways = [
            self._pathway(k, context.pathways[k].contents, by_host, len(bound.ragged[projection]))
            for k, (projection, _) in enumerate(program.pathways)
        ]
        generators = [self._generator(context.generators[k].contents) for k in range(len(program.generators))]
        for k, name in enumerate(program.recorders):
            shape = shape_of(name, program.actions, bound.real.itemsize)
            self.recorders.append(DeviceRecorder(mirror, context.recorders[k].contents, shape))
        timed = 8 if context.profile else 0
        given = (("sizes", 8 * n), ("arguments", 8 * len(program.arguments)), ("columns", 4 * n))
        actions = timed * (len(program.actions) + 1)
        written = (("computed", 8 * program.n_computed), ("keys", 8 * len(program.draws)),
                   ("seconds", actions), ("calls", actions))  # fmt: skip
        for name, size in (*given, *written):
            address = cast(getattr(context, name), ctypes.c_void_p).value
            _point(context, name, mirror.array(address, max(size, 4), changing=(name, size) in written))
        clocks = mirror.table([context.clocks[k] for k in range(context.n_clocks)])
        for name, copy in (
            ("arrays", mirror.table(arrays)), ("projections", mirror.table(ragged)), ("rings", mirror.table(rings)),
            ("pathways", mirror.table(pathways)), ("generators", mirror.table(generators)), ("clocks", clocks),
            ("recorders", mirror.table(r.address for r in self.recorders)),
        ):  # fmt: skip
            _point(context, name, copy)

    def _projection(self, number: int, name: str, storage: Ragged) -> int:
        demand = demand_of(self.bound.program.actions, name)
        if demand is None:
            return self._ragged(storage)
        self._changing[number] = DeviceRagged(self.mirror, storage, number, demand, self._module)
        return self._changing[number].address

    def _ragged(self, storage: Ragged) -> int:
        """The slots of a projection whose wiring stays as it is."""
        fields, mirror = type(storage.fields).from_buffer_copy(storage.fields), self.mirror
        fields.longest = longest_list(storage)
        for name in ("row_start", "row_length", "row_capacity"):
            setattr(fields, name, mirror.array(getattr(fields, name), 4 * fields.n_pre, changing=False))
        for name in ("col_start", "col_length", "col_capacity"):
            setattr(fields, name, mirror.array(getattr(fields, name), 4 * fields.n_post, changing=False))
        for name, size in (("pre", 4), ("post", 4), ("serial", 8), ("col_pos", 4)):
            setattr(fields, name, mirror.array(getattr(fields, name), size * fields.rows.room, changing=False))
        fields.col_slot = mirror.array(fields.col_slot, 4 * fields.cols.room, changing=False)
        columns = []
        for k in range(fields.n_columns):
            column = type(fields.columns[k]).from_buffer_copy(fields.columns[k])
            column.data = mirror.array(column.data, column.size * fields.rows.room)
            columns.append(column)
        fields.columns = cast(mirror.table(columns), type(fields.columns))
        return mirror.struct(fields)

    def _ring(self, host: SpikeRing) -> int:
        """Lists of events, each with room for all neurons."""
        ring, mirror, depth, n = SpikeRing.from_buffer_copy(host), self.mirror, int(host.depth), int(host.n)
        lists = []
        for k in range(depth):
            known = host.lists[k]
            index = mirror.room(4 * n)
            if known.count:
                mirror.upload(index, memory(known.index, 4 * known.count))
            lists.append(SpikeList(index, known.count, n))
        table = mirror.table(lists)
        ring.lists = cast(table, type(ring.lists))
        ring.flags = mirror.array(ring.flags, n)
        ring.lastspike = mirror.array(ring.lastspike, 4 * n)
        ring.not_refractory = mirror.array(ring.not_refractory, n)
        self._rings.append((host, table, depth))
        return mirror.struct(ring)

    def _pathway(self, number: int, host: Pathway, rings: dict[int, int], synapses: int) -> int:
        way, mirror = Pathway.from_buffer_copy(host), self.mirror
        way.ring = cast(rings[addressof(host.ring.contents)], type(way.ring))
        way.delays = mirror.array(way.delays, 24 * int(host.n_delays), changing=False)
        way.marks = mirror.array(way.marks, 8 * int(host.n_marks))
        if host.queue:
            self._queues[number] = DeviceQueue(mirror, host.queue, synapses)
            way.queue = self._queues[number].address
        return mirror.struct(way)

    def _generator(self, host: Generator) -> int:
        generator, mirror = Generator.from_buffer_copy(host), self.mirror
        generator.step = mirror.array(generator.step, 8 * int(host.n), changing=False)
        generator.index = mirror.array(generator.index, 4 * int(host.n), changing=False)
        generator.position = 0
        return mirror.struct(generator)

    # ---- back ----

    def fetch(self) -> None:
        """Bring everything back that a run has changed."""
        self.mirror.fetch()
        for projection in self._changing.values():
            projection.fetch()
        for queue in self._queues.values():
            queue.fetch()
        for host, table, depth in self._rings:
            data = np.zeros(depth * sizeof(SpikeList), np.uint8)
            self.mirror.download(table, data)
            for k in range(depth):
                found = SpikeList.from_buffer_copy(data.tobytes(), k * sizeof(SpikeList))
                self._fetch_list(host.lists[k], found)

    def _fetch_list(self, host: SpikeList, found: SpikeList) -> None:
        while host.room < found.count:
            if not core.load().eqsnn_spikes_grow(ctypes.byref(host)):
                raise MemoryError("no memory for the events of a step")
        host.count = found.count
        if found.count:
            self.mirror.download(found.index, memory(host.index, 4 * found.count))


def _item(kind: str, real: int) -> int:
    return {"real": real, "double": 8, "int32_t": 4, "int64_t": 8, "bool": 1}[kind]


def _point(struct: Any, name: str, address: int | None) -> None:
    """Set a pointer of a struct to an address of the device."""
    kind = dict(struct._fields_)[name]
    setattr(struct, name, cast(address or 0, kind))
