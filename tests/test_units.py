from __future__ import annotations

import builtins
import copy
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import eqsnn._numpy as names
import eqsnn.units as units
from eqsnn._numpy import arange, array, clip, concatenate, exp, linspace, mean, sqrt, where
from eqsnn.grammar.errors import DimensionError
from eqsnn.model import dimensions as d
from eqsnn.model.unit_names import unit_names, unit_table
from eqsnn.units import Quantity, Unit, dimension_of, have_same_dimensions, quantity, to_base

mV, uV, volt, ms, us, second, Hz = (getattr(units, n) for n in ("mV", "uV", "volt", "ms", "us", "second", "Hz"))
nA, nS, nF, Mohm, uA, cm2, mM = (getattr(units, n) for n in ("nA", "nS", "nF", "Mohm", "uA", "cm2", "mM"))
gram, kilogram, metre, um2 = (getattr(units, n) for n in ("gram", "kilogram", "metre", "um2"))
usual_prefixes = ["p", "n", "u", "m", "", "k", "M", "G"]


def message(function: Any) -> str:
    with pytest.raises(DimensionError) as caught:
        function()
    return caught.value.diagnostic.message


# ---- making quantities


def test_numbers_lists_and_arrays_take_units() -> None:
    assert to_base(20 * ms) == 0.02
    np.testing.assert_array_equal(to_base([1, 2] * mV), [0.001, 0.002])
    np.testing.assert_array_equal(to_base(np.array([1, 2]) * mV), [0.001, 0.002])
    np.testing.assert_array_equal(to_base(mV * [1, 2]), [0.001, 0.002])
    assert to_base(np.float64(3) * mV) == to_base(np.int64(3) * mV) == to_base(3 * mV) == 0.003
    assert to_base(-50 * mV) == -0.05


@given(st.floats(-1e6, 1e6, allow_subnormal=False))
def test_a_quantity_is_exactly_the_number_times_the_scale(x: float) -> None:
    assert to_base(x * mV) == x * 0.001
    assert (x * mV).value == x


def test_arithmetic_of_the_cuba_benchmark_is_exact() -> None:
    we, wi = 60 * 0.27 / 10 * mV, -20 * 4.5 / 10 * mV
    assert to_base(we) == 60 * 0.27 / 10 * 0.001
    assert to_base(wi) == -20 * 4.5 / 10 * 0.001


def test_every_name_of_the_language_is_a_unit_in_python() -> None:
    table = unit_table()
    for name in unit_names():
        unit = getattr(units, name)
        scale, dimension = table[name]
        assert dimension_of(unit) == dimension, name
        assert to_base(unit) == scale, name
    assert units.mV is units.mvolt


def test_what_is_not_offered() -> None:
    for name in ("celsius", "m", "s", "furlong", "_mvolt"):
        with pytest.raises(AttributeError):
            getattr(units, name)


# ---- quotients without a dimension are plain numbers


def test_quotients_are_plain_numbers_at_the_right_scale() -> None:
    assert ms / second == 0.001
    assert type(ms / second) is np.float64
    assert int(10 * ms / (0.1 * ms)) == 100
    assert int(1 * second / (1 * ms)) == 1000
    assert int(100 * ms / (0.1 * ms)) == 1000
    assert (15 * Hz) * (0.1 * ms) == pytest.approx(0.0015)
    assert exp(-0.1 * ms / (20 * ms)) == np.exp(-0.005)
    assert exp(-(100 * us) / (20 * ms)) == np.exp(-0.005)
    trace = [1, 2] * volt / mV
    assert type(trace) is np.ndarray
    np.testing.assert_array_equal(np.asarray(trace), [1000, 2000])


def test_units_of_one_kind_relate_by_exact_powers_of_ten() -> None:
    for i, a in enumerate(usual_prefixes):
        for j, b in enumerate(usual_prefixes):
            ratio = getattr(units, a + "second") / getattr(units, b + "second")
            assert ratio == float(f"1e{3 * (i - j)}")


def test_angles_are_plain_numbers() -> None:
    assert np.arctan2(1 * mV, 1 * mV) == np.pi / 4
    assert np.sin(units.radian * 2) == np.sin(2)


# ---- numpy


