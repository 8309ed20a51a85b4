"""The loops of each domain in C++, around a kernel's body."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from ..ir import (
    Accumulate,
    Argument,
    Chosen,
    Create,
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
    Remove,
    Statement,
    Synapses,
)
from ..passes.traverse import statements, walk
from .expressions import projection_name
from .kernels import KernelPrinter, function
from .pairs import pair_loops
from .rows import by_column, by_row, event_loops, event_neurons
from .statements import expressions, indent
from .tables import Tables


def kernel_functions(kernel: Kernel, name: str, tables: Tables, delay: str) -> Iterator[str]:
    """Everything that one kernel needs; the function to call is ``name``.

    ``delay`` is that of the kernel's pathway: ``'none'``, ``'uniform'``, ``'each'``; '' for other kernels.
    """
    printer = KernelPrinter(kernel, tables)
    match kernel.domain:
        case Elements() if kernel.domain.vector and _independent(kernel.body):
            yield from _vector_loop(printer, name, kernel.domain)
        case Elements():
            yield from function(name, [*_head(printer), *_elements(printer, kernel.domain)])
        case Once():
            yield from function(name, [*_head(printer), *printer.lines(kernel.body)])
        case Events():
            yield from function(name, [*_head(printer), *_events(printer, kernel.domain)])
        case EventSynapses():
            yield from function(name, [*_head(printer), *event_loops(printer, kernel.domain, delay)])
        case EventNeurons():
            yield from function(name, [*_head(printer), *event_neurons(printer, kernel.domain, delay)])
        case Lottery():
            yield from function(name, [*_head(printer), *_lottery(printer, kernel.domain)])
        case Synapses(by=side):
            loops = by_row(printer) if side == "pre" else by_column(printer)
            yield from function(name, [*_head(printer), *loops])
        case Pairs() | PairSample() | Matching():
            yield from function(name, [*_head(printer), *pair_loops(printer, kernel.domain)])
        case Chosen():
            yield from function(name, [*_head(printer), *_chosen(printer, kernel.domain)])
        case _:
            assert_never(kernel.domain)


def _head(printer: KernelPrinter) -> Iterator[str]:
    yield from printer.head()
    yield from printer.lines(printer.kernel.prologue)


def _independent(body: tuple[Statement, ...]) -> bool:
    """Whether elements neither add to a common place nor stage changes, so that they may run side by side."""
    return not any(isinstance(node, Accumulate | Create | Remove | Record) for node in statements(body))


# ---- neurons --------------------------------------------------------------------------------------------------------


def _vector_loop(printer: KernelPrinter, name: str, domain: Elements) -> Iterator[str]:
    """Neurons [from, to) in one vector loop; ranges are shared out among threads in whole blocks.

    Blocks are cut at the same places whatever the number of threads, so that each neuron is computed by the same
    instructions: results do not depend on it.
    """
    kernel, tables = printer.kernel, printer.tables
    body = list(printer.lines(kernel.body))
    inner = [*_head(printer), *_fills(printer), "#pragma omp simd"]
    inner += ["for (int32_t i = from; i < to; ++i) {", *indent(body), "}"]
    yield from function(f"{name}_range", inner, "Context& c, int32_t from, int32_t to")
    start, stop = printer.printer(domain.start), printer.printer(domain.stop)
    bounds = [f"const int32_t a_{_plain(stop)} = static_cast<int32_t>({tables.argument(x)});" for x in _sizes(domain)]
    yield from function(name, [*bounds, f"in_blocks(c, {start}, {stop}, {name}_range);"])


def _sizes(domain: Elements) -> list[Argument]:
    return [x for x in (domain.start, domain.stop) if isinstance(x, Argument)]


def _plain(name: str) -> str:
    return name.removeprefix("a_")


def _fills(printer: KernelPrinter) -> Iterator[str]:
    """Draws of the whole range, computed ahead in vector code."""
    clock = printer.tables.clock(printer.kernel.clock)
    found = {p.site: p for x in expressions(printer.everything) for p in walk(x) if isinstance(p, Random)}
    vector = [p for p in found.values() if p.distribution in ("uniform", "normal")]
    if vector:
        yield "const int64_t first = from & ~int64_t{63}, last = (to + int64_t{63}) & ~int64_t{63};"
    for draw in vector:
        yield f"real* const draw{draw.site} = static_cast<real*>(c.draws[{draw.site}]);"
        step = f"static_cast<uint32_t>(c.clocks[{clock}].draw)"
        yield f"fill_{draw.distribution}(draw{draw.site}, first, last, key{draw.site}, {step});"


def _elements(printer: KernelPrinter, domain: Elements) -> Iterator[str]:
    start, stop = printer.printer(domain.start), printer.printer(domain.stop)
    yield f"for (int32_t i = {start}; i < {stop}; ++i) {{"
    yield from indent(printer.lines(printer.kernel.body))
    yield "}"


def _events(printer: KernelPrinter, domain: Events) -> Iterator[str]:
    """Neurons that had the event in this step; a recorder first makes room for them."""
    tables, kernel = printer.tables, printer.kernel
    clock, ring = tables.clock(kernel.clock), tables.ring(domain.neurons, domain.event)
    yield f"const SpikeList& list = list_at(*c.rings[{ring}], c.clocks[{clock}].step);"
    yield "const int32_t *first = list.index, *last = list.index + list.count;"
    yield f"within(first, last, {domain.start}, {domain.stop});"
    if domain.recorder is not None:
        n = sum(isinstance(node, Record) for node in kernel.body)
        yield f"Recorder& recorder = *c.recorders[{tables.recorder(domain.recorder)}];"
        given = f"first, last, {domain.start}, c.clocks[{clock}].step, {n}"
        yield f"real* const out = record_events<real>(c, recorder, {given});"
        if n == 0:
            yield "(void)out;"
            return
        yield f"if (!out) return;\nconst int64_t stride = {n};"
    yield "for (int64_t k = 0; k < last - first; ++k) {"
    yield "    const int32_t i = first[k];"
    yield from indent(_record_lines(printer, domain.recorder))
    yield "}"


def _lottery(printer: KernelPrinter, domain: Lottery) -> Iterator[str]:
    """Neurons drawn with one probability, straight into the list of this step."""
    tables = printer.tables
    tables.sites.setdefault(domain.site, False)
    ring = f"*c.rings[{tables.ring(domain.neurons, domain.event)}]"
    step = f"c.clocks[{tables.clock(printer.kernel.clock)}].step"
    probability = printer.printer(domain.probability)
    yield f"draw_events(c, {ring}, {step}, c.keys[{domain.site}], static_cast<double>({probability}));"


def _record_lines(printer: KernelPrinter, recorder: str | None) -> Iterator[str]:
    """Records of events lie one event after the other, the columns of each together."""
    for line in printer.lines(printer.kernel.body):
        yield line.replace("* stride + k]", "+ k * stride]") if recorder else line


def _chosen(printer: KernelPrinter, domain: Chosen) -> Iterator[str]:
    """Elements that a recorder has chosen: one column of values after the other, for each step."""
    tables, kernel = printer.tables, printer.kernel
    n = sum(isinstance(node, Record) for node in kernel.body)
    yield f"Recorder& recorder = *c.recorders[{tables.recorder(domain.recorder)}];"
    yield "const int64_t stride = recorder.count;"
    if n:
        yield f"real* const out = record_step<real>(c, recorder, c.clocks[{tables.clock(kernel.clock)}].step, {n});"
        yield "if (!out) return;"
    yield "for (int64_t k = 0; k < stride; ++k) {"
    if domain.projection is None:
        yield "    const int32_t i = recorder.index[k];"
    else:
        storage = projection_name(domain.projection)
        yield f"    const int32_t s = slot_of({storage}, recorder, k);"
        gone = " ".join(f"out[{column} * stride + k] = NAN;" for column in range(n))
        yield f"    if (s < 0) {{ {gone} continue; }}"
        yield f"    const int32_t i = {storage}->pre[s], j = {storage}->post[s]; (void)i; (void)j;"
        yield f"    const uint32_t twin = twin_of({storage}, s); (void)twin;"
    yield from indent(printer.lines(kernel.body))
    yield "}"
