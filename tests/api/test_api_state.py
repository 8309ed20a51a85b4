"""State as a script sees it, on the arrays alone."""

import numpy as np
import pytest
from api_fakes import Evaluated

from eqsnn.attributes import UnknownVariableError
from eqsnn.grammar import errors
from eqsnn.neurongroup import NeuronGroup
from eqsnn.prefs import prefs
from eqsnn.state import VariableView
from eqsnn.synapses import Synapses
from eqsnn.timedarray import TimedArray
from eqsnn.units import Quantity, have_same_dimensions, metre, ms, mV, nA, second, volt

MODEL = """v : volt
           x : 1
           k : integer
           on : boolean
           s : volt (shared)
           n : integer (shared)
           w = 2*v : volt"""


@pytest.fixture
def group():
    return Evaluated(6, MODEL, threshold="v > 0*mV", name="exc")


def test_a_view_is_an_array_with_a_unit(group):
    group.v = [1, 2, 3, 4, 5, 6] * mV
    assert isinstance(group.v, VariableView) and len(group.v) == 6
    assert np.allclose(group.v / mV, [1, 2, 3, 4, 5, 6])
    assert np.allclose((group.v + 1 * mV) / mV, [2, 3, 4, 5, 6, 7])
    assert np.allclose((1 * mV + group.v) / mV, [2, 3, 4, 5, 6, 7])
    assert np.allclose((2 * mV * group.v) / mV**2, [2, 4, 6, 8, 10, 12])
    assert list(group.v > 3 * mV) == [False, False, False, True, True, True]
    means = np.array([np.mean(group.v) / mV, group.v.mean() / mV, max(group.v) / mV])
    assert np.allclose(means, [3.5, 3.5, 6])
    assert np.asarray(group.v).tolist() == [0.001, 0.002, 0.003, 0.004, 0.005, 0.006]
    assert have_same_dimensions(np.concatenate([group.v, group.v]), volt)
    assert isinstance(group.v[:], Quantity) and isinstance(group.v[0], Quantity)
    assert list(group.v)[1] / mV == pytest.approx(2)
    assert group.v.shape == (6,) and group.v_.sum() == pytest.approx(0.021)


def test_what_is_read_is_a_copy(group):
    group.v[:][0] = 5 * mV
    group.v.get()[0] = 5 * mV
    np.asarray(group.v)[0] = 5
    assert not np.any(group.v_)


def test_dimensions_are_checked_in_arithmetic(group):
    group.x = 1
    with pytest.raises(errors.DimensionError):
        _ = group.v + group.x
    assert isinstance(group.x[0], float) and isinstance(group.k[0], int)


@pytest.mark.parametrize(
    "index",
    [
        slice(1, 4),
        [1, 2, 3],
        np.array([1, 2, 3]),
        [-5, -4, -3],
        range(1, 4),
        [False, True, True, True, False, False],
        "(i > 0) and (i < 4)",
    ],
)
def test_ways_to_index(group, index):
    group.v[index] = [10, 20, 30] * mV
    assert np.allclose(group.v / mV, [0, 10, 20, 30, 0, 0])
    assert np.allclose(group.v[index] / mV, [10, 20, 30])
    group.v[index] += 1 * mV
    assert np.allclose(group.v_[:] * 1000, [0, 11, 21, 31, 0, 0])


def test_single_elements(group):
    group.v[2] = 5 * mV
    group.v[-1] = [7] * mV
    assert group.v_[2] == 0.005 and group.v_[5] == 0.007 and np.ndim(group.v[2]) == 0


def test_in_place(group):
    group.x = 2
    group.x *= 3
    group.x += group.k
    group.x -= 1
    group.x /= 2
    group.x **= 2
    group.x //= 4
    group.x %= 4
    assert group.x_.tolist() == [1.0] * 6
    group.k += 3
    assert np.asarray(group.k).tolist() == [3] * 6 and group.store["k"].dtype == np.int32


def test_strings_are_handed_on(group):
    group.v = "i*mV"
    group.v["i > 3"] = "1*mV"
    group.v[[0]] = "5*mV"
    group.v += "1*mV"
    assert np.allclose(group.v / mV, [6, 2, 3, 4, 2, 2])
    whole, condition, single, update = group.calls
    assert whole == ("v", "=", "i*mV", None, "Evaluated 'exc', value of v")
    assert condition[3].tolist() == [4, 5] and single[3].tolist() == [0] and update[1:3] == ("+=", "1*mV")


