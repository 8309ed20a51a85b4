"""Right sides as drift and noise: rhs = f(x, t) + Σ_k g_k(x, t) ξ_k.

The white noise ξ_k integrates to dW_k = √dt N_k over a step, N_k a draw from N(0, 1), one for all variables that name
the same noise. Equations are read in the sense of Stratonovich, as in Brian2; where no g depends on a variable the
senses agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy

from .linear import NotLinear, split_linear
from .system import DT, NotApplicable, OdeSystem, real_symbol


@dataclass(frozen=True, slots=True)
class Stochastic:
    """Drift and noise of each variable.

    ``diffusion[x]`` maps a noise to its factor, without the noises that do not enter; ``noise`` are those in use.
    """

    drift: Mapping[str, sympy.Expr]
    diffusion: Mapping[str, Mapping[str, sympy.Expr]]
    noise: tuple[str, ...]

    def draws(self) -> tuple[tuple[str, sympy.Symbol], ...]:
        """Each noise in use and the symbol of its draw."""
        return tuple((source, draw(source)) for source in self.noise)


def draw(noise: str) -> sympy.Symbol:
    """The symbol of the N(0, 1) draw of one noise in this step."""
    return real_symbol(f"_{noise}")


def increment(factors: Mapping[str, sympy.Expr]) -> sympy.Expr:
    """Σ_k g_k dW_k."""
    return sympy.Add(*(factor * sympy.sqrt(DT) * draw(source) for source, factor in factors.items()))


def split_noise(system: OdeSystem) -> Stochastic:
    """Separate drift from noise; `NotApplicable` where a noise enters other than as a factor of a term."""
    symbols = [real_symbol(name) for name in system.noise]
    drift, diffusion = {}, {}
    for name, right_side in system.derivatives.items():
        found = split_linear(right_side, symbols)
        if isinstance(found, NotLinear):
            raise NotApplicable(f"d{name}/dt is not linear in the noise '{found.culprits[0]}'", name)
        drift[name] = found.rest
        factors = {source: found.coefficient(symbol) for source, symbol in zip(system.noise, symbols, strict=True)}
        diffusion[name] = {source: g for source, g in factors.items() if g != 0}
    used = tuple(source for source in system.noise if any(source in factors for factors in diffusion.values()))
    return Stochastic(drift, diffusion, used)


def require_no_noise(system: OdeSystem) -> None:
    """`NotApplicable` where any equation contains a noise."""
    for name, right_side in system.derivatives.items():
        for source in system.noise:
            if real_symbol(source) in right_side.free_symbols:
                raise NotApplicable(f"d{name}/dt contains the noise '{source}'", name)


def require_additive(system: OdeSystem, stochastic: Stochastic) -> None:
    """`NotApplicable` where the factor of a noise depends on a variable. It may depend on time."""
    variables = frozenset(system.variables)
    for name, factors in stochastic.diffusion.items():
        for source, factor in factors.items():
            culprits = sorted(symbol.name for symbol in factor.free_symbols & variables)
            if culprits:
                raise NotApplicable(
                    f"the noise '{source}' in d{name}/dt is multiplicative: its factor depends on '{culprits[0]}'", name
                )
