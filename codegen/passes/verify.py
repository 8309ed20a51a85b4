"""Checks on a kernel: what every pass promises to keep, and every target may rely on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import assert_never

from ..ir import (
    BOOL,
    COMPARISONS,
    DOUBLE,
    INT,
    LOGICAL,
    LONG,
    REAL,
    Accumulate,
    Argument,
    Assign,
    Binary,
    Call,
    Cast,
    Chosen,
    Create,
    Domain,
    Elements,
    EventNeurons,
    Events,
    EventSynapses,
    Expression,
    If,
    Kernel,
    Let,
    Limited,
    Literal,
    Load,
    Local,
    Lottery,
    Matching,
    Once,
    Pairs,
    PairSample,
    ProgramIR,
    Random,
    Record,
    Remove,
    Select,
    Statement,
    Store,
    Synapses,
    Type,
    Unary,
)
from .traverse import domain_operands

REALS, NUMBERS, WHOLE = (REAL, DOUBLE), (REAL, DOUBLE, INT, LONG), (INT, LONG)


class InternalError(AssertionError):
    """The compiler has made a mistake: not one of the user's."""


def verify_program(program: ProgramIR) -> ProgramIR:
    """Check the setup and every kernel; the program itself."""
    names = [let.local.name for let in program.setup]
    _expect(len(names) == len(set(names)), "setup", "a name is bound twice")
    setup = _Scope("setup", {})
    for let in program.setup:
        _expect(let.local.type is not REAL, "setup", f"{let.local.name} is of type REAL")
        setup.let(let)
    for kernel in program.kernels():
        verify(kernel)
    return program


def verify(kernel: Kernel) -> Kernel:
    """Check a kernel; the kernel itself. Raises `InternalError` that names it."""
    scope = _Scope(kernel.name, {})
    for let in kernel.prologue:
        scope.let(let)
    scope.bound |= _bound_by(kernel.domain, outer=True)
    for let in kernel.outer:
        scope.let(let)
    for operand in domain_operands(kernel.domain):
        scope.check(operand)
    _check_domain(kernel)
    scope.bound |= _bound_by(kernel.domain, outer=False)
    scope.structural = isinstance(
        kernel.domain, EventSynapses | Synapses | Pairs | PairSample | Matching
    )
    scope.block(kernel.body)
    return kernel


def _expect(condition: bool, where: str, problem: str) -> None:
    if not condition:
        raise InternalError(f"{where}: {problem}")


def _check_domain(kernel: Kernel) -> None:
    match kernel.domain:
        case Elements(start, stop, _):
            _expect(start.type in WHOLE and stop.type in WHOLE, kernel.name, "its elements are not counted in integers")
        case PairSample(count=count):
            _expect(count.type is DOUBLE, kernel.name, "the number of pairs is not DOUBLE")
        case Matching(offers=offers, wants=wants):
            _expect(offers.type is wants.type is DOUBLE, kernel.name, "what neurons offer is not DOUBLE")
        case _:
            pass


def outer_local(domain: Domain) -> str | None:
    """The local that stays the same over a row or column of a nested domain: what `outer` may use."""
    match domain:
        case EventSynapses(side=side) | Synapses(by=side):
            return {"pre": "i", "post": "j"}[side]
        case Pairs():
            return "i"
        case PairSample(per=per) if per is not None:
            return {"pre": "i", "post": "j"}[per]
        case _:
            return None


def _bound_by(domain: Domain, *, outer: bool) -> dict[str, Type]:
    """Locals that a domain binds, for the body or for `outer`."""
    fixed = outer_local(domain)
    if outer:
        return {fixed: INT} if fixed else {}
    match domain:
        case Once() | Lottery():
            return {}
        case Elements() | Events() | EventNeurons() | Chosen(projection=None):
            return {"i": INT}
        case EventSynapses() | Synapses() | Chosen():
            return {"i": INT, "j": INT, "s": INT}
        case Pairs(lookup=lookup) | PairSample(lookup=lookup) | Matching(lookup=lookup):
            pair = {"i": INT, "j": INT}
            return {**pair, "s": INT, "connected": BOOL} if lookup else pair
        case _:
            assert_never(domain)