def test_zero_and_infinity_need_no_unit(group):
    group.v = 1 * mV
    group.v = 0
    group.v[:2] = np.zeros(2)
    group.v[5] = np.inf
    assert group.v_.tolist() == [0, 0, 0, 0, 0, np.inf]


def test_plain_numbers_by_an_underscore(group):
    group.v_ = 0.25
    group.v_[1] = 0.5
    assert group.v[0] == 0.25 * volt and group.v_[1] == 0.5 and isinstance(group.v_[0], float)
    with pytest.raises(errors.DimensionError):
        group.v_ = 3 * mV


def test_shared_variables_are_scalars(group):
    group.s = 3 * mV
    assert float(group.s / mV) == pytest.approx(3) and f"{group.s}" == "0.003 V"
    group.s *= 2
    group.s[:] += 1 * mV
    assert group.s[:] / mV == pytest.approx(7) and group.s_[:] == pytest.approx(0.007)
    group.n = 2
    assert [10, 20, 30][group.n] == 30 and int(group.n) == 2 and bool(group.n)
    for use in (lambda: group.s[0], lambda: group.s["i > 1"]):
        with pytest.raises(errors.StateError) as caught:
            use()
        assert caught.value.code == "E705"


def test_subexpressions_are_evaluated_and_cannot_be_set(group):
    group.store.add("w", "real", 6, 0.25)
    assert group.w[1] == 0.25 * volt and (group.w * 2)[0] == 0.5 * volt
    with pytest.raises(errors.StateError, match="'w' is a subexpression"):
        group.w = 3 * mV


def test_values_between_groups(group):
    other = NeuronGroup(6, "v : volt")
    other.v = np.arange(6) * mV
    group.v = other.v
    assert np.allclose(group.v / other.v[1], np.arange(6))
    group.v, group.x = other.v[::-1], other.v / mV
    assert group.v[0] / mV == pytest.approx(5) and group.x[5] == pytest.approx(5)


def test_integers_and_truth_values(group):
    group.k = 3.0
    group.k[1] = np.int64(7)
    group.on = [1, 0, 1, 0, True, False]
    assert group.k[0] == 3 and group.k[1] == 7 and group.on[0] and not group.on[1]
    assert np.asarray(group.on).dtype == bool


def test_float32():
    prefs.precision = "float32"
    group = NeuronGroup(2, "v : volt")
    group.v = 1.1 * mV
    assert group.store["v"].dtype == np.float32 and group.v[0] / mV == pytest.approx(1.1, rel=1e-6)
    group.set_precision(np.float64)
    assert group.store["v"].dtype == np.float64 and group.v[1] / mV == pytest.approx(1.1, rel=1e-6)


