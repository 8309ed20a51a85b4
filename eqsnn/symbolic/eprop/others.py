"""What else changes the state of a trained group: it may add to it, and no more.

A step is differentiated as its equations, its threshold, its reset, and sums that synapses add. Whatever else changes a
state variable in a trial may do so by as much as does not depend on the state itself: then no derivative has a part in
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sympy

from ...grammar.errors import ModelError
from ...model.symbols import Named, VariableReference
from ..blocks import Add, Branch, Set, Symbolic
from ..model import Deliver, Item, React, Refresh, Regulate, SumUp, SymbolicNetwork
from ..system import real_symbol
from .resets import values_after


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """The state ``names`` of a ``group`` is changed by nothing but what e-prop can follow."""

    group: str
    title: str
    names: frozenset[str]

    def require(self, symbolic: SymbolicNetwork) -> None:
        """Look at everything that runs in a trial.

        :raises ModelError: E584.
        """
        for item in symbolic.items:
            match item.task:
                case Deliver(projection, _, _, _, body):
                    self._added(body, item, f"Synapses '{projection}'")
                case React(group, event, body) if group == self.group and event != "spike":
                    self._moved(body, f"the code of '{event}'")
                case Regulate(group, _, _, body) if group == self.group:
                    self._moved(body, f"'{item.owner}'")
                case SumUp(_, side, target, value) if target.owner == self.group:
                    self._worked_out({target.name: value}, item, side)
                case Refresh(group, values) if group == self.group:
                    self._worked_out({variable.name: value for variable, value in values}, item, "own")
                case _:
                    pass

    def _added(self, body: Iterable[Symbolic], item: Item, what: str) -> None:
        for node in body:
            match node:
                case Set(VariableReference() as reference, _) if self._is_state(reference) and reference.side != "own":
                    raise self._disturbed(reference.variable.name, what)
                case Add(VariableReference() as reference, value) if self._is_state(reference):
                    if self._mentions(value, item.names.references, reference.side):
                        raise self._disturbed(reference.variable.name, what)
                case Branch(_, then, orelse):
                    self._added((*then, *orelse), item, what)
                case _:
                    pass

    def _moved(self, body: Iterable[Symbolic], what: str) -> None:
        symbols = {real_symbol(name) for name in self.names}
        for name, value in values_after(body, f"{self.title}, {what}").items():
            if name in self.names and (value - real_symbol(name)).free_symbols & symbols:
                raise self._disturbed(name, what)

    def _worked_out(self, values: Mapping[str, sympy.Expr], item: Item, side: str) -> None:
        """Sums over synapses, and what is constant over dt: a step takes them as they are, and knows no derivative."""
        for name, value in values.items():
            if self._mentions(value, item.names.references, side):
                message = f"'{name}' is worked out beside the equations, and depends on the neuron's own state."
                hint = "write what depends on the neuron's state into its equations"
                raise ModelError("E584", message, place=self.title, hint=hint)

    def _is_state(self, reference: VariableReference) -> bool:
        return reference.variable.owner == self.group and reference.variable.name in self.names

    def _mentions(self, value: sympy.Expr, references: Mapping[str, Named], side: str) -> bool:
        """Whether a value depends on the state of the neuron that it is added to."""
        found = (references.get(symbol.name) for symbol in value.free_symbols)
        return any(isinstance(r, VariableReference) and r.side == side and self._is_state(r) for r in found)

    def _disturbed(self, name: str, what: str) -> ModelError:
        message = f"{what} changes '{name}' by as much as depends on the neuron's state; e-prop can follow sums alone."
        hint = f"add to a variable of its own, 'g_post += w', and let the equation of '{name}' do the rest"
        return ModelError("E584", message, place=self.title, hint=hint)
