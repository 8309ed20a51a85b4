"""How aggregates are called: whose synapses they look at, and what people write who expect something else."""

from __future__ import annotations

from collections.abc import Iterable

from ..grammar import ast, errors
from .functions import AGGREGATES
from .hints import factor
from .scope import Scope
from .symbols import Variable, Whose
from .walk import names_in

_OF_TWO = {"max": "maximum", "min": "minimum"}
_DESCENDING = ("ascending", "descending", "reverse", "order")
_OTHERS = {
    "median": "quantile({x}, 0.5{per})",
    "average": "mean({x}{per})",
    "std": "sqrt(mean({f}**2{per}) - mean({x}{per})**2)",
    "var": "mean({f}**2{per}) - mean({x}{per})**2",
    "any": "count({x}{per}) > 0",
    "all": "count(not {f}{per}) == 0",
    "len": "count()",
}
"""What rules say for functions that others have; ``{x}`` is the first argument, ``{f}`` the same as a factor."""


def side_of(call: ast.Call) -> Whose:
    """Whose synapses an aggregate is about, as ``per=pre`` or ``per=post`` tells."""
    side: Whose = "all"
    for keyword in call.keywords:
        value = keyword.value
        if keyword.name.id != "per":
            message = f"'{call.function.id}' has no option '{keyword.name.id}'."
            hint = "the one there is: 'per=pre' or 'per=post'"
            if call.function.id == "rank" and keyword.name.id in _DESCENDING and call.arguments:
                hint = f"to rank from the largest, write 'rank(-{factor(call.arguments[0])})'"
            raise errors.TypeError("E406", message, keyword.span, hint)
        if not isinstance(value, ast.Name) or value.id not in ("pre", "post"):
            hint = "leave it out to look at all synapses together"
            raise errors.TypeError("E406", "'per' must be 'pre' or 'post'.", value.span, hint)
        side = "pre" if value.id == "pre" else "post"
    return side


def check_call(call: ast.Call, scope: Scope) -> None:
    """Check where an aggregate stands, its option, and how many arguments it has.

    :raises StructureError: E608, it is not in a rule.
    :raises TypeError: E406.
    """
    name, arguments = call.function.id, call.arguments
    hint = _of_two(call)
    if not scope.in_rule:
        if hint is None and scope.own.kind == "neurons":
            hint = "write a sum over synapses as 'x_post = ... : 1 (summed)' in the model of Synapses"
        hint = hint or (
            "write it into a StructuralPlasticity rule, which may keep it in a variable of the neurons or synapses"
        )
        raise errors.StructureError("E608", f"'{name}' looks at all synapses: only a rule may.", call.span, hint)
    for argument in arguments:
        if isinstance(argument, ast.Name) and argument.id in ("pre", "post") and scope.find(argument.id) is None:
            message = f"'{argument.id}' is a side, not a variable."
            raise errors.TypeError("E406", message, argument.span, f"write 'per={argument.id}'")
    side_of(call)
    least, most = AGGREGATES[name]
    if not least <= len(arguments) <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        given = f"{len(arguments)} {'is' if len(arguments) == 1 else 'are'} given"
        message = f"'{name}' takes {wanted} argument{'s' if most > 1 else ''}, but {given}."
        raise errors.TypeError("E406", message, call.span, hint or _fewer_or_more(call, scope))


def refuse_locals(expressions: Iterable[ast.Expression], scope: Scope, why: str) -> None:
    """Require that nothing in them is a local variable of the element whose code it stands in.

    :raises StructureError: E609.
    """
    for name in (n for expression in expressions for n in names_in(expression) if n.id in scope.locals):
        message = f"'{name.id}' is a local variable of one element, but {why}."
        raise errors.StructureError("E609", message, name.span, f"write here what '{name.id}' is made of")


def refuse_connected(call: ast.Call, scope: Scope) -> None:
    """Require that an aggregate does not ask each synapse whether it is one.

    :raises StructureError: E609.
    """
    for name in names_in(call):
        if name.id == "connected" and scope.of_synapse().find("connected") is None:
            message = f"'{call.function.id}' looks at synapses, all of which are connected."
            hint = "leave it out"
            if call.arguments[0] is name:
                hint += f": 'count({', '.join(keyword.span.text for keyword in call.keywords)})'"
            raise errors.StructureError("E609", message, name.span, hint)


def instead(call: ast.Call) -> str | None:
    """What a rule says for a function that others have, ``median(w)``; None for one that nobody has."""
    if call.function.id == "percentile" and len(call.arguments) == 2:
        value, place = call.arguments
        return f"quantile({value.span.text}, {factor(place)}/100)"
    pattern = _OTHERS.get(call.function.id)
    if pattern is None or (not call.arguments and "{" in pattern):
        return None
    per = "".join(f", {keyword.span.text}" for keyword in call.keywords)
    first = call.arguments[0] if call.arguments else None
    return pattern.format(x=first.span.text if first else "", f=factor(first) if first else "", per=per)


def _of_two(call: ast.Call) -> str | None:
    """``max(w, 0)``, which is another function here."""
    if call.function.id not in _OF_TWO or len(call.arguments) != 2:
        return None
    a, b = (argument.span.text for argument in call.arguments)
    name = _OF_TWO[call.function.id]
    return f"the {name} of two numbers is '{name}({a}, {b})'"


def _fewer_or_more(call: ast.Call, scope: Scope) -> str | None:
    name, arguments = call.function.id, call.arguments
    if not arguments:
        some = next((n for n, v in scope.own.variables.items() if isinstance(v, Variable) and v.type.is_number), "x")
        return f"say of what: '{name}({some}{', 0.5' if name == 'quantile' else ''})'"
    first, *more = arguments
    if name == "quantile" and not more:
        return f"the median is 'quantile({first.span.text}, 0.5)'"
    if len(more) == 1 and isinstance(more[0], ast.Compare | ast.Logical):
        condition = more[0].span.text
        chosen = f"sum({factor(first)}*int({condition}))"
        answers = {"sum": chosen, "mean": f"{chosen}/count({condition})", "count": f"count({condition})"}
        return f"of those alone for which it holds: '{answers[name]}'" if name in answers else None
    return None
