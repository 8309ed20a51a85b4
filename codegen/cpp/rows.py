"""Loops over the rows and columns of synapses.

The slots of a row lie side by side, so its synapses are computed in vector registers. What they add to neurons is
first put aside and then added one by one: two lanes may mean the same neuron only in different rows, but a
processor's scatter is no faster than a plain loop, which needs no proof.

A vector's `exp` is not the scalar one to the last bit. Where a body calls functions, its loop therefore runs to the end
of the last vector, with lanes that lead nowhere, instead of ending with scalar code: a synapse's result must not
depend on its place in the row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..ir import (
    BOOL,
    INT,
    REAL,
    Accumulate,
    Call,
    Create,
    EventNeurons,
    EventSynapses,
    Expression,
    If,
    Load,
    Local,
    Random,
    Record,
    Remove,
    Statement,
    Store,
    Synapses,
)
from ..passes.traverse import walk
from .expressions import STANDARD, projection_name
from .kernels import KernelPrinter
from .statements import arrays, expressions, indent

_OF_LIBRARY = (frozenset(STANDARD) | {"exprel"}) - {"sqrt", "floor", "ceil", "abs"}  # those are exact everywhere
_MOST_ASIDE = 16  # sums of a synapse: for so many a run has room to put values aside (`Context::sums`)


@dataclass(frozen=True, slots=True)
class Row:
    """C++ names of one row: its storage, whether it walks a column, and how a slot follows from the counter ``k``."""

    storage: str
    slot: str
    fixed: str  # the side that all its synapses share: 'i' or 'j'

    def element(self) -> Iterator[str]:
        """Locals of the k-th synapse."""
        yield f"const int32_t s = {self.slot};"
        other = "j" if self.fixed == "i" else "i"
        yield f"const int32_t {other} = {'post' if other == 'j' else 'pre'}_{self.storage}[s]; (void){other};"


    def lane(self) -> Iterator[str]:
        """Locals of the k-th lane, which from k = n on have values of some synapse or of none, but places that exist.

        The storage ends with room for a vector (`allocate` in ``core/memory.h``).
        """
        other = "j" if self.fixed == "i" else "i"
        ends = f"{'post' if other == 'j' else 'pre'}_{self.storage}[s]"
        if "[k]" in self.slot:
            yield f"const int32_t s = {self.slot.replace('[k]', '[k < n ? k : n - 1]')};"
            yield f"const int32_t {other} = {ends}; (void){other};"
        else:
            yield f"const int32_t s = {self.slot};"
            yield f"const int32_t {other} = k < n ? {ends} : 0; (void){other};"


def _uses_twin(printer: KernelPrinter) -> bool:
    return any(isinstance(p, Random) for x in expressions(printer.kernel.body) for p in walk(x))


def row_loop(printer: KernelPrinter, row: Row) -> Iterator[str]:
    """The synapses k = 0 .. n - 1 of one row."""
    body = printer.kernel.body
    twin = [f"const uint32_t twin = twin_of({row.storage}, s);"] if _uses_twin(printer) else []
    scatters = [node for node in body if isinstance(node, Accumulate)]
    aside = sum(isinstance(node, Accumulate | Store) for node in body)
    if not is_straight(body) or not _worth_splitting(body) or aside > _MOST_ASIDE:
        yield from _loop("", [*row.element(), *twin, *printer.lines(body)])
        return
    yield "real* __restrict const aside = static_cast<real*>(c.sums); (void)aside;"
    if any(node.array.type is INT for node in scatters):
        yield "int32_t* __restrict const whole_aside = static_cast<int32_t*>(c.sums);"
    yield "const int64_t widest = c.widest; (void)widest;"
    if _calls(body):
        yield from _whole_vectors(printer, row, twin)
        return
    split = [
        _set_aside(printer, node, scatters) if isinstance(node, Accumulate) else list(printer.lines((node,)))
        for node in body
    ]
    yield from _loop("#pragma omp simd", [*row.element(), *twin, *(line for part in split for line in part)])
    if scatters:
        adds = [
            f"{printer.printer.load(a.array, a.index)} += {_aside(a, place)};" for place, a in enumerate(scatters)
        ]
        yield from _loop("", [*row.element(), *adds])


def _whole_vectors(printer: KernelPrinter, row: Row, twin: list[str]) -> Iterator[str]:
    """All lanes of every vector compute; then what those of synapses have found is stored and added."""
    body = printer.kernel.body
    results = [node for node in body if isinstance(node, Accumulate | Store)]
    kept = [node for node in results if isinstance(node, Accumulate) or node.array.type is REAL]
    others = [node for node in body if isinstance(node, Store) and node.array.type is not REAL]
    later = [node for node in others if _is_of_element(node.value)]
    lines: list[str] = []
    for node in body:
        if isinstance(node, Accumulate | Store) and any(node is other for other in kept):
            lines += _set_aside(printer, node, kept)
        elif any(node is other for other in others):
            if not any(node is other for other in later):
                lines += [f"if (k < n) {line}" for line in printer.lines((node,))]
        else:
            lines += printer.lines((node,))
    lanes = 64 if any(a.type is BOOL for a in arrays(expressions(body))) else 16  # of the widest vectors there are
    yield f"const int32_t whole = (n + {lanes - 1}) & ~{lanes - 1};"
    yield from _loop("#pragma omp simd", [*row.lane(), *twin, *lines], "whole")
    finished = [
        f"{printer.printer.load(node.array, node.index)} {'+=' if isinstance(node, Accumulate) else '='} "
        f"{_aside(node, place)};"
        for place, node in enumerate(kept)
    ]
    yield from _loop("", [*row.element(), *finished, *printer.lines(tuple(later))])


def _calls(body: tuple[Statement, ...]) -> bool:
    """Whether a body calls what may differ between vector and scalar code: the C library's functions."""
    return any(isinstance(p, Call) and p.function in _OF_LIBRARY for x in expressions(body) for p in walk(x))


