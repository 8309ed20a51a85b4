"""Equations, read into a GroupModel and then checked against the names around them."""

from __future__ import annotations

import keyword
from typing import assert_never

from ..grammar import ast, errors
from ..grammar.suggest import question, suggest
from .dimensions import DIMENSIONLESS, SECOND, Dimension
from .functions import FUNCTIONS
from .hints import factor, give_unit, in_units, sums, terms, time_constant
from .infer import expect_boolean, expect_number, infer
from .scope import CLOCK, NEURON, SYNAPSE, Scope, Units
from .symbols import Differential, GroupModel, Subexpression, Summed, Variable
from .types import BOOLEAN, INTEGER, Dtype, ValueType, real
from .unit_names import BASE_UNITS, SHORT_NAMES
from .walk import names_in

Kind = str

_FLAGS: dict[type, dict[str, frozenset[str]]] = {
    ast.DifferentialEquation: {
        "neurons": frozenset({"unless refractory"}),
        "synapses": frozenset({"event-driven", "clock-driven", "batch"}),
    },
    ast.Subexpression: {
        "neurons": frozenset({"shared", "constant over dt"}),
        "synapses": frozenset({"shared", "constant over dt", "summed"}),
    },
    ast.Parameter: {
        "neurons": frozenset({"constant", "shared", "linked"}),
        "synapses": frozenset({"constant", "shared", "batch", "learned"}),
    },
}
_WHAT = {
    ast.DifferentialEquation: "a differential equation",
    ast.Subexpression: "a subexpression",
    ast.Parameter: "a parameter",
}
_ALL_FLAGS = frozenset().union(*(flags for kinds in _FLAGS.values() for flags in kinds.values()))


def declare(
    equations: ast.Equations,
    owner: str,
    title: str,
    kind: str,
    units: Units,
    *,
    internal: tuple[Variable, ...] = (),
    events: tuple[str, ...] = (),
) -> GroupModel:
    """Names, units and flags of a model; right sides are checked later, by `check_equations`, when names are known.

    ``internal`` variables are eqsnn's own (``delay``, ``rates``): users may set, but not define them.
    """
    variables: dict[str, Variable | Subexpression] = {v.name: v for v in internal}
    differentials: dict[str, Differential] = {}
    summed: list[Summed] = []
    for definition in equations.definitions:
        flags = _flags(definition, kind)
        if "summed" in flags:
            assert isinstance(definition, ast.Subexpression)
            summed.append(_summed(definition))
            continue
        _new_name(definition.name, variables, kind, units, equations)
        value = unit_type(definition.unit, units)
        variables[definition.name.id] = _member(definition, owner, value, flags)
        if isinstance(definition, ast.DifferentialEquation):
            differentials[definition.name.id] = _differential(definition, value, flags)
    kind_ = "neurons" if kind == "neurons" else "synapses"
    return GroupModel(owner, title, kind_, variables, differentials, tuple(summed), events)  # type: ignore[arg-type]


def _flags(definition: ast.Definition, kind: str) -> frozenset[str]:
    allowed = _FLAGS[type(definition)][kind]
    for flag in definition.flags:
        if flag.name in allowed:
            continue
        what = _WHAT[type(definition)]
        if flag.name in _ALL_FLAGS:
            raise errors.ModelError(
                "E501", f"{what} of {kind} cannot be '{flag.name}'.", flag.span, _flag_hint(flag, kind)
            )
        hint = question(suggest(flag.name, _ALL_FLAGS, most=1)) or f"{what} may be {', '.join(sorted(allowed))}"
        raise errors.ModelError("E502", f"there is no flag '{flag.name}'.", flag.span, hint)
    return frozenset(flag.name for flag in definition.flags)


def _flag_hint(flag: ast.Flag, kind: str) -> str | None:
    if flag.name in ("event-driven", "clock-driven", "summed") and kind == "neurons":
        return f"'{flag.name}' belongs to the model of Synapses"
    if flag.name in ("unless refractory", "linked") and kind == "synapses":
        return f"'{flag.name}' belongs to the model of neurons"
    if flag.name == "batch" and kind == "neurons":
        return "neurons have a value in each network of a batch anyway: leave the flag out"
    if flag.name == "learned" and kind == "neurons":
        return "weights of synapses are learned"
    return {
        "learned": "only parameters are learned: '<name> : <unit> (learned)'",
        "batch": "parameters and differential equations can differ between the networks of a batch",
        "constant": "only parameters are constant: '<name> : <unit> (constant)'",
        "linked": "only parameters are linked: '<name> : <unit> (linked)'",
        "unless refractory": "only differential equations stand still: 'd<name>/dt = ... : <unit> (unless refractory)'",
        "event-driven": "only differential equations are solved between events",
        "clock-driven": "only differential equations are integrated",
        "constant over dt": "only subexpressions are held over a step: '<name> = ... : <unit> (constant over dt)'",
        "shared": "parameters and subexpressions can be shared, not differential equations",
        "summed": "only subexpressions are summed: '<name>_post = ... : <unit> (summed)'",
    }.get(flag.name)


