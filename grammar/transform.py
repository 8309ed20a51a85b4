"""Parse tree to syntax tree. What the grammar cannot say (arity of `range`, size of numbers, depth) is checked here."""

from __future__ import annotations

from typing import Literal, TypeAlias, cast

from lark import Token
from lark import Tree as LarkTree

from . import ast, errors
from .source import Source, Span

Tree: TypeAlias = LarkTree[Token]

# Every later stage walks the tree recursively; this keeps all of them clear of Python's own limit.
MAX_NESTING = 200
_LARGEST_INTEGER = 2**63 - 1


# ---- entries --------------------------------------------------------------------------------------------------------


def expression(tree: Tree, source: Source) -> ast.Expression:
    """The parse of an expression or of a unit."""
    _check_nesting(tree, source)
    return _expression(tree, source)


def equations(tree: Tree, source: Source) -> ast.Equations:
    """The parse of ``model=``."""
    _check_nesting(tree, source)
    definitions = [d for child in _trees(tree) for d in _definition(child, source)]
    return ast.Equations(tuple(definitions), source)


def block(tree: Tree, source: Source) -> ast.Block:
    """The parse of event code."""
    _check_nesting(tree, source)
    return ast.Block(_statements(tree, source), source)


def rule(tree: Tree, source: Source) -> ast.Rule:
    """The parse of a structural rule."""
    _check_nesting(tree, source)
    return ast.Rule(tuple(_pass(child, source) for child in _trees(tree)), source)


def generator(tree: Tree, source: Source) -> ast.Generator | ast.Expression:
    """The parse of ``connect(j=...)``."""
    _check_nesting(tree, source)
    if _kind(tree) != "comprehension":
        return _expression(tree, source)
    element, variable, iterable, *condition = tree.children
    assert isinstance(element, LarkTree) and isinstance(variable, Token) and isinstance(iterable, LarkTree)
    return ast.Generator(
        _expression(element, source),
        _name(variable, source),
        _iterable(iterable, source),
        _expression(_trees(_tree(condition[0]))[0], source) if condition else None,
        _span(tree, source),
    )


# ---- expressions ----------------------------------------------------------------------------------------------------


def _expression(tree: Tree, source: Source) -> ast.Expression:
    span = _span(tree, source)
    match _kind(tree), tree.children:
        case "number", [Token() as token]:
            return ast.Number(_number(str(token), span), span)
        case "boolean", [Token() as token]:
            return ast.Boolean(token == "True", span)
        case "name", [Token() as token]:
            return _name(token, source)
        case "unary", [Token() as sign, LarkTree() as operand]:
            return ast.Unary("-" if sign == "-" else "+", _expression(operand, source), span)
        case "logical_not", [LarkTree() as operand]:
            return ast.Unary("not", _expression(operand, source), span)
        case "binary", [LarkTree() as left, Token() as token, LarkTree() as right]:
            operator = cast(ast.BinaryOperator, str(token))
            return ast.Binary(operator, _expression(left, source), _expression(right, source), span)
        case "compare", [LarkTree() as left, Token() as token, LarkTree() as right]:
            comparison = cast(ast.CompareOperator, str(token))
            return ast.Compare(comparison, _expression(left, source), _expression(right, source), span)
        case "logical_and" | "logical_or" as data, [LarkTree() as left, LarkTree() as right]:
            word: Literal["and", "or"] = "and" if data == "logical_and" else "or"
            return ast.Logical(word, _expression(left, source), _expression(right, source), span)
        case "call", [Token() as function, *arguments]:
            return _call(function, [_tree(a) for a in arguments], source, span)
    raise AssertionError(f"no such expression: {tree.data}")


def _call(function: Token, arguments: list[Tree], source: Source, span: Span) -> ast.Call:
    positional: list[ast.Expression] = []
    keywords: list[Tree] = []
    for argument in arguments:
        if _kind(argument) == "keyword":
            keywords.append(argument)
        elif keywords:
            raise errors.SyntaxError(
                "E129",
                "An argument without a name follows one with a name.",
                _span(argument, source),
                "Write the arguments without a name first.",
            )
        else:
            positional.append(_expression(argument, source))
    return ast.Call(_name(function, source), tuple(positional), _keywords(keywords, source), span)


def _keywords(trees: list[Tree], source: Source) -> tuple[ast.Keyword, ...]:
    seen: dict[str, ast.Keyword] = {}
    for tree in trees:
        name, value = tree.children
        assert isinstance(name, Token) and isinstance(value, LarkTree)
        keyword = ast.Keyword(_name(name, source), _expression(value, source), _span(tree, source))
        if keyword.name.id in seen:
            raise errors.SyntaxError("E129", f"'{keyword.name.id}' is given twice.", keyword.span)
        seen[keyword.name.id] = keyword
    return tuple(seen.values())


