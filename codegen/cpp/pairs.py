"""Loops over pairs of neurons: all of them, or a random sample."""

from __future__ import annotations

from collections.abc import Iterator

from ..ir import Array, Load, Local, Matching, Pairs, PairSample
from ..passes.traverse import walk
from .expressions import array_name, projection_name
from .kernels import KernelPrinter
from .statements import arrays, expressions, indent


def pair_loops(printer: KernelPrinter, domain: Pairs | PairSample | Matching) -> Iterator[str]:
    """All pairs row by row, a sample in the order in which it was drawn, or a matching in that of (i, j)."""
    storage = projection_name(domain.projection)
    if isinstance(domain, Pairs):
        yield from _all(printer, storage, domain.lookup)
    elif isinstance(domain, Matching):
        yield from _matched(printer, storage, domain)
    elif domain.per is None:
        yield from _sample(printer, storage, domain)
    else:
        yield from _sample_each(printer, storage, domain, domain.per)


def _all(printer: KernelPrinter, storage: str, lookup: bool) -> Iterator[str]:
    yield f"for (int32_t i = 0; i < {storage}->n_pre; ++i) {{"
    if lookup:
        yield f"    const RowMap map(c, {storage}, i);  // slots of the row by postsynaptic neuron"
    yield from indent(printer.lines(printer.kernel.outer))
    yield f"    for (int32_t j = 0; j < {storage}->n_post; ++j) {{"
    if lookup:
        yield "        const int32_t s = map.slot(j);"
    yield from indent(_body(printer, storage, "map" if lookup else "none"), 2)
    yield "    }\n}"


def _body(printer: KernelPrinter, storage: str, lookup: str, twin: str = "0") -> Iterator[str]:
    yield f"const uint32_t twin = {twin}; (void)twin;"
    if lookup == "find":
        yield f"const int32_t s = find({storage}, i, j); (void)s;"
    if lookup != "none":
        yield "const bool connected = s >= 0; (void)connected;"
    else:
        yield "constexpr bool connected = false; (void)connected;"
    yield from printer.lines(printer.kernel.body)


def _draw(printer: KernelPrinter, domain: PairSample, extra: str) -> str:
    printer.tables.sites.setdefault(domain.site, False)
    step = f"static_cast<uint32_t>(c.clocks[{printer.tables.clock(printer.kernel.clock)}].draw)"
    free = "true" if domain.unconnected else "false"
    return f"{extra}{printer.printer(domain.count)}, {free}, c.keys[{domain.site}], {step}"


def _sample(printer: KernelPrinter, storage: str, domain: PairSample) -> Iterator[str]:
    yield from printer.lines(printer.kernel.outer)
    yield f"const Sample sample = sample_pairs(c, {storage}, {_draw(printer, domain, '')});"
    yield "for (int64_t k = 0; k < sample.n; ++k) {"
    yield from indent(_fetch_ahead(printer, storage, domain.lookup))
    yield "    const int32_t i = sample.i[k], j = sample.j[k];"
    yield from indent(_body(printer, storage, "find" if domain.lookup else "none"))
    yield "}"


def _fetch_ahead(printer: KernelPrinter, storage: str, lookup: bool) -> Iterator[str]:
    """Ask for the memory of pairs to come: those of a large network are in no cache, but are known beforehand."""
    used = arrays(expressions((*printer.kernel.prologue, *printer.kernel.body)))
    indices: dict[str, list[Array]] = {"i": [], "j": []}
    for x in expressions(printer.kernel.body):
        for part in walk(x):
            match part:
                case Load(array, Local(index, _)) if array in used and array.space == "flat" and index in indices:
                    if array not in indices[index]:
                        indices[index].append(array)
    if lookup:
        yield f"if (k + 16 < sample.n) fetch_row_place({storage}, sample.i[k + 16]);"
    if lookup or any(indices.values()):
        yield "if (k + 8 < sample.n) {"
        if lookup:
            yield f"    fetch_row({storage}, sample.i[k + 8]);"
        for side, found in indices.items():
            yield from (f"    __builtin_prefetch({array_name(a)} + sample.{side}[k + 8]);" for a in found)
        yield "}"


def _sample_each(printer: KernelPrinter, storage: str, domain: PairSample, per: str) -> Iterator[str]:
    fixed, other = ("i", "j") if per == "pre" else ("j", "i")
    yield f"for (int32_t {fixed} = 0; {fixed} < {storage}->n_{per}; ++{fixed}) {{"
    yield from indent(printer.lines(printer.kernel.outer))
    side = "true" if per == "pre" else "false"
    yield f"    const Sample sample = sample_partners(c, {storage}, {_draw(printer, domain, f'{fixed}, {side}, ')});"
    yield "    for (int64_t k = 0; k < sample.n; ++k) {"
    yield f"        const int32_t {other} = sample.{other}[k];"
    yield from indent(_body(printer, storage, "find" if domain.lookup else "none"), 2)
    yield "    }\n}"


def _matched(printer: KernelPrinter, storage: str, domain: Matching) -> Iterator[str]:
    tables = printer.tables
    tables.sites.setdefault(domain.site, False)
    step = f"static_cast<uint32_t>(c.clocks[{tables.clock(printer.kernel.clock)}].draw)"
    sides = (f"static_cast<const double*>(c.arrays[{tables.array(a)}])" for a in (domain.offers, domain.wants))
    yield f"const Matched matched = match_pairs(c, {storage}, {', '.join(sides)}, c.keys[{domain.site}], {step});"
    yield "for (int64_t k = 0; k < matched.n; ++k) {"
    yield "    const int32_t i = matched.i[k], j = matched.j[k];"
    yield from indent(_body(printer, storage, "find" if domain.lookup else "none", "matched.twin[k]"))
    yield "}"
