"""How derived equations are written: in the language's own notation, and in LaTeX."""

from __future__ import annotations

from typing import Any

import sympy
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from ..functions import NAMES, Absolute, AsInteger, Exp, Maximum, Minimum, Where
from ..opaque import LanguageFunction
from ..system import real_symbol

_SMALL = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi"
_LARGE = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
_GREEK = frozenset(f"{_SMALL} omega {_LARGE}".split())
_SIGNS = {"dt": r"\Delta t", "eps": r"\varepsilon"}


class OverTrial(sympy.Function):  # type: ignore[misc]
    """The sum of an expression over the steps of a trial."""

    nargs = 1


def component(name: str) -> sympy.Symbol:
    """Component of the eligibility vector, as it is written."""
    return real_symbol(f"eps_{name}")


def error_by(name: str) -> sympy.Symbol:
    """The derivative of the loss by an output variable, as it is written."""
    return real_symbol(f"dE/d{name}")


def _name(expr: Any) -> str:
    return NAMES.get(type(expr), type(expr).__name__)


class Text(StrPrinter):  # type: ignore[misc]
    """The language's own notation."""

    def _print_OverTrial(self, expr: Any) -> str:
        return f"sum_t({self._print(expr.args[0])})"

    def _print_Function(self, expr: Any) -> str:
        return f"{_name(expr)}({', '.join(map(self._print, expr.args))})"

    def _print_Relational(self, expr: Any) -> str:
        return f"{self._print(expr.lhs)} {expr.rel_op} {self._print(expr.rhs)}"

    def _print_Float(self, expr: Any) -> str:
        return f"{float(expr):.6g}"


class Latex(LatexPrinter):  # type: ignore[misc]
    """Mathematics, as far as the language has a sign for it."""

    def _print_Symbol(self, expr: Any, style: str = "plain") -> str:
        if expr.name.startswith("dE/d"):
            return rf"\frac{{\partial E}}{{\partial {self._word(expr.name[4:])}}}"
        base, *rest = expr.name.strip("_").split("_")
        if not rest or not base:
            return self._word(expr.name.strip("_"))
        return f"{self._word(base)}_{{{', '.join(map(self._word, filter(None, rest)))}}}"

    def _word(self, word: str) -> str:
        """A letter, a Greek one, or a word upright."""
        if word in _SIGNS:
            return _SIGNS[word]
        if word in _GREEK:
            return f"\\{word}"
        if "_" in word:
            return str(self._print_Symbol(real_symbol(word)))
        return word if len(word) == 1 or word.isdigit() else rf"\mathrm{{{word}}}"

    def _print_OverTrial(self, expr: Any) -> str:
        inner = self._print(expr.args[0])
        return rf"\sum_t \left({inner}\right)" if expr.args[0].is_Add else rf"\sum_t {inner}"

    def _print_Function(self, expr: Any, exp: Any = None) -> str:
        arguments = [self._print(a) for a in expr.args]
        inner = rf"\left({', '.join(arguments)}\right)"
        match expr:
            case Exp():
                text = rf"e^{{{arguments[0]}}}"
            case Absolute():
                text = rf"\left|{arguments[0]}\right|"
            case Maximum():
                text = r"\max" + inner
            case Minimum():
                text = r"\min" + inner
            case Where():
                condition, then, orelse = arguments
                text = rf"\begin{{cases}} {then} & {condition} \\ {orelse} & \text{{else}} \end{{cases}}"
            case AsInteger():
                text = rf"\left[{arguments[0]}\right]"
            case LanguageFunction():
                text = rf"\operatorname{{{_name(expr)}}}" + inner
            case _:
                return str(super()._print_Function(expr, exp))
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    def _print_Float(self, expr: Any) -> str:
        return f"{float(expr):.6g}"
