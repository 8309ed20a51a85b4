"""What names around a model mean."""

import gc
import math
import types
import weakref

import numpy as np
import pytest

from eqsnn import namespaces
from eqsnn.functions import function
from eqsnn.grammar import errors
from eqsnn.model.dimensions import SECOND
from eqsnn.model.symbols import Constant, TimedArraySpec, UserFunction
from eqsnn.model.types import BOOLEAN, INTEGER, REAL, real
from eqsnn.namespaces import Namespace, caller, check_namespace, given
from eqsnn.neurongroup import NeuronGroup
from eqsnn.timedarray import TimedArray
from eqsnn.units import ms, mV, second

tau = 20 * ms


def test_values_become_constants_in_base_units():
    plain = {"a": 3, "b": 2.5, "c": True, "d": 5 * ms}
    look = Namespace("exc", frame=given({**plain, "e": np.float32(0.5), "f": np.int64(4), "g": np.array(2.0)}))
    assert look("a") == Constant("a", 3, INTEGER, literal=False)
    assert look("b") == Constant("b", 2.5, REAL, literal=False)
    assert look("c") == Constant("c", True, BOOLEAN, literal=False)
    assert look("d") == Constant("d", 0.005, real(SECOND), literal=False)
    assert look("e").type == REAL and look("f").type == INTEGER and look("g").value == 2.0
    assert look("missing") is None


def test_integers_beyond_32_bits_are_real():
    assert Namespace("g", frame=given({"n": 2**31}))("n").type == REAL


def test_explicit_names_come_first_and_carry_the_owner():
    look = Namespace("exc", {"tau": 1 * ms}, given({"tau": 2 * ms, "v0": 1 * mV}))
    assert look("tau") == Constant("exc.tau", 0.001, real(SECOND), literal=False)
    assert look("v0").name == "v0"
    assert look.value("exc.tau") == 0.001 and look.value("v0") == 0.001


def test_the_caller_is_outside_of_eqsnn():
    tau = 5 * ms
    assert NeuronGroup(1).resolver()("tau").value == float(tau / second)

    def inner():
        return NeuronGroup(1).resolver()("tau").value

    assert inner() == 0.02  # the module's: a function sees its own names and its module's


def test_an_active_frame_stands_for_the_caller():
    with given({"tau": 7 * ms}).active():
        assert NeuronGroup(1).resolver()("tau").value == 0.007
    assert caller().get("tau") is tau


def test_values_are_read_anew():
    names = {"tau": 1 * ms}
    look = Namespace("g", frame=given(names))
    names["tau"] = 3 * ms
    assert look.value("tau") == 0.003
    del names["tau"]
    with pytest.raises(errors.NameError, match="'tau' is not known any more"):
        look.value("tau")


def test_what_the_language_knows_itself_is_left_to_it():
    look = Namespace("g", frame=given({"pi": math.pi, "e": 5}))
    assert look("pi") is None and look("e").value == 5


USELESS = {
    "arr": (np.arange(3), "is an array", "TimedArray"),
    "lst": ([1, 2], "is an array", "constant"),
    "text": ("x", "is a string", None),
    "nan": (float("nan"), "NaN", "before run"),
    "f": (lambda x: x, "Python function", "@eqsnn.function"),
    "exp": (np.exp, "is a function", "call it"),
    "mod": (np, "a module", None),
    "nothing": (None, "NoneType", None),
    "z": (1j, "a complex", None),
    "qarr": ([1, 2] * mV, "is an array", "model"),
}


@pytest.mark.parametrize("name", USELESS)
def test_useless_values_are_passed_over_and_explained(name):
    value, message, hint = USELESS[name]
    look = Namespace("g", frame=given({name: value}))
    assert look(name) is None
    said, told = look.explain(name)
    assert message in said and f"'{name}'" in said
    assert hint is None or hint in told
    assert look.explain("missing") is None


@pytest.mark.parametrize("name", USELESS)
def test_useless_locals_are_explained_alike(name):
    exec_names = {}
    exec(f"def look(caller, value):\n    {name} = value\n    return caller()", exec_names)
    frame = exec_names["look"](caller, USELESS[name][0])
    assert USELESS[name][1] in Namespace("g", frame=frame).explain(name)[0]


def test_a_frame_keeps_no_object_alive():
    def function():
        group = NeuronGroup(1)
        several = [group]
        assert several
        return caller(), weakref.ref(group)

    gc.disable()
    try:
        frame, group = function()
        assert group() is None and frame.get("several") is not None
    finally:
        gc.enable()


def test_tables_and_functions():
    table = TimedArray([1, 2], dt=1 * ms)

    @function()
    def double(x):
        return "2*x"

    look = Namespace("g", frame=given({"I": table, "double": double}))
    assert isinstance(look("I"), TimedArraySpec) and look.tables == {"timedarray": table}
    assert isinstance(look("double"), UserFunction)
    assert "I(t)" in look.explain("I")[1]


def test_explicit_namespaces_are_checked_at_once():
    assert check_namespace(None, "g") == {}
    assert check_namespace({"a": 1, "I": TimedArray([1], dt=1 * ms)}, "g").keys() == {"a", "I"}
    module = types.ModuleType("parameters", "Parameters of a study.")
    exec("import math\nfrom eqsnn import *\ntau = 10*ms", vars(module))
    assert check_namespace(vars(module), "g") == {"tau": 10 * ms}
    for bad, code in ((3, "E421"), ({1: 2}, "E421"), ({"a": "text"}, "E316"), ({"a": [1, 2]}, "E316")):
        with pytest.raises(errors.EqsnnError) as caught:
            NeuronGroup(1, namespace=bad)
        assert caught.value.code == code


def test_units_of_the_language():
    table = namespaces.units().table
    assert table["mV"].value == 1e-3 and table["volt"].value == 1 and table["mV"].literal
    assert table["msecond"].type == real(SECOND)