def _is_of_element(x: Expression) -> bool:
    """Whether an expression needs no local of the body, and no function."""
    bound = ("i", "j", "s")
    return not any(
        isinstance(p, Call | Random | Load) or (isinstance(p, Local) and p.name not in bound) for p in walk(x)
    )


def _loop(pragma: str, body: list[str], end: str = "n") -> Iterator[str]:
    if pragma:
        yield pragma
    yield f"for (int32_t k = 0; k < {end}; ++k) {{"
    yield from indent(body)
    yield "}"


def _set_aside(printer: KernelPrinter, node: Accumulate | Store, scatters: Sequence[Statement]) -> list[str]:
    place = next(k for k, other in enumerate(scatters) if other is node)
    return [f"{_aside(node, place)} = {printer.printer(node.value)};"]


def _aside(node: Accumulate | Store, place: int) -> str:
    """Where the k-th value is put aside: a whole number as such, since single precision does not hold them all."""
    if node.array.type is INT:
        return f"whole_aside[{place} * widest * int64_t{{sizeof(real) / sizeof(int32_t)}} + k]"
    return f"aside[{place} * widest + k]"


def is_straight(body: tuple[Statement, ...]) -> bool:
    """Whether a body has no branch and changes no structure."""
    return not any(isinstance(node, If | Create | Remove | Record) for node in body)


def _worth_splitting(body: tuple[Statement, ...]) -> bool:
    """Whether there is anything to compute besides one addition to a neuron, and nothing but sums are formed."""
    if any(isinstance(node, Accumulate) and node.operator != "+" for node in body):
        return False
    if any(isinstance(node, Store) for node in body):
        return True
    return any(isinstance(p, Call | Random) for x in expressions(body) for p in walk(x))


# ---- rows and columns of whole projections --------------------------------------------------------------------------


def _storage(printer: KernelPrinter) -> str:
    """The storage that a kernel of synapses runs over."""
    domain = printer.kernel.domain
    assert isinstance(domain, Synapses)
    return projection_name(domain.projection)


def by_row(printer: KernelPrinter) -> Iterator[str]:
    """Every synapse, row by row."""
    storage = _storage(printer)
    yield f"for (int32_t i = 0; i < {storage}->n_pre; ++i) {{"
    yield from indent(_one_row(printer, storage))
    yield "}"


def by_column(printer: KernelPrinter) -> Iterator[str]:
    """Every synapse, column by column."""
    storage = _storage(printer)
    yield f"for (int32_t j = 0; j < {storage}->n_post; ++j) {{"
    yield from indent(_one_column(printer, storage))
    yield "}"


def _one_row(printer: KernelPrinter, storage: str, younger: bool = False) -> Iterator[str]:
    yield f"const int32_t start = {storage}->row_start[i], length = {storage}->row_length[i];"
    yield from printer.lines(printer.kernel.outer)
    if printer.kernel.ordered:
        if younger:
            yield "const int32_t* slots = c.scratch[0];"
            yield f"const int32_t n = older_than({storage}, nullptr, start, length, mark, c.scratch[0]);"
            yield f"slots = ordered_list(c, {storage}, slots, n);"
        else:
            yield f"const int32_t* const slots = ordered_row(c, {storage}, start, length);"
            yield "const int32_t n = length;"
        yield from row_loop(printer, Row(storage, "slots[k]", "i"))
        return
    if younger:
        yield f"if ({storage}->next_serial != mark) {{"
        yield "    const int32_t* const slots = c.scratch[0];"
        yield f"    const int32_t n = older_than({storage}, nullptr, start, length, mark, c.scratch[0]);"
        yield from indent(row_loop(printer, Row(storage, "slots[k]", "i")))
        yield "    continue;\n}"
    yield "const int32_t n = length;"
    yield from row_loop(printer, Row(storage, "start + k", "i"))


