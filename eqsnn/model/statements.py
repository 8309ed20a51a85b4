"""Event code and bodies of rules: what may be assigned where, and why the rest may not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NoReturn, assert_never

from ..grammar import ast, errors
from ..grammar.source import Span
from ..grammar.suggest import listed, question, suggest
from .aggregates import refuse_locals
from .dimensions import DIMENSIONLESS
from .functions import FUNCTIONS
from .hints import give_unit, in_units, is_number
from .infer import expect_boolean, expect_dimension, expect_number, infer
from .order import check_order
from .scope import Scope
from .symbols import (
    Aggregate,
    Builtin,
    Constant,
    Counter,
    LocalReference,
    Subexpression,
    SubexpressionReference,
    Variable,
    VariableReference,
)
from .types import Dtype, ValueType, join
from .walk import draws, names_in


class Context(Enum):
    """What the elements of a text are, which decides what it may change."""

    NEURON = "a neuron"
    SYNAPSE = "a synapse"
    RULE_SYNAPSE = "each synapse"
    RULE_PAIR = "a pair"
    RULE_PRE = "each presynaptic neuron"
    RULE_POST = "each postsynaptic neuron"
    SETTING = "a value set from Python"

    @property
    def in_rule(self) -> bool:
        """Whether the text is the body of a structural rule's pass."""
        return self in (Context.RULE_SYNAPSE, Context.RULE_PAIR, Context.RULE_PRE, Context.RULE_POST)


@dataclass(frozen=True, slots=True)
class CheckedBlock:
    """Statements whose names and units fit; ``locals`` gives the type of every local variable."""

    statements: tuple[ast.Statement, ...]
    locals: dict[str, ValueType]


def check_block(statements: tuple[ast.Statement, ...], scope: Scope, context: Context) -> CheckedBlock:
    """Check a whole text. Locals stay in ``scope`` so that later conversion resolves names alike."""
    checker = _Checker(scope, context, only_shared(statements, scope))
    scope.later = {**scope.later, **given_later(statements)}
    checker.block(statements)
    if context is Context.SYNAPSE:  # the pass of a rule reads a snapshot, so there order cannot show
        check_order(statements, scope)
    return CheckedBlock(statements, dict(scope.locals))


def only_shared(statements: tuple[ast.Statement, ...], scope: Scope) -> bool:
    """Whether a text changes nothing but shared variables, and so runs once instead of for each element."""
    for node in statements:
        if not isinstance(node, ast.Assign):
            return False
        found = scope.find(node.target.id)
        if isinstance(found, VariableReference) and not found.variable.shared:
            return False
    return bool(statements)


def given_later(statements: tuple[ast.Statement, ...]) -> dict[str, str]:
    """For each name that gets a value somewhere in a text, where: for reads that come before."""
    found: dict[str, str] = {}
    for node in statements:
        match node:
            case ast.Assign(target, "=", _, span):
                found.setdefault(target.id, f"it gets a value only in line {_line(span)}")
            case ast.If(_, body, orelse, _):
                found = {**given_later((*body, *orelse)), **found}
            case _:
                pass
    return found


def _line(span: Span) -> int:
    return span.source.position(span.start)[0]


