"""Parsing what `unparse` writes gives the tree again, whatever the tree."""

import pytest
from grammar_rules import ALL
from grammar_trees import PARSERS, expression, passes, shape
from hypothesis import given, settings
from hypothesis import strategies as st

from eqsnn.grammar import ast
from eqsnn.grammar.source import Source, Span
from eqsnn.grammar.unparse import unparse

NOWHERE = Span(Source(""), 0, 0)
WORDS = ["a", "v_post", "pre", "post", "create", "remove", "limit", "per", "synapse", "sample", "range", "dt", "e1"]
FLAGS = ["constant", "constant over dt", "unless refractory", "event-driven"]


def build(node, *strategies):
    return st.builds(node, *strategies, span=st.just(NOWHERE))


def some(strategy, least=1):
    return st.lists(strategy, min_size=least, max_size=3).map(tuple)


names = build(ast.Name, st.sampled_from(WORDS))
numbers = build(ast.Number, st.integers(0, 2**63 - 1) | st.floats(0, allow_infinity=False, allow_nan=False))
atoms = names | numbers | build(ast.Boolean, st.booleans())


def keywords(values):
    """Names that differ by construction: refusing one would write down the whole strategy, which is very long."""
    return st.builds(_named, st.integers(0, len(WORDS) - 1), st.lists(values, max_size=2))


def _named(first, values):
    ids = [WORDS[(first + k) % len(WORDS)] for k in range(len(values))]
    return tuple(ast.Keyword(ast.Name(i, NOWHERE), v, NOWHERE) for i, v in zip(ids, values, strict=True))


def grow(inner):
    return st.one_of(
        build(ast.Unary, st.sampled_from(["-", "+", "not"]), inner),
        build(ast.Binary, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), inner, inner),
        build(ast.Compare, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inner, inner),
        build(ast.Logical, st.sampled_from(["and", "or"]), inner, inner),
        build(ast.Call, names, some(inner, least=0), keywords(inner)),
    )


expressions = st.recursive(atoms, grow, max_leaves=12)
units = st.recursive(
    names | numbers,
    lambda inner: st.one_of(
        build(ast.Binary, st.sampled_from(["*", "/", "**"]), inner, inner),
        build(ast.Unary, st.sampled_from(["-", "+"]), inner),
    ),
    max_leaves=6,
)
small = st.recursive(atoms, grow, max_leaves=3)
flags = st.lists(build(ast.Flag, st.sampled_from(FLAGS)), max_size=2).map(tuple)
definitions = st.one_of(
    build(ast.DifferentialEquation, names, small, units, flags),
    build(ast.Subexpression, names, small, units, flags),
    build(ast.Parameter, names, units, flags),
)
sides = st.sampled_from(["pre", "post"])
conditions = st.none() | small
limits = st.none() | build(ast.Limit, small, st.none() | sides)
simple = st.one_of(
    build(ast.Assign, names, st.sampled_from(["=", "+=", "-=", "*=", "/="]), small),
    build(ast.CreateSynapse, keywords(small), conditions, limits),
    build(ast.RemoveSynapse, conditions, limits),
)
statements = st.recursive(simple, lambda s: build(ast.If, small, some(s), some(s, least=0)), max_leaves=6)
selections = st.one_of(
    build(ast.All), build(ast.Sample, small, st.none() | sides, st.booleans()), build(ast.Match, small, small)
)
heads = build(ast.EachSynapse) | build(ast.EachNeuron, sides) | build(ast.EachPair, selections)
ranges = build(ast.Range, st.none(), small, st.none()) | build(ast.Range, small, small, st.none() | small)
iterables = st.one_of(
    ranges, build(ast.RandomSample, ranges, small, st.none()), build(ast.RandomSample, ranges, st.none(), small)
)
texts = {
    "expression": expressions,
    "unit": units,
    "equations": st.builds(ast.Equations, some(definitions), st.just(Source(""))),
    "block": st.builds(ast.Block, some(statements), st.just(Source(""))),
    "rule": st.builds(ast.Rule, some(build(ast.Pass, heads, some(statements))), st.just(Source(""))),
    "generator": build(ast.Generator, small, names, iterables, conditions),
}


@pytest.mark.parametrize("kind", texts)
def test_round_trip(kind):
    @settings(max_examples=150, deadline=None)
    @given(texts[kind])
    def check(tree):
        assert shape(PARSERS[kind](Source(unparse(tree)))) == shape(tree)

    check()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("((a+b))*(c)", "(a + b)*c"),
        ("a-(b-c)", "a - (b - c)"),
        ("(a-b)-c", "a - b - c"),
        ("(-a)**(-b)", "(-a)**-b"),
        ("-(a**b)", "-a**b"),
        ("(a**b)**c", "(a**b)**c"),
        ("not(a<b)", "not a < b"),
        ("(not a)==b", "(not a) == b"),
        ("(a or b)and c", "(a or b) and c"),
        ("a/(b*c)", "a/(b*c)"),
        ("f( (a) ,x=(b or c))", "f(a, x=b or c)"),
        ("1.50e3", "1500.0"),
    ],
)
def test_no_parenthesis_without_need(text, plain):
    assert unparse(expression(text)) == plain


def test_a_number_that_a_later_stage_made_negative():
    negative = ast.Number(-2, NOWHERE)
    two = ast.Number(2, NOWHERE)
    assert unparse(ast.Binary("**", negative, two, NOWHERE)) == "(-2)**2"
    assert unparse(ast.Binary("-", two, negative, NOWHERE)) == "2 - -2"


@pytest.mark.parametrize("rule", ALL)
def test_rules_read_as_they_were_written(rule):
    text = unparse(PARSERS["rule"](Source(rule)))
    assert shape(passes(text)) == shape(passes(rule))


def test_layout():
    rule = (
        "for each pair in sample(n,unconnected,per=pre):\n"
        " if a: x=1\n elif b:\n  create synapse(w=1)if c limit 2\n else: y=1"
    )
    assert unparse(PARSERS["rule"](Source(rule))) == (
        "for each pair in sample(n, per=pre, unconnected):\n"
        "    if a:\n"
        "        x = 1\n"
        "    elif b:\n"
        "        create synapse(w=1) if c limit 2\n"
        "    else:\n"
        "        y = 1"
    )
    equations = "dv/dt=-v/tau:volt(unless refractory,shared)\na,b:1"
    assert unparse(PARSERS["equations"](Source(equations))) == (
        "dv/dt = -v/tau : volt (unless refractory, shared)\na : 1\nb : 1"
    )
