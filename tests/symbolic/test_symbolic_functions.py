"""Values and derivatives of the functions of the language."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy
from evaluate import evaluate
from ode_models import symbols

from eqsnn.symbolic import functions as f
from eqsnn.symbolic.derivatives import jacobian, partial, total
from eqsnn.symbolic.system import NOT_REFRACTORY, Define

x, y, z = symbols("x y z")
HERE = {"x": 0.37, "y": 0.81, "z": -0.6, "not_refractory": True}
SMOOTH = [
    f.Exp(x * y), sympy.log(x + 1), sympy.sqrt(x), sympy.sin(x), sympy.cos(x), sympy.tan(x), sympy.asin(x),
    sympy.acos(x), sympy.atan(x), sympy.sinh(x), sympy.cosh(x), sympy.tanh(x), f.Log10(x), f.Expm1(x), f.Log1p(x),
    f.Exprel(x), f.Exprel(x * 1e-4), f.Absolute(x - y), f.Absolute(sympy.log(x)), f.Clip(2 * x, y, 1),
    f.Clip(2 * x, 0, y), f.Minimum(x, x**2 + y), f.Maximum(x, x**2), f.Where(x > z, x**2, y),
    f.Where(sympy.And(x > y, NOT_REFRACTORY), x**2, x * y), f.Modulo(3 * x, y), f.Modulo(y, x), f.Floor(3 * x) * x,
    f.Sign(x) * x, f.AsInteger(x > 0) * x, f.Ceil(x), f.FloorDivide(y, x), x**3, f.Timestep(x, y) * x,
]  # fmt: skip


@pytest.mark.parametrize("expression", SMOOTH, ids=str)
def test_derivative_is_the_slope(expression: sympy.Expr) -> None:
    h = 1e-6
    slope = (evaluate(expression, HERE | {"x": 0.37 + h}) - evaluate(expression, HERE | {"x": 0.37 - h})) / (2 * h)
    assert evaluate(partial(expression, x), HERE) == pytest.approx(slope, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("at", [-800.0, -1.0, -1e-3, -9e-4, -1e-9, 0.0, 1e-9, 9e-4, 1.1e-3, 1.0])
def test_derivative_of_exprel_is_finite_and_accurate(at: float) -> None:
    with mpmath.workdps(60):
        z = mpmath.mpf(at)
        expected = (mpmath.exp(z) * (z - 1) + 1) / z**2 if at else mpmath.mpf(0.5)
    with np.errstate(invalid="ignore", divide="ignore"):
        assert evaluate(partial(f.Exprel(x), x), {"x": at}) == pytest.approx(float(expected), rel=1e-12)


def test_constants_fold_only_where_exact() -> None:
    assert f.Exprel(sympy.Integer(0)) == 1
    assert f.Clip(sympy.Integer(3), sympy.Integer(0), sympy.Integer(2)) == 2
    assert f.Where(sympy.true, x, y) == x
    assert f.Where(x > 0, y, y) == y
    assert f.AsInteger(sympy.false) == 0
    assert f.Floor(sympy.Float(2.5)) == 2
    assert f.Minimum(x, x) == x
    assert f.Log10(sympy.Integer(10)).func is f.Log10


def test_numbers_stay_in_the_exponent() -> None:
    """SymPy's exp would make exp(1000.) of this, which no double holds."""
    expression = f.Exp((x + sympy.Float(50.0)) / sympy.Float(0.05))
    assert evaluate(expression, {"x": -50.0}) == pytest.approx(1.0)
    assert 1 / f.Exp(x) == f.Exp(-x)


def test_random_calls_are_told_apart() -> None:
    assert f.Rand(0) != f.Rand(1)
    assert f.Rand(0) - f.Rand(0) == 0
    assert partial(f.Poisson(0, x) * x, x) == f.Poisson(0, x)


def test_tables_are_constant() -> None:
    lookup = f.timed("I", x, y)
    assert lookup.array_name == "I"
    assert lookup.free_symbols == {x, y}
    assert partial(lookup * x, x) == lookup
    assert evaluate(lookup, HERE, {"I": lambda t, i: t + 10 * i}) == pytest.approx(0.37 + 8.1)


def test_every_function_has_a_name_and_back() -> None:
    for name, build in f.FUNCTIONS.items():
        if name != "sqrt":
            assert f.NAMES[build] == name  # type: ignore[index]
    for name, build in f.RANDOM.items():
        assert f.NAMES[build] == name


def test_derivatives_of_several_and_through_temporaries() -> None:
    table = jacobian({"a": x * y, "b": sympy.sin(y)}, [x, y])
    assert table == {"a": {"x": y, "y": x}, "b": {"y": sympy.cos(y)}}
    inner, outer = symbols("_inner _outer")
    defines = [Define(inner, x**2), Define(outer, f.Exp(inner) + y)]
    value = evaluate(total(outer * x, defines, x), HERE | {"_inner": 0.37**2, "_outer": np.exp(0.37**2) + 0.81})
    assert value == pytest.approx(np.exp(0.37**2) * (1 + 2 * 0.37**2) + 0.81)
