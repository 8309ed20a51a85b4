"""What a user reads: the corpus of mistakes, the layout of messages, and names that are suggested."""

import pickle

import golden
import pytest

from eqsnn.grammar import errors, parser
from eqsnn.grammar.diagnostics import render
from eqsnn.grammar.errors import Diagnostic
from eqsnn.grammar.source import Source, Span
from eqsnn.grammar.suggest import suggest

CASES = list(golden.cases())


@pytest.mark.parametrize(("kind", "text", "message"), CASES, ids=[f"{kind}-{text}" for kind, text, _ in CASES])
def test_corpus(kind, text, message):
    assert golden.message(kind, text) == message


def test_every_text_of_the_corpus_fails_for_a_stated_reason():
    messages = [message for _, _, message in CASES]
    assert "no error" not in messages
    assert not [m for m in messages if "(E100)" in m]


@pytest.mark.parametrize(
    ("kind", "text", "code", "position", "at"),
    [
        ("block", "a = 1\n  b = c +\nd = 2", "E107", (2, 9), "+"),
        ("equations", "a : 1\n\n  I = x*y\n  b : 1", "E101", (3, 3), "I = x*y"),
        ("expression", "  a < b < c", "E103", (1, 9), "<"),
        ("rule", "for each synapse:\n\tif a:\n\t\tx = 1\n\t  y = 2", "E115", (4, 4), "y"),
        ("rule", "for each synapse:\n    if a:\nx = 1", "E116", (2, 5), "if a:"),
        ("expression", "   ", "E119", (1, 1), ""),
    ],
)
def test_positions(kind, text, code, position, at):
    with pytest.raises(errors.SyntaxError) as caught:
        golden.PARSERS[kind](Source(text))
    span = caught.value.diagnostic.span
    assert (caught.value.code, span.source.position(span.start), span.text) == (code, position, at)


def test_the_layout_of_the_language_description():
    text = "\n    dge/dt = -ge + 1 : volt\n"
    source = Source(text, "NeuronGroup 'excitatory', model")
    start = text.index("-ge")
    error = errors.DimensionError(
        "E203",
        "volt and 1 cannot be added.",
        Span(source, start, start + 7),
        "'dge/dt' needs volt/second on its right side: did you mean '-ge/tau_e'?",
    )
    assert str(error) == (
        "NeuronGroup 'excitatory', model, line 2\n"
        "  dge/dt = -ge + 1 : volt\n"
        "           ^^^^^^^\n"
        "  volt and 1 cannot be added. (E203)\n"
        "  'dge/dt' needs volt/second on its right side: did you mean '-ge/tau_e'?"
    )


def lines(text, start, end):
    return render(Diagnostic("E100", "Wrong.", Span(Source(text, "text"), start, end))).split("\n")


def test_a_span_over_several_lines_is_drawn_on_its_first():
    assert lines("a = (b +\n     c)", 4, 16) == ["text, line 1", "  a = (b +", "      ^^^^", "  Wrong. (E100)"]


def test_carets_stay_under_tabs_and_wide_letters():
    assert lines("\ta =\tb", 5, 6)[1:3] == ["  a =\tb", "     \t^"]
    assert lines("a 中 b", 4, 5)[1:3] == ["  a 中 b", "       ^"]
    assert lines("a e\u0301 b", 5, 6)[1:3] == ["  a e\u0301 b", "      ^"]
    assert lines("a 中文", 2, 4)[1:3] == ["  a 中文", "    ^^^^"]


def test_control_characters_are_not_sent_to_the_terminal():
    assert lines("a \x1b[1m b\r\n", 2, 3)[1:3] == ["  a \N{REPLACEMENT CHARACTER}[1m b", "    ^"]


def test_spans_at_ends_and_in_indentation_get_one_caret():
    assert lines("abc", 3, 3)[1:3] == ["  abc", "     ^"]
    assert lines("   abc", 1, 1)[1:3] == ["  abc", "  ^"]
    assert lines("", 0, 0) == ["text, line 1", "  Wrong. (E100)"]


def test_without_a_span():
    diagnostic = Diagnostic("E601", "There is no delay.", hint="Give one.", place="Synapses 'recurrent'")
    assert render(diagnostic) == "Synapses 'recurrent'\n  There is no delay. (E601)\n  Give one."
    assert render(Diagnostic("E801", "No compiler.\nNone at all.")) == "No compiler.\nNone at all. (E801)"


def test_errors_travel_between_processes():
    with pytest.raises(errors.SyntaxError) as caught:
        parser.parse_expression(Source("a +", "text"))
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is errors.SyntaxError and str(copy) == str(caught.value)


@pytest.mark.parametrize(
    ("name", "known", "suggested"),
    [
        ("tau", ["tau_m", "tau_e", "v", "El"], ["tau_e", "tau_m"]),
        ("taum", ["tau_e", "tau_m"], ["tau_m", "tau_e"]),
        ("V", ["v", "w"], ["v"]),
        ("v_psot", ["v_pre", "v_post", "g_post"], ["v_post", "g_post"]),
        ("xyz", ["tau_m", "El"], []),
        ("v", ["w"], []),
        ("exp", ["exp"], []),
    ],
)
def test_suggestions(name, known, suggested):
    assert suggest(name, known) == suggested
    assert suggest(name, iter(known), most=1) == suggested[:1]