def _new_name(
    name: ast.Name, variables: dict[str, Variable | Subexpression], kind: str, units: Units, equations: ast.Equations
) -> None:
    reserved = {**CLOCK, **(NEURON if kind == "neurons" else SYNAPSE)}
    if name.id in variables:
        first = next((d.name.span for d in equations.definitions if d.name.id == name.id), name.span)
        line = first.source.position(first.start)[0]
        before = f"it is defined in line {line} already" if first != name.span else "eqsnn defines it: set it, no more"
        raise errors.NameError("E303", f"'{name.id}' is defined twice.", name.span, before)
    if name.id in reserved or name.id == "xi" or name.id.startswith("xi_"):
        message = f"'{name.id}' has a meaning of its own and cannot be defined."
        raise errors.NameError("E304", message, name.span, "choose another name")
    if name.id in FUNCTIONS:
        message = f"'{name.id}' is a function and cannot be defined."
        raise errors.NameError("E304", message, name.span, "choose another name")
    if name.id in units.table:
        message = f"'{name.id}' is a unit and cannot be defined."
        raise errors.NameError("E304", message, name.span, "choose another name")
    if name.id.startswith("_") or keyword.iskeyword(name.id):
        raise errors.NameError(
            "E304", f"'{name.id}' cannot be a name here.", name.span, "choose a name without a leading '_'"
        )


def _member(
    definition: ast.Definition, owner: str, value: ValueType, flags: frozenset[str]
) -> Variable | Subexpression:
    name = definition.name.id
    match definition:
        case ast.Subexpression(_, expression):
            return Subexpression(name, owner, value, expression, "shared" in flags, "constant over dt" in flags)
        case ast.Parameter():
            kinds = ("shared" in flags, "constant" in flags, "linked" in flags)
            return Variable(name, owner, value, "parameter", *kinds, batch="batch" in flags, learned="learned" in flags)
        case ast.DifferentialEquation():
            return Variable(name, owner, value, "differential", batch="batch" in flags)
        case _:
            assert_never(definition)


def _differential(definition: ast.DifferentialEquation, value: ValueType, flags: frozenset[str]) -> Differential:
    if value.dtype is not Dtype.REAL:
        raise errors.TypeError(
            "E408", "a differential equation needs a real variable.", definition.unit.span, "give it a unit, or 1"
        )
    if {"event-driven", "clock-driven"} <= flags:
        raise errors.ModelError(
            "E501", "an equation is event-driven or clock-driven, not both.", definition.flags[1].span
        )
    mode = "event-driven" if "event-driven" in flags else "clock-driven"
    name = definition.name.id
    return Differential(name, definition.expression, "unless refractory" in flags, mode, definition.name.span)  # type: ignore[arg-type]


def _summed(definition: ast.Subexpression) -> Summed:
    name = definition.name.id
    for side in ("pre", "post"):
        if name.endswith("_" + side):
            return Summed(name.removesuffix("_" + side), side, definition.expression, definition.name.span)
    raise errors.ModelError(
        "E503",
        f"a summed variable belongs to a neuron; '{name}' does not say to which side.",
        definition.name.span,
        f"write '{name}_post = ... (summed)'",
    )


def unit_type(unit: ast.Expression, units: Units) -> ValueType:
    """Type that ``: unit`` declares."""
    match unit:
        case ast.Name("integer", _):
            return INTEGER
        case ast.Name("boolean", _):
            return BOOLEAN
    return real(_unit_dimension(unit, units))


def _unit_dimension(unit: ast.Expression, units: Units) -> Dimension:
    match unit:
        case ast.Number(1, _):
            return DIMENSIONLESS
        case ast.Number(_, span):
            raise errors.DimensionError("E206", f"'{span.text}' is not a unit.", span, "a plain number is ': 1'")
        case ast.Name(name, span):
            found = units.table.get(name)
            if found is None:
                near = suggest(name, BASE_UNITS) or suggest(name, SHORT_NAMES)
                hint = question(near) or "units are volt, amp, siemens, second, 1, ..."
                raise errors.DimensionError("E206", f"there is no unit '{name}'.", span, hint)
            if found.value != 1:
                raise errors.DimensionError(
                    "E207",
                    f"a variable is declared in a base unit, not in '{name}'.",
                    span,
                    f"write ': {found.type.dimension}'; values may be given in {name}",
                )
            return found.type.dimension
        case ast.Binary("*", left, right, _):
            return _unit_dimension(left, units) * _unit_dimension(right, units)
        case ast.Binary("/", left, right, _):
            return _unit_dimension(left, units) / _unit_dimension(right, units)
        case ast.Binary("**", base, exponent, _):
            return _unit_dimension(base, units) ** _unit_exponent(exponent)
        case _:
            raise errors.DimensionError("E206", f"'{unit.span.text}' is not a unit.", unit.span)


