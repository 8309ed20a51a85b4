"""The IR as text a person can read: for ``print(show(net.compiled.ir))`` and for tests of whole kernels.

Binary operators are bracketed where precedence asks for it; types appear where a value gets one: at bindings and casts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from ..ir import (
    BOOL,
    Accumulate,
    Action,
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
    Run,
    Select,
    Statement,
    Store,
    Synapses,
    Unary,
)

_PRECEDENCE = {
    "or": 1, "and": 2, "<": 4, "<=": 4, ">": 4, ">=": 4, "==": 4, "!=": 4, "+": 5, "-": 5, "*": 6, "/": 6,
}  # fmt: skip
_NOT, _SIGN, _ATOM = 3, 7, 8


def show(program: ProgramIR) -> str:
    """A whole program: what is computed once, then the actions of a step."""
    lines = ["setup"]
    lines += [f"    {_statement(let)}" for let in program.setup]
    for kernel in program.tables:
        lines += ["", show_kernel(kernel)]
    for action in program.actions:
        lines += ["", show_kernel(action.kernel)] if isinstance(action, Run) else ["", _action(action)]
    return "\n".join(lines) + "\n"


def show_kernel(kernel: Kernel) -> str:
    """One kernel, a statement a line."""
    ordered = ", in order of (i, j)" if kernel.ordered else ""
    lines = [f"{kernel.name} at {kernel.clock}: {_domain(kernel.domain)}{ordered}"]
    for title, lets in (("once", kernel.prologue), ("outer", kernel.outer)):
        if lets:
            lines += [f"  {title}", *_block(lets, 4), "  body"]
    if kernel.prologue and kernel.outer:
        lines.remove("  body")
    lines += _block(kernel.body, 4)
    return "\n".join(lines)


def show_expression(x: Expression) -> str:
    """One expression."""
    return _text(x, 0)


def _action(action: Action) -> str:
    fields = [getattr(action, name) for name in action.__slots__]
    values = [getattr(field, "name", field) for field in fields]
    while values[-1] in (None, (), False):
        values.pop()
    return f"{type(action).__name__.lower()} {', '.join(_field(value) for value in values)}"


def _field(value: object) -> str:
    return " ".join(a.name for a in value) if isinstance(value, tuple) else str(value)


def _domain(domain: Domain) -> str:
    match domain:
        case Once():
            return "once"
        case Elements(start, stop, vector):
            return f"i in {_text(start, 0)}..{_text(stop, 0)}{'' if vector else ', one after the other'}"
        case Events(neurons, event, start, stop, _):
            return f"i in {start}..{stop} of {neurons} with {event}"
        case EventSynapses(projection, pathway, side):
            return f"{'rows' if side == 'pre' else 'columns'} of {projection} reached by {pathway}"
        case EventNeurons(projection, pathway, side):
            return f"{side} neurons of {projection} whose events arrive through {pathway}"
        case Lottery(neurons, event, probability, _):
            return f"{neurons} with {event}, each with probability {_text(probability, 0)}"
        case Synapses(projection, by):
            return f"synapses of {projection} by {by}"
        case Pairs(projection, lookup):
            return f"pairs of {projection}{' with slots' if lookup else ''}"
        case PairSample(projection, count, per, unconnected, _, lookup):
            kind = "unconnected pairs" if unconnected else "pairs"
            each = f" for each {per}" if per else ""
            return f"{_text(count, 0)} random {kind} of {projection}{each}{' with slots' if lookup else ''}"
        case Matching(projection, offers, wants, _, lookup):
            return f"pairs of {projection} matched by {offers.name} and {wants.name}{' with slots' if lookup else ''}"
        case Chosen(recorder, projection):
            return f"{'synapses' if projection else 'neurons'} that {recorder} has chosen"
        case _:
            assert_never(domain)


def _block(body: Iterable[Statement], indent: int) -> Iterator[str]:
    for node in body:
        if not isinstance(node, If):
            yield " " * indent + _statement(node)
            continue
        yield " " * indent + f"if {_text(node.condition, 0)}"
        yield from _block(node.then, indent + 4)
        if node.orelse:
            yield " " * indent + "else"
            yield from _block(node.orelse, indent + 4)


def _statement(node: Statement) -> str:
    match node:
        case Let(local, value):
            return f"{local.name}: {local.type.name.lower()} = {_text(value, 0)}"
        case Assign(local, value):
            return f"{local.name} := {_text(value, 0)}"
        case Store(array, index, value):
            return f"{array.name}[{_text(index, 0)}] = {_text(value, 0)}"
        case Accumulate(array, index, value, operator):
            return f"{array.name}[{_text(index, 0)}] {operator}= {_text(value, 0)}"
        case If():
            return f"if {_text(node.condition, 0)} ..."
        case Create(projection, values, limit):
            given = ", ".join(f"{array.name.rsplit('.', 1)[-1]}={_text(value, 0)}" for array, value in values)
            return f"create {projection}({given}){_limit(limit)}"
        case Remove(projection, limit):
            return f"remove {projection}{_limit(limit)}"
        case Record(recorder, column, value):
            return f"record {recorder}[{column}] = {_text(value, 0)}"
        case _:
            assert_never(node)


def _limit(limit: Limited | None) -> str:
    if limit is None:
        return ""
    whose = "" if limit.per == "all" else f" of {limit.per}"
    return f", limit {limit.number}: {_text(limit.places, 0)}{whose} by {_text(limit.key, 0)}"


def _text(x: Expression, around: int) -> str:
    """An expression as an operand of something with precedence ``around``."""
    text, own = _parts(x)
    return f"({text})" if own < around else text


def _parts(x: Expression) -> tuple[str, int]:
    match x:
        case Literal(value, type_):
            text = str(value).lower() if type_ is BOOL else repr(value)
            return text, _SIGN if text.startswith("-") else _ATOM
        case Local(name, _) | Argument(name, _):
            return name, _ATOM
        case Load(array, index):
            return f"{array.name}[{_text(index, 0)}]", _ATOM
        case Unary("not", operand):
            return f"not {_text(operand, _NOT)}", _NOT
        case Unary(_, operand):
            return f"-{_text(operand, _SIGN)}", _SIGN
        case Binary(operator, left, right):
            own = _PRECEDENCE[operator]
            return f"{_text(left, own)} {operator} {_text(right, own + 1)}", own
        case Select(condition, then, orelse):
            return f"{_text(then, 1)} if {_text(condition, 1)} else {_text(orelse, 1)}", 0
        case Cast(operand, type_):
            return f"{type_.name.lower()}({_text(operand, 0)})", _ATOM
        case Call(function, arguments, _):
            return f"{function}({_list(arguments)})", _ATOM
        case Random(distribution, site, arguments, _):
            return f"{distribution}#{site}({_list(arguments)})", _ATOM
        case _:
            assert_never(x)


def _list(xs: Iterable[Expression]) -> str:
    return ", ".join(_text(x, 0) for x in xs)
