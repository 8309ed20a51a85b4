"""Whatever a user types, it parses or it raises the language's own SyntaxError, with a message that can be shown."""

import pytest
from grammar_rules import ALL
from grammar_trees import PARSERS
from hypothesis import given, settings
from hypothesis import strategies as st

from eqsnn.grammar import errors
from eqsnn.grammar.source import Source

VALID = {
    "expression": [
        "v > -54*mV and not (a == b)",
        "clip(w - g_max*A*(tau/2)*post, 0, g_max)",
        "rand() < count(w > 0, per=pre)",
    ],
    "unit": ["siemens*meter**-2", "volt/second"],
    "equations": [
        "dv/dt = (g*(El - v)\n + I)/tau : volt (unless refractory)\na, b : 1 (constant, shared)",
        "I = Imax*(1 + cos(2*pi*f*t)) : amp # so\nn : integer",
    ],
    "block": [
        "v_post += w\nif w < 0:\n    w = 0\n    remove synapse\nelif a: x = 1\nelse:\n  y = 2\nz = 3",
        "a = 1; remove synapse if w <= 0*mV limit 3 per post",
    ],
    "rule": list(ALL),
    "generator": ["k for k in range(i - 2, i + 3) if k != i", "k for k in sample(0, N, 2, p=0.1)", "(i+1) % N"],
}
SIGNS = "( ) [ ] { } , : ; ;; = == < > <= + - * ** / // % ^ ! & && | ? . .. $ @ # \" ' \\ ~ ++ += <- − × ²"
WORDS = (
    "0 1 2. 1e 1.2.3 0x1 99999999999999999999999 a v_post dt dv/dt volt (constant) range p if elif else for each pair"
    " in all sample match synapse create remove limit per pre post unconnected and or not True lambda is None pass τ"
)
SPACES = [" ", "\n", "\t", "\n    ", "\n  ", "\r\n", "\r", "\f", "\x0b", "\\\n", ":\n", "\u2028", "\xa0"]
PIECES = [*SIGNS.split(), *WORDS.split(), *SPACES, "\ud800", "\x00"]


@st.composite
def damaged(draw, kind):
    """A valid text with some pieces cut out, put in, or put in the place of others."""
    text = draw(st.sampled_from(VALID[kind]))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        length = draw(st.sampled_from([0, 0, 1, 2, 5, 20]))
        piece = draw(st.sampled_from(PIECES) | st.just(""))
        text = text[:start] + piece + text[start + length :]
    return text


def read(kind, text):
    """Parse, or render the error; check that what it points at is in the text."""
    source = Source(text, "text")
    try:
        PARSERS[kind](source)
    except errors.SyntaxError as error:
        assert error.code.startswith("E1")
        assert error.__context__ is None
        span = error.diagnostic.span
        assert span is not None and span.source is source
        assert 0 <= span.start <= span.end <= len(text)
        message = str(error)
        assert message.startswith("text, line ")
        for word in ("_NEWLINE", "_INDENT", "RPAR", "LPAR", "Token", "lark", "terminal", "$END"):
            assert word not in error.diagnostic.message
        return error.code
    return None


@pytest.mark.parametrize("kind", PARSERS)
def test_damaged_texts(kind):
    @settings(max_examples=300, deadline=None)
    @given(damaged(kind))
    def check(text):
        read(kind, text)

    check()


@pytest.mark.parametrize("kind", PARSERS)
def test_pieces_in_any_order(kind):
    @settings(max_examples=100, deadline=None)
    @given(st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join))
    def check(text):
        read(kind, text)

    check()


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(PARSERS)), st.text(max_size=20))
def test_any_text(kind, text):
    read(kind, text)


@pytest.mark.parametrize("kind", PARSERS)
def test_valid_texts_are_valid(kind):
    assert [read(kind, text) for text in VALID[kind]] == [None] * len(VALID[kind])
