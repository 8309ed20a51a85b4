"""What a value depends on, and what it costs: the questions that several passes ask."""

from __future__ import annotations

from collections.abc import Iterable, Set

from ..ir import (
    BOOL,
    DOUBLE,
    INT,
    LONG,
    REAL,
    Argument,
    Binary,
    Call,
    Cast,
    Expression,
    Kernel,
    Let,
    Literal,
    Load,
    Local,
    Random,
    Select,
    Unary,
)
from .traverse import assigned, children, statements, walk

_CLAMPED = ("timed_row", "timed_cell")
_BOUND_BY_DOMAIN = ("i", "j", "s")


def changes_with_steps(x: Argument) -> bool:
    """Whether an argument is known only when a step starts."""
    return x.name == "tick" or x.name.endswith(".t") or (x.name.endswith(".step") and x.type is LONG)


def is_run_constant(x: Expression, constant: Set[str] = frozenset()) -> bool:
    """Whether a value is the same throughout a run; ``constant`` names locals that are."""
    match x:
        case Literal():
            return True
        case Argument():
            return not changes_with_steps(x)
        case Local(name, _):
            return name in constant
        case Load() | Random():
            return False
        case _:
            return not may_fault(x) and all(is_run_constant(child, constant) for child in children(x))


def may_fault(x: Expression) -> bool:
    """Whether an operation must not be evaluated where the program does not: an integer division perhaps by zero."""
    match x:
        case Call("floordiv" | "mod", (_, divisor), type_) if type_ in (INT, LONG):
            return not isinstance(divisor, Literal) or divisor.value == 0
        case _:
            return False


def is_anything_faulty(x: Expression) -> bool:
    """Whether a value has an operation that may fault."""
    return any(may_fault(y) for y in walk(x))


def is_safe_index(index: Expression, known: Set[str] = frozenset()) -> bool:
    """Whether an index is valid for every element: the element's own, a fixed one, or one clamped to its table.

    ``known`` names locals bound to such an index.
    """
    match index:
        case Literal():
            return True
        case Local(name, _):
            return name in _BOUND_BY_DOMAIN or name in known
        case Binary("+", Local("i" | "j", _), Literal()):
            return True
        case Call(function, _, _):
            return function in _CLAMPED
        case _:
            return False


def is_trivial(x: Expression) -> bool:
    """Whether a value is nothing to compute: a leaf, or its conversion, sign, or offset as an index."""
    match x:
        case Literal() | Local() | Argument():
            return True
        case Cast(operand, _) | Unary(_, operand):
            return is_trivial(operand)
        case Binary("+", Local("i" | "j", _), Literal()):
            return True
        case _:
            return False


def cost(x: Expression) -> int:
    """Roughly how many simple operations a value takes."""
    match x:
        case Binary("/", _, _):
            own = 4
        case Binary() | Select():
            own = 1
        case Cast(operand, _):
            own = 0 if {operand.type, x.type} == {REAL, DOUBLE} or operand.type is BOOL else 1
        case Call(function, _, _):
            own = 2 if function.startswith("power") or function in ("minimum", "maximum", "abs") else 10
        case Random():
            own = 30
        case Load():
            own = 3
        case _:
            own = 0
    return own + sum(cost(child) for child in children(x))


def constant_locals(kernel: Kernel) -> frozenset[str]:
    """Locals bound once, to values that are the same throughout a run."""
    constant: set[str] = set()
    body = (*kernel.prologue, *kernel.outer, *kernel.body)
    changing = assigned(body)
    for node in statements(body):
        if isinstance(node, Let) and node.local.name not in changing and is_run_constant(node.value, constant):
            constant.add(node.local.name)
    return frozenset(constant)


def locals_of(xs: Iterable[Expression]) -> frozenset[str]:
    """Names of the locals that expressions use."""
    return frozenset(y.name for x in xs for y in walk(x) if isinstance(y, Local))


def to_double(x: Expression) -> Expression:
    """The same value computed in DOUBLE where it was in REAL; where it was whole or a truth value, that stays."""
    match x:
        case Literal(value, type_):
            return Literal(float(value), DOUBLE) if type_ is REAL else x
        case Local() | Argument():
            return x
        case Load(_, _):
            return Cast(x, DOUBLE) if x.type is REAL else x
        case Cast(operand, type_):
            inner, wanted = to_double(operand), DOUBLE if type_ is REAL else type_
            return inner if inner.type is wanted else Cast(inner, wanted)
        case Unary(operator, operand):
            return Unary(operator, to_double(operand))
        case Binary(operator_, left, right):
            return Binary(operator_, *_alike(left, right))
        case Select(condition, then, orelse):
            return Select(to_double(condition), *_alike(then, orelse))
        case Call(function, arguments, type_):
            return Call(function, _alike(*arguments), DOUBLE if type_ is REAL else type_)
        case Random():
            return x
    raise AssertionError(x)


def _alike(*xs: Expression) -> tuple[Expression, ...]:
    return tuple(Cast(y, DOUBLE) if y.type is REAL else y for y in map(to_double, xs))
