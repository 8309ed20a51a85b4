"""Kind and dimensions of every expression; what does not fit is an error under the offending part."""

from __future__ import annotations

from typing import assert_never

from ..grammar import ast, errors
from ..grammar.suggest import question, suggest
from .aggregates import check_call, instead, refuse_connected, refuse_locals
from .batches import reduced
from .constants import constant_value
from .dimensions import DIMENSIONLESS, SECOND, Dimension
from .functions import AGGREGATES, BATCH_REDUCTIONS, FUNCTIONS, FunctionRule
from .hints import example_unit, factor, give_unit, in_units, is_number, remove_unit
from .scope import Scope
from .symbols import TimedArraySpec, UserFunction
from .types import BOOLEAN, INTEGER, REAL, Dtype, ValueType, join

_WORDS = {"+": "added", "-": "subtracted", "%": "combined by %", "//": "divided by //"}


def infer(expression: ast.Expression, scope: Scope) -> ValueType:
    """Type of an expression, or the error under the part that does not fit."""
    match expression:
        case ast.Number(value, _):
            return INTEGER if isinstance(value, int) else REAL
        case ast.Boolean():
            return BOOLEAN
        case ast.Name():
            return _name(expression, scope)
        case ast.Unary("not", operand, _):
            expect_boolean(operand, scope)
            return BOOLEAN
        case ast.Unary(_, operand, _):
            return expect_number(operand, scope)
        case ast.Binary():
            return _binary(expression, scope)
        case ast.Compare():
            return _compare(expression, scope)
        case ast.Logical(_, left, right, _):
            expect_boolean(left, scope)
            expect_boolean(right, scope)
            return BOOLEAN
        case ast.Call():
            return _call(expression, scope)
        case _:
            assert_never(expression)


def expect_number(expression: ast.Expression, scope: Scope) -> ValueType:
    """Type of an expression that must be a number."""
    found = infer(expression, scope)
    if not found.is_number:
        raise errors.TypeError(
            "E401",
            f"'{expression.span.text}' is true or false, not a number.",
            expression.span,
            f"write 'int({expression.span.text})' to count true as 1 and false as 0",
        )
    return found


def expect_boolean(expression: ast.Expression, scope: Scope) -> None:
    """Require a truth value."""
    found = infer(expression, scope)
    if found.is_number:
        zero = "0" if found.dimension.is_dimensionless else f"0*{example_unit(found.dimension)}"
        hint = f"compare it, for example '{factor(expression)} > {zero}'"
        if is_number(expression):
            hint = "write 'True' or 'False', or a comparison"
        raise errors.TypeError(
            "E402", f"'{expression.span.text}' is a number; true or false is needed here.", expression.span, hint
        )


def expect_dimension(expression: ast.Expression, scope: Scope, dimension: Dimension, need: str) -> ValueType:
    """Require a number of these dimensions; ``need`` says what for ('the argument of exp', ...)."""
    found = expect_number(expression, scope)
    if found.dimension != dimension:
        hint = give_unit(expression, found.dimension, dimension)
        if dimension.is_dimensionless:
            hint = remove_unit(expression, found.dimension)
        raise errors.DimensionError(
            "E202",
            f"{need} must be {in_units(dimension)}, but '{expression.span.text}' is {in_units(found.dimension)}.",
            expression.span, hint,
        )  # fmt: skip
    return found


def _name(name: ast.Name, scope: Scope) -> ValueType:
    if scope.function(name.id) is not None and scope.find(name.id) is None:
        raise errors.TypeError(
            "E403", f"'{name.id}' is a function and cannot stand alone.", name.span, _call_hint(name, scope)
        )
    known = name.id in (*FUNCTIONS, *BATCH_REDUCTIONS) or (name.id in AGGREGATES and scope.in_rule)
    if known and scope.find(name.id) is None:
        hint = _call_hint(name, scope)
        raise errors.TypeError("E403", f"'{name.id}' is a function and cannot stand alone.", name.span, hint)
    return scope.resolve(name).type


def _call_hint(name: ast.Name, scope: Scope) -> str:
    special = scope.function(name.id)
    if isinstance(special, TimedArraySpec):
        return f"write '{name.id}(t)'" if special.columns is None else f"write '{name.id}(t, i)'"
    rule = FUNCTIONS.get(name.id)
    bare = name.id == "count" or (rule is not None and rule.rule == "draw")
    return f"write '{name.id}()'" if bare else f"write '{name.id}(...)'"


