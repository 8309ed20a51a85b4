"""Loops over pairs of neurons on a device: all of them, a random sample, or a matching; a thread for each pair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..cpp.expressions import Printer, projection_name
from ..cpp.statements import Dialect, indent, lines
from ..cpp.tables import Tables
from ..ir import Accumulate, Assign, Create, If, Kernel, Let, Matching, Pairs, PairSample, Remove, Statement
from ..passes.dead import dead
from ..passes.traverse import statements
from .kernels import DevicePrinter


def pair_loops(printer: DevicePrinter, domain: Pairs | PairSample | Matching) -> Iterator[str]:
    """The pairs first, then a loop over them; where there is no room for them, the action begins again with it."""
    storage = projection_name(domain.projection)
    if isinstance(domain, Pairs):
        yield f"const int64_t n = int64_t{{{storage}->n_pre}} * {storage}->n_post;"
    else:
        if isinstance(domain, Matching):
            yield from _matched(printer, storage, domain)
        elif domain.per is None:
            yield from _sample(printer, storage, domain)
        else:
            yield from _sample_each(printer, storage, domain, domain.per)
        yield "if (pairs.n < 0) return;"
        yield "const int64_t n = pairs.n;"
    yield from _room(printer, storage, domain)
    yield from printer.room("n")
    if isinstance(domain, PairSample):
        yield "note_lacking(home, grid, pairs);"
    yield from _each(printer, storage, domain, printer.lines(printer.kernel.body))
    yield from printer.added_up()


def _each(
    printer: DevicePrinter, storage: str, domain: Pairs | PairSample | Matching, body: Iterable[str]
) -> Iterator[str]:
    """A body for each pair. What a row has in common is worked out for each pair: threads do not share rows."""
    yield "for (int64_t k = grid.thread; k < n; k += grid.threads) {"
    if isinstance(domain, Pairs):
        yield f"    const int32_t i = static_cast<int32_t>(k / {storage}->n_post); (void)i;"
        yield f"    const int32_t j = static_cast<int32_t>(k % {storage}->n_post); (void)j;"
    else:
        yield "    const int32_t i = pairs.i[k], j = pairs.j[k]; (void)i; (void)j;"
    yield f"    const uint32_t twin = {'pairs.twin[k]' if isinstance(domain, Matching) else '0'}; (void)twin;"
    if domain.lookup:
        yield f"    const int32_t s = find({storage}, i, j); (void)s;"
        yield "    const bool connected = s >= 0; (void)connected;"
    else:
        yield "    constexpr bool connected = false; (void)connected;"
    if not (isinstance(domain, PairSample) and domain.per is None):
        yield from indent(printer.lines(_read_by_body(printer.kernel)))
    yield from indent(body)
    yield "}"


def _read_by_body(kernel: Kernel) -> tuple[Let, ...]:
    """What the body uses of what is worked out for each neuron: the rest is for the number of its partners."""
    return dead(replace(kernel, domain=Pairs("", lookup=False))).outer


# ---- room for what is staged ----


def _room(printer: DevicePrinter, storage: str, domain: Pairs | PairSample | Matching) -> Iterator[str]:
    """Room for all that may be staged. If that is much, what will be staged is counted first: it may be far less."""
    changes = [node for node in statements(printer.kernel.body) if isinstance(node, Create | Remove)]
    if not changes:
        return
    removals = sum(isinstance(node, Remove) for node in changes)
    limited = any(node.limit is not None for node in changes)
    yield f"StagedNumbers staged{{{len(changes) - removals} * n, {removals} * n}};"
    storing = f"on_device({storage})"
    yield f"if (must_count({storing}, staged)) {{"
    yield "    staged = StagedNumbers{0, 0};"
    counter = replace(printer, kernel=dead(replace(printer.kernel, body=_only_changes(printer.kernel.body))))
    counting = lines(counter.kernel.body, counter.printer, counter.tables, _COUNTING)
    yield from indent(_each(counter, storage, domain, counting))
    yield "    staged = added_up(c, grid, staged);"
    yield "}"
    competing = "staged.pairs + staged.removals" if limited else "0"
    yield f"if (!room_to_stage(c, home, grid, {storing}, staged.pairs, staged.removals, {competing})) return;"


def _only_changes(body: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """The statements that decide what is staged: these may run twice."""
    kept: list[Statement] = []
    for node in body:
        match node:
            case If(condition, then, orelse):
                kept.append(If(condition, _only_changes(then), _only_changes(orelse)))
            case Create(projection):
                kept.append(Create(projection, ()))
            case Remove(projection):
                kept.append(Remove(projection))
            case Let() | Assign():
                kept.append(node)
            case _:
                pass
    return tuple(kept)


def _nothing_added(node: Accumulate, printer: Printer) -> str:
    raise AssertionError("what is counted beforehand adds to nothing")


def _pair_counted(node: Create, printer: Printer, tables: Tables) -> Iterator[str]:
    yield "++staged.pairs;"


def _removal_counted(node: Remove, printer: Printer) -> Iterator[str]:
    yield "++staged.removals;"


_COUNTING = Dialect(_nothing_added, _pair_counted, _removal_counted)


# ---- which pairs ----


def _draw(printer: DevicePrinter, domain: PairSample | Matching) -> str:
    """The key of the draws, and the step that they are counted by."""
    printer.tables.sites.setdefault(domain.site, False)
    clock = printer.tables.clock(printer.kernel.clock)
    return f"c.keys[{domain.site}], static_cast<uint32_t>(c.clocks[{clock}].draw)"


def _sample(printer: DevicePrinter, storage: str, domain: PairSample) -> Iterator[str]:
    yield from printer.lines(printer.kernel.outer)
    free, count = ("true" if domain.unconnected else "false"), printer.printer(domain.count)
    given = f"c, home, grid, {storage}, {count}, {free}, {_draw(printer, domain)}"
    yield f"const DrawnPairs pairs = sample_pairs({given});"


def _sample_each(printer: DevicePrinter, storage: str, domain: PairSample, per: str) -> Iterator[str]:
    side, neuron = ("true", "i") if per == "pre" else ("false", "j")
    free = "true" if domain.unconnected else "false"
    yield f"const PartnerSamples samples(c, home, grid, {storage}, {side}, {free});"
    yield "if (!samples.ready) return;"
    yield f"for (int32_t {neuron} = grid.thread; {neuron} < {storage}->n_{per}; {neuron} += grid.threads) {{"
    yield from indent(printer.lines(dead(replace(printer.kernel, body=())).outer))
    yield f"    samples.want({neuron}, {printer.printer(domain.count)});"
    yield "}"
    yield f"const DrawnPairs pairs = samples.draw({_draw(printer, domain)});"


def _matched(printer: DevicePrinter, storage: str, domain: Matching) -> Iterator[str]:
    sides = (f"static_cast<const double*>(c.arrays[{printer.tables.array(a)}])" for a in (domain.offers, domain.wants))
    given = f"c, home, grid, {storage}, {', '.join(sides)}, {_draw(printer, domain)}"
    yield f"const DrawnPairs pairs = match_pairs({given});"
