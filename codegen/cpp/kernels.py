"""Kernels as C++ functions: what each fetches, then the loops of its domain (`loops`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..ir import (
    BOOL,
    Array,
    Chosen,
    Elements,
    EventNeurons,
    Events,
    Expression,
    Kernel,
    Once,
    Random,
    Statement,
)
from ..passes.traverse import walk, written
from .expressions import Printer, array_name, identifier, projection_name
from .statements import arguments, arrays, expressions, indent, lines
from .tables import Tables


@dataclass(frozen=True, slots=True)
class KernelPrinter:
    """Prints one kernel: `head` fetches what it needs, `printer` knows how its draws look."""

    kernel: Kernel
    tables: Tables

    @property
    def everything(self) -> tuple[Statement, ...]:
        """All statements of the kernel."""
        return (*self.kernel.prologue, *self.kernel.outer, *self.kernel.body)

    @property
    def fills(self) -> bool:
        """Whether draws are computed for a whole range of neurons at once, ahead of a vector loop."""
        return isinstance(self.kernel.domain, Elements) and self.kernel.domain.vector

    def lines(self, statements: tuple[Statement, ...]) -> Iterator[str]:
        """Statements of the kernel in C++."""
        return lines(statements, self.printer, self.tables)

    @property
    def printer(self) -> Printer:
        """Prints expressions, with draws as they are made in this kernel's domain."""
        return Printer(self.draw)

    def draw(self, x: Random) -> str:
        """One random number."""
        self.tables.sites.setdefault(x.site, False)
        if self.fills and x.distribution in ("uniform", "normal"):
            self.tables.sites[x.site] = True
            return f"draw{x.site}[i]"
        key, given = f"key{x.site}", "".join(", " + self.printer(a) for a in x.arguments)
        real = "<real>" if x.distribution in ("uniform", "normal", "exponential") else ""
        return f"draw_{x.distribution}{real}({key}, {self.element()}{given})"

    def element(self) -> str:
        """What tells the elements of this domain apart."""
        step = f"static_cast<uint32_t>(c.clocks[{self.tables.clock(self.kernel.clock)}].draw)"
        match self.kernel.domain:
            case Elements() | Events() | EventNeurons() | Chosen(projection=None):
                return f"Element{{static_cast<uint32_t>(i), 0u, {step}, 0u}}"
            case Once():
                return f"Element{{0u, 0u, {step}, 0u}}"
            case _:
                return f"Element{{static_cast<uint32_t>(i), static_cast<uint32_t>(j), {step}, twin}}"

    # ---- the head of a function ----

    def head(self) -> Iterator[str]:
        """Local names for the arguments, arrays, storages and keys that the kernel uses."""
        found = tuple(expressions(self.everything)) + self.of_domain()
        for argument in arguments(found):
            type_ = self.printer.type(argument.type)
            value = self.tables.argument(argument)
            yield f"const {type_} a_{identifier(argument.name)} = static_cast<{type_}>({value});"
        changed = written(self.everything)
        used = arrays(found)
        for projection in self.projections(used):
            storage = projection_name(projection)
            yield f"Ragged* const {storage} = c.projections[{self.tables.projection(projection)}];"
            yield f"const int32_t* __restrict const pre_{storage} = {storage}->pre; (void)pre_{storage};"
            yield f"const int32_t* __restrict const post_{storage} = {storage}->post; (void)post_{storage};"
        for array in used:
            yield from self._array(array, array in changed)
        for site in dict.fromkeys(p.site for x in found for p in walk(x) if isinstance(p, Random)):
            self.tables.sites.setdefault(site, False)
            yield f"const uint64_t key{site} = c.keys[{site}];"

    def of_domain(self) -> tuple[Expression, ...]:
        """Expressions that the loops evaluate."""
        domain = self.kernel.domain
        if self.fills:  # the range is a parameter of the loop
            return ()
        found = (getattr(domain, name, 0) for name in ("start", "stop", "count", "probability"))
        return tuple(x for x in found if not isinstance(x, int))

    def projections(self, used: tuple[Array, ...]) -> tuple[str, ...]:
        """Storages that the kernel looks into."""
        own = getattr(self.kernel.domain, "projection", None)
        names = [own] if own else []
        return tuple(dict.fromkeys(names + [a.projection for a in used if a.projection]))

    def _array(self, array: Array, changed: bool) -> Iterator[str]:
        if array.space not in ("flat", "slot", "aside"):
            return
        type_ = self.printer.type(array.type)
        if array.type is BOOL:
            type_ = "uint8_t"  # g++ 12 does not vectorise loops that load bools
        const = "" if changed else "const "
        place = self.tables.array(array)
        if array.space == "slot":
            where = f"{projection_name(array.projection or '')}->columns[c.columns[{place}]].data"
        else:
            where = f"c.arrays[{place}]"
        yield f"{const}{type_}* __restrict {array_name(array)} = static_cast<{const}{type_}*>({where});"


def function(name: str, body: Iterable[str], parameters: str = "Context& c") -> Iterator[str]:
    """A static function of a module."""
    yield f"static void {name}({parameters}) {{"
    yield from indent(body)
    yield "}"
    yield ""

