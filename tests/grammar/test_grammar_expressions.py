"""Trees and spans of expressions, units and generators."""

import pytest
from grammar_trees import expression, nodes, shape

from eqsnn.grammar import ast, errors, parser
from eqsnn.grammar.source import Source

# Each pair reads the same way: the right one has every parenthesis.
SAME = [
    ("a + b*c", "a + (b*c)"),
    ("a - b - c", "(a - b) - c"),
    ("a/b*c", "(a/b)*c"),
    ("a//b % c", "(a//b) % c"),
    ("-a**b", "-(a**b)"),
    ("a**-b", "a**(-b)"),
    ("a**b**c", "a**(b**c)"),
    ("-a*b", "(-a)*b"),
    ("a + -b", "a + (-b)"),
    ("a<b and c or d", "((a < b) and c) or d"),
    ("a or b and c", "a or (b and c)"),
    ("not a == b", "not (a == b)"),
    ("not a and b", "(not a) and b"),
    ("not not a", "not (not a)"),
    ("a + b < c*d", "(a + b) < (c*d)"),
    ("f(a + b, c=d or e)", "f((a + b), c=(d or e))"),
    ("--a", "-(-a)"),
    ("a\n + b", "a + b"),
    ("a \\\n + b", "a + b"),
    ("(a # why\n + b)", "a + b"),
    ("f(a, b,)", "f(a, b)"),
    ("a\r\n + b", "a + b"),
    ("not(a)and(b)", "(not a) and b"),
]


@pytest.mark.parametrize(("short", "full"), SAME, ids=[short for short, _ in SAME])
def test_precedence_is_that_of_python(short, full):
    assert shape(expression(short)) == shape(expression(full))


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("007", 7), ("2.", 2.0), (".5", 0.5), ("1e-3", 1e-3), ("1.5E+3", 1500.0), (str(2**63 - 1), 2**63 - 1)],
)
def test_numbers(text, value):
    node = expression(text)
    assert shape(node) == ("Number", (type(value).__name__, value))


def test_booleans_and_names():
    assert shape(expression("True")) == ("Boolean", ("bool", True))
    assert shape(expression("Truely")) == ("Name", ("str", "Truely"))
    assert shape(expression("not_refractory")) == ("Name", ("str", "not_refractory"))


def test_call_with_keywords():
    call = expression("sum(w*x_pre, per=post)")
    assert isinstance(call, ast.Call)
    assert call.function.id == "sum"
    assert [a.span.text for a in call.arguments] == ["w*x_pre"]
    assert [(k.name.id, k.value.id, k.span.text) for k in call.keywords] == [("per", "post", "per=post")]


SOFT = ["each", "pair", "synapse", "limit", "per", "all", "sample", "match", "unconnected", "pre", "post", "create"]


@pytest.mark.parametrize("word", [*SOFT, "remove", "range"])
def test_words_of_the_language_stay_free_as_names(word):
    assert shape(expression(f"{word} + 1")) == ("Binary", ("str", "+"), ("Name", ("str", word)), ("Number", ("int", 1)))
    parser.parse_statements(Source(f"{word} = {word} + 1; {word} += f({word}, {word}={word})"))
    parser.parse_statements(Source(f"remove synapse if {word} < {word} limit {word} per post"))
    parser.parse_statements(Source(f"create synapse({word}={word}) if {word} limit {word} per post"))
    parser.parse_equations(Source(f"d{word}/dt = {word} : 1\n{word} = {word} : 1\n{word}, x : volt"))
    parser.parse_rule(Source(f"for each pair in sample({word}, per=pre): {word} += {word}"))
    parser.parse_rule(Source(f"for each pair in match({word}, {word}):\n    if {word}: {word} = 1"))
    parser.parse_generator(Source(f"{word} + 1 for {word} in range({word}) if {word} < 3"))
    parser.parse_generator(Source(f"{word} for {word} in sample({word}, p={word})"))


def test_spans_are_the_characters_of_a_node():
    text = "  -(a + b)*f(x , y=2)**2 < c or not d"
    node = expression(text)
    assert [n.span.text for n in nodes(node)] == [
        "-(a + b)*f(x , y=2)**2 < c or not d",
        "-(a + b)*f(x , y=2)**2 < c",
        "-(a + b)*f(x , y=2)**2",
        "-(a + b)",
        "a + b",
        "a",
        "b",
        "f(x , y=2)**2",
        "f(x , y=2)",
        "f",
        "x",
        "y=2",
        "y",
        "2",
        "2",
        "c",
        "not d",
        "d",
    ]


@pytest.mark.parametrize("text", ["((a))*((b))", "(a)", "((a + b))"])
def test_a_parenthesis_belongs_to_what_is_around_it(text):
    node = expression(text)
    expected = {"((a))*((b))": "((a))*((b))", "(a)": "a", "((a + b))": "a + b"}
    assert node.span.text == expected[text]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("volt/second", "volt/second"),
        ("1", "1"),
        ("siemens*meter**-2", "siemens*(meter**(-2))"),
        ("second**-0.5", "second**(-0.5)"),
        ("second**(-1/2)", "second**((-1)/2)"),
        ("(volt)", "volt"),
        ("integer", "integer"),
        (" amp / (meter**2) ", "amp/meter**2"),
    ],
)
def test_units(text, same):
    assert shape(parser.parse_unit(Source(text))) == shape(expression(same))


def generator(text):
    return parser.parse_generator(Source(text))


def test_range_generator():
    node = generator("i + k for k in range(-2, n, 3) if k != 0")
    assert isinstance(node, ast.Generator) and isinstance(node.iterable, ast.Range)
    assert node.element.span.text == "i + k"
    assert node.variable.id == "k"
    assert [p.span.text for p in (node.iterable.start, node.iterable.stop, node.iterable.step)] == ["-2", "n", "3"]
    assert node.iterable.span.text == "range(-2, n, 3)"
    assert node.condition.span.text == "k != 0"
    assert node.span.text == "i + k for k in range(-2, n, 3) if k != 0"


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("range(b)", (None, "b", None)),
        ("range(a, b)", ("a", "b", None)),
        ("range(a, b, c)", ("a", "b", "c")),
    ],
)
def test_range_bounds(text, bounds):
    node = generator(f"k for k in {text}").iterable
    assert tuple(p and p.span.text for p in (node.start, node.stop, node.step)) == bounds


def test_random_sample():
    node = generator("k for k in sample(N_post, p=0.1)").iterable
    assert isinstance(node, ast.RandomSample)
    assert (node.range.stop.span.text, node.p.span.text, node.size) == ("N_post", "0.1", None)
    node = generator("k for k in sample(0, N, 2, size=n_out)").iterable
    assert (node.range.start.span.text, node.p, node.size.span.text) == ("0", None, "n_out")
    assert node.range.span.text == "0, N, 2"


@pytest.mark.parametrize("text", ["i", "(i+1) % N"])
def test_a_generator_may_be_an_expression(text):
    assert shape(generator(text)) == shape(expression(text))


def test_nesting_has_a_limit_that_is_told():
    deepest = "+".join(["a"] * 200)
    tree = expression(deepest)
    assert hash(tree) == hash(expression(deepest))
    assert tree == expression(deepest)
    repr(tree)
    for text in ("+".join(["a"] * 2000), "-" * 2000 + "a", "f(" * 2000 + "a" + ")" * 2000, "a**" * 2000 + "a"):
        with pytest.raises(errors.SyntaxError, match="nested more than 200 levels deep") as caught:
            expression(text)
        assert caught.value.code == "E130"
    assert shape(expression("(" * 5000 + "a" + ")" * 5000)) == shape(expression("a"))
