"""Equations: Brian2's layout, flags, and the spans of definitions."""

import pytest
from grammar_trees import definitions, shape

from eqsnn.grammar import ast

FROM_THE_LANGUAGE = """
    dv/dt = (ge + gi - (v - El)) / tau_m + sigma*sqrt(2/tau_m)*xi : volt (unless refractory)
    dge/dt = -ge/tau_e : volt
    I = Imax*(1 + cos(2*pi*f*t)) : amp            # subexpression
    Cm : farad (constant, shared)                 # parameter
"""


def test_the_example_of_the_language():
    v, ge, current, capacity = definitions(FROM_THE_LANGUAGE)
    assert isinstance(v, ast.DifferentialEquation)
    assert (v.name.id, v.name.span.text, v.unit.span.text) == ("v", "dv/dt", "volt")
    assert v.expression.span.text == "(ge + gi - (v - El)) / tau_m + sigma*sqrt(2/tau_m)*xi"
    assert [(f.name, f.span.text) for f in v.flags] == [("unless refractory", "unless refractory")]
    assert ge.span.text == "dge/dt = -ge/tau_e : volt"
    assert isinstance(current, ast.Subexpression) and current.flags == ()
    assert isinstance(capacity, ast.Parameter)
    assert [f.name for f in capacity.flags] == ["constant", "shared"]
    assert capacity.span.text == "Cm : farad (constant, shared)"


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "# nothing\n\n  # here"])
def test_nothing_defines_nothing(text):
    assert definitions(text) == ()


LAYOUTS = [
    "dv/dt = a + b : volt (constant)\nI = c : amp",
    "\n\n   dv/dt = a + b : volt (constant)  # one\n # two\n\n         I = c : amp\n\n",
    "dv/dt = a\n        + b : volt (constant)\nI = c : amp",
    "dv/dt = a +\n   b : volt (constant)\nI = c : amp",
    "dv/dt = (a # first\n + b # second\n) : volt (constant)\nI = c : amp",
    "dv/dt\n  = a + b\n  : volt\n  (constant)\nI = c\n  : amp",
    "dv/dt = a + b : volt # unit\n  # and the flags\n (constant)\n I = c : amp",
    "dv / dt=a+b:volt(constant)\nI=c:amp",
    "dv/dt = a + \\\n b : volt (constant)\nI = c : amp",
    "\tdv/dt = a + b : volt (constant)\r\n\tI = c : amp\r\n",
    "dv/dt = a + b : volt ( constant, )\nI = c : amp",
]


@pytest.mark.parametrize("text", LAYOUTS)
def test_layout_does_not_change_the_meaning(text):
    assert shape(definitions(text)) == shape(definitions(LAYOUTS[0]))


def test_several_parameters_share_unit_and_flags():
    a, b = definitions("a, b : siemens*meter**-2 (constant)")
    assert (a.name.id, b.name.id) == ("a", "b")
    assert a.unit == b.unit and a.flags == b.flags and a.span == b.span
    assert (a.name.span.text, b.name.span.text) == ("a", "b")


FLAGS = ["unless refractory", "constant", "constant over dt", "event-driven", "clock-driven", "summed", "linked", "new"]


@pytest.mark.parametrize("flag", FLAGS)
def test_flags_known_and_unknown(flag):
    (definition,) = definitions(f"x = 1 : 1 (shared, {flag.replace(' ', '   ')})")
    assert [f.name for f in definition.flags] == ["shared", flag]


def test_integer_and_boolean():
    n, b = definitions("n : integer\nb = n > 3 : boolean (constant over dt)")
    assert (n.unit.id, b.unit.id) == ("integer", "boolean")


def test_names_that_look_like_derivatives():
    d, dx, dt_like = definitions("d : 1\ndx = abs(x_pre - x_post) : 1\nddt/dt = d*dx/dt : 1/second")
    assert (d.name.id, dx.name.id, dt_like.name.id) == ("d", "dx", "dt")
    assert shape(dt_like.expression) == shape(definitions("a = (d*dx)/dt : 1")[0].expression)


def test_the_synapses_of_the_topographic_map():
    text = """w : 1
             dpre/dt = -pre/tau_plus : 1 (event-driven)
             dpost/dt = -post/tau_minus : 1 (event-driven)
             dx = abs(x_pre - x_post) : 1
             d2 = minimum(dx, n - dx)**2 + minimum(dy, n - dy)**2 : 1"""
    assert [d.name.id for d in definitions(text)] == ["w", "pre", "post", "dx", "d2"]
