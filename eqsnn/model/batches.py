"""What texts may do where several networks run side by side: each has its own neurons, and all the same synapses.

A text that runs in each network may read everything, and change what is the network's own: neurons, and variables of
synapses flagged ``(batch)``. One that runs once for all of them, as a rule between two runs does, may read what they
have in common, and what the reductions ``batch_sum(g)``, ``batch_mean``, ``batch_min``, ``batch_max`` make of the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from ..grammar import ast, errors
from .declarations import Declaration, Neurons, Pathway, Projection, Regular, Structural, delay_name
from .functions import AGGREGATES, BATCH_REDUCTIONS
from .scope import Scope
from .symbols import Builtin, SubexpressionReference, Variable, VariableReference
from .types import Dtype, ValueType
from .unread import assignments, expressions_of

if TYPE_CHECKING:
    from .symbols import Reference


class Network(Protocol):
    """What is asked of a checked network."""

    @property
    def neurons(self) -> Mapping[str, Neurons]:
        """Groups of neurons by name."""

    @property
    def projections(self) -> Mapping[str, Projection]:
        """Projections by name."""

    def scope(self, group: str) -> Scope:
        """Names as the texts of a group or projection see them."""


# ---- reductions -----------------------------------------------------------------------------------------------------


def reduction_name(function: str, variable: str) -> str:
    """The column of the synapses that holds the result of a reduction: ``batch_sum(g)``."""
    return f"{function}({variable})"


def reduced(call: ast.Call, scope: Scope) -> Variable:
    """What ``batch_sum(g)`` stands for: a variable of the synapses that nobody can set.

    :raises StructureError: E608, a text that runs in each network asks for it.
    :raises TypeError: E411, its argument is no number of synapses that each network has for itself.
    """
    function = call.function.id
    if scope.running:
        message = f"'{function}' looks at all networks of the batch, which do not wait for each other in a run."
        hint = "put it into a rule with when='after_batch', or into a text that runs at once: S.x = '...'"
        raise errors.StructureError("E608", message, call.span, hint)
    argument = call.arguments[0] if len(call.arguments) == 1 and not call.keywords else None
    if not isinstance(argument, ast.Name):
        message = f"'{function}' takes the name of one variable."
        hint = "keep what you look for in a variable of the synapses flagged (batch), and reduce that"
        raise errors.TypeError("E411", message, call.span, hint)
    found = scope.resolve(argument)
    if not isinstance(found, VariableReference) or found.side != "own" or not found.variable.batch:
        message = f"'{argument.id}' is no variable that each network has for itself."
        raise errors.TypeError("E411", message, argument.span, _how_to_flag(found))
    if argument.id in scope.own.event_driven():
        message = f"'{argument.id}' is solved between events, which come at other times in each network."
        raise errors.TypeError("E411", message, argument.span, "add it up in a (batch) parameter when events come")
    if not found.type.is_number:
        message = f"'{argument.id}' is true or false, not a number."
        raise errors.TypeError("E401", message, argument.span, "keep 0 or 1 in an integer variable flagged (batch)")
    dtype = Dtype.REAL if function == "batch_mean" else found.type.dtype
    name = reduction_name(function, argument.id)
    return Variable(name, found.variable.owner, ValueType(dtype, found.type.dimension), "parameter", read_only=True)


def _how_to_flag(found: Reference) -> str:
    if isinstance(found, VariableReference) and found.side == "own" and not found.variable.shared:
        return f"declare it so: '{found.variable.name} : <unit> (batch)', or use it as it is: it is one for all"
    return "reductions are for variables of the synapses flagged (batch)"


# ---- texts that run in each network ---------------------------------------------------------------------------------


def check_batch(item: Declaration, network: Network) -> None:
    """Check what one object does in a batch of several networks.

    :raises ModelError: E573, something that all networks share would be changed by each; E574, a text that runs once
        reads what each has for itself; E575, it sets what is solved between events.
    :raises StructureError: E625, a network would change the wiring of all.
    """
    match item:
        case Projection():
            for pathway in item.pathways:
                _running(pathway.code.statements, network.scope(item.name), item.pathways)
            _equations(item)
        case Regular() if item.group in network.projections:
            scope = network.scope(item.group).fresh(item.resolver)
            if not item.setting:
                _running(item.code.statements, scope, network.projections[item.group].pathways)
            elif not _sets_own(item.code.statements, scope):
                check_common(item.code.statements, (), scope, network)
        case Structural(_, _, projection, rule, resolver):
            for node in rule.passes:
                scope = network.scope(projection).fresh(resolver)
                check_common(node.body, _of_head(node.head), scope, network, rule=True)
        case _:
            pass


def _running(statements: tuple[ast.Statement, ...], scope: Scope, pathways: tuple[Pathway, ...]) -> None:
    for node in statements:
        match node:
            case ast.Assign(target):
                found = scope.find(target.id)
                if isinstance(found, VariableReference) and found.side == "own" and _is_common(found.variable):
                    delay = any(p.delay == "each" and target.id == delay_name(p.name) for p in pathways)
                    hint = f"flag it (batch){_TO_GIVE}, or change it by a rule with when='after_batch'"
                    raise _shared_write(target, "set delays between runs" if delay else hint)
            case ast.If(_, body, orelse, _):
                _running((*body, *orelse), scope, pathways)
            case ast.RemoveSynapse(span=span):
                message = "all networks of the batch have the same synapses: none can remove one in a run."
                hint = "mark it in a (batch) variable, and remove it by a rule with when='after_batch'"
                raise errors.StructureError("E625", message, span, hint)
            case ast.CreateSynapse():
                pass  # nothing but a rule creates synapses


def _is_common(variable: Variable) -> bool:
    return not (variable.batch or variable.shared)


def _equations(item: Projection) -> None:
    for name, differential in item.model.differentials.items():
        variable = item.model.variables[name]
        if isinstance(variable, Variable) and _is_common(variable):
            raise _shared_write(ast.Name(name, differential.span), f"flag it ({differential.mode}, batch){_TO_GIVE}")


_TO_GIVE = " to give each network its own"


def _shared_write(target: ast.Name, hint: str) -> errors.ModelError:
    message = (
        f"'{target.id}' has one value for all networks of the batch: the copies would write the same value at once."
    )
    return errors.ModelError("E573", message, target.span, hint)


def _sets_own(statements: tuple[ast.Statement, ...], scope: Scope) -> bool:
    """Whether ``S.x = '...'`` sets a variable that each network has for itself, and so runs in each."""
    targets = (scope.find(node.target.id) for node in assignments(statements))
    return all(isinstance(found, VariableReference) and not _is_common(found.variable) for found in targets)


# ---- texts that run once for all ------------------------------------------------------------------------------------


def check_common(
    statements: tuple[ast.Statement, ...], expressions: tuple[ast.Expression, ...], scope: Scope, network: Network,
    *, rule: bool = False,
) -> None:  # fmt: skip
    """Check that a text reads, and adds to, nothing that each network has for itself.

    A ``rule`` may use shared parameters of neurons: it finds one value in all networks, and leaves one (`E743`).

    :raises ModelError: E574; E575.
    """
    for node in assignments(statements):
        found = scope.find(node.target.id)
        if isinstance(found, VariableReference) and found.side == "own" and found.variable.batch:
            if node.target.id in scope.own.event_driven():
                message = f"'{node.target.id}' is solved between events, which come at other times in each network."
                hint = "set it from the script: S.x = 0; a new trial begins with what it was (Network.restart)"
                raise errors.ModelError("E575", message, node.target.span, hint)
            if node.operator == "=":
                continue  # all networks get this value
        _check_name(node.target, scope, network, rule)
    for expression in (*expressions, *expressions_of(statements)):
        for name in _bare_names(expression):
            _check_name(name, scope, network, rule)


def _of_head(head: ast.Head) -> tuple[ast.Expression, ...]:
    match head:
        case ast.EachPair(ast.Sample(count=count)):
            return (count,)
        case ast.EachPair(ast.Match(pre, post, _)):
            return (pre, post)
        case _:
            return ()


def _bare_names(expression: ast.Expression) -> Iterator[ast.Name]:
    """Names that stand outside reductions over the batch."""
    match expression:
        case ast.Name():
            yield expression
        case ast.Unary(_, operand, _):
            yield from _bare_names(operand)
        case ast.Binary(_, left, right, _) | ast.Compare(_, left, right, _) | ast.Logical(_, left, right, _):
            yield from _bare_names(left)
            yield from _bare_names(right)
        case ast.Call(function, arguments, keywords, _) if function.id not in BATCH_REDUCTIONS:
            values = () if function.id in AGGREGATES else tuple(keyword.value for keyword in keywords)
            for value in (*arguments, *values):
                yield from _bare_names(value)
        case _:
            return


def _check_name(name: ast.Name, scope: Scope, network: Network, rule: bool) -> None:
    found = scope.find(name.id)
    if found is None or (rule and _is_account(found, network)) or not _differs(found, scope, network):
        return
    message = f"'{name.id}' has a value in each network of the batch, and this text runs once for all of them."
    own = isinstance(found, VariableReference) and found.side == "own" and found.variable.batch
    hint = "it may read parameters of neurons flagged (constant), and 'batch_sum(g)' of a (batch) variable of synapses"
    if own:
        hint = f"write 'batch_sum({name.id})', or batch_mean, batch_min, batch_max"
    raise errors.ModelError("E574", message, name.span, hint)


def _is_account(found: Reference, network: Network) -> bool:
    """Whether something is a parameter of neurons that all of a group share: what rules may keep an account in."""
    match found:
        case VariableReference(variable, _):
            return variable.shared and variable.kind == "parameter" and variable.owner in network.neurons
        case _:
            return False


def _differs(found: Reference, scope: Scope, network: Network) -> bool:
    """Whether the networks of a batch may have different values of something, through subexpressions too."""
    match found:
        case VariableReference(variable, _) if variable.owner in network.projections:
            return variable.batch or (variable.shared and not variable.constant)
        case VariableReference(variable, _) if variable.linked:
            link = network.neurons[variable.owner].links.get(variable.name)
            return link is not None and link.kind != "degree" and not link.variable.constant
        case VariableReference(variable, _):
            return not variable.constant
        case SubexpressionReference(subexpression, side):
            inner = scope.at(side).fresh()
            names = (inner.find(name.id) for name in _bare_names(subexpression.expression))
            return any(_differs(part, inner, network) for part in names if part is not None)
        case Builtin(name, _, _):
            return name in ("lastspike", "not_refractory")
        case _:
            return False
