"""Mistakes in event code and in the body of a pass."""

from __future__ import annotations

from . import errors
from .failure import Failure
from .lexemes import Lexeme
from .suggest import suggest

_ASSIGNMENTS = ("=", "+=", "-=", "*=", "/=")
_REMOVE = ("remove", "delete", "del", "prune", "destroy", "disconnect", "eliminate", "drop")
_CREATE = ("create", "add", "new", "make", "grow", "connect", "form", "insert")
_SYNAPSES = ("synapse", "synapses")
_LIMIT_HINT = "Write 'limit 10' or 'limit 2 per post' at the end of a 'create synapse' or 'remove synapse'."
_ASSIGN_HINT = "A statement is an assignment such as 'x = 1' or 'x += 1', 'create synapse', 'remove synapse' or 'if'."


def check(failure: Failure) -> errors.SyntaxError | None:
    """The error, if it is one of these mistakes."""
    for one in _CHECKS:
        if error := one(failure):
            return error
    return None


def _statement(failure: Failure) -> tuple[Lexeme, ...]:
    """What stands before the refused lexeme since the last ';' or ':' of the line."""
    words: list[Lexeme] = []
    for lexeme in reversed(failure.line):
        if lexeme.text in (";", ":"):
            break
        words.insert(0, lexeme)
    return tuple(words)


def _body(failure: Failure) -> errors.SyntaxError | None:
    """Nothing after the ':' of a head, or nothing that is indented."""
    before = failure.before
    if before is None or before.text != ":" or "COLON" in failure.accepts:
        return None
    line = [n for n, lexeme in enumerate(failure.lexemes) if lexeme.kind == "newline" and lexeme.end <= before.start]
    word = failure.lexemes[line[-1] + 1 if line else 0]
    head = errors.SyntaxError("E116", "", failure.span(word, before)).diagnostic.span
    if "_INDENT" in failure.accepts or failure.at_line_end:
        message = f"The body of '{word.text}' is missing."
        hint = "Write a statement after the ':', or indent the lines that follow."
        return errors.SyntaxError("E116", message, head, hint)
    if failure.here.text in ("if", "for") and not failure.first_on_line:
        message = f"'{failure.here.text}' cannot follow on the line of '{word.text}'."
        return failure.error("E116", message, "Write it on the next line, indented.")
    return None


def _semicolon(failure: Failure) -> errors.SyntaxError | None:
    if failure.here.text not in (";", ";;") or (failure.wants_operand and failure.here.text == ";"):
        return None
    if failure.here.text == ";;":
        return failure.error("E106", "Nothing stands between two ';'.", "Write one ';'.")
    return failure.error("E106", "Nothing stands before this ';'.", "Delete it.") if not _statement(failure) else None


def _branch(failure: Failure) -> errors.SyntaxError | None:
    """``else`` and ``elif`` that belong to no ``if``; ``else if``."""
    here, before = failure.here, failure.before
    if here.text == "if" and before is not None and before.text == "else":
        return failure.error("E112", "'else if' is written as one word.", "Write 'elif'.")
    if here.text not in ("else", "elif"):
        return None
    if _statement(failure):
        if failure.line[0].text not in ("if", "elif") or "COLON" in failure.accepts:
            return None
        message = f"'{here.text}' cannot follow on the line of '{failure.line[0].text}'."
        return failure.error("E112", message, "Write it on a line of its own.")
    message = f"This '{here.text}' has no 'if'."
    return failure.error("E112", message, "It follows the body of an 'if' of the same indentation.")


def _synapse(failure: Failure) -> errors.SyntaxError | None:
    """``delete synapse``, ``create synapses``, ``create w``."""
    here, words = failure.here, _statement(failure)
    if len(words) != 1:
        return None
    verb = words[0].text.lower()
    for known, right in ((_REMOVE, "remove"), (_CREATE, "create")):
        near = verb in known or bool(suggest(verb, ("create", "remove"), most=1) == [right])
        if near and here.text.lower() in _SYNAPSES and (words[0].text != right or here.text != "synapse"):
            span = failure.span(words[0], here)
            message = f"'{span.text}' is not a statement."
            return errors.SyntaxError("E117", message, span, f"Write '{right} synapse'.")
    if here.text in _SYNAPSES and words[0].kind == "name" and "ASSIGN" in failure.accepts:
        span = failure.span(words[0], here)
        hint = "Write 'create synapse' or 'remove synapse'."
        return errors.SyntaxError("E117", f"'{span.text}' is not a statement.", span, hint)
    if words[0].text in ("create", "remove") and "_SYNAPSE" in failure.accepts and here.text not in _ASSIGNMENTS:
        message = f"'{words[0].text}' is followed by 'synapse'."
        if here.kind == "number" and failure.after.text in _SYNAPSES:
            hint = f"Write '{words[0].text} synapse limit {here.text}' for at most so many of the pass."
            return failure.error("E117", message, hint, words[0])
        return failure.error("E117", message, f"Write '{words[0].text} synapse'.", words[0])
    return None


