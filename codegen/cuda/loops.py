"""The loops of each domain, shared out among the threads of the grid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from ..cpp.expressions import projection_name
from ..cpp.statements import expressions, indent
from ..cpp.tables import Tables
from ..ir import (
    Chosen,
    Elements,
    EventNeurons,
    Events,
    EventSynapses,
    Kernel,
    Lottery,
    Matching,
    Once,
    Pairs,
    PairSample,
    Random,
    Record,
    Synapses,
)
from ..passes.traverse import walk
from .kernels import DevicePrinter, device_function
from .pairs import pair_loops


class NotYetError(Exception):
    """What the target does not do: says what."""


def kernel_function(kernel: Kernel, name: str, tables: Tables, delay: str, *, ordered: bool = False) -> Iterator[str]:
    """The device function ``name`` of a kernel; ``delay`` is that of its pathway, as for the C++ target.

    ``ordered``: sums over elements are added up in a fixed order.
    """
    printer = DevicePrinter(kernel, tables, ordered)
    body = [*printer.head(), *printer.lines(kernel.prologue), *_loops(printer, delay)]
    yield from device_function(name, body)


def _loops(printer: DevicePrinter, delay: str) -> Iterator[str]:
    domain = printer.kernel.domain
    match domain:
        case Elements():
            start, stop = printer.printer(domain.start), printer.printer(domain.stop)
            yield from printer.room(f"{stop} - {start}")
            yield f"for (int32_t i = {start} + grid.thread; i < {stop}; i += grid.threads) {{"
            yield from indent(printer.lines(printer.kernel.body))
            yield "}"
            yield from printer.added_up()
        case Once():
            yield "if (!grid.first()) return;"
            yield from printer.lines(printer.kernel.body)
        case Events():
            yield from _events(printer, domain)
        case EventSynapses():
            yield from _of_events(printer, domain, delay, _rows(printer, domain, delay == "uniform"))
        case EventNeurons():
            yield from _of_events(printer, domain, delay, _neurons(printer))
        case Lottery():
            yield from _lottery(printer, domain)
        case Synapses():
            yield from _synapses(printer, domain)
        case Chosen():
            yield from _chosen(printer, domain)
        case Pairs() | PairSample() | Matching():
            yield from pair_loops(printer, domain)
        case _:
            assert_never(domain)


def _draws(printer: DevicePrinter) -> bool:
    return any(isinstance(p, Random) for x in expressions(printer.kernel.body) for p in walk(x))


def _step(printer: DevicePrinter) -> str:
    return f"c.clocks[{printer.tables.clock(printer.kernel.clock)}].step"


# ---- neurons --------------------------------------------------------------------------------------------------------


def _events(printer: DevicePrinter, domain: Events) -> Iterator[str]:
    """Neurons that had the event in this step, a thread each; a recorder has room for them."""
    tables = printer.tables
    n = sum(isinstance(node, Record) for node in printer.kernel.body)
    yield f"const SpikeList& list = list_at(*c.rings[{tables.ring(domain.neurons, domain.event)}], {_step(printer)});"
    if domain.recorder is None:
        yield f"const int32_t first = first_from(list.index, list.count, {domain.start});"
        yield f"const int32_t last = first_from(list.index, list.count, {domain.stop});"
        yield from printer.room("last - first")
        yield "for (int32_t e = first + grid.thread; e < last; e += grid.threads) {"
        yield "    const int32_t i = list.index[e];"
        yield from indent(printer.lines(printer.kernel.body))
        yield "}"
        yield from printer.added_up()
        return
    yield f"Recorder& recorder = *c.recorders[{tables.recorder(domain.recorder)}];"
    yield f"const EventRecord record(recorder, list, {domain.start}, {domain.stop});"
    if n:
        yield f"real* const out = reinterpret_cast<real*>(record.values);\nconst int64_t stride = {n};"
    yield "for (int32_t k = grid.thread; k < record.count; k += grid.threads) {"
    yield f"    record_event(recorder, record, k, {domain.start}, {_step(printer)});"
    if n:
        yield "    const int32_t i = record.index[k];"
        for line in printer.lines(printer.kernel.body):
            yield "    " + line.replace("* stride + k]", "+ k * stride]")
    yield "}"
    yield f"events_recorded(c, home, grid, recorder, record.count, {n} * sizeof(real));"


def _lottery(printer: DevicePrinter, domain: Lottery) -> Iterator[str]:
    tables = printer.tables
    tables.sites.setdefault(domain.site, False)
    ring = f"*c.rings[{tables.ring(domain.neurons, domain.event)}]"
    probability = printer.printer(domain.probability)
    yield f"draw_events(c, grid, {ring}, {_step(printer)}, c.keys[{domain.site}], static_cast<double>({probability}));"


def _chosen(printer: DevicePrinter, domain: Chosen) -> Iterator[str]:
    """Elements that a recorder has chosen, a thread each."""
    tables, body = printer.tables, printer.kernel.body
    n = sum(isinstance(node, Record) for node in body)
    yield f"Recorder& recorder = *c.recorders[{tables.recorder(domain.recorder)}];"
    yield "const int64_t stride = recorder.count; (void)stride;"
    if n:
        yield "real* const out = reinterpret_cast<real*>(recorder.value.data + recorder.value.bytes);"
    yield "for (int64_t k = grid.thread; k < recorder.count; k += grid.threads) {"
    if domain.projection is None:
        yield "    const int32_t i = recorder.index[k]; (void)i;"
    else:
        storage = projection_name(domain.projection)
        yield f"    const int32_t s = slot_of({storage}, recorder, k);"
        gone = " ".join(f"out[{column} * stride + k] = NAN;" for column in range(n))
        yield f"    if (s < 0) {{ {gone} continue; }}"
        yield f"    const int32_t i = {storage}->pre[s], j = {storage}->post[s]; (void)i; (void)j;"
        yield f"    const uint32_t twin = twin_of({storage}, s); (void)twin;"
    yield from indent(printer.lines(body))
    yield "}"
    if n:
        yield f"step_recorded(c, home, grid, recorder, {_step(printer)}, {n} * stride * sizeof(real));"


# ---- synapses -------------------------------------------------------------------------------------------------------


def _synapses(printer: DevicePrinter, domain: Synapses) -> Iterator[str]:
    """Every synapse, a thread each: the slots of the pool, of which some hold none."""
    storage = projection_name(domain.projection)
    yield f"const int32_t slots = static_cast<int32_t>({storage}->rows.end);"
    yield from printer.room(f"{storage}->live")
    yield "for (int32_t s = grid.thread; s < slots; s += grid.threads) {"
    yield f"    const int32_t i = pre_{storage}[s];"
    yield "    if (i < 0) continue;"
    yield f"    const int32_t j = post_{storage}[s]; (void)j;"
    yield from indent(_synapse(printer, storage))
    yield "}"
    yield from printer.added_up()


def _synapse(printer: DevicePrinter, storage: str) -> Iterator[str]:
    """What runs for the synapse ``s`` from ``i`` to ``j``."""
    if _draws(printer):
        yield f"const uint32_t twin = twin_of({storage}, s);"
    yield from printer.lines(printer.kernel.outer)
    yield from printer.lines(printer.kernel.body)


def _of_events(
    printer: DevicePrinter, domain: EventSynapses | EventNeurons, delay: str, body: Iterable[str]
) -> Iterator[str]:
    """The events that arrive in this step: those of one list, or after a change of the delay of several."""
    tables = printer.tables
    if delay == "each":
        yield f"Pathway& way = *c.pathways[{tables.pathway(domain.projection, domain.pathway)}];"
        yield from _arrivals(printer, projection_name(domain.projection))
        return
    yield f"const Pathway& way = *c.pathways[{tables.pathway(domain.projection, domain.pathway)}];"
    yield f"const int64_t now = {_step(printer)};"
    marked = isinstance(domain, EventSynapses)
    yield from printer.room(_most_reached(domain, delay == "uniform"))
    if delay != "uniform":
        yield "const SpikeList& list = list_at(*way.ring, now);"
        yield from body
        yield from printer.added_up()
        return
    if marked:
        storage = projection_name(domain.projection)
        yield f"if (grid.first()) way.marks[now % way.n_marks] = {storage}->next_serial;"
    yield "for (int64_t d = 0; d < way.n_delays; ++d) {"
    yield "    const int64_t fired = fired_at(way, d, now);"
    yield "    if (fired < 0) continue;"
    if marked:
        yield f"    const int64_t mark = fired == now ? {storage}->next_serial : way.marks[fired % way.n_marks];"
    yield "    const SpikeList& list = list_at(*way.ring, fired);"
    yield from indent(body)
    yield from indent(printer.added_up())
    yield "    grid.sync();  // a neuron may be in several of these lists"
    yield "}"


def _most_reached(domain: EventSynapses | EventNeurons, delayed: bool) -> str:
    """How many elements the events of a list reach, of the one that reaches most."""
    if isinstance(domain, EventNeurons):
        return "way.ring->n"
    columns, late = ("true" if domain.side == "post" else "false"), ("true" if delayed else "false")
    return f"most_entries(way, {projection_name(domain.projection)}, now, {columns}, {late})"


def _arrivals(printer: DevicePrinter, storage: str) -> Iterator[str]:
    """Synapses with a delay each: the events that arrive in this step, a thread each."""
    yield f"const EventList& arrivals = events_at(way.queue, {_step(printer)});"
    yield from printer.room("arrivals.n")
    yield "for (int64_t e = grid.thread; e < arrivals.n; e += grid.threads) {"
    yield f"    const int32_t s = locate({storage}, arrivals.items[e]);"
    yield "    if (s < 0) continue;"
    yield f"    const int32_t i = {storage}->pre[s], j = {storage}->post[s]; (void)i; (void)j;"
    yield from indent(_synapse(printer, storage))
    yield "}"
    yield from printer.added_up()
    yield f"events_done(grid, way, {_step(printer)});"


def _neurons(printer: DevicePrinter) -> Iterator[str]:
    yield "for (int32_t e = grid.thread; e < list.count; e += grid.threads) {"
    yield "    if (list.index[e] < way.start || list.index[e] >= way.stop) continue;"
    yield "    const int32_t i = list.index[e] - way.start;"
    yield from indent(printer.lines(printer.kernel.body))
    yield "}"


def _rows(printer: DevicePrinter, domain: EventSynapses, delayed: bool) -> Iterator[str]:
    """The rows or columns of the neurons of a list, by warps, and long ones by blocks."""
    storage, rows = projection_name(domain.projection), domain.side == "pre"
    fixed, other, ends = ("i", "j", "post") if rows else ("j", "i", "pre")
    given = f"grid, list, way.start, way.stop, {storage}, {'false' if rows else 'true'}"
    yield f"for_each_entry({given}, [&](const int32_t {fixed}, const int32_t place) {{"
    yield f"    const int32_t s = {'place' if rows else f'{storage}->col_slot[place]'}; (void){fixed};"
    yield f"    const int32_t {other} = {ends}_{storage}[s]; (void){other};"
    if delayed:
        yield f"    if ({storage}->serial[s] >= mark) return;  // it came after the spike"
    yield from indent(_synapse(printer, storage))
    yield "});"
