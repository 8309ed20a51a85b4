"""Mistakes in the layout of equations, in units and in flags."""

from __future__ import annotations

from . import errors
from .failure import Failure
from .lexemes import Lexeme

_FLAGS = ("constant", "shared", "linked", "summed", "unless", "event", "clock")
_UNIT_HINT = "Write ': volt' or ': siemens/meter**2', for instance, and ': 1' where there is no dimension."
_DERIVATIVE_HINT = "A differential equation is written 'dv/dt = ... : volt'."
_STATEMENTS = ("create", "remove", "if", "for", "else", "elif")


def check(failure: Failure) -> errors.SyntaxError | None:
    """The error, if it is one of these mistakes."""
    checks = (_unit, _flags, _semicolon, _statement, _derivative, _missing_unit, _equals, _left_side, _after_unit)
    for one in checks:
        if error := one(failure):
            return error
    return None


def _semicolon(failure: Failure) -> errors.SyntaxError | None:
    if failure.here.text not in (";", ";;"):
        return None
    return failure.error("E106", "Definitions are not separated by ';'.", "Write each on a line of its own.")


def _statement(failure: Failure) -> errors.SyntaxError | None:
    """Event code given as equations."""
    word = failure.line[0] if failure.line else failure.here
    if word.text in ("create", "remove") and failure.here.text == "synapse":
        message = f"'{word.text} synapse' has no place in equations."
        return failure.error("E117", message, "Write it in event code or in a structural rule.", word)
    if failure.first_on_line and failure.here.text in ("if", "for", "else", "elif") and not failure.wants_operand:
        hint = "Write 'where(condition, a, b)' for a value that depends on a condition."
        return failure.error("E111", f"Equations have no '{failure.here.text}'.", hint)
    return None


def _derivative(failure: Failure) -> errors.SyntaxError | None:
    line, here = failure.line, failure.here
    if failure.accepts == {"EQUAL"}:
        left = [lexeme for lexeme in failure.lexemes[: failure.index] if lexeme.kind != "newline"][-3:]
        text = failure.span(left[0], left[-1]).text
        return failure.error("E109", f"'=' is missing after '{text}'.", _DERIVATIVE_HINT, left[-1])
    if here.text != "/" or len(line) != 1 or "EQUAL" not in failure.accepts:
        return None
    name, below = line[0].text, failure.after.text
    whole = failure.span(line[0], failure.after if failure.after.kind == "name" else here)
    if name.startswith("d") and len(name) > 1 and below.startswith("d") and below != "dt":
        message, hint = f"'{whole.text}' is no derivative by time.", f"Write '{name}/dt'."
    elif below == "dt":
        message = f"'{whole.text}' is not a derivative of a variable."
        hint = f"Write 'd{name}/dt'." if name != "d" else _DERIVATIVE_HINT
    else:
        message, hint = "The left side of a definition is one name, or a derivative.", _DERIVATIVE_HINT
    return errors.SyntaxError("E108", message, whole, hint)


def _missing_unit(failure: Failure) -> errors.SyntaxError | None:
    """A definition that goes over into the next one, or into the end of the text, before its ':'."""
    ended = failure.here.kind == "end" or failure.first_on_line or _starts_definition(failure)
    if not ended or failure.open or "DERIVATIVE" in failure.accepts:
        return None
    last = _last_of_definition(failure)
    if last is None or not ("COLON" in failure.accepts or _starts_definition(failure)):
        return None
    if last.kind == "operator":
        hint = "Write a name, a number, a call or a '(' there."
        return failure.error("E107", f"A value is missing after '{last.text}'.", hint, last)
    first = _first_of_line(failure, last)
    message = "The unit is missing: a definition ends with ':' and a unit."
    return errors.SyntaxError("E101", message, failure.span(first, last), _UNIT_HINT)


def _starts_definition(failure: Failure) -> bool:
    """``b =`` or ``db/dt =`` at the beginning of a line, while the definition before it still goes on."""
    words = tuple(lexeme.text for lexeme in failure.line)
    begins = len(words) == 1 or (len(words) == 3 and words[1:] == ("/", "dt"))
    return failure.here.text in ("=", ":") and begins and "EQUAL" not in failure.accepts and failure.wants_operator


def _last_of_definition(failure: Failure) -> Lexeme | None:
    if not _starts_definition(failure):
        return failure.before
    before = failure.lexemes[: failure.index - len(failure.line)]
    return next((lexeme for lexeme in reversed(before) if lexeme.kind != "newline"), None)


