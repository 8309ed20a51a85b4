"""Every mistake of the corpus ends in its error, before anything is compiled, and nothing else surfaces."""

import re

import mistakes
import pytest

from eqsnn.errors import EqsnnError

CASES = list(mistakes.all_cases())


@pytest.mark.parametrize(
    ("title", "setup", "script", "message"), [case[1:] for case in CASES], ids=[f"{c[0]}: {c[1]}" for c in CASES]
)
def test_corpus(title, setup, script, message):
    error = mistakes.fail(setup, script, may_compile=title.endswith(mistakes.AT_RUN_TIME))
    assert mistakes.shown(error) == message
    assert isinstance(error, EqsnnError)
    assert error.__cause__ is None and (error.__context__ is None or error.__suppress_context__)


def test_the_corpus_is_large_and_its_scripts_distinct():
    assert len(CASES) >= 80
    assert len({(setup, script) for _, _, setup, script, _ in CASES}) == len(CASES)


def test_every_message_names_its_class_and_has_a_code():
    for *_, message in CASES:
        assert re.match(r"eqsnn\.errors\.\w+Error: ", message)
        assert re.search(r" \(E\d\d\d\)$", message, re.MULTILINE)


def test_no_message_speaks_of_what_eqsnn_is_made_of():
    foreign = re.compile(r"sympy|lark|astropy|numpy|ufunc|<class|object at 0x|Traceback|Token\(|None$", re.IGNORECASE)
    for *_, message in CASES:
        assert not foreign.search(message)
