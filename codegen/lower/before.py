"""What a pass of a rule needs to know before it begins: aggregates of all synapses, limits, what neurons offer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import sympy

from eqsnn.symbolic import functions
from eqsnn.symbolic.blocks import Branch, Created, Limit, Removed, Symbolic
from eqsnn.symbolic.model import Item, RulePass
from eqsnn.symbolic.reductions import Reduction

from ..from_sympy import convert
from ..ir import (
    DOUBLE,
    INT,
    REAL,
    Accumulate,
    Action,
    Argument,
    Array,
    Domain,
    Elements,
    Kernel,
    Literal,
    Load,
    Once,
    Provide,
    Quantile,
    Rank,
    Run,
    Side,
    Statement,
    Store,
    Synapses,
    Type,
    Zero,
)
from .access import I, S, Surroundings, aside_array, number_array, reduced_array
from .body import Body
from .synapses import is_ordered, synaptic

RANDOM = tuple(functions.RANDOM.values())
_EXTREME = {
    ("min", REAL): float("inf"), ("max", REAL): float("-inf"), ("min", INT): 2**31 - 1, ("max", INT): -(2**31),
}  # fmt: skip
"""The smallest and largest of none."""


@dataclass(slots=True)
class Before:
    """Works out, for one pass of a rule, what it asks before it begins; ``actions`` do it."""

    item: Item
    network: Surroundings
    projection: str
    node: RulePass
    prefix: str
    site: int
    actions: list[Action]

    def body(self, element: Side = "all") -> Body:
        """A body that reads aggregates; ``element`` is the side whose neurons it runs for."""
        body = synaptic(self.network, self.item, self.projection, self.site)
        known = {reduction.result.name: reduction for reduction in self.node.reductions}
        body.access = replace(body.access, reductions=known)
        if element != "all":  # the one neuron that each has is `i` of its loop
            body.access = replace(body.access, element=element)
        return body

    def of_synapses(self) -> Body:
        """A body that runs for synapses, whose event-driven variables are as of now."""
        body = self.body()
        body.between(self.node.between)
        return body

    # ---- numbers, once or for each neuron of a side ----

    def number(self, name: str, value: sympy.Basic, per: Side) -> Array:
        """A number worked out once, or for each neuron of a side."""
        array = number_array(self.item.owner, f"{self.prefix}_{name}", per, DOUBLE)
        body = self.body(per)
        index = I if per != "all" else Literal(0, INT)
        body.statements.append(Store(array, index, convert(body.expression(value), DOUBLE)))
        self._run(name, self._neurons(per), body.store())
        return array

    def limits(self) -> dict[int, Array | None]:
        """The number of places of each limit of the pass, by its site.

        None where it is better worked out for those that compete than for every neuron: there may be few of them.
        """
        few = self.node.visit.kind == "sample" and self.node.visit.per is None
        return {
            limit.site: None if few and not limit.count.has(*RANDOM) else self._places(k, limit)
            for k, limit in enumerate(limits_of(self.node.body))
        }

    def _places(self, k: int, limit: Limit) -> Array:
        return self.number(f"limit{k}", limit.count, limit.per or "all")

    def _neurons(self, per: Side, *, vector: bool = True) -> Domain:
        if per == "all":
            return Once()
        return Elements(Literal(0, INT), Argument(f"{self.projection}.N_{per}", INT), vector)

    def _run(self, name: str, domain: Domain, statements: tuple[Statement, ...], *, ordered: bool = False) -> None:
        name = f"{self.item.owner}_{self.prefix}_{name}"
        self.actions.append(Run(Kernel(name, self.item.when.clock, domain, statements, ordered=ordered)))

    # ---- aggregates ----

    def reduce(self) -> None:
        """All aggregates: what one is made of comes before it."""
        for reduction in self.node.reductions:
            match reduction.function:
                case "quantile" | "rank":
                    self._sort(reduction)
                case "min" | "max":
                    self._extreme(reduction, reduction.function)
                case _ if reduction.value is not None:
                    self._sum(reduction)

    def _sum(self, reduction: Reduction) -> None:
        """A sum; one of real numbers over all synapses by columns first, whose order is then that of the neurons."""
        clock, array = self.item.when.clock, reduced_array(self.item.owner, reduction)
        self.actions.append(Zero(array, 0, None, clock))
        if array.type is not DOUBLE or reduction.per != "all" or self.network.projections[self.projection].multi:
            self._accumulate(reduction, array, reduction.per)
            return
        columns = number_array(self.item.owner, f"{reduction.result.name}_columns", "post", DOUBLE)
        self.actions.append(Zero(columns, 0, None, clock))
        self._accumulate(reduction, columns, "post")
        together = Accumulate(array, Literal(0, INT), Load(columns, I))
        self._run(f"{reduction.result.name}_total", self._neurons("post", vector=False), (together,))

    def _extreme(self, reduction: Reduction, function: str) -> None:
        array = reduced_array(self.item.owner, reduction)
        index = I if reduction.per != "all" else Literal(0, INT)
        first = Store(array, index, Literal(_EXTREME[function, array.type], array.type))
        self._run(f"{reduction.result.name}_none", self._neurons(reduction.per), (first,))
        self._accumulate(reduction, array, reduction.per, function)

    def _accumulate(self, reduction: Reduction, array: Array, per: Side, operator: str = "+") -> None:
        body = self.of_synapses()
        assert reduction.value is not None
        value = convert(body.expression(reduction.value), array.type)
        body.statements.append(Accumulate(array, body.access.neuron(per), value, operator))  # type: ignore[arg-type]
        statements = body.store()
        ordered = is_ordered("pre", statements, self.network.projections[self.projection])
        self._run(reduction.result.name, Synapses(self.projection), statements, ordered=ordered)

    def _sort(self, reduction: Reduction) -> None:
        """Values aside, then their order. Whole numbers are ranked as such: single precision would make some equal."""
        clock, name = self.item.when.clock, reduction.result.name
        body = self.of_synapses()
        assert reduction.value is not None
        value = body.expression(reduction.value)
        type_ = DOUBLE if reduction.function == "rank" and value.type is INT else REAL
        values = self._aside(f"{name}_values", type_)
        body.statements.append(Store(values, S, convert(value, type_)))
        self._run(name, Synapses(self.projection), body.store())
        if reduction.function == "rank":
            self.actions.append(Rank(values, self._aside(f"{name}_ranks", INT), reduction.per, clock))
        else:
            assert reduction.order is not None
            orders = self.number(f"{name}_order", reduction.order, reduction.per)
            result = reduced_array(self.item.owner, reduction)
            self.actions.append(Quantile(values, orders, result, reduction.per, clock))

    def _aside(self, name: str, type_: Type) -> Array:
        array = aside_array(self.item.owner, self.projection, name, type_)
        self.actions.append(Provide(array, self.item.when.clock))
        return array


def limits_of(body: tuple[Symbolic, ...]) -> Iterator[Limit]:
    """The limits of a pass, in the order of the text."""
    for node in body:
        match node:
            case Created(_, limit) | Removed(limit) if limit is not None:
                yield limit
            case Branch(_, then, orelse):
                yield from limits_of(then)
                yield from limits_of(orelse)
            case _:
                pass