def _unit_exponent(exponent: ast.Expression) -> float:
    match exponent:
        case ast.Number(value, _):
            return value
        case ast.Unary("-", ast.Number(value, _), _):
            return -value
        case ast.Binary("/", ast.Number(a, _), ast.Number(b, _), _) if b:
            return a / b
        case _:
            raise errors.DimensionError("E206", f"'{exponent.span.text}' is not a number.", exponent.span)


def check_equations(model: GroupModel, scope: Scope) -> None:
    """Check right sides: names, kinds, dimensions, circular subexpressions."""
    for name, member in model.variables.items():
        if isinstance(member, Subexpression):
            _no_cycle(member, model, (name,))
            _right_side(member.expression, member.type, scope, name)
            if member.shared:
                _only_shared(member, scope)
    for differential in model.differentials.values():
        scope.noise = True
        variable = model.variables[differential.name]
        _derivative(differential, variable.type.dimension, scope)
        scope.noise = False


def _right_side(expression: ast.Expression, wanted: ValueType, scope: Scope, name: str) -> None:
    if wanted.dtype is Dtype.BOOLEAN:
        expect_boolean(expression, scope)
        return
    found = expect_number(expression, scope)
    if found.dimension != wanted.dimension:
        message = (
            f"'{name}' is declared {in_units(wanted.dimension)}, but its expression is {in_units(found.dimension)}."
        )
        hint = give_unit(expression, found.dimension, wanted.dimension)
        raise errors.DimensionError("E208", message, expression.span, hint)
    if wanted.dtype is Dtype.INTEGER and found.dtype is Dtype.REAL:
        raise errors.TypeError(
            "E409", f"'{name}' is an integer, but its expression is real.", expression.span, "round it with int(...)"
        )


def _derivative(differential: Differential, dimension: Dimension, scope: Scope) -> None:
    wanted = dimension / SECOND
    expression = differential.expression
    try:
        found = expect_number(expression, scope)
    except errors.DimensionError as error:
        old = error.diagnostic
        if old.span in [part.span for part in sums(expression)]:
            hint = _noise_hint(expression, scope) or _derivative_hint(differential, dimension, scope)
            raise errors.DimensionError(old.code, old.message, old.span, hint) from None
        raise
    if found.dimension != wanted:
        hint = _derivative_hint(differential, dimension, scope)
        message = f"the right side is {in_units(found.dimension)}."
        raise errors.DimensionError("E209", message, expression.span, hint)


def _derivative_hint(differential: Differential, dimension: Dimension, scope: Scope) -> str:
    """What the right side must be, and what it would be with a time constant."""
    name, whole = differential.name, differential.expression
    hint = f"'d{name}/dt' needs {dimension / SECOND} on its right side"
    tau = time_constant(name, scope)
    fits = [part for part in (whole, *_terms_of(name, whole)) if _is_in(part, dimension, scope)]
    if fits and tau is not None:
        return f"{hint}: did you mean '{factor(fits[0])}/{tau}'?"
    return f"{hint}; did you forget to divide by a time constant?" if fits else hint


def _terms_of(name: str, expression: ast.Expression) -> list[ast.Expression]:
    """The terms of a sum that a variable decays by."""
    return [term for _, term in terms(expression) if name in {n.id for n in names_in(term)}]


def _is_in(expression: ast.Expression, dimension: Dimension, scope: Scope) -> bool:
    try:
        return expect_number(expression, scope).dimension == dimension
    except errors.EqsnnError:
        return False


def _noise_hint(expression: ast.Expression, scope: Scope) -> str | None:
    """A term with noise whose unit lacks the square root of a time."""
    found = [term for _, term in terms(expression) if any(n.id.split("_")[0] == "xi" for n in names_in(term))]
    for term in found:
        others = [other for _, other in terms(expression) if other not in found]
        if others and _is_in(others[0], infer(term, scope).dimension / SECOND**0.5, scope):
            text = f"{factor(term)}/sqrt({time_constant('', scope) or 'tau'})"
            return f"'xi' is in second**-0.5: divide by the square root of a time, as in '{text}'"
    return None


def _no_cycle(member: Subexpression, model: GroupModel, path: tuple[str, ...]) -> None:
    for name in names_in(member.expression):
        if name.id in path:
            circle = " -> ".join((*path[path.index(name.id) :], name.id))
            raise errors.ModelError("E504", f"'{name.id}' depends on itself: {circle}.", name.span)
        inner = model.variables.get(name.id)
        if isinstance(inner, Subexpression):
            _no_cycle(inner, model, (*path, name.id))


def _only_shared(member: Subexpression, scope: Scope) -> None:
    for name in names_in(member.expression):
        found = scope.own.variables.get(name.id)
        if (found is not None and not found.shared) or name.id == "i":
            message = f"'{member.name}' is shared, but '{name.id}' differs from element to element."
            raise errors.ModelError("E505", message, name.span, f"make '{name.id}' shared too, or remove the flag")
