"""What groups of neurons and synapses have in common: a model, names around it, state, and regular operations."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import namespaces
from .attributes import StateAccess
from .base import NetworkObject, text_source
from .clocks import Clock
from .grammar import ast, errors
from .grammar.suggest import suggest
from .language_units import units
from .model import equations
from .model.symbols import GroupModel, Variable
from .namespaces import Namespace, check_namespace
from .regular import RunRegularly
from .state import Array, Indices, Member

METHODS = ("exact", "exponential_euler", "euler", "rk2", "rk4", "heun", "milstein")


class Group(NetworkObject, StateAccess):
    """Base of `NeuronGroup` and `Synapses`.

    A subclass sets ``model`` (by `read_model`), provides what a `StateOwner` needs, and calls `close_attributes` last.
    """

    model: GroupModel
    state_variables: Callable[[], Mapping[str, Member]]

    def __init__(
        self,
        kind: str,
        name: str | None,
        *,
        namespace: Mapping[str, Any] | None = None,
        dt: Any = None,
        clock: Clock | None = None,
        otherwise: Clock | None = None,
        when: str = "groups",
        order: int = 0,
    ) -> None:
        super().__init__(kind, name, dt=dt, clock=clock, otherwise=otherwise, when=when, order=order)
        self.namespace = check_namespace(namespace, self.title)
        self._equations: ast.Equations | None = None

    # ---- texts ----

    def read_model(
        self, text: object, kind: str, internal: tuple[Variable, ...] = (), events: tuple[str, ...] = ()
    ) -> GroupModel:
        """Parse the equations given as ``model=`` and read names, units and flags from them.

        :raises EqsnnError: under the part of the text that is wrong.
        """
        from .grammar.parser import parse_equations

        source = text_source("" if text is None else text, self.title, "model")
        self._equations = parse_equations(source)
        return equations.declare(
            self._equations, self.name, self.title, kind, units(), internal=internal, events=events
        )

    def read_code(self, text: object, part: str) -> ast.Block:
        """Parse event code, such as ``reset``."""
        from .grammar.parser import parse_statements

        return parse_statements(text_source(text, self.title, part))

    def read_expression(self, text: object, part: str) -> ast.Expression:
        """Parse one expression, such as ``threshold``."""
        from .grammar.parser import parse_expression

        return parse_expression(text_source(text, self.title, part))

    def check_method(self, method: str | None) -> str | None:
        """Return the name of an integration method; None: chosen later.

        :raises NameError: E320, there is no such method.
        """
        if method is None or method in METHODS:
            return method
        near = suggest(str(method), METHODS)
        hint = f"did you mean '{near[0]}'?" if near else f"methods are {', '.join(METHODS)}"
        raise errors.NameError("E320", f"there is no method {method!r}.", place=self.title, hint=hint)

    def resolver(self) -> Namespace:
        """What names around the model mean to the caller of now (see `namespaces.caller`)."""
        return Namespace(self.name, self.namespace, namespaces.caller(), self.internal_constants())

    def internal_constants(self) -> dict[str, Any]:
        """Values that texts of eqsnn's own use by a name that starts with ``_``."""
        return {}

    # ---- operations ----

    def run_regularly(
        self,
        code: str,
        dt: Any = None,
        clock: Clock | None = None,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
    ) -> RunRegularly:
        """Run ``code`` for all elements at every step of the group's clock, or of one with this ``dt``.

        Example: ``G.run_regularly('v += 0.5*mV*randn()', dt=10*ms)``.

        :raises SyntaxError: ``code`` does not follow the grammar.
        """
        operation = RunRegularly(self, code, name, dt=dt, clock=clock, when=when, order=order)
        self.contained.append(operation)
        return operation

    def extent(self) -> tuple[str, int, int]:
        """The group that holds the elements, the first of them, and the one after the last."""
        return self.name, 0, len(self)

    def __len__(self) -> int:
        raise NotImplementedError

    # ---- state ----

    def evaluate_text(self, text: str, indices: Indices | None, title: str) -> Array:
        """Values of an expression, in SI base units; indices count from this object's first element."""
        from .execute import evaluate

        return evaluate(self, text, indices, title)

    def assign_text(self, name: str, operator: str, text: str, indices: Indices | None, title: str) -> None:
        """Run ``name operator text`` for the elements, such as ``v = Vr + rand()*mV``."""
        from .execute import assign

        assign(self, name, operator, text, indices, title)

    def get_states(self, names: Iterable[str] | None = None) -> dict[str, Any]:
        """Copies of variables by name, as quantities or plain arrays; by default of all that `set_states` can set."""
        if names is None:
            known = self.state_variables().items()
            names = [n for n, v in known if isinstance(v, Variable) and not (v.read_only or v.linked)]
        return {name: getattr(self, name)[:] for name in names}

    def set_states(self, values: Mapping[str, Any]) -> None:
        """Set variables by name, as `get_states` gave them."""
        for name, value in values.items():
            setattr(self, name, value)

    # ---- what it was compiled to ----

    def source(self, target: str = "cpp") -> str:
        """The C++, or CUDA, of this object and of its rules and operations, as of the last network that it ran in.

        Before the first run on ``target`` it is generated for the object alone, and not compiled, nor is a GPU needed.

        :raises EqsnnError: whatever is wrong with the texts; NameError E314, there is no such target; UnsupportedError
            E004, what ``'cuda'`` cannot do yet.
        """
        from .inside import source

        return source(self, target)

    # ---- time ----

    @property
    def t(self) -> Any:
        """Time at the start of the group's present step, a quantity in seconds."""
        return self.clock.t

    @property
    def dt(self) -> Any:
        """Length of the group's steps, a quantity in seconds."""
        return self.clock.dt


def paragraphs(texts: Iterable[tuple[str, str]]) -> str:
    """Texts of a group under their names, indented, each on lines of its own."""
    lines: list[str] = []
    for word, text in texts:
        lines += ["", f"  {word}:"] if not lines else [f"  {word}:"]
        lines += [f"    {line.strip()}" for line in text.splitlines() if line.strip()]
    return "\n".join(lines)


def check_size(n: Any, place: str) -> int:
    """Return a number of neurons.

    :raises ModelError: E558, it is no integer of at least 1.
    """
    try:
        size = operator.index(n)
    except TypeError:
        size = int(n) if isinstance(n, float) and n.is_integer() else 0
    if isinstance(n, bool) or not 1 <= size < 1 << 31:
        message = f"N must be a whole number of at least 1, not {n!r}."
        hint = "the number of neurons comes first: NeuronGroup(10, model)" if isinstance(n, str) else None
        raise errors.ModelError("E558", message, place=place, hint=hint)
    return size
