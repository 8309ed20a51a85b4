"""Structural rules: heads, counters, and the bodies of passes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from ..grammar import ast
from .dimensions import DIMENSIONLESS
from .infer import expect_dimension, expect_number, infer
from .reach import OFFERED, ONCE, PER_POST, PER_PRE, WANTED, check_expression, check_not_drawn, check_reach, reach_of
from .scope import Scope
from .statements import Context, check_block
from .symbols import Counter
from .unread import assignments, check_counters, check_locals


def check_rule(rule: ast.Rule, scope: Scope) -> dict[str, Counter]:
    """Check every pass; the counters found are left in ``scope`` and returned."""
    scope.in_rule = True
    for node, ended in zip(rule.passes, _ended(rule), strict=True):
        scope.locals.clear()
        scope.later = ended
        scope.pairs = isinstance(node.head, ast.EachPair)
        _find_counters(node.body, scope)
    for number, (node, ended) in enumerate(zip(rule.passes, _ended(rule), strict=True)):
        scope.locals.clear()
        scope.later = ended
        scope.pairs = False
        check_head(node.head, scope)
        scope.pairs = isinstance(node.head, ast.EachPair)
        check_block(node.body, scope, context_of(node.head))
        check_reach(node.body, scope, reach_of(node.head))
        check_locals(node, rule.passes[number + 1 :], scope)
    scope.locals.clear()
    check_counters(rule, scope)
    return dict(scope.counters)


def _ended(rule: ast.Rule) -> Iterator[dict[str, str]]:
    """For each pass, what to say of the names that had a value in those before it alone."""
    found: dict[str, str] = {}
    for node in rule.passes:
        yield dict(found)
        for assign in assignments(node.body):
            line = assign.span.source.position(assign.span.start)[0]
            found[assign.target.id] = (
                f"that of line {line} ended with its pass, as locals do; a counter (+=) or a variable of a model lasts"
            )


def context_of(head: ast.Head) -> Context:
    """What the elements of a pass are."""
    match head:
        case ast.EachSynapse():
            return Context.RULE_SYNAPSE
        case ast.EachNeuron("pre", _):
            return Context.RULE_PRE
        case ast.EachNeuron():
            return Context.RULE_POST
        case ast.EachPair():
            return Context.RULE_PAIR
        case _:
            assert_never(head)


def check_head(head: ast.Head, scope: Scope) -> None:
    """The numbers of a head must be plain, known without looking at a synapse; that of a sample, not at chance."""
    match head:
        case ast.EachPair(ast.Sample(count, per, _, _), _):
            check_not_drawn(count)
            expect_dimension(count, scope, DIMENSIONLESS, "the number of pairs")
            check_expression(count, scope, PER_PRE if per == "pre" else PER_POST if per == "post" else ONCE)
        case ast.EachPair(ast.Match(pre, post, _), _):
            for count, side, reach in ((pre, "presynaptic", OFFERED), (post, "postsynaptic", WANTED)):
                expect_dimension(count, scope, DIMENSIONLESS, f"what a {side} neuron offers")
                check_expression(count, scope, reach)
        case _:
            pass


def _find_counters(body: tuple[ast.Statement, ...], scope: Scope) -> None:
    """Names that nothing declares and that statements accumulate into."""
    for node in body:
        match node:
            case ast.Assign(target, "=", value, _) if scope.find(target.id) is None:
                scope.locals[target.id] = infer(value, scope)
            case ast.Assign(target, "+=" | "-=", value, _) if scope.find(target.id) is None:
                side = next((s for s in ("pre", "post") if target.id.endswith("_" + s)), "all")
                scope.counters[target.id] = Counter(target.id, side, expect_number(value, scope))  # type: ignore[arg-type]
            case ast.If(_, then, orelse, _):
                _find_counters(then, scope)
                _find_counters(orelse, scope)
            case _:
                pass
