"""What a rule works out for nobody: locals that nothing reads, and counters read where they are still zero."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from ..grammar import ast, errors
from ..grammar.source import Span
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
    """Check that every counter is read, and in passes alone that come after one which counts it.

    :raises StructureError: E623, it is read where it is always zero; E624, nothing reads it.
    """
    counted: dict[str, ast.Assign] = {}
    read: set[str] = set()
    for node in rule.passes:
        here = {a.target.id: a for a in assignments(node.body) if isinstance(scope.find(a.target.id), Counter)}
        for name in (n for e in (*_numbers(node.head), *expressions_of(node.body)) for n in names_in(e)):
            if name.id in counted or not isinstance(scope.find(name.id), Counter):
                read.add(name.id)
                continue
            if name.id in here:
                raise _too_early(name, "is counted in this pass, and known when the pass has ended", _LIMIT)
            raise _too_early(name, "is counted in a later pass", f"{_START}: move this pass below")
        counted |= here
    for name_, assign in counted.items():
        if name_ not in read:
            head = next(node.head for node in rule.passes if assign in assignments(node.body))
            per = next((f", per={s}" for s in ("pre", "post") if name_.endswith(f"_{s}")), "")
            hint = _meant(name_, head, scope) or f"a later pass may, as in 'sample({name_}{per})'; or leave it out"
            raise errors.StructureError("E624", f"'{name_}' is a counter that nothing reads.", assign.target.span, hint)


_LIMIT = "to take at most so many, write 'limit ...' after the condition; to use the number, add a pass after this one"


def _too_early(name: ast.Name, why: str, hint: str) -> errors.StructureError:
    return errors.StructureError("E623", f"'{name.id}' is always 0 here: it {why}.", name.span, hint)


def warn_of_totals(rule: ast.Rule, scope: Scope) -> None:
    """Tell of counters of all as the number for each neuron, which is legal, but hardly ever meant."""
    wanted: list[tuple[ast.Expression, ast.Side | None]] = []
    for node in rule.passes:
        if isinstance(node.head, ast.EachPair) and isinstance(node.head.selection, ast.Sample):
            wanted.append((node.head.selection.count, node.head.selection.per))
        wanted += [(limit.count, limit.per) for limit in _limits(node.body)]
    for count, per in wanted:
        found = scope.find(count.id) if isinstance(count, ast.Name) else None
        if per is not None and isinstance(found, Counter) and found.side == "all":
            log.warning(
                "%s, line %d: '%s' counts for all, so every neuron of %s gets the whole number; "
                "a counter for each of them has a name that ends in '_%s', such as '%s_%s'.",
                count.span.source.title, _line(count.span), found.name, per, per, found.name, per,
            )  # fmt: skip


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


def _line(span: Span) -> int:
    return span.source.position(span.start)[0]


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