def _values(failure: Failure) -> errors.SyntaxError | None:
    """The variables of a synapse that is created."""
    words = [lexeme.text for lexeme in _statement(failure)]
    here = failure.here
    if words[:2] == ["remove", "synapse"] and len(words) == 2 and here.text == "(":
        message, hint = "'remove synapse' takes no values.", "Write 'remove synapse if ...' for a condition."
        if failure.after.text == "limit":
            hint = "Write 'remove synapse limit ...', without parentheses."
        return failure.error("E117", message, hint)
    compared = here.kind == "name" and failure.after.kind == "operator" and failure.after.text not in ("=", ":")
    if words in (["remove", "synapse"], ["create", "synapse"]) and compared:
        return failure.error("E117", "'if' is missing before the condition.", f"Write 'if {here.text} ...'.")
    if words[:2] != ["create", "synapse"]:
        return None
    hint = "Write 'create synapse(w=1)', for instance."
    if len(words) == 2 and here.kind in ("name", "number") and here.text not in ("if", "limit", "per"):
        return failure.error("E117", "The values of a new synapse stand in parentheses.", hint)
    if failure.accepts <= {"NAME", "RPAR"} or failure.accepts == {"EQUAL"}:
        if here.kind in ("newline", "end"):
            return None
        at = failure.before if failure.accepts == {"EQUAL"} else None
        return failure.error("E117", "The values of a new synapse are given by name.", hint, at)
    return None


def _limit(failure: Failure) -> errors.SyntaxError | None:
    here, before = failure.here, failure.before
    words = [lexeme.text for lexeme in _statement(failure)]
    structural = words[1:2] == ["synapse"]
    if before is not None and before.text == "limit" and failure.wants_operand and here.kind != "open":
        return failure.error("E118", "A number is missing after 'limit'.", _LIMIT_HINT, before)
    if failure.accepts == {"SIDE"} and before is not None and before.text == "per":
        if here.text == "=":
            return failure.error("E118", "After 'limit n', 'per' takes no '='.", "Write 'per pre' or 'per post'.")
        return failure.error("E118", "'per' is followed by 'pre' or 'post'.", "Write 'per pre' or 'per post'.")
    if here.text == "," and failure.after.text == "per" and "limit" in words and not failure.open:
        return failure.error("E118", "No ',' stands before 'per'.", "Write 'limit n per post'.")
    if here.text == "if" and structural and "limit" in words:
        message = "The condition stands before 'limit'."
        return failure.error("E118", message, f"Write '{words[0]} synapse if ... limit ...'.")
    if here.text == "limit" and structural and not failure.wants_operand:
        return failure.error("E118", "There is one 'limit' already.", _LIMIT_HINT) if "limit" in words else None
    if here.text == "per" and structural and not failure.wants_operand and not failure.open:
        if before is not None and before.text == ")":
            hint = "Write 'limit n per post', or 'mean(x, per=post)' inside the parentheses."
            return failure.error("E118", "'per' belongs to a 'limit'.", hint)
        return failure.error("E118", "'per' belongs to a 'limit'.", _LIMIT_HINT)
    if words == ["limit"] and here.kind in ("name", "number"):
        message = "'limit' belongs to 'create synapse' or 'remove synapse'."
        return failure.error("E118", message, _LIMIT_HINT, before)
    if here.text == "limit" and failure.wants_operator:
        return failure.error("E118", "'limit' belongs to 'create synapse' or 'remove synapse'.", _LIMIT_HINT)
    return None


def _colon(failure: Failure) -> errors.SyntaxError | None:
    """A head without its ':'."""
    if "COLON" not in failure.accepts or failure.open or not failure.line:
        return None
    word = failure.line[0].text
    if word not in ("if", "elif", "else", "for") or any(lexeme.text == ":" for lexeme in failure.rest):
        return None
    if failure.here.kind in ("operator", "close", "open") or failure.here.text == "if":
        return None
    at = failure.before
    assert at is not None
    return failure.error("E114", f"The ':' after '{word} ...' is missing.", f"Write ':' after '{at.text}'.", at)


def _begin(failure: Failure) -> errors.SyntaxError | None:
    """What cannot begin a statement."""
    here = failure.here
    if not {"NAME", "_CREATE"} <= failure.accepts or failure.at_line_end:
        return None
    if here.text == "for":
        if failure.kind == "rule":
            return failure.error("E132", "A pass cannot stand inside another.", "Write it with no indentation.")
        message = "'for' has no place in event code."
        return failure.error("E113", message, "Passes 'for each ...' are the rules of 'StructuralPlasticity'.")
    if any(lexeme.text in _ASSIGNMENTS for lexeme in failure.rest):
        message = "The left side of an assignment is one name."
        return failure.error("E124", message, "Write it as in 'x = 1'.")
    return failure.error("E123", f"A statement cannot begin with '{here.text}'.", _ASSIGN_HINT)


