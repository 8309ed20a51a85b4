"""What a name means where it stands: the one place that knows the order of resolution (language.md, section 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ..grammar import ast, errors
from ..grammar.suggest import question, suggest
from .dimensions import SECOND
from .symbols import (
    Builtin,
    Constant,
    Counter,
    GroupModel,
    LocalReference,
    Reference,
    Side,
    Subexpression,
    SubexpressionReference,
    TimedArraySpec,
    UserFunction,
    Variable,
    VariableReference,
)
from .types import BOOLEAN, INTEGER, REAL, ValueType, real
from .unit_names import BASE_UNITS, SHORT_NAMES

External: TypeAlias = Constant | TimedArraySpec | UserFunction
Resolver: TypeAlias = Callable[[str], External | None]

CLOCK = {"t": real(SECOND), "dt": real(SECOND), "t_in_timesteps": INTEGER}
NEURON = {"i": INTEGER, "N": INTEGER, "lastspike": real(SECOND), "not_refractory": BOOLEAN}
SYNAPSE = dict.fromkeys(("i", "j", "N", "N_pre", "N_post", "N_incoming", "N_outgoing"), INTEGER)
NOISE = real(SECOND**-0.5)
_DEGREE: Mapping[Side, str] = {"pre": "N_outgoing", "post": "N_incoming"}  # a side's neurons have one of the two
MATHEMATICAL = {"pi": 3.141592653589793, "e": 2.718281828459045, "inf": float("inf")}


@dataclass(frozen=True, slots=True)
class Units:
    """Unit names of the language: scale to SI base units, and dimensions."""

    table: Mapping[str, Constant]


@dataclass(slots=True)
class Scope:
    """Names seen by one text.

    ``external`` may also have ``explain``, why a name of the script is of no use, and ``names``, those that are.
    ``pre`` and ``post`` are the scopes of the neurons at both sides, for synapses; ``locals`` grows as statements are
    read, ``later`` tells of those without a value here; ``pairs`` tells whether the text runs for pairs, where
    ``connected`` has a meaning; ``noise`` whether ``xi`` has one; ``in_rule`` whether it may look at all synapses;
    ``running`` whether it is part of a run, in which networks of a batch do not wait for each other.
    """

    own: GroupModel
    external: Resolver
    units: Units
    pre: Scope | None = None
    post: Scope | None = None
    pairs: bool = False
    noise: bool = False
    in_rule: bool = False
    running: bool = False
    locals: dict[str, ValueType] = field(default_factory=dict)
    counters: dict[str, Counter] = field(default_factory=dict)
    later: dict[str, str] = field(default_factory=dict)

    def resolve(self, name: ast.Name) -> Reference:
        """Meaning of a name, or NameError with the nearest known names."""
        found = self.find(name.id)
        if found is None:
            raise self.unknown(name)
        return found

    def find(self, name: str) -> Reference | None:
        """Meaning of a name, or None."""
        if name in self.locals:
            return LocalReference(name, self.locals[name])
        found = self._of_group(name)
        if found is not None:
            return found
        if name in self.counters:
            return self.counters[name]
        if self.noise and (name == "xi" or name.startswith("xi_")):
            return Builtin(name, "own", NOISE)
        if name in CLOCK:
            return Builtin(name, "own", CLOCK[name])
        if name in self.units.table:
            return self.units.table[name]
        external = self.external(name)
        if isinstance(external, Constant):
            return external
        if name in MATHEMATICAL:
            return Constant(name, MATHEMATICAL[name], REAL, literal=True)
        return None

    def function(self, name: str) -> TimedArraySpec | UserFunction | None:
        """The TimedArray or user function of this name."""
        found = self.external(name)
        return None if isinstance(found, Constant) else found

    def fresh(self, external: Resolver | None = None, *, pairs: bool = False) -> Scope:
        """The same names without locals, for another text; ``external`` where the text has a namespace of its own."""
        return Scope(self.own, external or self.external, self.units, self.pre, self.post, pairs)

    def of_synapse(self) -> Scope:
        """What every synapse sees from inside an aggregate of a rule: no local of the element that asks."""
        return replace(self, pairs=False, locals={}, later={})

    def at(self, side: Side) -> Scope:
        """The scope in which the subexpressions of a side's group are read."""
        found = {"own": self, "pre": self.pre, "post": self.post}[side]
        assert found is not None
        return found

    def _of_group(self, name: str) -> Reference | None:
        if self.own.kind == "neurons":
            return _member(self.own, name, "own") or (Builtin(name, "own", NEURON[name]) if name in NEURON else None)
        found = _member(self.own, name, "own")
        if found is None and name in SYNAPSE:
            found = Builtin(name, "own", SYNAPSE[name])
        if found is None and self.pairs and name == "connected":
            found = Builtin(name, "own", BOOLEAN)
        return found or self._of_neurons(name)

    def _of_neurons(self, name: str) -> Reference | None:
        sides: tuple[tuple[str, Side, Scope | None], ...] = (
            ("_pre", "pre", self.pre),
            ("_post", "post", self.post),
            ("", "post", self.post),
        )
        for suffix, side, neurons in sides:
            if neurons is None or not name.endswith(suffix):
                continue
            base = name.removesuffix(suffix) if suffix else name
            found = _member(neurons.own, base, side)
            if found is not None:
                return found
            if base in ("lastspike", "not_refractory", _DEGREE[side]) or (suffix and base == "i"):
                return Builtin(base, side, {**NEURON, **SYNAPSE}[base])
        return None

    def names(self) -> Iterable[str]:
        """Names that somebody has given: locals, variables, counters, and what texts can use of the script."""
        yield from self.locals
        yield from self.counters
        yield from self.own.variables
        for suffix, neurons in (("_pre", self.pre), ("_post", self.post)):
            yield from (name + suffix for name in (neurons.own.variables if neurons else ()))
        yield from getattr(self.external, "names", tuple)()

    def suggest(self, name: str) -> str | None:
        """Question after the nearest names; units only where no other name is near."""
        if self.pre is not None and name in self.pre.own.variables:
            return question([f"{name}_pre"])
        known = [*self.names(), *CLOCK, *(NEURON if self.own.kind == "neurons" else SYNAPSE)]
        return question(suggest(name, known) or suggest(name, (*SHORT_NAMES, *BASE_UNITS)))

    def unknown(self, name: ast.Name) -> errors.NameError:
        """E301, with the reason where there is one, else with the nearest names."""
        reason = None if name.id in self.later else self._reason(name.id)
        if reason is not None:
            return errors.NameError("E301", reason[0], name.span, reason[1])
        hint = (
            self.later.get(name.id)
            or self.suggest(name.id)
            or (f"declare it in the model, for example '{name.id} : 1', or define {name.id} in the script before run()")
        )
        return errors.NameError("E301", f"'{name.id}' is not known here.", name.span, hint)

    def _reason(self, name: str) -> tuple[str, str | None] | None:
        base, _, side = name.rpartition("_")
        if name == "xi" or name.startswith("xi_"):
            return f"'{name}' is noise: only a differential equation can have it.", "put it into 'd.../dt = ...'"
        if self.in_rule and name == "unconnected":
            hint = "in a condition, write 'not connected'"
            return "'unconnected' is an option, as in 'sample(10, unconnected)'.", hint
        if self.own.kind == "synapses" and name == "connected":
            return "'connected' asks whether a pair has a synapse.", "use it under 'for each pair in ...:'"
        if self.own.kind == "synapses" and side in ("pre", "post") and base in self.own.variables:
            return f"'{name}' would be of a neuron, but '{base}' belongs to the synapse itself.", f"write '{base}'"
        if self.own.kind == "neurons" and side in ("pre", "post") and self.find(base) is not None:
            return f"'{name}' has a meaning for Synapses only.", f"write '{base}'"
        explain = getattr(self.external, "explain", None)
        found: tuple[str, str | None] | None = explain(name) if explain is not None else None
        return found


def _member(group: GroupModel, name: str, side: Side) -> Reference | None:
    found = group.variables.get(name)
    if isinstance(found, Variable):
        return VariableReference(found, side)
    if isinstance(found, Subexpression):
        return SubexpressionReference(found, side)
    return None


def canonical(reference: Reference) -> str:
    """The one name a reference has in symbolic expressions: ``v``, ``v_pre``, ``v_post``, ``t``, ..."""
    match reference:
        case VariableReference(variable, side):
            return variable.name if side == "own" else f"{variable.name}_{side}"
        case SubexpressionReference(subexpression, side):
            return subexpression.name if side == "own" else f"{subexpression.name}_{side}"
        case Builtin(name, side, _):
            return name if side == "own" else f"{name}_{side}"
        case _:
            return reference.name
