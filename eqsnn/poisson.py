"""`PoissonGroup`: neurons that spike at random, and `PoissonInput`: many such inputs to one variable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import namespaces
from .attributes import UnknownVariableError
from .base import NetworkObject, name_node, text_source
from .clocks import Clock
from .grammar import ast, errors
from .grammar.suggest import question, suggest
from .groups import check_size
from .language_units import units
from .model import equations
from .model.declarations import Neurons, Regular
from .model.dimensions import HERTZ
from .model.symbols import GroupModel, Variable
from .model.types import real
from .namespaces import Namespace
from .neurongroup import NeuronGroup
from .regular import RunRegularly
from .state import Array, Indices, Member
from .subgroup import Subgroup
from .units import quantity
from .values import broadcast, checked

if TYPE_CHECKING:
    from .network import Network


class PoissonGroup(NeuronGroup):
    """``N`` neurons that spike at random, independently, at ``rates``.

    ``rates`` is one rate, one for each neuron, or a string expression that may use ``t``, ``i`` and names around.
    A spike falls into each step with the probability ``rates*dt``. ``P.rates`` can be set as any variable.

    Example: ``PoissonGroup(100, rates='10*Hz*(1 + sin(2*pi*t/second))')``.

    :raises DimensionError: E223, the rates are not in hertz.
    :raises ModelError: E562, a rate is negative. :raises StateError: E702, not one rate for each neuron.
    """

    _kind = "poissongroup"

    def __init__(
        self,
        N: int,
        rates: Any,
        dt: Any = None,
        clock: Clock | None = None,
        when: str = "thresholds",
        order: int = 0,
        namespace: Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> None:
        self._rates = rates
        super().__init__(
            N, threshold="rand() < rates*dt", namespace=namespace, dt=dt, clock=clock, when=when, order=order, name=name
        )
        self.set_event_schedule("spike", when, order)
        if not isinstance(rates, str):
            super().write_state("rates", None, self._rates)

    def read_model(
        self, text: object, kind: str, internal: tuple[Variable, ...] = (), events: tuple[str, ...] = ()
    ) -> GroupModel:
        """A model whose only variable is ``rates``: one number for all where that is what was given."""
        if not isinstance(self._rates, str):
            self._rates = self._checked_rates(self._rates)
            one = self._rates.ndim == 0
            return GroupModel(self.name, self.title, "neurons", {"rates": self._variable(one)}, events=events)
        expression = self.read_expression(self._rates, "rates")
        source = expression.span.source
        unit = name_node("hertz", self.title)
        definition = ast.Subexpression(name_node("rates", self.title), expression, unit, (), expression.span)
        self._equations = ast.Equations((definition,), source)
        return equations.declare(self._equations, self.name, self.title, kind, units(), events=events)

    def _variable(self, one: bool) -> Variable:
        return Variable("rates", self.name, real(HERTZ), "parameter", shared=one, constant=one)

    def _checked_rates(self, rates: Any) -> Array:
        values = checked(rates, real(HERTZ), "rates", self.title)
        if values.ndim:
            values = broadcast(values, self._size, "rates", self.title)
        self._check_not_negative(values)
        return values

    def _check_not_negative(self, values: Array) -> None:
        if (values < 0).any():
            raise errors.ModelError("E562", f"a rate cannot be negative: {values.min():g} hertz.", place=self.title)

    # ---- one rate for all, which looks as if each neuron had its own ----

    @property
    def _has_one_rate(self) -> bool:
        return self.model.variables["rates"].shared

    def state_variables(self) -> Mapping[str, Member]:
        """Those of any group; ``rates`` always as one for each neuron."""
        known = dict(super().state_variables())
        if self._has_one_rate:
            known["rates"] = self._variable(one=False)
        return known

    def read_state(self, name: str, indices: Indices | None) -> Array:
        """Copy of a variable's values in SI base units."""
        if name == "rates" and self._has_one_rate:
            return np.full(self._size if indices is None else len(indices), self.store.buffer("rates")[0])
        return super().read_state(name, indices)

    def write_state(self, name: str, indices: Indices | None, values: Array) -> None:
        """Set a variable; rates that differ are from then on stored one by one."""
        if name == "rates":
            self._check_not_negative(values)
            same = indices is None and bool((values == values[0]).all())
            if self._has_one_rate and not same:
                self._separate_rates()
            elif self._has_one_rate:
                values = values[:1]
        super().write_state(name, indices, values)

    def assign_text(self, name: str, operator: str, text: str, indices: Indices | None, title: str) -> None:
        """Run ``name operator text`` for the neurons."""
        if name == "rates" and self._has_one_rate:
            self._separate_rates()
        super().assign_text(name, operator, text, indices, title)

    def _separate_rates(self) -> None:
        rate = self.store.buffer("rates")[0]
        self.model = replace(self.model, variables={"rates": self._variable(one=False)})
        self.store.add("rates", "real", self._size, rate)

    def declare(self) -> tuple[Neurons, ...]:
        """Neurons with a threshold, and nothing to integrate."""
        codes = (item.code for item in self.contained if isinstance(item, RunRegularly))
        if self._has_one_rate and any(_assigns(code.statements, "rates") for code in codes):
            self._separate_rates()
        return super().declare()

    def _texts(self) -> Iterator[tuple[str, str]]:
        if "rates" in self.store:
            least, most = self.store["rates"].min(), self.store["rates"].max()
            yield "rates", f"{least:g} Hz" if least == most else f"{least:g} to {most:g} Hz"
        yield from super()._texts()


