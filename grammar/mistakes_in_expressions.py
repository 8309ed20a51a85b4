"""Mistakes inside expressions: parentheses, missing operands and operators, comparisons."""

from __future__ import annotations

from . import errors
from .failure import Failure
from .lexemes import Lexeme

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_BINARY = ("+", "-", "*", "/", "//", "%", "**", *_COMPARISONS, "and", "or")
# Words that stand between expressions, and are none.
_BETWEEN = ("if", "elif", "else", "for", "in", "and", "or")
_NEEDED = {
    "expression": "An expression is needed here, but the text is empty.",
    "generator": "An expression is needed here, but the text is empty.",
    "unit": "A unit is needed here, but the text is empty.",
    "rule": "A rule is needed here, but the text is empty.",
}


def check_empty(failure: Failure) -> errors.SyntaxError | None:
    """A text with nothing in it, or nothing but comments."""
    if failure.before is not None or failure.here.kind != "end":
        return None
    hint = "A rule begins with 'for each synapse:', for instance." if failure.kind == "rule" else None
    return failure.error("E119", _NEEDED.get(failure.kind, "The text is empty."), hint)


def check_parentheses(failure: Failure) -> errors.SyntaxError | None:
    """One that is closed but was never opened, or opened but never closed."""
    here = failure.here
    if here.text == ")" and not failure.open:
        return failure.error("E105", "This ')' closes nothing.", "Delete it, or open a '(' before it.")
    goes_on = failure.first_on_line and here.text != ")" and not failure.wants_operand
    # A missing operand at the end of a line is told as such only where the text goes on.
    ended = here.kind == "end" or here.text in (":", "if", "for", "else") or _begins_statement(failure)
    ended = ended or (here.text == ";" and failure.kind in ("block", "rule"))
    if failure.open and (goes_on or ended):
        return failure.error("E104", "This '(' is never closed.", "Add the ')'.", failure.open[-1])
    return None


def check(failure: Failure) -> errors.SyntaxError | None:
    """The error, if it is one of these mistakes."""
    for one in (_equals, _chained, _conditional, _several, _split_operator, _missing_operand, _missing_operator):
        if error := one(failure):
            return error
    return None


def _begins_statement(failure: Failure) -> bool:
    """``y = ...`` on a line of its own, which the parser took for more of the line before."""
    before = failure.before
    return failure.here.text == "=" and before is not None and before.kind == "name" and failure.line == (before,)


def _equals(failure: Failure) -> errors.SyntaxError | None:
    before, after = failure.before, failure.after
    if failure.here.text != "=" or before is None or not failure.wants_operator:
        return None
    if before.kind == "number" and failure.open and failure.lexemes[failure.index - 2].text in ("(", ","):
        return failure.error("E129", "The name of an argument is missing before '='.", None, before)
    hint = "Write '=='."
    if before.kind in ("name", "number") and after.kind in ("name", "number"):
        hint = f"Write '{before.text} == {after.text}'."
    return failure.error("E102", "'=' does not compare: it assigns.", hint)


def _chained(failure: Failure) -> errors.SyntaxError | None:
    here = failure.here
    if here.text not in _COMPARISONS or failure.wants_operand or "COMPARE" in failure.accepts:
        return None
    first = _comparison_before(failure)
    if first is None:
        return None
    middle = failure.span(failure.lexemes[first + 1], failure.lexemes[failure.index - 1]).text
    hint = f"Write '... {failure.lexemes[first].text} {middle} and {middle} {here.text} ...'."
    return failure.error("E103", "Comparisons are not chained.", hint)


def _comparison_before(failure: Failure) -> int | None:
    """The comparison that the refused one would follow, on the same level of parentheses."""
    level = 0
    for index in range(failure.index - 1, -1, -1):
        text = failure.lexemes[index].text
        level += (text == ")") - (text == "(")
        if level == 0 and text in _COMPARISONS:
            return index
    return None


def _conditional(failure: Failure) -> errors.SyntaxError | None:
    """Python's ``a if c else b``."""
    here = failure.here
    if here.text not in ("if", "else") or failure.wants_operand or failure.first_on_line:
        return None
    message = "There is no 'a if condition else b' in the language."
    return failure.error("E111", message, "Write 'where(condition, a, b)'.")


def _several(failure: Failure) -> errors.SyntaxError | None:
    """``a, b`` where one expression is wanted."""
    alone = failure.kind in ("expression", "generator", "unit") and not failure.wants_operand
    if failure.here.text not in (",", ";", ";;", ":") or not alone:
        return None
    what = "unit" if failure.kind == "unit" else "expression"
    return failure.error("E122", f"One {what} is needed here: '{failure.here.text}' cannot follow.")


def _split_operator(failure: Failure) -> errors.SyntaxError | None:
    """``> =`` for ``>=``."""
    before, here = failure.before, failure.here
    if before is None or not failure.wants_operand or here.text != "=" or before.text not in ("<", ">", "="):
        return None
    span = failure.span(before, here)
    return errors.SyntaxError("E110", f"'{span.text}' is not an operator.", span, f"Write '{before.text}='.")


def _missing_operand(failure: Failure) -> errors.SyntaxError | None:
    here, before = failure.here, failure.before
    if failure.wants_operand and here.text == "not" and before is not None:
        message = f"'not' cannot stand after '{before.text}'."
        return failure.error("E107", message, "Put it in parentheses: '(not ...)'.")
    value = here.kind in ("name", "number", "open") and here.text not in _BETWEEN
    if not failure.wants_operand or value:
        return None
    hint = "Write a name, a number, a call or a '(' there."
    if before is None:
        return failure.error("E107", f"Nothing stands before '{here.text}'.", hint)
    if here.text == ")" and before.text == "(":
        return failure.error("E107", "Nothing stands between the parentheses.", hint)
    if before.text in _BINARY and here.text in _BINARY:
        message = f"A value is missing between '{before.text}' and '{here.text}'."
        return failure.error("E107", message, hint)
    if here.text in _BINARY:
        return failure.error("E107", f"A value is missing before '{here.text}'.", hint)
    return failure.error("E107", f"A value is missing after '{before.text}'.", hint, before)


def _missing_operator(failure: Failure) -> errors.SyntaxError | None:
    here, before = failure.here, failure.before
    values = here.kind in ("name", "number") or here.text in ("(", "not")
    if not failure.wants_operator or not values or before is None or here.text in _BETWEEN:
        return None
    if failure.open and before.text == "per" and here.text in ("pre", "post"):
        return failure.error("E129", "'=' is missing after 'per'.", f"Write 'per={here.text}'.", before)
    if failure.open and here.text == "per" and failure.after.text in ("pre", "post", "="):
        side = next((lexeme.text for lexeme in failure.rest if lexeme.text in ("pre", "post")), "post")
        return failure.error("E129", "A ',' is missing before 'per'.", f"Write '..., per={side})'.")
    message = f"An operator is missing between '{before.text}' and '{here.text}'."
    return failure.error("E122", message, _product(before, here), here)


def _product(before: Lexeme, here: Lexeme) -> str | None:
    if before.kind == "number" and here.kind == "name" and here.text != "not":
        return f"Write '{before.text}*{here.text}' to multiply."
    return "Write '*' between them to multiply." if before.text == ")" or here.text == "(" else None