def _number(text: str, span: Span) -> int | float:
    if text.isdigit():
        # Counting digits first: Python refuses to read integers of thousands of digits.
        if len(text.lstrip("0")) < 20 and int(text) <= _LARGEST_INTEGER:
            return int(text)
        raise errors.SyntaxError(
            "E121",
            f"This integer is too large: the largest is {_LARGEST_INTEGER}.",
            span,
            f"Write it with a decimal point for a real number: '{text}.0'." if len(text) < 40 else None,
        )
    value = float(text)
    if value == float("inf"):
        raise errors.SyntaxError("E121", "This number is too large: the largest is about 1.8e308.", span)
    return value


# ---- equations ------------------------------------------------------------------------------------------------------


def _definition(tree: Tree, source: Source) -> list[ast.Definition]:
    span = _span(tree, source)
    flags: tuple[ast.Flag, ...] = ()
    children = list(tree.children)
    if isinstance(children[-1], LarkTree) and _kind(children[-1]) == "flags":
        flags = tuple(_flag(token, source) for token in _tokens(_tree(children.pop())))
    unit = _expression(_tree(children.pop()), source)
    match _kind(tree), children:
        case "parameters", [LarkTree() as names]:
            return [ast.Parameter(_name(token, source), unit, flags, span) for token in _tokens(names)]
        case "subexpression", [Token() as token, LarkTree() as value]:
            return [ast.Subexpression(_name(token, source), _expression(value, source), unit, flags, span)]
        case "differential", [Token() as token, LarkTree() as value]:
            variable = token.partition("/")[0].strip()[1:]
            name = ast.Name(variable, _token_span(token, source))
            return [ast.DifferentialEquation(name, _expression(value, source), unit, flags, span)]
    raise AssertionError(f"no such definition: {tree.data}")


def _flag(token: Token, source: Source) -> ast.Flag:
    return ast.Flag(" ".join(token.split()), _token_span(token, source))


# ---- statements -----------------------------------------------------------------------------------------------------


def _statements(tree: Tree, source: Source) -> tuple[ast.Statement, ...]:
    return tuple(_statement(child, source) for child in _trees(tree))


def _statement(tree: Tree, source: Source) -> ast.Statement:
    span = _span(tree, source)
    parts = {_kind(part): part for part in _trees(tree)}
    match _kind(tree):
        case "assign":
            target, operator, value = tree.children
            name = _name(_tokens(_tree(target))[0], source)
            return ast.Assign(name, cast(ast.AssignOperator, str(operator)), _expression(_tree(value), source), span)
        case "create":
            values = _keywords(_trees(parts["values"]), source) if "values" in parts else ()
            return ast.CreateSynapse(values, _condition(parts, source), _limit(parts, source), span)
        case "remove":
            return ast.RemoveSynapse(_condition(parts, source), _limit(parts, source), span)
        case "conditional":
            return _conditional(tree, source)
    raise AssertionError(f"no such statement: {tree.data}")


def _condition(parts: dict[str, Tree], source: Source) -> ast.Expression | None:
    return _expression(_trees(parts["condition"])[0], source) if "condition" in parts else None


def _limit(parts: dict[str, Tree], source: Source) -> ast.Limit | None:
    if "limit" not in parts:
        return None
    tree = parts["limit"]
    count, *side = tree.children
    per = _side(side[0]) if side else None
    return ast.Limit(_expression(_tree(count), source), per, _span(tree, source))


def _conditional(tree: Tree, source: Source) -> ast.If:
    """``if``, ``elif``s and ``else``, put together from the last to the first."""
    condition, body, *rest = _trees(tree)
    orelse: tuple[ast.Statement, ...] = ()
    for branch in reversed(rest):
        if _kind(branch) == "otherwise":
            orelse = _statements(_trees(branch)[0], source)
        else:
            test, suite = _trees(branch)
            orelse = (_if(branch, test, suite, orelse, source),)
    return _if(tree, condition, body, orelse, source)


def _if(tree: Tree, condition: Tree, body: Tree, orelse: tuple[ast.Statement, ...], source: Source) -> ast.If:
    statements = _statements(body, source)
    return ast.If(
        _expression(condition, source), statements, orelse, _up_to(tree, (orelse or statements)[-1].span, source)
    )


# ---- structural rules -----------------------------------------------------------------------------------------------