def _first_of_line(failure: Failure, last: Lexeme) -> Lexeme:
    """The first lexeme of the line that ``last`` ends."""
    first = last
    for lexeme in reversed(failure.lexemes[: failure.lexemes.index(last)]):
        if lexeme.kind == "newline":
            break
        first = lexeme
    return first


def _equals(failure: Failure) -> errors.SyntaxError | None:
    if failure.here.text != "=" or not failure.wants_operator or failure.open:
        return None
    hint = "Write '==' to compare, or each definition on a line of its own."
    return failure.error("E122", "A definition has one '='.", hint)


def _left_side(failure: Failure) -> errors.SyntaxError | None:
    here = failure.here
    if "DERIVATIVE" in failure.accepts:
        message = f"A definition cannot begin with '{here.text}'."
        return failure.error("E124", message, "It begins with one name, or with a derivative such as 'dv/dt'.")
    if here.text in ("+=", "-=", "*=", "/=") and "EQUAL" in failure.accepts:
        message = f"'{here.text}' has no place in equations: they define, and change nothing."
        return failure.error("E124", message, "Write '=' here, or move the line to event code.")
    if failure.accepts == {"NAME"}:
        return failure.error("E124", f"A name is missing before '{here.text}'.", "Write 'a, b : unit'.")
    if failure.accepts == {"COMMA", "COLON", "EQUAL"} or failure.accepts == {"COMMA", "COLON"}:
        before = failure.before
        assert before is not None
        if here.kind in ("name", "number"):
            message = f"'=' or ':' is missing between '{before.text}' and '{here.text}'."
            return failure.error("E109", message, "Write 'name = expression : unit' or 'name : unit'.")
        message = "The left side of a definition is one name, or a derivative."
        return failure.error("E124", message, "Write 'name = expression : unit' or 'name : unit'.")
    return None


# ---- units and flags ------------------------------------------------------------------------------------------------


def _unit(failure: Failure) -> errors.SyntaxError | None:
    here, before = failure.here, failure.before
    if failure.wants_operand and "BOOLEAN" not in failure.accepts and before is not None:
        what = "The unit is missing" if before.text == ":" else "A name or a number is missing"
        return failure.error("E127", f"{what} after '{before.text}'.", _UNIT_HINT, before)
    if "UNIT_MULTIPLY" not in failure.accepts:
        return None
    if here.text in ("=", "+=", "-="):
        message = "A parameter gets no value in the equations."
        return failure.error("E127", message, "Give it on the group: 'group.name = value'.")
    if here.kind == "name" and before is not None and not failure.first_on_line:
        return _word_after_unit(failure, before)
    if here.text == "," and failure.open and before is not None:
        hint = "Write the unit before them: ': volt (constant, shared)'."
        return failure.error("E127", "The unit is missing before the flags.", hint, failure.open[-1])
    if here.kind == "operator" and here.text not in (",", ":", ";", ";;"):
        message = f"'{here.text}' has no place in a unit."
        return failure.error("E127", message, "A unit is made of names and numbers with '*', '/' and '**'.")
    return None


def _word_after_unit(failure: Failure, before: Lexeme) -> errors.SyntaxError:
    here = failure.here
    if here.text in _FLAGS:
        words = " ".join(lexeme.text for lexeme in failure.rest if lexeme.kind == "name")
        return failure.error("E126", "Flags stand in parentheses.", f"Write '({words})'.")
    if any(lexeme.text in (":", "=") for lexeme in failure.rest):
        message = "Two definitions stand on one line."
        return failure.error("E122", message, "Write each on a line of its own.")
    message = f"An operator is missing between '{before.text}' and '{here.text}'."
    return failure.error("E127", message, f"Write '{before.text}*{here.text}' to multiply.")


def _flags(failure: Failure) -> errors.SyntaxError | None:
    hint = "Write '(constant)' or '(constant, shared)', for instance."
    if "FLAG" in failure.accepts and failure.here.kind != "end":
        return failure.error("E126", f"A flag is needed here, not '{failure.here.text}'.", hint)
    if failure.accepts == {"COMMA", "RPAR"} and failure.here.kind != "end":
        return failure.error("E126", f"'{failure.here.text}' has no place among flags.", hint)
    return None


def _after_unit(failure: Failure) -> errors.SyntaxError | None:
    if failure.accepts - {"_NEWLINE", "$END", "LPAR", "UNIT_MULTIPLY", "POWER"} or "_NEWLINE" not in failure.accepts:
        return None
    message = f"A definition ends with its unit and flags: '{failure.here.text}' cannot follow."
    return failure.error("E122", message, "Write each definition on a line of its own.")