def _binary(node: ast.Binary, scope: Scope) -> ValueType:
    left, right = expect_number(node.left, scope), expect_number(node.right, scope)
    match node.operator:
        case "*":
            return ValueType(join(left.dtype, right.dtype), left.dimension * right.dimension)
        case "/":
            return ValueType(Dtype.REAL, left.dimension / right.dimension)
        case "**":
            return _power(node, left, right, scope)
        case _:
            if left.dimension != right.dimension:
                raise errors.DimensionError(
                    "E203", f"{left.dimension} and {right.dimension} cannot be {_WORDS[node.operator]}.", node.span,
                    _sides(node, left.dimension, right.dimension),
                )  # fmt: skip
            dimension = DIMENSIONLESS if node.operator == "//" else left.dimension
            return ValueType(join(left.dtype, right.dtype), dimension)


def _power(node: ast.Binary, base: ValueType, exponent: ValueType, scope: Scope) -> ValueType:
    expect_dimension(node.right, scope, DIMENSIONLESS, "an exponent")
    number = constant_value(node.right, scope)
    integer = base.dtype is exponent.dtype is Dtype.INTEGER and isinstance(node.right, ast.Number)
    if base.dimension.is_dimensionless:
        return ValueType(Dtype.INTEGER if integer else Dtype.REAL)
    if number is None:
        raise errors.DimensionError(
            "E204",
            f"'{node.left.span.text}' is in {base.dimension}, so its exponent must be a number known beforehand.",
            node.right.span,
            "write the exponent as a number",
        )
    return ValueType(Dtype.REAL, base.dimension**number)


def _compare(node: ast.Compare, scope: Scope) -> ValueType:
    left, right = infer(node.left, scope), infer(node.right, scope)
    if left.is_number != right.is_number:
        raise errors.TypeError(
            "E404",
            f"'{node.left.span.text}' and '{node.right.span.text}' cannot be compared: one is a truth value.",
            node.span,
        )
    if not left.is_number and node.operator not in ("==", "!="):
        raise errors.TypeError("E404", "truth values have no order.", node.span, "use 'and', 'or', 'not'")
    if left.dimension != right.dimension:
        raise errors.DimensionError(
            "E201", f"{left.dimension} and {right.dimension} cannot be compared.", node.span,
            _sides(node, left.dimension, right.dimension),
        )  # fmt: skip
    return BOOLEAN


def _sides(node: ast.Binary | ast.Compare, left: Dimension, right: Dimension) -> str:
    """Which side is in what unit, or the unit that a number lacks."""
    for side, own, other in ((node.left, left, right), (node.right, right, left)):
        hint = give_unit(side, own, other)
        if hint is not None and is_number(side):
            return hint.replace("give it", f"give '{side.span.text}'")
    return f"'{node.left.span.text}' is {in_units(left)}, '{node.right.span.text}' is {in_units(right)}"


def _call(call: ast.Call, scope: Scope) -> ValueType:
    name = call.function.id
    special = scope.function(name)
    if isinstance(special, TimedArraySpec):
        return _timed(call, special, scope)
    if isinstance(special, UserFunction):
        return _user(call, special, scope)
    if name in AGGREGATES:
        return _aggregate(call, scope)
    if name in BATCH_REDUCTIONS:
        return reduced(call, scope).type
    rule = FUNCTIONS.get(name)
    if rule is None:
        raise _unknown_function(call, scope)
    _arity(call, *rule.arguments)
    return _apply(call, rule, scope)


def _aggregate(call: ast.Call, scope: Scope) -> ValueType:
    """Over all synapses, whatever the element is: its arguments are read by every synapse."""
    name, arguments = call.function.id, call.arguments
    check_call(call, scope)
    inner = scope.of_synapse()
    refuse_locals(arguments, scope, f"'{name}' looks at all synapses")
    refuse_connected(call, scope)
    if name == "count":
        for argument in arguments:
            expect_boolean(argument, inner)
        return INTEGER
    value = expect_number(arguments[0], inner)
    if name == "quantile":
        _check_order(arguments[0], arguments[1], inner)
    if name == "rank":
        return INTEGER
    return ValueType(Dtype.REAL, value.dimension) if name in ("mean", "quantile") else value


def _check_order(value: ast.Expression, order: ast.Expression, scope: Scope) -> None:
    if constant_value(value, scope) is not None:
        message = f"'{value.span.text}' is the same for all synapses: there is nothing to put in order."
        hint = f"the place comes last: 'quantile({order.span.text}, {value.span.text})'"
        raise errors.ModelError("E525", message, value.span, hint)
    expect_dimension(order, scope, DIMENSIONLESS, "the second argument of quantile")
    known = constant_value(order, scope)
    if known is not None and not 0 <= known <= 1:
        message = f"the place of a quantile is from 0 (smallest) to 1 (largest), but '{order.span.text}' is not."
        raise errors.ModelError("E525", message, order.span, "the median is 'quantile(x, 0.5)'")