def _one_column(printer: KernelPrinter, storage: str, younger: bool = False) -> Iterator[str]:
    yield f"const int32_t start = {storage}->col_start[j], length = {storage}->col_length[j];"
    yield f"const int32_t* slots = {storage}->col_slot + start;"
    yield "int32_t n = length;"
    yield from printer.lines(printer.kernel.outer)
    if younger:
        yield f"if ({storage}->next_serial != mark) {{"
        yield f"    n = older_than({storage}, slots, 0, length, mark, c.scratch[0]);"
        yield "    slots = c.scratch[0];\n}"
    if printer.kernel.ordered:
        yield f"slots = ordered_list(c, {storage}, slots, n);"
    yield from row_loop(printer, Row(storage, "slots[k]", "j"))


# ---- events ---------------------------------------------------------------------------------------------------------


def event_loops(printer: KernelPrinter, domain: EventSynapses, delay: str) -> Iterator[str]:
    """The synapses that events reach in this step."""
    tables = printer.tables
    yield f"Pathway& way = *c.pathways[{tables.pathway(domain.projection, domain.pathway)}];"
    yield f"const int64_t now = c.clocks[{tables.clock(printer.kernel.clock)}].step;"
    storage = projection_name(domain.projection)
    if delay == "each":
        yield from _arrivals(printer, storage)
        return
    if delay != "uniform":
        yield "const SpikeList& list = list_at(*way.ring, now);"
        yield from _of_list(printer, storage, domain, delayed=False)
        return
    yield f"way.marks[now % way.n_marks] = {storage}->next_serial;"
    mark = "const int64_t mark = way.marks[fired % way.n_marks];"
    yield from _for_each_delay([mark, *_of_list(printer, storage, domain, delayed=True)])


def _of_list(printer: KernelPrinter, storage: str, domain: EventSynapses, *, delayed: bool) -> Iterator[str]:
    """The synapses of the neurons in a list of events."""
    fixed = "i" if domain.side == "pre" else "j"
    yield "for (int32_t e = 0; e < list.count; ++e) {"
    yield "    if (list.index[e] < way.start || list.index[e] >= way.stop) continue;"
    yield f"    const int32_t {fixed} = list.index[e] - way.start;"
    one = _one_row if domain.side == "pre" else _one_column
    yield from indent(one(printer, storage, delayed))
    yield "}"


def event_neurons(printer: KernelPrinter, domain: EventNeurons, delay: str) -> Iterator[str]:
    """The neurons whose events arrive in this step."""
    tables = printer.tables
    yield f"const Pathway& way = *c.pathways[{tables.pathway(domain.projection, domain.pathway)}];"
    yield f"const int64_t now = c.clocks[{tables.clock(printer.kernel.clock)}].step;"
    if delay == "uniform":
        yield from _for_each_delay(_each_neuron(printer))
    else:
        yield "const SpikeList& list = list_at(*way.ring, now);"
        yield from _each_neuron(printer)


def _each_neuron(printer: KernelPrinter) -> Iterator[str]:
    yield "for (int32_t e = 0; e < list.count; ++e) {"
    yield "    if (list.index[e] < way.start || list.index[e] >= way.stop) continue;"
    yield "    const int32_t i = list.index[e] - way.start;"
    yield from indent(printer.lines(printer.kernel.body))
    yield "}"


def _for_each_delay(body: Iterable[str]) -> Iterator[str]:
    """The lists of the steps whose events arrive now: more than one after a change of the delay."""
    yield "for (int64_t d = 0; d < way.n_delays; ++d) {"
    yield "    const int64_t fired = fired_at(way, d, now);"
    yield "    if (fired < 0) continue;"
    yield "    const SpikeList& list = list_at(*way.ring, fired);"
    yield from indent(body)
    yield "}"


def _arrivals(printer: KernelPrinter, storage: str) -> Iterator[str]:
    """Synapses with a delay each: one by one, in the order of their neurons' events."""
    yield "const EventList& arrivals = events_at(way.queue, now);"
    yield "for (int64_t e = 0; e < arrivals.n; ++e) {"
    yield f"    const int32_t s = locate({storage}, arrivals.items[e]);"
    yield "    if (s < 0) continue;"
    yield f"    const int32_t i = {storage}->pre[s], j = {storage}->post[s]; (void)i; (void)j;"
    if _uses_twin(printer):
        yield f"    const uint32_t twin = twin_of({storage}, s);"
    yield from indent(printer.lines(printer.kernel.outer + printer.kernel.body))
    yield "}"
    yield "eqsnn_events_done(way.queue, now);"

