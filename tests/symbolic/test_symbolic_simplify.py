"""Simplification keeps the values, is the same under every hash seed, and is quick (times are printed: pytest -s)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy
from evaluate import advance
from ode_models import COBAHH_START, COBAHH_VALUES, CUBA_VALUES, cobahh, cuba, symbols

from eqsnn.symbolic.choose import METHODS, integrate
from eqsnn.symbolic.constants import constant_temporaries
from eqsnn.symbolic.functions import Exp, Exprel, Where
from eqsnn.symbolic.simplify import drop_unused, inline_trivial, simplify
from eqsnn.symbolic.system import DT, Define, StateUpdate

x, y, z, a, b = symbols("x y z a b")


@pytest.mark.parametrize("method", ["exponential_euler", "euler", "rk2", "rk4", "heun", "milstein"])
def test_values_are_kept_on_hodgkin_huxley(method: str) -> None:
    system = cobahh()
    update = integrate(system, method)
    values = COBAHH_VALUES | {"t": 0.0, "dt": 1e-5}
    plain, short = (advance(u, COBAHH_START, values) for u in (update, simplify(update, system.constant)))
    for name in plain:
        np.testing.assert_allclose(short[name], plain[name], rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_values_are_kept_on_cuba(method: str) -> None:
    system = cuba()
    update = integrate(system, method)
    values = CUBA_VALUES | {"t": 0.0, "dt": 1e-4, "not_refractory": True}
    start = {"v": -55e-3, "ge": 4e-3, "gi": -9e-3}
    plain, short = (advance(u, start, values) for u in (update, simplify(update, system.constant)))
    for name in plain:
        np.testing.assert_allclose(short[name], plain[name], rtol=1e-12)


def exponentials(update: StateUpdate, constant: frozenset[str]) -> int:
    fixed = constant_temporaries(update, constant)
    values = [d.value for d in update.defines if d.symbol.name not in fixed] + [value for _, value in update.updates]
    return sum(len([n for n in sympy.preorder_traversal(v) if isinstance(n, Exp | Exprel)]) for v in values)


def test_hodgkin_huxley_takes_one_exponential_a_rate_and_a_variable() -> None:
    system = cobahh()
    update = simplify(integrate(system, "exponential_euler"), system.constant)
    assert exponentials(update, system.constant) == 6 + 4
    powers = [n for d in update.defines for n in sympy.preorder_traversal(d.value) if n.is_Pow and n.exp.is_Integer]
    assert {int(p.exp) for p in powers} >= {3, 4}


def test_what_a_user_may_read_keeps_its_name() -> None:
    system = cuba()
    update = simplify(integrate(system, "exact"), system.constant)
    assert [d.symbol.name for d in update.defines] == [
        "_P_v_v", "_P_v_ge", "_P_v_gi", "_P_v_1", "_P_ge_ge", "_P_gi_gi",
    ]  # fmt: skip
    assert not any(value.has(Exp) or value.has(sympy.Pow) for _, value in update.updates)


def test_constants_are_gathered_and_signs_are_not() -> None:
    update = simplify(StateUpdate((), (("x", x - DT * x / a + 2 * y),)), frozenset("a"))
    (constant,) = update.defines
    assert constant.value == DT / a
    assert update.updates == (("x", x - constant.symbol * x + 2 * y),)


def test_shared_pairs_of_factors() -> None:
    update = simplify(StateUpdate((), (("x", x**3 * y * a), ("y", x**3 * y * b + z))))
    (shared,) = update.defines
    assert shared.value == x**3 * y


def test_a_temporary_is_known_by_its_name() -> None:
    temporary = symbols("_P")[0]
    update = simplify(StateUpdate((Define(temporary, Exp(x)),), (("x", temporary + Exp(x) * y),)))
    assert update.updates == (("x", temporary * y + temporary),)


def test_conditions_are_not_temporaries() -> None:
    condition = x * y > z
    update = simplify(StateUpdate((), (("x", Where(condition, x * y, 0)), ("y", Where(condition, 1, x)))))
    (shared,) = update.defines
    assert shared.value == x * y


def test_trivial_and_unused_temporaries_go() -> None:
    one, two, three = symbols("_one _two _three")
    update = StateUpdate(
        (Define(one, sympy.Integer(2)), Define(two, one * x), Define(three, x + 1)), (("x", two + one),)
    )
    assert drop_unused(inline_trivial(update)) == StateUpdate((Define(two, 2 * x),), (("x", two + 2),))


SCRIPT = """
from ode_models import cobahh, cuba, symbols
from eqsnn.symbolic.choose import METHODS, integrate
from eqsnn.symbolic.simplify import simplify
from eqsnn.symbolic.system import NotApplicable
for system in (cobahh(), cuba()):
    for method in METHODS:
        try:
            print(simplify(integrate(system, method), system.constant))
        except NotApplicable as refusal:
            print(refusal)
"""


def test_the_same_under_every_hash_seed() -> None:
    outputs = set()
    running = []
    for seed in ("0", "1", "77"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent)}
        command = [sys.executable, "-c", SCRIPT]
        running.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
    for process in running:
        outputs.add(process.communicate(timeout=120)[0])
        assert process.returncode == 0
    assert len(outputs) == 1
    assert "StateUpdate" in outputs.pop()


def grow(rng: np.random.Generator, pool: list[sympy.Expr]) -> sympy.Expr:
    """A random expression from parts of which many are shared."""
    p, q, r = (pool[k] for k in rng.integers(len(pool), size=3))
    kinds = [p + q, p * q, p * q * r, 2 * p - q, p**2, 1 / (1 + p**2), Exp(-(p**2)), Where(p > q, q, r), -p * r / 3]
    return kinds[rng.integers(len(kinds))]


@pytest.mark.parametrize("seed", range(40))
def test_values_are_kept_on_random_steps(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pool: list[sympy.Expr] = [x, y, z, a, b]
    for _ in range(25):
        pool.append(grow(rng, pool))
    temporaries = [Define(symbols(f"_d{k}")[0], value) for k, value in enumerate(pool[10:16])]
    names = [define.symbol for define in temporaries]
    update = StateUpdate(tuple(temporaries), (("x", grow(rng, pool[5:] + names)), ("y", pool[-1] * names[0])))
    values = {"x": 0.3, "y": -0.7, "z": 1.1, "a": 0.9, "b": -1.3}
    plain, short = (advance(u, {}, values) for u in (update, simplify(update, frozenset("ab"))))
    for name in plain:
        np.testing.assert_allclose(short[name], plain[name], rtol=1e-9, atol=1e-12)
