"""Syntax tree to text, with no parenthesis that the grammar does not need: parsing the text gives the tree again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias, assert_never

from . import ast

Node: TypeAlias = (
    ast.Expression
    | ast.Keyword
    | ast.Definition
    | ast.Equations
    | ast.Statement
    | ast.Block
    | ast.Head
    | ast.Pass
    | ast.Rule
    | ast.Generator
)

# How tightly an expression holds together: an operand that holds less tightly than its operator is put in parentheses.
_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _FACTOR, _POWER, _ATOM = range(9)
_BODY = "    "


def unparse(node: Node) -> str:
    """The text of a node, as a user could have written it; several lines for blocks, without a newline at the end."""
    match node:
        case ast.Equations(definitions=definitions):
            return "\n".join(_definition(d) for d in definitions)
        case ast.DifferentialEquation() | ast.Subexpression() | ast.Parameter():
            return _definition(node)
        case ast.Block(statements=statements):
            return "\n".join(_block(statements, ""))
        case ast.Assign() | ast.If() | ast.CreateSynapse() | ast.RemoveSynapse():
            return "\n".join(_block((node,), ""))
        case ast.Rule(passes=passes):
            return "\n".join(unparse(p) for p in passes)
        case ast.Pass(head=head, body=body):
            return "\n".join([f"for each {_head(head)}:", *_block(body, _BODY)])
        case ast.EachSynapse() | ast.EachNeuron() | ast.EachPair():
            return _head(node)
        case ast.Generator():
            return _generator(node)
        case ast.Keyword():
            return _keyword(node)
        case _:
            return _expression(node)


# ---- expressions ----------------------------------------------------------------------------------------------------


def _expression(node: ast.Expression, at_least: int = _OR) -> str:
    text = _bare(node)
    return text if _level(node) >= at_least else f"({text})"


def _bare(node: ast.Expression) -> str:
    match node:
        case ast.Number(value=value) | ast.Boolean(value=value):
            return repr(value)
        case ast.Name(id=name):
            return name
        case ast.Unary(operator="not", operand=operand):
            return f"not {_expression(operand, _NOT)}"
        case ast.Unary(operator=sign, operand=operand):
            return f"{sign}{_expression(operand, _FACTOR)}"
        case ast.Binary(operator="**", left=left, right=right):
            return f"{_expression(left, _ATOM)}**{_expression(right, _FACTOR)}"
        case ast.Binary(operator=operator, left=left, right=right):
            level = _level(node)
            space = " " if level == _SUM else ""
            return f"{_expression(left, level)}{space}{operator}{space}{_expression(right, level + 1)}"
        case ast.Compare(operator=comparison, left=left, right=right):
            return f"{_expression(left, _SUM)} {comparison} {_expression(right, _SUM)}"
        case ast.Logical(operator=word, left=left, right=right):
            level = _level(node)
            return f"{_expression(left, level)} {word} {_expression(right, level + 1)}"
        case ast.Call(function=function, arguments=arguments, keywords=keywords):
            given = [_expression(a) for a in arguments] + [_keyword(k) for k in keywords]
            return f"{function.id}({', '.join(given)})"
        case _:
            assert_never(node)


def _level(node: ast.Expression) -> int:
    match node:
        case ast.Number(value=value):
            return _ATOM if value >= 0 else _FACTOR  # the parser makes no negative number, but a later stage may
        case ast.Boolean() | ast.Name() | ast.Call():
            return _ATOM
        case ast.Unary(operator=sign):
            return _NOT if sign == "not" else _FACTOR
        case ast.Binary(operator=operator):
            return {"+": _SUM, "-": _SUM, "**": _POWER}.get(operator, _PRODUCT)
        case ast.Compare():
            return _COMPARE
        case ast.Logical(operator=word):
            return _AND if word == "and" else _OR
        case _:
            assert_never(node)


def _keyword(node: ast.Keyword) -> str:
    return f"{node.name.id}={_expression(node.value)}"


# ---- equations ------------------------------------------------------------------------------------------------------


def _definition(node: ast.Definition) -> str:
    match node:
        case ast.DifferentialEquation(name=name, expression=value):
            left = f"d{name.id}/dt = {_expression(value)}"
        case ast.Subexpression(name=name, expression=value):
            left = f"{name.id} = {_expression(value)}"
        case ast.Parameter(name=name):
            left = name.id
        case _:
            assert_never(node)
    flags = f" ({', '.join(flag.name for flag in node.flags)})" if node.flags else ""
    return f"{left} : {_expression(node.unit)}{flags}"


# ---- statements -----------------------------------------------------------------------------------------------------


def _block(statements: Iterable[ast.Statement], indent: str) -> list[str]:
    return [indent + line for statement in statements for line in _statement(statement)]


def _statement(node: ast.Statement) -> list[str]:
    match node:
        case ast.Assign(target=target, operator=operator, value=value):
            return [f"{target.id} {operator} {_expression(value)}"]
        case ast.CreateSynapse(values=values, condition=condition, limit=limit):
            given = f"({', '.join(_keyword(v) for v in values)})" if values else ""
            return [f"create synapse{given}{_condition(condition)}{_limit(limit)}"]
        case ast.RemoveSynapse(condition=condition, limit=limit):
            return [f"remove synapse{_condition(condition)}{_limit(limit)}"]
        case ast.If():
            return _if(node)
        case _:
            assert_never(node)


def _if(node: ast.If) -> list[str]:
    lines = [f"if {_expression(node.condition)}:", *_block(node.body, _BODY)]
    match node.orelse:
        case ():
            return lines
        case (ast.If() as other,):
            first, *rest = _if(other)
            return [*lines, f"el{first}", *rest]
        case orelse:
            return [*lines, "else:", *_block(orelse, _BODY)]


def _condition(condition: ast.Expression | None) -> str:
    return f" if {_expression(condition)}" if condition is not None else ""


def _limit(limit: ast.Limit | None) -> str:
    if limit is None:
        return ""
    side = f" per {limit.per}" if limit.per is not None else ""
    return f" limit {_expression(limit.count)}{side}"


# ---- heads and generators -------------------------------------------------------------------------------------------


def _head(head: ast.Head) -> str:
    match head:
        case ast.EachSynapse():
            return "synapse"
        case ast.EachNeuron(side=side):
            return side
        case ast.EachPair(selection=selection):
            return f"pair in {_selection(selection)}"
        case _:
            assert_never(head)


def _selection(selection: ast.All | ast.Sample | ast.Match) -> str:
    match selection:
        case ast.All():
            return "all"
        case ast.Sample(count=count, per=per, unconnected=unconnected):
            options = (f", per={per}" if per is not None else "") + (", unconnected" if unconnected else "")
            return f"sample({_expression(count)}{options})"
        case ast.Match(pre=pre, post=post):
            return f"match({_expression(pre)}, {_expression(post)})"
        case _:
            assert_never(selection)


def _generator(node: ast.Generator) -> str:
    match node.iterable:
        case ast.Range() as bounds:
            iterable = f"range({_bounds(bounds)})"
        case ast.RandomSample(range=bounds, p=p, size=size):
            amount = f"p={_expression(p)}" if p is not None else f"size={_expression(size)}" if size is not None else ""
            iterable = f"sample({_bounds(bounds)}, {amount})"
        case _:
            assert_never(node.iterable)
    head = f"{_expression(node.element)} for {node.variable.id} in {iterable}"
    return head + _condition(node.condition)


def _bounds(bounds: ast.Range) -> str:
    values = (bounds.start, bounds.stop, bounds.step)
    return ", ".join(_expression(value) for value in values if value is not None)
