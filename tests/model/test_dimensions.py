from __future__ import annotations

import pickle
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqsnn.model import dimensions as d
from eqsnn.model.dimensions import DIMENSIONLESS, Dimension
from eqsnn.model.unit_names import find_unit, unit_names, unit_table

exponents = st.fractions(min_value=-4, max_value=4, max_denominator=6)
any_dimension = st.builds(Dimension, *[exponents] * 7)


@pytest.mark.parametrize(
    ("dimension", "text"),
    [
        (DIMENSIONLESS, "1"),
        (d.VOLT, "volt"),
        (d.AMPERE, "amp"),
        (d.SIEMENS, "siemens"),
        (d.FARAD, "farad"),
        (d.OHM, "ohm"),
        (d.SECOND, "second"),
        (d.SECOND**-1, "hertz"),
        (d.VOLT / d.SECOND, "volt/second"),
        (d.SECOND**-0.5, "second**-0.5"),
        (d.VOLT / d.SECOND**0.5, "volt/second**0.5"),
        (d.METRE**2, "metre**2"),
        (d.AMPERE / d.METRE**2, "amp/metre**2"),
        (d.FARAD / d.METRE**2, "farad/metre**2"),
        (d.OHM * d.METRE, "ohm*metre"),
        (d.VOLT * d.SECOND, "volt*second"),
        (d.VOLT**2, "volt**2"),
        (d.VOLT**2 / d.SECOND, "volt**2/second"),
        (d.MOLE / d.METRE**3, "mole/metre**3"),
        (d.VOLT ** Fraction(1, 3), "metre**(2/3)*kilogram**(1/3)/second/amp**(1/3)"),
    ],
)
def test_a_dimension_reads_in_the_users_words(dimension: Dimension, text: str) -> None:
    assert str(dimension) == text


@given(any_dimension)
def test_what_a_dimension_prints_means_that_dimension(dimension: Dimension) -> None:
    names = {name: dim for name, (_, dim) in unit_table().items()}
    assert dimension == (eval(str(dimension), names) if str(dimension) != "1" else DIMENSIONLESS)


@given(any_dimension, any_dimension, exponents)
def test_dimensions_multiply_as_exponents_add(a: Dimension, b: Dimension, power: Fraction) -> None:
    assert a * b == b * a
    assert a * b / b == a
    assert (a * b) ** power == a**power * b**power
    assert a**0 == DIMENSIONLESS == a / a
    assert hash(a * b) == hash(b * a)


def test_float_exponents_are_taken_for_the_fraction_they_mean() -> None:
    assert (d.VOLT ** (1 / 3)) ** 3 == d.VOLT
    assert (d.VOLT**0.5).metre == 1


def test_dimensions_are_values() -> None:
    assert pickle.loads(pickle.dumps(d.VOLT)) == d.VOLT
    assert repr(d.VOLT / d.VOLT) == "Dimension()"
    assert Dimension(metre=1) == d.METRE
    with pytest.raises(AttributeError):
        d.VOLT.metre = Fraction(3)  # type: ignore[misc]
    with pytest.raises(TypeError):
        d.VOLT * 3  # type: ignore[operator]


def test_unit_names_have_exact_scales() -> None:
    table = unit_table()
    assert table["mV"] == table["mvolt"] == (0.001, d.VOLT)
    assert table["volt"] == (1.0, d.VOLT)
    assert table["uM"] == (1e-3, d.MOLE / d.METRE**3)
    assert table["um2"] == (1e-12, d.METRE**2)
    assert table["cm3"] == (1e-6, d.METRE**3)
    assert table["kgram"] == table["kilogram"] == (1.0, d.KILOGRAM)
    assert table["gram"] == (0.001, d.KILOGRAM)
    assert table["liter"] == (1e-3, d.METRE**3)
    assert table["Mohm"] == (1e6, d.OHM)
    assert table["MHz"] == (1e6, d.HERTZ)


def test_names_that_could_be_variables_are_not_units() -> None:
    assert not {"m", "s", "V", "A", "g", "t", "i", "j", "N", "d", "h", "pi", "M", "ns", "nm", "celsius"} & set(
        unit_names()
    )
    assert find_unit("furlong") is None