def _pass(tree: Tree, source: Source) -> ast.Pass:
    head, suite = _trees(tree)
    body = _statements(suite, source)
    return ast.Pass(_head(head, source), body, _up_to(tree, body[-1].span, source))


def _head(tree: Tree, source: Source) -> ast.Head:
    span = _span(tree, source)
    match _kind(tree), tree.children:
        case "each_synapse", _:
            return ast.EachSynapse(span)
        case "each_neuron", [Token() as side]:
            return ast.EachNeuron(_side(side), span)
        case "each_pair", [LarkTree() as selection]:
            return ast.EachPair(_selection(selection, source), span)
    raise AssertionError(f"no such head: {tree.data}")


def _selection(tree: Tree, source: Source) -> ast.All | ast.Sample | ast.Match:
    span = _span(tree, source)
    match _kind(tree), _trees(tree):
        case "all_pairs", []:
            return ast.All(span)
        case "match", [pre, post]:
            return ast.Match(_expression(pre, source), _expression(post, source), span)
        case "sample", [count, *options]:
            given = {_kind(option): option for option in options}
            if len(given) < len(options):
                raise errors.SyntaxError("E128", "An option of 'sample' is given twice.", _span(options[-1], source))
            per = _side(_tokens(given["per"])[0]) if "per" in given else None
            return ast.Sample(_expression(count, source), per, "unconnected" in given, span)
    raise AssertionError(f"no such selection: {tree.data}")


# ---- generators -----------------------------------------------------------------------------------------------------


def _iterable(tree: Tree, source: Source) -> ast.Range | ast.RandomSample:
    span = _span(tree, source)
    bounds = _trees(tree)
    keyword = bounds.pop() if _kind(tree) == "random_sample" else None
    values = [_expression(bound, source) for bound in bounds]
    if len(values) > 3:
        message = "A range has at most a start, a stop and a step."
        raise errors.SyntaxError("E128", message, values[3].span, "Leave out what follows the step.")
    stop = values[0] if len(values) == 1 else values[1]
    step = values[2] if len(values) == 3 else None
    start = values[0] if len(values) > 1 else None
    if keyword is None:
        return ast.Range(start, stop, step, span)
    bounds_span = values[0].span.to(values[-1].span)
    name, value = keyword.children
    amount = _expression(_tree(value), source)
    if name not in ("p", "size"):
        message = f"'sample' has no option '{name}'."
        hint = "Write 'p=...' for a probability, or 'size=...' for a number."
        raise errors.SyntaxError("E128", message, _span(keyword, source), hint)
    among = ast.Range(start, stop, step, bounds_span)
    return ast.RandomSample(among, amount if name == "p" else None, amount if name == "size" else None, span)


# ---- small parts ----------------------------------------------------------------------------------------------------


def _kind(tree: Tree) -> str:
    """The rule or alias, without the name of the grammar it was imported from."""
    return tree.data.rpartition("__")[2]


def _trees(tree: Tree) -> list[Tree]:
    return [child for child in tree.children if isinstance(child, LarkTree)]


def _tokens(tree: Tree) -> list[Token]:
    return [child for child in tree.children if isinstance(child, Token)]


def _tree(child: Token | Tree) -> Tree:
    assert isinstance(child, LarkTree)
    return child


def _side(child: Token | Tree) -> ast.Side:
    return "pre" if child == "pre" else "post"


def _name(token: Token, source: Source) -> ast.Name:
    return ast.Name(str(token), _token_span(token, source))


def _span(tree: Tree, source: Source) -> Span:
    return Span(source, tree.meta.start_pos, tree.meta.end_pos)


def _up_to(tree: Tree, last: Span, source: Source) -> Span:
    """From a tree's start to the end of its last statement: the tree itself goes on to the next line."""
    return Span(source, tree.meta.start_pos, last.end)


def _token_span(token: Token, source: Source) -> Span:
    assert token.start_pos is not None
    return Span(source, token.start_pos, token.start_pos + len(token))


def _check_nesting(tree: Tree, source: Source) -> None:
    """Without recursion, as this is what protects the recursive walks."""
    waiting = [(tree, 0)]
    while waiting:
        current, depth = waiting.pop()
        if depth > MAX_NESTING:
            raise errors.SyntaxError(
                "E130",
                f"This is nested more than {MAX_NESTING} levels deep.",
                _span(current, source),
                "Give parts of it names of their own.",
            )
        branches = _kind(current) == "conditional"  # each 'elif' becomes an If inside the one before
        for index, child in enumerate(_trees(current)):
            waiting.append((child, depth + 1 + (index if branches else 0)))
