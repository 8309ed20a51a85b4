"""Functions of the user's, given as an expression, so that every target can compile them.

@function(units=dict(v=volt), result=1)
def open_fraction(v, slope):
    return '1/(1 + exp(-slope*v/mV))'
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from .grammar import errors, unparse
from .grammar.source import Source
from .language_units import units as unit_names
from .model.infer import infer
from .model.scope import MATHEMATICAL, Scope
from .model.symbols import GroupModel, UserFunction
from .model.types import BOOLEAN, INTEGER, ValueType, real
from .model.walk import names_in
from .units import dimension_of


class Function:
    """A function that texts can call by the name of the variable it is in. Made by `function`."""

    def __init__(self, definition: UserFunction) -> None:
        self.definition = definition
        self.__name__ = definition.name

    def __repr__(self) -> str:
        body = unparse.unparse(self.definition.expression)
        return f"<function {self.definition.name}({', '.join(self.definition.parameters)}) = {body}>"


def function(units: Mapping[str, Any] | None = None, result: Any = 1) -> Callable[[Callable[..., str]], Function]:
    """Make a Python function that returns an expression string into a function of the language.

    ``units`` gives the unit of each parameter (``volt``, ``second``, ...); those left out are plain numbers. ``result``
    is the unit of the result, or ``bool`` or ``int``. The expression may use the parameters, units, ``pi``, ``e`` and
    the language's own functions; anything else must be a parameter.

    :raises SyntaxError: the expression does not follow the grammar.
    :raises NameError: E317, it uses another name; E318, ``units`` names no parameter.
    :raises DimensionError: its units do not fit, or (E222) it is not in the unit of ``result``.
    :raises TypeError: E422, the function does not return a string, or has parameters by keyword.
    """
    if callable(units):
        hint = "write '@function(units=dict(v=volt), result=1)', or '@function()' where all are plain numbers"
        raise errors.TypeError("E422", "@function needs parentheses.", hint=hint)

    def decorate(body: Callable[..., str]) -> Function:
        return Function(_define(body, units or {}, result))

    return decorate


def _define(body: Callable[..., str], units: Mapping[str, Any], result: Any) -> UserFunction:
    from .grammar.parser import parse_expression

    name = body.__name__
    place = f"function '{name}'"
    parameters = _parameters(body, place)
    for unit in units:
        if unit not in parameters:
            hint = f"its parameters are {', '.join(parameters)}" if parameters else "it has none"
            raise errors.NameError("E318", f"units: there is no parameter '{unit}'.", place=place, hint=hint)
    text = body(*parameters)
    if not isinstance(text, str):
        hint = f"return the expression as text: return '2*{parameters[0] if parameters else 'pi'}'"
        raise errors.TypeError("E422", f"the function returns {text!r}, not a string.", place=place, hint=hint)
    types = tuple(real(dimension_of(units.get(parameter, 1))) for parameter in parameters)
    expression = parse_expression(Source(text, place))
    definition = UserFunction(name, parameters, types, _result_type(result), expression)
    _check(definition)
    return definition


def _parameters(body: Callable[..., str], place: str) -> tuple[str, ...]:
    parameters = inspect.signature(body).parameters.values()
    for parameter in parameters:
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            message = f"'{parameter}' cannot be a parameter: a text calls functions by position."
            raise errors.TypeError("E422", message, place=place)
    return tuple(parameter.name for parameter in parameters)


def _result_type(result: Any) -> ValueType:
    if result is bool:
        return BOOLEAN
    return INTEGER if result is int else real(dimension_of(result))


def _check(definition: UserFunction) -> None:
    """Check names, kinds and units once, where the function is defined, rather than wherever it is called."""
    for name in names_in(definition.expression):
        if name.id not in (*definition.parameters, *MATHEMATICAL) and name.id not in unit_names().table:
            hint = f"make it a parameter: '{definition.name}(..., {name.id})'"
            raise errors.NameError("E317", f"a function sees its parameters only, not '{name.id}'.", name.span, hint)
    scope = Scope(GroupModel("", "", "neurons"), lambda name: None, unit_names())
    scope.locals.update(zip(definition.parameters, definition.parameter_types, strict=True))
    found, wanted = infer(definition.expression, scope), definition.type
    span = definition.expression.span
    if found.is_number != wanted.is_number:
        is_, should = ("a number", "true or false") if found.is_number else ("true or false", "a number")
        raise errors.TypeError("E423", f"the result is {is_}, but declared as {should}.", span)
    if found.dimension != wanted.dimension:
        message = f"the result is in {found.dimension}, but declared in {wanted.dimension}."
        raise errors.DimensionError("E222", message, span, f"write 'result={found.dimension}'")
    if wanted is INTEGER and found.dtype is not wanted.dtype:
        message = "the result is real, but declared as an integer."
        raise errors.TypeError("E423", message, span, "round it with int(...)")