def test_numpy_functions_keep_units() -> None:
    values = [1, 2, 3] * mV
    for result, expected in [
        (mean(values), 2e-3), (sqrt(4 * mV * mV), 2e-3), (clip(values, 0 * mV, 2 * mV)[2], 2e-3),
        (values.max(), 3e-3), (max(1 * mV, 2 * volt), 2.0), (sum([1 * mV, 2 * volt]), 2.001), (abs(-3 * mV), 3e-3),
        (np.interp(1.5 * ms, [1, 2] * ms, [3, 4] * mV), 3.5e-3), (where([True], 3 * mV, 4 * mV)[0], 3e-3),
    ]:  # fmt: skip
        assert dimension_of(result) == d.VOLT
        assert to_base(result) == pytest.approx(expected, rel=1e-15)
    assert (values > 1.5 * mV).tolist() == [False, True, True]
    assert 3 * mV < 1 * volt
    assert 3 * mV > 0
    assert np.isclose(1 * mV, 0.001 * volt)
    assert 1 * Hz == 1 / second


def test_arange_linspace_and_array_take_quantities() -> None:
    steps = arange(0 * ms, 1 * ms, 100 * us)
    np.testing.assert_allclose(steps / ms, np.arange(10) / 10)
    np.testing.assert_array_equal(arange(3 * ms) / ms, [0, 1, 2])
    np.testing.assert_array_equal(arange(1 * ms, 3 * ms) / ms, [1, 2])
    np.testing.assert_array_equal(arange(3), [0, 1, 2])
    np.testing.assert_array_equal(linspace(0 * mV, 1 * volt, 3) / volt, [0, 0.5, 1])
    np.testing.assert_array_equal(array([1 * mV, 2 * volt]) / mV, [1, 2000])
    np.testing.assert_array_equal(array([[1 * mV], [2 * mV]]) / mV, [[1], [2]])
    assert array([1, 2]).dtype == np.int64
    assert array([1, 2] * mV).unit == (1 * mV).unit


def test_the_star_names_do_not_hide_builtins() -> None:
    assert not set(names.__all__) & set(dir(builtins))
    assert not set(units.__all__) & set(dir(builtins))
    assert {"np", "exp", "pi", "inf", "rand", "randn", "arange"} <= set(names.__all__)
    assert all(hasattr(names, name) for name in names.__all__)
    assert all(hasattr(units, name) for name in units.__all__)
    brian = "mV nS ms us Hz kHz MHz nA pA uA mA uS mS pF nF uF kohm Mohm cm mm um cm2 um2 mM uM nM msecond metre2 cm3"
    assert set(brian.split()) <= set(units.__all__)


# ---- values


def test_scalars_are_values_and_arrays_are_arrays() -> None:
    x = y = 20 * ms
    x *= 2
    x += 1 * ms
    x -= 1 * ms
    x **= 1
    assert (x / ms, y / ms) == (40, 20)
    x /= ms
    assert x == 40.0
    a = b = [1, 2] * mV
    a += 1 * mV
    assert b is a
    unit = ms
    unit *= 3
    assert str(ms) == "ms" and unit == 3 * ms
    with pytest.raises((ValueError, TypeError)):
        np.add(ms, ms, out=ms)


def test_pickle_and_copy() -> None:
    for value in (20 * ms, [1, 2] * mV, 3 * nS / ms, 2 * mM):
        for clone in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
            assert type(clone) is Quantity
            assert np.all(clone == value) and str(clone) == str(value)
    assert pickle.loads(pickle.dumps(mV)) is mV
    assert copy.deepcopy(mV) is mV
    assert isinstance(mV, Unit) and type(3 * mV) is type(mV * mV) is type(-mV) is Quantity


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (20 * ms, "20 ms"),
        (0.1 * ms, "0.1 ms"),
        (60 * 0.27 / 10 * mV, "1.62 mV"),
        ([1, 2] * mV, "[1. 2.] mV"),
        (volt, "V"),
        (units.kohm, "kohm"),
        (3 * um2, "3 um2"),
        (3 * mM, "3 mM"),
        (2 * kilogram, "2 kg"),
        (0.5 * uA / cm2, "0.5 uA/cm2"),
        (2 * mV / (4 * ms), "0.5 mV/ms"),
        (10 * nA * (2 * Mohm), "20 mV"),
        (1 / (5 * ms), "200 Hz"),
        (1 * nF / (10 * nS), "100 ms"),
        (0.02 * ms**-0.5, "0.02 ms**-0.5"),
        (0 * nA * Mohm, "0 V"),
        (quantity(np.zeros(2), d.VOLT / d.SECOND), "[0. 0.] V/s"),
    ],
)
def test_what_a_quantity_prints(value: Any, text: str) -> None:
    assert str(value) == f"{value}" == text