# ---- functions of the header library --------------------------------------------------------------------------------

Signature = Callable[[tuple[Type, ...]], Type | None]


def _same(count: int, allowed: tuple[Type, ...]) -> Signature:
    """``count`` arguments of one type, which is also the result's."""

    def result(arguments: tuple[Type, ...]) -> Type | None:
        fits = len(arguments) == count and len(set(arguments)) == 1 and arguments[0] in allowed
        return arguments[0] if fits else None

    return result


def _exactly(*wanted: Type, result: Type) -> Signature:
    return lambda arguments: result if arguments == wanted else None


def _timestep(arguments: tuple[Type, ...]) -> Type | None:
    return INT if arguments in ((REAL, REAL), (DOUBLE, DOUBLE)) else None


def _expm_entry(arguments: tuple[Type, ...]) -> Type | None:
    fits = arguments[:3] == (INT,) * 3 and len(arguments) > 4 and set(arguments[3:]) == {DOUBLE}
    return DOUBLE if fits else None


REAL_FUNCTIONS = (
    "exp", "log", "log10", "expm1", "log1p", "exprel", "sqrt", "sin", "cos", "tan",
    "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "sign", "floor", "ceil",
)  # fmt: skip

FUNCTIONS: dict[str, Signature] = {
    **{name: _same(1, REALS) for name in REAL_FUNCTIONS},
    **{f"power{n}": _same(1, (REAL, DOUBLE, LONG)) for n in range(2, 9)},
    "abs": _same(1, NUMBERS),
    "minimum": _same(2, NUMBERS), "maximum": _same(2, NUMBERS), "clip": _same(3, NUMBERS),
    "floordiv": _same(2, NUMBERS), "mod": _same(2, NUMBERS), "pow": _same(2, REALS),
    "timestep": _timestep,
    "timed_row": _exactly(DOUBLE, DOUBLE, INT, result=INT),
    "timed_cell": _exactly(INT, INT, INT, result=INT),
    "expm_entry": _expm_entry,
}  # fmt: skip
"""Every function that a Call may name, with the type it gives for the types of its arguments (None: not defined)."""

_DRAWN: dict[str, tuple[int, tuple[Type, ...]]] = {
    "uniform": (0, (REAL, DOUBLE)), "normal": (0, (REAL, DOUBLE)), "poisson": (1, (INT,)),
    "binomial": (2, (INT,)), "exponential": (1, (REAL, DOUBLE)), "bits": (0, (LONG,)),
}  # fmt: skip