def _unknown_function(call: ast.Call, scope: Scope) -> errors.EqsnnError:
    name = call.function.id
    if scope.find(name) is not None:
        return errors.TypeError(
            "E405", f"'{name}' is a variable, not a function.", call.function.span, f"to multiply, write '{name}*(...)'"
        )
    other = instead(call) if scope.in_rule else None
    if other is not None:
        return errors.NameError("E302", f"there is no function '{name}'.", call.function.span, f"write '{other}'")
    explain = getattr(scope.external, "explain", None)
    reason = explain(name) if explain is not None else None
    if reason is not None:
        return errors.NameError("E302", reason[0], call.function.span, reason[1])
    hint = question(suggest(name, (*FUNCTIONS, *BATCH_REDUCTIONS))) or (
        "functions of your own: decorate them with @eqsnn.function(...) and an expression string"
    )
    return errors.NameError("E302", f"there is no function '{name}'.", call.function.span, hint)


def _arity(call: ast.Call, least: int, most: int, hint: str | None = None) -> None:
    if call.keywords:
        raise errors.TypeError("E406", f"'{call.function.id}' takes no keyword arguments.", call.keywords[0].span)
    if not least <= len(call.arguments) <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        noun = "argument" if most == 1 else "arguments"
        given = f"{len(call.arguments)} {'is' if len(call.arguments) == 1 else 'are'} given"
        raise errors.TypeError("E406", f"'{call.function.id}' takes {wanted} {noun}, but {given}.", call.span, hint)


def _apply(call: ast.Call, rule: FunctionRule, scope: Scope) -> ValueType:
    name, arguments = call.function.id, call.arguments
    match rule.rule:
        case "draw":
            return REAL
        case "dimensionless":
            for argument in arguments:
                expect_dimension(argument, scope, DIMENSIONLESS, f"the argument of {name}")
            return ValueType(rule.result or Dtype.REAL)
        case "sqrt":
            return ValueType(Dtype.REAL, expect_number(arguments[0], scope).dimension ** 0.5)
        case "sign":
            expect_number(arguments[0], scope)
            return REAL
        case "timestep":
            for argument in arguments:
                expect_dimension(argument, scope, SECOND, "the argument of timestep")
            return INTEGER
        case "number":
            found = infer(arguments[0], scope)
            if found.is_number:
                expect_dimension(arguments[0], scope, DIMENSIONLESS, "the argument of int")
            return INTEGER
        case "same":
            return _alike(call, arguments, rule, scope)
        case "where":
            expect_boolean(arguments[0], scope)
            return _alike(call, arguments[1:], rule, scope)
        case _:
            assert_never(rule.rule)


def _alike(call: ast.Call, arguments: tuple[ast.Expression, ...], rule: FunctionRule, scope: Scope) -> ValueType:
    first = infer(arguments[0], scope)
    if not first.is_number and call.function.id == "where":
        for argument in arguments[1:]:
            expect_boolean(argument, scope)
        return first
    first = expect_number(arguments[0], scope)
    dtype = first.dtype
    for argument in arguments[1:]:
        other = expect_number(argument, scope)
        dtype = join(dtype, other.dtype)
        if other.dimension != first.dimension:
            message = f"the arguments of {call.function.id} differ: {first.dimension} and {other.dimension}."
            hint = give_unit(argument, other.dimension, first.dimension)
            raise errors.DimensionError("E205", message, argument.span, hint)
    return ValueType(rule.result or dtype, first.dimension)


def _timed(call: ast.Call, array: TimedArraySpec, scope: Scope) -> ValueType:
    count = 1 if array.columns is None else 2
    name = call.function.id
    _arity(call, count, count, f"write '{name}(t{', i' if count == 2 else ''})'")
    time = expect_number(call.arguments[0], scope)
    if time.dimension != SECOND:
        message = f"'{name}' is a function of time, but '{call.arguments[0].span.text}' is {in_units(time.dimension)}."
        raise errors.DimensionError(
            "E202", message, call.arguments[0].span, f"write '{name}(t{', i' if count == 2 else ''})'"
        )
    if count == 2 and infer(call.arguments[1], scope).dtype is not Dtype.INTEGER:
        column = call.arguments[1]
        hint = f"round it: 'int({column.span.text})'"
        raise errors.TypeError("E407", f"the column of {name} must be an integer.", column.span, hint)
    return array.type


def _user(call: ast.Call, function: UserFunction, scope: Scope) -> ValueType:
    _arity(call, len(function.parameters), len(function.parameters))
    for argument, wanted in zip(call.arguments, function.parameter_types, strict=True):
        expect_dimension(argument, scope, wanted.dimension, f"an argument of {function.name}")
    return function.type