def _target(failure: Failure) -> errors.SyntaxError | None:
    """A name is there, but no assignment follows."""
    if "ASSIGN" not in failure.accepts or failure.before is None:
        return None
    here, name = failure.here, failure.before.text
    later = any(lexeme.text in _ASSIGNMENTS for lexeme in failure.rest)
    if here.text == "==":
        return failure.error("E123", "'==' compares: this line does nothing.", f"Write '{name} = ...' to assign.")
    if here.text == "<" and failure.after.text == "-":
        return failure.error("E110", "'<-' is not an operator of the language.", f"Write '{name} = ...'.")
    if here.text in ("+", "-", "*", "/") and failure.after.text == "=":
        span = failure.span(here, failure.after)
        return errors.SyntaxError("E110", f"'{span.text}' is not an operator.", span, f"Write '{here.text}='.")
    if here.text == "/" and failure.after.text == "dt":
        message = "A differential equation has no place in event code."
        return failure.error("E123", message, "Write it in 'model='.", failure.before)
    if here.text == ":":
        message = "A definition with a unit has no place in event code."
        hint = "Write it in 'model='. A new name on the left of '=' is a local variable, without a unit of its own."
        return failure.error("E123", message, hint)
    if later and here.text in (",", "(", ")"):
        message = "The left side of an assignment is one name."
        return failure.error("E124", message, "Write one assignment for each name.")
    if later and here.kind in ("name", "number"):
        message = f"'{name} {here.text}' is not a name."
        return failure.error("E124", message, "The left side of an assignment is one name.")
    if here.text == "(":
        return failure.error("E123", "A call by itself does nothing.", "Assign its value: 'x = f(...)'.")
    return failure.error("E123", "This line does nothing.", _ASSIGN_HINT, failure.before)


def _after_value(failure: Failure) -> errors.SyntaxError | None:
    """What cannot follow an assignment's value."""
    words = [lexeme.text for lexeme in _statement(failure)]
    here = failure.here
    if not failure.wants_operator or failure.open or words[1:2] not in ([a] for a in _ASSIGNMENTS):
        return None
    if here.text == ":":
        message = "A unit has no place in event code."
        return failure.error("E123", message, "Write definitions in 'model='; here, multiply by the unit: '3*mV'.")
    if here.text in _ASSIGNMENTS:
        message = "A line has one assignment."
        return failure.error("E122", message, "Write each on a line of its own, or '==' to compare.")
    if here.text == "if" and all(lexeme.text != "else" for lexeme in failure.rest):
        message = "An assignment has no 'if' at its end."
        condition = " ".join(lexeme.text for lexeme in failure.rest[1:]) if len(failure.rest) == 2 else "condition"
        return failure.error("E111", message, f"Write 'if {condition}: {words[0]} {words[1]} ...'.")
    if here.text == ",":
        return failure.error("E124", "An assignment has one value.", "Write one assignment for each name.")
    return None


def _two(failure: Failure) -> errors.SyntaxError | None:
    """Two statements with nothing between them."""
    here, after = failure.here, failure.after
    if not failure.accepts & {"SEMICOLON"} or failure.open or here.kind != "name" or failure.first_on_line:
        return None
    if after.text in (*_ASSIGNMENTS, "synapse") or here.text in ("for",):
        message = "Two statements stand on one line."
        return failure.error("E122", message, "Write each on a line of its own, or ';' between them.")
    return None


def _after_synapse(failure: Failure) -> errors.SyntaxError | None:
    """What cannot follow ``create synapse`` or ``remove synapse``."""
    here, words = failure.here, [lexeme.text for lexeme in _statement(failure)]
    if words[1:2] != ["synapse"] or words[0] not in ("create", "remove") or failure.wants_operand or failure.open:
        return None
    if here.text == "," and failure.wants_operator:
        return failure.error("E122", "',' does not separate statements.", "Write each on a line of its own.")
    statement = f"{words[0]} synapse"
    if here.text == ":":
        message = f"'{statement} if ...' has no body: ':' cannot follow."
        return failure.error("E117", message, "Delete the ':'.")
    if failure.wants_operator or failure.at_line_end:
        return None
    near = ["if"] if here.text in ("when", "where", "while") else suggest(here.text, ("if", "limit", "per"), most=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Write '{statement} if condition limit n', or begin a new line."
    return failure.error("E117", f"'{here.text}' cannot follow '{statement}'.", hint)


_CHECKS = (
    _body,
    _semicolon,
    _branch,
    _synapse,
    _values,
    _limit,
    _colon,
    _begin,
    _target,
    _after_value,
    _two,
    _after_synapse,
)
