"""Event code and bodies of rules: what may be assigned where, and why the rest may not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from ..grammar import ast, errors
from ..grammar.suggest import suggest
from .dimensions import DIMENSIONLESS
from .equations import names_in
from .functions import FUNCTIONS
from .infer import expect_boolean, expect_dimension, expect_number, infer
from .order import check_order
from .scope import Scope
from .symbols import (
    Builtin,
    Constant,
    Counter,
    LocalReference,
    Side,
    Subexpression,
    SubexpressionReference,
    Variable,
    VariableReference,
)
from .types import Dtype, ValueType, join


class Context(Enum):
    """What the elements of a text are, which decides what it may change."""

    NEURON = "neurons"
    SYNAPSE = "a synapse"
    RULE_SYNAPSE = "a synapse of a rule"
    RULE_PAIR = "a pair"
    RULE_PRE = "a presynaptic neuron"
    RULE_POST = "a postsynaptic neuron"
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
    checker = _Checker(scope, context)
    checker.block(statements)
    if context not in (Context.NEURON, Context.SETTING):
        element: Side = "pre" if context is Context.RULE_PRE else "post" if context is Context.RULE_POST else "own"
        check_order(statements, scope, element=element, in_rule=context.in_rule)
    return CheckedBlock(statements, dict(scope.locals))


@dataclass(slots=True)
class _Checker:
    scope: Scope
    context: Context

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

    def branch(self, condition: ast.Expression, body: tuple[ast.Statement, ...], orelse: tuple[ast.Statement, ...]) -> None:
        expect_boolean(condition, self.scope)
        before = dict(self.scope.locals)
        self.block(body)
        self.block(orelse)
        for name in set(self.scope.locals) - set(before):
            del self.scope.locals[name]  # known inside the branch only: elsewhere it might have no value

    def assign(self, node: ast.Assign) -> None:
        target = node.target.id
        found = self.scope.find(target)
        if found is None or isinstance(found, Constant):
            self.new_local(node, found)
            return
        match found:
            case LocalReference():
                self.fits(node, found.type)
            case Counter():
                if node.operator not in ("+=", "-="):
                    raise errors.ModelError("E511", f"'{target}' is a counter: it may only be added to.", node.target.span, f"write '{target} += ...'")
                self.fits(node, found.type)
            case VariableReference(variable, side):
                self.writable(node, variable, side)
                self.fits(node, found.type)
            case SubexpressionReference():
                raise errors.ModelError("E512", f"'{target}' is a subexpression and cannot be assigned.", node.target.span, "assign the variables it is made of")
            case Builtin():
                raise errors.ModelError("E513", f"'{target}' cannot be assigned.", node.target.span)
            case _:
                assert_never(found)

    def new_local(self, node: ast.Assign, found: Constant | None) -> None:
        name = node.target.id
        if node.operator != "=":
            if found is not None:
                raise errors.ModelError("E514", f"'{name}' is a constant of the namespace and cannot change.", node.target.span)
            near = suggest(name, self.scope.known())
            raise errors.NameError("E301", f"'{name}' is not known here.", node.target.span, f"did you mean '{near[0]}'?" if near else None)
        if name in FUNCTIONS:
            raise errors.NameError("E304", f"'{name}' is a function and cannot be assigned.", node.target.span)
        if self.context is Context.SETTING:
            raise errors.NameError("E301", f"'{name}' is not a variable of this group.", node.target.span)
        self.scope.locals[name] = infer(node.value, self.scope)

    def writable(self, node: ast.Assign, variable: Variable, side: str) -> None:
        name, span = node.target.id, node.target.span
        if variable.read_only or (variable.constant and self.context is not Context.SETTING):
            raise errors.ModelError("E515", f"'{name}' is constant.", span, "remove its flag (constant) to let code change it")
        if variable.linked:
            raise errors.ModelError("E516", f"'{name}' is linked to another group's variable and cannot be assigned.", span)
        own = side == "own" and not (variable.shared and self.context is not Context.SETTING and self.context is not Context.NEURON)
        if self.context in (Context.RULE_PRE, Context.RULE_POST):
            own = side == ("pre" if self.context is Context.RULE_PRE else "post")
        if self.context is Context.RULE_PAIR and side == "own" and not variable.shared:
            raise errors.StructureError("E602", f"'{name}' belongs to a synapse, which a pair may not have.", span, "give it to a created one: 'create synapse(" + name + "=...)'")
        if not own and node.operator not in ("+=", "-="):
            what = "shared by all elements" if side == "own" else f"a {side}synaptic variable"
            raise errors.ModelError(
                "E517", f"'{name}' is {what}: several elements may change it at once, and the result of '{node.operator}' would depend on their order.",
                span, f"only accumulate into it: '{name} += ...'",
            )
        if variable.shared and self.context is Context.NEURON and not self._only_shared(node.value):
            raise errors.ModelError("E518", f"'{name}' is shared, but the right side differs from neuron to neuron.", node.value.span)

    def _only_shared(self, value: ast.Expression) -> bool:
        for name in names_in(value):
            found = self.scope.find(name.id)
            if isinstance(found, VariableReference | SubexpressionReference):
                member: Variable | Subexpression = found.variable if isinstance(found, VariableReference) else found.subexpression
                if not member.shared:
                    return False
            if isinstance(found, Builtin) and found.name in ("i", "lastspike", "not_refractory"):
                return False
        return True

    def fits(self, node: ast.Assign, wanted: ValueType) -> None:
        """The value must have the target's kind and dimensions (a factor is a plain number)."""
        if wanted.dtype is Dtype.BOOLEAN:
            if node.operator != "=":
                raise errors.TypeError("E410", f"'{node.target.id}' is true or false; '{node.operator}' needs a number.", node.span)
            expect_boolean(node.value, self.scope)
            return
        if node.operator in ("*=", "/="):
            expect_dimension(node.value, self.scope, DIMENSIONLESS, f"the factor of '{node.target.id}'")
        found = expect_number(node.value, self.scope)
        if node.operator not in ("*=", "/=") and found.dimension != wanted.dimension:
            self._dimensions_differ(node, wanted, found)
        self._integer_stays(node, wanted, found)

    def _dimensions_differ(self, node: ast.Assign, wanted: ValueType, found: ValueType) -> None:
        zero = isinstance(node.value, ast.Number) and node.value.value == 0
        hint = f"write '0*{wanted.dimension}'" if zero else None
        raise errors.DimensionError(
            "E210", f"'{node.target.id}' is in {wanted.dimension}, but the right side is in {found.dimension}.", node.value.span, hint
        )

    def _integer_stays(self, node: ast.Assign, wanted: ValueType, found: ValueType) -> None:
        if wanted.dtype is Dtype.INTEGER and (join(wanted.dtype, found.dtype) is Dtype.REAL or node.operator == "/="):
            raise errors.TypeError("E409", f"'{node.target.id}' is an integer, but the right side is real.", node.value.span, "round it with int(...)")

    # ---- structural statements ----

    def create(self, node: ast.CreateSynapse) -> None:
        if not self.context.in_rule:
            where = "event code runs for a synapse that exists" if self.context is Context.SYNAPSE else "here there is no pair to connect"
            raise errors.StructureError("E601", f"'create synapse' is not legal here: {where}.", node.span, "put it into a StructuralPlasticity rule, under 'for each pair in ...'")
        if self.context is not Context.RULE_PAIR:
            raise errors.StructureError("E601", "'create synapse' needs a pair.", node.span, "put it under 'for each pair in ...'")
        for value in node.values:
            self.created_value(value)
        self.conditions(node)

    def created_value(self, node: ast.Keyword) -> None:
        variable = self.scope.own.variables.get(node.name.id)
        if not isinstance(variable, Variable):
            near = suggest(node.name.id, self.scope.own.variables)
            raise errors.NameError("E305", f"the synapses have no variable '{node.name.id}'.", node.name.span, f"did you mean '{near[0]}'?" if near else None)
        if variable.shared:
            raise errors.StructureError("E603", f"'{node.name.id}' is shared by all synapses.", node.name.span)
        self.fits(ast.Assign(node.name, "=", node.value, node.span), variable.type)

    def remove(self, node: ast.RemoveSynapse) -> None:
        if self.context not in (Context.SYNAPSE, Context.RULE_SYNAPSE, Context.RULE_PAIR):
            raise errors.StructureError("E604", f"'remove synapse' is not legal here: this text runs for {self.context.value}.", node.span, "put it under 'for each synapse:' or 'for each pair in ...:'")
        self.conditions(node)

    def conditions(self, node: ast.CreateSynapse | ast.RemoveSynapse) -> None:
        if node.condition is not None:
            expect_boolean(node.condition, self.scope)
        if node.limit is not None:
            raise errors.UnsupportedError("E002", "'limit' is not supported yet.", node.limit.span)
