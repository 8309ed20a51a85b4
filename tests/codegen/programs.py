"""Random kernels, and the storage that they run on."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random as Dice
from typing import Any

import numpy as np
from interpret import Machine

from eqsnn.codegen import ir
from eqsnn.codegen.ir import BOOL, DOUBLE, INT, LONG, REAL, Argument, Array, Binary, Literal, Load, Local

I, J, S = Local("i", INT), Local("j", INT), Local("s", INT)
PRE = {t: Array(f"pre.{t.value}", t) for t in (REAL, INT, BOOL)}
POST = {t: Array(f"post.{t.value}", t) for t in (REAL, INT, BOOL)}
SLOT = {t: Array(f"s.{t.value}", t, "s", "slot") for t in (REAL, INT, BOOL)}
SHARED, LINK = Array("pre.shared", REAL), Array("pre.link", INT)
TABLE = Array("table.values", REAL)
T, STEP = Argument("clock.t", DOUBLE), Argument("clock.step", LONG)
ARGUMENTS = {
    DOUBLE: (Argument("tau", DOUBLE), Argument("clock.dt", DOUBLE), T),
    INT: (Argument("n", INT), Argument("group.N", INT)),
    LONG: (Argument("tick", LONG), STEP),
    BOOL: (Argument("switch", BOOL),),
}
N, M = 4, 3
LINKS = [(i, j) for i in range(N) for j in range(M) if (i + j) % 2 == 0 or i == 1]


def machine() -> Machine:
    """Storage with some numbers in it, the same every time."""
    numbers = np.random.default_rng(3)
    arrays: dict[str, np.ndarray] = {}
    for side, size in ((PRE, N), (POST, M), (SLOT, len(LINKS))):
        arrays[side[REAL].name] = numbers.uniform(-2, 2, size)
        arrays[side[INT].name] = numbers.integers(-3, 4, size)
        arrays[side[BOOL].name] = numbers.uniform(size=size) < 0.5
    arrays[SHARED.name], arrays[LINK.name] = np.array([0.7]), numbers.permutation(N)
    arrays[TABLE.name] = numbers.uniform(-1, 1, 5)
    arguments: dict[str, Any] = {
        "tau": 1.7, "clock.dt": 0.1, "clock.t": 0.3, "n": 3, "group.N": N, "switch": True, "tick": 12, "clock.step": 3,
        "table.dt": 0.1, "table.rows": 5,
    }  # fmt: skip
    return Machine(arrays, arguments)


def elements(domain: ir.Domain) -> list[dict[str, int]]:
    """What a domain binds, element by element."""
    if isinstance(domain, ir.Elements):
        return [{"i": i} for i in range(N)]
    pairs = [{"i": i, "j": j, "s": s} for s, (i, j) in enumerate(LINKS)]
    by_post = domain in (ir.EventSynapses("s", "post", "post"), ir.Synapses("s", "post"))
    return sorted(pairs, key=lambda e: e["j"]) if by_post else pairs


DOMAINS: tuple[ir.Domain, ...] = (
    ir.Elements(Literal(0, INT), Argument("group.N", INT)), ir.EventSynapses("s", "pre", "pre"),
    ir.EventSynapses("s", "post", "post"), ir.Synapses("s", "pre"), ir.Synapses("s", "post"),
)  # fmt: skip


@dataclass
class Writer:
    """Writes a random kernel. ``smooth`` leaves out what jumps where a real number is rounded."""

    dice: Dice
    smooth: bool
    synaptic: bool
    scope: list[Local] = field(default_factory=list)
    mutable: list[Local] = field(default_factory=list)
    count: int = 0

    def load(self, type_: ir.Type) -> ir.Expression:
        if type_ not in PRE:
            return self.dice.choice(ARGUMENTS[type_])
        places: list[ir.Expression] = [Load(PRE[type_], I)]
        if self.synaptic:
            places += [Load(POST[type_], J), Load(SLOT[type_], S)]
        if type_ is REAL:
            places += [Load(SHARED, Literal(0, INT)), Load(PRE[REAL], Load(LINK, I)), Load(TABLE, self.row())]
        return self.dice.choice(places)

    def row(self) -> ir.Expression:
        """A place in a table, at a time that is mostly that of the step."""
        at = T if self.dice.random() < 0.7 else ir.Cast(Load(PRE[REAL], I), DOUBLE)
        return ir.Call("timed_row", (at, Argument("table.dt", DOUBLE), Argument("table.rows", INT)), INT)

    def leaf(self, type_: ir.Type) -> ir.Expression:
        kind = self.dice.randrange(5)
        known = [local for local in self.scope if local.type is type_]
        if kind <= 1 and known:
            return self.dice.choice(known)
        if kind == 2:
            return self.load(type_)
        if kind == 3 and type_ is not REAL:
            return self.dice.choice(ARGUMENTS[type_])
        if kind == 3:
            return ir.Cast(self.dice.choice(ARGUMENTS[DOUBLE]), REAL)
        return self.literal(type_)

    def literal(self, type_: ir.Type) -> Literal:
        if type_ is BOOL:
            return Literal(self.dice.random() < 0.5, BOOL)
        if type_ in (INT, LONG):
            return Literal(self.dice.choice((0, 1, 2, -1)), type_)
        return Literal(self.dice.choice((0.0, 1.0, -1.0, 0.5, 3.0)), type_)

    def expression(self, type_: ir.Type, depth: int) -> ir.Expression:
        if depth == 0 or self.dice.random() < 0.1:
            return self.leaf(type_)
        if type_ is BOOL:
            return self.truth(depth)
        return self.whole(type_, depth) if type_ in (INT, LONG) else self.real(type_, depth)

    def truth(self, depth: int) -> ir.Expression:
        kind = self.dice.randrange(4)
        if kind == 0:
            return ir.Unary("not", self.expression(BOOL, depth - 1))
        if kind == 1:
            operator = self.dice.choice(("and", "or"))
            return Binary(operator, self.expression(BOOL, depth - 1), self.expression(BOOL, depth - 1))  # type: ignore[arg-type]
        type_ = INT if self.smooth else self.dice.choice((INT, LONG, REAL, DOUBLE))
        sides = self.expression(type_, depth - 1), self.expression(type_, depth - 1)
        return Binary(self.dice.choice(("<", "<=", ">", ">=", "==", "!=")), *sides)  # type: ignore[arg-type]

    def whole(self, type_: ir.Type, depth: int) -> ir.Expression:
        kind = self.dice.randrange(5)
        if kind == 0:
            return ir.Cast(self.expression(self.dice.choice((INT, LONG, BOOL)), depth - 1), type_)
        if kind == 1:
            divisor = Literal(3, type_) if self.dice.random() < 0.5 else Argument("n", INT)
            if divisor.type is not type_:
                divisor = ir.Cast(divisor, type_)  # type: ignore[assignment]
            return ir.Call(self.dice.choice(("floordiv", "mod")), (self.expression(type_, depth - 1), divisor), type_)
        return self.either(type_, depth)

    def real(self, type_: ir.Type, depth: int) -> ir.Expression:
        kind = self.dice.randrange(9)
        if kind == 0:
            other = self.dice.choice((REAL, DOUBLE, INT))
            return ir.Cast(self.expression(other, depth - 1), type_)
        if kind in (1, 2):
            return Binary("/", self.expression(type_, depth - 1), self.divisor(type_, depth))
        if kind in (3, 4):
            names = ("tanh", "sin", "abs", "power2") if self.smooth else ("tanh", "sin", "floor", "sign", "power3")
            return ir.Call(self.dice.choice(names), (self.bounded(type_, depth),), type_)
        if kind == 5 and type_ is REAL:
            return ir.Random("normal", self.dice.randrange(3), (), REAL)
        return self.either(type_, depth)

    def bounded(self, type_: ir.Type, depth: int) -> ir.Expression:
        return ir.Call("tanh", (self.expression(type_, depth - 1),), type_)

    def divisor(self, type_: ir.Type, depth: int) -> ir.Expression:
        """Something that is not zero."""
        kind = self.dice.randrange(3)
        if kind == 0:
            return Literal(self.dice.choice((2.0, 3.0, -5.0)), type_)
        tau: ir.Expression = Argument("tau", DOUBLE)
        tau = tau if type_ is DOUBLE else ir.Cast(tau, REAL)
        if kind == 1:
            return self.dice.choice((tau, Binary("+", tau, Literal(1.0, type_)), ir.Call("sqrt", (tau,), type_)))
        return Binary("+", Literal(1.0, type_), ir.Call("power2", (self.bounded(type_, depth),), type_))

    def either(self, type_: ir.Type, depth: int) -> ir.Expression:
        kind = self.dice.randrange(7)
        a = self.expression(type_, depth - 1)
        if kind == 0:
            return ir.Unary("-", a)
        if kind == 1:
            return ir.Select(self.expression(BOOL, depth - 1), a, self.expression(type_, depth - 1))
        if kind == 2 and not (self.smooth and type_ in (REAL, DOUBLE)):
            return ir.Call(self.dice.choice(("minimum", "maximum")), (a, self.expression(type_, depth - 1)), type_)
        operator = self.dice.choice(("+", "-", "*"))
        return Binary(operator, a, self.expression(type_, depth - 1))  # type: ignore[arg-type]

    # ---- statements ----

    def body(self, length: int, nested: int = 0) -> tuple[ir.Statement, ...]:
        known = list(self.scope)
        result = tuple(self.statement(nested) for _ in range(length))
        if nested:
            self.scope = known
        return result

    def statement(self, nested: int) -> ir.Statement:
        kind = self.dice.randrange(10)
        if kind <= 3:
            type_ = self.dice.choice((REAL, REAL, DOUBLE, INT, BOOL))
            value = self.expression(type_, 3)
            self.count += 1
            local = Local(f"l_{self.count}", type_)
            self.scope.append(local)
            if type_ is not DOUBLE and (nested == 0 or self.dice.random() < 0.5):
                self.mutable.append(local)
            return ir.Let(local, value)
        targets = [local for local in self.mutable if local in self.scope]
        if kind <= 5 and targets:
            local = self.dice.choice(targets)
            return ir.Assign(local, self.expression(local.type, 3))
        if kind <= 7 and nested < 2:
            condition = self.expression(BOOL, 2)
            then = self.body(self.dice.randrange(1, 4), nested + 1)
            return ir.If(condition, then, self.body(self.dice.randrange(3), nested + 1))
        return self.write()

    def write(self) -> ir.Statement:
        type_ = self.dice.choice((REAL, REAL, INT, BOOL))
        if not self.synaptic:
            return ir.Store(PRE[type_], I, self.expression(type_, 2))
        kind = self.dice.randrange(3)
        if kind == 0:
            return ir.Store(SLOT[type_], S, self.expression(type_, 2))
        side, index = self.dice.choice(((PRE, I), (POST, J)))
        if kind == 1 or type_ is BOOL:
            return ir.Store(side[type_], index, self.expression(type_, 2))
        return ir.Accumulate(side[type_], index, ir.Call("clip", (
            self.expression(type_, 2), Literal(-1, INT) if type_ is INT else Literal(-1.0, REAL),
            Literal(1, INT) if type_ is INT else Literal(1.0, REAL)), type_))  # fmt: skip


def random_kernel(dice: Dice, *, smooth: bool) -> ir.Kernel:
    """A kernel of up to a dozen statements whose values stay finite."""
    domain = dice.choice(DOMAINS)
    writer = Writer(dice, smooth, synaptic=not isinstance(domain, ir.Elements))
    body = writer.body(dice.randrange(2, 10))
    last = tuple(ir.Store(PRE[local.type], I, local) for local in writer.mutable
                 if local in writer.scope and local.type in PRE)[:3]  # fmt: skip
    return ir.Kernel("random", "clock", domain, (*body, *last))
