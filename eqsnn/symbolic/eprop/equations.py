"""What was derived, for people to read: as text and as LaTeX."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from ..functions import NAMES, Absolute, AsInteger, Exp, Where
from ..opaque import LanguageFunction
from ..system import real_symbol
from .derive import Derivation
from .forward import through_step, trace
from .neurons import ACTIVE, Linearised, before, met, now

_FIRED = sympy.Symbol("_fired")
_SPIKE = real_symbol("z_i")


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
        printer = _Text({"abbrev": False})
        lines = []
        for title, equations in self.groups.items():
            lines.append(title)
            width = max(len(e.left) for e in equations)
            lines += [f"  {e.left:{width}} = {printer.doprint(e.right)}    # {e.meaning}" for e in equations]
        return "\n".join([*lines, *self.notes])

    def latex(self) -> str:
        """An ``align*`` environment."""
        printer = _Latex({"mul_symbol": "dot"})
        rows = [f"{e.latex_left} &= {printer.doprint(e.right)}" for group in self.groups.values() for e in group]
        return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"

    def _repr_latex_(self) -> str:
        return self.latex()

    def __repr__(self) -> str:
        return str(self)


def equations_of(derivation: Derivation) -> Equations:
    """The equations of a derivation."""
    groups = {
        group.title: tuple(_of_group(group, derivation.through.get(name, ()), _driving(derivation, name)))
        for name, group in derivation.groups.items()
    }
    way = "backward in time for each neuron, then delivered to synapses by the spikes (adjoint)"
    if not derivation.static:
        way = f"forward, by traces of each synapse: what spikes of {derivation.moving()} add changes in a trial"
    return Equations(groups, ("M is the learning signal of a neuron. Gradients are worked out " + way + ".",))


def _driving(derivation: Derivation, group: str) -> dict[str, sympy.Expr]:
    """What a spike adds to each trace, of all projections onto a group (of one where they differ)."""
    found: dict[str, sympy.Expr] = {}
    for drive in derivation.drives:
        if drive.post == group:
            for name, slope in drive.slopes.items():
                found.setdefault(name, slope)
    return found


def _of_group(group: Linearised, through: tuple[str, ...], driving: Mapping[str, sympy.Expr]) -> Iterable[Equation]:
    readable = _readable(group)
    for name, slope in group.slope.items():
        value = _plain(slope, group, readable)
        yield Equation(f"psi_{name}", rf"\psi_{{{name}}}", value, f"dz/d{name}, 0 if refractory")
    entries = through_step(group, through)
    for row in group.names:
        value = sympy.Add(
            *(entries[key] * trace(c) for c in group.names if (key := f"_J_{row}_{c}") in entries),
            entries.get(f"_q_{row}", sympy.S.Zero) * real_symbol("e"),
        )
        value = _plain(value, group, readable) + driving.get(row, sympy.S.Zero) * _SPIKE
        left = f"eps_{row}(t+1)"
        yield Equation(left, rf"\varepsilon_{{{row}}}(t+1)", value, f"eligibility vector, component of {row}")
    if group.spikes:
        eligibility = sympy.Add(*(real_symbol(f"psi_{n}") * real_symbol(f"eps_{n}") for n in group.slope))
        yield Equation("e", "e", eligibility, "eligibility trace")
        yield Equation("gradient", r"\frac{dE}{dw}", real_symbol("sum_t M*e"), "summed over the trial")
    else:
        yield Equation("gradient", r"\frac{dE}{dw}", real_symbol("sum_t dE/dy*eps_y"), "summed over the trial")


def _readable(group: Linearised) -> dict[sympy.Basic, sympy.Basic]:
    names: dict[sympy.Basic, sympy.Basic] = {ACTIVE: sympy.Symbol("not_refractory"), _FIRED: sympy.Symbol("spiked")}
    for name in group.names:
        names |= dict.fromkeys((before(name), now(name), met(name)), real_symbol(name))
        names[trace(name)] = real_symbol(f"eps_{name}")
    return names


def _plain(x: sympy.Expr, group: Linearised, names: Mapping[sympy.Basic, sympy.Basic]) -> sympy.Expr:
    """An expression without temporaries."""
    for define in reversed(group.defines):
        x = x.xreplace({define.symbol: define.value})
    return x.xreplace(names)


def _name(expr: Any) -> str:
    return NAMES.get(type(expr), type(expr).__name__)


class _Text(StrPrinter):  # type: ignore[misc]
    """The language's own notation."""

    def _print_Function(self, expr: Any) -> str:
        return f"{_name(expr)}({', '.join(map(self._print, expr.args))})"

    def _print_Relational(self, expr: Any) -> str:
        return f"{self._print(expr.lhs)} {expr.rel_op} {self._print(expr.rhs)}"

    def _print_Float(self, expr: Any) -> str:
        return f"{float(expr):.6g}"


class _Latex(LatexPrinter):  # type: ignore[misc]
    """Mathematics, as far as the language has a sign for it."""

    def _print_Function(self, expr: Any, exp: Any = None) -> str:
        arguments = [self._print(a) for a in expr.args]
        match expr:
            case Exp():
                text = rf"e^{{{arguments[0]}}}"
            case Absolute():
                text = rf"\left|{arguments[0]}\right|"
            case Where():
                condition, then, orelse = arguments
                text = rf"\begin{{cases}} {then} & {condition} \\ {orelse} & \text{{else}} \end{{cases}}"
            case AsInteger():
                text = rf"\left[{arguments[0]}\right]"
            case LanguageFunction():
                text = rf"\operatorname{{{_name(expr)}}}\left({', '.join(arguments)}\right)"
            case _:
                return str(super()._print_Function(expr, exp))
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _print_Float(self, expr: Any) -> str:
        return f"{float(expr):.6g}"