def _assigns(statements: Iterable[ast.Statement], name: str) -> bool:
    for node in statements:
        if isinstance(node, ast.Assign) and node.target.id == name:
            return True
        if isinstance(node, ast.If) and _assigns((*node.body, *node.orelse), name):
            return True
    return False


class PoissonInput(NetworkObject):
    """``N`` independent Poisson inputs of ``rate`` to each neuron: ``target_var += weight`` for every spike of theirs.

    In each step a neuron gets a binomial number of spikes, so ``N`` costs nothing. ``weight`` is a quantity, or an
    expression of the neuron's variables. The input runs with its target from now on.

    Example: ``PoissonInput(G, 'v', N=1000, rate=10*Hz, weight=0.1*mV)``.

    :raises UnknownVariableError: E319. :raises DimensionError: E223, rate or weight have other units.
    :raises ModelError: E562, a negative rate; E563, ``target_var`` is no stored variable of its own for each neuron.
    """

    def __init__(
        self,
        target: NeuronGroup | Subgroup,
        target_var: str,
        N: int,
        rate: Any,
        weight: Any,
        when: str = "synapses",
        order: int = 0,
        name: str | None = None,
    ) -> None:
        super().__init__("poissoninput", name, otherwise=target.clock, when=when, order=order, contained=True)
        self._group, self._start, self._stop = target.extent()
        self._namespace = target.namespace
        self.target_var = target_var
        self.N = check_size(N, self.title)
        self._rate = checked(rate, real(HERTZ), "rate", self.title)
        if self._rate.ndim or self._rate < 0:
            raise errors.ModelError("E562", f"rate must be one rate, and not negative: {rate}.", place=self.title)
        variable = self._target(target)
        self._weight: Any = None if isinstance(weight, str) else weight
        if self._weight is not None and checked(weight, variable.type, "weight", self.title).ndim:
            hint = "declare a parameter in the model, and give its name"
            raise errors.ModelError("E563", "weight must be one value or a string.", place=self.title, hint=hint)
        self.code = self._code(weight)
        getattr(target, "parent", target).contained.append(self)

    def _target(self, target: NeuronGroup | Subgroup) -> Variable:
        if self.target_var not in target.state_variables():
            known = target.model.variables
            hint = question(suggest(str(self.target_var), known)) or f"it has {', '.join(known) or 'none'}"
            message = f"{target.title} has no variable '{self.target_var}'."
            raise UnknownVariableError("E319", message, place=self.title, hint=hint)
        variable = target.model.variables.get(self.target_var)
        if not isinstance(variable, Variable) or variable.shared or variable.linked:
            message = f"'{self.target_var}' of {target.title} is no variable that an input can add to."
            raise errors.ModelError("E563", message, place=self.title)
        return variable

    def _code(self, weight: Any) -> ast.Block:
        """``target_var += weight*binomial(_N, _rate*dt)``, with the user's text for the weight where there is one."""
        from .grammar.parser import parse_expression

        title = f"{self.title}, weight"
        value = name_node("_weight", title)
        factor = parse_expression(text_source(weight, self.title, "weight")) if isinstance(weight, str) else value
        chance = ast.Binary("*", name_node("_rate", title), name_node("dt", title), value.span)
        arguments = (name_node("_N", title), chance)
        count = ast.Call(name_node("binomial", title), arguments, (), value.span)
        amount = ast.Binary("*", factor, count, factor.span)
        assign = ast.Assign(name_node(self.target_var, title), "+=", amount, factor.span)
        return ast.Block((assign,), factor.span.source)

    @property
    def group(self) -> str:
        """Name of the group that gets the input."""
        return self._group

    @property
    def rate(self) -> Any:
        """Rate of each input, a quantity in hertz. Set it between runs."""
        return quantity(self._rate, HERTZ)

    @rate.setter
    def rate(self, value: Any) -> None:
        self._rate = checked(value, real(HERTZ), "rate", self.title)

    def declare(self) -> tuple[Regular, ...]:
        """Code that runs for the target at every step."""
        constants = {"_N": self.N, "_rate": self.rate, "_weight": self._weight}
        resolver = Namespace(self.name, self._namespace, namespaces.caller(), constants)
        group, start, stop = self._group, self._start, self._stop
        return (Regular(self.name, self.title, group, start, stop, self.code, resolver, self.schedule()),)

    def before_run(self, network: Network) -> None:
        """Check that an input has at most one spike in a step.

        :raises RunError: E911.
        """
        if float(self._rate) * self.clock.dt_ > 1:
            message = f"each input spikes more than once in a step: {float(self._rate):g} hertz * {self.clock.dt} > 1."
            raise errors.RunError("E911", message, place=self.title, hint="use more inputs of a lower rate")
