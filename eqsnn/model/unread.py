"""What a rule works out for nobody: locals that nothing reads, and counters read where they are still zero."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from ..grammar import ast, errors
from ..grammar.suggest import question, suggest
from .scope import Scope
from .symbols import Constant, Counter, LocalReference, Side, Subexpression, Variable
from .walk import names_in

log = logging.getLogger("eqsnn")

_START = "counters start at zero at each run of the rule"


def check_locals(node: ast.Pass, after: tuple[ast.Pass, ...], scope: Scope) -> None:
    """Check that a pass, whose body has been checked, reads every local variable it makes.

    :raises StructureError: E622.
    """
    read, later = _read(node), frozenset().union(*(_read(other) for other in after))
    for assign in assignments(node.body):
        name = assign.target
        found = scope.find(name.id)
        if assign.operator != "=" or name.id in read or not isinstance(found, LocalReference | Constant | None):
            continue
        added = any(a.target.id == name.id and a.operator in ("+=", "-=") for a in assignments(node.body))
        if added:
            hint = f"for a counter, leave this line out: {_START}"
        elif name.id in later:
            hint = _kept(name.id, node.head)
        else:
            hint = _meant(name.id, node.head, scope) or _local(name.id, scope)
        raise errors.StructureError("E622", f"'{name.id}' gets a value that nothing reads.", name.span, hint)


def check_counters(rule: ast.Rule, scope: Scope) -> None:
    """Check that a counter which nothing reads does not have almost the name of a variable.

    :raises StructureError: E624.
    """
    for assign, head in _unread(rule, scope):
        hint = _meant(assign.target.id, head, scope)
        if hint is not None:
            message = f"'{assign.target.id}' is a counter that nothing reads."
            raise errors.StructureError("E624", message, assign.target.span, hint)


def _unread(rule: ast.Rule, scope: Scope) -> Iterator[tuple[ast.Assign, ast.Head]]:
    """The first place where each counter is counted that nothing reads, with the head of its pass."""
    read = {name.id for node in rule.passes for name in _read_in(node)}
    for node in rule.passes:
        for assign in assignments(node.body):
            if isinstance(scope.find(assign.target.id), Counter) and assign.target.id not in read:
                read.add(assign.target.id)
                yield assign, node.head


def warn_of_counters(rule: ast.Rule, scope: Scope) -> None:
    """Tell of what is legal with counters, but hardly ever meant."""
    for assign, _ in _unread(rule, scope):
        _tell(assign.target, "is a counter that nothing reads")
    counted: set[str] = set()
    for node in rule.passes:
        here = {assign.target.id for assign in assignments(node.body)}
        for name in _read_in(node):
            if isinstance(scope.find(name.id), Counter) and name.id not in counted:
                _tell(name, f"is always 0 here: {_LIMIT if name.id in here else _LATER}")
        counted |= here
        for count, per in _numbers_for_each(node):
            found = scope.find(count.id) if isinstance(count, ast.Name) else None
            if per is not None and isinstance(found, Counter) and found.side == "all":
                each = f"{found.name}_{per}"
                what = f"counts for all, so every neuron of {per} gets the whole number; a counter for each of them"
                _tell(count, f"{what} has a name that ends in '_{per}', such as '{each}'", found.name)


_LATER = "it is counted in a later pass, and each run of the rule begins at zero"
_LIMIT = (
    "it is known when this pass has ended; to take at most so many, write 'limit ...' after the condition; to use the "
    "number, add a pass after this one"
)


def _tell(at: ast.Expression, what: str, name: str | None = None) -> None:
    line, _ = at.span.source.position(at.span.start)
    log.warning("%s, line %d: '%s' %s.", at.span.source.title, line, name or at.span.text, what)


def _read_in(node: ast.Pass) -> list[ast.Name]:
    return [name for e in (*_numbers(node.head), *expressions_of(node.body)) for name in names_in(e)]


def _numbers_for_each(node: ast.Pass) -> list[tuple[ast.Expression, ast.Side | None]]:
    """Numbers that are worked out for each neuron of a side, where that is given."""
    wanted: list[tuple[ast.Expression, ast.Side | None]] = [(limit.count, limit.per) for limit in _limits(node.body)]
    if isinstance(node.head, ast.EachPair) and isinstance(node.head.selection, ast.Sample):
        wanted.insert(0, (node.head.selection.count, node.head.selection.per))
    return wanted


# ---- the parts of a pass ---------------------------------------------------------------------------------------------


def assignments(statements: tuple[ast.Statement, ...]) -> Iterator[ast.Assign]:
    """All of a body, in the order of the text."""
    for statement in statements:
        match statement:
            case ast.Assign():
                yield statement
            case ast.If(_, body, orelse, _):
                yield from assignments((*body, *orelse))
            case _:
                pass


def expressions_of(statements: tuple[ast.Statement, ...]) -> Iterator[ast.Expression]:
    """Every expression that a body reads."""
    for statement in statements:
        match statement:
            case ast.Assign(_, _, value, _):
                yield value
            case ast.If(condition, body, orelse, _):
                yield condition
                yield from expressions_of((*body, *orelse))
            case ast.CreateSynapse(values, condition, limit, _):
                yield from (given.value for given in values)
                yield from _condition_and_limit(condition, limit)
            case ast.RemoveSynapse(condition, limit, _):
                yield from _condition_and_limit(condition, limit)


def _condition_and_limit(condition: ast.Expression | None, limit: ast.Limit | None) -> Iterator[ast.Expression]:
    if condition is not None:
        yield condition
    if limit is not None:
        yield limit.count


def _limits(statements: tuple[ast.Statement, ...]) -> Iterator[ast.Limit]:
    for statement in statements:
        match statement:
            case ast.If(_, body, orelse, _):
                yield from _limits((*body, *orelse))
            case ast.CreateSynapse(limit=ast.Limit() as limit) | ast.RemoveSynapse(limit=ast.Limit() as limit):
                yield limit
            case _:
                pass


def _read(node: ast.Pass) -> frozenset[str]:
    found = (*_numbers(node.head), *expressions_of(node.body))
    return frozenset(name.id for expression in found for name in names_in(expression))


def _numbers(head: ast.Head) -> tuple[ast.Expression, ...]:
    match head:
        case ast.EachPair(ast.Sample(count, _, _, _), _):
            return (count,)
        case ast.EachPair(ast.Match(pre, post, _), _):
            return (pre, post)
        case _:
            return ()


# ---- what was meant --------------------------------------------------------------------------------------------------


def _meant(name: str, head: ast.Head, scope: Scope) -> str | None:
    """A question after the variable that a pass may have been meant to change."""
    base, _, side = name.rpartition("_")
    if side in ("pre", "post") and _is_variable(scope, "own", base):
        return f"'{base}' belongs to the synapse itself: did you mean '{base}'?"
    sides: tuple[Side, ...] = (head.side,) if isinstance(head, ast.EachNeuron) else ("pre", "post")
    for one in sides:
        if _is_variable(scope, one, name):
            return _as_question([f"{name}_{one}"], head)
    known = [f"{n}_{one}" for one in sides for n in scope.at(one).own.variables if _is_variable(scope, one, n)]
    if isinstance(head, ast.EachSynapse):
        known += [n for n in scope.own.variables if _is_variable(scope, "own", n)]
    return _as_question(suggest(name, known, most=1), head)


def _as_question(names: list[str], head: ast.Head) -> str | None:
    """Neurons' variables are only added to where several elements have the same neuron."""
    several = not isinstance(head, ast.EachNeuron)
    return question(f"{n} += ..." if several and n.endswith(("_pre", "_post")) else n for n in names)


def _is_variable(scope: Scope, side: Side, name: str) -> bool:
    found: Variable | Subexpression | None = scope.at(side).own.variables.get(name)
    return isinstance(found, Variable) and not (found.constant or found.linked or found.read_only)


def _kept(name: str, head: ast.Head) -> str:
    base, _, side = name.rpartition("_")
    if isinstance(head, ast.EachNeuron):
        declared, whose = (base if side == head.side else name), f"{head.side}synaptic neurons"
    else:
        declared, whose = name, "synapses"
    return f"locals end with their pass; to read it later, declare '{declared} : <unit>' in the model of the {whose}"


def _local(name: str, scope: Scope) -> str:
    if scope.fresh().find(name) is not None:
        return f"here it is a local variable, which does not change '{name}' of the script"
    return "a name that no model declares is local to one element of a pass: use it below, or leave it out"
