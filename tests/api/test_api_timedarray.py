"""TimedArray and user functions."""

import numpy as np
import pytest

from eqsnn.functions import function
from eqsnn.grammar import errors
from eqsnn.model.types import BOOLEAN, INTEGER, REAL
from eqsnn.timedarray import TimedArray
from eqsnn.units import Hz, ms, mV, nA, second, volt


def test_the_first_and_last_value_hold_beyond():
    current = TimedArray([1, 2, 3] * nA, dt=1 * ms)
    assert np.allclose(current([-5, 0, 0.99, 1, 2.5, 3, 99] * ms) / nA, [1, 1, 1, 2, 3, 3, 3])
    assert current(1 * ms) == 2 * nA


def test_steps_of_any_dt_find_their_row():
    ramp = TimedArray(np.arange(10000), dt=0.1 * ms)
    steps = np.arange(10000)
    assert np.array_equal(ramp(steps * 1e-4 * second), steps)
    assert np.array_equal(ramp(steps * 2e-5 * second), steps // 5)


def test_two_dimensions():
    table = TimedArray([[1, 2], [3, 4], [5, 6]], dt=1 * ms)
    assert table(1 * ms, 1) == 4
    assert np.array_equal(table(9 * ms, [0, 1]), [5, 6])
    assert table.spec.columns == 2 and TimedArray([1], dt=1 * ms).spec.columns is None
    for arguments in ((1 * ms,), (1 * ms, 2), (1 * ms, -1), (1 * ms, 0.5)):
        with pytest.raises(errors.StateError) as caught:
            table(*arguments)
        assert caught.value.code == "E723"


def test_numbers_keep_their_kind():
    assert TimedArray([1.5], dt=1 * ms).spec.type == REAL
    assert TimedArray([1], dt=1 * ms).spec.type == INTEGER
    assert TimedArray([True], dt=1 * ms).spec.type == BOOLEAN
    assert TimedArray([1] * Hz, dt=1 * ms).array.dtype == np.float64


def test_values_are_copied():
    given = np.zeros(3)
    table = TimedArray(given, dt=1 * ms)
    given[:] = 1
    assert not table.array.any()
    assert repr(table) == "<TimedArray 'timedarray': 3 values in 1, one every 1 ms>"


@pytest.mark.parametrize(("values", "code"), [(3, "E720"), ([], "E720"), ([[[1]]], "E720"), ("ab", "E720"),
                                              ([1, float("nan")], "E721"), ([2**40], "E722")])
def test_what_cannot_be_a_timed_array(values, code):
    with pytest.raises(errors.StateError) as caught:
        TimedArray(values, dt=1 * ms)
    assert caught.value.code == code


def test_times_need_a_unit():
    with pytest.raises(errors.DimensionError, match=r"needs a time, not 3"):
        TimedArray([1], dt=1 * ms)(3)
    with pytest.raises(errors.DimensionError):
        TimedArray([1], dt=1)


# ---- user functions ----


def test_a_function_is_an_expression():
    @function(units={"v": volt}, result=1)
    def fraction(v, slope):
        return "1/(1 + exp(-slope*v/mV))"

    assert fraction.definition.parameters == ("v", "slope")
    assert repr(fraction) == "<function fraction(v, slope) = 1/(1 + exp(-slope*v/mV))>"


def test_results_may_be_truth_values_and_integers():
    @function(result=bool)
    def high(x):
        return "x > 3"

    @function(result=int)
    def rounded(x):
        return "int(x + 0.5)"

    assert high.definition.type == BOOLEAN and rounded.definition.type == INTEGER


def _define(body, **options):
    return lambda: function(**options)(body)


MISTAKES = {
    "another name": (_define(lambda x: "x + y"), "E317"),
    "no such parameter": (_define(lambda x: "x", units={"y": volt}), "E318"),
    "no string": (_define(lambda x: 3), "E422"),
    "keyword": (_define(lambda *, x: "x"), "E422"),
    "no parentheses": (lambda: function(lambda x: "x"), "E422"),
    "units": (_define(lambda x: "exp(x)", units={"x": volt}), "E202"),
    "result": (_define(lambda x: "x", units={"x": volt}), "E222"),
    "truth value": (_define(lambda x: "x > 1"), "E423"),
    "integer": (_define(lambda x: "x/2", result=int), "E423"),
    "unknown function": (_define(lambda x: "expp(x)"), "E302"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_found_where_the_function_is_defined(name):
    define, code = MISTAKES[name]
    with pytest.raises(errors.EqsnnError) as caught:
        define()
    assert caught.value.code == code


def test_syntax_of_the_body():
    with pytest.raises(errors.SyntaxError, match="function 'broken', line 1"):
        @function()
        def broken(x):
            return "x +"
    assert 2 * mV  # the units of Python stay as they are
