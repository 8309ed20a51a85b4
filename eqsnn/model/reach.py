"""Whose variables the elements of a rule's pass have: a pair may have no synapse, and a neuron has no partner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, assert_never

from ..grammar import ast, errors
from ..grammar.source import Span
from .aggregates import side_of
from .scope import Scope
from .symbols import Builtin, Counter, Reference, SubexpressionReference, VariableReference
from .walk import conjuncts, draws, names_in, parts

Owner: TypeAlias = Literal["synapse", "pre", "post"]

_OF_SYNAPSES: dict[str, Owner] = {"i": "pre", "N_outgoing": "pre", "j": "post", "N_incoming": "post"}
_OWNERS: dict[Owner, str] = {
    "synapse": "a synapse",
    "pre": "a presynaptic neuron",
    "post": "a postsynaptic neuron",
}


@dataclass(frozen=True, slots=True)
class Reach:
    """What an element has. ``synapse`` None: perhaps; ``what`` says in messages why it has no more."""

    what: str
    pre: bool
    post: bool
    synapse: bool | None
    hint: str | None = None


ONCE = Reach("the number of pairs is worked out once for all", False, False, False)
PER_PRE = Reach("the number of pairs is worked out for each presynaptic neuron", True, False, False)
PER_POST = Reach("the number of pairs is worked out for each postsynaptic neuron", False, True, False)
_TWO = "use variables of the two neurons here, such as 'v_pre' and 'v_post', and set those of the synapses afterwards"
_FILTER = "choose among the numbers by a condition: 'k for k in range(...) if ...'"
_EACH = "write 'per={0}' after the number, which is then worked out for each neuron of that side"
_LIMITS = {
    None: Reach("the limit is worked out once for all", False, False, False, _EACH.replace("=", " ")),
    "pre": Reach("the limit is worked out for each presynaptic neuron", True, False, False),
    "post": Reach("the limit is worked out for each postsynaptic neuron", False, True, False),
}
_ORDER = {
    "all": Reach("this quantile is one for all", False, False, False, "write 'quantile(x, q, per={0})'"),
    "pre": Reach("this quantile is worked out for each presynaptic neuron", True, False, False),
    "post": Reach("this quantile is worked out for each postsynaptic neuron", False, True, False),
}
_MATCH = "in match(a, b), 'a' is what a presynaptic neuron offers, 'b' what a postsynaptic one does"
OFFERED = Reach("the first number is what each presynaptic neuron offers", True, False, False, _MATCH)
WANTED = Reach("the second number is what each postsynaptic neuron offers", False, True, False, _MATCH)
_CHANGE = "to change it, use a pass 'for each {0}:'"
NEW_PAIR = Reach("this pair has none yet", True, True, False, _TWO)
TARGETS = Reach("the numbers are worked out for a presynaptic neuron alone", True, False, False, _FILTER)
SOURCES = Reach("the numbers are worked out for a postsynaptic neuron alone", False, True, False, _FILTER)


def reach_of(head: ast.Head) -> Reach:
    """What the elements of a pass have."""
    match head:
        case ast.EachSynapse():
            return Reach("", True, True, True)
        case ast.EachNeuron("pre", _):
            return Reach("this pass runs for presynaptic neurons", True, False, False)
        case ast.EachNeuron():
            return Reach("this pass runs for postsynaptic neurons", False, True, False)
        case ast.EachPair(ast.Sample(_, _, True, _), _):
            return Reach("these pairs have none", True, True, False)
        case ast.EachPair():
            return Reach("this pair may have none", True, True, None)
        case _:
            assert_never(head)


def check_reach(statements: tuple[ast.Statement, ...], scope: Scope, reach: Reach) -> None:
    """Check that no statement reads or changes what its element may not have.

    :raises StructureError: E605, a synaptic variable where a pair may have no synapse; E606, any other; E607, a
        removal where there may be none.
    """
    for node in statements:
        match node:
            case ast.Assign(target, _, value, _):
                check_expression(target, scope, reach if reach.pre and reach.post else replace(reach, hint=_CHANGE))
                check_expression(value, scope, reach)
            case ast.If(condition, body, orelse, _):
                _check_condition(condition, scope, reach)
                check_reach(body, scope, _under(condition, reach, holds=True))
                check_reach(orelse, scope, _under(condition, reach, holds=False))
            case ast.CreateSynapse(values, condition, limit, _):
                for given in values:
                    check_expression(given.value, scope, reach)
                if condition is not None:
                    _check_condition(condition, scope, reach)
                _check_limit(limit, scope)
            case ast.RemoveSynapse(condition, limit, span):
                if condition is not None:
                    _check_condition(condition, scope, reach)
                _check_limit(limit, scope)
                _has_one(reach if condition is None else _under(condition, reach, holds=True), span)
            case _:
                assert_never(node)


def _has_one(reach: Reach, span: Span) -> None:
    """A synapse to remove must be there."""
    if reach.pre and reach.post and not reach.synapse:
        hint = None
        if reach.synapse is None:
            hint = "put it under 'if connected:', or write 'remove synapse if connected and ...'"
        raise errors.StructureError("E607", f"there is no synapse to remove: {reach.what}.", span, hint)


def _check_condition(condition: ast.Expression, scope: Scope, reach: Reach) -> None:
    """What follows 'connected and' is only asked where there is a synapse (`conjuncts`)."""
    for part in conjuncts(condition):
        check_expression(part, scope, reach)
        reach = _under(part, reach, holds=True)


def _check_limit(limit: ast.Limit | None, scope: Scope) -> None:
    if limit is not None:
        check_expression(limit.count, scope, _LIMITS[limit.per])


def check_not_drawn(count: ast.Expression) -> None:
    """Random numbers belong to the elements of a pass, and the size of a sample is there before them.

    :raises StructureError: E628.
    """
    if draws(count):
        message = "this number is worked out before the pass begins, when there is no element to draw it for."
        hint = "draw it in a pass before, into a counter: 'for each pair in sample(1): n += binomial(10, 0.5)'"
        raise errors.StructureError("E628", message, count.span, hint)


def check_expression(expression: ast.Expression, scope: Scope, reach: Reach) -> None:
    """Check the names of one expression, and whose its aggregates are."""
    found = list(parts(expression))
    asks = any(isinstance(part, ast.Name) and part.id == "connected" for part in found)
    for part in found:
        if isinstance(part, ast.Call) and scope.function(part.function.id) is not None:
            for argument in part.arguments:
                check_expression(argument, scope, reach)
            continue
        name = part if isinstance(part, ast.Name) else ast.Name(part.span.text, part.span)
        for owner in sorted(_owners_of(part, scope)):
            if owner == "synapse" and not reach.synapse:
                raise _no_synapse(name, reach, asks)
            if (owner == "pre" and not reach.pre) or (owner == "post" and not reach.post):
                raise _no_neuron(name, owner, reach, scope)


def _owners_of(part: ast.Name | ast.Call, scope: Scope) -> frozenset[Owner]:
    if isinstance(part, ast.Name):
        found = scope.find(part.id)
        return frozenset() if found is None else _owners(found, scope)
    side = side_of(part)
    if part.function.id == "rank":
        return frozenset({"synapse"})
    if part.function.id == "quantile":
        check_expression(part.arguments[1], scope, _ORDER[side])
    return frozenset() if side == "all" else frozenset({side})


# ---- what is known where ---------------------------------------------------------------------------------------------


def _under(condition: ast.Expression, reach: Reach, *, holds: bool) -> Reach:
    """What an element has in a branch: ``connected`` tells whether there is a synapse."""
    if reach.synapse is not None:
        return reach
    if _implied(condition, holds, connected=True):
        return replace(reach, synapse=True)
    if _implied(condition, holds, connected=False):
        return replace(reach, synapse=False, what="this pair has none")
    return reach


def _implied(condition: ast.Expression, holds: bool, *, connected: bool) -> bool:
    """Whether a condition that holds (or does not) leaves no doubt that a pair is connected (or is not)."""
    match condition:
        case ast.Name("connected", _):
            return holds == connected
        case ast.Unary("not", operand, _):
            return _implied(operand, not holds, connected=connected)
        case ast.Logical(operator, left, right, _) if (operator == "and") == holds:
            return _implied(left, holds, connected=connected) or _implied(right, holds, connected=connected)
        case _:
            return False


def _owners(found: Reference, scope: Scope) -> frozenset[Owner]:
    """Whose a name is, through subexpressions of the synapses."""
    match found:
        case VariableReference(variable, side):
            return frozenset() if variable.shared else frozenset({"synapse" if side == "own" else side})
        case SubexpressionReference(subexpression, side):
            if subexpression.shared:
                return frozenset()
            if side != "own":
                return frozenset({side})
            if subexpression.constant_over_dt:
                return frozenset({"synapse"})
            plain = scope.fresh()
            parts = (plain.find(name.id) for name in names_in(subexpression.expression))
            return frozenset().union(*(_owners(part, scope) for part in parts if part is not None))
        case Builtin(name, "own", _):
            return frozenset({_OF_SYNAPSES[name]} if name in _OF_SYNAPSES else ())
        case Builtin(_, side, _):
            return frozenset({side})  # type: ignore[arg-type]
        case Counter(_, side, _):
            return frozenset() if side == "all" else frozenset({side})
        case _:
            return frozenset()


# ---- messages --------------------------------------------------------------------------------------------------------


def _belongs(name: ast.Name, owner: Owner, reach: Reach) -> str:
    return f"'{name.id}' belongs to {_OWNERS[owner]}, but {reach.what}."


def _no_synapse(name: ast.Name, reach: Reach, asks: bool) -> errors.StructureError:
    if reach.pre and reach.post:
        hint = "read it under 'if connected:'"
        if asks:
            hint = "ask first whether there is one: 'if connected and ...', or indented under 'if connected:'"
        elif reach.synapse is False:
            hint = "only the variables of the two neurons are known here, such as 'v_pre' and 'v_post'"
        return errors.StructureError("E605", _belongs(name, "synapse", reach), name.span, reach.hint or hint)
    hint = reach.hint or "to go through the synapses, use a pass 'for each synapse:'"
    if reach.hint == _CHANGE:
        hint = _CHANGE.format("synapse")
    elif "{0}" in hint:
        hint = f"what is asked of all synapses may be used: 'mean({name.id})', or 'mean({name.id}, per=post)'"
    return errors.StructureError("E606", _belongs(name, "synapse", reach), name.span, hint)


def _no_neuron(name: ast.Name, owner: Owner, reach: Reach, scope: Scope) -> errors.StructureError:
    other = "pre" if owner == "post" else "post"
    base = name.id.removesuffix(f"_{owner}")
    hint: str | None = "to look at both neurons, use a pass 'for each synapse:' or 'for each pair in ...:'"
    if name.id == base and scope.find(f"{base}_{other}") is not None and (reach.pre or reach.post):
        hint = f"write '{base}_{other}'"
    elif reach.hint is not None:
        hint = reach.hint.format(owner)
    elif not reach.pre and not reach.post:
        hint = _EACH.format(owner)
    elif name.id in ("i", "j"):
        hint = f"the neuron itself is '{'i' if other == 'pre' else 'j'}'"
    return errors.StructureError("E606", _belongs(name, owner, reach), name.span, hint)
