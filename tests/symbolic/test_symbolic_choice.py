"""Which method applies to what, and the sentence where it does not."""

from __future__ import annotations

import pytest
import sympy
from ode_models import cobahh, cuba, symbols

from eqsnn.symbolic.choose import METHODS, choose, integrate
from eqsnn.symbolic.event_driven import solve_between_events
from eqsnn.symbolic.functions import Exp, Floor, Rand, timed
from eqsnn.symbolic.system import NotApplicable, OdeSystem, StateUpdate, T

v, w, x, tau, a, xi, xi_2, v_post = symbols("v w x tau a xi xi_2 v_post")


@pytest.mark.parametrize(
    ("system", "method"),
    [
        (cuba(), "exact"),
        (OdeSystem({}), "exact"),
        (OdeSystem({"x": (timed("I", T) - x) / tau}), "exact"),
        (OdeSystem({"x": (Rand(0) - x) / tau}), "exact"),
        (OdeSystem({"x": (x**2 + x * (1 - x)) / tau}), "exact"),
        (OdeSystem({"x": (sympy.sin(T) - x) / tau}), "euler"),
        (OdeSystem({"x": (timed("I", T + tau) - x) / tau}), "euler"),
        (OdeSystem({"x": (Floor(x) - x) / tau}), "euler"),
        (cobahh(), "euler"),
        (OdeSystem({"x": -x / tau + a * xi}, ("xi",)), "euler"),
        (OdeSystem({"x": -x / tau + a * T * xi}, ("xi",)), "euler"),
        (OdeSystem({"x": -x / tau + x * xi}, ("xi",)), "heun"),
        (OdeSystem({"x": -x / tau + w * xi, "w": -w / tau}, ("xi",)), "heun"),
    ],
)
def test_choice(system: OdeSystem, method: str) -> None:
    assert choose(system) == method


REFUSALS = [
    ("exact", OdeSystem({"w": -w, "v": v * w - v}), "v", "dv/dt is not linear in 'v' and 'w'"),
    ("linear", OdeSystem({"v": Exp(v)}), "v", "dv/dt is not linear in 'v'"),
    ("exact", OdeSystem({"v": sympy.sin(T) - v}), "v", "dv/dt depends on the time 't' itself"),
    ("exact", OdeSystem({"v": xi - v}, ("xi",)), "v", "dv/dt contains the noise 'xi'"),
    ("exponential_euler", OdeSystem({"v": -v, "w": w**2}), "w", "dw/dt is not linear in 'w', the other variables held"),
    ("exponential_euler", OdeSystem({"v": xi - v}, ("xi",)), "v", "dv/dt contains the noise 'xi'"),
    ("rk2", OdeSystem({"v": xi - v}, ("xi",)), "v", "dv/dt contains the noise 'xi'"),
    ("rk4", OdeSystem({"v": xi - v}, ("xi",)), "v", "dv/dt contains the noise 'xi'"),
    ("euler", OdeSystem({"v": a * w * xi, "w": -w}, ("xi",)), "v",
     "the noise 'xi' in dv/dt is multiplicative: its factor depends on 'w'"),
    ("heun", OdeSystem({"v": Exp(xi)}, ("xi",)), "v", "dv/dt is not linear in the noise 'xi'"),
    ("milstein", OdeSystem({"v": xi + v * xi_2}, ("xi", "xi_2")), "v",
     "the noise is not diagonal: dv/dt has both 'xi' and 'xi_2'"),
    ("milstein", OdeSystem({"v": xi, "w": w * xi}, ("xi",)), "w",
     "the noise is not diagonal: 'xi' is in both dv/dt and dw/dt"),
    ("milstein", OdeSystem({"v": w * xi, "w": xi_2}, ("xi", "xi_2")), "v",
     "the noise is not diagonal: the factor of 'xi' in dv/dt depends on 'w', which has noise itself"),
    ("implicit", OdeSystem({"v": -v}), None, f"there is no such method; the methods are {', '.join(METHODS)}"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "system", "variable", "reason"), REFUSALS)
def test_refusal(method: str, system: OdeSystem, variable: str | None, reason: str) -> None:
    with pytest.raises(NotApplicable) as refusal:
        integrate(system, method)
    assert (refusal.value.reason, refusal.value.variable) == (reason, variable)


def test_no_method_for_noise_that_is_not_linear() -> None:
    with pytest.raises(NotApplicable, match="not linear in the noise 'xi'"):
        choose(OdeSystem({"v": xi**2}, ("xi",)))


def test_matrices_that_are_too_large_for_the_targets() -> None:
    def ring(size: int) -> OdeSystem:
        names = [f"x{k}" for k in range(size)]
        return OdeSystem({name: symbols(names[k - 1])[0] / tau for k, name in enumerate(names)})

    assert choose(ring(16)) == "exact"
    assert choose(ring(17)) == "euler"
    with pytest.raises(NotApplicable, match="more than 16 variables and inputs"):
        integrate(ring(17), "exact")


@pytest.mark.parametrize("method", METHODS)
def test_no_variables(method: str) -> None:
    assert integrate(OdeSystem({}), method) == StateUpdate((), ())


@pytest.mark.parametrize(
    ("right", "reason"),
    [
        (-(x**2), "dx/dt is not linear in 'x'"),
        (T - x, "dx/dt is event-driven and cannot depend on time"),
        (timed("I", T) - x, "dx/dt is event-driven and cannot depend on time"),
        (Rand(0) - x, "dx/dt is event-driven and cannot draw random numbers"),
        (v_post - x, "dx/dt is event-driven, but 'v_post' changes between events"),
        (xi - x, "dx/dt contains the noise 'xi'"),
    ],
)
def test_refusal_between_events(right: sympy.Expr, reason: str) -> None:
    with pytest.raises(NotApplicable) as refusal:
        solve_between_events(OdeSystem({"x": right}, ("xi",)))
    assert (refusal.value.reason, refusal.value.variable) == (reason, "x")