@dataclass(slots=True)
class _Checker:
    scope: Scope
    context: Context
    once: bool  # it changes shared variables alone

    def block(self, statements: tuple[ast.Statement, ...]) -> None:
        for statement in statements:
            match statement:
                case ast.Assign():
                    self.assign(statement)
                case ast.If(condition, body, orelse, _):
                    self.branch(condition, body, orelse)
                case ast.CreateSynapse():
                    self.create(statement)
                case ast.RemoveSynapse():
                    self.remove(statement)
                case _:
                    assert_never(statement)

    def branch(
        self, condition: ast.Expression, body: tuple[ast.Statement, ...], orelse: tuple[ast.Statement, ...]
    ) -> None:
        expect_boolean(condition, self.scope)
        before = dict(self.scope.locals)
        self.block(body)
        self.block(orelse)
        for name in set(self.scope.locals) - set(before):
            del self.scope.locals[name]  # known inside the branch only: elsewhere it might have no value
            self.scope.later[name] = f"it has a value under 'if' only: begin with '{name} = ...' before the 'if'"

    def assign(self, node: ast.Assign) -> None:
        target = node.target.id
        if node.operator == "=":
            self.scope.later.pop(target, None)
        found = self.scope.find(target)
        if found is None or isinstance(found, Constant):
            self.new_local(node, found)
            return
        match found:
            case LocalReference():
                self.fits(node, found.type)
            case Counter():
                if node.operator not in ("+=", "-="):
                    message, hint = f"'{target}' is a counter: it may only be added to.", f"write '{target} += ...'"
                    if is_number(node.value):
                        hint = "leave this line out: counters start at zero at each run of the rule"
                    raise errors.ModelError("E511", message, node.target.span, hint)
                self.fits(node, found.type)
            case VariableReference(variable, side):
                self.writable(node, variable, side)
                self.fits(node, found.type)
            case SubexpressionReference():
                message = f"'{target}' is a subexpression and cannot be assigned."
                raise errors.ModelError("E512", message, node.target.span, "assign the variables it is made of")
            case Builtin() | Aggregate():
                hint = "give the counter another name" if node.operator == "+=" else "choose another name"
                if target.startswith(("N_incoming", "N_outgoing")) and node.operator == "=":
                    hint = "it follows from the synapses there are: create some, or remove some"
                message = f"'{target}' cannot be assigned: the simulation keeps it."
                raise errors.ModelError("E513", message, node.target.span, hint)
            case _:
                assert_never(found)

    def new_local(self, node: ast.Assign, found: Constant | None) -> None:
        name = node.target.id
        if node.operator != "=":
            if found is not None:
                self._constant(node)
            raise self._unknown_target(node.target)
        if name in FUNCTIONS:
            raise errors.NameError("E304", f"'{name}' is a function and cannot be assigned.", node.target.span)
        if self.context is Context.SETTING:
            raise errors.NameError("E301", f"'{name}' is not a variable of this group.", node.target.span)
        if name.startswith("_"):
            message = f"'{name}' cannot be a name here."
            raise errors.NameError("E304", message, node.target.span, "choose a name without a leading '_'")
        self.scope.locals[name] = infer(node.value, self.scope)

    def _constant(self, node: ast.Assign) -> NoReturn:
        name = node.target.id
        message, hint = (
            f"'{name}' is a constant of the script and cannot change.",
            f"declare '{name} : <unit>' in the model",
        )
        if name in self.scope.units.table:
            message, hint = f"'{name}' is a unit and cannot change.", "choose another name"
        raise errors.ModelError("E514", message, node.target.span, hint)

    def _unknown_target(self, name: ast.Name) -> errors.NameError:
        base, _, side = name.id.rpartition("_")
        hint = self.scope.later.get(name.id)
        if hint is None and self.scope.own.kind == "synapses":
            if side in ("pre", "post"):
                near = suggest(base, self.scope.at("pre" if side == "pre" else "post").own.variables, most=1)
                hint = question(f"{n}_{side}" for n in near)
                hint = hint or f"declare '{base} : <unit>' in the model of the {side}synaptic neurons"
            else:
                known = [n for n in self.scope.names() if isinstance(self.scope.find(n), VariableReference)]
                hint = question(suggest(name.id, known, most=1))
        if hint is not None:
            return errors.NameError("E301", f"'{name.id}' is not known here.", name.span, hint)
        return self.scope.unknown(name)

    def writable(self, node: ast.Assign, variable: Variable, side: str) -> None:
        name, span = node.target.id, node.target.span
        if variable.read_only or (variable.constant and self.context is not Context.SETTING):
            hint = None if variable.read_only else "remove its flag (constant) to let code change it"
            raise errors.ModelError("E515", f"'{name}' is constant.", span, hint)
        if variable.linked:
            message = f"'{name}' is linked to another group's variable and cannot be assigned."
            raise errors.ModelError("E516", message, span, "change it where it belongs")
        own = side == "own" and not (
            variable.shared and self.context is not Context.SETTING and self.context is not Context.NEURON
        )
        if self.context in (Context.RULE_PRE, Context.RULE_POST):
            if not variable.shared and side != ("pre" if self.context is Context.RULE_PRE else "post"):
                return  # `check_reach` tells that these elements have none
            own = not variable.shared
        if self.context is Context.RULE_PAIR and side == "own" and not variable.shared:
            hint = f"change it under 'for each synapse:'; a created one gets it by 'create synapse({name}=...)'"
            message = f"'{name}' belongs to a synapse, and a pass over pairs changes none."
            raise errors.StructureError("E602", message, span, hint)
        if not own and node.operator not in ("+=", "-="):
            what = "shared by all" if side == "own" else f"a {side}synaptic variable"
            message = (
                f"'{name}' is {what}: the result of '{node.operator}' would depend on the order of {self._elements()}."
            )
            raise errors.ModelError("E517", message, span, f"only accumulate into it: '{name} += ...'")
        if variable.shared and self.context is Context.NEURON and not self._only_shared(node.value):
            message = f"'{name}' is shared, but the right side differs from neuron to neuron."
            raise errors.ModelError("E518", message, node.value.span, f"declare '{name}' without (shared)")
        if variable.shared and self.context is Context.NEURON and draws(node.value) and not self.once:
            message = f"'{name}' is shared, but a random number is drawn by every neuron."
            hint = "set shared variables by a run_regularly of their own, which runs once and not for each neuron"
            raise errors.ModelError("E518", message, node.value.span, hint)

    def _elements(self) -> str:
        return {
            Context.RULE_PAIR: "pairs", Context.RULE_PRE: "neurons", Context.RULE_POST: "neurons"
        }.get(self.context, "synapses")  # fmt: skip

    def _only_shared(self, value: ast.Expression) -> bool:
        for name in names_in(value):
            found = self.scope.find(name.id)
            if isinstance(found, VariableReference | SubexpressionReference):
                member: Variable | Subexpression = (
                    found.variable if isinstance(found, VariableReference) else found.subexpression
                )
                if not member.shared:
                    return False
            if isinstance(found, Builtin) and found.name in ("i", "lastspike", "not_refractory"):
                return False
        return True

    def fits(self, node: ast.Assign, wanted: ValueType) -> None:
        """The value must have the target's kind and dimensions (a factor is a plain number)."""
        if wanted.dtype is Dtype.BOOLEAN:
            if node.operator != "=":
                raise errors.TypeError(
                    "E410", f"'{node.target.id}' is true or false; '{node.operator}' needs a number.", node.span
                )
            expect_boolean(node.value, self.scope)
            return
        if node.operator in ("*=", "/="):
            expect_dimension(node.value, self.scope, DIMENSIONLESS, f"the factor of '{node.target.id}'")
        found = expect_number(node.value, self.scope)
        if node.operator not in ("*=", "/=") and found.dimension != wanted.dimension:
            self._dimensions_differ(node, wanted, found)
        self._integer_stays(node, wanted, found)

    def _dimensions_differ(self, node: ast.Assign, wanted: ValueType, found: ValueType) -> None:
        hint = give_unit(node.value, found.dimension, wanted.dimension)
        message = (
            f"'{node.target.id}' is {in_units(wanted.dimension)}, but the right side is {in_units(found.dimension)}."
        )
        raise errors.DimensionError("E210", message, node.value.span, hint)

    def _integer_stays(self, node: ast.Assign, wanted: ValueType, found: ValueType) -> None:
        if wanted.dtype is not Dtype.INTEGER:
            return
        name = node.target.id
        if node.operator == "/=":
            message = f"'{name}' is an integer, and '/=' makes it a real number."
            raise errors.TypeError("E409", message, node.span, f"write '{name} = {name} // {node.value.span.text}'")
        if join(wanted.dtype, found.dtype) is Dtype.REAL:
            message = f"'{name}' is an integer, but the right side is real."
            raise errors.TypeError("E409", message, node.value.span, "round it with int(...)")

    # ---- structural statements ----

    def create(self, node: ast.CreateSynapse) -> None:
        if not self.context.in_rule:
            why = (
                "this code runs for a synapse that exists"
                if self.context is Context.SYNAPSE
                else "there is no pair to connect"
            )
            hint = "put it into a StructuralPlasticity rule, under 'for each pair in ...:'"
            raise errors.StructureError("E601", f"'create synapse' is not legal here: {why}.", node.span, hint)
        if self.context is not Context.RULE_PAIR:
            hint = "put it under 'for each pair in ...:'"
            message = f"'create synapse' needs a pair, but this pass runs for {self.context.value}."
            raise errors.StructureError("E601", message, node.span, hint)
        for value in node.values:
            self.created_value(value)
        self.conditions(node)

    def created_value(self, node: ast.Keyword) -> None:
        variable = self.scope.own.variables.get(node.name.id)
        name, span = node.name.id, node.name.span
        if isinstance(variable, Subexpression):
            message = f"'{name}' is a subexpression: a synapse cannot be given it."
            raise errors.StructureError("E603", message, span, "give the variables it is made of")
        if variable is None:
            known = [n for n, v in self.scope.own.variables.items() if isinstance(v, Variable) and not v.shared]
            hint = question(suggest(name, known)) or f"declare '{name} : <unit>' in the model of the synapses"
            if name in ("i", "j"):
                hint = "the pair is that of the pass: choose it in the head, or by a condition"
            elif known and not suggest(name, known):
                hint += f", or give {listed(known)}, which they have"
            raise errors.NameError("E305", f"the synapses have no variable '{name}'.", span, hint)
        if variable.shared:
            message = f"'{name}' is shared by all synapses: one cannot be given its own."
            raise errors.StructureError("E603", message, span)
        self.fits(ast.Assign(node.name, "=", node.value, node.span), variable.type)

    def remove(self, node: ast.RemoveSynapse) -> None:
        if self.context not in (Context.SYNAPSE, Context.RULE_SYNAPSE, Context.RULE_PAIR):
            hint = "put it under 'for each synapse:' or 'for each pair in ...:'"
            if not self.context.in_rule:
                hint = "put it into on_pre or on_post of Synapses, or into a StructuralPlasticity rule"
            message = f"'remove synapse' is not legal here: this code runs for {self.context.value}."
            raise errors.StructureError("E604", message, node.span, hint)
        self.conditions(node)

    def conditions(self, node: ast.CreateSynapse | ast.RemoveSynapse) -> None:
        if node.condition is not None:
            expect_boolean(node.condition, self.scope)
        if node.limit is not None:
            self.limit(node.limit)

    def limit(self, node: ast.Limit) -> None:
        """A limit is a plain number, worked out before the pass begins."""
        if not self.context.in_rule:
            message = "'limit' chooses among the elements of a pass: only a rule has passes."
            hint = "put the statement into a StructuralPlasticity rule, under 'for each synapse:'"
            raise errors.StructureError("E610", message, node.span, hint)
        refuse_locals((node.count,), self.scope, "a limit is worked out before the pass begins")
        expect_dimension(node.count, self.scope.of_synapse(), DIMENSIONLESS, "a limit")
        if is_number(node.count) and isinstance(node.count, ast.Unary) and node.count.operator == "-":
            hint = "leave the limit out to take all"
            raise errors.ModelError("E526", "a limit below zero takes none.", node.count.span, hint)