@dataclass(slots=True)
class _Scope:
    """Names bound so far, and the checks of what uses them."""

    where: str
    bound: dict[str, Type]
    structural: bool = False
    ever: set[str] = field(default_factory=set)

    def expect(self, condition: bool, problem: str) -> None:
        """Raise unless ``condition``."""
        _expect(condition, self.where, problem)

    def let(self, node: Let) -> None:
        """A binding: its value is known, its name new."""
        self.check(node.value)
        name = node.local.name
        self.expect(name not in self.bound and name not in self.ever, f"{name} is bound twice")
        self.expect(node.value.type is node.local.type, f"{name} is {node.local.type}, its value {node.value.type}")
        self.bound[name] = node.local.type
        self.ever.add(name)

    def block(self, body: Iterable[Statement], nested: bool = False) -> None:
        """Statements in order; names bound in a branch end with it."""
        for node in body:
            self.statement(node, nested)

    def statement(self, node: Statement, nested: bool) -> None:
        """One statement."""
        match node:
            case Let():
                self.let(node)
            case Assign(local, value):
                self.assign(local, value, nested)
            case Store(array, index, value) | Accumulate(array, index, value, _):
                self.check(Load(array, index))
                self.check(value)
                self.expect(value.type is array.type, f"{array.name} is {array.type}, gets {value.type}")
            case If(condition, then, orelse):
                self.check(condition)
                self.expect(condition.type is BOOL, "an If without a truth value")
                before = dict(self.bound)
                for branch in (then, orelse):
                    self.block(branch, nested=True)
                    self.bound = dict(before)
            case Create(projection, values, limit):
                self.limit(limit)
                self.expect(self.structural, f"creates synapses of {projection} outside a synaptic domain")
                for array, value in values:
                    self.check(value)
                    self.expect(value.type is array.type, f"{array.name} is {array.type}, gets {value.type}")
            case Remove(projection, limit):
                self.limit(limit)
                self.expect(
                    self.structural and "s" in self.bound, f"removes a synapse of {projection} it does not have"
                )
            case Record(recorder, _, value):
                self.check(value)
                self.expect(value.type in REALS, f"{recorder} records {value.type}")
            case _:
                assert_never(node)

    def limit(self, limit: Limited | None) -> None:
        """Who comes first is drawn."""
        if limit is not None:
            self.check(limit.places)
            self.check(limit.key)
            self.expect(limit.places.type is DOUBLE, f"places are counted in {limit.places.type}")
            self.expect(limit.key.type is LONG, f"who comes first is told by {limit.key.type}")

    def assign(self, local: Local, value: Expression, nested: bool) -> None:
        """A new value for a local, which outermost code may introduce."""
        self.check(value)
        self.expect(value.type is local.type, f"{local.name} is {local.type}, gets {value.type}")
        if local.name in self.bound:
            self.expect(self.bound[local.name] is local.type, f"{local.name} is {self.bound[local.name]}")
            return
        self.expect(not nested and local.name not in self.ever, f"{local.name} is not known outside its branch")
        self.bound[local.name] = local.type
        self.ever.add(local.name)

    def check(self, x: Expression) -> None:
        """Types in an expression, operands first."""
        match x:
            case Literal(value, type_):
                self.expect((type_ is BOOL) == isinstance(value, bool), f"{value!r} as {type_}")
                self.expect(type_ not in WHOLE or isinstance(value, int), f"{value!r} as {type_}")
            case Local(name, type_):
                self.expect(name in self.bound, f"{name} is used before it is bound")
                self.expect(self.bound[name] is type_, f"{name} is {self.bound[name]}, used as {type_}")
            case Argument():
                pass
            case Load(array, index):
                self.check(index)
                self.expect(index.type in WHOLE, f"index of {array.name} is {index.type}")
            case Unary(operator, operand):
                self.check(operand)
                self.expect((operator == "not") == (operand.type is BOOL), f"{operator} of {operand.type}")
            case Binary(operator_, left, right):
                self.check(left)
                self.check(right)
                self.binary(operator_, left.type, right.type)
            case Select(condition, then, orelse):
                for operand in (condition, then, orelse):
                    self.check(operand)
                self.expect(condition.type is BOOL, "a Select without a truth value")
                self.expect(then.type is orelse.type, f"branches {then.type} and {orelse.type}")
            case Cast(operand, _):
                self.check(operand)
            case Call():
                self.call(x)
            case Random():
                self.random(x)
            case _:
                assert_never(x)

    def binary(self, operator: str, left: Type, right: Type) -> None:
        """Types that an operator takes."""
        self.expect(left is right, f"{left} {operator} {right}")
        if operator in LOGICAL:
            self.expect(left is BOOL, f"{operator} of {left}")
        elif operator not in COMPARISONS:
            self.expect(left in (REALS if operator == "/" else NUMBERS), f"{operator} of {left}")

    def call(self, x: Call) -> None:
        """Function, arguments and result."""
        for argument in x.arguments:
            self.check(argument)
        self.expect(x.function in FUNCTIONS, f"unknown function {x.function}")
        types = tuple(a.type for a in x.arguments)
        result = FUNCTIONS[x.function](types)
        self.expect(result is not None, f"{x.function} of {', '.join(t.name for t in types)}")
        self.expect(result is x.type, f"{x.function} gives {result}, not {x.type}")

    def random(self, x: Random) -> None:
        """Distribution, arguments and result."""
        for argument in x.arguments:
            self.check(argument)
        count, results = _DRAWN[x.distribution]
        fits = len(x.arguments) == count and all(a.type is DOUBLE for a in x.arguments)
        self.expect(fits and x.type in results, f"{x.distribution} of {[a.type for a in x.arguments]} as {x.type}")
