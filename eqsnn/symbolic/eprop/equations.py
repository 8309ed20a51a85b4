"""What was derived, for people to read: as text and as LaTeX."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sympy

from ..system import real_symbol
from .derive import Derivation
from .forward import through_step, trace
from .neurons import ACTIVE, Linearised, before, met, now
from .notation import Latex, OverTrial, Text, component, error_by

_FIRED = sympy.Symbol("_fired")
_E, _M = real_symbol("e"), real_symbol("M")


@dataclass(frozen=True, slots=True)
class Equation:
    """``left = right``, with a few words on what it is; ``left`` as text and in LaTeX."""

    left: str
    latex_left: str
    right: sympy.Expr
    meaning: str


@dataclass(frozen=True, slots=True)
class Equations:
    """The derived equations of every group: ``print(equations)`` as text, ``equations.latex()`` for a paper.

    ``groups`` maps the title of each group to its equations: the eligibility vector ε of a synapse onto it (one
    component a state variable), and the eligibility trace e of those that spike.
    """

    groups: Mapping[str, tuple[Equation, ...]]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        printer = Text({"abbrev": False})
        lines = []
        for title, equations in self.groups.items():
            lines.append(title)
            width = max(len(e.left) for e in equations)
            lines += [f"  {e.left:{width}} = {printer.doprint(e.right)}    # {e.meaning}" for e in equations]
        return "\n".join([*lines, *self.notes])

    def latex(self) -> str:
        """An ``align*`` environment."""
        printer = Latex({"mul_symbol": r" \, "})
        rows = [f"{e.latex_left} &= {printer.doprint(e.right)}" for group in self.groups.values() for e in group]
        return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"

    def _repr_latex_(self) -> str:
        return self.latex()

    def __repr__(self) -> str:
        return str(self)


def equations_of(derivation: Derivation) -> Equations:
    """The equations of a derivation."""
    groups = {group.title: tuple(_of_group(group, derivation)) for group in derivation.groups.values()}
    way = "backward in time for each neuron, then delivered to synapses by the spikes (adjoint)"
    if not derivation.static:
        way = f"forward, by traces of each synapse: what spikes of {derivation.moving()} add changes in a trial"
    return Equations(groups, ("M is the learning signal of a neuron. Gradients are worked out " + way + ".",))


def _driving(derivation: Derivation, group: str, name: str) -> sympy.Expr:
    """What a spike adds to a trace: z_i, or a z of each projection where they differ."""
    slopes = {d.projection: d.slopes[name] for d in derivation.drives if d.post == group and name in d.slopes}
    if len(set(slopes.values())) == 1:
        return next(iter(slopes.values())) * real_symbol("z_i")
    return sympy.Add(*(slope * real_symbol(f"z_{projection}") for projection, slope in slopes.items()))


def _of_group(group: Linearised, derivation: Derivation) -> Iterable[Equation]:
    readable = _readable(group)
    for name, slope in group.slope.items():
        psi = real_symbol(f"psi_{name}")
        yield _equation(psi, _plain(slope, group, readable), f"dz/d{name}, 0 if refractory")
    entries = through_step(group, derivation.through.get(group.group, ()))
    for row in group.names:
        value = sympy.Add(
            *(entries[key] * trace(c) for c in group.names if (key := f"_J_{row}_{c}") in entries),
            entries.get(f"_q_{row}", sympy.S.Zero) * _E,
        )
        value = _plain(value, group, readable) + _driving(derivation, group.group, row)
        yield _equation(component(row), value, f"eligibility vector, component of {row}", "(t+1)")
    if group.spikes:
        eligibility = sympy.Add(*(real_symbol(f"psi_{n}") * component(n) for n in group.slope))
        yield _equation(_E, eligibility, "eligibility trace")
        total = _M * _E
    else:
        total = sympy.Add(*(error_by(name) * component(name) for name in derivation.output))
    yield Equation("dE/dw", r"\frac{dE}{dw}", OverTrial(total), "the gradient, summed over the trial")


def _equation(left: sympy.Symbol, right: sympy.Expr, meaning: str, when: str = "") -> Equation:
    return Equation(left.name + when, Latex().doprint(left) + when, right, meaning)


def _readable(group: Linearised) -> dict[sympy.Basic, sympy.Basic]:
    names: dict[sympy.Basic, sympy.Basic] = {ACTIVE: sympy.Symbol("not_refractory"), _FIRED: sympy.Symbol("spiked")}
    for name in group.names:
        names |= dict.fromkeys((before(name), now(name), met(name)), real_symbol(name))
        names[trace(name)] = component(name)
    return names


def _plain(x: sympy.Expr, group: Linearised, names: Mapping[sympy.Basic, sympy.Basic]) -> sympy.Expr:
    """An expression without temporaries."""
    for define in reversed(group.defines):
        x = x.xreplace({define.symbol: define.value})
    return x.xreplace(names)