def test_formatting() -> None:
    assert f"{10 * nA * (2 * Mohm):.2f}" == "20.00 mV"
    assert f"{20 * ms:6.1f}|{mV:>4}" == "  20.0 ms|  mV"
    assert repr(20 * ms) == "20*ms"
    assert repr([1, 2] * mV) == "[1., 2.]*mV"
    assert repr(mV) == "mvolt"


# ---- to and from numbers


def test_to_base_keeps_plain_values_as_they_are() -> None:
    for value, kind in [
        (True, bool),
        (3, int),
        (2.5, float),
        (np.int32(3), int),
        (np.bool_(True), bool),
        (3 * ms, float),
    ]:
        assert type(to_base(value)) is kind
    assert to_base(np.arange(3)).dtype == np.int64
    assert to_base([1, 2]).dtype == np.int64
    np.testing.assert_array_equal(to_base([1 * mV, 2 * volt]), [0.001, 2])
    assert to_base(2 * gram) == 0.002


def test_quantity_is_a_view_in_the_coherent_unit() -> None:
    state = np.zeros(3)
    seen = quantity(state, d.VOLT)
    seen[1] = 5 * mV
    assert state[1] == 0.005
    assert str(seen.unit) == "V"
    assert quantity(state, d.DIMENSIONLESS) is state
    assert str(quantity(200.0, d.HERTZ)) == "200 Hz"
    assert quantity(np.arange(3), d.VOLT).dtype == np.int64


@given(st.builds(d.Dimension, *[st.integers(-3, 3)] * 7))
def test_quantity_and_dimension_of_agree(dimension: d.Dimension) -> None:
    value = quantity(2.0, dimension)
    assert dimension_of(value) == dimension
    assert to_base(value) == 2.0


def test_have_same_dimensions() -> None:
    assert have_same_dimensions(3 * mV, [2, 3] * volt)
    assert have_same_dimensions(3, ms / second)
    assert not have_same_dimensions(3 * mV, 3)


# ---- errors


def test_misfits_are_told_in_the_users_words() -> None:
    assert message(lambda: 3 * mV + 2 * ms) == "cannot add 3 mV (volt) and 2 ms (second): the dimensions differ"
    assert message(lambda: 3 * mV + 2) == "cannot add 3 mV (volt) and 2 (a plain number): the dimensions differ"
    assert "an array of plain numbers and 3 mV" in message(lambda: [1, 2] + 3 * mV)
    assert message(lambda: 3 * mV < 2 * ms).startswith("cannot compare 3 mV")
    assert message(lambda: (3 * mV).to(ms)) == "cannot convert 3 mV (volt) to ms: the dimensions differ"
    assert message(lambda: exp(5 * mV)) == "exp needs plain numbers without a unit, but was given 5 mV (volt)"
    assert message(lambda: 2 ** (3 * mV)) == "an exponent must be a plain number, but was given 3 mV (volt)"
    assert message(lambda: float(5 * mV)) == "float() needs a plain number, but was given 5 mV (volt)"
    assert message(lambda: int(5 * mV)).startswith("int() needs a plain number")
    assert message(lambda: array([1 * mV, 2])).startswith("cannot put in one array 1 mV (volt) and 2 (a plain")
    assert "ms (second)" in message(lambda: concatenate([[1] * mV, [1] * ms]))
    assert "ms (second)" in message(lambda: ([1, 2] * mV).__setitem__(0, 3 * ms))
    assert (3 * mV == 2 * ms) is False
    assert bool(3 * mV) and not bool(0 * mV)


def test_import_is_cheap() -> None:
    """Measured against what astropy itself takes in the same process: a time alone would measure the machine."""
    code = (
        "import time; t = time.process_time()\n"
        "import astropy.units; t, known = time.process_time(), time.process_time() - t\n"
        "from eqsnn.units import *\nfrom eqsnn._numpy import *\nprint((time.process_time() - t) / known)"
    )
    ratios = (float(subprocess.check_output([sys.executable, "-W", "error", "-c", code])) for _ in range(5))
    assert any(ratio < 2 for ratio in ratios)  # about 1