MISTAKES = {
    "no unit": ("group.v = 3", errors.DimensionError, "E223", "'v' is in volt, but the value is a plain number"),
    "no units": ("group.v = [1]*6", errors.DimensionError, "E223", "the values are plain numbers"),
    "other unit": ("group.v = 2*nA", errors.DimensionError, "E223", "the value is in amp"),
    "other units in a list": ("group.v = [2*nA]*6", errors.DimensionError, "E223", "the values are in amp"),
    "a unit too many": ("group.x = 2*mV", errors.DimensionError, "E223", "'x' is a plain number"),
    "mixed units": ("group.v = [1*mV, 2*nA]", errors.DimensionError, "E291", "cannot put in one array"),
    "too few": ("group.v = [1, 2]*mV", errors.StateError, "E702", "2 values are given for 6 elements of 'v'"),
    "one in a list": ("group.v = [1]*mV", errors.StateError, "E702", "1 values are given"),
    "wrong shape": ("group.v = np.ones((2, 3))*mV", errors.StateError, "E702", "the shape \\(2, 3\\)"),
    "too many for a slice": ("group.v[:2] = [1, 2, 3]*mV", errors.StateError, "E702", "3 values are given for 2"),
    "nan": ("group.v = float('nan')*mV", errors.StateError, "E703", "'v' cannot be set to NaN"),
    "nan somewhere": ("group.x = [0, 1, np.nan, 3, 4, 5]", errors.StateError, "E703", "\\(at 2\\)"),
    "out of range": ("group.v[6]", errors.StateError, "E701", "there is no element 6"),
    "out of range, negative": ("group.v[[0, -7]] = 0", errors.StateError, "E701", "there is no element -7"),
    "real index": ("group.v[1.5]", errors.StateError, "E704", "1.5 is no index"),
    "pair": ("group.v[1, 2]", errors.StateError, "E704", "\\(1, 2\\) is no index"),
    "truth values": ("group.v[[True, False]]", errors.StateError, "E702", "2 truth values cannot choose among 6"),
    "number as condition": ("group.v['i + 1']", errors.TypeError, "E402", "is a number; true or false is needed here"),
    "real to integer": ("group.k = 2.5", errors.TypeError, "E425", "'k' is an integer and cannot be set to 2.5"),
    "large to integer": ("group.k = 2**31", errors.TypeError, "E425", "32 bits"),
    "number to truth value": ("group.on = 2", errors.TypeError, "E425", "'on' is true or false"),
    "nothing": ("group.v = None", errors.TypeError, "E424", "cannot be set to None"),
    "read only": ("group.i = 3", errors.StateError, "E706", "'i' cannot be set"),
    "unknown": ("group.vv", UnknownVariableError, "E319", "did you mean 'v'"),
    "unknown, set": ("group.ons = 3", UnknownVariableError, "E319", "did you mean 'on'"),
    "unknown, no idea": ("group.current = 3", UnknownVariableError, "E319", "declare 'current : <unit>'"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_name_group_and_variable(name, group):
    statement, kind, code, message = MISTAKES[name]
    with pytest.raises(kind, match=message) as caught:
        exec(statement, {"group": group, "mV": mV, "nA": nA, "np": np})
    assert caught.value.code == code
    assert code == "E291" or "Evaluated 'exc'" in str(caught.value)


def test_nothing_changes_where_a_value_is_refused(group):
    group.v = 1 * mV
    with pytest.raises(errors.EqsnnError):
        group.v[:3] = [1, np.nan, 2] * mV
    assert np.allclose(group.v / mV, 1)


def test_attributes_of_ones_own(group):
    group._mine = 3
    group.add_attribute("note", "text")
    assert group._mine == 3 and group.note == "text"
    group.note = "other"
    assert group.note == "other" and not hasattr(group, "nothing")


@pytest.mark.parametrize("name", ["clock", "name", "when", "start"])
def test_a_variable_cannot_have_the_name_of_an_attribute(name):
    with pytest.raises(errors.NameError) as caught:
        NeuronGroup(1, f"{name} : 1")
    assert caught.value.code == "E306"


def test_last_spikes_are_times(group):
    group.lastspike = [1, 2, 3, 4, 5, 6] * ms
    assert group.store["lastspike"].tolist() == [10, 20, 30, 40, 50, 60]
    assert np.allclose(group.lastspike / ms, [1, 2, 3, 4, 5, 6]) and all(group.not_refractory)
    group.clock.dt = 0.05 * ms
    group.before_run(None)
    assert group.store["lastspike"].tolist() == [20, 40, 60, 80, 100, 120]
    assert have_same_dimensions(group.lastspike[:], second)


def test_text_of_a_view(group):
    assert str(group.k) == "[0 0 0 0 0 0]"
    assert repr(group.s) == "<Evaluated 'exc', s: 0*V>" and "k_: array" in repr(group.k_)


def test_views_as_matplotlib_reads_them():
    G = NeuronGroup(3, "v : volt")
    G.v = [1, 2, 3] * mV
    assert G.v[:, None].shape == (3, 1)
    assert G.v[:].tolist() == [1 * mV, 2 * mV, 3 * mV]


def test_units_of_a_view():
    G = NeuronGroup(3, "v : volt")
    G.v = [1, 2, 3] * mV
    assert have_same_dimensions(G.v, volt)
    table = TimedArray(G.v, dt=1 * ms)
    assert list(table.values) == [1 * mV, 2 * mV, 3 * mV]


def test_variables_of_the_neurons_that_synapses_connect():
    G = NeuronGroup(4, "x : meter\ny : 1 (shared)")
    G.x, G.y = [0, 1, 2, 3] * metre, 7
    S = Synapses(G, G[1:3], "w : 1")
    S.connect(i=[0, 3, 3], j=[1, 0, 1])
    assert list(S.x_pre) == [0 * metre, 3 * metre, 3 * metre]
    assert list(S.x_post) == [2 * metre, 1 * metre, 2 * metre]
    assert list(S.x_post_[:2]) == [2, 1]
    assert list(S.y_pre) == [7, 7, 7]
    with pytest.raises(errors.StateError, match="E706"):
        S.x_pre = 1 * metre
    assert str(S).startswith("Synapses 'synapses': 3 synapses from NeuronGroup 'neurongroup' to")
